//! Many values for others at a time: found, spelled, and looked at again in one pass each, where one change after the other would read the text for each.

use std::collections::HashMap;

use super::{Floats, same};
use crate::document::{Document, ScanOptions};
use crate::leaf::{LeafId, Step};
use crate::path::{Part, PathId};
use crate::plain::PlainText;
use crate::splice::Splice;
use crate::value::Value;

/// The leaves of a text by their paths.
pub(crate) struct Leaves<'d> {
    /// What is below a path; none: more than one is.
    below: HashMap<(PathId, Name<'d>), Option<PathId>>,
    leaves: HashMap<PathId, LeafId>,
}

#[derive(PartialEq, Eq, Hash)]
enum Name<'d> {
    Key(&'d [u8]),
    Index(usize),
}

impl Leaves<'_> {
    /// The leaf at a path, where no doubled name makes it two.
    pub(crate) fn at(&self, at: &[Part]) -> Option<LeafId> {
        let below = |above: PathId, part: &Part| {
            let name = match part {
                Part::Key(name) => Name::Key(name),
                Part::Index(n) => Name::Index(*n),
            };
            self.below.get(&(above, name)).copied().flatten()
        };
        self.leaves.get(&at.iter().try_fold(PathId::ROOT, below)?).copied()
    }
}

