//! Splits a command's text into words as a shell would, without one: quotes, backslashes and comments, nothing else.

/// The words of a command, by the rules of the library SOPS uses for `SOPS_AGE_KEY_CMD`.
///
/// # Errors
/// What is missing at the end.
pub(super) fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '#' if word.is_none() => {
                chars.by_ref().find(|&c| c == '\n');
            }
            '\\' => word.get_or_insert_default().push(chars.next().ok_or("EOF found after escape character")?),
            '\'' => quoted(&mut chars, word.get_or_insert_default(), '\'', false)?,
            '"' => quoted(&mut chars, word.get_or_insert_default(), '"', true)?,
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn quoted(chars: &mut std::str::Chars<'_>, word: &mut String, quote: char, escapes: bool) -> Result<(), &'static str> {
    loop {
        match chars.next().ok_or("EOF found when expecting closing quote")? {
            c if c == quote => return Ok(()),
            '\\' if escapes => word.push(chars.next().ok_or("EOF found after escape character")?),
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn words_are_split_as_sops_splits_them() {
        for (text, words) in [
            ("", &[][..]),
            ("  pass show  age ", &["pass", "show", "age"]),
            (r#"a 'b c' "d \" e" f\ g"#, &["a", "b c", "d \" e", "f g"]),
            (r"a'\'b", &[r"a\b"]),
            ("a '' \"\"", &["a", "", ""]),
            ("a # b\nc d#e", &["a", "c", "d#e"]),
        ] {
            assert_eq!(split(text).as_deref(), Ok(&words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()[..]), "{text}");
        }
        assert_eq!(split("echo 'a"), Err("EOF found when expecting closing quote"));
        assert_eq!(split("echo \\"), Err("EOF found after escape character"));
    }
}
