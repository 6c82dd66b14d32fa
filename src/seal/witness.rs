//! Digests of all that SOPS's MAC leaves out (docs/sealed-file.md, section 1; to the byte: docs/wire-format.md), taken from the sealed text. [`super::extension`] carries them;
//! `sealed_file/verdict.rs` compares.
//!
//! Each is SHA-256 over records `tag: u8`, `length: u32 big-endian`, `bytes`. The tags stand in one table, [`Tag`].

use leafcrypt_formats::{CommentId, Document, Kind, Step, Tree};
use leafcrypt_kms::Field;
use sha2::{Digest, Sha256};

use super::aad;
use super::plain_bytes;
use super::policy::Coverage;
use super::selection::Selection;
use crate::keys::{KeyGroups, Record};

/// A digest.
pub type Sum = [u8; 32];

/// In place of a digest: recipients for which nobody has vouched, or comments or a text that were changed outside and that nobody has accepted.
pub const UNVOUCHED: Sum = [0; 32];

/// The tags of the records. Frozen with payload version 1.
#[derive(Clone, Copy)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Tag {
    Format = 1,
    MacMode = 2,
    RuleName = 3,
    RuleText = 4,
    Threshold = 5,
    Version = 6,
    UnknownName = 7,
    UnknownValue = 8,
    Document = 16,
    MapStart = 17,
    MapEnd = 18,
    Key = 19,
    ListStart = 20,
    ListEnd = 21,
    EmptyMap = 22,
    EmptyList = 23,
    Null = 24,
    CoveredLeaf = 25,
    ClearLeaf = 26,
    ClearBytes = 27,
    CoveredPath = 28,
    SealedComment = 48,
    ClearComment = 49,
    Group = 64,
    KeyKind = 65,
    FieldName = 66,
    FieldValue = 67,
    Enc = 68,
    Text = 80,
}

/// A running digest.
#[derive(Default)]
pub struct Records(Sha256);

impl Records {
    /// Adds a record. Texts are below 4 GiB by the limits of R8.
    pub fn add(&mut self, tag: Tag, bytes: &[u8]) {
        let mut head = [0u8; 5];
        head[0] = tag as u8;
        head[1..].copy_from_slice(&(bytes.len() as u32).to_be_bytes());
        self.0.update(head);
        self.0.update(bytes);
    }

    /// The digest.
    pub fn finish(self) -> Sum {
        self.0.finalize().into()
    }
}

/// What the metadata contribute to `body`.
pub struct Frame<'a> {
    /// The format's name.
    pub format: &'a str,
    /// `mac_only_encrypted`.
    pub mac_only_encrypted: bool,
    /// The selection rule; none in a binary file.
    pub selection: Option<&'a Selection>,
    /// Shamir threshold as stored.
    pub threshold: i64,
    /// `version`.
    pub version: &'a str,
    /// Fields nobody knows, `leafcrypt_whole` included.
    pub unknown: &'a [(String, Tree)],
}

/// Begins a `body` digest.
pub fn body_frame(frame: &Frame<'_>) -> Records {
    let mut records = Records::default();
    records.add(Tag::Format, frame.format.as_bytes());
    records.add(Tag::MacMode, &[u8::from(frame.mac_only_encrypted)]);
    if let Some(selection) = frame.selection {
        records.add(Tag::RuleName, selection.kind.name().as_bytes());
        records.add(Tag::RuleText, selection.text.as_bytes());
    }
    records.add(Tag::Threshold, frame.threshold.to_string().as_bytes());
    records.add(Tag::Version, frame.version.as_bytes());
    add_unknown(&mut records, frame.unknown);
    records
}

/// Fields nobody knows, by name: their order is the writer's.
fn add_unknown(records: &mut Records, unknown: &[(String, Tree)]) {
    let mut unknown: Vec<&(String, Tree)> = unknown.iter().collect();
    unknown.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, tree) in unknown {
        records.add(Tag::UnknownName, name.as_bytes());
        add_tree(records, tree);
    }
}

