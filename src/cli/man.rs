//! `leafcrypt man`: manual pages from the same definitions as the commands.

use std::path::PathBuf;

use super::commands::shown;
use crate::error::Error;
use crate::files::{self, Kind, WriteHow};
use crate::flows::target::Done;

/// Print the manual page, or write all pages into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = super::examples::MAN)]
pub(super) struct Args {
    /// Write leafcrypt.1, leafcrypt-encrypt.1 and so on into this folder, which is made where it is not there
    folder: Option<PathBuf>,
}

impl Args {
    pub(super) fn run(&self) -> Result<Done, Error> {
        let mut command = shown();
        command.build();
        let Some(folder) = &self.folder else {
            return Ok(Done { stdout: Some(page(&command, "leafcrypt")), note: None });
        };
        if files::facts(folder).is_ok_and(|found| found.is_some_and(|found| found.kind != Kind::Folder)) {
            return Err(Error::Usage(format!("{} is no folder", folder.display())));
        }
        // As `mkdir -p` would. What cannot be made is told where the first page is written.
        let _ = crate::guard::as_started(|| std::fs::create_dir_all(folder));
        for (name, text) in pages(&command, "leafcrypt") {
            let path = folder.join(format!("{name}.1"));
            files::write(&path, &text, &WriteHow::default()).map_err(|source| Error::Write { path: path.display().to_string(), source })?;
        }
        Ok(Done { stdout: None, note: None })
    }
}

/// A page for a command and for each of those in it.
fn pages(command: &clap::Command, name: &str) -> Vec<(String, Vec<u8>)> {
    let own = (name.to_owned(), page(command, name));
    let below = command.get_subcommands().filter(|sub| sub.get_name() != "help");
    std::iter::once(own).chain(below.flat_map(|sub| pages(sub, &format!("{name}-{}", sub.get_name())))).collect()
}

/// The sections that clap knows, with a synopsis that can be read; behind them what a page of a program has.
fn page(command: &clap::Command, name: &str) -> Vec<u8> {
    let man = clap_mangen::Man::new(command.clone());
    let section = |render: &dyn Fn(&mut Vec<u8>) -> std::io::Result<()>| {
        let mut out = Vec::new();
        render(&mut out).expect("a vector takes all");
        String::from_utf8_lossy(&out).into_owned()
    };
    // What stands before the title, each section has once more. The title itself would have the program in place of a date.
    let title = section(&|out| man.render_title(out));
    let start = title.split(".TH ").next().unwrap_or_default();
    let below = |render: &dyn Fn(&mut Vec<u8>) -> std::io::Result<()>| section(render).replacen(start, "", 1);
    let mut page =
        format!("{start}.TH {name} 1 \"\" leafcrypt leafcrypt\n") + &below(&|out| man.render_name_section(out)) + &synopsis(command);
    page.push_str(&below(&|out| man.render_description_section(out)));
    page.push_str(&below(&|out| man.render_options_section(out)));
    if command.has_subcommands() {
        page.push_str(&below(&|out| man.render_subcommands_section(out)));
    }
    let extra = below(&|out| man.render_extra_section(out));
    if name == "leafcrypt" {
        page.push_str(&extra.replace(".SH EXTRA", ".SH EXIT STATUS AND ENVIRONMENT"));
    } else {
        // Lines to be copied are not filled.
        if let Some(examples) = extra.strip_prefix(".SH EXTRA\nExamples:\n") {
            page.push_str(&format!(".SH EXAMPLES\n.nf\n{examples}.fi\n"));
        }
        page.push_str(".SH SEE ALSO\n\\fBleafcrypt\\fR(1), for exit status and environment\n");
    }
    page.into_bytes()
}

/// As the help has it.
fn synopsis(command: &clap::Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let lines =
        usage.trim_start_matches("Usage:").lines().map(|line| format!("{}\n.br\n", line.trim().replace('\\', "\\\\").replace('-', "\\-")));
    format!(".SH SYNOPSIS\n{}", lines.collect::<String>())
}
