//! How many values a text has at least, by its lines alone: what is over the limit (R8) is refused before the parser has worked through it (P24).
//!
//! Only lines of everyday shape are counted, where no reader takes them for anything but an entry or an item; at the first of another shape it ends, and
//! the parser has to say.

use memchr::{memchr, memchr_iter};

use crate::document::Mode;

/// Where the value stands that is one more than `most`, if lines of such shapes hold so many.
pub(super) fn one_more_than(most: usize, text: &[u8], mode: Mode) -> Option<usize> {
    // A line adds one value at most.
    if text.len() <= 2 * most || memchr_iter(b'\n', text).count() < most {
        return None;
    }
    let (mut at, mut values) = (0, 0);
    // Lines that stand further in than this column go on with the value before them: a plain text, or a block.
    let mut goes_on: Option<usize> = None;
    while at < text.len() {
        let end = memchr(b'\n', &text[at..]).map_or(text.len(), |n| at + n);
        let line = text[at..end].strip_suffix(b"\r").unwrap_or(&text[at..end]);
        // By itself it ends a line.
        if memchr(b'\r', line).is_some() {
            return None;
        }
        let column = blanks(line);
        let rest = &line[column..];
        if !rest.is_empty() && goes_on.is_none_or(|value| column <= value) {
            match shape(rest, column, mode)? {
                Shape::Nothing => {}
                Shape::Opens => goes_on = None,
                Shape::Value { column, from, counts } => {
                    goes_on = Some(column);
                    values += usize::from(counts);
                    if values > most {
                        return Some(at + from);
                    }
                }
            }
        }
        at = end + 1;
    }
    None
}

enum Shape {
    /// A comment.
    Nothing,
    /// A mark of a document, or an entry or item whose value, if any, stands below.
    Opens,
    /// An entry or item with its value. Its map or list stands at `column`, the value itself at `from`; it may stand for none or many.
    Value { column: usize, from: usize, counts: bool },
}

/// None: a line of another shape.
fn shape(mut rest: &[u8], mut column: usize, mode: Mode) -> Option<Shape> {
    let start = column;
    if rest[0] == b'#' {
        return Some(Shape::Nothing);
    }
    // The block is no value, and counted by itself.
    if rest.starts_with(b"sops") {
        return None;
    }
    if start == 0 && rest.strip_prefix(b"---").is_some_and(ends) {
        return Some(Shape::Opens);
    }
    let (mut from, mut is_item) = (column, true);
    while let [b'-', behind @ ..] = rest {
        let blanks = blanks(behind);
        if ends(behind) {
            return Some(Shape::Opens);
        }
        if blanks == 0 {
            break;
        }
        // A list in a list stands where its own dash does.
        column = from;
        from += 1 + blanks;
        rest = &behind[blanks..];
    }
    if is_word(*rest.first()?) {
        let colon = memchr_iter(b':', rest).find(|&at| rest.get(at + 1).is_none_or(|&b| b == b' ' || b == b'\t'));
        match colon {
            Some(colon) if !rest[..colon].iter().all(|&b| is_word(b) || b" -/".contains(&b)) => return None,
            Some(colon) => {
                (column, is_item) = (from, false);
                let behind = &rest[colon + 1..];
                if ends(behind) {
                    return Some(Shape::Opens);
                }
                from += colon + 1 + blanks(behind);
                rest = &behind[blanks(behind)..];
            }
            // Alone on its line it is the value of what stands above it.
            None if from == start => return None,
            None => {}
        }
    } else if from == start {
        return None;
    }
    let one_line = match rest {
        [b'"' | b'\'', ..] => ends(behind_quotes(rest)?),
        [b'|' | b'>', header @ ..] => ends(&header[header.iter().take_while(|b| b.is_ascii_digit() || b"+-".contains(b)).count()..]),
        [b'[', b']', behind @ ..] | [b'{', b'}', behind @ ..] => ends(behind),
        [b'*', ..] => return Some(Shape::Value { column, from, counts: false }),
        [b'-' | b'+' | b'.' | b'$' | b'/', next, ..] => is_word(*next),
        [first, ..] => is_word(*first) || *first == b'~',
        [] => false,
    };
    // In a sealed text an item may be the token of a comment.
    let counts = mode == Mode::Plain || !is_item || is_word(rest[0]) && !rest.starts_with(b"ENC[");
    one_line.then_some(Shape::Value { column, from, counts })
}

/// Text that begins so is nothing but text.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.'
}

fn blanks(line: &[u8]) -> usize {
    line.iter().take_while(|&&b| b == b' ').count()
}

/// Is nothing left of a line but blanks and a comment?
fn ends(rest: &[u8]) -> bool {
    match rest {
        [] => true,
        [b' ', behind @ ..] => behind.trim_ascii_start().first().is_none_or(|&b| b == b'#'),
        _ => false,
    }
}

fn behind_quotes(quoted: &[u8]) -> Option<&[u8]> {
    let quote = quoted[0];
    let mut at = 1;
    loop {
        match quoted.get(at)? {
            b'\\' if quote == b'"' => at += 2,
            byte if *byte != quote => at += 1,
            b'\'' if quoted.get(at + 1) == Some(&b'\'') => at += 2,
            _ => return Some(&quoted[at + 1..]),
        }
    }
}
