//! Opening the leaves of a document: tokens to values, and the MAC over them.

use std::borrow::Cow;

use leafcrypt_formats::{Bytes, CommentId, Document, Kind, LeafId, Opened, PathId, Value};
use zeroize::Zeroizing;

use super::clear::is_clear;
use super::error::OpenError;
use crate::seal::cipher::Cipher;
use crate::seal::mac::Mac;
use crate::seal::policy::{Coverage, Policy};
use crate::seal::token::{self, Holds};
use crate::seal::{aad, plain_bytes};

/// What came out of a document's tokens.
pub(super) struct Walked {
    pub opened: Opened,
    pub coverage: Coverage,
    /// A comment that should be a token stands in clear, or its token does not open.
    pub clear_comments: bool,
    /// Covered leaves in clear, where those are let through; they are not in the MAC.
    pub added: Option<Vec<bool>>,
    /// The MAC as the values give it.
    pub mac: Zeroizing<String>,
}

impl Walked {
    /// The type of a covered leaf: its token's.
    pub fn kind(&self, leaf: usize) -> Kind {
        self.opened.leaves[leaf].as_ref().map_or(Kind::Str, Value::kind)
    }
}

/// Opens every covered leaf and comment, in order. `completing`: covered leaves may stand in clear.
pub(super) fn open(
    document: &Document<'_>,
    policy: &Policy,
    mac_only_encrypted: bool,
    cipher: &Cipher,
    completing: bool,
) -> Result<Walked, OpenError> {
    let mut added = completing.then(|| vec![false; document.leaves().len()]);
    let mut coverage = policy.coverage(document);
    let mut mac = Mac::new(mac_only_encrypted);
    let mut leaves = Vec::with_capacity(document.leaves().len());
    let mut path = Vec::new();
    let mut path_of = None;
    for (i, leaf) in document.leaves().iter().enumerate() {
        let id = LeafId(i as u32);
        if coverage.leaves[i] {
            let content = document.content(id);
            if content.is_empty() {
                // Empty strings are never sealed, whatever the rule says.
                coverage.leaves[i] = false;
            } else if let Some(added) = added.as_mut().filter(|_| is_clear(&content)) {
                added[i] = true;
                coverage.leaves[i] = false;
                leaves.push(None);
                continue;
            } else {
                bind(&mut path, &mut path_of, document, leaf.path);
                let value = cipher.open_value(&path, &content).map_err(|why| OpenError::Leaf {
                    path: document.paths().display(leaf.path),
                    line: document.position(leaf.span.start).0,
                    why,
                })?;
                if leaf.in_mac {
                    mac.leaf(&plain_bytes::of(&value), true);
                }
                leaves.push(Some(value));
                continue;
            }
        }
        if leaf.in_mac && !mac_only_encrypted {
            mac.leaf(&plain_bytes::of(&document.value(id)), false);
        }
        leaves.push(None);
    }
    let mut clear_comments = false;
    let comments = (0..document.comments().len())
        .map(|i| {
            let opened = coverage.comments[i].then(|| open_comment(document, CommentId(i as u32), cipher)).flatten();
            clear_comments |= coverage.comments[i] && opened.is_none();
            coverage.comments[i] = opened.is_some();
            opened
        })
        .collect();
    Ok(Walked { opened: Opened { leaves, comments }, coverage, clear_comments, added, mac: mac.finish() })
}

/// A clear comment in place of a sealed one is accepted, and one that does not open is left as it is (SOPS behaviour); the witness tells.
/// SOPS's placement and ours may differ by a container, so every enclosing path is tried.
fn open_comment(document: &Document<'_>, id: CommentId, cipher: &Cipher) -> Option<Bytes> {
    let text = document.comment_text(id);
    if !token::looks_sealed(&text) {
        return None;
    }
    let mut container = document.comment(id).container;
    let mut bound = Vec::new();
    loop {
        aad::write(&mut bound, document.paths(), container);
        if let Ok(plain) = cipher.open_text(&bound, &text, Holds::Comment) {
            return Some(Bytes::new(plain));
        }
        if container == PathId::ROOT {
            return None;
        }
        container = document.paths().parent(container);
    }
}

/// The token of a comment that was opened.
pub(super) fn comment_token<'a>(document: &'a Document<'_>, opened: &Opened, id: CommentId) -> Option<Cow<'a, [u8]>> {
    opened.comments[id.0 as usize].is_some().then(|| document.comment_text(id))
}

/// The additional data of a path, kept while the path stays the same.
pub(super) fn bind(out: &mut Vec<u8>, of: &mut Option<PathId>, document: &Document<'_>, path: PathId) {
    if *of != Some(path) {
        aad::write(out, document.paths(), path);
        *of = Some(path);
    }
}
