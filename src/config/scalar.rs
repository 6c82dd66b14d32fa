//! The types of the fields of `.sops.yaml`, with the coercions of go-yaml into typed fields (`docs/sops-config.md`, section 2).

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

/// A text; any scalar is one, as it is spelled.
pub(super) type Text = Option<String>;

/// A list of texts, in which null is nothing.
pub(super) type Texts = Option<Vec<Text>>;

/// A boolean: `true` and `false` without quotes; the words of YAML 1.1 in quotes, too, since go-yaml takes them where a text would be one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flag(pub bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Flag;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }
            fn visit_bool<E>(self, yes: bool) -> Result<Flag, E> {
                Ok(Flag(yes))
            }
            fn visit_str<E: Error>(self, word: &str) -> Result<Flag, E> {
                match word {
                    "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Ok(Flag(true)),
                    "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Ok(Flag(false)),
                    _ => Err(E::custom("no boolean")),
                }
            }
        }
        deserializer.deserialize_any(Reader).map_err(|e| wrong(e, "expected true or false"))
    }
}

/// A whole number; of `2.5` the fraction is cut, `'2'` is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Whole(pub i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Option<i64>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }
            fn visit_i64<E>(self, number: i64) -> Result<Option<i64>, E> {
                Ok(Some(number))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Option<i64>, E> {
                Ok(i64::try_from(number).ok())
            }
            fn visit_f64<E>(self, number: f64) -> Result<Option<i64>, E> {
                Ok((number.abs() < 9e15).then_some(number as i64))
            }
        }
        let number = deserializer.deserialize_any(Reader).map_err(|e| wrong(e, "expected a whole number"))?;
        number.map(Whole).ok_or_else(|| D::Error::custom("expected a whole number"))
    }
}

/// A key field of a creation rule. What is of a wrong type is found out when the rule is used, as in SOPS.
#[derive(Clone, Debug)]
pub(super) enum Keys {
    /// Texts between commas.
    Line(String),
    /// A list of texts.
    List(Vec<String>),
    /// Something else; Go's name of its type.
    Wrong(&'static str),
    /// A list with something else in it; Go's name of its type.
    WrongItem(&'static str),
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = match Any::deserialize(deserializer)? {
            Any::Text(text) => return Ok(Keys::Line(text)),
            Any::Other(kind) => return Ok(Keys::Wrong(kind)),
            Any::List(list) => list,
        };
        let mut texts = Vec::with_capacity(list.len());
        for item in list {
            match item {
                Item::Text(text) => texts.push(text),
                Item::Other(kind) => return Ok(Keys::WrongItem(kind)),
            }
        }
        Ok(Keys::List(texts))
    }
}

/// What SOPS reads into a field without a type.
enum Any {
    Text(String),
    List(Vec<Item>),
    Other(&'static str),
}

enum Item {
    Text(String),
    Other(&'static str),
}

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyReader::<true>)
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match deserializer.deserialize_any(AnyReader::<false>)? {
            Any::Text(text) => Item::Text(text),
            Any::Other(kind) => Item::Other(kind),
            Any::List(_) => Item::Other("[]interface {}"),
        })
    }
}

/// Reads one level of lists; what a list holds deeper down is skipped.
struct AnyReader<const ITEMS: bool>;

impl<'de, const ITEMS: bool> Visitor<'de> for AnyReader<ITEMS> {
    type Value = Any;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }
    fn visit_str<E>(self, text: &str) -> Result<Any, E> {
        Ok(Any::Text(text.to_owned()))
    }
    fn visit_bool<E>(self, _: bool) -> Result<Any, E> {
        Ok(Any::Other("bool"))
    }
    fn visit_i64<E>(self, _: i64) -> Result<Any, E> {
        Ok(Any::Other("int"))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Any, E> {
        Ok(Any::Other(if i64::try_from(number).is_ok() { "int" } else { "uint64" }))
    }
    fn visit_f64<E>(self, _: f64) -> Result<Any, E> {
        Ok(Any::Other("float64"))
    }
    fn visit_unit<E>(self) -> Result<Any, E> {
        Ok(Any::Other("<nil>"))
    }
    fn visit_none<E>(self) -> Result<Any, E> {
        Ok(Any::Other("<nil>"))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Any, A::Error> {
        let mut items = Vec::new();
        if ITEMS {
            while let Some(item) = seq.next_element()? {
                items.push(item);
            }
        } else {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
        }
        Ok(Any::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Any, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Any::Other("map[string]interface {}"))
    }
}

/// What is read from a map, field by field.
pub(super) trait Fields: Default {
    /// Reads the value of a field; false if there is no field of that name.
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error>;
}

/// A map with known fields. Others are skipped and named, the same name twice is an error.
#[derive(Clone, Debug, Default)]
pub(super) struct Map<T> {
    pub fields: T,
    pub unknown: Vec<String>,
}

impl<'de, T: Fields> Deserialize<'de> for Map<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Fields> Visitor<'de> for Reader<T> {
            type Value = Map<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Map<T>, A::Error> {
                read_fields(map)
            }
        }
        deserializer.deserialize_map(Reader(PhantomData))
    }
}

/// The name of a field. A null, a number or a boolean names none that anybody knows, as in SOPS.
struct Name(Option<String>);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Name;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_str<E>(self, name: &str) -> Result<Name, E> {
                Ok(Name(Some(name.to_owned())))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Name, E> {
                Ok(Name(None))
            }
            fn visit_i64<E>(self, _: i64) -> Result<Name, E> {
                Ok(Name(None))
            }
            fn visit_u64<E>(self, _: u64) -> Result<Name, E> {
                Ok(Name(None))
            }
            fn visit_f64<E>(self, _: f64) -> Result<Name, E> {
                Ok(Name(None))
            }
            fn visit_unit<E>(self) -> Result<Name, E> {
                Ok(Name(None))
            }
        }
        deserializer.deserialize_any(Reader).map_err(|e| wrong(e, "expected text"))
    }
}

pub(super) fn read_fields<'de, T: Fields, A: MapAccess<'de>>(mut map: A) -> Result<Map<T>, A::Error> {
    let mut read = Map { fields: T::default(), unknown: Vec::new() };
    let mut seen = HashSet::new();
    while let Some(Name(name)) = map.next_key()? {
        let Some(name) = name else {
            map.next_value::<IgnoredAny>()?;
            continue;
        };
        if !seen.insert(name.clone()) {
            // The error's own place is the map's.
            let again = map.next_value::<Spanned<IgnoredAny>>()?;
            return Err(A::Error::custom(format_args!("a field stands twice, again in line {}", again.referenced.line())));
        }
        if !read.fields.field(&name, &mut map)? {
            map.next_value::<IgnoredAny>()?;
            read.unknown.push(name);
        }
    }
    Ok(read)
}

/// Keeps the place of an error of the parser and says what was wanted.
fn wrong<E: Error>(_: E, wanted: &'static str) -> E {
    E::custom(wanted)
}
