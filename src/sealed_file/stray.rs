//! Tokens that have strayed: a value's where the rule covers nothing (a line typed between it and the comment that covers it, another name, another rule), a
//! comment's where it does not open (moved, or damaged). Sealed as they stand they would be texts from then on, and be lost with the next data key. So they
//! are told: `accept` and `rotate` refuse them, and so does whatever seals a file whose MAC nobody has checked, or brings new ones into it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;

use leafcrypt_formats::{CommentId, Document, Kind, LeafId, Opened};

use super::{Base, BaseBody, OpenFile, Renews};
use crate::seal::token::{self, Token};

/// So many are named.
const NAMED: usize = 20;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stray {
    /// A value's path, for people; none: a comment's.
    pub path: Option<String>,
    /// Its line.
    pub line: usize,
}

impl fmt::Display for Stray {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stray { path: Some(path), line } => write!(out, "{path} (line {line}): a sealed value that the rule does not cover any more"),
            Stray { path: None, line } => {
                write!(
                    out,
                    "line {line}: a sealed comment that does not open there: it was changed or moved, or the rule covers nothing there any more"
                )
            }
        }
    }
}

/// Some of them, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strays {
    /// All.
    pub count: usize,
    /// The first, to be named.
    pub first: Vec<Stray>,
}

impl Strays {
    fn add(&mut self, stray: impl FnOnce() -> Stray) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(stray());
        }
    }
}

impl fmt::Display for Strays {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let ([one], 1) = (self.first.as_slice(), self.count) {
            return one.fmt(out);
        }
        write!(out, "{} sealed values and comments have lost their places", self.count)?;
        self.first.iter().try_for_each(|stray| write!(out, "\n  {stray}"))?;
        if self.count > self.first.len() {
            write!(out, "\n  and {} more", self.count - self.first.len())?;
        }
        Ok(())
    }
}

/// Where one stands.
#[derive(Clone, Copy)]
enum Place {
    Leaf(usize),
    Comment(usize),
}

impl Place {
    fn stray(self, document: &Document<'_>, line: &mut impl FnMut(u32) -> usize) -> Stray {
        match self {
            Place::Leaf(i) => {
                let leaf = &document.leaves()[i];
                Stray { path: Some(document.paths().display(leaf.path)), line: line(leaf.span.start) }
            }
            Place::Comment(i) => Stray { path: None, line: line(document.comment(CommentId(i as u32)).span.start) },
        }
    }

    /// What it is known by: its token, and of a value its path.
    fn key(self, document: &Document<'_>, opened: Option<&Opened>) -> (Option<String>, Vec<u8>) {
        match self {
            Place::Leaf(i) => {
                let id = LeafId(i as u32);
                (Some(document.paths().display(document.leaf(id).path)), bare(&document.content(id)).to_vec())
            }
            Place::Comment(i) => {
                let text = comment(document, opened, i);
                (None, like_one(&text).unwrap_or(bare(&text)).to_vec())
            }
        }
    }
}

fn bare(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

/// A comment as it reads once it is opened.
fn comment<'a>(document: &'a Document<'_>, opened: Option<&'a Opened>, i: usize) -> Cow<'a, [u8]> {
    match opened.and_then(|opened| opened.comments[i].as_ref()) {
        Some(text) => text.as_slice().into(),
        None => document.comment_text(CommentId(i as u32)),
    }
}

/// Is this a whole token, of a value or a comment? One that stands in clear beside `ENC[` in a text is none.
fn is_token(text: &[u8]) -> bool {
    let text = bare(text);
    text.starts_with(b"ENC[") && Token::parse(text).is_ok()
}

/// Like a comment's token in all but what makes it open, or what is left of one that lost an end or a character; words that show what one looks like have
/// dots or blanks in it, or another type, and an entry that was taken out of use has its name before it.
pub(super) fn like_one(text: &[u8]) -> Option<&[u8]> {
    // INI has runs of lines, of which the first has lost its mark; while it is sealed each token is a comment of its own.
    let unmarked = |line: &[u8]| line.iter().take_while(|b| b"#; \t".contains(b)).count();
    text.split(|&b| b == b'\n').map(|line| bare(&line[unmarked(line)..])).find(|line| is_like_one_line(line))
}

fn is_like_one(text: &[u8]) -> bool {
    like_one(text).is_some()
}

