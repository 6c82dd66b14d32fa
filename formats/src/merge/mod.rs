//! Two changes of one text at a time: by their lines where that gives what they mean by their paths, else mine by its paths on theirs.
//!
//! What is meant are values: three trees say what must come out (`tree`). Changes at different paths go together, the same change is one, anything else
//! is a conflict, and nothing comes out. The text is then looked for twice. First line by line, which brings the layout and comments of both
//! along; it counts only if it reads as the values that must come out. Else theirs is the text, and mine is done to it path by path as
//! [`Document::edit`] does it; so the layout is theirs. Where a comment of mine would be lost so, the layout is mine, and theirs is done to it; what no path
//! leads to and would be lost both ways is a conflict (`lost`). Whichever text comes out has been read again, and has exactly the values.

mod lines;
mod lost;
mod same;
mod sequence;
mod tree;

use std::fmt;

pub use self::tree::Clash;

use zeroize::Zeroizing;

use self::tree::{Three, Todo, Walk};
use crate::document::{Document, ScanOptions};
use crate::edit::{Change, Floats};
use crate::error::SyntaxError;
use crate::format::Format;
use crate::path::{Part, display_parts};
use crate::plain::PlainText;
use crate::tree::Tree;

/// Whose value it is where both changed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefer {
    /// Nobody's: a conflict.
    Neither,
    /// Mine: somebody was asked.
    Mine,
}

/// Two changes that do not go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The path for people; no value.
    pub at: String,
    /// Why.
    pub what: Clash,
}

impl Conflict {
    fn new(at: &[Part], what: Clash) -> Self {
        Conflict { at: display_parts(at), what }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            Clash::Both => write!(f, "{}", self.at),
            Clash::Removed => write!(f, "{} (removed by one)", self.at),
            Clash::Moved => write!(f, "{} (items came or went)", self.at),
            Clash::Unplaceable => write!(f, "{} (the text leaves no place for it)", self.at),
            Clash::Comment => write!(f, "{} (a comment)", self.at),
        }
    }
}

/// Why nothing came out.
#[derive(Debug)]
pub enum Unmerged {
    /// One of the texts does not parse.
    Syntax(SyntaxError),
    /// These.
    Conflicts(Vec<Conflict>),
}

/// Two plain texts that were made of a third, as one.
///
/// # Errors
/// They do not go together.
pub fn merge(
    format: Format,
    base: &[u8],
    mine: &[u8],
    theirs: &[u8],
    prefer: Prefer,
    options: &ScanOptions,
) -> Result<Zeroizing<Vec<u8>>, Unmerged> {
    if mine == theirs || base == mine {
        return Ok(Zeroizing::new(theirs.to_vec()));
    }
    if base == theirs || format == Format::Binary && prefer == Prefer::Mine {
        return Ok(Zeroizing::new(mine.to_vec()));
    }
    if format == Format::Binary {
        return Err(Unmerged::Conflicts(vec![Conflict::new(&[], Clash::Both)]));
    }
    fn read<'t>(format: Format, text: &'t [u8], options: &ScanOptions) -> Result<Document<'t>, Unmerged> {
        Document::parse(format, text, options).map_err(Unmerged::Syntax)
    }
    let documents = [read(format, base, options)?, read(format, mine, options)?, read(format, theirs, options)?];
    let [b, m, t] = documents.each_ref().map(Document::trees);
    let Wanted { trees, todo } = wanted(&b, &m, &t, prefer).map_err(Unmerged::Conflicts)?;
    let reads_right = |document: &Document<'_>| {
        let found = document.trees();
        found.len() == trees.len() && found.iter().zip(&trees).all(|(found, wanted)| same::tree(found, wanted))
    };
    if let Some(text) = lines::merge(base, mine, theirs)
        && read(format, &text, options).is_ok_and(|document| reads_right(&document) && lost::by_lines(&documents, &document).is_empty())
    {
        return Ok(text);
    }
    let reach = Reach { format, options, documents: &documents, reads_right: &reads_right };
    let lost = match reach.by_paths(theirs, &todo) {
        Err(Unmerged::Conflicts(lost)) if !lost.is_empty() && lost.iter().all(|one| one.what == Clash::Comment) => lost,
        done => return done,
    };
    // A comment of mine has no place in theirs. Maybe all of theirs have one in mine: what is done to that leads to the same values.
    match wanted(&m, &trees, &m, prefer) {
        Ok(Wanted { todo, .. }) => reach.by_paths(mine, &todo).map_err(|_| Unmerged::Conflicts(lost)),
        Err(_) => Err(Unmerged::Conflicts(lost)),
    }
}

/// What a text that was merged by paths is held to.
struct Reach<'a, 'd> {
    format: Format,
    options: &'a ScanOptions,
    documents: &'a [Document<'d>; 3],
    reads_right: &'a dyn Fn(&Document<'_>) -> bool,
}

