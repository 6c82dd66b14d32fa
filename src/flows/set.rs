//! Open, set one leaf that exists, seal. (Whole branches and new keys come with the rest of the command line.)

use leafcrypt_formats::{Bytes, Document, Format, Mode, Part, Value, parse_path};

use super::change::InPlace;
use super::rules::{self, Given};
use super::target::{Done, Input, Types};
use super::trust;
use crate::config::Rule;
use crate::error::Error;
use crate::manners::Manners;
use crate::sealed_file::{OpenFile, OpenHow, scan_options};
use crate::world::World;

/// A change of one value.
pub struct Set<'a> {
    /// The file: changed in place.
    pub input: Input,
    /// As what.
    pub types: Types,
    /// `["a"]["b"]`, as typed.
    pub path: String,
    /// The new value, one JSON text.
    pub value: zeroize::Zeroizing<String>,
    /// Which configuration; nothing else is given to `set`.
    pub given: Given,
    /// How to open.
    pub how: OpenHow<'a>,
    /// `--write-through`
    pub write_through: bool,
}

impl Set<'_> {
    /// Does it.
    ///
    /// # Errors
    /// The path is no path, the value no JSON scalar, or there is no leaf at that path.
    pub fn run(&self, world: &World<'_>) -> Result<Done, Error> {
        let Input::File(path) = &self.input else { return Err(Error::NoFile) };
        let at = parse_path(&self.path).map_err(|why| Error::BadSetPath(format!("Invalid set index format: {why}")))?;
        let value = read_value(&self.value, world.manners)?;
        let name = self.input.name();
        let format = self.types.input_of(&self.input, world.manners);
        // Looked for once the file has opened, and not again under its lock.
        let looked = std::cell::OnceCell::new();
        let apply = |file: &mut OpenFile<'_>, warnings: &mut Vec<String>| {
            let rule: &Option<Rule> = match looked.get() {
                Some(rule) => rule,
                None => {
                    let config = rules::load(Some(path), &self.given, world, warnings)?;
                    let rule = trust::rule_of(path, config.as_ref(), world)?;
                    looked.get_or_init(|| rule)
                }
            };
            trust::vouch(file, rule.as_ref());
            let plain = changed(file, &at, &value, &name, rule.as_ref(), world.manners, warnings)?;
            if plain == file.plain() && world.manners.typed_set {
                return Ok(false);
            }
            file.replace(plain);
            Ok(true)
        };
        let note = format!("{name}: that value is there already");
        InPlace { path, format, how: &self.how, write_through: self.write_through }.change(&apply, &note, world)
    }
}

/// The plain text with the leaf changed.
fn changed(
    file: &OpenFile<'_>,
    at: &[Part],
    value: &Value,
    name: &str,
    rule: Option<&Rule>,
    manners: &Manners,
    warnings: &mut Vec<String>,
) -> Result<Vec<u8>, Error> {
    if file.format() == Format::Binary {
        return match (at, value) {
            ([Part::Key(key)], Value::Str(bytes)) if key == b"data" => Ok(bytes.as_slice().to_vec()),
            _ => Err(Error::SetRefused { what: "a binary file has one value, [\"data\"], and it is a string".to_owned() }),
        };
    }
    if at.first() == Some(&Part::Key(b"sops".to_vec())) {
        return Err(Error::SetRefused { what: "the key 'sops' is reserved for the metadata".to_owned() });
    }
    let syntax = |source| Error::PlainSyntax { path: name.to_owned(), source };
    let document = Document::parse(file.format(), file.plain(), &scan_options(Mode::Plain, manners)).map_err(syntax)?;
    let Some(leaf) = document.find(at) else {
        let at = leafcrypt_formats::display_parts(at);
        return Err(Error::NotThere { path: name.to_owned(), component: format!("{at} not found"), at });
    };
    if document.value(leaf).same(value) {
        return Ok(file.plain().to_vec());
    }
    trust::refuse_clear(&document, leaf, file.settings(), rule, name, manners, warnings)?;
    document.set(leaf, value).map_err(|source| Error::Print { path: name.to_owned(), source })
}

/// One JSON scalar. As `sops` every number is a float.
fn read_value(json: &str, manners: &Manners) -> Result<Value, Error> {
    use serde_json::Value as Json;
    match serde_json::from_str::<Json>(json).map_err(|_| Error::BadSetValue)? {
        Json::String(text) => Ok(Value::Str(Bytes::new(text.into_bytes()))),
        Json::Bool(b) => Ok(Value::Bool(b)),
        Json::Number(n) => match n.as_i64() {
            Some(int) if manners.typed_set => Ok(Value::Int(int)),
            _ => n.as_f64().filter(|f| f.is_finite()).map(Value::Float).ok_or(Error::BadSetValue),
        },
        Json::Null | Json::Array(_) | Json::Object(_) => Err(Error::SetRefused {
            what: "this version sets strings, numbers and booleans that exist; branches, null and new keys are still to come".to_owned(),
        }),
    }
}
