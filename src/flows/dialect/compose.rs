//! Docker Compose: compose-go's reader (`dotenv/parser.go`) and its expansions (`template/template.go`), step by step, with its oddities: what stands behind a
//! closing quote is another statement, and of a comment an unquoted value has only ` #`. The environment goes before what stands earlier in the file.

use std::borrow::Cow;

use super::expand::{DEEPEST, Operator, Puts, Scope, What};
use super::{Bad, Lookup, Pairs, line, line_of, variable};

const TEMPLATE: What = "Docker Compose refuses this expansion";

pub(super) fn read(text: &[u8], lookup: Lookup<'_>) -> Result<Pairs, Bad> {
    let mut scope = Scope::new(text.len(), lookup);
    let mut at = if text.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
    let bad = |at: usize, what| Bad { line: line_of(text, at), what };
    loop {
        at += spaces(&text[at..], char::is_whitespace);
        match text.get(at) {
            None => return Ok(scope.into_pairs()),
            Some(b'#') => {
                at += line(&text[at..]);
                continue;
            }
            Some(_) => {}
        }
        if text[at..]
            .strip_prefix(b"export")
            .and_then(|rest| rest.first())
            .is_some_and(|b| matches!(b, b'\t' | b'\n' | b'\x0c' | b'\r' | b' '))
        {
            at += 6;
            at += spaces(&text[at..], is_blank);
        }
        let start = at;
        let behind = start + name(&text[start..]);
        let name = trim_end(&text[start..behind]);
        match text.get(behind) {
            Some(b'=' | b':' | b'\n') if name.contains(&b' ') => return Err(bad(start, "a name with a blank in it")),
            Some(b'\n') => {
                let value = scope.get_outside(name).map_err(|what| bad(start, what))?.map(Cow::into_owned);
                if let Some(value) = value {
                    scope.assign(name, Some(value));
                }
                at = behind + 1;
                at += spaces(&text[at..], is_blank);
            }
            Some(b'=' | b':') => {
                let first = behind + 1;
                let first = first + spaces(&text[first..], is_blank);
                let (value, end) = value(text, first, &scope).map_err(|what| bad(first, what))?;
                scope.assign(name, Some(value));
                at = end;
            }
            // It takes this for a value without a name.
            None => return Err(bad(start, "a name alone in the last line, without a line feed behind it")),
            Some(_) => return Err(bad(start, "this is no name of a variable")),
        }
    }
}

/// The length of what may be a name, with blanks.
fn name(text: &[u8]) -> usize {
    let fits = |c: char| is_blank(c) || matches!(c, '_' | '.' | '-' | '[' | ']') || c.is_alphabetic() || c.is_numeric();
    spaces(text, fits)
}

/// A value, and where the next statement may begin.
fn value(text: &[u8], start: usize, scope: &Scope<'_>) -> Result<(Vec<u8>, usize), What> {
    let Some(&quote @ (b'\'' | b'"')) = text.get(start) else {
        let end = start + line(&text[start..]);
        let value = &text[start..end];
        let comment = value.windows(2).position(|pair| pair == b" #").unwrap_or(value.len());
        return Ok((substitute(trim_end(&value[..comment]), scope, 0)?, (end + 1).min(text.len())));
    };
    let (mut chars, mut escaped) = (Vec::new(), false);
    for (at, &b) in text.iter().enumerate().skip(start + 1) {
        if b == b'\\' && !escaped {
            escaped = true;
        } else if b == quote && !escaped {
            let value = if quote == b'"' { substitute(&unescape(&chars), scope, 0)? } else { chars };
            return Ok((value, at + 1));
        } else {
            if escaped && b != quote {
                chars.push(b'\\');
            }
            escaped = false;
            chars.push(b);
        }
    }
    Err("a quote is not closed")
}

/// In double quotes. A dollar behind a backslash becomes two, which stand for one.
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&b) = text.get(at) {
        let escape = if b == b'\\' { text.get(at + 1) } else { None };
        at += 2;
        match escape {
            Some(b'a') => out.push(0x07),
            Some(b'b') => out.push(0x08),
            Some(b'f') => out.push(0x0c),
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b't') => out.push(b'\t'),
            Some(b'v') => out.push(0x0b),
            Some(b'$') => out.extend_from_slice(b"$$"),
            Some(&next @ (b'"' | b'\\')) => out.push(next),
            Some(b'0') => {
                let digits = &text[at..at + text[at..].iter().take(3).take_while(|b| b.is_ascii_digit()).count()];
                at += digits.len();
                match octal(digits) {
                    Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                    // Only the zero goes.
                    None => out.extend_from_slice(&[b"\\", digits].concat()),
                }
            }
            _ => {
                out.push(b);
                at -= 1;
            }
        }
    }
    out
}

