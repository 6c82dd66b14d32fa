//! A document: text plus where its values are.

mod scan;

use std::borrow::Cow;
use std::sync::Arc;

pub(crate) use self::scan::Outline;
pub use self::scan::{AtAlias, Dialect, Mode, Repeated, ScanOptions};
use crate::ends::Ends;
use crate::error::{SyntaxError, Unwritable, Warning};
use crate::find;
use crate::format::Format;
use crate::hint::Hint;
use crate::leaf::{Comment, CommentId, Leaf, LeafId, Span, Step};
use crate::path::Paths;
use crate::syntax::{Block, Detail, Opened, OpenedText, Sealed, Spelling, Tokens};
use crate::tree::Tree;
use crate::value::Value;
use crate::wiped::Wiped;

/// Text plus where its values are. See the crate's documentation for the flow.
pub struct Document<'t> {
    pub(crate) format: Format,
    pub(crate) text: &'t [u8],
    /// Both hold places and no text, and are shared with a [`crate::PlainText`].
    pub(crate) outline: Arc<Outline>,
    pub(crate) detail: Arc<dyn Detail>,
}

impl<'t> Document<'t> {
    /// Scans a text.
    ///
    /// # Errors
    /// Not well-formed, outside what SOPS's tree can carry, or over a limit.
    pub fn parse(format: Format, text: &'t [u8], options: &ScanOptions) -> Result<Self, SyntaxError> {
        if text.len() > options.limits.text {
            let what = format!("the text has {} bytes, more than the limit of {}", text.len(), options.limits.text);
            return Err(SyntaxError { line: 0, column: 0, what, class: crate::SyntaxClass::Limit });
        }
        let (outline, detail) = format.syntax().scan(text, options).map_err(|error| match error.class {
            crate::SyntaxClass::Syntax => left_by_merge(text).or_else(|| utf16(text)).unwrap_or(error),
            _ => left_by_merge(text).unwrap_or(error),
        })?;
        // A comment is bound to the path of what contains it.
        let paths = outline.leaves.iter().map(|leaf| leaf.path).chain(outline.comments.iter().map(|comment| comment.container));
        if let Some(over) = outline.paths.first_over(options.limits.paths, paths) {
            let what = format!("the paths of values and comments have more than {} bytes together", options.limits.paths);
            let span = outline.leaves.get(over).map_or_else(|| outline.comments[over - outline.leaves.len()].span, |leaf| leaf.span);
            let at = span.start as usize;
            return Err(SyntaxError::at(text, at, crate::SyntaxClass::Limit, what));
        }
        Ok(Document { format, text, outline: Arc::new(outline), detail: detail.into() })
    }

