//! `leafcrypt completion`: from the same definitions as the commands.

use clap_complete::Shell;

use super::whole;
use crate::error::Error;
use crate::flows::target::Done;

/// Print the completion script of a shell
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

impl Args {
    pub(super) fn run(&self) -> Result<Done, Error> {
        let mut out = Vec::new();
        clap_complete::generate(self.shell, &mut whole(), "leafcrypt", &mut out);
        Ok(Done { stdout: Some(out), note: None })
    }
}
