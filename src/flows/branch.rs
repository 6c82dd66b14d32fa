//! One place of an opened file changed: what `set` and `unset` share. And the value of `set` as it is given: one JSON text.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::path::Path;

use leafcrypt_formats::{
    Change, Document, EditError, Floats, Format, Item, Kind, LeafId, Member, Part, PathId, PlainText, SyntaxClass, Tree, Value,
    display_parts, unfold_newlines,
};
use zeroize::Zeroizing;

use super::counted;
use super::exported;
use super::rules::{self, Given};
use super::trust;
use super::uncovered::{self, Side};
use crate::config::Rule;
use crate::error::Error;
use crate::seal::selection::Selection;
use crate::sealed_file::OpenFile;
use crate::world::World;

/// A change at one path of a file.
pub struct Branch<'a> {
    /// The file.
    pub path: &'a Path,
    /// The name that rules go by.
    pub rule_name: &'a Path,
    /// Where in it.
    pub at: &'a [Part],
    /// What happens there; none: it goes.
    pub tree: Option<&'a Tree>,
    /// Which configuration; nothing else is given to these commands.
    pub given: &'a Given,
    /// The creation rule. Looked for once the file has opened, and not again under its lock.
    pub rule: OnceCell<Option<Rule>>,
}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// The plain text is another.
    Changed,
    /// It is as it was.
    Nothing,
}

