//! Who can read what, by key and by name. Needs no key.

use std::path::PathBuf;

use leafcrypt_kms::MasterKey;

use super::many;
use super::rules::{self, Given};
use super::target::{Input, Types};
use super::trust;
use crate::config::Config;
use crate::error::Error;
use crate::sealed_file::{SealedError, SealedFile};
use crate::world::World;

/// One who can read a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The kind of key: `age`, `pgp` ...
    pub kind: &'static str,
    /// The key, in its string form.
    pub id: String,
    /// The name that a comment in `.sops.yaml` gives it.
    pub name: Option<String>,
}

impl Reader {
    /// Whose key this is.
    pub fn of(key: &dyn MasterKey, config: Option<&Config>) -> Self {
        let name = config.and_then(|config| config.name_of(key.id())).map(str::to_owned);
        Reader { kind: key.kind().name(), id: key.id().to_owned(), name }
    }

    /// For programs.
    pub fn as_json(&self) -> serde_json::Value {
        serde_json::json!({ "kind": self.kind, "id": self.id, "name": self.name })
    }
}

/// Who can read one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readers {
    /// The file.
    pub file: String,
    /// The key groups; the number of a group, from 0, is what `groups delete` takes.
    pub groups: Vec<Vec<Reader>>,
    /// So many groups must open; 1 with a single group.
    pub threshold: usize,
    /// The creation rule names others by now; none: there is no rule for the file.
    pub outdated: Option<bool>,
}

/// Lists them; files in folders that are not sealed are passed over.
///
/// # Errors
/// A named file cannot be read or is not sealed.
pub fn list(paths: &[PathBuf], types: &Types, given: &Given, world: &World<'_>) -> Result<Vec<Readers>, Error> {
    let mut all = Vec::new();
    for file in many::in_turn(&many::files(paths, true)?, world) {
        let input = Input::File(file.path.clone());
        let text = input.read()?;
        let format = types.input_of(&input, world.manners);
        let sealed = match SealedFile::parse(format, &text, world.manners) {
            Ok(sealed) => sealed,
            Err(SealedError::NotSealed(_) | SealedError::Syntax(_)) if file.found => continue,
            Err(source) => return Err(Error::Sealed { path: input.name(), format, source }),
        };
        let config = rules::load(Some(&file.path), given, world)?;
        let wanted = trust::rule_of(&file.path, config.as_ref(), world)?.map(|rule| trust::recipients(&rule));
        let groups = &sealed.metadata().groups;
        let reader = |record: &crate::keys::Record| Reader::of(&*record.key, config.as_ref());
        all.push(Readers {
            file: input.name(),
            groups: groups.groups.iter().map(|group| group.records.iter().map(reader).collect()).collect(),
            threshold: groups.needed(),
            outdated: wanted.map(|wanted| !groups.same_recipients(&wanted)),
        });
    }
    Ok(all)
}

/// For people.
pub fn as_text(all: &[Readers]) -> String {
    let mut out = String::new();
    for readers in all {
        out.push_str(&readers.file);
        if readers.groups.len() > 1 {
            out.push_str(&format!(" (any {} of {} groups)", readers.threshold, readers.groups.len()));
        }
        if readers.outdated == Some(true) {
            out.push_str(" (its creation rule names others by now: updatekeys)");
        }
        out.push('\n');
        for (i, group) in readers.groups.iter().enumerate() {
            if readers.groups.len() > 1 {
                out.push_str(&format!("  group {i}\n"));
            }
            for Reader { kind, id, name } in group {
                let name = name.as_ref().map(|name| format!("  ({name})")).unwrap_or_default();
                out.push_str(&format!("  {kind} {id}{name}\n"));
            }
        }
    }
    out
}

/// For programs.
pub fn as_json(all: &[Readers]) -> String {
    let file = |readers: &Readers| {
        let groups: Vec<Vec<_>> = readers.groups.iter().map(|group| group.iter().map(Reader::as_json).collect()).collect();
        serde_json::json!({ "file": readers.file, "groups": groups, "threshold": readers.threshold, "outdated": readers.outdated })
    };
    let all: Vec<_> = all.iter().map(file).collect();
    format!("{:#}\n", serde_json::Value::Array(all))
}
