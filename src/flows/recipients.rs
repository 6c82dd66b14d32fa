//! Who can read what, by key and by name. Needs no key.

use std::path::PathBuf;

use leafcrypt_formats::{json, one_line};
use leafcrypt_kms::{MasterKey, without_private_keys};

use super::many::{self, Named};
use super::rules::{self, Given};
use super::target::{Input, Types};
use super::trust;
use crate::config::Config;
use crate::error::Error;
use crate::sealed_file::{SealedFile, is_damaged};
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
    /// Whose key this is. A private key in place of an id or of a name is not shown (P15).
    pub fn of(key: &dyn MasterKey, config: Option<&Config>) -> Self {
        let shown = |text: &str| without_private_keys(text).into_owned();
        let name = config.and_then(|config| config.name_of(key.id())).map(shown);
        Reader { kind: key.kind().name(), id: shown(key.id()), name }
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
    /// The creation rule names others by now, or another number of groups that must open; none: there is no rule for the file.
    pub outdated: Option<bool>,
    /// That number, by the rule, where it is all that differs.
    pub wanted: Option<usize>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Listed {
    /// Who can read which file.
    pub files: Vec<Readers>,
    /// What was named and cannot be read or is not sealed; what was found in a folder, looks sealed, and cannot be read; folders that cannot be read.
    pub failed: Vec<(String, Error)>,
}

impl Listed {
    /// What failed, as one.
    pub fn error(&mut self) -> Option<Error> {
        let mut errors: Vec<Error> = self.failed.drain(..).map(|(_, error)| error).collect();
        match errors.len() {
            0 | 1 => errors.pop(),
            n => Some(Error::Several { what: format!("{n} files cannot be read"), errors }),
        }
    }
}

/// Lists them; files in folders that are not sealed are passed over.
///
/// # Errors
/// A folder cannot be read. What is wrong with a file stands beside the others.
pub fn list(paths: &[PathBuf], types: &Types, given: &Given, world: &World<'_>) -> Result<Listed, Error> {
    let mut listed = Listed::default();
    let many = many::files(paths, true);
    listed.failed.extend(many.unread);
    for file in many::in_turn(&many.files, world) {
        match one(file, types, given, world) {
            Ok(readers) => listed.files.extend(readers),
            Err(error) => listed.failed.push((file.path.display().to_string(), error)),
        }
    }
    Ok(listed)
}

/// `None`: found in a folder, and not sealed.
fn one(file: &Named, types: &Types, given: &Given, world: &World<'_>) -> Result<Option<Readers>, Error> {
    let input = Input::File(file.path.clone());
    let format = types.input_of(&input, world.manners);
    let Some(text) = file.read(format)? else { return Ok(None) };
    let sealed = match SealedFile::parse(format, &text, world.manners) {
        Ok(sealed) => sealed,
        Err(source) if file.found && !is_damaged(format, &text, &source) => return Ok(None),
        Err(source) => return Err(Error::Sealed { path: input.name(), format, source }),
    };
    let config = rules::load_if_trusted(Some(&file.path), given, world)?;
    let wanted = trust::rule_of(&file.path, config.as_ref(), world)?.map(|rule| trust::recipients(&rule));
    let groups = &sealed.metadata().groups;
    let reader = |record: &crate::keys::Record| Reader::of(&*record.key, config.as_ref());
    Ok(Some(Readers {
        file: input.name(),
        groups: groups.groups.iter().map(|group| group.records.iter().map(reader).collect()).collect(),
        threshold: groups.needed(),
        outdated: wanted.as_ref().map(|wanted| !groups.same_readers(wanted)),
        wanted: wanted.filter(|wanted| groups.same_recipients(wanted)).map(|wanted| wanted.needed()).filter(|&n| n != groups.needed()),
    }))
}

/// For people.
pub fn as_text(all: &[Readers]) -> String {
    let mut out = String::new();
    for readers in all {
        out.push_str(&one_line(&readers.file));
        if readers.groups.len() > 1 {
            out.push_str(&format!(" (any {} of {} groups)", readers.threshold, readers.groups.len()));
        }
        if let Some(wanted) = readers.wanted {
            out.push_str(&format!(" (its creation rule has {wanted} that must open by now: updatekeys)"));
        } else if readers.outdated == Some(true) {
            out.push_str(" (its creation rule names others by now: updatekeys)");
        }
        out.push('\n');
        for (i, group) in readers.groups.iter().enumerate() {
            if readers.groups.len() > 1 {
                out.push_str(&format!("  group {i}\n"));
            }
            for Reader { kind, id, name } in group {
                let name = name.as_ref().map(|name| format!("  ({name})")).unwrap_or_default();
                out.push_str(&format!("{}\n", one_line(&format!("  {kind} {id}{name}"))));
            }
        }
    }
    out
}

/// For programs: what failed stands at the end.
pub fn as_json(listed: &Listed) -> String {
    let file = |readers: &Readers| {
        let groups: Vec<Vec<_>> = readers.groups.iter().map(|group| group.iter().map(Reader::as_json).collect()).collect();
        serde_json::json!({ "file": readers.file, "groups": groups, "threshold": readers.threshold, "outdated": readers.outdated, "error": null })
    };
    let failed = |(path, error): &(String, Error)| serde_json::json!({ "file": path, "groups": null, "threshold": null, "outdated": null, "error": without_private_keys(&error.to_string()) });
    let all: Vec<_> = listed.files.iter().map(file).chain(listed.failed.iter().map(failed)).collect();
    json(&format!("{:#}\n", serde_json::Value::Array(all))).into_owned()
}
