//! Usage errors, in our own words: what was typed may be a value, so of it only names of ours are shown.

use std::ffi::OsString;
use std::io::Write as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::commands::whole;
use super::exit::Exit;
use super::go_parse::MODES;
use super::report::marked;
use super::screen::{Mark, colours};
use crate::files::Stream;
use crate::manners::Manners;

/// What clap has to say of what was typed: help on standard output with 0, a usage error with SOPS's 1.
pub(super) fn usage(error: &clap::Error, words: &[OsString], manners: &Manners) -> u8 {
    let lost = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if lost && manners.sops_messages {
        // `sops groups`.
        return super::print(error.render().to_string().as_bytes());
    }
    if !error.use_stderr() || lost {
        let (stderr, text) = (error.use_stderr(), error.render());
        let coloured = if stderr { colours(&std::io::stderr()) } else { colours(&std::io::stdout()) };
        let text = if coloured { text.ansi().to_string() } else { text.to_string() };
        if !stderr {
            return super::print(text.as_bytes());
        }
        // Nobody can be told what standard error does not take.
        let _ = Stream::errors().write_all(text.as_bytes());
        return Exit::Generic as u8;
    }
    marked(Mark::Error, &mistyped(error, words));
    let command = command_of(error).unwrap_or_else(|| manners.name.to_owned());
    let hint = match error.kind() {
        ErrorKind::UnknownArgument if command.contains(" exec-") => {
            format!("a flag of the program stands behind --, with the program: {command} FILE -- PROGRAM ARGS; {command} --help")
        }
        _ => format!("{command} --help"),
    };
    marked(Mark::Hint, &hint);
    Exit::Generic as u8
}

/// The command that was mistyped, by its usage: the words before the first flag or argument.
fn command_of(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else { return None };
    let usage = usage.to_string();
    let words = usage.split_whitespace().skip_while(|word| *word != "Usage:").skip(1);
    let words: Vec<&str> = words.take_while(|word| word.starts_with(|c: char| c.is_ascii_lowercase())).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// A usage error in our own words: what was typed may be a value (`set FILE PATH VALUE` without its quotes), so of it only names of ours are shown.
fn mistyped(error: &clap::Error, words: &[OsString]) -> String {
    let names = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(name)) => name.clone(),
        Some(ContextValue::Strings(names)) => names.join(" "),
        _ => String::new(),
    };
    let typed = names(ContextKind::InvalidArg);
    let command = command_of(error).unwrap_or_default();
    if let Some(both) = two_commands(&typed, &command, words).filter(|_| error.kind() == ErrorKind::UnknownArgument) {
        return both;
    }
    match error.kind() {
        ErrorKind::UnknownArgument => match names(ContextKind::SuggestedArg) {
            known if near(&typed, &known) => format!("a flag that is not known{}; did you mean {known}?", as_flag(&typed)),
            _ if typed.starts_with("--") => format!("a flag that is not known{}", as_flag(&typed)),
            _ if typed.starts_with('-') => format!("a flag that is not known{}", one_dash(&typed, words)),
            _ if command.ends_with(" encrypt") => "one argument too many: encrypt takes one file".to_owned(),
            _ if command.contains(" groups ") => format!("one argument too many: {FILE_OF_GROUPS}"),
            _ => "one argument too many; a value with blanks stands in quotes".to_owned(),
        },
        ErrorKind::InvalidSubcommand => {
            let typed = names(ContextKind::InvalidSubcommand);
            // What other programs call it; `set`, which is like one of them, would change the file.
            match &*typed {
                "get" => return format!("{typed:?} is no command; did you mean decrypt --extract?"),
                "cat" | "show" | "view" => return format!("{typed:?} is no command; did you mean decrypt?"),
                _ => {}
            }
            // The last one is the most alike.
            let known = match error.get(ContextKind::SuggestedSubcommand) {
                Some(ContextValue::Strings(known)) => known.iter().rfind(|known| near(&typed, known)),
                _ => None,
            };
            format!("{typed:?} is no command{}", known.map(|known| format!("; did you mean {known}?")).unwrap_or_default())
        }
        ErrorKind::MissingRequiredArgument => format!("missing: {typed}"),
        ErrorKind::ArgumentConflict => match names(ContextKind::PriorArg) {
            prior if prior.is_empty() || prior == typed => format!("{typed} is given more than once"),
            prior => format!("{typed} and {prior} do not go together"),
        },
        ErrorKind::InvalidValue
        | ErrorKind::ValueValidation
        | ErrorKind::TooManyValues
        | ErrorKind::TooFewValues
        | ErrorKind::WrongNumberOfValues => match names(ContextKind::ValidValue) {
            _ if typed == "<INDEX>" => format!("the value of {typed} does not fit: {FILE_OF_GROUPS}"),
            valid if valid.is_empty() => format!("the value of {typed} does not fit"),
            valid => format!("the value of {typed} must be one of: {valid}"),
        },
        ErrorKind::NoEquals => format!("{typed} wants its value behind ="),
        kind => kind.as_str().unwrap_or("the arguments do not fit").to_owned(),
    }
}

