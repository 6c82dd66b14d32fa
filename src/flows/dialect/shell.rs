//! What a POSIX shell assigns when it sources a file, without running anything.
//!
//! What it would run is refused, and what it could not read; so is what it would put in of its own (`$$`, `$1`, a home folder for `~`), and what shells
//! read in different ways.

use super::expand::{DEEPEST, Operator, Puts, Scope};
use super::{Bad, Lookup, Pairs, line, line_of, variable};

const COMMAND: &str = "this would run a command";
const NOT_UNDERSTOOD: &str = "an expansion that is not understood";
const UNCLOSED: &str = "a quote is not closed";

pub(super) fn posix(text: &[u8], lookup: Lookup<'_>) -> Result<Pairs, Bad> {
    let mut shell = Shell { text, scope: Scope::new(text.len(), lookup) };
    let mut at = 0;
    // A `;` ends an assignment, and nothing else.
    let mut assigned = false;
    while at < text.len() {
        at += blanks(&text[at..]);
        match text.get(at) {
            None => break,
            Some(b'\n') => {
                assigned = false;
                at += 1;
            }
            Some(b';') if assigned => {
                assigned = false;
                at += 1;
            }
            Some(b'#') => at += line(&text[at..]),
            Some(_) => {
                at = shell.assignment(at)?;
                assigned = true;
            }
        }
    }
    Ok(shell.scope.into_pairs())
}

struct Shell<'t, 'l> {
    text: &'t [u8],
    scope: Scope<'l>,
}

/// Where a piece of text stands.
#[derive(Clone, Copy)]
struct Within {
    /// Within double quotes that are outside of it.
    quoted: bool,
    /// So many expansions around it.
    depth: usize,
    /// It counts: a default of what has a value does not.
    counts: bool,
}

impl Shell<'_, '_> {
    fn bad<T>(&self, at: usize, what: &'static str) -> Result<T, Bad> {
        Err(Bad { line: line_of(self.text, at), what })
    }

    /// One assignment, to the end of its line or its `;`.
    fn assignment(&mut self, start: usize) -> Result<usize, Bad> {
        let mut at = start;
        let exports = self.text[at..].starts_with(b"export") && blanks(&self.text[at + 6..]) > 0;
        if exports {
            at += 6 + blanks(&self.text[at + 6..]);
        }
        let name = variable(&self.text[at..]);
        let behind = at + name.len();
        let end = match self.text.get(behind) {
            Some(b'=') if !name.is_empty() => {
                let top = Within { quoted: false, depth: 0, counts: true };
                let (value, end) = self.word(behind + 1, top)?;
                let name = name.to_vec();
                self.scope.assign(&name, Some(value));
                end
            }
            // It changes no value.
            None | Some(b'\n' | b';' | b' ' | b'\t') if exports && !name.is_empty() => behind,
            _ => return self.bad(at, "a shell would run this line as a command"),
        };
        let end = end + blanks(&self.text[end..]);
        match self.text.get(end) {
            None | Some(b'\n' | b';' | b'#') => Ok(end),
            Some(_) => self.bad(end, "a shell would run what stands behind the value as a command; quote the value"),
        }
    }

