//! `leafcrypt unset`

use std::path::PathBuf;

use super::Context;
use super::decrypt::Opening;
use crate::error::Error;
use crate::flows::rules::Given;
use crate::flows::set::path_of;
use crate::flows::target::{Destination, Done};
use crate::flows::unset::{BAD_INDEX, Unset};

/// Remove a value or branch of a sealed file, in place
#[derive(clap::Args)]
#[command(after_help = super::examples::UNSET)]
pub(super) struct Args {
    /// The file
    file: PathBuf,
    /// Where: '["a"]["b"][0]'
    path: String,
    /// Nothing there is no error
    #[arg(long)]
    idempotent: bool,
    #[command(flatten)]
    types: super::set::TypeFlags,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    writing: super::shared::Writing,
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        // Of both, SOPS tells this one.
        path_of(&self.path, BAD_INDEX)?;
        let order = self.opening.order(context)?;
        let unset = Unset {
            to: Destination { path: self.file.clone(), write_through: self.writing.write_through },
            types: self.types.read("unset", &self.file, context)?,
            path: self.path.clone(),
            idempotent: self.idempotent,
            given: Given { config: context.config(), ..Given::default() },
            how: self.opening.how(&order, context),
        };
        unset.run(&context.world)
    }
}
