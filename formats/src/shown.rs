//! What people are shown. Names, ids and paths come from files and arguments: they steer no terminal, hide nothing, and make no lines of their own (R7).

use std::borrow::Cow;
use std::fmt::Write;

/// Does a character move the cursor, end a line, turn the direction of writing, or stand there unseen?
pub fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{70f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// A name, an id, a path, or what is one line and has such things in it.
pub fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, hidden)
}

/// A message of several lines, whose breaks and tabs are our own.
pub fn lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| hidden(c) && !matches!(c, '\n' | '\t'))
}

/// JSON for programs, which people look at on a terminal, too: the same values, but what is hidden in them is escaped, as JSON itself does only below a blank.
pub fn json(text: &str) -> Cow<'_, str> {
    let odd = |c: char| hidden(c) && !c.is_ascii_whitespace();
    if !text.contains(odd) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match odd(c) {
            true => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| write!(out, "\\u{unit:04x}").expect("a string takes all")),
            false => out.push(c),
        }
    }
    out.into()
}

fn escaped(text: &str, odd: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&odd) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if odd(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_what_it_is() {
        let value = serde_json::json!({ "a\u{9b}\u{7f}": "\u{1b}\u{202e}\u{e0041}\u{2800}é\n\"\\" });
        let shown = json(&format!("{value:#}")).into_owned();
        assert!(
            !shown.contains(|c| hidden(c) && c != '\n') && shown.contains("\\u009b\\u007f") && shown.contains("\\udb40\\udc41"),
            "{shown}"
        );
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        assert!(matches!(json("{\n  \"a\": 1\n}\n"), Cow::Borrowed(_)));
        assert_eq!(one_line("x\u{2800}.yaml"), "x\\u{2800}.yaml");
    }

    #[test]
    fn what_is_not_seen_is_spelled() {
        let odd = "a\u{1b}[31m\n\t\u{61c}\u{ad}\u{202e}\u{3164}z";
        let rest = "\\u{61c}\\u{ad}\\u{202e}\\u{3164}z";
        assert_eq!(one_line(odd), format!("a\\u{{1b}}[31m\\n\\t{rest}"));
        assert_eq!(lines(odd), format!("a\\u{{1b}}[31m\n\t{rest}"));
        let seen = "é e\u{301} ж 中 ا 👍 a b";
        assert!(matches!(one_line(seen), Cow::Borrowed(same) if same == seen));
        let parts = [crate::Part::Key("b\u{61c}c".into()), crate::Part::Key("\u{3164}".into())];
        assert_eq!(crate::display_parts(&parts), "[\"b\\u{61c}c\"][\"\\u{3164}\"]");
    }
}
