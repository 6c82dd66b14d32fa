//! How Go quotes a text in an error (`%q`), for the errors of spelling that scripts know.

use std::fmt::Write;

/// A text between double quotes, with Go's escapes.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if c < ' ' || c == '\u{7f}' => write!(out, "\\x{:02x}", c as u32).expect("writing to a string does not fail"),
            c if printable(c) => out.push(c),
            c if (c as u32) < 0x1_0000 => write!(out, "\\u{:04x}", c as u32).expect("writing to a string does not fail"),
            c => write!(out, "\\U{:08x}", c as u32).expect("writing to a string does not fail"),
        }
    }
    out.push('"');
    out
}

/// What Go prints as it is: no controls, no blanks but the ASCII one, and above all nothing that turns the direction of writing (R7).
fn printable(c: char) -> bool {
    let invisible = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{10ffff}');
    c == ' ' || !(c.is_control() || c.is_whitespace() || invisible)
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn as_go_does() {
        for (text, expected) in [
            ("foo", r#""foo""#),
            ("h\"\u{1}é\u{202e}\n\\", r#""h\"\x01é\u202e\n\\""#),
            ("\u{7f}\u{85}\u{a0} \u{feff}\t", r#""\x7f\u0085\u00a0 \ufeff\t""#),
            ("\u{e0001}\u{1f600}", "\"\\U000e0001\u{1f600}\""),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
