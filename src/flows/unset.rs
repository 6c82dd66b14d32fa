//! Open, remove a branch, seal.

use std::cell::OnceCell;

use super::branch::{Branch, Did, must_exist};
use super::change::InPlace;
use super::rules::Given;
use super::set::path_of;
use super::target::{Destination, Done, Input, Types};
use crate::error::Error;
use crate::sealed_file::{OpenFile, OpenHow};
use crate::world::World;

/// What SOPS says of a path that is none.
pub const BAD_INDEX: &str = "Invalid unset index format";

/// A removal of one branch.
pub struct Unset<'a> {
    /// The file, changed in place.
    pub to: Destination,
    /// As what.
    pub types: Types,
    /// `["a"]["b"]`, as typed.
    pub path: String,
    /// Nothing there is no error.
    pub idempotent: bool,
    /// Which configuration; nothing else is given to `unset`.
    pub given: Given,
    /// How to open.
    pub how: OpenHow<'a>,
}

impl Unset<'_> {
    /// Does it.
    ///
    /// # Errors
    /// The path is no path, or nothing is there. The file is as it was.
    pub fn run(&self, world: &World<'_>) -> Result<Done, Error> {
        let path = &self.to.path;
        let at = path_of(&self.path, BAD_INDEX)?;
        let branch = Branch {
            path,
            rule_name: self.types.name.as_ref().unwrap_or(path),
            at: &at,
            tree: None,
            given: &self.given,
            rule: OnceCell::new(),
        };
        let apply = |file: &mut OpenFile<'_>| match branch.apply(file, world) {
            Ok(did) => Ok(did == Did::Changed),
            Err(Error::NotSet { missing: true, .. }) if self.idempotent => Ok(false),
            Err(error) => Err(error),
        };
        let input = Input::File(path.clone());
        let format = self.types.of_changed(&input, world.manners);
        let note = format!("{}: there is nothing to remove", input.name());
        InPlace { path, format, how: &self.how, write_through: self.to.write_through }
            .change(&apply, &note, world)
            .map_err(|error| must_exist(error, path))
    }
}
