//! Independent judges: what we read from a document (names, types, values, order) is what `serde_yaml`, `serde_json`, `rust-ini` and `toml` read,
//! over all corpora, over generated and over damaged documents.
//!
//! Both sides are laid out as a list of [`Seen`] things by path. Where the lists differ, a [`Rule`] must name the disagreement and say why we stand where we
//! stand; a rule looks at the place that differs and can compute what the judge makes of it. A rule that explains nothing is dead and fails the test.

use leafcrypt_formats::{Document, Format, ScanOptions, Step, SyntaxClass, Value};

use crate::flat;
use crate::random::{Random, damaged, document};

mod ini;
mod json;
mod toml;
mod yaml;

/// What stands at a path.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Document,
    Map,
    List,
    Null,
    Bool(bool),
    Int(i128),
    /// By its bits; all NaNs are one.
    Float(u64),
    Text(Vec<u8>),
    /// What only one side has a type for: a date, a tag; its text.
    Other(&'static str, String),
}

impl Seen {
    fn float(v: f64) -> Seen {
        Seen::Float(if v.is_nan() { f64::NAN.to_bits() } else { v.to_bits() })
    }

    fn text(text: impl AsRef<[u8]>) -> Seen {
        Seen::Text(text.as_ref().to_vec())
    }

    fn as_text(&self) -> Option<&str> {
        match self {
            Seen::Text(text) => std::str::from_utf8(text).ok(),
            _ => None,
        }
    }

    fn as_float(&self) -> Option<f64> {
        match self {
            Seen::Float(bits) => Some(f64::from_bits(*bits)),
            _ => None,
        }
    }
}

/// One thing of a document: names of the maps it lies in, indices of lists as `[0]`; what it is; where its text stands.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    path: Vec<String>,
    seen: Seen,
    source: std::ops::Range<usize>,
}

/// What a side says of a text.
type Reading = Result<Vec<Entry>, String>;

/// A place where the two sides differ, with both readings.
struct Difference<'a> {
    text: &'a [u8],
    ours: &'a Reading,
    theirs: &'a Reading,
    class: Option<SyntaxClass>,
    /// The first entry of each side that differs; none where a side has refused the text or has no more.
    at: (Option<&'a Entry>, Option<&'a Entry>),
}

impl Difference<'_> {
    /// Both have read it.
    fn both(&self) -> Option<(&[Entry], &[Entry])> {
        Some((self.ours.as_ref().ok()?, self.theirs.as_ref().ok()?))
    }

    /// Both have something at the same path.
    fn values(&self) -> Option<(&str, &Seen, &Seen)> {
        let (ours, theirs) = (self.at.0?, self.at.1?);
        let source = std::str::from_utf8(&self.text[ours.source.clone()]).ok()?;
        (ours.path == theirs.path).then_some((source, &ours.seen, &theirs.seen))
    }

    /// Only the judge reads it; our words.
    fn we_refuse(&self) -> Option<&str> {
        self.theirs.as_ref().ok()?;
        self.ours.as_ref().err().map(String::as_str)
    }

    /// Only we read it; the judge's words.
    fn they_refuse(&self) -> Option<&str> {
        self.ours.as_ref().ok()?;
        self.theirs.as_ref().err().map(String::as_str)
    }
}

/// A disagreement that has a name.
struct Rule {
    name: &'static str,
    why: &'static str,
    fits: fn(&Difference<'_>) -> bool,
}

/// One session: a format, its judge, and the rules that may be called upon.
struct Court {
    format: Format,
    judge: fn(&str) -> Reading,
    rules: &'static [Rule],
    used: Vec<usize>,
    agreed: usize,
    wrong: Vec<String>,
}

impl Court {
    fn new(format: Format, judge: fn(&str) -> Reading, rules: &'static [Rule]) -> Self {
        Court { format, judge, rules, used: vec![0; rules.len()], agreed: 0, wrong: Vec::new() }
    }

    /// The corpora, damaged files of them, generated documents, damaged ones too. `folder` below `testdata/lossless` and `testdata/broken`.
    fn sit(mut self, folder: &str, ending: &str, count: u64) {
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        for kind in ["lossless", "broken"] {
            let found = flat::files(&format!("{kind}/{folder}"));
            files.extend(found.into_iter().filter(|(name, _)| name.ends_with(&format!(".{ending}"))));
        }
        assert!(files.len() > 50, "the corpora are there");
        for (name, text) in &files {
            self.hear(name, text);
            // Each text has a damage of its own: a new file in the corpora leaves the others' cases as they are.
            let mut random = Random::new(name.bytes().fold(17, |sum, b| sum * 31 % 1_000_003 + u64::from(b)));
            for i in 0..count / 50 {
                self.hear(&format!("{name}, damaged {i}"), &damaged(text, &mut random));
            }
        }
        for seed in 0..count {
            let text = document(ending, &mut Random::new(seed));
            self.hear(&format!("seed {seed}"), &text);
            self.hear(&format!("seed {seed}, damaged"), &damaged(&text, &mut Random::new(seed + 1_000_000)));
        }
        self.close(count as usize / 2);
    }

