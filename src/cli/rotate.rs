//! `leafcrypt rotate`

use super::Context;
use super::decrypt::Opening;
use super::key_changes::{Beside, ChangeFlags};
use super::shared::{File, To, keeps_type};
use crate::error::Error;
use crate::flows::rotate::Rotate;
use crate::flows::rules::Given;
use crate::flows::target::{Done, Input};

/// Take a new data key, and change who can open the file
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    file: File,
    #[command(flatten)]
    to: To,
    #[command(flatten)]
    changes: ChangeFlags,
    #[command(flatten)]
    beside: Beside,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    opening: Opening,
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        let input = self.file.input();
        if matches!(input, Input::Stdin) {
            return Err(Error::NoFile);
        }
        let order = self.opening.order(context)?;
        let types = self.file.types(context.world.manners)?;
        keeps_type("rotate", &types, &input, context.world.manners)?;
        let rotate = Rotate {
            output: self.to.output(&input)?,
            types,
            input,
            add: self.changes.add.clone(),
            remove: self.changes.remove.clone(),
            beside: self.beside.read()?,
            given: Given { config: context.config(), ..Given::default() },
            yes: self.yes,
            how: self.opening.how(&order, context),
        };
        rotate.run(&context.world)
    }
}
