//! Addresses of Vault keys as Go's `net/url` reads and prints them, since the string form, by which keys are compared and removed, is made of its output.
//!
//! Only what `sops` needs of it: parse, the request's path, and the address printed without the path.

use crate::go_text::quoted;

/// A parsed address.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Url {
    /// Lower case; empty if there is none.
    pub scheme: String,
    /// What goes to the server: escaped path (or the opaque part) and query.
    pub request: String,
    /// Printed without its path.
    pub address: String,
}

/// Which characters need no escape differs from part to part.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    User,
    Host,
    Zone,
    Path,
    Fragment,
}

impl Url {
    /// Reads an address.
    ///
    /// # Errors
    /// Go's text, with a password in the address masked (R7).
    pub(super) fn parse(raw: &str) -> Result<Url, String> {
        let (main, fragment) = raw.split_once('#').unwrap_or((raw, ""));
        let failed = |url: &str, why: String| format!("parse {}: {why}", quoted(&masked(url)));
        let mut url = parse_main(main).map_err(|why| failed(main, why))?;
        if !fragment.is_empty() {
            let decoded = unescape(fragment.as_bytes(), Part::Fragment).map_err(|why| failed(raw, why))?;
            url.address.push('#');
            url.address.push_str(&spelled(fragment, &decoded, Part::Fragment));
        }
        Ok(url)
    }
}

/// An address whose password, if it holds one, is not shown.
pub(super) fn masked(url: &str) -> String {
    let start = url.find("//").map_or(0, |at| at + 2);
    let end = url[start..].find('/').map_or(url.len(), |at| start + at);
    let Some(at) = url[start..end].rfind('@').map(|at| start + at) else { return url.to_owned() };
    match url[start..at].find(':') {
        Some(colon) => format!("{}xxxxx{}", &url[..=start + colon], &url[at..]),
        None => url.to_owned(),
    }
}

fn parse_main(raw: &str) -> Result<Url, String> {
    if raw.bytes().any(|b| b < b' ' || b == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let (scheme, rest) = split_scheme(raw)?;
    let scheme = scheme.to_ascii_lowercase();
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    let prefix = if scheme.is_empty() { String::new() } else { format!("{scheme}:") };
    if raw != "*" && !rest.starts_with('/') {
        if !scheme.is_empty() && !rest.is_empty() {
            return Ok(Url { request: format!("{rest}{query}"), address: format!("{prefix}{rest}{query}"), scheme });
        }
        if rest.split('/').next().is_some_and(|first| first.contains(':')) {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let mut address = prefix;
    let mut path = rest;
    if let Some(after) = rest.strip_prefix("//").filter(|_| !scheme.is_empty() || !rest.starts_with("///")) {
        let (authority, tail) = after.split_at(after.find('/').unwrap_or(after.len()));
        path = tail;
        let authority = print_authority(authority)?;
        if !authority.is_empty() {
            address.push_str("//");
            address.push_str(&authority);
        }
    }
    let decoded = unescape(path.as_bytes(), Part::Path)?;
    let path = if path == "*" { "*".to_owned() } else { spelled(path, &decoded, Part::Path) };
    let path = if path.is_empty() { "/".to_owned() } else { path };
    address.push_str(&query);
    Ok(Url { scheme, request: format!("{path}{query}"), address })
}

fn split_scheme(raw: &str) -> Result<(&str, &str), String> {
    for (at, c) in raw.bytes().enumerate() {
        match c {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&raw[..at], &raw[at + 1..])),
            _ => break,
        }
    }
    Ok(("", raw))
}

/// `user:password@host:port`, read and printed again.
fn print_authority(authority: &str) -> Result<String, String> {
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    let host = escape(&read_host(host)?, Part::Host);
    let Some(user) = user else { return Ok(host) };
    if !user.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b)) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    let print = |text: &str| unescape(text.as_bytes(), Part::User).map(|bytes| escape(&bytes, Part::User));
    Ok(match user.split_once(':') {
        Some((name, password)) => format!("{}:{}@{host}", print(name)?, print(password)?),
        None => format!("{}@{host}", print(user)?),
    })
}

