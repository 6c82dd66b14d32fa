//! `leafcrypt groups add` and `groups delete`

use std::ffi::OsString;

use clap::Subcommand;

use super::Context;
use super::decrypt::Opening;
use super::key_changes::{Beside, GroupFlags};
use super::shared::{To, Writing};
use crate::error::Error;
use crate::flows::groups::{Groups, What};
use crate::flows::rules::Given;
use crate::flows::target::{Done, Input, Types};

/// Change the key groups of a file
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(Add),
    Delete(Delete),
}

/// Add a key group
#[derive(Debug, clap::Args)]
#[command(after_help = super::examples::GROUPS_ADD)]
struct Add {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    keys: GroupFlags,
    #[command(flatten)]
    beside: Beside,
}

/// Delete a key group
#[derive(Debug, clap::Args)]
#[command(after_help = super::examples::GROUPS_DELETE)]
struct Delete {
    /// Which: its number, from 0, as `recipients` shows it
    index: usize,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
struct Common {
    /// The file
    #[arg(short, long, value_name = "FILE")]
    file: OsString,
    /// Write the result over the file
    #[arg(short, long)]
    in_place: bool,
    /// How many key groups must open; left out, as many as now, and two where one was alone
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    shamir_secret_sharing_threshold: Option<i64>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    opening: Opening,
}

impl Args {
    pub(super) fn run(self, context: &Context<'_>) -> Result<Done, Error> {
        match self.command {
            Command::Add(Add { common, keys, beside }) => common.run(What::Add { keys: keys.keys, beside: beside.read()? }, context),
            Command::Delete(Delete { index, common }) => common.run(What::Delete(index), context),
        }
    }
}

impl Common {
    fn run(self, what: What, context: &Context<'_>) -> Result<Done, Error> {
        let input = Input::File(self.file.into());
        let order = self.opening.order_of_ours(context)?;
        let how = self.opening.how(&order, context);
        let groups = Groups {
            output: To { in_place: self.in_place, output: None, writing: self.writing }.output(&input)?,
            input,
            types: Types::default(),
            what,
            threshold: self.shamir_secret_sharing_threshold.unwrap_or_default(),
            given: Given { config: context.config(), ..Given::default() },
            yes: self.yes,
            how,
        };
        groups.run(&context.world)
    }
}