    /// Its format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The text that was scanned.
    pub fn text(&self) -> &'t [u8] {
        self.text
    }

    /// The walk, in SOPS's order.
    pub fn steps(&self) -> &[Step] {
        &self.outline.steps
    }

    /// All leaves, in the order of the walk.
    pub fn leaves(&self) -> &[Leaf] {
        &self.outline.leaves
    }

    /// One leaf.
    pub fn leaf(&self, id: LeafId) -> &Leaf {
        &self.outline.leaves[id.0 as usize]
    }

    /// All comments, in the order of the walk.
    pub fn comments(&self) -> &[Comment] {
        &self.outline.comments
    }

    /// One comment.
    pub fn comment(&self, id: CommentId) -> &Comment {
        &self.outline.comments[id.0 as usize]
    }

    /// All paths.
    pub fn paths(&self) -> &Paths {
        &self.outline.paths
    }

    /// The metadata blocks, in the order of the documents. Also in a plain text: then it has been sealed before, or has a key of that name.
    pub fn blocks(&self) -> &[Block] {
        &self.outline.blocks
    }

    /// The comments of which it depends on what is covered which entry they stand at (YAML).
    pub fn doubtful_comments(&self) -> &[CommentId] {
        &self.outline.doubtful
    }

    /// Are some comments items, which are left out where the text is opened? SOPS makes them so in JSON, and programs that write lists of YAML in brackets.
    pub fn leaves_comments_out(&self) -> bool {
        self.outline.without_place
    }

    /// The comments in what aliases stand for (YAML), for each alias that has any.
    pub fn repeated_comments(&self) -> &[Repeated] {
        &self.outline.repeated
    }

    /// The comments at aliases for maps and lists (YAML).
    pub fn comments_at_aliases(&self) -> &[AtAlias] {
        &self.outline.at_aliases
    }

    /// What the user should know.
    pub fn warnings(&self) -> &[Warning] {
        &self.outline.warnings
    }

    /// The value of a leaf that is no token.
    pub fn value(&self, leaf: LeafId) -> Value {
        self.detail.value(self, leaf)
    }

    /// The scalar's text after unquoting: where a token stands in a sealed text.
    pub fn content(&self, leaf: LeafId) -> Cow<'_, [u8]> {
        self.detail.content(self, leaf)
    }

    /// The text of a comment, or its token.
    pub fn comment_text(&self, comment: CommentId) -> Cow<'_, [u8]> {
        self.detail.comment(self, comment)
    }

    /// Does the token of a leaf stand in this sealed text as SOPS writes it, without quotes or header?
    pub fn stands_bare(&self, leaf: LeafId) -> bool {
        self.detail.stands_bare(leaf)
    }

    /// Does the token of a comment stand as an item of a list, as SOPS writes it?
    pub fn stands_as_item(&self, comment: CommentId) -> bool {
        self.detail.stands_as_item(comment)
    }

    /// Puts tokens in place of values.
    ///
    /// # Errors
    /// What the format cannot hold so that it reads back.
    pub fn seal(&self, tokens: Tokens) -> Result<Sealed, Unwritable> {
        if matches!(self.format, Format::Dotenv | Format::Ini) && self.text.contains(&b'\r') {
            self.refuse_split_comments(&tokens)?;
        }
        self.detail.seal(self, tokens)
    }

    /// A comment that stays in clear ends at a carriage return for Python's readers; in a sealed text what stands behind it could be anybody's.
    fn refuse_split_comments(&self, tokens: &Tokens) -> Result<(), Unwritable> {
        for (_, comment) in (0..).map(CommentId).zip(self.comments()).filter(|(id, _)| tokens.of_comment(*id).is_none()) {
            if crate::flat::ends_early(&self.text[comment.span.range()]) {
                let what = "a carriage return in a comment that stays in clear, behind which other programs read something else".to_owned();
                return Err(Unwritable { path: self.paths().display(comment.container), what });
            }
        }
        Ok(())
    }

    /// Puts values in place of tokens, and cuts the metadata blocks.
    ///
    /// # Errors
    /// What the format cannot hold so that it reads back.
    pub fn open(&self, opened: &Opened, hints: &[Hint]) -> Result<Vec<u8>, Unwritable> {
        let mut opened = self.open_as(opened, Spelling { hints, plainly: None })?;
        Ok(std::mem::take(&mut *opened.text))
    }

    /// The same, with what is to be known of the text.
    ///
    /// # Errors
    /// As [`Document::open`].
    pub fn open_as(&self, opened: &Opened, spelling: Spelling<'_>) -> Result<OpenedText, Unwritable> {
        let mut otherwise = Vec::new();
        let text = Wiped::from(self.detail.open(self, opened, spelling, &mut otherwise)?);
        // The walk may go another way than the text.
        otherwise.sort_by_key(|(leaf, _)| *leaf);
        let ends = Ends::of(spelling.hints, text.len());
        // The other formats look at each hint by itself: it says what its token says, and takes no more room.
        let wide = |hint: &Hint| matches!(hint, Hint::Site { kind, before, after, .. } if *kind == 1 || *before > 0 || *after > 0);
        let replaced = self.format == Format::Yaml && spelling.hints.iter().any(wide);
        let Some(ends) = ends else { return Ok(OpenedText { text, otherwise, replaced }) };
        let replaced = replaced || !ends.harmless(self.format, &text, || self.detail.ends_in_lines(self, opened));
        Ok(OpenedText { text: ends.put(&text), otherwise, replaced })
    }

    /// May an opened text read as other values by the way its parts stand together? Where it cannot, nobody has to read it again.
    pub fn may_read_otherwise(&self, opened: &Opened) -> bool {
        self.detail.may_read_otherwise(self, opened)
    }

    /// Where tags stand that mean nothing to SOPS, metadata blocks aside.
    pub fn own_tags(&self) -> Vec<Span> {
        self.detail.own_tags(self)
    }

    /// Has it tags that mean nothing to SOPS?
    pub fn has_own_tags(&self) -> bool {
        self.detail.without_own_tags(self).is_some()
    }

    /// This text without the tags that mean nothing to SOPS, which drops them, but may mean anything to who reads the text next (`!include`,
    /// `!!python/object/apply`). None: it has none.
    pub fn without_own_tags(&self) -> Option<Vec<u8>> {
        self.detail.without_own_tags(self)
    }

    /// This sealed text without its blocks.
    pub fn without_blocks(&self) -> Sealed {
        self.detail.without_blocks(self)
    }

    /// Line and column (from 1, in bytes) of an offset of the text.
    pub fn position(&self, offset: u32) -> (usize, usize) {
        let e = SyntaxError::at(self.text, offset as usize, crate::SyntaxClass::Syntax, "");
        (e.line, e.column)
    }

    /// The lines (from 1) of offsets of the text, asked for in any order: those that rise cost one look at the text, all together.
    pub fn lines(&self) -> impl FnMut(u32) -> usize + '_ {
        let (mut at, mut line) = (0, 1);
        move |offset| {
            let offset = offset as usize;
            if offset < at {
                (at, line) = (0, 1);
            }
            line += find::count(b'\n', &self.text[at..offset]);
            at = offset;
            line
        }
    }

    /// Has another document of this format the same names and nesting, comments aside, and leaves of which `same` holds?
    pub fn reads_like(&self, other: &Document<'_>, mut same: impl FnMut(LeafId) -> bool) -> bool {
        let mut same_step = |(one, two): (&Step, &Step)| match (one, two) {
            (Step::Key(one), Step::Key(two)) => self.paths().name(*one) == other.paths().name(*two),
            (Step::Leaf(one), Step::Leaf(two)) => self.leaf(*one).in_mac == other.leaf(*two).in_mac && one == two && same(*one),
            _ => std::mem::discriminant(one) == std::mem::discriminant(two),
        };
        let mut theirs = nesting(other.steps());
        let all = nesting(self.steps()).all(|step| theirs.next().is_some_and(|other| same_step((&step, &other))));
        all && theirs.next().is_none()
    }

    /// The documents of this text as trees, clear values as they are; see [`crate::trees()`].
    pub fn trees(&self) -> Vec<Tree> {
        let value = |id| Ok::<_, std::convert::Infallible>(self.value(id));
        let comment = |id| crate::Bytes::new(self.comment_text(id).into_owned());
        match crate::trees(self, value, comment) {
            Ok(trees) => trees,
        }
    }
}

