//! `leafcrypt updatekeys`

use std::path::PathBuf;

use leafcrypt_kms::without_private_keys;

use super::decrypt::Opening;
use super::shared::{Writing, format_of};
use super::{Context, print};
use crate::error::Error;
use crate::flows::rules::Given;
use crate::flows::target::{Done, Types};
use crate::flows::updatekeys::{self, UpdateKeys};

/// Give files the recipients that their creation rules have by now
#[derive(Debug, clap::Args)]
#[command(after_help = super::examples::UPDATEKEYS)]
pub(super) struct Args {
    /// Files, and folders in which every sealed file with a rule counts
    paths: Vec<PathBuf>,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Show what would change, and change nothing; needs no key
    #[arg(long)]
    dry_run: bool,
    /// For programs: what becomes of each file, on standard output
    #[arg(long)]
    json: bool,
    /// Type of the files, instead of the one their names tell
    #[arg(long, value_name = "yaml|json|dotenv|ini|toml|binary")]
    input_type: Option<String>,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    opening: Opening,
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        let order = self.opening.order_of_ours(context)?;
        let update = UpdateKeys {
            paths: self.paths.clone(),
            types: Types { input: format_of(self.input_type.as_deref(), context.world.manners)?, ..Types::default() },
            given: Given { config: context.config(), indent: context.global.indent, ..Given::default() },
            yes: self.yes,
            dry_run: self.dry_run,
            write_through: self.writing.write_through,
            how: self.opening.how(&order, context),
        };
        let updates = update.run(&context.world)?;
        // A file may be named after a key (P15).
        let out = self.json.then(|| without_private_keys(&updatekeys::as_json(&updates.files)).into_owned().into_bytes());
        let Some(error) = updates.error else { return Ok(Done { stdout: out, note: None }) };
        // What became of the others is the result all the same.
        print(&out.unwrap_or_default());
        Err(error)
    }
}
