//! One change at one place of a text, held against a model of what a change is: the values are the old ones but for that change, what stands beside it
//! keeps its bytes and its comments, and a new key that goes again leaves what was there before. Also what the fuzz target `edit` runs (`fuzz/`).

use std::collections::BTreeMap;

use leafcrypt_formats::{
    Change, Document, EditError, Floats, Format, Item, LeafId, Member, Part, PlainText, ScanOptions, Tree, Value, display_parts,
};

use crate::edits_notes::Notes;
use crate::random::Random;
use crate::random_tree::{self as trees, Kinds};

/// Containers and leaves, with their paths.
fn places<'t>(tree: &'t Tree, at: &mut Vec<Part>, out: &mut Vec<(Vec<Part>, &'t Tree)>) {
    out.push((at.clone(), tree));
    let entries = tree.entries().map(|(name, tree)| (Part::Key(name.to_vec()), tree));
    for (part, tree) in entries.chain(tree.items().enumerate().map(|(i, tree)| (Part::Index(i), tree))) {
        at.push(part);
        places(tree, at, out);
        at.pop();
    }
}

/// What a change makes of a tree; none if it does not fit. Written for the eye: no word of it is the crate's.
fn model(tree: &Tree, at: &[Part], to: Option<&Tree>) -> Option<Tree> {
    let Some((part, rest)) = at.split_first() else { return to.cloned() };
    let mut tree = tree.clone();
    if to.is_some() && !matches!(tree, Tree::Map(_) | Tree::List(_)) {
        tree = if matches!(part, Part::Key(_)) { Tree::Map(Vec::new()) } else { Tree::List(Vec::new()) };
    }
    match (&mut tree, part) {
        (Tree::Map(members), Part::Key(key)) => {
            let found = members.iter().rposition(|m| matches!(m, Member::Entry(name, _) if name == key));
            let old = found.map(|i| if let Member::Entry(_, old) = &members[i] { old.clone() } else { Tree::Null });
            match (old, to) {
                (None, None) => return None,
                (None, Some(_)) => members.push(Member::Entry(key.clone(), model(&Tree::Null, rest, to)?)),
                (Some(_), None) if rest.is_empty() => drop(members.remove(found?)),
                (Some(old), _) => members[found?] = Member::Entry(key.clone(), model(&old, rest, to)?),
            }
        }
        (Tree::List(items), Part::Index(n)) => {
            items.retain(|item| matches!(item, Item::Value(_)));
            match (items.get(*n).cloned(), to) {
                (None, None) => return None,
                (None, Some(_)) => items.push(Item::Value(model(&Tree::Null, rest, to)?)),
                (Some(_), None) if rest.is_empty() => drop(items.remove(*n)),
                (Some(Item::Value(old)), _) => items[*n] = Item::Value(model(&old, rest, to)?),
                _ => return None,
            }
        }
        _ => return None,
    }
    Some(tree)
}

/// The values of a tree as text, to compare: TOML's tables stand behind its values, ENV and INI hold text only, an empty unnamed section is none.
fn values(format: Format, tree: &Tree) -> String {
    let flat = matches!(format, Format::Dotenv | Format::Ini);
    match tree {
        Tree::Null if flat => "{}".to_owned(),
        Tree::Null => "null".to_owned(),
        Tree::Value(value) if flat => {
            let bytes = text_of(value);
            format!("{:?}", String::from_utf8_lossy(bytes.strip_suffix(b"\r").unwrap_or(&bytes)))
        }
        Tree::Value(value) => format!("{:?}:{:?}", value.kind(), String::from_utf8_lossy(&text_of(value))),
        Tree::List(_) => format!("[{}]", tree.items().map(|t| values(format, t)).collect::<Vec<_>>().join(",")),
        Tree::Map(_) => {
            let none = |name: &[u8], tree: &Tree| format == Format::Ini && name == b"DEFAULT" && tree.entries().next().is_none();
            let all = tree.entries().filter(|(name, tree)| !none(name, tree));
            let mut all: Vec<_> = all.map(|(name, t)| format!("{:?}={}", String::from_utf8_lossy(name), values(format, t))).collect();
            if format == Format::Toml {
                all.sort();
            }
            format!("{{{}}}", all.join(","))
        }
    }
}

fn text_of(value: &Value) -> Vec<u8> {
    match value {
        Value::Str(bytes) => bytes.as_slice().to_vec(),
        Value::Int(n) => n.to_string().into_bytes(),
        Value::Float(v) => format!("{v:?}").into_bytes(),
        Value::Bool(b) => b.to_string().into_bytes(),
        Value::Time(t) => t.as_str().as_bytes().to_vec(),
    }
}

