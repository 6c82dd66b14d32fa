//! Open, set a branch, seal. What is missing on the way is made; the text around it stays.

use std::cell::{OnceCell, RefCell};
use std::collections::HashSet;
use std::path::Path;

use leafcrypt_formats::{Format, Item, Member, Part, PathId, Tree, Unwritable, display_parts, parse_path};
use zeroize::Zeroizing;

pub use super::branch::read_json;
use super::branch::{Branch, Did, must_exist};
use super::change::{InPlace, seal};
use super::decrypt::open;
use super::exported;
use super::otherwise;
use super::random::Recipe;
use super::rules::{self, Given};
use super::target::{Done, Holds, Input, Output, Types, deliver};
use super::trust::no_rule;
use crate::error::Error;
use crate::seal::policy::Policy;
use crate::seal::selection::Selection;
use crate::sealed_file::{OpenFile, OpenHow, SealedFile};
use crate::world::World;

/// Where a value comes from.
#[derive(Debug)]
pub enum NewValue {
    /// One JSON text.
    Json(Zeroizing<String>),
    /// A string, typed by somebody.
    Text(Zeroizing<String>),
    /// A new secret.
    Random(Recipe),
}

/// A change of one branch.
pub struct Set<'a> {
    /// The file.
    pub input: Input,
    /// Usually the file.
    pub output: Output,
    /// As what.
    pub types: Types,
    /// `["a"]["b"]`, as typed.
    pub path: String,
    /// The new value.
    pub value: NewValue,
    /// As `sops`: an equal value writes nothing. With a random value: what is there stays.
    pub idempotent: bool,
    /// SOPS's `--set "PATH VALUE"`: there has to be a creation rule.
    pub legacy: bool,
    /// Which configuration; nothing else is given to `set`.
    pub given: Given,
    /// How to open.
    pub how: OpenHow<'a>,
}

/// What SOPS says of a path that is none.
pub const BAD_INDEX: &str = "Invalid set index format";

/// Looks at the file before somebody types the value, which would be lost.
///
/// # Errors
/// It is not there, or not sealed.
pub fn ready(input: &Input, types: &Types, world: &World<'_>) -> Result<(), Error> {
    let format = types.input_of(input, world.manners);
    let text = input.read(format).map_err(|error| must_exist(error, Path::new(&input.name())))?;
    match SealedFile::parse(format, &text, world.manners) {
        Ok(_) => Ok(()),
        Err(source) => Err(Error::Sealed { path: input.name(), format, source }),
    }
}

impl Set<'_> {
    /// Does it.
    ///
    /// # Errors
    /// The path is no path, the value no JSON, or the format cannot hold it there. The file is as it was.
    pub fn run(&self, world: &World<'_>) -> Result<Done, Error> {
        let Input::File(path) = &self.input else { return Err(Error::NoFile) };
        let format = if self.legacy { "Invalid --set format" } else { BAD_INDEX };
        let at = path_of(&self.path, format)?;
        let tree = self.tree(world)?;
        let (name, rule_name) = (self.input.name(), self.types.name.as_ref().unwrap_or(path));
        if self.legacy && world.manners.sops_messages {
            let config = rules::load(Some(rule_name), &self.given, world)?;
            match rules::for_file(rule_name, &self.given, config.as_ref(), world) {
                // No configuration, or one without rules.
                Ok(_) | Err(Error::NoKeys) => {}
                Err(error) => return Err(error),
            }
        }
        let branch = Branch { path, rule_name, at: &at, tree: Some(&tree), given: &self.given, rule: OnceCell::new() };
        let stays = self.idempotent && matches!(self.value, NewValue::Random(_));
        let told = RefCell::new(Vec::new());
        let apply = |file: &mut OpenFile<'_>| {
            if stays && is_there(file, &at, world)? {
                return Ok(false);
            }
            let lost = lost(file, &at, world);
            let did = branch.apply(file, world).map_err(|error| doubled(error, &tree))?;
            self.refuse_clear(file, &at, &name, world)?;
            // Of the last time, if it is done again.
            told.replace(otherwise::told(file, &at, &tree, world));
            told.borrow_mut().extend(lost);
            match did {
                Did::Changed => {}
                Did::Nothing if world.manners.typed_set || self.idempotent => return Ok(false),
                // SOPS writes a new date and MAC all the same.
                Did::Nothing => file.renew_mac(),
            }
            Ok(true)
        };
        let format = self.types.of_changed(&self.input, world.manners);
        let done = if let Output::InPlace(to) = &self.output {
            let note = format!("{name}: that value is there already");
            InPlace { path, format, how: &self.how, write_through: to.write_through }
                .change(&apply, &note, world)
                .map_err(|error| must_exist(error, path))?
        } else {
            let text = self.input.read(format).map_err(|error| must_exist(error, path))?;
            let mut file = open(&name, format, &text, None, &self.how, world)?;
            let sealed = if apply(&mut file)? { seal(&name, &file, world)? } else { text.to_vec() };
            deliver(sealed, &self.output, Holds::Sealed, None, world)?
        };
        world.warn_of(&name, told.into_inner());
        Ok(done)
    }

    /// What nobody is to see does not stand in clear, for a name that is mistyped, or that the rule does not know (P10): a new secret never, what was typed without an
    /// echo if somebody says so. By SOPS's default names say it themselves.
    fn refuse_clear(&self, file: &OpenFile<'_>, at: &[Part], name: &str, world: &World<'_>) -> Result<(), Error> {
        let rule = file.settings().rule();
        if matches!(self.value, NewValue::Json(_)) || file.format() == Format::Binary || rule == Selection::default_rule() {
            return Ok(());
        }
        let failed = |source| Error::PlainSyntax { path: name.to_owned(), source };
        let document = file.document(world.manners).map_err(failed)?;
        let covers = Policy::new(&rule).map_err(|why| no_rule(name, why))?.coverage(&document).leaves;
        let is_here = |path| {
            let parts = document.paths().parts(path);
            parts == at
                || matches!((&parts[..], at), ([Part::Key(found)], [Part::Key(wanted)]) if exported::exported(found) == Some(wanted))
        };
        if !document.leaves().iter().zip(covers).any(|(leaf, covered)| !covered && is_here(leaf.path)) {
            return Ok(());
        }
        let error = Error::SeenByAll { path: name.to_owned(), at: display_parts(at), own: rule.to_string() };
        let is_typed = matches!(self.value, NewValue::Text(_));
        let is_meant = is_typed && world.dialog.confirm(&format!("{error}. Write it there?")) == Some(true);
        if is_meant { Ok(()) } else { Err(error) }
    }

    fn tree(&self, world: &World<'_>) -> Result<Tree, Error> {
        Ok(match &self.value {
            NewValue::Json(json) => read_json(json, world.manners.typed_set)?,
            NewValue::Text(text) => Tree::text(text.as_bytes()),
            NewValue::Random(recipe) => Tree::text(recipe.make(world.random)?.as_bytes()),
        })
    }
}

