//! Lines of a text, as the edits of several formats look at them.

use memchr::memchr;
use zeroize::Zeroizing;

/// Lines with a text's own breaks.
pub(crate) fn broken(lines: &[u8], crlf: bool) -> Zeroizing<Vec<u8>> {
    let breaks = if crlf { lines.iter().filter(|&&b| b == b'\n').count() } else { 0 };
    let mut out = Zeroizing::new(Vec::with_capacity(lines.len() + breaks));
    for &b in lines {
        if b == b'\n' && crlf {
            out.push(b'\r');
        }
        out.push(b);
    }
    out
}

/// The first comment that a blank line parts from what stands above this place: it speaks of something else. None: `end`.
pub(crate) fn set_apart(text: &[u8], mut at: usize, end: usize, is_blank: impl Fn(&[u8]) -> bool) -> usize {
    let mut apart = false;
    while at < end {
        let next = memchr(b'\n', &text[at..]).map_or(text.len(), |i| at + i + 1);
        if is_blank(&text[at..next]) {
            apart = true;
        } else if apart {
            return at;
        }
        at = next;
    }
    end
}
