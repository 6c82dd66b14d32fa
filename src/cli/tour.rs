//! `leafcrypt tour`

use super::Context;
use crate::error::Error;
use crate::flows::target::Done;
use crate::flows::tour;

/// See the main job done, step by step, in a temporary folder
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        tour::run(&context.world, &mut |line| println!("{line}"))?;
        Ok(Done { stdout: None, warnings: Vec::new(), note: None })
    }
}
