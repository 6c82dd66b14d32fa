//! `leafcrypt rotate`

use std::path::Path;

use super::Context;
use super::decrypt::Opening;
use super::key_changes::{Beside, ChangeFlags};
use super::shared::{Files, To, keeps_type};
use crate::error::Error;
use crate::flows::many;
use crate::flows::rotate::Rotate;
use crate::flows::rules::Given;
use crate::flows::target::{Done, Input, Types};

/// Take a new data key, and change who can open the file; with -i several files
#[derive(Debug, clap::Args)]
#[command(after_help = super::examples::ROTATE)]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
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
        let world = &context.world;
        let types = self.files.types.read(world.manners)?;
        match (self.files.input(), self.files.many("rotate", &self.to, world.manners)?) {
            (Input::Stdin, _) => Err(Error::NoFile),
            (input, None) => self.one(input, types, context),
            (_, Some(many)) => {
                let mut one = |path: &Path| self.one(Input::File(path.to_owned()), types.clone(), context).map(drop);
                many::each(many, &types, "rotating", world, &mut one)?;
                Ok(Done { stdout: None, note: None })
            }
        }
    }

    fn one(&self, input: Input, types: Types, context: &Context<'_>) -> Result<Done, Error> {
        let order = self.opening.order(context)?;
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