impl Branch<'_> {
    /// Does it.
    ///
    /// # Errors
    /// The path does not fit, the format cannot hold the value, or it would stand in clear.
    pub fn apply(&self, file: &mut OpenFile<'_>, world: &World<'_>) -> Result<Did, Error> {
        let rule = match self.rule.get() {
            Some(rule) => rule,
            None => {
                let config = rules::load(Some(self.rule_name), self.given, world)?;
                let rule = trust::rule_of(self.rule_name, config.as_ref(), world)?;
                self.rule.get_or_init(|| rule)
            }
        };
        trust::vouch(file, rule.as_ref());
        if let Some((value, read)) = self.read_otherwise(file, world) {
            let branch = Branch { tree: Some(&Tree::text(&*read)), rule: OnceCell::new(), ..*self };
            file.replace(branch.changed(file, rule.as_ref(), world)?.0);
            file.holds(self.at, value.clone());
            file.renew_mac();
            return Ok(Did::Changed);
        }
        let (plain, exported) = self.changed(file, rule.as_ref(), world)?;
        let at = exported.as_deref().unwrap_or(self.at);
        let given = self.tree.is_some() && file.sets(at);
        let typed = self.typed(file, at, world);
        let is_another = || {
            let trees = if typed.is_empty() { Vec::new() } else { file.trees(world.manners).unwrap_or_default() };
            let there = |at: &[Part]| trees.first().and_then(|tree| tree.at(at).ok());
            typed.iter().any(|(at, value)| !matches!(there(at), Some(Tree::Value(there)) if there.same(value)))
        };
        if *plain == *file.plain() && !given && !is_another() {
            return Ok(Did::Nothing);
        }
        file.replace(plain);
        typed.into_iter().for_each(|(at, value)| file.holds(&at, value));
        Ok(Did::Changed)
    }

    /// As `sops`: INI has texts only, but what is set, also as an entry of a section, has the type that was given in its token: by it `--extract` and JSON
    /// print a number, and a text that stands in the place of one is printed as such.
    fn typed(&self, file: &OpenFile<'_>, at: &[Part], world: &World<'_>) -> Vec<(Vec<Part>, Value)> {
        let is_typed = file.format() == Format::Ini && !world.manners.typed_set;
        // Neither maps nor texts of INI have positions: nothing is set there.
        let is_place = !at.iter().any(|part| matches!(part, Part::Index(_)));
        let Some(tree) = self.tree.filter(|_| is_typed && is_place) else { return Vec::new() };
        let below = tree.entries().map(|(name, tree)| ([at, &[Part::Key(name.to_vec())]].concat(), tree));
        let all = std::iter::once((at.to_vec(), tree)).chain(below);
        all.filter_map(|(at, tree)| if let Tree::Value(value) = tree { Some((at, value.clone())) } else { None }).collect()
    }

    /// As `sops`: ENV stores the two characters `\n`, although its text reads as a line feed there. The value, and as what it reads.
    fn read_otherwise(&self, file: &OpenFile<'_>, world: &World<'_>) -> Option<(&Value, Zeroizing<Vec<u8>>)> {
        match (self.at, self.tree) {
            ([Part::Key(_)], Some(Tree::Value(value @ Value::Str(text))))
                if file.format() == Format::Dotenv && !world.manners.typed_set =>
            {
                let read = unfold_newlines(text.as_slice());
                (*read != *text.as_slice()).then_some((value, read))
            }
            _ => None,
        }
    }

    /// The new text, and where the path leads if that is another place than was typed.
    fn changed(&self, file: &OpenFile<'_>, rule: Option<&Rule>, world: &World<'_>) -> Result<(PlainText, Option<Vec<Part>>), Error> {
        let (name, manners) = (self.path.display().to_string(), world.manners);
        if file.format() == Format::Binary {
            return Ok((self.binary()?, None));
        }
        let options = file.scan_options(manners);
        let syntax = |source| Error::PlainSyntax { path: name.clone(), source };
        let document = file.document(manners).map_err(syntax)?;
        let lines = exported::lines(&document);
        let exported = match self.tree {
            Some(_) => exported::there_or_new(file.format(), lines, self.at, manners),
            None => exported::there(file.format(), lines, self.at, manners),
        };
        // What SOPS has sealed as JSON has comments as items, which are left out where it is opened.
        let sealed = file.sealed_document().filter(|_| file.format() == Format::Json);
        let counting = sealed.unwrap_or(&document);
        let has_comments = !counting.comments().is_empty();
        let tree = || has_comments.then(|| counting.trees().into_iter().next().map(Cow::Owned)).flatten();
        let counted = counted::there(file.format(), tree, self.at, true, manners).map_err(|depth| Error::SetRefused {
            path: name.clone(),
            what: format!("{} is a comment, which SOPS counts as an item", display_parts(&self.at[..=depth])),
        })?;
        let exported = exported.or(counted);
        let at = exported.as_deref().unwrap_or(self.at);
        if self.tree.is_some()
            && let Some(Part::Key(key)) = at.first()
            && is_reserved(file.format(), key)
        {
            return Err(Error::Reserved { path: name, key: String::from_utf8_lossy(key).into_owned() });
        }
        let change = self.tree.map_or(Change::Remove, Change::Set);
        let floats = if manners.typed_set { Floats::Stay } else { Floats::AsSops };
        let new = match document.edit(at, change, floats, &options) {
            Ok(new) => new,
            // SOPS looks for a name that is this number, finds none, and writes the file as it is.
            Err(EditError::PositionInMap { .. }) if !manners.typed_set => return Ok((file.plain().to_vec().into(), None)),
            // Where a format has no lists, its editor says that first.
            Err(EditError::Unwritable(_)) if !manners.typed_set && self.tree.is_some() && position_in_map(&document, at) => {
                return Ok((file.plain().to_vec().into(), None));
            }
            Err(error) => return Err(refused(error, name, at)),
        };
        let own = file.settings().rule();
        let creation = rule.map(|rule| Selection::in_force(rule.selection.as_ref()));
        let side = |document| Side { document, rule: &own };
        // Where comments decide, they do not go: what they would uncover is refused.
        let new = match own.kind.is_of_comments() {
            true => new,
            false => {
                let paths = document.paths();
                let was_there = || (1..paths.len() as u32).any(|path| paths.parts(PathId(path)) == at);
                uncovered::without_uncovered(&[side(&document)], new, &own, &options, &name, was_there, world)?
            }
        };
        // Where names decide, and the rule is the creation rule's, no value is uncovered.
        if own.kind.is_of_comments() || creation.as_ref().is_some_and(|creation| *creation != own) {
            let after = new.document(file.format(), &options).map_err(syntax)?;
            let change = uncovered::Change {
                file: side(&document),
                seen: &[],
                after: side(&after),
                creation: creation.as_ref(),
                in_doubt: file.comments_in_doubt(),
                is_new: false,
                with_empties: true,
            };
            trust::refuse_uncovered(&change, &name, world)?;
        }
        Ok((new, exported))
    }

    /// A binary file has one value.
    fn binary(&self) -> Result<PlainText, Error> {
        match (self.at, self.tree) {
            ([Part::Key(key)], Some(Tree::Value(Value::Str(bytes)))) if key == b"data" => Ok(bytes.as_slice().to_vec().into()),
            // Nothing else can be there.
            ([Part::Key(key)], None) if key != b"data" => Err(Error::NotSet {
                path: self.path.display().to_string(),
                what: format!("there is nothing at {}", display_parts(self.at)),
                sops: format!("Key not found: {}", String::from_utf8_lossy(key)),
                missing: true,
            }),
            _ => Err(Error::SetRefused {
                path: self.path.display().to_string(),
                what: "a binary file has one value, [\"data\"], and it is a string".to_owned(),
            }),
        }
    }
}

