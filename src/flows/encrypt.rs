//! A plain text, sealed for the recipients of its rule. What is sealed already is completed: `complete.rs`.

use std::borrow::Cow;
use std::path::Path;

use leafcrypt_formats::{CommentId, Document, Format, Mode, Printing, Shape, SyntaxError, Tree, utf16};

use super::extract::Printer;
use super::folded::{self, Held};
use super::own_key;
use super::repository;
use super::rules::{self, Given};
use super::target::{Done, Holds, Input, Output, Types, deliver, word};
use super::trust;
use super::uncovered::{self, Side};
use crate::config::{Config, ConfigError, Rule};
use crate::error::{ByComment, Error};
use crate::files;
use crate::manners::Manners;
use crate::seal::selection::Selection;
use crate::sealed_file::{OpenFile, SealError, SealedError, SealedFile, Wanted, has_lost_block, is_damaged, scan_options};
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
    /// `LEAFCRYPT_REQUIRE_WITNESS`: what is completed must be as it was sealed, and prove it.
    pub require_witness: bool,
}

impl Encrypt {
    /// Does it.
    ///
    /// # Errors
    /// The text does not parse, no rule fits, a key cannot wrap. Every file is as it was.
    pub fn run(&self, world: &World<'_>) -> Result<Done, Error> {
        let Some(name) = self.types.name_of(&self.input) else {
            return Err(Error::Nameless);
        };
        let mut text = self.input.read(self.types.input_of(&self.input, world.manners))?;
        let config = rules::load(Some(&name), &self.given, world)?;
        self.refuse_configuration(config.as_ref(), world)?;
        let (from, mut to) = (self.types.input_of(&self.input, world.manners), self.types.output_of(&self.input, world.manners));
        // SOPS's binary files are JSON with one key, and a document under such a name (`-e --input-type json /dev/stdin`) is JSON with all of them.
        if world.manners.sops_messages && to == Format::Binary && from != Format::Binary {
            to = Format::Json;
        }
        // A binary file's envelope is JSON, and holds what JSON's own text cannot.
        if from == Format::Binary && to == Format::Json && std::str::from_utf8(&text).is_err() {
            to = Format::Binary;
        }
        let formats = (from, to);
        let mut given = Cow::Borrowed(&self.given);
        if from == Format::Binary {
            // It has nothing to select, and two that differ are none the worse.
            given.to_mut().selectors.clear();
        }
        let (rule, error) = match rules::for_file(&name, &given, config.as_ref(), world) {
            Ok(rule) => match self.seal(&mut text, formats, &rule, config.as_ref(), world) {
                Ok(done) => return Ok(done),
                Err(error) => (Some(rule), error),
            },
            Err(error) => (None, error),
        };
        // A file that is sealed already needs no rule.
        let may_be_sealed = matches!(error, Error::AlreadySealed { .. } | Error::NoKeys | Error::Config(ConfigError::NoMatchingRule));
        if !(may_be_sealed && world.manners.completes_sealed && formats.0 == formats.1) {
            return Err(error);
        }
        match SealedFile::parse(formats.0, &text, world.manners) {
            Ok(sealed) => self.complete(sealed, &text, rule.as_ref(), world),
            // Of the block it has nothing but the name.
            Err(SealedError::NotSealed(_)) if matches!(error, Error::AlreadySealed { .. }) => {
                Err(Error::Reserved { path: self.input.name(), key: "sops".to_owned() })
            }
            Err(_) => Err(error),
        }
    }

    /// Sealed, a configuration could not be read by anybody; SOPS does it all the same.
    fn refuse_configuration(&self, config: Option<&Config>, world: &World<'_>) -> Result<(), Error> {
        let Input::File(path) = &self.input else { return Ok(()) };
        let whole = |path: &Path| crate::config::absolute(&rules::current(world), path);
        // By another name, too.
        let used = config.is_some_and(|config| whole(config.path()) == whole(path) || files::is_same(config.path(), path));
        if world.manners.sops_messages || !used && path.file_name().is_none_or(|name| name != ".sops.yaml") {
            return Ok(());
        }
        Err(Error::Usage(format!(
            "{}: this is the configuration, which is read in clear: it names recipients, and holds no secret",
            path.display()
        )))
    }