/// A path as it was typed.
///
/// # Errors
/// It is none, or empty; `format` is what SOPS says of it.
pub fn path_of(text: &str, format: &str) -> Result<Vec<Part>, Error> {
    let at = parse_path(text).map_err(|why| Error::BadSetPath { format: format.to_owned(), why: why.to_string() })?;
    if at.is_empty() {
        return Err(Error::BadSetPath { format: format.to_owned(), why: "the path is empty".to_owned() });
    }
    Ok(at)
}

/// What a path that was mistyped does: a value in the middle of it makes way for a map or a list, and an item far behind a list's end is its next one.
fn lost(file: &OpenFile<'_>, at: &[Part], world: &World<'_>) -> Option<String> {
    let document = file.sealed_document().filter(|_| !world.manners.sops_messages && at.len() > 1)?;
    let paths = document.paths();
    let all = || (1..paths.len() as u32).map(PathId);
    let is = |path: PathId, part: &Part| match part {
        Part::Key(name) => paths.name(path) == Some(name),
        Part::Index(n) => paths.position(path) == Some(*n),
    };
    let mut path = PathId::ROOT;
    for (n, part) in at.iter().enumerate() {
        if let (Part::Index(index), true) = (part, n + 1 == at.len()) {
            let items = all().filter(|item| paths.parent(*item) == path && paths.position(*item).is_some()).count();
            let list = display_parts(&at[..n]);
            return (items > 0 && *index > items)
                .then(|| format!("{list} has {items} items, so what was set is item {items} of it, not {index}"));
        }
        if n + 1 == at.len() {
            return None;
        }
        path = all().find(|below| paths.parent(*below) == path && is(*below, part))?;
        if document.leaves().iter().any(|leaf| leaf.path == path && leaf.document == 0) {
            let value = display_parts(&at[..=n]);
            return Some(format!("the value that was at {value} is gone: what was set stands in its place"));
        }
    }
    None
}

/// JSON alone takes a map with a name that stands twice in it; what is said of the others is said of the text, where the map is at fault.
fn doubled(error: Error, tree: &Tree) -> Error {
    fn is_doubled(tree: &Tree) -> bool {
        match tree {
            Tree::Map(members) => {
                let entries = || {
                    members.iter().filter_map(|member| match member {
                        Member::Entry(name, below) => Some((name, below)),
                        Member::Comment(_) => None,
                    })
                };
                let mut names = HashSet::new();
                entries().any(|(name, _)| !names.insert(name)) || entries().any(|(_, below)| is_doubled(below))
            }
            Tree::List(items) => items.iter().any(|item| matches!(item, Item::Value(below) if is_doubled(below))),
            Tree::Null | Tree::Value(_) => false,
        }
    }
    match error {
        Error::Unholdable { path, source } if is_doubled(tree) => {
            Error::Unholdable { path, source: Unwritable { what: "a name stands twice in what was to be set".to_owned(), ..source } }
        }
        error => error,
    }
}

/// Is there a value, where `set` would put one?
fn is_there(file: &OpenFile<'_>, at: &[Part], world: &World<'_>) -> Result<bool, Error> {
    let trees = file.trees(world.manners).map_err(|source| Error::Sealed { path: String::new(), format: file.format(), source })?;
    Ok(trees.first().is_some_and(|tree| {
        let exported = exported::there(file.format(), exported::of_tree(tree), at, world.manners);
        tree.at(exported.as_deref().unwrap_or(at)).is_ok_and(|found| *found != Tree::Null)
    }))
}
