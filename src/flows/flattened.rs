//! The values of a tree as variables: the top-level ones, or with `--flatten` all, a nested one by the names on its way joined with `__`.

use std::collections::HashMap;

use leafcrypt_formats::{Format, Part, Tree, Value, display_parts, json_float, scalar_text};

use crate::error::Error;

/// A variable, and where in the file it comes from. No `Debug`, for it holds plaintext.
pub(super) struct One {
    pub(super) name: Vec<u8>,
    pub(super) at: Vec<Part>,
    /// None: null.
    pub(super) value: Option<Vec<u8>>,
}

/// A file's tree on its way.
pub(super) struct Flattening<'a> {
    pub(super) file: &'a str,
    pub(super) format: Format,
    pub(super) flatten: bool,
}

impl Flattening<'_> {
    /// All of them. Of a doubled key the last one is the later.
    ///
    /// # Errors
    /// A map or a list that is not to be flattened, or two places that would make one variable.
    pub(super) fn collect(&self, tree: &Tree) -> Result<Vec<One>, Error> {
        let mut found = Vec::new();
        self.walk(tree, &[], b"", &mut found)?;
        if self.flatten {
            self.refuse_one_for_two(&found)?;
        }
        Ok(found)
    }

    fn walk(&self, tree: &Tree, above: &[Part], prefix: &[u8], found: &mut Vec<One>) -> Result<(), Error> {
        for (key, value) in tree.entries() {
            let name = [prefix, key].concat();
            let at = [above, &[Part::Key(key.to_vec())]].concat();
            match value {
                Tree::Null => found.push(One { name, at, value: None }),
                Tree::Value(value) => found.push(One { name, at, value: Some(scalar_text(value)) }),
                // As the list that is empty; INI's own readers know no section without a line.
                Tree::Map(_) if self.flatten && value.entries().next().is_none() && self.format != Format::Ini => {
                    found.push(One { name, at, value: Some(b"{}".to_vec()) });
                }
                Tree::Map(_) if self.flatten => self.walk(value, &at, &[&name[..], b"__"].concat(), found)?,
                Tree::List(_) if self.flatten => found.push(One { name, at, value: Some(json(value).to_string().into_bytes()) }),
                Tree::Map(_) | Tree::List(_) => {
                    return Err(Error::Nested { path: self.file.to_owned(), key: display_parts(&at), format: self.format });
                }
            }
        }
        Ok(())
    }

    fn refuse_one_for_two(&self, found: &[One]) -> Result<(), Error> {
        let mut seen: HashMap<&[u8], &[Part]> = HashMap::with_capacity(found.len());
        for One { name, at, .. } in found {
            if let Some(other) = seen.insert(name, at)
                && other != at
            {
                let shown = [other, at].map(display_parts);
                let name = display_parts(&[Part::Key(name.clone())]);
                let what = format!("{} and {} would both be the variable {name}", shown[0], shown[1]);
                return Err(Error::Variable { path: self.file.to_owned(), what });
            }
        }
        Ok(())
    }
}

/// A list as JSON, for programs that read it so.
fn json(tree: &Tree) -> serde_json::Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match tree {
        Tree::Null => serde_json::Value::Null,
        Tree::Value(Value::Int(n)) => (*n).into(),
        Tree::Value(Value::Bool(b)) => (*b).into(),
        // As JSON of ours and of SOPS has it: what SOPS seals as 1 and takes for a float is no `1.0`.
        Tree::Value(Value::Float(f)) if f.is_finite() => json_float(*f).parse().map_or_else(|_| (*f).into(), serde_json::Value::Number),
        Tree::Value(value) => text(&scalar_text(value)).into(),
        Tree::List(_) => tree.items().map(json).collect(),
        Tree::Map(_) => tree.entries().map(|(key, value)| (text(key), json(value))).collect::<serde_json::Map<_, _>>().into(),
    }
}