const FILE_OF_GROUPS: &str = "the file is named by -f FILE";

/// The words that stand before `--`.
fn before_dashes(words: &[OsString]) -> impl Iterator<Item = &str> {
    words.iter().skip(1).take_while(|word| *word != "--").filter_map(|word| word.to_str())
}

/// `-e -d FILE`, `decrypt -r FILE`: flags of SOPS's that say what to do, where something was said already. What a program gets may look so.
fn two_commands(typed: &str, command: &str, words: &[OsString]) -> Option<String> {
    let of_flag =
        |word: &str| MODES.iter().find(|(mode, short)| word.strip_prefix("--") == Some(mode) || word.strip_prefix('-') == Some(short));
    let (mode, _) = of_flag(typed)?;
    let command = command.split(' ').nth(1).filter(|command| !command.starts_with("exec-"))?;
    let said = before_dashes(words).filter_map(|word| match of_flag(word) {
        Some((of, _)) if of == mode || *of == command => Some((word, *of)),
        _ => (word == command).then_some((word, command)),
    });
    match said.take(2).collect::<Vec<_>>()[..] {
        [(one, of), (other, same)] if of == same => Some(format!("{one} and {other} are one command: give one of them")),
        [(one, first), (other, second)] => Some(format!("{one} and {other} are two commands, {first} and {second}: give one of them")),
        _ => None,
    }
}

/// An unknown flag of one dash: clap names a letter of it. Go takes long names so, too, and other programs short ones together.
fn one_dash(typed: &str, words: &[OsString]) -> String {
    let letter = typed.chars().nth(1).unwrap_or_default();
    let mut names = before_dashes(words)
        .filter_map(|word| word.strip_prefix('-').filter(|name| !name.starts_with('-')))
        .map(|name| name.split('=').next().unwrap_or_default());
    let Some(name) = names.find(|name| name.contains(letter)) else { return String::new() };
    let program = whole();
    let args = || program.get_subcommands().flat_map(clap::Command::get_arguments).chain(program.get_arguments());
    let is_short = |c: char| args().any(|arg| arg.get_short() == Some(c)) || MODES.iter().any(|(_, short)| short.starts_with(c));
    if name.len() > 1 && args().any(|arg| arg.get_long() == Some(name)) {
        format!(": -{name}; did you mean --{name}?")
    } else if (2..=3).contains(&name.len()) && name.chars().all(is_short) {
        let apart: Vec<String> = name.chars().map(|c| format!("-{c}")).collect();
        format!(": -{name}; did you mean {}?", apart.join(" "))
    } else if name.len() <= 2 && name.bytes().all(|b| b.is_ascii_lowercase()) {
        format!(": -{name}")
    } else {
        String::new()
    }
}

/// An unknown flag by its name, if it looks like one: it may be a value that begins with a dash.
fn as_flag(typed: &str) -> String {
    let name = typed.split('=').next().unwrap_or_default();
    let word = name.strip_prefix("--").filter(|word| word.len() <= 40 && word.starts_with(|c: char| c.is_ascii_lowercase()));
    match word.is_some_and(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '-')) {
        true => format!(": {name}"),
        false => String::new(),
    }
}

/// Is it likely that a name of ours was meant? One slip for every three letters (two neighbours in the wrong order are one), or its beginning. What
/// clap finds alike shares some letters, as "bogus" and "groups" do.
fn near(typed: &str, known: &str) -> bool {
    let [typed, known] = [typed, known].map(|name| name.trim_start_matches('-'));
    let letters = typed.chars().count();
    letters > 2 && (known.starts_with(typed) || strsim::osa_distance(typed, known) <= letters.div_ceil(3).min(3))
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn names_that_were_meant() {
        for (typed, known) in [
            ("decript", "decrypt"),
            ("encyrpt", "encrypt"),
            ("updatekey", "updatekeys"),
            ("update", "updatekeys"),
            ("recipient", "recipients"),
            ("set-", "set"),
            ("exec_env", "exec-env"),
            ("dcotor", "doctor"),
            ("--jsn", "--json"),
            ("--output-tpye", "--output-type"),
        ] {
            assert!(near(typed, known), "{typed} {known}");
        }
        for (typed, known) in [
            ("bogus", "groups"),
            ("foo", "tour"),
            ("list", "set"),
            ("status", "filestatus"),
            ("ls", "set"),
            ("", "set"),
            ("--no-such-flag", "--no-mac"),
        ] {
            assert!(!near(typed, known), "{typed} {known}");
        }
    }
}
