//! `EnvironmentFile=` of systemd, state by state as its own reader goes through a file (`parse_env_file_internal`, src/basic/env-file.c): quotes count where a
//! value begins and behind a closing quote, where blanks are dropped; once another character has come, quotes are characters.
//! A line that is no assignment is passed over, and one that assigns to what is no name is told.

use super::{Bad, Lines, Pairs, Reading, Unread, line_of};

pub(super) fn read(text: &[u8]) -> Result<Reading, Bad> {
    let (mut pairs, mut unread) = (Pairs::new(), Vec::new());
    let (mut at, mut lines) = (0, Lines::new(text));
    while let Some(&first) = text.get(at) {
        if is_blank(first) {
            at += 1;
            continue;
        }
        let start = at;
        if matches!(first, b'#' | b';') {
            at = comment(text, at)?;
            continue;
        }
        // What a name begins with may be anything, a `=` too.
        let name_end = at + 1 + text[at + 1..].iter().take_while(|&&b| b != b'=' && !is_end(b)).count();
        if text.get(name_end) != Some(&b'=') {
            at = name_end;
            continue;
        }
        let name = trim_end(&text[at..name_end]);
        let (value, end) = value(text, name_end + 1);
        at = end;
        if std::str::from_utf8(name).is_err() || std::str::from_utf8(&value).is_err() {
            return Err(Bad { line: line_of(text, start), what: "systemd takes no file with a value that is not UTF-8" });
        }
        if is_name(name) {
            pairs.push((name.to_vec(), value));
        } else {
            // systemd says "Ignoring invalid environment assignment".
            unread.push(Unread { line: lines.of(start), span: start..end });
        }
    }
    Ok(Reading { pairs, unread })
}

fn is_name(name: &[u8]) -> bool {
    name.first().is_some_and(|b| !b.is_ascii_digit()) && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

fn is_end(b: u8) -> bool {
    matches!(b, b'\n' | b'\r')
}

fn is_blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t') || is_end(b)
}

fn trim_end(text: &[u8]) -> &[u8] {
    &text[..text.iter().rposition(|&b| !is_blank(b)).map_or(0, |last| last + 1)]
}

/// The end of a comment. Up to systemd 253 it went on behind a backslash at the end of its line, later it does not: an assignment there is read by some and
/// not by others.
fn comment(text: &[u8], start: usize) -> Result<usize, Bad> {
    let end = start + text[start..].iter().take_while(|&&b| !is_end(b)).count();
    let backslashes = text[start..end].iter().rev().take_while(|&&b| b == b'\\').count();
    if backslashes % 2 == 1 && follows(text, end) {
        let what = "a comment that ends in a backslash: up to systemd 253 the line below belongs to it, from 254 on it does not";
        return Err(Bad { line: line_of(text, start), what });
    }
    Ok(end)
}

/// Is there something on the line below, but for a comment?
fn follows(text: &[u8], end: usize) -> bool {
    let below = text.get(end + 1..).unwrap_or_default();
    below.iter().find(|&&b| !matches!(b, b' ' | b'\t')).is_some_and(|&b| !is_end(b) && b != b'#' && b != b';')
}

enum State {
    Before,
    Plain,
    Escape,
    Single,
    Double,
    DoubleEscape,
}

/// A value, and where the next line begins.
fn value(text: &[u8], start: usize) -> (Vec<u8>, usize) {
    let (mut out, mut state) = (Vec::new(), State::Before);
    // What stays when blanks at the end go: none of them were behind a backslash or in quotes.
    let mut keep = None;
    for (at, &b) in text.iter().enumerate().skip(start) {
        state = match state {
            State::Before | State::Plain if is_end(b) => {
                out.truncate(keep.unwrap_or(out.len()));
                return (out, at + 1);
            }
            State::Before if b == b'\'' => State::Single,
            State::Before if b == b'"' => State::Double,
            State::Before if is_blank(b) => State::Before,
            State::Before | State::Plain if b == b'\\' => {
                keep = None;
                State::Escape
            }
            State::Before | State::Plain => {
                keep = if is_blank(b) { keep.or(Some(out.len())) } else { None };
                out.push(b);
                State::Plain
            }
            // A line end behind a backslash is none.
            State::Escape => {
                if !is_end(b) {
                    out.push(b);
                }
                State::Plain
            }
            State::Single if b == b'\'' => State::Before,
            State::Double if b == b'"' => State::Before,
            State::Double if b == b'\\' => State::DoubleEscape,
            State::Single | State::Double => {
                out.push(b);
                state
            }
            State::DoubleEscape => {
                match b {
                    b'"' | b'\\' | b'`' | b'$' => out.push(b),
                    b'\n' => {}
                    _ => out.extend_from_slice(&[b'\\', b]),
                }
                State::Double
            }
        };
    }
    if matches!(state, State::Plain) {
        out.truncate(keep.unwrap_or(out.len()));
    }
    (out, text.len())
}