/// The `body` digest of a document, of all its steps or of some. `kind_of` gives the type of a covered leaf: its token's.
pub fn body(
    frame: &Frame<'_>,
    document: &Document<'_>,
    steps: &[Step],
    coverage: &Coverage,
    mut kind_of: impl FnMut(usize) -> Kind,
) -> Sum {
    let mut records = body_frame(frame);
    let mut path = Vec::new();
    let paths = document.paths();
    for &step in steps {
        if frame.mac_only_encrypted {
            // SOPS lets others add clear values there, so neither they nor positions count.
            if let Step::Leaf(id) = step {
                let leaf = document.leaf(id);
                if coverage.leaves[id.0 as usize] {
                    aad::write(&mut path, paths, leaf.path);
                    records.add(Tag::CoveredPath, &path);
                    records.add(Tag::CoveredLeaf, kind_of(id.0 as usize).name().as_bytes());
                }
            }
            continue;
        }
        match step {
            Step::Document => records.add(Tag::Document, b""),
            Step::MapStart(_) => records.add(Tag::MapStart, b""),
            Step::MapEnd => records.add(Tag::MapEnd, b""),
            Step::ListStart(_) => records.add(Tag::ListStart, b""),
            Step::ListEnd => records.add(Tag::ListEnd, b""),
            Step::Key(key) => records.add(Tag::Key, paths.name(key).unwrap_or_default()),
            Step::EmptyMap(_) => records.add(Tag::EmptyMap, b""),
            Step::EmptyList(_) => records.add(Tag::EmptyList, b""),
            Step::Null(_) => records.add(Tag::Null, b""),
            Step::Leaf(id) => {
                if coverage.leaves[id.0 as usize] {
                    records.add(Tag::CoveredLeaf, kind_of(id.0 as usize).name().as_bytes());
                } else {
                    let value = document.value(id);
                    records.add(Tag::ClearLeaf, value.kind().name().as_bytes());
                    records.add(Tag::ClearBytes, &plain_bytes::of(&value));
                }
            }
            Step::Comment(_) => {}
        }
    }
    records.finish()
}

/// The `comments` digest: sealed ones as their token, clear ones as their text. `token` gives the token of a covered comment.
pub fn comments<'a>(document: &Document<'_>, mut token: impl FnMut(CommentId) -> Option<&'a [u8]>) -> Sum {
    let mut records = Records::default();
    for i in 0..document.comments().len() {
        let id = CommentId(i as u32);
        match token(id) {
            Some(token) => records.add(Tag::SealedComment, token),
            None => records.add(Tag::ClearComment, &document.comment_text(id)),
        }
    }
    records.finish()
}

/// The `keys` digest: per group, per record, kind and every field with `enc`, but not `created_at`.
///
/// Records count kind by kind, as SOPS reads a group's lists: a rule may name the kinds of a group in another order than a file can hold.
pub fn keys(groups: &KeyGroups) -> Sum {
    let mut records = Records::default();
    for group in &groups.groups {
        records.add(Tag::Group, b"");
        add_unknown(&mut records, &group.unknown);
        let mut in_order: Vec<&Record> = group.records.iter().collect();
        in_order.sort_by_key(|record| record.key.kind());
        for record in in_order {
            records.add(Tag::KeyKind, record.key.kind().name().as_bytes());
            for (name, field) in &record.key.fields().0 {
                records.add(Tag::FieldName, name.as_bytes());
                match field {
                    Field::Text(text) => records.add(Tag::FieldValue, text.as_bytes()),
                    Field::Map(pairs) => {
                        for (k, v) in pairs {
                            records.add(Tag::FieldName, k.as_bytes());
                            records.add(Tag::FieldValue, v.as_bytes());
                        }
                    }
                }
            }
            add_unknown(&mut records, &record.unknown);
            records.add(Tag::Enc, record.wrapped.as_ref().map_or(b"".as_slice(), |w| w.0.as_bytes()));
        }
    }
    records.finish()
}

/// The `text` digest: the exact opened text.
pub fn text(plain: &[u8]) -> Sum {
    let mut records = Records::default();
    records.add(Tag::Text, plain);
    records.finish()
}

/// A metadata field nobody knows; its depth is bounded by the scan.
fn add_tree(records: &mut Records, tree: &Tree) {
    match tree {
        Tree::Null => records.add(Tag::Null, b""),
        Tree::Value(value) => {
            records.add(Tag::ClearLeaf, value.kind().name().as_bytes());
            records.add(Tag::UnknownValue, &plain_bytes::of(value));
        }
        Tree::Map(_) => {
            records.add(Tag::MapStart, b"");
            let mut entries: Vec<(&[u8], &Tree)> = tree.entries().collect();
            entries.sort_by_key(|e| e.0);
            for (key, value) in entries {
                records.add(Tag::Key, key);
                add_tree(records, value);
            }
            records.add(Tag::MapEnd, b"");
        }
        Tree::List(_) => {
            records.add(Tag::ListStart, b"");
            for item in tree.items() {
                add_tree(records, item);
            }
            records.add(Tag::ListEnd, b"");
        }
    }
}
