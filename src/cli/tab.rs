//! What a shell's TAB asks for that has SOPS's completion installed: it calls us with what was typed so far and `--generate-bash-completion`, and offers
//! every line of the answer.

use std::ffi::OsString;

use clap::Command;

use super::go_parse::{Known, parse};

/// The last word of such a call.
const ASKED: &str = "--generate-bash-completion";

/// The lines, if that is asked for: behind a dash flags that begin so; else the commands, or nothing where files are wanted.
pub(super) fn words(argv: &[OsString], root: &Command) -> Option<String> {
    let (_, typed) = argv.split_last().filter(|(last, _)| *last == ASKED)?;
    let typed = typed.get(1..).unwrap_or_default();
    let legacy = Known::legacy(root);
    // What is not finished yet may be wrong.
    let mut rest = parse(typed, &legacy).map(|(_, rest)| rest).unwrap_or_default().into_iter();
    let first = rest.next().and_then(|word| root.find_subcommand(word));
    let within = first.filter(|command| command.has_subcommands()).and_then(|group| group.find_subcommand(rest.next()?));
    let command = within.or(first);
    let begun = typed.last().map(|word| word.to_string_lossy()).filter(|word| word.starts_with('-'));
    let lines: Vec<String> = match (begun, command) {
        (Some(begun), Some(command)) => Known::of(command, root).beginning(&begun),
        (Some(begun), None) => legacy.beginning(&begun),
        (None, command) => {
            let of = command.unwrap_or(root);
            let names = of.get_subcommands().map(|command| command.get_name().to_owned()).filter(|name| name != "help");
            let help = of.has_subcommands().then(|| "help".to_owned());
            names.chain(help).collect()
        }
    };
    Some(lines.iter().map(|line| format!("{line}\n")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(typed: &str) -> Vec<String> {
        let argv: Vec<OsString> = format!("sops {typed} {ASKED}").split_whitespace().map(OsString::from).collect();
        words(&argv, &super::super::commands::whole()).expect(typed).lines().map(str::to_owned).collect()
    }

    #[test]
    fn commands_flags_and_files() {
        let commands = lines("");
        assert!(["encrypt", "decrypt", "exec-env", "help"].iter().all(|name| commands.iter().any(|line| line == name)), "{commands:?}");
        assert_eq!(lines("nosuch"), commands);
        assert_eq!(lines("groups"), ["add", "delete", "help"]);
        assert_eq!(lines("decrypt"), Vec::<String>::new());
        assert_eq!(lines("groups add"), Vec::<String>::new());
        assert_eq!(lines("decrypt --out"), ["--output", "--output-type"]);
        assert_eq!(lines("-d --out"), ["--output", "--output-type"]);
        assert_eq!(lines("groups add --f"), ["--file"]);
        assert!(lines("-d -").contains(&"-i".to_owned()) && !lines("-d --").contains(&"-i".to_owned()));
        assert!(words(&["sops".into(), "decrypt".into()], &super::super::commands::whole()).is_none());
    }
}
