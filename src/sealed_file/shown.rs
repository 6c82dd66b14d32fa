//! An open file with its metadata block under it, as `edit --show-master-keys` shows it, and back.

use leafcrypt_formats::{Document, Format, Opened, Printing, SyntaxClass, SyntaxError, Tokens, Tree};
use zeroize::Zeroizing;

use super::error::{SealError, SealedError};
use super::{BaseBody, NotSealed, OpenFile, Settings};
use crate::keys::KeyGroups;
use crate::manners::Manners;
use crate::metadata::{Metadata, MetadataError, Version};
use crate::seal::extension::FIELD;

impl OpenFile<'_> {
    /// The plain text with the block as it stands in the sealed file. A binary file is shown as the JSON that SOPS wraps it in.
    ///
    /// # Errors
    /// A binary file that is no UTF-8, which JSON cannot show.
    pub fn shown(&self, manners: &Manners) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let Some(base) = &self.base else { return Ok(Zeroizing::new(self.plain.to_vec())) };
        let like = match &base.body {
            BaseBody::Document { document, .. } => Some(&**document),
            BaseBody::Binary(_) => None,
        };
        let text = self.as_document()?;
        let document = Document::parse(self.shown_as(), &text, &self.scan_options(manners))?;
        let nothing = Tokens::new(document.leaves().len(), document.comments().len());
        // What cannot stay in clear in a sealed text may be shown all the same.
        let mut shown = document.seal(nothing).unwrap_or_else(|_| document.without_blocks());
        // The version may have been raised since.
        let metadata = Metadata { version: self.settings.version.clone(), ..base.metadata.clone() };
        let fields = metadata.fields(self.format.shape());
        shown.put_block(&document, &fields, FIELD, self.settings.indent, like)?;
        Ok(Zeroizing::new(shown.text))
    }

    /// A text that was shown so and changed: without its block, and what the block says by now. Records of keys that were there keep their wrapped keys,
    /// those of new ones have none; where a group, a key or the threshold is another none has.
    ///
    /// # Errors
    /// It does not parse, has no block, or a damaged one.
    pub fn typed(&self, text: &[u8], manners: &Manners) -> Result<(Zeroizing<Vec<u8>>, Settings), SealedError> {
        let (plain, metadata) = self.cut(text, manners)?;
        // What a block needs around it (a last newline) is not what somebody has typed.
        let was = self.shown(manners).ok().and_then(|shown| self.cut(&shown, manners).ok());
        let plain = match was {
            Some((was, _)) => ends_of(&self.plain, &was, plain),
            None => plain,
        };
        Version::parse(&metadata.version)
            .map_err(|_| MetadataError::Type { field: "version".to_owned(), expected: "a version like 3.9.0" })?;
        let binary = self.format == Format::Binary;
        let settings = Settings {
            groups: wrapped_as(&self.settings.groups, metadata.groups),
            selection: if binary { self.settings.selection.clone() } else { metadata.selection },
            mac_only_encrypted: metadata.mac_only_encrypted,
            version: metadata.version,
            unknown: metadata.unknown,
            indent: self.settings.indent,
            vouched: self.settings.vouched,
            descent: self.settings.descent.clone(),
        };
        Ok((plain, settings))
    }

    /// The format in which the text is shown.
    fn shown_as(&self) -> Format {
        if self.format == Format::Binary { Format::Json } else { self.format }
    }

    fn as_document(&self) -> Result<Zeroizing<Vec<u8>>, SealError> {
        if self.format != Format::Binary {
            return Ok(Zeroizing::new(self.plain.to_vec()));
        }
        if std::str::from_utf8(&self.plain).is_err() {
            let what = "it is no text, so that it cannot be shown with its keys".to_owned();
            return Err(SyntaxError { line: 0, column: 0, what, class: SyntaxClass::OutsideModel }.into());
        }
        let tree = Tree::map([("data", Tree::text(&*self.plain))]);
        let printed = leafcrypt_formats::print(Format::Json, &[tree], &Printing::default())?;
        Ok(Zeroizing::new(printed.text))
    }

    fn cut(&self, text: &[u8], manners: &Manners) -> Result<(Zeroizing<Vec<u8>>, Metadata), SealedError> {
        let document = match Document::parse(self.shown_as(), text, &self.scan_options(manners)) {
            Err(error) if matches!(error.class, SyntaxClass::NoDocument | SyntaxClass::NoContent) => {
                return Err(NotSealed::default().into());
            }
            parsed => parsed?,
        };
        let block = document.blocks().iter().find(|block| block.document == 0).ok_or(NotSealed::default())?;
        let metadata = Metadata::read(block.fields.as_ref().ok_or(NotSealed::default())?, self.format.shape())?;
        let outside = |what: String| SyntaxError { line: 0, column: 0, what, class: SyntaxClass::OutsideModel };
        if self.format == Format::Binary {
            let data = document.trees().pop().and_then(|tree| Some(tree.get("data")?.as_str()?.as_bytes().to_vec()));
            let data = data.ok_or_else(|| outside("the text of a binary file stands in the string data".to_owned()))?;
            return Ok((Zeroizing::new(data), metadata));
        }
        let clear = Opened { leaves: vec![None; document.leaves().len()], comments: vec![None; document.comments().len()] };
        let plain = document.open(&clear, &[]).map_err(|error| outside(error.to_string()))?;
        Ok((Zeroizing::new(plain), metadata))
    }
}

/// Where cutting the block made `was` of `plain`, the same at the start and the end of what was typed.
fn ends_of(plain: &[u8], was: &[u8], typed: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    if *typed == *was {
        return Zeroizing::new(plain.to_vec());
    }
    let start = plain.iter().zip(was).take_while(|(a, b)| a == b).count();
    let end = plain[start..].iter().rev().zip(was[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (theirs, ours) = (&was[start..was.len() - end], &plain[start..plain.len() - end]);
    let mut out = Zeroizing::new(Vec::with_capacity(typed.len() + ours.len()));
    if end == 0 && typed.ends_with(theirs) {
        out.extend_from_slice(&typed[..typed.len() - theirs.len()]);
        out.extend_from_slice(ours);
    } else if start == 0 && typed.starts_with(theirs) {
        out.extend_from_slice(ours);
        out.extend_from_slice(&typed[theirs.len()..]);
    } else {
        return typed;
    }
    out
}

/// The groups that were typed, with the wrapped keys that the file has for them.
fn wrapped_as(old: &KeyGroups, mut typed: KeyGroups) -> KeyGroups {
    let same = old.diff(&typed).is_empty();
    for (i, group) in typed.groups.iter_mut().enumerate() {
        for record in &mut group.records {
            let of_key = || {
                old.groups
                    .get(i)
                    .into_iter()
                    .flat_map(|group| &group.records)
                    .filter(|r| r.key.kind() == record.key.kind() && r.key.id() == record.key.id())
            };
            let kept = of_key().find(|old| old.wrapped == record.wrapped).or_else(|| of_key().next());
            record.wrapped = kept.filter(|_| same).and_then(|old| old.wrapped.clone());
        }
    }
    typed
}
