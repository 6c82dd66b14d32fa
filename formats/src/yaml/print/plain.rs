//! Which texts may stand without quotes.

use super::facts::{Facts, is_break, is_special};
use crate::yaml::resolve::{Resolved, resolve};

/// May a text stand without quotes where one did, tagged as a string or not? As SOPS prints it, and besides that what only go-yaml writes otherwise and
/// all readers take for itself: characters above U+FFFF, and in brackets a colon in a word. For programs that read YAML 1.1, `yes` is no string.
pub(crate) fn keeps_plain(text: &str, flow: bool, tagged: bool) -> bool {
    let word = tagged || text != "<<" && stays_string(text);
    let blank_outside = text.is_empty() || text.starts_with(' ') || text.ends_with(' ');
    let odd = |c| is_break(c) || c == '\t' || is_special(c) && c <= '\u{ffff}';
    let bracket = |c| matches!(c, ',' | '?' | '[' | ']' | '{' | '}');
    let in_brackets = flow && (text.starts_with([':', '?']) || text.contains(bracket));
    if !word || blank_outside || in_brackets {
        return false;
    }
    !text.contains(odd) && !Facts::of(text).block_indicator
}

/// Rule 3. `<<` is plain behind its tag.
pub(super) fn stays_string(text: &str) -> bool {
    const OLD_BOOLS: [&str; 16] = ["y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF"];
    matches!(resolve(text.as_bytes()), Resolved::Str | Resolved::Merge) && !OLD_BOOLS.contains(&text) && !is_base_60(text.as_bytes())
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`
fn is_base_60(text: &[u8]) -> bool {
    let rest = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    if !rest.first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let whole = rest.iter().take_while(|&&b| b.is_ascii_digit() || b == b'_').count();
    let mut rest = &rest[whole..];
    let mut groups = 0;
    while let [b':', behind @ ..] = rest {
        let len = match behind {
            [b'0'..=b'5', b'0'..=b'9', ..] => 2,
            [b'0'..=b'9', ..] => 1,
            _ => return false,
        };
        rest = &behind[len..];
        groups += 1;
    }
    let tail = rest.strip_prefix(b".").map_or(rest.is_empty(), |tail| tail.iter().all(|&b| b.is_ascii_digit() || b == b'_'));
    groups > 0 && tail
}
