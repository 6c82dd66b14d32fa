//! What an opened text reads as. Whatever text is handed out, or sealed next, has the values that came out of the tokens: where a witness does not vouch
//! for that very text, or hints have put more into it than the spelling of values, it is read again; where it reads as something else (a comment that a
//! text of several lines takes in, an alias that now means something else) it is spelled again, until it does not.

use std::collections::HashMap;

use leafcrypt_formats::{
    Dialect, Document, Format, Hint, LeafId, Mode, Opened, OpenedText, Part, ScanOptions, Spelling, SyntaxError, Unwritable, Value,
};

use super::error::OpenError;
use super::{Base, BaseBody, OpenFile, scan_options};
use crate::manners::Manners;

/// A sealed text with what came out of its tokens.
pub(super) struct Reading<'a> {
    pub format: Format,
    pub document: &'a Document<'a>,
    pub opened: &'a Opened,
    pub manners: &'a Manners,
}

/// What a text reads as, beside what it should.
enum Reads {
    Right,
    /// The same names and nesting; these leaves have other values.
    Otherwise(Vec<LeafId>),
    /// Something else, or nothing.
    Another,
}

impl Reading<'_> {
    /// The text as these hints spell it.
    pub fn open(&self, hints: &[Hint]) -> Result<OpenedText, Unwritable> {
        self.document.open_as(self.opened, Spelling { hints, plainly: None })
    }

    /// Spells the text again as long as it reads as something else than the values; hints that do not help are dropped. Was that needed?
    ///
    /// # Errors
    /// Nothing helps.
    pub fn settle(&self, text: &mut OpenedText, hints: &mut Vec<Hint>) -> Result<bool, OpenError> {
        let mut reads = self.reads(&text.text, &text.otherwise);
        if matches!(reads, Reads::Right) {
            return Ok(false);
        }
        if !hints.is_empty() {
            if let Reads::Otherwise(leaves) = &reads
                && let Some(plain) = self.plainly(hints, &[]).or_else(|| self.plainly(hints, leaves))
            {
                *text = plain;
                return Ok(true);
            }
            hints.clear();
            *text = self.open(&[])?;
            reads = self.reads(&text.text, &text.otherwise);
        }
        let all: Vec<LeafId>;
        let tried = match &reads {
            Reads::Right => return Ok(true),
            // What stands behind a block is no value's; that alone may do.
            Reads::Otherwise(leaves) => self.plainly(&[], &[]).or_else(|| self.plainly(&[], leaves)),
            Reads::Another => None,
        };
        *text = match tried {
            Some(plain) => plain,
            None => {
                all = (0u32..).map(LeafId).zip(&self.opened.leaves).filter_map(|(id, value)| value.is_some().then_some(id)).collect();
                self.plainly(&[], &all).ok_or(OpenError::Unreadable)?
            }
        };
        Ok(true)
    }

    /// The text with these leaves spelled plainly, if it reads right then.
    fn plainly(&self, hints: &[Hint], leaves: &[LeafId]) -> Option<OpenedText> {
        let text = self.document.open_as(self.opened, Spelling { hints, plainly: Some(leaves) }).ok()?;
        self.is_right(&text.text, &text.otherwise).then_some(text)
    }

    /// Does a plain text have just these names, nesting and values? `otherwise` are the leaves that are spelled as another value, and known to be.
    pub fn is_right(&self, plain: &[u8], otherwise: &[(LeafId, Value)]) -> bool {
        matches!(self.reads(plain, otherwise), Reads::Right)
    }

    /// As `sops`: is an opened text one of ours that only our own dialect reads? Without a hint none is. What it refuses is all that SOPS's dialect does
    /// otherwise, so a text that both read says the same in both.
    pub fn needs_own_dialect(&self, plain: &[u8]) -> bool {
        let options = ScanOptions { odd_merges: true, warns: false, ..scan_options(Mode::Plain, self.manners) };
        let own = ScanOptions { dialect: Dialect::Leafcrypt, ..options.clone() };
        let may = match self.format {
            Format::Dotenv => true,
            Format::Yaml => {
                self.opened.leaves.iter().any(|leaf| matches!(leaf, Some(Value::Float(n)) if *n >= 9_223_372_036_854_775_807.0))
            }
            _ => false,
        };
        let reads = |options| Document::parse(self.format, plain, options).is_ok();
        own != options && may && !reads(&options) && reads(&own)
    }

    fn reads(&self, plain: &[u8], otherwise: &[(LeafId, Value)]) -> Reads {
        let options = ScanOptions { odd_merges: true, ..scan_options(Mode::Plain, self.manners) };
        let own = ScanOptions { dialect: Dialect::Leafcrypt, ..options.clone() };
        match self.reads_by(plain, otherwise, &options) {
            // A file of ours, opened as `sops`: it has been read by our own rules when it was sealed.
            Reads::Otherwise(_) | Reads::Another if own != options => self.reads_by(plain, otherwise, &own),
            reads => reads,
        }
    }

    fn reads_by(&self, plain: &[u8], otherwise: &[(LeafId, Value)], options: &ScanOptions) -> Reads {
        let Ok(read) = Document::parse(self.format, plain, options) else { return Reads::Another };
        let mut wrong = Vec::new();
        let alike = read.reads_like(self.document, |id| {
            let value = read.value(id);
            let right = match otherwise.binary_search_by_key(&id, |(leaf, _)| *leaf) {
                Ok(at) => value.same(&otherwise[at].1),
                Err(_) => match &self.opened.leaves[id.0 as usize] {
                    Some(held) => value.same(held),
                    None => value.same(&self.document.value(id)),
                },
            };
            if !right {
                wrong.push(id);
            }
            true
        });
        match alike && without(own_tags(&read), own_tags(self.document)).is_empty() {
            true if wrong.is_empty() => Reads::Right,
            true => Reads::Otherwise(wrong),
            false => Reads::Another,
        }
    }
}