/// Does a position stand where an ENV or INI text has a map?
fn position_in_map(document: &Document<'_>, at: &[Part]) -> bool {
    let is_section = |name: &[u8]| {
        let trees = document.trees();
        trees.first().and_then(|tree| tree.get(std::str::from_utf8(name).ok()?)).is_some_and(|found| matches!(found, Tree::Map(_)))
    };
    match at {
        [Part::Index(_), ..] => true,
        [Part::Key(name), Part::Index(_), ..] => is_section(name),
        _ => false,
    }
}

/// Names that are the metadata's.
fn is_reserved(format: Format, key: &[u8]) -> bool {
    if format == Format::Dotenv { key.starts_with(b"sops_") } else { key == b"sops" }
}

fn refused(error: EditError, path: String, at: &[Part]) -> Error {
    let name = |part: &Part| match part {
        Part::Key(name) => String::from_utf8_lossy(name).into_owned(),
        Part::Index(n) => n.to_string(),
    };
    match error {
        EditError::Unwritable(source) => Error::Unholdable { path, source },
        EditError::NotThere { at: shown, depth } => {
            let sops = match &at[depth] {
                Part::Key(name) => format!("Key not found: {}", String::from_utf8_lossy(name)),
                Part::Index(n) => format!("Index {n} out of bounds"),
            };
            Error::NotSet { path, what: format!("there is nothing at {shown}"), sops, missing: true }
        }
        EditError::Leaf { at: shown, depth, kind } => {
            let kind = match kind {
                "str" => "string",
                "float" => "float64",
                "time" => "time.Time",
                "null" => "<nil>",
                other => other,
            };
            let sops = format!("Unsupported type: {kind} for item '{}'", name(&at[depth]));
            Error::NotSet { path, what: format!("{shown} is neither a map nor a list"), sops, missing: false }
        }
        other => Error::SetRefused { path, what: other.to_string() },
    }
}

/// These commands say 2 for a file that is not there, where others say 100.
pub(super) fn must_exist(error: Error, file: &Path) -> Error {
    match error {
        Error::Read { path, source: crate::files::ReadError::NotFound } if path == file.display().to_string() => {
            Error::NothingToChange { path }
        }
        other => other,
    }
}