    fn hear(&mut self, case: &str, text: &[u8]) {
        let (ours, class) = match Document::parse(self.format, text, &ScanOptions::PLAIN) {
            Ok(document) => (Ok(laid_out(&document)), None),
            Err(error) => (Err(error.what.clone()), Some(error.class)),
        };
        let theirs = std::str::from_utf8(text).map_err(|e| e.to_string()).and_then(self.judge);
        match (&ours, &theirs) {
            (Err(_), Err(_)) => self.agreed += 1,
            (Ok(a), Ok(b)) => {
                let same = |(a, b): (&Entry, &Entry)| a.path == b.path && a.seen == b.seen;
                // Every place that differs, as long as the paths go along.
                let mut differences = 0;
                for (i, pair) in a.iter().zip(b).enumerate() {
                    if same(pair) {
                        continue;
                    }
                    differences += 1;
                    self.weigh(case, &Difference { text, ours: &ours, theirs: &theirs, class, at: (Some(&a[i]), Some(&b[i])) });
                    if pair.0.path != pair.1.path {
                        return;
                    }
                }
                if a.len() != b.len() {
                    let n = a.len().min(b.len());
                    self.weigh(case, &Difference { text, ours: &ours, theirs: &theirs, class, at: (a.get(n), b.get(n)) });
                } else if differences == 0 {
                    self.agreed += 1;
                }
            }
            _ => self.weigh(case, &Difference { text, ours: &ours, theirs: &theirs, class, at: (None, None) }),
        }
    }

    fn weigh(&mut self, case: &str, difference: &Difference<'_>) {
        match self.rules.iter().position(|rule| (rule.fits)(difference)) {
            Some(i) => self.used[i] += 1,
            None => {
                let what = match (difference.ours, difference.theirs) {
                    (Err(e), _) => format!("we refuse: {e} ({:?})", difference.class),
                    (_, Err(e)) => format!("they refuse: {e}"),
                    _ => format!("{:?}", difference.at),
                };
                self.wrong.push(format!("{case}: {what}\n{}", String::from_utf8_lossy(difference.text)));
            }
        }
    }

    fn close(self, agreed: usize) {
        let shown: Vec<&str> = self.wrong.iter().take(5).map(String::as_str).collect();
        assert!(
            self.wrong.is_empty(),
            "{} disagreements without a name, {} agreements:\n{}",
            self.wrong.len(),
            self.agreed,
            shown.join("\n---\n")
        );
        for (rule, used) in self.rules.iter().zip(&self.used) {
            println!("{used:6} {}: {}", rule.name, rule.why);
        }
        let dead: Vec<&str> = self.rules.iter().zip(&self.used).filter(|(_, used)| **used == 0).map(|(rule, _)| rule.name).collect();
        assert!(dead.is_empty(), "rules that explain nothing: {dead:?}");
        assert!(self.agreed >= agreed, "only {} agreements", self.agreed);
    }
}

/// Our reading of a document.
fn laid_out(document: &Document<'_>) -> Vec<Entry> {
    let mut out = Vec::new();
    let mut documents = 0;
    let mut number = String::new();
    for step in document.steps() {
        let (path, seen, source) = match *step {
            Step::Document => {
                documents += 1;
                number = (documents - 1).to_string();
                out.push(Entry { path: vec![number.clone()], seen: Seen::Document, source: 0..0 });
                continue;
            }
            Step::MapStart(path) | Step::EmptyMap(path) => (path, Seen::Map, 0..0),
            Step::ListStart(path) | Step::EmptyList(path) => (path, Seen::List, 0..0),
            Step::Null(path) => (path, Seen::Null, 0..0),
            Step::Leaf(id) => {
                let leaf = document.leaf(id);
                if !leaf.in_mac {
                    continue;
                }
                let seen = match document.value(id) {
                    Value::Str(text) => Seen::Text(text.as_slice().to_vec()),
                    Value::Int(v) => Seen::Int(v.into()),
                    Value::Float(v) => Seen::float(v),
                    Value::Bool(v) => Seen::Bool(v),
                    Value::Time(v) => Seen::Other("time", v.as_str().to_owned()),
                };
                (leaf.path, seen, leaf.span.range())
            }
            Step::Key(_) | Step::MapEnd | Step::ListEnd | Step::Comment(_) => continue,
        };
        let paths = document.paths();
        let part = |node| match (paths.name(node), paths.position(node)) {
            (Some(name), _) => String::from_utf8_lossy(name).into_owned(),
            (None, position) => format!("[{}]", position.unwrap_or_default()),
        };
        let mut names: Vec<String> = paths.ancestors(path).map(part).chain([number.clone()]).collect();
        names.reverse();
        out.push(Entry { path: names, seen, source });
    }
    out
}

/// Lays out a judge's tree: `walk` is called for the root and pushes what it finds below a path.
struct Layout(Vec<Entry>);

impl Layout {
    fn push(&mut self, path: &[String], seen: Seen) {
        self.0.push(Entry { path: path.to_vec(), seen, source: 0..0 });
    }
}

/// The same entries, of a doubled name the last value at the first one's place: what a map makes of them.
fn last_wins(entries: &[Entry]) -> Vec<Entry> {
    let Some((container, rest)) = entries.split_first() else { return Vec::new() };
    if container.seen == Seen::Document {
        return [std::slice::from_ref(container), &*last_wins(rest)].concat();
    }
    let depth = container.path.len() + 1;
    let mut groups: Vec<&[Entry]> = Vec::new();
    let mut rest = rest;
    while !rest.is_empty() {
        let end = rest[1..].iter().position(|e| e.path.len() <= depth).map_or(rest.len(), |i| i + 1);
        let (group, behind) = rest.split_at(end);
        match groups.iter_mut().find(|g| g[0].path == group[0].path) {
            Some(first) => *first = group,
            None => groups.push(group),
        }
        rest = behind;
    }
    let mut out = vec![container.clone()];
    out.extend(groups.into_iter().flat_map(last_wins));
    out
}

/// Equal, wherever the texts stand.
fn alike(a: &[Entry], b: &[Entry]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.path == b.path && a.seen == b.seen)
}

/// Without what lies below `sops` at the root of a document.
fn without_metadata(entries: &[Entry]) -> Vec<Entry> {
    entries.iter().filter(|e| e.path.get(1).is_none_or(|name| name != "sops")).cloned().collect()
}