impl Document<'_> {
    /// Where its leaves are. None: paths lead to one document only, and it has several.
    pub(crate) fn leaves_by_path(&self) -> Option<Leaves<'_>> {
        if self.steps().iter().filter(|step| **step == Step::Document).count() != 1 {
            return None;
        }
        let paths = self.paths();
        let mut below = HashMap::with_capacity(paths.len());
        for path in (1..paths.len() as u32).map(PathId) {
            let name = paths.name(path).map(Name::Key).or_else(|| paths.position(path).map(Name::Index))?;
            below.entry((paths.parent(path), name)).and_modify(|there| *there = None).or_insert(Some(path));
        }
        let mut leaves = HashMap::with_capacity(self.leaves().len());
        for (leaf, i) in self.leaves().iter().zip(0..).filter(|(leaf, _)| leaf.in_mac) {
            leaves.entry(leaf.path).or_insert(LeafId(i));
        }
        Some(Leaves { below, leaves })
    }

    /// This text with other values for leaves, each as [`Document::edit`] spells it. None: a format cannot do it at one of the places by itself, or it does
    /// not come out as it should.
    pub(crate) fn edit_leaves(&self, values: &[(LeafId, Value)], floats: Floats, options: &ScanOptions) -> Option<PlainText> {
        let wanted: HashMap<LeafId, &Value> = values.iter().map(|(leaf, value)| (*leaf, value)).collect();
        let mut splice = Splice::with_room(values.len());
        for (leaf, value) in values {
            if !self.value(*leaf).same(value) && !self.detail.set(self, *leaf, value, floats, &mut splice) {
                return None;
            }
        }
        let new = PlainText::scanned(self.format, splice.finish(self.text).into(), options).ok()?;
        let read = new.document(self.format, options).ok()?;
        let is_right = |id| match wanted.get(&id) {
            Some(value) => same::value(value, &read.value(id)),
            None => self.value(id).same(&read.value(id)),
        };
        let faithful = read.blocks().len() == self.blocks().len() && self.reads_like(&read, is_right);
        drop(read);
        faithful.then_some(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Change;
    use crate::format::Format;
    use crate::tree::Tree;

    /// All at once is what one after the other is.
    fn check(format: Format, text: &str, values: &[(&str, &Value)]) {
        let document = Document::parse(format, text.as_bytes(), &ScanOptions::PLAIN).unwrap();
        let parts = |path: &str| crate::path::parse_path(path).unwrap();
        let leaves = document.leaves_by_path().unwrap();
        let found: Vec<_> = values.iter().map(|(path, value)| (leaves.at(&parts(path)).expect(path), (*value).clone())).collect();
        let at_once = document.edit_leaves(&found, Floats::Stay, &ScanOptions::PLAIN).expect(text);
        let mut one_by_one = PlainText::from(text.as_bytes().to_vec());
        for (path, value) in values {
            let document = one_by_one.document(format, &ScanOptions::PLAIN).unwrap();
            let edited = document.edit(&parts(path), Change::Set(&Tree::Value((*value).clone())), Floats::Stay, &ScanOptions::PLAIN);
            one_by_one = edited.unwrap();
        }
        let [at_once, one_by_one] = [&at_once, &one_by_one].map(|text| String::from_utf8_lossy(text).into_owned());
        assert_eq!(at_once, one_by_one);
    }

    #[test]
    fn as_one_after_the_other() {
        let values = ["x", "two words", "a: \"b\" 'c' # d", "", "two\nlines", "7", "true"].map(Value::text);
        let others = [Value::Int(7), Value::Float(5.0), Value::Bool(true)];
        let yaml = "# top\na: 1 # one\nb: 'two'\nc:\n  - \"three\"\n  - {d: four, e: |\n      five\n    }\nf: |\n  six\n  seven\ng: !!str 8\nh: true\n";
        let yaml = yaml.replace("{d: four, e: |\n      five\n    }", "{d: four, e: \"five\"}");
        let json = "{\"a\": 1, \"b\": [\"two\", {\"c\": 3.5}],\n\t\"d\": \"\\u0041\"}\n";
        let toml = "a = 1 # one\nb = 'two'\nc = [\"three\", {d = 4}]\n[t]\ne = \"\"\"\nfive\n\"\"\"\nf.g = true\n[[l]]\nh = 1.5\n";
        for value in values.iter().chain(&others) {
            let all = |paths: &[&'static str]| paths.iter().map(|path| (*path, value)).collect::<Vec<_>>();
            let yaml_paths = ["[\"a\"]", "[\"b\"]", "[\"c\"][0]", "[\"c\"][1][\"d\"]", "[\"c\"][1][\"e\"]", "[\"h\"]"];
            for text in [yaml.clone(), yaml.replace('\n', "\r\n")] {
                // What takes several lines has its place below the words around it, and is no case for this.
                let quoted = value.same(&Value::text("two\nlines")).then_some(&yaml_paths[1..3]);
                check(Format::Yaml, &text, &all(quoted.unwrap_or(&yaml_paths)));
            }
            check(Format::Json, json, &all(&["[\"d\"]", "[\"a\"]", "[\"b\"][0]", "[\"b\"][1][\"c\"]"]));
            let toml_paths =
                ["[\"l\"][0][\"h\"]", "[\"a\"]", "[\"b\"]", "[\"c\"][0]", "[\"c\"][1][\"d\"]", "[\"t\"][\"e\"]", "[\"t\"][\"f\"][\"g\"]"];
            for text in [toml.to_owned(), toml.replace('\n', "\r\n")] {
                check(Format::Toml, &text, &all(&toml_paths));
            }
        }
        for value in &values {
            let all = |paths: &[&'static str]| paths.iter().map(|path| (*path, value)).collect::<Vec<_>>();
            check(Format::Dotenv, "A=1\n# two\nB='2'\nexport C=\n", &all(&["[\"export C\"]", "[\"A\"]", "[\"B\"]"]));
            let ini = "top = 1\n[s]\na = \"two\" ; what\nb: 3\nc = `four`\nd =\n";
            let ini_paths = ["[\"s\"][\"a\"]", "[\"DEFAULT\"][\"top\"]", "[\"s\"][\"b\"]", "[\"s\"][\"c\"]", "[\"s\"][\"d\"]"];
            // What needs quotes behind which no comment can stand has it above, and is no case for this.
            let quoted = value.same(&Value::text("a: \"b\" 'c' # d"));
            check(Format::Ini, ini, &all(&ini_paths[usize::from(quoted)..]));
            let document = Document::parse(Format::Ini, ini.as_bytes(), &ScanOptions::PLAIN).unwrap();
            let leaf = document.leaves_by_path().unwrap().at(&crate::path::parse_path(ini_paths[0]).unwrap()).unwrap();
            assert_eq!(document.edit_leaves(&[(leaf, value.clone())], Floats::Stay, &ScanOptions::PLAIN).is_none(), quoted);
        }
    }

    #[test]
    fn what_is_not_one_leaf() {
        let at = |format, text: &str, path: &str| {
            let document = Document::parse(format, text.as_bytes(), &ScanOptions::PLAIN).unwrap();
            let leaves = document.leaves_by_path();
            leaves.and_then(|leaves| leaves.at(&crate::path::parse_path(path).unwrap()))
        };
        assert_eq!(at(Format::Yaml, "a: 1\nb:\n- 2\n", "[\"b\"][0]"), Some(LeafId(1)));
        assert_eq!(at(Format::Yaml, "a: 1\nb:\n- 2\n", "[\"b\"]"), None);
        assert_eq!(at(Format::Yaml, "a: 1\nb:\n- 2\n", "[\"b\"][1]"), None);
        assert_eq!(at(Format::Yaml, "a: 1\n---\na: 2\n", "[\"a\"]"), None);
        assert_eq!(at(Format::Dotenv, "A=1\nA=2\nB=3\n", "[\"A\"]"), None);
        assert_eq!(at(Format::Dotenv, "A=1\nA=2\nB=3\n", "[\"B\"]"), Some(LeafId(2)));
    }
}
