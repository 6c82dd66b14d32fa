//! Is a file sealed? Nothing is verified: its metadata parse, and have a version and a MAC.

use super::target::{Done, Input, Types};
use crate::error::Error;
use crate::files::ReadError;
use crate::sealed_file::{SealedError, SealedFile};
use crate::world::World;

/// Answers as SOPS does: `{"encrypted":true}`.
///
/// # Errors
/// It cannot be read, or is not of its format.
pub fn run(input: &Input, types: &Types, world: &World<'_>) -> Result<Done, Error> {
    let format = types.input_of(input, world.manners);
    let text = input.read(format).map_err(|error| match error {
        Error::Read { path, source: ReadError::NotFound } => Error::NothingToChange { path },
        error => error,
    });
    let text = text.map_err(|error| Error::Status(Box::new(error)))?;
    let sealed = match SealedFile::parse(format, &text, world.manners) {
        Ok(file) => !file.metadata().version.is_empty() && !file.metadata().mac.is_empty(),
        Err(SealedError::NotSealed(_)) => false,
        Err(source) => return Err(Error::Sealed { path: input.name(), format, source }),
    };
    Ok(Done { stdout: Some(format!("{{\"encrypted\":{sealed}}}\n").into_bytes()), note: None })
}