impl OpenFile<'_> {
    /// The tags of its plain text that mean nothing to SOPS: its author's, or somebody has accepted them.
    ///
    /// # Errors
    /// The text is not of its format.
    pub fn own_tags(&self, manners: &Manners) -> Result<Vec<OwnTag>, SyntaxError> {
        Ok(match self.format {
            Format::Yaml => own_tags(&self.document(manners)?),
            _ => Vec::new(),
        })
    }

    /// What stands at a place is given anew: a value whose text reads as another one is no longer kept. Was there such a value? Numbers are what they were,
    /// whatever their type.
    pub fn sets(&mut self, at: &[Part]) -> bool {
        let Some(Base { body: BaseBody::Document { document, opened, otherwise, .. }, .. }) = &mut self.base else { return false };
        let before = otherwise.len();
        let is_text = |leaf: LeafId| matches!(opened.leaves[leaf.0 as usize], Some(Value::Str(_)));
        otherwise.retain(|(leaf, _)| !is_text(*leaf) || !document.paths().parts(document.leaf(*leaf).path).starts_with(at));
        otherwise.len() < before
    }
}

/// A tag that means nothing to SOPS; to another program it may be a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTag {
    /// As it stands.
    pub tag: Vec<u8>,
    /// Its line.
    pub line: usize,
}

/// All of a text.
pub(super) fn own_tags(document: &Document<'_>) -> Vec<OwnTag> {
    let mut own = document.own_tags();
    own.sort_unstable();
    let mut lines = document.lines();
    own.into_iter().map(|tag| OwnTag { tag: document.text()[tag.range()].to_vec(), line: lines(tag.start) }).collect()
}

/// Those of the one text that the other has not.
pub fn without(some: Vec<OwnTag>, known: Vec<OwnTag>) -> Vec<OwnTag> {
    let mut times: HashMap<Vec<u8>, usize> = HashMap::new();
    known.into_iter().for_each(|tag| *times.entry(tag.tag).or_default() += 1);
    let is_new = |tag: &OwnTag| match times.get_mut(&tag.tag).filter(|left| **left > 0) {
        Some(left) => {
            *left -= 1;
            false
        }
        None => true,
    };
    let mut some = some;
    some.retain(is_new);
    some
}
