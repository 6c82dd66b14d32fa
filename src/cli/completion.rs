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
        let shown = || if context.world.manners.sops_messages { with_legacy(shown()) } else { shown() };
        let (mut out, name) = (Vec::new(), context.world.manners.name);
        clap_complete::generate(self.shell, &mut with_values(shown()), name, &mut out);
        match self.shell {
            Shell::Zsh => out = with_programs(&String::from_utf8_lossy(&out)).into_bytes(),
            Shell::Bash => out = with_users(&String::from_utf8_lossy(&out)).into_bytes(),
            _ => {}
        }
        Ok(Done { stdout: Some(out), note: None })
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