fn is_like_one_line(text: &[u8]) -> bool {
    const HEAD: &[u8] = b"ENC[AES256_GCM,data:";
    let text = bare(text);
    let inner = text.strip_prefix(HEAD).and_then(|text| text.strip_suffix(b",type:comment]"));
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=,:".contains(byte);
    if inner.is_some_and(|inner| inner.iter().all(is_base64)) {
        return true;
    }
    let is_left = |byte: &u8| byte.is_ascii_graphic() && !b".<>".contains(byte);
    let has_head = (0..5).any(|lost| text.starts_with(&HEAD[lost..])) || text.starts_with(b"ENCAES256_GCM") || text.starts_with(HEAD);
    let other_type = text
        .rsplit(|b| *b == b':')
        .next()
        .is_some_and(|end| matches!(end, b"str]" | b"int]" | b"float]" | b"bool]" | b"bytes]" | b"time]"));
    has_head && !other_type && token::resembles(text) && text.iter().all(is_left)
}

/// Those of a sealed document: what was opened is a value.
fn of_sealed<'a>(document: &'a Document<'_>, opened: &'a Opened) -> impl Iterator<Item = Place> + 'a {
    let comments = (0..document.comments().len()).filter(|&i| match &opened.comments[i] {
        Some(text) => is_token(text.as_slice()),
        None => is_like_one(&document.comment_text(CommentId(i as u32))),
    });
    leaves(document, |i| opened.leaves[i].is_none()).chain(comments.map(Place::Comment))
}

fn leaves<'a>(document: &'a Document<'_>, is_clear: impl Fn(usize) -> bool + 'a) -> impl Iterator<Item = Place> + 'a {
    let all = document.leaves().iter().enumerate();
    let found = all.filter(move |(i, leaf)| leaf.kind == Kind::Str && is_clear(*i) && is_token(&document.content(LeafId(*i as u32))));
    found.map(|(i, _)| Place::Leaf(i))
}

/// Those of a file that somebody may accept as it stands.
pub(super) fn told(document: &Document<'_>, opened: &Opened, leaves: bool, comments: bool) -> Strays {
    let (mut strays, mut line) = (Strays::default(), document.lines());
    let asked = |place: &Place| if matches!(place, Place::Leaf(_)) { leaves } else { comments };
    of_sealed(document, opened).filter(asked).for_each(|place| strays.add(|| place.stray(document, &mut line)));
    strays
}

impl OpenFile<'_> {
    /// The tokens of comments that do not open. As they stand they open where they are put back; sealed once more they would not.
    pub(super) fn closed_comments(&self) -> HashSet<Vec<u8>> {
        let Some(Base { body: BaseBody::Document { document, opened, .. }, .. }) = &self.base else { return HashSet::new() };
        let closed = (0..document.comments().len()).filter(|&i| opened.comments[i].is_none());
        let texts = closed.map(|i| document.comment_text(CommentId(i as u32)));
        texts.filter_map(|text| Some(like_one(&text)?.to_vec())).collect()
    }

    /// Those that would be sealed as texts now; `covers` says of which leaves. What stood there before, under a MAC that somebody has checked, is a text
    /// already, and stays; with a new data key the second ones are told. What the MAC does not cover stays as long as the data key does, under which it opens.
    pub(super) fn strays(&self, document: &Document<'_>, covers: &[bool]) -> (Strays, Strays) {
        let mut strays = (Strays::default(), Strays::default());
        let Some(base @ Base { body: BaseBody::Document { document: old, opened, .. }, .. }) = &self.base else { return strays };
        let comments = (0..document.comments().len()).map(Place::Comment);
        let comments =
            comments.filter(|place| matches!(place, Place::Comment(i) if is_like_one(&document.comment_text(CommentId(*i as u32)))));
        let mut found = leaves(document, |i| !covers[i]).chain(comments).peekable();
        if found.peek().is_none() {
            return strays;
        }
        let mut before: HashMap<_, VecDeque<Place>> = HashMap::new();
        of_sealed(old, opened).for_each(|place| before.entry(place.key(old, Some(opened))).or_default().push_back(place));
        // A MAC over all values says that a value in clear was this text when the file was sealed: a token of another file, or one that somebody keeps as a text.
        let is_text = |place: &Place| matches!(place, Place::Leaf(_)) && !self.settings.mac_only_encrypted && !base.unchecked;
        let stays = !base.unchecked && self.renews < Renews::Key;
        let (mut line, mut old_line) = (document.lines(), old.lines());
        for place in found {
            // The same text may stand there more than once: one after the other.
            let known = before.get_mut(&place.key(document, None));
            match known.and_then(|places| if places.len() > 1 { places.pop_front() } else { places.front().copied() }) {
                Some(_) if stays => {}
                Some(before) if is_text(&place) => strays.1.add(|| before.stray(old, &mut old_line)),
                Some(before) => strays.0.add(|| before.stray(old, &mut old_line)),
                // A comment that looks like a token and was one's text before is no token.
                None if matches!(place, Place::Comment(i) if !is_token(&document.comment_text(CommentId(i as u32)))) => {}
                None => strays.0.add(|| place.stray(document, &mut line)),
            }
        }
        strays
    }
}