/// Is a name on this way there twice?
fn doubled(tree: &Tree, at: &[Part]) -> bool {
    (0..at.len()).any(|i| match (tree.at(&at[..i]), &at[i]) {
        (Ok(tree), Part::Key(name)) => tree.entries().filter(|(n, _)| n == name).count() > 1,
        _ => false,
    })
}

/// What was done, and what was refused and why.
#[derive(Default)]
pub struct Tally {
    pub done: usize,
    pub refused: BTreeMap<String, usize>,
    /// New keys that went again, and how many of those left other bytes than before.
    pub again: usize,
    pub other_bytes: usize,
}

struct Case<'a> {
    format: Format,
    name: String,
    text: &'a [u8],
    at: &'a [Part],
    to: Option<&'a Tree>,
}

impl Case<'_> {
    fn edit(&self, text: &[u8], to: Option<&Tree>) -> Result<Vec<u8>, EditError> {
        let document = Document::parse(self.format, text, &ScanOptions::PLAIN).expect("it has been read");
        document.edit(self.at, to.map_or(Change::Remove, Change::Set), Floats::Stay, &ScanOptions::PLAIN).map(PlainText::into_bytes)
    }

    fn fail(&self, what: &str, new: &[u8]) -> ! {
        let (text, new) = (String::from_utf8_lossy(self.text), String::from_utf8_lossy(new));
        panic!(
            "{}: {what}: {} to {:?}\n--- before\n{text}\n--- after\n{new}\n--- {text:?}\n{new:?}",
            self.name,
            display_parts(self.at),
            self.to
        )
    }

    fn run(&self, tally: &mut Tally) {
        let before = Document::parse(self.format, self.text, &ScanOptions::PLAIN).expect("it has been read");
        let tree = before.trees().into_iter().next().unwrap_or(Tree::Null);
        let root = if tree == Tree::Null { Tree::Map(Vec::new()) } else { tree.clone() };
        let expected = model(&root, self.at, self.to);
        let new = match self.edit(self.text, self.to) {
            Ok(new) => new,
            Err(EditError::Unwritable(why)) => {
                if (why.what.contains("read back, or") || why.what.contains("no place")) && std::env::var_os("LEAFCRYPT_SHOW").is_some() {
                    eprintln!(
                        "{}: {} to {:?}: {why}\n{:?}\n",
                        self.name,
                        display_parts(self.at),
                        self.to,
                        String::from_utf8_lossy(self.text)
                    );
                }
                return *tally.refused.entry(why.what.clone()).or_default() += 1;
            }
            Err(_) if expected.is_none() => return,
            Err(other) => self.fail(&format!("the model does it, but: {other}"), b""),
        };
        tally.done += 1;
        let Some(expected) = expected else { self.fail("the model refuses this", &new) };
        let after = Document::parse(self.format, &new, &ScanOptions::PLAIN).expect("it was read before");
        let (found, rest) = (after.trees(), before.trees());
        let doubled = doubled(&tree, self.at);
        let same = |a: &Tree, b: &Tree| values(self.format, a) == values(self.format, b);
        if !doubled && !same(found.first().unwrap_or(&Tree::Null), &expected) {
            self.fail("other values", &new);
        }
        if found.len() != rest.len() || !found.iter().zip(&rest).skip(1).all(|(a, b)| same(a, b)) {
            self.fail("another document changed", &new);
        }
        self.beside(&before, &after, &new);
        let fresh = self
            .at
            .split_last()
            .is_some_and(|(_, above)| root.at(above).is_ok_and(|t| t.entries().next().is_some() || t.items().next().is_some()));
        let notes = Notes { format: self.format, at: self.at, fresh: fresh && root.at(self.at).is_err(), gone: self.to.is_none() };
        if let Some(wrong) = notes.wrong((&before, self.text), (&after, &new)).filter(|_| !doubled) {
            self.fail(&wrong, &new);
        }
        let appends = root.at(self.at).is_err() && self.at.iter().any(|part| matches!(part, Part::Index(_)));
        // ENV: of a text of one line nothing shows how lines end.
        let shows = self.format != Format::Dotenv || new.contains(&b'\n');
        if self.to.is_some() && !appends && shows && self.edit(&new, self.to).ok().as_deref() != Some(&new) && !doubled {
            self.fail("the same once more is another text", &new);
        }
        if let (Some(Tree::Value(_)), Ok(old @ Tree::Value(_)), false) = (self.to, root.at(self.at), doubled) {
            self.to_and_fro(old, &new);
        }
        if self.to.is_some() && fresh && !doubled && root.at(self.at).is_err() && !matches!(self.at.last(), Some(Part::Index(_))) {
            tally.again += 1;
            match self.edit(&new, None) {
                Ok(back) => {
                    let found = Document::parse(self.format, &back, &ScanOptions::PLAIN).expect("it was read before").trees();
                    if !same(found.first().unwrap_or(&Tree::Null), &root) {
                        self.fail("the new key went again, and the values are others", &back);
                    }
                    // A last line that goes leaves the end of the one before it.
                    if back.trim_ascii_end() != self.text.trim_ascii_end() && !self.is_respelled(&new) {
                        tally.other_bytes += 1;
                        if std::env::var_os("LEAFCRYPT_SHOW").is_some() {
                            eprintln!(
                                "{}: not the bytes: {}\n{:?}\n{:?}\n{:?}\n",
                                self.name,
                                display_parts(self.at),
                                String::from_utf8_lossy(self.text),
                                String::from_utf8_lossy(&new),
                                String::from_utf8_lossy(&back)
                            );
                        }
                    }
                }
                Err(error) => self.fail(&format!("the new key does not go again: {error}"), &new),
            }
        }
    }

    /// Between two values the text goes to and fro. Only how the first one was spelled by whoever wrote it (`0x1f`, a quote that another value cannot stand
    /// in) is nowhere once another one has stood there.
    fn to_and_fro(&self, old: &Tree, new: &[u8]) {
        let then = |text: &[u8], to| self.edit(text, Some(to)).unwrap_or_else(|error| self.fail(&format!("not back: {error}"), text));
        let back = then(new, old);
        let again = then(&then(&back, self.to.expect("it was set")), old);
        if again != back {
            self.fail("the old value, set for the second time, is another text than for the first", &again);
        }
    }

    /// Is this of what a new key changes for good? YAML: a block of text at the very end without a line break gets a header that says where it ends, and an
    /// alias that the path goes through is written out.
    fn is_respelled(&self, new: &[u8]) -> bool {
        let aliases = |text: &[u8]| text.iter().filter(|&&b| b == b'*').count();
        let same = self.text.iter().zip(new).take_while(|(a, b)| a == b).count();
        let document = Document::parse(self.format, self.text, &ScanOptions::PLAIN).expect("it has been read");
        let last = document.leaves().iter().map(|leaf| leaf.span).find(|span| span.end as usize == self.text.len());
        let header = !self.text.ends_with(b"\n") && last.is_some_and(|span| same < span.start as usize);
        self.format == Format::Yaml && (aliases(new) < aliases(self.text) || header)
    }

    /// What has nothing to do with the place keeps its bytes, and its comments.
    fn beside(&self, before: &Document<'_>, after: &Document<'_>, new: &[u8]) {
        let start = self.text.iter().zip(new).take_while(|(a, b)| a == b).count();
        let most = self.text.len().min(new.len()) - start;
        let tail = self.text.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
        let (mut from, mut to) = (start, self.text.len() - tail);
        let path = |id: usize| before.paths().parts(before.leaf(LeafId(id as u32)).path);
        let touched = |path: &[Part]| path.starts_with(self.at) || self.at.starts_with(path);
        let spans: Vec<_> = (0..before.leaves().len()).filter(|&i| touched(&path(i))).map(|i| before.leaves()[i].span).collect();
        let beside = |i: usize, from: usize, to: usize| {
            let leaf = &before.leaves()[i];
            let inside = (leaf.span.start as usize) < to && leaf.span.end as usize > from;
            // A block scalar at the end gets a header that says where it ends.
            let block = self.format == Format::Yaml && leaf.span.end as usize == self.text.len();
            let alias = self.text.get(leaf.span.start as usize) == Some(&b'*');
            // A table of TOML that becomes a value goes there where values stand.
            let moves = matches!(self.format, Format::Toml | Format::Ini);
            inside && !alias && !block && !spans.contains(&leaf.span) && !touched(&path(i)) && !moves
        };
        let changed = |from: usize, to: usize| (0..before.leaves().len()).find(|&i| beside(i, from, to));
        // What goes may begin as what comes behind it: then any stretch of that length may be it.
        let only_goes = self.text.len() - new.len().min(self.text.len()) == to - from;
        let most = if only_goes {
            self.text[..from].iter().rev().zip(self.text[..to].iter().rev()).take_while(|(a, b)| a == b).count()
        } else {
            0
        };
        let other = || (1..=most).find(|back| changed(from - back, to - back).is_none());
        if let Some(i) = changed(from, to) {
            let Some(back) = other() else { self.fail(&format!("{} changes too", display_parts(&path(i))), new) };
            (from, to) = (from - back, to - back);
        }
        if self.to.is_some() {
            let trees = before.trees();
            let old = trees.first().unwrap_or(&Tree::Null).at(self.at);
            let texts = |document: &Document<'_>, all: bool| {
                let mut texts: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
                for (i, comment) in document.comments().iter().enumerate() {
                    let container = document.paths().parts(comment.container);
                    // What stands inside of an item, above its first entry, goes with it, and what stands in brackets that hold nothing.
                    let brackets = self.text[from..].starts_with(b"[") || self.text[from..].starts_with(b"{");
                    let branch =
                        matches!(old, Ok(Tree::Map(_) | Tree::List(_))) && (brackets || matches!(self.at.last(), Some(Part::Index(_))));
                    let inside =
                        branch && self.at.starts_with(&container) && from < comment.span.start as usize && comment.span.end as usize <= to;
                    if all || !(container.starts_with(self.at) || inside) {
                        let id = leafcrypt_formats::CommentId(i as u32);
                        let text = document.comment_text(id);
                        // A run of INI's lines is one comment, until something comes to stand between them.
                        let lines = text.split(|&b| b == b'\n' && self.format == Format::Ini);
                        for line in lines {
                            let line = if self.format == Format::Ini { unmarked(line) } else { line };
                            *texts.entry(line.trim_ascii_end().to_vec()).or_default() += 1;
                        }
                    }
                }
                texts
            };
            let (kept, found) = (texts(before, false), texts(after, true));
            // INI's comments behind values may be read with their mark, or without; behind a quote that closes, they are no comments, but stay. Of an
            // empty one that is the mark.
            let there = |text: &[u8]| {
                let found =
                    if text.is_empty() { new.iter().any(|b| b"#;".contains(b)) } else { new.windows(text.len()).any(|w| w == text) };
                self.format == Format::Ini && found
            };
            if let Some((text, _)) = kept.iter().find(|(text, n)| found.get(*text).unwrap_or(&0) < n && !there(text)) {
                self.fail(&format!("the comment {:?} is gone", String::from_utf8_lossy(text)), new);
            }
        }
    }
}