    fn seal(
        &self,
        text: &mut Vec<u8>,
        (from, to): (Format, Format),
        rule: &Rule,
        config: Option<&Config>,
        world: &World<'_>,
    ) -> Result<Done, Error> {
        world.warn(&rule.warnings);
        let path = self.input.name();
        refuse_utf16(from, text, world.manners).map_err(|source| Error::PlainSyntax { path: path.clone(), source })?;
        let how = Printing { indent: rules::indent(to, &self.given, config)?, ..Printing::default() };
        let is_one_value = from == Format::Binary;
        // A text that is one value has nothing to select, whatever it is written as.
        let selection = rule.selection.clone().filter(|_| !is_one_value);
        let (plain, folded) = self.plain(text, from, to, &how, &path, world)?;
        let held = folded::covered(folded, &plain, selection.as_ref(), world);
        let is_sealed = || SealedFile::parse(to, &plain, world.manners).is_ok_and(|sealed| !sealed.metadata().mac.is_empty());
        if to == Format::Binary && world.manners.knows_envelopes && is_sealed() {
            return Err(Error::AlreadySealed { path });
        }
        if let Some(selection) = rule.selection.as_ref().filter(|_| from != to && from != Format::Binary) {
            refuse_moved_comments([(from, text), (to, &plain)], selection, &path, world)?;
        }
        let selects = rule.selection.is_some() || self.given.selectors.iter().any(|(_, text)| !text.is_empty());
        if from == Format::Binary && selects {
            world.warn(["a selector makes no sense for a binary file, which is sealed whole; it is ignored"]);
        }
        if from == Format::Binary && to == Format::Binary && self.types.input.is_none() && world.manners.strict_types {
            world.warn(self.types.name_of(&self.input).and_then(|name| whole(&name, world.manners)));
        }
        if let Some(selection) =
            rule.selection.as_ref().filter(|s| from != Format::Binary && to.shape() != Shape::Nested && s.text.contains("\\n"))
        {
            return Err(ConfigError::NotStorable { field: selection.kind.name() }.into());
        }
        let wanted = Wanted {
            groups: rules::groups(rule, world)?,
            selection,
            mac_only_encrypted: rule.mac_only_encrypted && !is_one_value,
            indent: how.indent,
        };
        if has_lost_block(from, text, world.manners) {
            if !world.manners.sops_messages {
                return Err(Error::LostBlock { path });
            }
            world.warn(["values in this text are sealed, and its block `sops` is lost: they are sealed a second time"]);
        }
        own_key::refuse(&self.input, &self.output, text, rule, world)?;
        // Elsewhere its text stays to be read.
        let closed = matches!(self.output, Output::InPlace(_)).then(|| trust::closed_here(&wanted.groups, world)).flatten();
        let failed = |source: SealError| match source {
            SealError::AlreadySealed => Error::AlreadySealed { path: path.clone() },
            SealError::Syntax(source) => Error::PlainSyntax { path: path.clone(), source },
            source => Error::Seal { path: path.clone(), source: Box::new(source) },
        };
        // The text itself, not a copy; it comes back below, whatever happens.
        let itself = from == to;
        let plain = if itself {
            drop(plain);
            std::mem::take(text)
        } else {
            plain.into_owned()
        };
        let mut file = OpenFile::new(to, plain, wanted, world).map_err(failed)?;
        held.into_iter().for_each(|(at, value)| file.holds(&at, value));
        world.journal.record(Event::Encrypt, &path).map_err(Error::Audit)?;
        let sealed = file.seal(world).map_err(failed).map_err(|error| rules::of_threshold(error, rule, &self.given, config, world));
        if itself {
            *text = file.into_plain();
        }
        let sealed = sealed?;
        world.warn_of(&path, sealed.warnings);
        let known = self.known_to_git(to, world);
        let done = deliver(sealed.text, &self.output, Holds::Sealed, Some(text), world)?;
        world.warn_of(&path, known);
        world.warn_of(&path, closed);
        Ok(done)
    }

    /// What becomes of a secret that git has in clear already: sealing the file takes it from nobody.
    fn known_to_git(&self, format: Format, world: &World<'_>) -> Option<String> {
        let (Output::InPlace(_), Input::File(path), false) = (&self.output, &self.input, world.manners.sops_messages) else { return None };
        let staged = repository::staged(path, world)?;
        let is_plain =
            !staged.is_empty() && SealedFile::parse(format, &staged, world.manners).is_err_and(|why| !is_damaged(format, &staged, &why));
        is_plain.then(|| {
            let file = word(&self.input.name());
            format!("git has it in clear: git add {file}; and if it was ever committed, change the secrets that are in it")
        })
    }

