//! `leafcrypt accept`

use std::path::PathBuf;

use super::Context;
use super::decrypt::Order;
use super::shared::{Writing, format_of};
use crate::error::Error;
use crate::flows::accept::Accept;
use crate::flows::rules::Given;
use crate::flows::target::{Done, Types};
use crate::sealed_file::OpenHow;

/// Show what was changed by hand in a sealed file, values masked, ask, and seal it as it stands
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The file
    file: PathBuf,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Type of the file, instead of the one its name tells
    #[arg(long, value_name = "yaml|json|dotenv|ini|toml|binary")]
    input_type: Option<String>,
    #[command(flatten)]
    writing: Writing,
    #[command(flatten)]
    order: Order,
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        let order = self.order.read(context)?;
        let accept = Accept {
            path: self.file.clone(),
            types: Types { input: format_of(self.input_type.as_deref(), context.world.manners)?, ..Types::default() },
            given: Given { config: context.config(), indent: context.global.indent, ..Given::default() },
            yes: self.yes,
            write_through: self.writing.write_through,
            how: OpenHow { order: &order, ..OpenHow::default() },
        };
        accept.run(&context.world)
    }
}
