//! `leafcrypt exec-env`

use std::ffi::OsString;
use std::path::PathBuf;

use clap::ValueHint;

use super::Context;
use super::decrypt::Opening;
use super::shared::format_of;
use crate::error::Error;
use crate::flows::dialect::Dialect;
use crate::flows::exec_env::{ExecEnv, Program};
use crate::flows::target::{Done, Types};
use crate::flows::variables::How;

/// Run a program with the values of files as its environment
///
/// exec-env FILE... 'LINE' runs a line by /bin/sh; exec-env FILE... -- COMMAND ARGS... runs a program without a shell. The exit
/// status is the program's; 127: there is none, 126: it cannot be run.
#[derive(Debug, clap::Args)]
#[command(override_usage = "leafcrypt exec-env [OPTIONS] FILE... 'LINE'\n       leafcrypt exec-env [OPTIONS] FILE... -- COMMAND ARGS...")]
#[command(after_help = super::examples::EXEC_ENV)]
pub(super) struct Args {
    /// Files, later ones over earlier ones; and without `--`, last, a line for /bin/sh
    #[arg(value_name = "FILE")]
    words: Vec<OsString>,
    /// The program and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    /// Only the values, nothing of the environment that we were started with
    #[arg(long)]
    pristine: bool,
    /// Run it as this user
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Username)]
    user: Option<String>,
    /// Run it in our place (the default under this name)
    #[arg(long)]
    same_process: bool,
    /// Start it without standard streams and do not wait for it
    #[arg(long)]
    background: bool,
    #[command(flatten)]
    variables: VariableArgs,
    /// Type of the files, instead of the one their names tell
    #[arg(long, value_name = "yaml|json|dotenv|ini|toml|binary")]
    input_type: Option<String>,
    #[command(flatten)]
    opening: Opening,
}

/// How values become variables.
#[derive(Debug, clap::Args)]
pub(super) struct VariableArgs {
    /// How quotes and escapes in ENV files are read; as python-dotenv does it where nothing is said
    #[arg(long, value_name = "sops|dotenv|posix|node|compose|systemd")]
    dialect: Option<String>,
    /// Nested values as A__B, lists and empty maps as JSON
    #[arg(long)]
    flatten: bool,
    /// Set this variable though it changes how programs run
    #[arg(long, value_name = "NAME")]
    allow_env: Vec<String>,
}

impl VariableArgs {
    pub(super) fn how(&self, context: &Context<'_>) -> Result<How, Error> {
        let unknown =
            |word: &String| Error::Usage(format!("unknown dialect {word:?}; they are sops, dotenv, posix, node, compose and systemd"));
        let given = self.dialect.as_ref().map(|word| Dialect::of_word(word).ok_or_else(|| unknown(word))).transpose()?;
        let usual = if context.world.manners.raw_env { Dialect::Sops } else { Dialect::Dotenv };
        Ok(How { dialect: given.unwrap_or(usual), flatten: self.flatten, allowed: self.allow_env.clone() })
    }
}

/// Files, and what is run: behind `--`, or the last word as a line for a shell. As `sops` every word stands behind `--`.
pub(super) fn words(words: &[OsString], command: &[OsString], context: &Context<'_>) -> Result<(Vec<PathBuf>, Program), Error> {
    let sops = context.world.manners.sops_messages;
    let (words, command) = if sops { (command, &[][..]) } else { (words, command) };
    let missing = || {
        let ours = "name a file and what to run with it: FILE 'LINE FOR A SHELL', or FILE -- COMMAND ARGS";
        Error::Usage(if sops { "error: missing file to decrypt" } else { ours }.to_owned())
    };
    if !command.is_empty() {
        let files: Vec<PathBuf> = words.iter().map(PathBuf::from).collect();
        return if files.is_empty() { Err(missing()) } else { Ok((files, Program::Direct(command.to_vec()))) };
    }
    match words.split_last() {
        Some((line, files)) if !files.is_empty() && (!sops || files.len() == 1) => {
            Ok((files.iter().map(PathBuf::from).collect(), Program::Shell(line.clone())))
        }
        _ => Err(missing()),
    }
}

/// SOPS says so each time.
pub(super) fn deprecated(command: &str, background: bool, context: &Context<'_>) {
    if background && context.world.manners.sops_messages {
        context
            .world
            .dialog
            .warn(&format!("{command}'s --background option is deprecated and will be removed in a future version of sops"));
    }
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        deprecated("exec-env", self.background, context);
        if self.same_process && self.background {
            return Err(Error::Conflict("Error: The --same-process flag cannot be used with --background".to_owned()));
        }
        let (files, program) = words(&self.words, &self.command, context)?;
        let order = self.opening.order(context)?;
        context.readable_config()?;
        let exec = ExecEnv {
            files,
            types: Types { input: format_of(self.input_type.as_deref(), context.world.manners)?, ..Types::default() },
            program,
            pristine: self.pristine,
            user: self.user.clone(),
            as_child: context.world.manners.sops_messages && !self.same_process,
            background: self.background,
            variables: self.variables.how(context)?,
            how: self.opening.how(&order, context),
        };
        exec.run(&context.world)?;
        Ok(Done { stdout: None, note: None })
    }
}