    /// The text in the output's format, and the values as which it does not read. The same format: the text as it is.
    fn plain<'a>(
        &self,
        text: &'a [u8],
        from: Format,
        to: Format,
        how: &Printing,
        path: &str,
        world: &World<'_>,
    ) -> Result<(Cow<'a, [u8]>, Held), Error> {
        if from == to {
            return Ok((Cow::Borrowed(text), Held::new()));
        }
        let mut trees = if from == Format::Binary {
            vec![Tree::map([("data", Tree::text(text))])]
        } else {
            let document = Document::parse(from, text, &scan_options(Mode::Plain, world.manners));
            let document = document.and_then(|document| document.merge_marks().map_or(Ok(document), Err));
            let document = document.map_err(|source| Error::PlainSyntax { path: path.to_owned(), source })?;
            if !document.blocks().is_empty() {
                return Err(Error::AlreadySealed { path: path.to_owned() });
            }
            document.trees()
        };
        if trees.len() > 1 && matches!(to, Format::Json | Format::Dotenv) && !world.manners.strict_printing {
            world.warn([format!("only the first of {} documents is sealed: {} holds one", trees.len(), to.name())]);
            trees.truncate(1);
        }
        let folded = if to == Format::Dotenv { folded::taken(&mut trees) } else { Held::new() };
        // Under both names: the printed text is what is read and sealed.
        let printed = Printer { from, to, how: how.clone(), path, extract_alone: true, world }.documents(&trees);
        let printed = printed.map_err(|error| match error {
            Error::NoData { path, sealed_as, .. } => Error::NoData { path, sealed_as, sealing: true },
            other => other,
        })?;
        Ok((Cow::Owned(printed), folded))
    }
}

/// In another type comments may be printed at another place, or nowhere. Where they decide, what they covered would be in clear; where names do, they would be
/// themselves. SOPS goes by the tree that it prints.
fn refuse_moved_comments(texts: [(Format, &[u8]); 2], rule: &Selection, path: &str, world: &World<'_>) -> Result<(), Error> {
    let to = texts[1].0;
    // JSON has none.
    if !rule.kind.is_of_comments() && (to == Format::Json || *rule == Selection::default_rule()) {
        return Ok(());
    }
    let parse = |(format, text)| {
        let failed = |source| Error::PlainSyntax { path: path.to_owned(), source };
        Document::parse(format, text, &scan_options(Mode::Plain, world.manners)).map_err(failed)
    };
    let [source, printed] = texts.map(parse);
    let (source, printed) = (source?, printed?);
    let side = |document| Side { document, rule };
    if !rule.kind.is_of_comments() {
        let uncovered = uncovered::uncovered_lines(&[side(&source)], &side(&printed)).map_err(|why| trust::no_rule(path, why))?;
        let Some(first) = uncovered.first().map(|line| &printed.text()[line.clone()]) else { return Ok(()) };
        let mut lines = (0..source.comments().len() as u32).flat_map(|i| source.comment_lines(CommentId(i)));
        let line = lines.find(|line| source.text()[line.clone()] == *first).map_or(0, |line| line.start);
        let line = source.position(line as u32).0;
        return Err(Error::CommentElsewhere { path: path.to_owned(), line, to: to.name(), own: rule.to_string() });
    }
    let change = uncovered::Change {
        file: side(&source),
        seen: &[],
        after: side(&printed),
        creation: None,
        in_doubt: false,
        is_new: false,
        with_empties: false,
    };
    let uncovered = change.uncovers().map_err(|why| trust::no_rule(path, why))?;
    match uncovered.was_covered() {
        Some(at) => Err(Error::ClearByComment { path: path.to_owned(), at, own: rule.to_string(), why: ByComment::Covered }),
        None => Ok(()),
    }
}

/// An ENV file in UTF-16 would be sealed line by line, under names that no program finds. SOPS refuses nearly every one of them, and says otherwise why.
pub(super) fn refuse_utf16(format: Format, text: &[u8], manners: &Manners) -> Result<(), SyntaxError> {
    match utf16(text).filter(|_| format == Format::Dotenv && manners.own_dialect) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// `.env.prod`, `env.prod` and `secrets.yaml.enc` hold values, but are sealed whole, as SOPS does.
fn whole(name: &Path, manners: &Manners) -> Option<String> {
    let name = name.file_name()?.to_str()?;
    let words = name.split('.').filter(|word| *word != name);
    let inner = words.map(|word| Format::of_name(&format!(".{word}"), manners.knows_toml)).find(|f| *f != Format::Binary)?.name();
    Some(format!("sealed whole, since the name tells no type; --input-type {inner} --output-type {inner} seals single values"))
}
