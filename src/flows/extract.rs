//! One path of an opened file, or all of it in another format (`--extract`, `--output-type`; docs/lossless-documents.md, section 10).

use std::borrow::Cow;

use leafcrypt_formats::{Format, Part, Printing, Tree, Value, display_parts, parse_path};

use super::counted;
use super::exported;
use crate::error::Error;
use crate::manners::Manners;
use crate::sealed_file::OpenFile;
use crate::world::World;

/// Reads the argument of `--extract`.
///
/// # Errors
/// SOPS's exit 91: the offending component.
pub fn parse(text: &str) -> Result<Vec<Part>, Error> {
    parse_path(text).map_err(|why| Error::BadExtractPath(format!("error parsing --extract path: component {} {}", why.component, why.what)))
}

/// The trees of an opened file.
///
/// # Errors
/// Its text does not parse as what it is said to be.
pub fn trees(open: &OpenFile<'_>, path: &str, manners: &Manners) -> Result<Vec<Tree>, Error> {
    open.trees(manners).map_err(|source| Error::Sealed { path: path.to_owned(), format: open.format(), source })
}

/// Prints trees that came from a file.
pub struct Printer<'a> {
    /// What they were.
    pub from: Format,
    /// As what.
    pub to: Format,
    /// How.
    pub how: Printing,
    /// The file, for messages.
    pub path: &'a str,
    /// `--extract` of a map prints it alone; otherwise the later documents follow.
    pub extract_alone: bool,
    /// Whom to tell what does not read back.
    pub world: &'a World<'a>,
}

impl Printer<'_> {
    /// Whole documents. As binary: the one value that such a file has.
    ///
    /// # Errors
    /// The format cannot hold them.
    pub fn documents(&mut self, documents: &[Tree]) -> Result<Vec<u8>, Error> {
        if self.to != Format::Binary {
            return self.printed(self.to, documents);
        }
        let [only] = documents else {
            return Err(self.unwritable("there must be exactly one document"));
        };
        match only.get("data") {
            Some(Tree::Value(Value::Str(bytes))) => Ok(bytes.as_slice().to_vec()),
            Some(_) => Err(self.unwritable("what stands at 'data' is no string")),
            None => Err(Error::NoData { path: self.path.to_owned(), sealed_as: self.from, sealing: false }),
        }
    }

    /// The tree at a path: a string as raw bytes, anything else printed.
    ///
    /// # Errors
    /// There is nothing at that path, or the format cannot print it alone.
    pub fn at(&mut self, documents: &[Tree], typed: &[Part]) -> Result<Vec<u8>, Error> {
        let root = documents.first().unwrap_or(&Tree::Null);
        // It may well be in a later one, where nobody looks.
        let shown = |at: &[Part]| match documents.len() {
            0 | 1 => display_parts(at),
            n => format!("{} in the first of its {n} documents", display_parts(at)),
        };
        let exported = exported::there(self.from, exported::of_tree(root), typed, self.world.manners);
        let counted =
            counted::there(self.from, || Some(Cow::Borrowed(root)), typed, false, self.world.manners).map_err(|depth| Error::NotThere {
                path: self.path.to_owned(),
                at: shown(&typed[..=depth]),
                component: format!("component {} is a comment", display_parts(&typed[depth..=depth])),
            })?;
        let at = exported.or(counted);
        let at = at.as_deref().unwrap_or(typed);
        let found = root.at(at).map_err(|i| Error::NotThere {
            path: self.path.to_owned(),
            at: shown(&at[..=i]),
            component: match &at[i] {
                Part::Key(name) => format!("component ['{}'] not found", String::from_utf8_lossy(name)),
                Part::Index(n) if matches!(root.at(&at[..i]), Ok(Tree::Map(_) | Tree::List(_))) => {
                    format!("component [{n}] accesses out of bounds")
                }
                Part::Index(n) => format!("component [{n}] is integer, but tree part is not a slice"),
            },
        })?;
        match found {
            Tree::Value(Value::Str(bytes)) => Ok(bytes.as_slice().to_vec()),
            Tree::Map(_) => {
                let later = if self.extract_alone { &[] } else { documents.get(1..).unwrap_or_default() };
                let mut all = vec![found.clone()];
                all.extend_from_slice(later);
                self.documents(&all)
            }
            other => self.alone(other).map_err(|error| match error {
                Error::Print { path, source } => Error::PrintAlone { path, source },
                error => error,
            }),
        }
    }

    /// A scalar or a list: SOPS prints it in YAML with a last newline and its usual indentation, in JSON without; in INI as JSON on one line;
    /// in ENV and binary not at all.
    fn alone(&mut self, tree: &Tree) -> Result<Vec<u8>, Error> {
        match self.to {
            Format::Yaml if *tree == Tree::Null => Ok(b"null\n".to_vec()),
            Format::Yaml => {
                self.how.indent = None;
                self.printed(Format::Yaml, std::slice::from_ref(tree))
            }
            Format::Json => self.json(tree),
            Format::Ini => self.on_one_line(tree),
            // SOPS's words.
            Format::Binary => Err(self.unwritable("Binary files are not structured and extracting a single value is not possible")),
            _ => Err(self.unwritable(&format!("{} prints strings only", self.to.name()))),
        }
    }

    fn on_one_line(&mut self, tree: &Tree) -> Result<Vec<u8>, Error> {
        match tree {
            Tree::List(items) if !items.is_empty() && items.len() == tree.items().count() => {
                let items = tree.items().map(|item| self.on_one_line(item)).collect::<Result<Vec<_>, _>>()?;
                Ok([b"[", &items.join(&b","[..])[..], b"]"].concat())
            }
            // SOPS would show how it keeps them.
            Tree::Map(_) | Tree::List(_) => Err(self.unwritable("ini prints lists of plain values only")),
            _ => self.json(tree),
        }
    }

    fn json(&mut self, tree: &Tree) -> Result<Vec<u8>, Error> {
        let mut text = self.printed(Format::Json, std::slice::from_ref(tree))?;
        text.pop_if(|last| *last == b'\n');
        Ok(text)
    }

    fn printed(&mut self, format: Format, documents: &[Tree]) -> Result<Vec<u8>, Error> {
        let printed = leafcrypt_formats::print(format, documents, &self.how);
        let printed = printed.map_err(|source| Error::Print { path: self.path.to_owned(), source })?;
        self.world.warn(printed.warnings.iter().map(|w| &*w.what));
        Ok(printed.text)
    }

    fn unwritable(&self, what: &str) -> Error {
        let source = leafcrypt_formats::Unwritable { path: display_parts(&[]), what: what.to_owned() };
        Error::Print { path: self.path.to_owned(), source }
    }
}