/// A line of INI's comments without its marks, which only the first of a run has not.
fn unmarked(line: &[u8]) -> &[u8] {
    &line[line.iter().position(|b| !b"#; ".contains(b)).unwrap_or(line.len())..]
}

/// What JSON, and so the command line, can say: no time.
fn typed_in(tree: &Tree) -> Tree {
    match tree {
        Tree::Value(Value::Time(time)) => Tree::text(time.as_str()),
        Tree::Map(_) => Tree::map(tree.entries().map(|(name, tree)| (name, typed_in(tree)))),
        Tree::List(_) => Tree::list(tree.items().map(typed_in)),
        Tree::Null | Tree::Value(_) => tree.clone(),
    }
}

const KEYS: &[&str] = &["new", "n", "a key", "b: c", "12", "~", "é", "k.k", "-", "#x", "true", "a\"b", "it's", "x:", ""];

/// A change at a place of this tree, as `random` has it; `make` makes the value, which is none if the place is to go.
fn change(format: Format, tree: &Tree, random: &mut Random, make: &mut trees::Random) -> (Vec<Part>, Option<Tree>) {
    let mut all = Vec::new();
    places(tree, &mut Vec::new(), &mut all);
    let (at, here) = &all[random.below(all.len())];
    let mut at = at.clone();
    let lines = make.one_in(2);
    let kinds = Kinds { comments: false, trailing: false, bytes: false, infinite: false, typed: true, odd: make.one_in(8), lines };
    let value = match (format, random.below(3)) {
        (Format::Dotenv | Format::Ini, _) => Tree::text(trees::text(make, kinds)),
        (_, 0) => trees::map(make, kinds, 2),
        _ => trees::scalar(make, kinds),
    };
    let value = typed_in(&value);
    let remove = random.one_in(3) && !at.is_empty();
    if !remove && (at.is_empty() || random.one_in(2)) {
        for _ in 0..=random.below(2) {
            at.push(match here {
                Tree::List(_) => Part::Index(random.below(4)),
                _ => Part::Key(random.pick(KEYS).into()),
            });
        }
    }
    (at, (!remove).then_some(value))
}

/// Some changes of a text, each of the text as it is; nothing if it is none of this format.
pub fn check(format: Format, name: &str, text: &[u8], random: &mut Random, makers: impl Iterator<Item = trees::Random>, tally: &mut Tally) {
    let Ok(document) = Document::parse(format, text, &ScanOptions::PLAIN) else { return };
    if !document.blocks().is_empty() || text.len() > 20_000 {
        return;
    }
    let tree = document.trees().into_iter().next().unwrap_or(Tree::Null);
    for mut make in makers {
        let (at, to) = change(format, &tree, random, &mut make);
        Case { format, name: name.to_owned(), text, at: &at, to: to.as_ref() }.run(tally);
    }
}
