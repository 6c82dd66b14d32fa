//! `leafcrypt man`: manual pages from the same definitions as the commands.

use std::path::PathBuf;

use clap::CommandFactory as _;

use super::Cli;
use crate::error::Error;
use crate::files::{self, WriteHow};
use crate::flows::target::Done;

/// Print the manual page, or write all pages into a folder
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write leafcrypt.1, leafcrypt-encrypt.1 and so on into this folder
    folder: Option<PathBuf>,
}

impl Args {
    pub(super) fn run(&self) -> Result<Done, Error> {
        let mut command = Cli::command();
        command.build();
        let Some(folder) = &self.folder else {
            return Ok(Done { stdout: Some(page(command)), warnings: Vec::new(), note: None });
        };
        let pages = command.get_subcommands().map(|sub| (format!("leafcrypt-{}.1", sub.get_name()), page(sub.clone())));
        for (name, text) in pages.chain([("leafcrypt.1".to_owned(), page(command.clone()))]) {
            let path = folder.join(name);
            files::write(&path, &text, &WriteHow::default()).map_err(|source| Error::Write { path: path.display().to_string(), source })?;
        }
        Ok(Done { stdout: None, warnings: Vec::new(), note: None })
    }
}

fn page(command: clap::Command) -> Vec<u8> {
    let mut out = Vec::new();
    clap_mangen::Man::new(command).render(&mut out).expect("a vector takes all");
    out
}
