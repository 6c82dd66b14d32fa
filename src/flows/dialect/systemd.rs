//! `EnvironmentFile=` of systemd.exec(5): lines, a backslash at the end joins two, `#` and `;` begin comments, quotes go; no `export`, no expansion.
//! A line that is no assignment is passed over, as systemd does.

use super::{Lines, Pairs, Reading, Unread};

pub(super) fn read(text: &[u8]) -> Reading {
    let (mut pairs, mut unread) = (Pairs::new(), Vec::new());
    let (mut at, mut lines) = (0, Lines::new(text));
    while at < text.len() {
        at += text[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let Some(&first) = text.get(at) else { break };
        if first == b'#' || first == b';' {
            at = comment(text, at);
            continue;
        }
        let name_end = at + text[at..].iter().take_while(|b| !matches!(b, b'=' | b'\n')).count();
        if text.get(name_end) != Some(&b'=') {
            at = name_end;
            continue;
        }
        let name = text[at..name_end].trim_ascii();
        let (value, end) = value(text, name_end + 1);
        if is_name(name) {
            pairs.push((name.to_vec(), value));
        } else {
            // systemd says "Ignoring invalid environment assignment".
            unread.push(Unread { line: lines.of(at), span: at..end });
        }
        at = end;
    }
    Reading { pairs, unread }
}

fn is_name(name: &[u8]) -> bool {
    name.first().is_some_and(|b| !b.is_ascii_digit()) && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// A comment goes on behind a backslash at the end of its line.
fn comment(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(&b) = text.get(at) {
        match b {
            b'\n' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

fn value(text: &[u8], start: usize) -> (Vec<u8>, usize) {
    let mut at = start + text[start..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let mut out = Vec::new();
    // Blanks at the end count only in quotes or behind a backslash.
    let mut keep = 0;
    loop {
        match text.get(at) {
            None => break,
            Some(b'\n') => {
                at += 1;
                break;
            }
            Some(b'\\') => {
                match text.get(at + 1) {
                    Some(b'\n') | None => {}
                    Some(&next) => out.push(next),
                }
                keep = out.len();
                at += 2;
            }
            Some(b'\'') => {
                let len = text[at + 1..].iter().take_while(|&&b| b != b'\'').count();
                out.extend_from_slice(&text[at + 1..at + 1 + len]);
                keep = out.len();
                at += len + 2;
            }
            Some(b'"') => {
                at += 1;
                while let Some(&b) = text.get(at).filter(|&&b| b != b'"') {
                    match text.get(at + 1) {
                        Some(b'\n') if b == b'\\' => at += 1,
                        Some(next @ (b'"' | b'\\' | b'`' | b'$')) if b == b'\\' => {
                            out.push(*next);
                            at += 1;
                        }
                        _ => out.push(b),
                    }
                    at += 1;
                }
                keep = out.len();
                at += 1;
            }
            Some(&b) => {
                out.push(b);
                at += 1;
                if !matches!(b, b' ' | b'\t' | b'\r') {
                    keep = out.len();
                }
            }
        }
    }
    out.truncate(keep);
    (out, at.min(text.len()))
}
