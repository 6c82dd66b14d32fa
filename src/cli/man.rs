//! `leafcrypt man`: manual pages from the same definitions as the commands.

use std::path::PathBuf;

use super::whole;
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
        let mut command = whole();
        command.build();
        let Some(folder) = &self.folder else {
            return Ok(Done { stdout: Some(page(command)), note: None });
        };
        for (name, text) in pages(&command, "leafcrypt") {
            let path = folder.join(format!("{name}.1"));
            files::write(&path, &text, &WriteHow::default()).map_err(|source| Error::Write { path: path.display().to_string(), source })?;
        }
        Ok(Done { stdout: None, note: None })
    }
}

/// A page for a command and for each of those in it.
fn pages(command: &clap::Command, name: &str) -> Vec<(String, Vec<u8>)> {
    let own = (name.to_owned(), page(command.clone()));
    let below = command.get_subcommands().filter(|sub| sub.get_name() != "help");
    std::iter::once(own).chain(below.flat_map(|sub| pages(sub, &format!("{name}-{}", sub.get_name())))).collect()
}

fn page(command: clap::Command) -> Vec<u8> {
    let mut out = Vec::new();
    clap_mangen::Man::new(command).render(&mut out).expect("a vector takes all");
    out
}
