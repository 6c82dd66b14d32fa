//! `leafcrypt encrypt`

use super::Context;
use super::key_args::Sealing;
use super::shared::{File, To};
use crate::error::Error;
use crate::flows::encrypt::Encrypt;
use crate::flows::target::Done;

/// Seal a file for the recipients of its creation rule, or of the key flags
#[derive(Debug, clap::Args)]
#[command(after_help = super::examples::ENCRYPT)]
pub(super) struct Args {
    #[command(flatten)]
    file: File,
    #[command(flatten)]
    to: To,
    #[command(flatten)]
    sealing: Sealing,
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        let input = self.file.input();
        let output = self.to.output(&input)?;
        let types = self.file.types.read(context.world.manners)?;
        Encrypt { input, output, types, given: self.sealing.given(context)?, require_witness: context.variables.require_witness }
            .run(&context.world)
    }
}
