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
        // Printed when its folder is gone: whoever reads standard output may stop at any line.
        let mut text = String::new();
        let toured = tour::run(&context.world, &mut |line| {
            text.push_str(line);
            text.push('\n');
        });
        match toured {
            Ok(()) => Ok(Done { stdout: Some(text.into_bytes()), note: None }),
            Err(error) => {
                super::print(text.as_bytes());
                Err(error)
            }
        }
    }
}
