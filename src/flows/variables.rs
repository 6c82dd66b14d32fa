//! Opened files as variables of a child: names checked, later files over earlier ones (docs/threat-model.md, P17).

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;

use leafcrypt_formats::{Format, Part, Tree, display_parts};

use super::danger::{self, Danger};
use super::dialect::{self, Dialect, Unread};
use super::flattened::Flattening;
use crate::error::Error;
use crate::sealed_file::OpenFile;
use crate::world::World;

/// So many lines that cannot be read are told one by one.
const MOST_TOLD: usize = 10;

/// How values become variables.
#[derive(Clone, Debug)]
pub struct How {
    /// How quotes and escapes of an ENV file are read.
    pub dialect: Dialect,
    /// Nested maps as `A__B`, lists and empty maps as JSON; otherwise they are refused.
    pub flatten: bool,
    /// Names that may be set though they change how programs run.
    pub allowed: Vec<String>,
}

/// Variables in the order of their files; no `Debug`, for they hold plaintext.
#[derive(Default)]
pub struct Variables {
    found: Vec<(OsString, Option<OsString>)>,
    /// Where in `found` each name stands last.
    last: HashMap<OsString, usize>,
    /// Names that change how programs run, and are not allowed to: by the file's name.
    refused: Vec<(String, Vec<(String, Danger)>)>,
}

impl Variables {
    /// All of them; a later one of the same name counts. Without a value: the variable is not to be set, whoever has set it before.
    pub fn iter(&self) -> impl Iterator<Item = (&OsString, Option<&OsString>)> {
        self.found.iter().map(|(name, value)| (name, value.as_ref()))
    }

    /// Were all names allowed?
    ///
    /// # Errors
    /// Names that change how programs run: all of them at once.
    pub fn allowed(&self, how: &How) -> Result<(), Error> {
        if self.refused.is_empty() {
            return Ok(());
        }
        let what: Vec<String> = self.refused.iter().map(|(file, names)| format!("{file}: {}", danger::sentence(names))).collect();
        // With those that are allowed already: what is pasted stands in their place.
        let names = self.refused.iter().flat_map(|(_, names)| names).map(|(name, _)| name).chain(&how.allowed);
        let mut names: Vec<String> = names.cloned().collect();
        names.sort();
        names.dedup();
        Err(Error::Dangerous { what: what.join("; "), names })
    }

    /// Adds those of an opened file.
    ///
    /// # Errors
    /// A value that is none for a variable, or a name that is none.
    pub fn add(&mut self, file: &OpenFile<'_>, name: &str, how: &How, world: &World<'_>) -> Result<(), Error> {
        if file.format() == Format::Binary && !world.manners.sops_messages {
            return Err(Error::Whole { path: name.to_owned() });
        }
        let found: Vec<(Vec<u8>, Option<Vec<u8>>)> = if file.format() == Format::Dotenv && how.dialect != Dialect::Sops {
            let env = |wanted: &str| world.session.outside().env(wanted);
            let lookup = |wanted: &str| match self.last.get(OsStr::new(wanted)).map(|&at| &self.found[at].1) {
                // Docker Compose lets the environment win.
                Some(value) if how.dialect == Dialect::Compose => env(wanted).or_else(|| value.clone()),
                Some(value) => value.clone(),
                None => env(wanted),
            };
            let reading = dialect::read(file.plain(), how.dialect, &lookup)
                .map_err(|e| Error::Variable { path: format!("{name}: line {}", e.line), what: e.what.to_owned() })?;
            world.warn_of(name, unread(file, &reading.unread, how.dialect, world));
            reading.pairs.into_iter().map(|(key, value)| (key, Some(value))).collect()
        } else {
            let trees =
                file.trees(world.manners).map_err(|source| Error::Sealed { path: name.to_owned(), format: file.format(), source })?;
            let flattening = Flattening { file: name, format: file.format(), flatten: how.flatten };
            let mut found = flattening.collect(trees.first().unwrap_or(&Tree::Null))?;
            if world.manners.null_is_text {
                found.iter_mut().filter(|one| one.value.is_none()).for_each(|one| one.value = Some(b"<nil>".to_vec()));
            }
            let nulls: Vec<String> = found.iter().filter(|one| one.value.is_none()).map(|one| display_parts(&one.at)).collect();
            if !nulls.is_empty() {
                world.warn_of(name, [format!("null is no value, so the program gets no variable for {}", nulls.join(", "))]);
            }
            found.into_iter().map(|one| (one.name, one.value)).collect()
        };
        let (mut refused, mut known) = (Vec::new(), HashSet::new());
        for (key, value) in found {
            let danger = check(&key, value.as_deref(), name)?;
            let text = String::from_utf8_lossy(&key).into_owned();
            if danger != Danger::None && !how.allowed.contains(&text) && known.insert(text.clone()) {
                refused.push((text, danger));
            }
            let key = OsString::from_vec(key);
            self.last.insert(key.clone(), self.found.len());
            self.found.push((key, value.map(OsString::from_vec)));
        }
        if world.manners.sops_messages {
            let (loader, other): (Vec<_>, Vec<_>) = refused.into_iter().partition(|(_, danger)| *danger == Danger::Loader);
            for one in other {
                world.dialog.warn(&format!("{name}: {}", danger::sentence(&[one])));
            }
            refused = loader;
        }
        if !refused.is_empty() {
            self.refused.push((name.to_owned(), refused));
        }
        Ok(())
    }
}

/// What a dialect's reader passes over is told, as the reader itself does. Of it only a name is shown that stands in clear in the sealed file: the rest may
/// be a piece of a value.
fn unread(file: &OpenFile<'_>, unread: &[Unread], dialect: Dialect, world: &World<'_>) -> Vec<String> {
    if unread.is_empty() {
        return Vec::new();
    }
    let document = file.document(world.manners).ok();
    let leaves = document.as_ref().map(|document| document.leaves()).unwrap_or_default();
    let line = |Unread { line, span }: &Unread| {
        let leaf = leaves.iter().find(|leaf| span.contains(&(leaf.span.start as usize)) || leaf.span.start as usize == span.end);
        let name = leaf.zip(document.as_ref()).map(|(leaf, document)| format!(" ({})", document.paths().display(leaf.path)));
        let (name, reader) = (name.unwrap_or_default(), dialect.reader());
        format!(
            "line {line}{name}: {reader} cannot read this, and so the program does not get it; exec-env --dialect sops takes it as it stands"
        )
    };
    let mut lines: Vec<String> = unread.iter().take(MOST_TOLD).map(line).collect();
    if unread.len() > MOST_TOLD {
        lines.push(format!("{} more that {} cannot read", unread.len() - MOST_TOLD, dialect.reader()));
    }
    lines
}

/// A name and a value that a variable can have; and what the name can do.
fn check(key: &[u8], value: Option<&[u8]>, file: &str) -> Result<Danger, Error> {
    let shown = || display_parts(&[Part::Key(key.to_vec())]);
    let refuse = |what: String| Err(Error::Variable { path: file.to_owned(), what });
    if key.is_empty() || key.iter().any(|&b| b == b'=' || b < b' ' || b == 0x7f) {
        return refuse(format!("{} is no name of a variable", shown()));
    }
    if value.is_some_and(|value| value.contains(&0)) {
        return refuse(format!("{} holds a NUL, which no variable can", shown()));
    }
    Ok(danger::danger(&String::from_utf8_lossy(key)))
}
