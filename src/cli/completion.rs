//! `leafcrypt completion`: from the same definitions as the commands.

use std::collections::BTreeMap;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command};
use clap_complete::Shell;

use super::Context;
use super::commands::shown;
use super::go_parse::{MODES, legacy_args};
use crate::error::Error;
use crate::flows::target::Done;

/// Print the completion script of a shell
#[derive(Debug, clap::Args)]
#[command(after_help = super::examples::COMPLETION)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        let (mut out, name) = (Vec::new(), context.world.manners.name);
        let legacy = context.world.manners.sops_messages;
        let command = with_values(if legacy { with_legacy(shown()) } else { shown() });
        let command = if self.shell == Shell::Zsh { with_plain_names(command) } else { command };
        clap_complete::generate(self.shell, &mut command.clone(), name, &mut out);
        match self.shell {
            Shell::Zsh => {
                let script = with_programs(&String::from_utf8_lossy(&out));
                out = if legacy { with_legacy_zsh(&script, name) } else { script }.into_bytes();
            }
            Shell::Bash => {
                let script = with_files(&with_users(&String::from_utf8_lossy(&out)), name, &command);
                out = with_legacy_bash(&script, name, legacy).into_bytes();
            }
            _ => {}
        }
        Ok(Done { stdout: Some(out), note: None })
    }
}

/// Its examples, for the name that was called: that is the one it completes.
pub(super) fn named(program: Command, name: &str) -> Command {
    match program.find_subcommand("completion") {
        Some(_) => {
            program.mut_subcommand("completion", |command| command.after_help(super::examples::COMPLETION.replace("leafcrypt", name)))
        }
        None => program,
    }
}

/// As `sops`: the flags of the form without a command, which most people type. Only what a shell is to know of them: what they go with is read elsewhere.
fn with_legacy(command: Command) -> Command {
    let of_program = |long: &str| command.get_arguments().any(|arg| arg.get_long() == Some(long));
    let mut flags: BTreeMap<&str, Arg> = BTreeMap::new();
    for arg in legacy_args(&command) {
        let Some(long) = arg.get_long().filter(|long| !of_program(long)) else { continue };
        let mut flag = Arg::new(arg.get_id().clone()).long(long.to_owned()).action(arg.get_action().clone());
        if let Some(names) = arg.get_value_names() {
            flag = flag.value_names(names.iter().cloned());
        }
        if let Some(help) = arg.get_help() {
            flag = flag.help(help.clone());
        }
        flags.entry(long).or_insert_with(|| flag.short(arg.get_short()));
    }
    let mode = |&(mode, short): &(&'static str, &'static str)| {
        let flag = Arg::new(mode).long(mode).short(short.chars().next()).action(ArgAction::SetTrue);
        match command.find_subcommand(mode).and_then(Command::get_about) {
            Some(about) => flag.help(about.clone()),
            None => flag,
        }
    };
    let version = Arg::new("version").long("version").short('v').action(ArgAction::SetTrue).help("Print the version");
    let flags: Vec<Arg> = MODES.iter().map(mode).chain(flags.into_values()).chain([version]).collect();
    command.args(flags)
}

/// A flag takes the words that its help lists (`yaml|json`), though not only these as `sops`: so a shell offers them, and no files.
fn with_values(command: Command) -> Command {
    let offered = |arg: Arg| {
        let words = arg.get_value_names().and_then(|names| Some(names.first()?.to_string())).unwrap_or_default();
        match arg.get_id().as_str() {
            "decryption_order" => {
                let kinds: Vec<&str> = leafcrypt_kms::Kind::ALL.iter().map(|kind| kind.name()).collect();
                arg.value_parser(PossibleValuesParser::new(kinds))
            }
            _ if words.contains('|') => {
                let words: Vec<String> = words.split('|').map(str::to_owned).collect();
                arg.value_parser(PossibleValuesParser::new(words))
            }
            _ => arg,
        }
    };
    command.mut_args(offered).mut_subcommands(with_values)
}

/// For bash alone clap offers files where users are wanted.
fn with_users(script: &str) -> String {
    const FILES: &str = "COMPREPLY=($(compgen -f \"${cur}\"))";
    let parts: Vec<&str> = script.split("--user)\n").collect();
    let users = parts[1..].iter().map(|part| part.replacen(FILES, "COMPREPLY=($(compgen -u -- \"${cur}\"))", 1));
    std::iter::once(parts[0].to_owned()).chain(users).collect::<Vec<_>>().join("--user)\n")
}

