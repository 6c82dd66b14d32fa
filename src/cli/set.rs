//! `leafcrypt set`

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::Context;
use super::decrypt::Opening;
use crate::error::Error;
use crate::flows::rules::Given;
use crate::flows::set::Set;
use crate::flows::target::{Done, Input, Types};

/// Change one value of a sealed file, in place
#[derive(clap::Args)]
pub(super) struct Args {
    /// The file
    file: PathBuf,
    /// Where: '["a"]["b"][0]'
    path: String,
    /// The new value as JSON: '"text"', 5, true. Other users can read arguments: see --value-stdin
    #[arg(allow_hyphen_values = true)]
    value: Option<String>,
    /// Read the value, as JSON, from this file
    #[arg(long, value_name = "FILE")]
    value_file: Option<PathBuf>,
    /// Read the value, as JSON, from standard input
    #[arg(long)]
    value_stdin: bool,
    /// Type of the file, instead of the one its name tells
    #[arg(long, value_name = "yaml|json|dotenv|ini|toml|binary")]
    input_type: Option<String>,
    #[command(flatten)]
    opening: Opening,
    #[command(flatten)]
    writing: super::shared::Writing,
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        let value = self.value()?;
        let order = self.opening.order(context)?;
        let input = super::shared::format_of(self.input_type.as_deref(), context.world.manners)?;
        let types = Types { input, ..Types::default() };
        let how = self.opening.how(&order, context);
        let given = Given { config: context.config(), ..Given::default() };
        let (input, write_through) = (Input::File(self.file.clone()), self.writing.write_through);
        let mut done = Set { input, types, path: self.path.clone(), value, given, how, write_through }.run(&context.world)?;
        // SOPS's scripts give values as arguments; under its name they need no lesson (threat-model.md, R11).
        if self.value.is_some() && !context.world.manners.sops_messages {
            done.warnings.push(
                "other users of this machine can read arguments: --value-stdin and --value-file keep the value out of them".to_owned(),
            );
        }
        Ok(done)
    }

    fn value(&self) -> Result<Zeroizing<String>, Error> {
        let bytes = match (&self.value, &self.value_file, self.value_stdin) {
            (Some(value), None, false) => return Ok(Zeroizing::new(value.clone())),
            (None, Some(path), false) => Input::File(path.clone()).read()?,
            (None, None, true) => Input::Stdin.read()?,
            _ => return Err(Error::Usage("give the value once: as an argument, with --value-file, or with --value-stdin".to_owned())),
        };
        let mut bytes = bytes;
        String::from_utf8(std::mem::take(&mut *bytes)).map(Zeroizing::new).map_err(|_| Error::BadSetValue)
    }
}
