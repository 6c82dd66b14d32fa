//! `leafcrypt edit`, and the bare `leafcrypt FILE`

use std::path::PathBuf;

use super::Context;
use super::decrypt::Opening;
use super::key_args::Sealing;
use super::shared::{Writing, format_of, keeps_type};
use crate::error::Error;
use crate::flows::edit::Edit;
use crate::flows::target::{Done, Input, Types};

/// Open a file in an editor, and seal it again; a new file is made from an example
///
/// The editor is that of SOPS_EDITOR or EDITOR. vim, nvim, nano and emacs are told to leave no swap, undo, history and backup files, also behind env, nice,
/// ionice, nohup, setsid and sudo. Inside a script or a line for a shell (sh -c '...') they are not known: there give them those flags yourself.
#[derive(Debug, clap::Args)]
#[command(after_help = super::examples::EDIT)]
pub(super) struct Args {
    /// The file
    file: PathBuf,
    /// Type of the file, instead of the one its name tells
    #[arg(long, value_name = "yaml|json|dotenv|ini|toml|binary")]
    input_type: Option<String>,
    /// SOPS's flag: the type that the file is kept in, which is that of the input
    #[arg(long, value_name = "yaml|json|dotenv|ini|toml|binary")]
    output_type: Option<String>,
    /// Type and rule go by this name; what is edited does not change
    #[arg(long, value_name = "NAME")]
    filename_override: Option<PathBuf>,
    /// Where there is no folder in memory, use one below this folder: then plaintext reaches a disk, and deleting it does not erase it
    #[arg(long, value_name = "FOLDER")]
    on_disk: Option<PathBuf>,
    /// Show the metadata, too: recipients, key groups and rules are then those that stand there when the editor is left
    #[arg(short, long)]
    show_master_keys: bool,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    sealing: Sealing,
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        let order = self.opening.order(context)?;
        let manners = context.world.manners;
        let output = format_of(self.output_type.as_deref(), manners)?;
        let types = Types { input: format_of(self.input_type.as_deref(), manners)?, output, name: self.filename_override.clone() };
        keeps_type("edit", &types, &Input::File(self.file.clone()), manners)?;
        let edit = Edit {
            path: self.file.clone(),
            types,
            given: self.sealing.given(context)?,
            how: self.opening.how(&order, context),
            on_disk: self.on_disk.clone(),
            runtime: context.variables.runtime.clone(),
            write_through: self.writing.write_through,
            show_keys: self.show_master_keys,
        };
        edit.run(&context.world)
    }
}