/// Behind `--` stands a program, which has a completion of its own. Where files stand before it, zsh's `_arguments` has no word for that.
fn with_programs(script: &str) -> String {
    const PROGRAM: &str = "if (( CURRENT > ${words[(i)--]} )); then\n(( CURRENT -= ${words[(i)--]} ))\nshift ${words[(i)--]} words\n_normal && ret=0\nreturn ret\nfi\n";
    ["exec-env", "exec-file"].iter().fold(script.to_owned(), |script, command| {
        let start = format!("({command})\n");
        script.replacen(&start, &format!("{start}{PROGRAM}"), 1)
    })
}

/// Where a command takes a file, clap's script for bash offers flags for a word that is not begun. Without an answer bash itself offers files.
fn with_files(script: &str, name: &str, command: &Command) -> String {
    let takes_file = |sub: &&Command| sub.get_positionals().any(|arg| arg.get_possible_values().is_empty());
    let in_clap = |sub: &str| format!("{name}__subcmd__{}", sub.replace('-', "__subcmd__"));
    command.get_subcommands().filter(takes_file).fold(script.to_owned(), |script, sub| {
        within(&script, &bash_part(&in_clap(sub.get_name())), |part| {
            part.replacen(" || ${COMP_CWORD} -eq 2 ]]", " ]]", 1).replacen(BASH_OFFERS, BASH_END, 1)
        })
    })
}

/// What bash's part for a command ends with: everything that there is, and then what every part ends with.
const BASH_OFFERS: &str = "\n            COMPREPLY=( $(compgen -W \"${opts}\" -- \"${cur}\") )\n            return 0\n            ;;\n";
const BASH_END: &str = "\n            return 0\n            ;;\n";

/// How bash's part for a command begins; where it is chosen, the same name is no label.
fn bash_part(label: &str) -> String {
    format!("\n        {label})\n            opts=")
}

/// Behind a flag of the form without a command: a file. Under our own name only those that say what to do are of that form, others may stand before a command.
fn with_legacy_bash(script: &str, name: &str, legacy: bool) -> String {
    let of_program = flags_of_program().join("*|--");
    let modes: Vec<String> = MODES.iter().map(|(mode, short)| format!("-{short}|--{mode}")).collect();
    let of_form = if legacy { "-*".to_owned() } else { modes.join("|") };
    let files = format!(
        "\n            for i in \"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\"; do\n                case \"${{i}}\" in\n                    --{of_program}*) ;;\n                    {of_form}) return 0 ;;\n                esac\n            done"
    );
    within(script, &bash_part(name), |part| part.replacen(BASH_OFFERS, &format!("{files}{BASH_OFFERS}"), 1))
}

/// The same for zsh; and a first word that begins no command is a file, behind which flags may stand.
fn with_legacy_zsh(script: &str, name: &str) -> String {
    const FLAGS: &str = "_arguments \"${_arguments_options[@]}\" : \\\n";
    const END: &str = "        esac\n    ;;\nesac\n}\n";
    let first = format!("\":: :_{name}_commands\"");
    let flags = script.split_once(FLAGS).and_then(|(_, rest)| rest.split_once(&first)).map_or("", |(flags, _)| flags);
    let behind = format!("(*)\n{FLAGS}{flags}'*:file:_files' \\\n&& ret=0\n;;\n");
    let of_program = flags_of_program().join("|");
    let one = format!(
        "_{name}_first() {{\n    if [[ -n \"${{${{(k)opt_args}}:#--({of_program})}}\" ]]; then\n        _files \"$@\"\n    else\n        _{name}_commands \"$@\" || _files \"$@\"\n    fi\n}}\n"
    );
    script.replacen(&first, &format!("\":: :_{name}_first\""), 1).replacen(END, &format!("{behind}{END}{one}"), 1)
}

/// The flags that stand before a command, too.
fn flags_of_program() -> Vec<String> {
    shown().get_arguments().filter_map(|arg| Some(arg.get_long()?.to_owned())).collect()
}

/// Changes what stands behind the first such place.
fn within(script: &str, start: &str, change: impl FnOnce(&str) -> String) -> String {
    match script.split_once(start) {
        Some((before, behind)) => format!("{before}{start}{}", change(behind)),
        None => script.to_owned(),
    }
}

/// In zsh's `_arguments` a colon ends the name of a value, which clap writes as it is.
fn with_plain_names(command: Command) -> Command {
    let plain = |arg: Arg| {
        let names: Vec<String> = arg.get_value_names().unwrap_or_default().iter().map(|name| name.replace(':', "\\:")).collect();
        if names.iter().any(|name| name.contains(':')) { arg.value_names(names) } else { arg }
    };
    command.mut_args(plain).mut_subcommands(with_plain_names)
}
