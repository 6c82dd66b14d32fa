//! What hints put at the start and the end of an opened text.

use crate::format::Format;
use crate::hint::Hint;
use crate::wiped::Wiped;

/// What hints put at the start and the end of an opened text, and how much of it that is in place of.
pub(crate) struct Ends<'h> {
    start: (usize, &'h [u8]),
    end: (usize, &'h [u8]),
}

impl<'h> Ends<'h> {
    /// None: nothing. Of each there is one at most: the field that they are from is refused otherwise.
    pub fn of(hints: &'h [Hint], len: usize) -> Option<Self> {
        let mut ends = Ends { start: (0, &[]), end: (0, &[]) };
        let mut any = false;
        for hint in hints {
            match hint {
                Hint::Start { drop, bytes } => ends.start = ((*drop as usize).min(len), bytes),
                Hint::End { drop, bytes } => ends.end = (*drop as usize, bytes),
                Hint::Site { .. } => continue,
            }
            any = true;
        }
        // The end is what it is once the start is there.
        ends.end.0 = ends.end.0.min(len - ends.start.0 + ends.start.1.len());
        any.then_some(ends)
    }

    /// Is a text with these ends the same to every reader? `lines`: its last value takes line ends in.
    pub fn harmless(&self, format: Format, text: &[u8], lines: impl FnOnce() -> bool) -> bool {
        let ((dropped, put), (cut, added)) = (self.start, self.end);
        let Some(kept) = text.len().checked_sub(cut).filter(|kept| *kept >= dropped) else { return false };
        let blank = |bytes: &[u8]| bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).iter().all(|b| b" \t\r\n".contains(b));
        let (start, end) = (&text[..dropped], &text[kept..]);
        match format {
            Format::Json => [start, put, end, added].into_iter().all(blank),
            Format::Dotenv => start.is_empty() && put.is_empty() && end.iter().chain(added).all(|b| *b == b'\n'),
            _ => {
                let one_line_end = matches!(end, b"" | b"\n" | b"\r\n") && added.is_empty();
                start.is_empty() && put.is_empty() && one_line_end && (end.is_empty() || !lines())
            }
        }
    }

    /// The text with these ends, in a buffer of its size: one that grew would leave plaintext behind (R1).
    pub fn put(&self, text: &[u8]) -> Wiped {
        let ((dropped, put), (cut, added)) = (self.start, self.end);
        let mut whole = Vec::with_capacity(text.len() + put.len() + added.len());
        whole.extend_from_slice(put);
        whole.extend_from_slice(&text[dropped..]);
        // A CR LF that was put at the end to be cut off again, and that git has made a line feed of.
        let cut = match (cut, added, &whole[..]) {
            (2, b"", [.., before, b'\n']) if !b"\r\n".contains(before) => 1,
            _ => cut,
        };
        whole.truncate(whole.len() - cut);
        whole.extend_from_slice(added);
        whole.into()
    }
}