    /// One word, from its first byte; as deep as an expansion, to the brace that ends it. Its value, and where it ends.
    fn word(&self, start: usize, within: Within) -> Result<(Vec<u8>, usize), Bad> {
        let text = self.text;
        let in_braces = within.depth > 0;
        let (mut out, mut at) = (Vec::new(), start);
        let mut quoted = within.quoted;
        loop {
            let Some(&b) = text.get(at) else {
                return if quoted != within.quoted {
                    self.bad(start, UNCLOSED)
                } else if in_braces {
                    self.bad(start, NOT_UNDERSTOOD)
                } else {
                    Ok((out, at))
                };
            };
            match b {
                b'}' if in_braces && quoted == within.quoted => return Ok((out, at)),
                b'\'' if !quoted => {
                    let Some(len) = text[at + 1..].iter().position(|&b| b == b'\'') else { return self.bad(at, UNCLOSED) };
                    out.extend_from_slice(&text[at + 1..at + 1 + len]);
                    at += len + 2;
                }
                // Of quotes within quotes shells make this and that.
                b'"' | b'\'' if within.quoted => return self.bad(at, NOT_UNDERSTOOD),
                b'"' => {
                    quoted = !quoted;
                    at += 1;
                }
                b'\\' => match text.get(at + 1) {
                    Some(b'\n') => at += 2,
                    Some(&next) if !quoted || matches!(next, b'\\' | b'"' | b'$' | b'`') || (within.quoted && next == b'}') => {
                        out.push(next);
                        at += 2;
                    }
                    _ => {
                        out.push(b);
                        at += 1;
                    }
                },
                b'`' => return self.bad(at, COMMAND),
                b'$' => {
                    let (value, end) = self.expansion(at, Within { quoted, ..within })?;
                    out.extend_from_slice(&value);
                    at = end;
                }
                b'~' if !quoted && (at == start || matches!(text[at - 1], b':' | b'\n')) => {
                    return self.bad(at, "a shell would put a home folder here; write $HOME, or quote the value");
                }
                b' ' | b'\t' | b'\n' | b';' if !quoted && !in_braces => return Ok((out, at)),
                b'|' | b'&' | b'<' | b'>' | b'(' | b')' if !quoted => {
                    return self.bad(at, "a shell takes this for an operator; quote the value");
                }
                _ => {
                    out.push(b);
                    at += 1;
                }
            }
        }
    }

    /// What stands at a `$`, and where that ends.
    fn expansion(&self, at: usize, within: Within) -> Result<(Vec<u8>, usize), Bad> {
        match self.text.get(at + 1) {
            Some(b'(') => self.bad(at, COMMAND),
            Some(b'{') => self.braces(at, within),
            Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'-' | b'!' | b'$') => {
                self.bad(at, "a shell would put something of its own for this; quote the `$`")
            }
            Some(b'\'' | b'"') if !within.quoted => self.bad(at, "shells read `$` before a quote in different ways; quote the `$`"),
            _ => {
                let name = variable(&self.text[at + 1..]);
                let end = at + 1 + name.len();
                match name {
                    // The name goes on in the next line.
                    _ if self.text[end..].starts_with(b"\\\n") => self.bad(at, NOT_UNDERSTOOD),
                    [] => Ok((b"$".to_vec(), end)),
                    name => Ok((self.value(at, name, within)?.unwrap_or_default(), end)),
                }
            }
        }
    }

    fn braces(&self, at: usize, within: Within) -> Result<(Vec<u8>, usize), Bad> {
        let text = self.text;
        let name = variable(&text[at + 2..]);
        let behind = at + 2 + name.len();
        let value = self.value(at, name, within)?;
        if name.is_empty() || within.depth >= DEEPEST {
            return self.bad(at, NOT_UNDERSTOOD);
        }
        if text.get(behind) == Some(&b'}') {
            return Ok((value.unwrap_or_default(), behind + 1));
        }
        let found = Operator::of(&text[behind..]).filter(|(operator, _)| !operator.asks());
        let Some((operator, len)) = found else { return self.bad(at, NOT_UNDERSTOOD) };
        let puts_text = operator.puts(value.as_deref()) == Puts::Text;
        let inner = Within { depth: within.depth + 1, counts: within.counts && puts_text, ..within };
        let (word, end) = self.word(behind + len, inner)?;
        Ok((if puts_text { word } else { value.unwrap_or_default() }, end + 1))
    }

    fn value(&self, at: usize, name: &[u8], within: Within) -> Result<Option<Vec<u8>>, Bad> {
        if !within.counts || name.is_empty() {
            return Ok(None);
        }
        match self.scope.get(name) {
            Ok(value) => Ok(value.map(std::borrow::Cow::into_owned)),
            Err(what) => self.bad(at, what),
        }
    }
}

fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
}