/// The steps without the comments. A list or map that holds nothing else is an empty one.
fn nesting(steps: &[Step]) -> impl Iterator<Item = Step> + '_ {
    let mut steps = steps.iter().copied().filter(|step| !matches!(step, Step::Comment(_))).peekable();
    std::iter::from_fn(move || match steps.next()? {
        Step::ListStart(path) if steps.next_if(|next| matches!(next, Step::ListEnd)).is_some() => Some(Step::EmptyList(path)),
        Step::MapStart(path) if steps.next_if(|next| matches!(next, Step::MapEnd)).is_some() => Some(Step::EmptyMap(path)),
        step => Some(step),
    })
}

/// Is it UTF-16? PowerShell and some editors write it; people see text that looks right. Where it does not parse, that is said anyway; ENV takes nearly
/// everything.
pub fn utf16(text: &[u8]) -> Option<SyntaxError> {
    let is_utf16 = text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff");
    is_utf16
        .then(|| SyntaxError::at(text, 0, crate::SyntaxClass::Syntax, "the text is UTF-16: save it as UTF-8 (iconv -f UTF-16 -t UTF-8)"))
}

/// How the lines begin between which a merge leaves both sides.
pub(crate) const MERGE_STARTS: &[u8] = b"<<<<<<< ";
pub(crate) const MERGE_ENDS: &[u8] = b">>>>>>> ";

/// Where a merge has left its marks in a text, whatever it is of: they explain more than what a parser makes of them.
pub fn left_by_merge(text: &[u8]) -> Option<SyntaxError> {
    let starts = |mark: &[u8], from: usize| {
        let mut at = from;
        text.get(from..)?.split_inclusive(|&b| b == b'\n').find_map(|line| {
            let start = at;
            at += line.len();
            line.starts_with(mark).then_some(start)
        })
    };
    let start = starts(MERGE_STARTS, 0)?;
    starts(MERGE_ENDS, start)?;
    Some(conflict_at(text, start))
}

/// Where a merge has left its marks.
pub(crate) fn conflict_at(text: &[u8], at: usize) -> SyntaxError {
    SyntaxError::at(text, at, crate::SyntaxClass::Conflict, "a merge has left its marks here")
}
