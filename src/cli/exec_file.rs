//! `leafcrypt exec-file`

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ValueHint;

use super::Context;
use super::decrypt::Opening;
use super::exec_env::{deprecated, words};
use super::shared::format_of;
use crate::error::Error;
use crate::flows::decrypt::Decrypt;
use crate::flows::exec_file::{ExecFile, Handed, Handing};
use crate::flows::rules::{self, Given};
use crate::flows::target::{Done, Input, Output, Types};

/// Run a program with an opened file: {} is its path
///
/// exec-file FILE 'LINE' runs a line by /bin/sh; exec-file FILE -- COMMAND ARGS... runs a program without a shell. The exit
/// status is the program's; 127: there is none, 126: it cannot be run.
#[derive(Debug, clap::Args)]
#[command(override_usage = "leafcrypt exec-file [OPTIONS] FILE 'LINE'\n       leafcrypt exec-file [OPTIONS] FILE -- COMMAND ARGS...")]
#[command(after_help = super::examples::EXEC_FILE)]
pub(super) struct Args {
    /// The file; and without `--`, last, a line for /bin/sh
    #[arg(value_name = "FILE")]
    words: Vec<OsString>,
    /// The program and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    /// A file in memory instead of a pipe, which can be read only once
    #[arg(long)]
    no_fifo: bool,
    /// A file without a name: the program itself can open the path, what it starts in turn perhaps not
    #[arg(long, conflicts_with_all = ["no_fifo", "filename"])]
    memfd: bool,
    /// The file's name, instead of tmp-file
    #[arg(long, value_name = "NAME")]
    filename: Option<OsString>,
    /// Run it as this user
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Username)]
    user: Option<String>,
    /// Do not wait for it
    #[arg(long)]
    background: bool,
    /// Where there is no folder in memory, use one below this folder: then plaintext reaches a disk, and deleting it does not erase it
    #[arg(long, value_name = "FOLDER")]
    on_disk: Option<PathBuf>,
    /// Type of the file, instead of the one its name tells
    #[arg(long, value_name = "yaml|json|dotenv|ini|toml|binary")]
    input_type: Option<String>,
    /// Type of what the program reads
    #[arg(long, value_name = "yaml|json|dotenv|ini|toml|binary")]
    output_type: Option<String>,
    #[command(flatten)]
    opening: Opening,
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        let world = &context.world;
        deprecated("exec-file", self.background, context);
        let (files, program) = words(&self.words, &self.command, context)?;
        let [file] = &files[..] else {
            let error = Error::Usage("exec-file takes one file; several make one environment with exec-env".to_owned());
            let second = files.get(1).map_or(Path::new(""), PathBuf::as_path);
            return Err(program.or_no_dashes(error, "exec-file", &files, second, world));
        };
        let order = self.opening.order(context)?;
        let given = Given { config: context.config(), indent: context.global.indent, ..Given::default() };
        let config = rules::load_if_trusted(Some(file), &given, world)?;
        let exec = ExecFile {
            decrypt: Decrypt {
                input: Input::File(file.clone()),
                output: Output::Stdout,
                types: Types {
                    input: format_of(self.input_type.as_deref(), world.manners)?,
                    output: format_of(self.output_type.as_deref(), world.manners)?,
                    name: None,
                },
                extract: None,
                how: self.opening.how(&order, context),
                indent: &|format| rules::indent(format, &given, config.as_ref()),
            },
            handed: Handed {
                program,
                handing: match (self.no_fifo, self.memfd) {
                    (true, _) => Handing::File,
                    (_, true) => Handing::Memory,
                    _ => Handing::Pipe,
                },
                filename: self.filename.clone(),
                user: self.user.clone(),
                on_disk: self.on_disk.clone(),
                runtime: context.variables.runtime.clone(),
            },
            background: self.background,
        };
        exec.run(world)?;
        Ok(Done { stdout: None, note: None })
    }
}
