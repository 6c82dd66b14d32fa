//! A plain text, sealed for the recipients of its rule.

use leafcrypt_formats::{Document, Format, Mode};

use super::rules::{self, Given};
use super::target::{Done, Holds, Input, Output, Types, deliver};
use crate::error::Error;
use crate::sealed_file::{OpenFile, SealError, Wanted, scan_options};
use crate::world::{Event, World};

/// An encryption.
#[derive(Debug)]
pub struct Encrypt {
    /// What.
    pub input: Input,
    /// Where to.
    pub output: Output,
    /// As what.
    pub types: Types,
    /// Keys, selectors and the like.
    pub given: Given,
}

impl Encrypt {
    /// Does it.
    ///
    /// # Errors
    /// The text does not parse, no rule fits, a key cannot wrap. Every file is as it was.
    pub fn run(&self, world: &World<'_>) -> Result<Done, Error> {
        let Some(name) = self.types.name_of(&self.input) else {
            return Err(Error::Conflict("Error: must specify --filename-override when reading from stdin".to_owned()));
        };
        let text = self.input.read()?;
        let mut warnings = Vec::new();
        let config = rules::load(Some(&name), &self.given, world, &mut warnings)?;
        let rule = rules::for_file(&name, &self.given, config.as_ref(), world)?;
        warnings.extend(rule.warnings.iter().cloned());

        let path = self.input.name();
        let in_format = self.types.input_of(&self.input, world.manners);
        let out_format = self.types.output_of(&self.input, world.manners);
        let plain = self.plain(&text, in_format, out_format, &path, world, &mut warnings)?;
        if in_format == Format::Binary && rule.selection.is_some() {
            warnings.push("a selector makes no sense for a binary file, which is sealed whole; it is ignored".to_owned());
        }
        let wanted = Wanted {
            groups: rules::groups(&rule, world)?,
            selection: rule.selection,
            mac_only_encrypted: rule.mac_only_encrypted,
            indent: rules::indent(out_format, &self.given, config.as_ref())?,
        };
        let failed = |source: SealError| match source {
            SealError::AlreadySealed => Error::AlreadySealed { path: path.clone() },
            SealError::Syntax(source) => Error::PlainSyntax { path: path.clone(), source },
            source => Error::Seal { path: path.clone(), source: Box::new(source) },
        };
        if out_format == Format::Binary && world.manners.knows_envelopes && leafcrypt_formats::Envelope::find(&plain).is_some() {
            return Err(Error::AlreadySealed { path });
        }
        let file = OpenFile::new(out_format, plain, wanted, world).map_err(failed)?;
        world.journal.record(Event::Encrypt, &path).map_err(Error::Audit)?;
        let sealed = file.seal(world).map_err(failed)?;
        warnings.extend(sealed.warnings);
        deliver(sealed.text, &self.output, Holds::Sealed, Some(&text), warnings)
    }

    /// The text in the output's format. The same format: the text as it is.
    fn plain(
        &self,
        text: &[u8],
        from: Format,
        to: Format,
        path: &str,
        world: &World<'_>,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<u8>, Error> {
        if from == to {
            return Ok(text.to_vec());
        }
        let how = leafcrypt_formats::Printing { indent: None, as_sops: !world.manners.strict_printing };
        let trees = if from == Format::Binary {
            vec![leafcrypt_formats::Tree::map([("data", leafcrypt_formats::Tree::text(text))])]
        } else {
            let document = Document::parse(from, text, &scan_options(Mode::Plain, world.manners));
            let document = document.map_err(|source| Error::PlainSyntax { path: path.to_owned(), source })?;
            if !document.blocks().is_empty() {
                return Err(Error::AlreadySealed { path: path.to_owned() });
            }
            document.trees()
        };
        super::extract::print_documents(&trees, to, &how, path, warnings, world.manners)
    }
}