/// Three digits are a character, as Go has it.
fn octal(digits: &[u8]) -> Option<char> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.len() == 3)?;
    u8::from_str_radix(digits, 8).ok().map(char::from)
}

/// `$$`, `$NAME`, `${NAME}`, and `${NAME:-text}` with its kin, in which the text is a template again. Another `${` is an error; another `$` is itself.
fn substitute(template: &[u8], scope: &Scope<'_>, depth: usize) -> Result<Vec<u8>, What> {
    let mut out = Vec::with_capacity(template.len());
    let mut at = 0;
    while let Some(&b) = template.get(at) {
        if b != b'$' {
            out.push(b);
            at += 1;
            continue;
        }
        match template.get(at + 1) {
            Some(b'$') => {
                out.push(b'$');
                at += 2;
            }
            Some(b'{') => at = braces(template, at, scope, depth, &mut out)?,
            _ => {
                let name = variable(&template[at + 1..]);
                if name.is_empty() {
                    out.push(b'$');
                } else {
                    out.extend_from_slice(&scope.get_outside_first(name)?.unwrap_or_default());
                }
                at += 1 + name.len();
            }
        }
    }
    Ok(out)
}

/// One `${...}`; gives its end.
fn braces(template: &[u8], at: usize, scope: &Scope<'_>, depth: usize, out: &mut Vec<u8>) -> Result<usize, What> {
    let name = variable(&template[at + 2..]);
    let behind = at + 2 + name.len();
    if name.is_empty() {
        return Err(TEMPLATE);
    }
    if template.get(behind) == Some(&b'}') {
        out.extend_from_slice(&scope.get_outside_first(name)?.unwrap_or_default());
        return Ok(behind + 1);
    }
    let (operator, len) = Operator::of(&template[behind..]).ok_or(TEMPLATE)?;
    let close = closing(template, at).ok_or(TEMPLATE)?;
    let value = scope.get_outside_first(name)?;
    match operator.puts(value.as_deref()) {
        Puts::Refuses => return Err("Docker Compose wants a value for a variable here, and it has none"),
        Puts::Text if depth >= DEEPEST => return Err(TEMPLATE),
        Puts::Text => out.extend_from_slice(&substitute(&template[behind + len..close], scope, depth + 1)?),
        Puts::Value => out.extend_from_slice(&value.unwrap_or_default()),
    }
    Ok(close + 1)
}

/// The brace that closes the one behind the `$`: on the same line, every brace in between counted, though not one directly behind an opening one. Where they do
/// not come out even: the last of the line.
fn closing(template: &[u8], start: usize) -> Option<usize> {
    let (mut open, mut last, mut passed) = (0_usize, None, false);
    for (at, &b) in template.iter().enumerate().skip(start) {
        if b == b'\n' {
            break;
        }
        if b == b'}' {
            last = Some(at);
        }
        match b {
            _ if passed => passed = false,
            b'}' => {
                open -= 1;
                if open == 0 {
                    return Some(at);
                }
            }
            b'{' => {
                open += 1;
                passed = true;
            }
            _ => {}
        }
    }
    last
}

/// How many bytes of a text's beginning are characters of a kind. Bytes that are no UTF-8 are of none.
fn spaces(text: &[u8], kind: impl Fn(char) -> bool) -> usize {
    let mut len = 0;
    loop {
        let rest = &text[len..];
        let piece = &rest[..rest.len().min(4)];
        let valid = match std::str::from_utf8(piece) {
            Ok(valid) => valid,
            Err(error) => std::str::from_utf8(&piece[..error.valid_up_to()]).unwrap_or_default(),
        };
        match valid.chars().next() {
            Some(c) if kind(c) => len += c.len_utf8(),
            _ => return len,
        }
    }
}

/// A blank, but for line feeds.
fn is_blank(c: char) -> bool {
    matches!(c, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

fn trim_end(text: &[u8]) -> &[u8] {
    let mut end = text.len();
    while let Some(start) = (end.saturating_sub(3)..end)
        .rev()
        .find(|&start| std::str::from_utf8(&text[start..end]).is_ok_and(|c| c.chars().all(char::is_whitespace)))
    {
        end = start;
    }
    &text[..end]
}