/// One JSON text as a branch. As `sops` a number alone is a float, and lists are refused.
///
/// # Errors
/// No JSON; a number with more digits than we can hold; a list.
pub fn read_json(json: &str, typed: bool) -> Result<Tree, Error> {
    let text = Zeroizing::new([&b"{\"\":"[..], json.as_bytes(), b"}"].concat());
    let options = leafcrypt_formats::ScanOptions::PLAIN;
    let document = Document::parse(Format::Json, &text, &options).map_err(|why| match why.class {
        SyntaxClass::OutsideModel => Error::NotHeld { what: why.what },
        _ => Error::BadSetValue,
    })?;
    let mut trees = document.trees();
    let members = match trees.pop() {
        // A comma in the text would have made more than one.
        Some(Tree::Map(members)) if members.len() == 1 => members,
        _ => return Err(Error::BadSetValue),
    };
    let Some(Member::Entry(_, tree)) = members.into_iter().next() else { return Err(Error::BadSetValue) };
    if typed {
        for (i, leaf) in document.leaves().iter().enumerate() {
            let source = &text[leaf.span.range()];
            if matches!(leaf.kind, Kind::Float) && !holds(source, &document.value(LeafId(i as u32))) {
                return Err(Error::TooManyDigits { at: document.paths().display(leaf.path).trim_start_matches("[\"\"]").to_owned() });
            }
        }
        return Ok(tree);
    }
    match tree {
        Tree::List(_) => Err(Error::SetList),
        Tree::Value(Value::Int(n)) => Ok(Tree::Value(Value::Float(n as f64))),
        tree => finite(&tree).then_some(tree).ok_or(Error::BadSetValue),
    }
}

/// Go's reader refuses a number that no float is.
fn finite(tree: &Tree) -> bool {
    match tree {
        Tree::Value(Value::Float(v)) => v.is_finite(),
        Tree::Map(members) => members.iter().all(|m| !matches!(m, Member::Entry(_, tree) if !finite(tree))),
        Tree::List(items) => items.iter().all(|i| !matches!(i, Item::Value(tree) if !finite(tree))),
        _ => true,
    }
}

/// Has the float all digits that were given?
fn holds(source: &[u8], value: &Value) -> bool {
    let Value::Float(v) = value else { return true };
    let Ok(text) = std::str::from_utf8(source) else { return false };
    let is_integer = !text.contains(['.', 'e', 'E']);
    v.is_finite() && !is_integer && digits(text) == digits(&Zeroizing::new(format!("{v:e}")))
}

/// The digits of a number without zeros at the ends, and the power of ten of the last.
fn digits(number: &str) -> (Zeroizing<String>, i64) {
    let (mantissa, power) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = Zeroizing::new([whole.trim_start_matches('-'), fraction].concat());
    let kept = all.trim_end_matches('0');
    if kept.trim_start_matches('0').is_empty() {
        return (Zeroizing::default(), 0);
    }
    let power = power.parse::<i64>().unwrap_or(i64::MAX / 2) - fraction.len() as i64 + (all.len() - kept.len()) as i64;
    (Zeroizing::new(kept.trim_start_matches('0').to_owned()), power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let check = |json: &str, typed: bool, expected: Option<Tree>| assert_eq!(read_json(json, typed).ok(), expected, "{json}");
        let (int, float) = (|n| Some(Tree::Value(Value::Int(n))), |v| Some(Tree::Value(Value::Float(v))));
        check("5", true, int(5));
        check("5", false, float(5.0));
        check(" 5\n", true, int(5));
        check("5.0", true, float(5.0));
        check("1.10", true, float(1.1));
        check("0.1e3", true, float(100.0));
        check("0.0", true, float(0.0));
        check("12345678901234567890", true, None);
        check("12345678901234567", false, float(12345678901234568.0));
        check("3.14159265358979323846", true, None);
        check("1e400", true, None);
        check("1e400", false, None);
        check("null", true, Some(Tree::Null));
        check("\"a\\nb\"", true, Some(Tree::text("a\nb")));
        check("[1]", true, Some(Tree::list([Tree::Value(Value::Int(1))])));
        check("[1]", false, None);
        check("{\"a\": [1]}", false, Some(Tree::map([("a", Tree::list([Tree::Value(Value::Int(1))]))])));
        check("1, \"b\": 2", true, None);
        check("1, \"\": 2", true, None);
        check("1}", true, None);
        check("", true, None);
        check("text", true, None);
    }
}