fn read_host(host: &str) -> Result<Vec<u8>, String> {
    if host.starts_with('[') {
        let close = host.rfind(']').ok_or_else(|| "missing ']' in host".to_owned())?;
        check_port(&host[close + 1..])?;
        if let Some(zone) = host[..close].find("%25") {
            let mut out = unescape(&host.as_bytes()[..zone], Part::Host)?;
            out.extend(unescape(&host.as_bytes()[zone..close], Part::Zone)?);
            out.extend(unescape(&host.as_bytes()[close..], Part::Host)?);
            return Ok(out);
        }
    } else if let Some(colon) = host.rfind(':') {
        check_port(&host[colon..])?;
    }
    unescape(host.as_bytes(), Part::Host)
}

fn check_port(text: &str) -> Result<(), String> {
    match text.strip_prefix(':') {
        None if text.is_empty() => Ok(()),
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => Ok(()),
        _ => Err(format!("invalid port {} after host", quoted(text))),
    }
}

fn unescape(text: &[u8], part: Part) -> Result<Vec<u8>, String> {
    let bad_escape = |at: usize| {
        let end = text.len().min(at + 3);
        format!("invalid URL escape {}", quoted(&String::from_utf8_lossy(&text[at..end])))
    };
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        if byte != b'%' {
            if matches!(part, Part::Host | Part::Zone) && byte < 0x80 && must_escape(byte, part) {
                return Err(format!("invalid character {} in host name", quoted(&char::from(byte).to_string())));
            }
            out.push(byte);
            at += 1;
            continue;
        }
        let digit = |i: usize| text.get(i).and_then(|&b| char::from(b).to_digit(16));
        let (Some(high), Some(low)) = (digit(at + 1), digit(at + 2)) else { return Err(bad_escape(at)) };
        let value = u8::try_from(high << 4 | low).expect("two hexadecimal digits are a byte");
        let percent = &text[at..at + 3] == b"%25";
        // in a host only what is not ASCII may be escaped, in a zone only what may stand there, a blank and the per cent sign
        let refused = match part {
            Part::Host => high < 8 && !percent,
            Part::Zone => !percent && value != b' ' && must_escape(value, Part::Host),
            _ => false,
        };
        if refused {
            return Err(bad_escape(at));
        }
        out.push(value);
        at += 3;
    }
    Ok(out)
}

/// The escaped form of a part: as it was written if that is a valid spelling, else in Go's.
fn spelled(written: &str, decoded: &[u8], part: Part) -> String {
    let valid = written.bytes().all(|b| b"!$&'()*+,;=:@[]%".contains(&b) || !must_escape(b, part));
    if valid { written.to_owned() } else { escape(decoded, part) }
}

fn escape(bytes: &[u8], part: Part) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &b in bytes {
        if must_escape(b, part) {
            out.push('%');
            out.push(char::from(b"0123456789ABCDEF"[usize::from(b >> 4)]));
            out.push(char::from(b"0123456789ABCDEF"[usize::from(b & 15)]));
        } else {
            out.push(char::from(b));
        }
    }
    out
}

fn must_escape(b: u8, part: Part) -> bool {
    if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
        return false;
    }
    let allowed: &[u8] = match part {
        Part::Host | Part::Zone => b"!$&'()*+,;=:[]<>\"",
        Part::User => b"$&+,;=",
        Part::Path => b"$&+,/:;=@",
        Part::Fragment => b"$&+,/:;=?@!()*",
    };
    !allowed.contains(&b)
}

#[cfg(test)]
mod tests {
    use super::*;

    // what the string form is made of is tested in the module above, against what sops printed
    #[test]
    fn passwords_are_masked() {
        for (url, expected) in [
            ("https://u:p@v/v1", "https://u:xxxxx@v/v1"),
            ("https://u:p@q@v", "https://u:xxxxx@v"),
            ("https://u@v:80/a:b@c", "https://u@v:80/a:b@c"),
            ("https://v/a", "https://v/a"),
            ("foo", "foo"),
            ("", ""),
        ] {
            assert_eq!(masked(url), expected);
        }
        assert_eq!(Url::parse("https://u:p w@v/").expect_err("a blank in it"), "parse \"https://u:xxxxx@v/\": net/url: invalid userinfo");
    }
}
