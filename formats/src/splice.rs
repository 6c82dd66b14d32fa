//! Edits, and the one pass that applies them to a text.

use zeroize::Zeroize;

use crate::draft::reserve;
use crate::leaf::Span;
use crate::syntax::Tokens;

/// Replacements of spans of a text, applied in one pass. Spans must not overlap; an empty span inserts.
#[derive(Default)]
pub struct Splice {
    edits: Vec<(Span, Piece)>,
    bytes: Vec<u8>,
}

/// What comes in place of a span.
enum Piece {
    /// A range of the splice's own bytes.
    Own(Span),
    /// A range of the tokens' bytes.
    Token(Span),
}

impl Piece {
    fn len(&self) -> usize {
        let (Piece::Own(at) | Piece::Token(at)) = self;
        at.len()
    }
}

impl Splice {
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
            self.edits.push((span, Piece::Own(Span::new(start, self.bytes.len()))));
        } else {
            self.bytes[start..].zeroize();
            self.bytes.truncate(start);
        }
        written
    }

    /// Replaces `span` by `bytes`. Several edits at one place happen in the order they were made.
    pub fn replace(&mut self, span: Span, bytes: &[u8]) {
        let start = self.bytes.len();
        reserve(&mut self.bytes, bytes.len());
        self.bytes.extend_from_slice(bytes);
        self.edits.push((span, Piece::Own(Span::new(start, self.bytes.len()))));
    }

    /// Replaces `span` by bytes of the tokens that [`Splice::finish_in`] is given.
    pub fn put(&mut self, span: Span, token: Span) {
        self.edits.push((span, Piece::Token(token)));
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
        self.sort();
        self.joined(text, &[])
    }

    /// The same with tokens, in their own room where that does: tokens are most of a sealed text, and each byte of a second buffer is one more to touch.
    pub fn finish_in(mut self, text: &[u8], tokens: Tokens) -> Vec<u8> {
        self.sort();
        let mut bytes = tokens.into_bytes();
        if !self.fits_before_tokens() {
            return self.joined(text, &bytes);
        }
        self.move_before_tokens(text, &mut bytes);
        bytes
    }

    fn sort(&mut self) {
        if !self.edits.is_sorted_by_key(|e| (e.0.start, e.0.end)) {
            self.edits.sort_by_key(|e| (e.0.start, e.0.end));
        }
    }

    /// In a buffer of its own.
    fn joined(&self, text: &[u8], tokens: &[u8]) -> Vec<u8> {
        let new: usize = self.edits.iter().map(|(_, with)| with.len()).sum();
        let old: usize = self.edits.iter().map(|(span, _)| span.len()).sum();
        // No more than that: whoever wipes an opened text wipes all of its room, and touches it for that.
        let mut out = Vec::with_capacity((text.len() + new).saturating_sub(old));
        let mut at = 0usize;
        for (span, with) in &self.edits {
            debug_assert!(span.start as usize >= at, "edits overlap");
            out.extend_from_slice(&text[at..span.start as usize]);
            out.extend_from_slice(match with {
                Piece::Own(at) => &self.bytes[at.range()],
                Piece::Token(at) => &tokens[at.range()],
            });
            at = span.end as usize;
        }
        out.extend_from_slice(&text[at..]);
        out
    }

    /// Can the text be put together from the start of this buffer on, which holds the tokens further behind? Then nothing is written over a token that
    /// is still to be moved.
    fn fits_before_tokens(&self) -> bool {
        let (mut at, mut end) = (0usize, 0usize);
        self.edits.iter().all(|(span, with)| {
            end += span.start as usize - at;
            at = span.end as usize;
            let free = !matches!(with, Piece::Token(token) if (token.start as usize) < end);
            end += with.len();
            free
        })
    }

    fn move_before_tokens(&self, text: &[u8], buffer: &mut Vec<u8>) {
        let (mut at, mut end) = (0usize, 0usize);
        for (span, with) in &self.edits {
            debug_assert!(span.start as usize >= at, "edits overlap");
            overwrite(buffer, &mut end, &text[at..span.start as usize]);
            match with {
                Piece::Own(own) => overwrite(buffer, &mut end, &self.bytes[own.range()]),
                Piece::Token(token) => {
                    buffer.copy_within(token.range(), end);
                    end += token.len();
                }
            }
            at = span.end as usize;
        }
        overwrite(buffer, &mut end, &text[at..]);
        buffer.truncate(end);
    }
}

/// Writes from `end` on, and behind the buffer's end if need be; all tokens are moved by then.
fn overwrite(buffer: &mut Vec<u8>, end: &mut usize, bytes: &[u8]) {
    match buffer.get_mut(*end..*end + bytes.len()) {
        Some(room) => room.copy_from_slice(bytes),
        None => {
            buffer.truncate(*end);
            buffer.extend_from_slice(bytes);
        }
    }
    *end += bytes.len();
}

impl Drop for Splice {
    fn drop(&mut self) {
        // Not the room behind: nothing was written there, and it may be five times as large.
        self.bytes.as_mut_slice().zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::leaf::LeafId;

    /// Both ways give the same, whatever room is before the tokens, and in whatever order they come.
    #[test]
    fn tokens_move_in_their_room() {
        let text = b"a=1\nb=22\nc=\nd=4444\n";
        let values = [(2, 3), (6, 8), (11, 11), (14, 18)];
        let expected = b"a=<T0>\nb=+22<T1>\nc=<T2><T2>\nd=<T3>\nend";
        for room in [0, 1, 4, 9, 40, 200] {
            for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2]] {
                let mut tokens = Tokens::new(4, 0).with_room(room, 4);
                for leaf in order {
                    tokens.leaf(LeafId(leaf), |out| out.extend_from_slice(format!("<T{leaf}>").as_bytes()));
                }
                let mut splice = Splice::default();
                for (leaf, (start, end)) in values.into_iter().enumerate() {
                    let token = tokens.span_of_leaf(LeafId(leaf as u32)).expect("it is covered");
                    if leaf == 1 {
                        splice.insert(start, b"+22");
                    }
                    splice.put(Span::new(start, end), token);
                    if leaf == 2 {
                        splice.put(Span::new(start, end), token);
                    }
                }
                splice.insert(text.len(), b"end");
                assert_eq!(splice.finish_in(text, tokens), expected, "room {room}, order {order:?}");
            }
        }
    }
}
