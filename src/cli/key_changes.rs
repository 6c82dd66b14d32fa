//! The key flags of commands that change who can open a file: `--add-KIND`, `--rm-KIND`, and the keys of a new group. Made from BACKENDS.

use clap::{Arg, ArgAction, ArgMatches, Command};
use leafcrypt_kms::{BACKENDS, Kind, Names};

use crate::error::Error;

/// `--add-KIND` and `--rm-KIND`, as typed.
#[derive(Clone, Debug, Default)]
pub(super) struct ChangeFlags {
    /// To be added.
    pub add: Vec<(Kind, String)>,
    /// To be removed.
    pub remove: Vec<(Kind, String)>,
}

/// The keys of a new group, as typed; flags may repeat.
#[derive(Clone, Debug, Default)]
pub(super) struct GroupFlags {
    /// By kind.
    pub keys: Vec<(Kind, String)>,
}

/// What AWS keys given by flags need besides.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Beside {
    /// AWS profile of the KMS keys given here
    #[arg(long, value_name = "NAME", help_heading = "Keys")]
    aws_profile: Option<String>,
    /// AWS encryption context of the KMS keys given here: k:v,k:v
    #[arg(long, value_name = "PAIRS", help_heading = "Keys")]
    encryption_context: Option<String>,
}

impl Beside {
    pub(super) fn read(&self) -> Result<leafcrypt_kms::Beside, Error> {
        let context = super::key_args::pairs(self.encryption_context.as_deref())?;
        Ok(leafcrypt_kms::Beside { context, profile: self.aws_profile.clone().unwrap_or_default() })
    }
}

fn names() -> impl Iterator<Item = &'static Names> {
    BACKENDS.iter().map(|backend| backend.names())
}

/// What was typed for `--PREFIXkind`.
fn typed(matches: &ArgMatches, prefix: &str) -> Vec<(Kind, String)> {
    let values =
        |names: &Names| matches.get_many::<String>(&format!("{prefix}{}", names.flag)).into_iter().flatten().cloned().collect::<Vec<_>>();
    names().flat_map(|names| values(names).into_iter().map(|text| (names.kind, text))).collect()
}

fn flag(prefix: &str, names: &Names, help: &str) -> Arg {
    let name = format!("{prefix}{}", names.flag);
    let help = format!("{help} {} keys, separated by commas", names.title);
    Arg::new(name.clone()).long(name).value_name("KEYS").action(ArgAction::Append).help(help).help_heading("Keys")
}

impl clap::FromArgMatches for ChangeFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(ChangeFlags { add: typed(matches, "add-"), remove: typed(matches, "rm-") })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for ChangeFlags {
    fn augment_args(command: Command) -> Command {
        let command = names().fold(command, |command, names| command.arg(flag("add-", names, "Add these")));
        names().fold(command, |command, names| command.arg(flag("rm-", names, "Remove these")))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for GroupFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(GroupFlags { keys: typed(matches, "") })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for GroupFlags {
    fn augment_args(command: Command) -> Command {
        names().fold(command, |command, names| command.arg(flag("", names, "The group's")))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
