//! The text of a comment, and its canonical spelling.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::value::{leading_space, trim, trim_end};

/// The lines of a run as SOPS joins them: blank lines and indentation between them are gone.
pub(super) fn join(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut lines = bytes.split_inclusive(|&b| b == b'\n');
    let first = lines.next().unwrap_or_default();
    if first.len() == bytes.len() {
        return Cow::Borrowed(bytes);
    }
    let mut out = first.to_vec();
    for line in lines {
        out.extend_from_slice(&line[leading_space(line)..]);
    }
    Cow::Owned(out)
}

/// Do these bytes, from the first mark on, mean this text?
pub(super) fn means(bytes: &[u8], plain: &[u8]) -> bool {
    let Some(&mark) = bytes.first() else { return false };
    let stripped = bytes.iter().position(|&b| b != mark && b != b' ').unwrap_or(bytes.len());
    let lines_are_marked = bytes.split(|&b| b == b'\n').all(|line| {
        let line = &line[leading_space(line)..];
        line.is_empty() || is_mark(line[0])
    });
    lines_are_marked && trim_end(bytes).len() == bytes.len() && (*join(&bytes[stripped..]) == *plain || *join(bytes) == *plain)
}

/// Does this line of a comment, from its mark on, hold a token, or what looks like one?
pub(super) fn is_token(line: &[u8]) -> bool {
    line.first().is_some_and(|mark| {
        let stripped = line.iter().position(|b| b != mark && *b != b' ').unwrap_or(line.len());
        line[stripped..].starts_with(b"ENC[")
    })
}

/// Is this run of lines, from the first mark on, more than one comment in a sealed text, where each token is one of its own?
pub(super) fn splits(run: &[u8]) -> bool {
    run.contains(&b'\n') && run.split(|&b| b == b'\n').any(|line| is_token(&line[leading_space(line)..]))
}

/// The canonical spelling, from the mark on: as SOPS prints it, but that the marks and blanks which are there stay.
/// `header`: SOPS keeps the blanks around lines without a mark of their own.
pub(super) fn canonical(visible: &[u8], plain: &[u8], header: bool) -> Zeroizing<Vec<u8>> {
    // Each line may get a mark.
    let lines = plain.iter().filter(|&&b| b == b'\n').count();
    let mut out = Zeroizing::new(Vec::with_capacity(visible.len() + plain.len() + 2 * lines + 2));
    for (number, line) in plain.split(|&b| b == b'\n').enumerate() {
        if number > 0 {
            out.push(b'\n');
        }
        match line.split_first() {
            Some((&mark, rest)) if is_mark(mark) => {
                out.extend_from_slice(&[mark, b' ']);
                out.extend_from_slice(trim(rest));
            }
            _ => {
                out.extend_from_slice(if number == 0 { visible } else { b"; " });
                out.extend_from_slice(if header { line } else { trim(line) });
            }
        }
    }
    out
}

fn is_mark(b: u8) -> bool {
    matches!(b, b'#' | b';')
}