impl Reach<'_, '_> {
    /// One side's text with the changes of the other, by their paths: values first, which moves nothing that another path leads to.
    fn by_paths(&self, text: &[u8], todo: &[Todo]) -> Result<Zeroizing<Vec<u8>>, Unmerged> {
        let (values, others): (Vec<&Todo>, Vec<&Todo>) = {
            let document = Document::parse(self.format, text, self.options).map_err(Unmerged::Syntax)?;
            let leaves = document.leaves_by_path();
            let is_leaf = |todo: &Todo| leaves.as_ref().is_some_and(|leaves| leaves.at(&todo.at).is_some());
            todo.iter().partition(|todo| !todo.doubled && matches!(todo.tree, Some(Tree::Value(_))) && is_leaf(todo))
        };
        let mut text = self.values(text.to_vec().into(), &values)?;
        for todo in others {
            text = self.one(&text, todo)?;
        }
        let merged = text.document(self.format, self.options).map_err(Unmerged::Syntax)?;
        if !(self.reads_right)(&merged) {
            return Err(Unmerged::Conflicts(vec![Conflict::new(&[], Clash::Unplaceable)]));
        }
        let lost = lost::by_paths(self.documents, &merged);
        drop(merged);
        if lost.is_empty() { Ok(Zeroizing::new(text.into_bytes())) } else { Err(Unmerged::Conflicts(lost)) }
    }

    /// All values at once; where that does not come out right, by halves, down to one.
    fn values(&self, text: PlainText, todo: &[&Todo]) -> Result<PlainText, Unmerged> {
        match todo {
            [] => return Ok(text),
            [todo] => return self.one(&text, todo),
            _ => {}
        }
        if let Some(done) = self.at_once(&text, todo) {
            return Ok(done);
        }
        let (some, others) = todo.split_at(todo.len() / 2);
        self.values(self.values(text, some)?, others)
    }

    fn at_once(&self, text: &PlainText, todo: &[&Todo]) -> Option<PlainText> {
        let document = text.document(self.format, self.options).ok()?;
        let leaves = document.leaves_by_path()?;
        let held = |todo: &&Todo| match document.detail.held(todo.tree.as_ref()?, &todo.at).ok()? {
            Tree::Value(value) => Some((leaves.at(&todo.at)?, value)),
            _ => None,
        };
        let values = todo.iter().map(held).collect::<Option<Vec<_>>>()?;
        document.edit_leaves(&values, Floats::Stay, self.options)
    }

    fn one(&self, text: &PlainText, Todo { at, tree, doubled }: &Todo) -> Result<PlainText, Unmerged> {
        let document = text.document(self.format, self.options).map_err(Unmerged::Syntax)?;
        let change = tree.as_ref().map_or(Change::Remove, Change::Set);
        let edited = if *doubled { None } else { document.edit(at, change, Floats::Stay, self.options).ok() };
        edited.ok_or_else(|| Unmerged::Conflicts(vec![Conflict::new(at, Clash::Unplaceable)]))
    }
}

/// The values that must come out, and what to do to theirs.
struct Wanted {
    trees: Vec<Tree>,
    todo: Vec<Todo>,
}

fn wanted(base: &[Tree], mine: &[Tree], theirs: &[Tree], prefer: Prefer) -> Result<Wanted, Vec<Conflict>> {
    let all = |a: &[Tree], b: &[Tree]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same::tree(a, b));
    let doubled = || Todo { at: Vec::new(), tree: None, doubled: true };
    if all(base, mine) || all(mine, theirs) {
        return Ok(Wanted { trees: theirs.to_vec(), todo: Vec::new() });
    }
    if base.len() != mine.len() || mine.len() != theirs.len() {
        if all(base, theirs) {
            return Ok(Wanted { trees: mine.to_vec(), todo: vec![doubled()] });
        }
        return Err(vec![Conflict { at: "the documents of the stream".to_owned(), what: Clash::Moved }]);
    }
    let (mut trees, mut todo, mut conflicts) = (Vec::new(), Vec::new(), Vec::new());
    for (i, ((base, mine), theirs)) in base.iter().zip(mine).zip(theirs).enumerate() {
        let mut walk = Walk::new(prefer);
        trees.extend(walk.node(Three { base: Some(base), mine: Some(mine), theirs: Some(theirs) }));
        let later = |at: String| if i == 0 { at } else { format!("{at} in document {}", i + 1) };
        conflicts.extend(walk.conflicts.into_iter().map(|c| Conflict { at: later(c.at), ..c }));
        // Paths lead to the first document only.
        todo.extend(walk.todo.into_iter().map(|todo| Todo { doubled: todo.doubled || i > 0, ..todo }));
    }
    if conflicts.is_empty() { Ok(Wanted { trees, todo }) } else { Err(conflicts) }
}
