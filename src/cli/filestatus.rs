//! `leafcrypt filestatus`

use std::path::PathBuf;

use super::Context;
use super::shared::format_of;
use crate::error::Error;
use crate::flows::filestatus;
use crate::flows::target::{Done, Input, Types};

/// Say whether a file is sealed, as JSON; nothing is verified
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file
    file: PathBuf,
    /// Type of the file, instead of the one its name tells
    #[arg(long, value_name = "yaml|json|dotenv|ini|toml|binary")]
    input_type: Option<String>,
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        context.readable_config()?;
        let input = format_of(self.input_type.as_deref(), context.world.manners)?;
        filestatus::run(&Input::File(self.file.clone()), &Types { input, ..Types::default() }, &context.world)
    }
}
