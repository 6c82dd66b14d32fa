//! What was typed, as the commands have it: SOPS's legacy flags (`-d FILE`), and flags before the command.

use std::ffi::OsString;

use clap::Command;

/// Does somebody ask for the version?
pub(super) fn asks_version(argv: &[OsString]) -> bool {
    let named = |word: &OsString, names: &[&str]| names.iter().any(|name| word == name);
    let words = argv.get(1..).unwrap_or_default();
    let first = words.iter().position(|word| !named(word, &["--disable-version-check", "--check-for-updates"]));
    first.is_some_and(|at| named(&words[at], &["--version", "-v", "-V"]))
}

/// Turns `-d [flags] FILE` into `decrypt [flags] FILE`, `-e` and `-r` likewise, wherever the flag stands, and `FILE` into `edit FILE`; moves flags that stand before a command behind it.
pub(super) fn rewrite(argv: Vec<OsString>, command: &Command) -> Vec<OsString> {
    let Some(program) = argv.first().cloned() else { return argv };
    let words = &argv[1..];
    let is_command = |word: &OsString| word == "help" || command.get_subcommands().any(|c| word == c.get_name());
    // The first word that is neither a flag nor the value of one is the command or the file.
    let mut first = None;
    let mut skip = false;
    for (i, word) in words.iter().enumerate() {
        let text = word.to_string_lossy();
        if skip {
            skip = false;
        } else if text == "--" {
            break;
        } else if text.starts_with('-') && text.len() > 1 {
            skip = !text.contains('=') && takes_value(command, &text);
        } else {
            first = Some(i);
            break;
        }
    }
    let mut out = vec![program];
    if let Some(i) = first.filter(|&i| is_command(&words[i])) {
        out.push(words[i].clone());
        out.extend(words[..i].iter().cloned());
        out.extend(words[i + 1..].iter().cloned());
        return out;
    }
    let named = |word: &OsString, names: [&str; 2]| names.iter().any(|name| word == name);
    let modes = [("decrypt", ["-d", "--decrypt"]), ("encrypt", ["-e", "--encrypt"]), ("rotate", ["-r", "--rotate"])];
    let end = words.iter().position(|w| w == "--").unwrap_or(words.len());
    if words[..end].iter().any(|word| word == "--set" || word.to_string_lossy().starts_with("--set=")) {
        out.push("set".into());
        out.extend(words.iter().cloned());
        return out;
    }
    for (mode, names) in modes {
        if let Some(at) = words[..end].iter().position(|word| named(word, names)) {
            out.push(mode.into());
            out.extend(words[..at].iter().cloned());
            out.extend(words[at + 1..].iter().cloned());
            return out;
        }
    }
    // The bare file: to be edited. A word that looks like no file is a command that is misspelled.
    if first.is_some_and(|i| looks_like_a_file(&words[i])) {
        out.push("edit".into());
        out.extend(words.iter().cloned());
        return out;
    }
    argv
}

fn looks_like_a_file(word: &OsString) -> bool {
    word.as_encoded_bytes().iter().any(|b| matches!(b, b'.' | b'/')) || std::path::Path::new(word).exists()
}

/// Does this flag take the next word as its value, in whatever command it belongs to?
fn takes_value(command: &Command, flag: &str) -> bool {
    let fits = |arg: &clap::Arg| {
        let long = flag.strip_prefix("--").is_some_and(|name| arg.get_long() == Some(name));
        let short = flag.len() == 2 && arg.get_short() == flag.chars().nth(1);
        (long || short) && arg.get_action().takes_values() && !arg.is_require_equals_set()
    };
    command.get_arguments().any(fits) || command.get_subcommands().any(|sub| sub.get_arguments().any(fits))
}

#[cfg(test)]
mod tests {
    use super::*;
    fn check(typed: &str, expected: &str) {
        let argv = typed.split(' ').map(OsString::from).collect();
        let rewritten = rewrite(argv, &super::super::commands::whole());
        let text: Vec<_> = rewritten.iter().map(|w| w.to_string_lossy()).collect();
        assert_eq!(text.join(" "), expected, "{typed}");
    }

    #[test]
    fn legacy_and_flags_before_the_command() {
        check("sops -d f.yaml", "sops decrypt f.yaml");
        check("sops f.yaml -d", "sops decrypt f.yaml");
        check("sops -d -i f.yaml", "sops decrypt -i f.yaml");
        check("sops --extract x -d f", "sops decrypt --extract x f");
        check("sops -i --set p f", "sops set -i --set p f");
        check("sops -e --age decrypt f", "sops encrypt --age decrypt f");
        check("x --config c decrypt f", "x decrypt --config c f");
        check("x --age decrypt encrypt f", "x encrypt --age decrypt f");
        check("x decrypt -- -d", "x decrypt -- -d");
        check("x edit f", "x edit f");
        check("x f.yaml", "x edit f.yaml");
        check("x encypt f.yaml", "x encypt f.yaml");
        check("x --enable-local-keyservice -d f", "x decrypt --enable-local-keyservice f");
        check("sops -r -i f", "sops rotate -i f");
        check("sops --ignore-mac ./f", "sops edit --ignore-mac ./f");
    }
}
