//! Edits, and the one pass that applies them to a text.

use zeroize::Zeroize;

use crate::draft::reserve;
use crate::leaf::Span;

/// Replacements of spans of a text, applied in one pass. Spans must not overlap; an empty span inserts.
#[derive(Default)]
pub struct Splice<'b> {
    edits: Vec<(Span, Piece<'b>)>,
    bytes: Vec<u8>,
}

/// What comes in place of a span.
enum Piece<'b> {
    /// A range of the splice's own bytes.
    Own(u32, u32),
    Borrowed(&'b [u8]),
}

impl<'b> Splice<'b> {
    /// For a text that is to become shorter: what is written is plaintext, and does not move while it grows.
    pub fn opening(text: &[u8], edits: usize) -> Self {
        Splice { edits: Vec::with_capacity(edits), bytes: Vec::with_capacity(text.len()) }
    }

    /// For so many edits. Bytes that are written, and not put, are plaintext or short.
    pub fn with_room(edits: usize) -> Self {
        Splice { edits: Vec::with_capacity(edits), bytes: Vec::new() }
    }

    /// Replaces `span` by what `write` appends, unless that is false. `room`: the most that may be.
    pub fn write(&mut self, span: Span, room: usize, write: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
        let start = self.bytes.len();
        reserve(&mut self.bytes, room);
        let place = self.bytes.as_ptr();
        let written = write(&mut self.bytes);
        debug_assert_eq!(place, self.bytes.as_ptr(), "more than was said, and a copy is left behind");
        if written {
            self.edits.push((span, Piece::Own(start as u32, self.bytes.len() as u32)));
        } else {
            self.bytes[start..].zeroize();
            self.bytes.truncate(start);
        }
        written
    }

    /// Replaces `span` by `bytes`. Several edits at one place happen in the order they were made.
    pub fn replace(&mut self, span: Span, bytes: &[u8]) {
        let start = self.bytes.len() as u32;
        reserve(&mut self.bytes, bytes.len());
        self.bytes.extend_from_slice(bytes);
        self.edits.push((span, Piece::Own(start, self.bytes.len() as u32)));
    }

    /// Replaces `span` by bytes that stay where they are: tokens, which are longer than all else.
    pub fn put(&mut self, span: Span, bytes: &'b [u8]) {
        self.edits.push((span, Piece::Borrowed(bytes)));
    }

    /// Removes `span`.
    pub fn cut(&mut self, span: Span) {
        self.replace(span, b"");
    }

    /// Inserts at an offset.
    pub fn insert(&mut self, at: usize, bytes: &[u8]) {
        self.replace(Span::new(at, at), bytes);
    }

    /// The text with all edits applied.
    pub fn finish(mut self, text: &[u8]) -> Vec<u8> {
        if !self.edits.is_sorted_by_key(|e| (e.0.start, e.0.end)) {
            self.edits.sort_by_key(|e| (e.0.start, e.0.end));
        }
        let piece = |piece: &Piece<'b>| match *piece {
            Piece::Own(start, end) => &self.bytes[start as usize..end as usize],
            Piece::Borrowed(bytes) => bytes,
        };
        let new: usize = self.edits.iter().map(|(_, with)| piece(with).len()).sum();
        let old: usize = self.edits.iter().map(|(span, _)| span.len()).sum();
        // No more than that: whoever wipes an opened text wipes all of its room, and touches it for that.
        let mut out = Vec::with_capacity((text.len() + new).saturating_sub(old));
        let mut at = 0usize;
        for (span, with) in &self.edits {
            debug_assert!(span.start as usize >= at, "edits overlap");
            out.extend_from_slice(&text[at..span.start as usize]);
            out.extend_from_slice(piece(with));
            at = span.end as usize;
        }
        out.extend_from_slice(&text[at..]);
        out
    }
}

impl Drop for Splice<'_> {
    fn drop(&mut self) {
        // Not the room behind: nothing was written there, and it may be five times as large.
        self.bytes.as_mut_slice().zeroize();
    }
}
