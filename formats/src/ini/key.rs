//! The name of a key at the start of its line, and where it ends.

use super::value::trim;

/// Where a key ends: its name, and the offset behind its delimiter.
pub(super) fn read_key(line: &[u8]) -> Result<(&[u8], usize), &'static str> {
    let delimiter = |from: usize| line[from..].iter().position(|b| matches!(b, b'=' | b':')).map(|i| from + i);
    let no_delimiter = "the line has neither `=` nor `:`, and is no section or comment";
    let n = quote_of_name(line).len();
    let (name, at) = if n == 0 {
        let at = delimiter(0).ok_or(no_delimiter)?;
        (&line[..at], at)
    } else {
        let close = end_of_quoted(line).ok_or("the quote around the name never closes")?;
        (&line[n..close - n], delimiter(close).ok_or(no_delimiter)?)
    };
    let name = trim(name);
    if name.is_empty() { Err("a value without a name") } else { Ok((name, at + 1)) }
}

/// The quote that a line's name stands in, if any.
fn quote_of_name(line: &[u8]) -> &'static [u8] {
    match line {
        [b'"', b'"', b'"', ..] if line.len() > 6 => b"\"\"\"",
        [b'"', ..] => b"\"",
        [b'`', ..] => b"`",
        _ => b"",
    }
}

/// One past the quote that closes a name in quotes.
pub(super) fn end_of_quoted(line: &[u8]) -> Option<usize> {
    let quote = quote_of_name(line);
    let n = quote.len();
    (n > 0).then(|| line[n..].windows(n).position(|w| w == quote).map(|i| i + 2 * n))?
}
