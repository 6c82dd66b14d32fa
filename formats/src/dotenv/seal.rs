//! Tokens into lines, and values back into them.
//!
//! The canonical spelling of a value is the value with LF as `\n`; of a comment, `#` and its text. Styles of payload version 1:
//! see [`RAW`]. A CR at the end of a line stays where it is when a token comes, but belongs to the value: opening replaces both.

use zeroize::Zeroizing;

use crate::document::Document;
use crate::draft::joined;
use crate::error::Unwritable;
use crate::find;
use crate::flat::{
    At, Site, field_text, fold_newlines, fold_newlines_into, hints_by_token, merge_fields, scalar_bytes, sites, unfold_newlines,
};
use crate::hint::{Hint, Spelled};
use crate::leaf::{LeafId, Span};
use crate::splice::Splice;
use crate::syntax::{Block, Opened, Sealed, Slot, Tokens};
use crate::tree::Tree;
use crate::value::{Kind, Value};

use super::scan::{Line, Quoted, classify, quoted};
use super::{PREFIX, is_bare, with_cr};

/// Style 1, the only one: the bytes of the value or comment as they are. For a value: its newlines are real ones, inside quotes.
/// For a comment: without the `#`, a line that is no assignment.
const RAW: u8 = 1;

/// See [`crate::Document::seal`].
pub(super) fn seal(document: &Document<'_>, tokens: Tokens) -> Result<Sealed, Unwritable> {
    let text = document.text;
    check_clear(document, &tokens)?;
    let covered = sites(document, |id| tokens.of_leaf(id).is_some(), |id| tokens.of_comment(id).is_some());
    let mut splice = Splice::with_room(covered.len());
    let mut hints = Vec::new();
    for (number, site) in covered.iter().enumerate() {
        let number = number as u32;
        match site.at {
            At::Leaf(id) => {
                let source = &text[site.span.range()];
                if source.contains(&b'\n') {
                    let plain = *unfold_newlines(source) == *source;
                    let with = if plain { Spelled::Style(RAW) } else { Spelled::Bytes(source.to_vec()) };
                    hints.push(Hint::Site { kind: 0, first: number, last: number, before: 0, after: 0, with });
                }
                splice.put(site.span, tokens.span_of_leaf(id).expect("the site is covered"));
            }
            At::Comment(id) => {
                if is_bare(text, site.span) {
                    hints.push(Hint::Site { kind: 5, first: number, last: number, before: 1, after: 0, with: Spelled::Style(RAW) });
                    splice.insert(site.span.start as usize, b"#");
                }
                splice.put(site.span, tokens.span_of_comment(id).expect("the site is covered"));
            }
        }
    }
    for cut in document.blocks().iter().flat_map(|b| &b.cuts) {
        splice.cut(*cut);
    }
    let text = splice.finish_in(text, tokens);
    Ok(Sealed { slots: vec![slot(&text, text.len())], text, hints })
}

/// What stays in clear must be readable for SOPS in the sealed text.
fn check_clear(document: &Document<'_>, tokens: &Tokens) -> Result<(), Unwritable> {
    let text = document.text;
    let clear = sites(document, |id| tokens.of_leaf(id).is_none(), |id| tokens.of_comment(id).is_none());
    for site in clear {
        match site.at {
            At::Leaf(id) if text[site.span.range()].contains(&b'\n') => {
                let path = document.paths().display(document.leaf(id).path);
                return Err(Unwritable {
                    path,
                    what: "a value over several lines can only be sealed, not left in clear; write its newlines as `\\n`".to_owned(),
                });
            }
            At::Comment(_) if is_bare(text, site.span) => {
                let (line, _) = document.position(site.span.start);
                let what =
                    "it is no assignment, and comments stay in clear by the rule of this file; sops could not read it: put a `#` before it";
                return Err(Unwritable { path: format!("line {line}"), what: what.to_owned() });
            }
            At::Leaf(_) | At::Comment(_) => {}
        }
    }
    Ok(())
}

/// See [`crate::Document::open`].
pub(super) fn open(
    document: &Document<'_>,
    opened: &Opened,
    hints: &[Hint],
    otherwise: &mut Vec<(LeafId, Value)>,
) -> Result<Vec<u8>, Unwritable> {
    let text = document.text;
    let value = |id: LeafId| opened.leaves.get(id.0 as usize).and_then(Option::as_ref);
    let comment = |id: crate::CommentId| opened.comments.get(id.0 as usize).and_then(Option::as_ref);
    let tokens = sites(document, |id| value(id).is_some(), |id| comment(id).is_some());
    let hints = hints_by_token(hints, tokens.len());
    let mut splice = Splice::opening(text, tokens.len());
    for (site, hint) in tokens.iter().zip(hints) {
        match site.at {
            At::Leaf(id) => {
                let held = value(id).expect("the site is covered");
                let plain = scalar_bytes(held);
                match hint.and_then(|h| hinted_value(text, site, h, &plain)) {
                    Some((span, bytes)) => splice.replace(span, &bytes),
                    None => {
                        splice.write(with_cr(text, site.span), 2 * plain.len(), |out| {
                            fold_newlines_into(out, &plain);
                            true
                        });
                        // All is text here, and the two characters `\n` are a line feed.
                        if held.kind() != Kind::Str || find::has(b"\\n", &plain) {
                            otherwise.push((id, Value::Str(unfold_newlines(&plain).into())));
                        }
                    }
                }
            }
            At::Comment(id) => {
                let plain = comment(id).expect("the site is covered").as_slice();
                let whole = with_cr(text, site.span);
                match hint {
                    Some(h) if hinted_bare(h, plain) && !is_bare(text, site.span) => {
                        splice.replace(Span::new(whole.start as usize - 1, whole.end as usize), plain);
                    }
                    _ => splice.replace(whole, &comment_lines(plain)),
                }
            }
        }
    }
    for cut in document.blocks().iter().flat_map(|b| &b.cuts) {
        splice.cut(*cut);
    }
    Ok(splice.finish(text))
}

/// The spelling that a hint asks for, if it means this value at this place.
fn hinted_value(text: &[u8], site: &Site, hint: &Hint, plain: &[u8]) -> Option<(Span, Zeroizing<Vec<u8>>)> {
    let Hint::Site { kind: 0, before: 0, after: 0, with, .. } = hint else { return None };
    let whole = with_cr(text, site.span);
    let bytes = match with {
        Spelled::Style(RAW) => joined(&[plain]),
        Spelled::Style(_) => return None,
        Spelled::Bytes(bytes) => joined(&[bytes, &text[site.span.end as usize..whole.end as usize]]),
    };
    (*unfold_newlines(&bytes) == *plain && is_one_value(&bytes)).then_some((whole, bytes))
}

/// Do these bytes behind a `=` read as one value that ends with them?
pub(super) fn is_one_value(bytes: &[u8]) -> bool {
    !bytes.contains(&b'\n') || matches!(quoted(bytes, 0), Quoted::Value(end) if end == bytes.len())
}

fn hinted_bare(hint: &Hint, plain: &[u8]) -> bool {
    let asked = matches!(hint, Hint::Site { kind: 5, before: 1, after: 0, with: Spelled::Style(RAW), .. });
    asked && !plain.contains(&b'\n') && matches!(classify(plain), Line::Bare)
}

/// A comment's text; each further line gets its own mark, else it would be read as something else.
fn comment_lines(plain: &[u8]) -> Zeroizing<Vec<u8>> {
    let lines: Vec<&[u8]> = plain.split(|&b| b == b'\n').collect();
    Zeroizing::new(lines.join(&b"\n#"[..]))
}

/// See [`crate::Document::without_blocks`].
pub(super) fn without_blocks(document: &Document<'_>) -> Sealed {
    let mut splice = Splice::default();
    let cuts: Vec<Span> = document.blocks().iter().flat_map(|b| b.cuts.iter().copied()).collect();
    for cut in &cuts {
        splice.cut(*cut);
    }
    let text = splice.finish(document.text);
    let at = cuts.first().map_or(text.len(), |cut| cut.start as usize);
    Sealed { slots: vec![slot(&text, at)], text, hints: Vec::new() }
}

fn slot(text: &[u8], at: usize) -> Slot {
    let open_line = at > 0 && text[at - 1] != b'\n';
    Slot { at, before: if open_line { b"\n".to_vec() } else { Vec::new() }, ..Slot::default() }
}

/// See [`crate::syntax::Detail::spell_block`]. Fields end in LF also where the file has CR LF: SOPS reads no others.
pub(super) fn spell_block(fields: &[(String, Tree)], old: Option<(&Document<'_>, &Block)>) -> Result<Vec<u8>, Unwritable> {
    let mut out = Vec::new();
    for (number, kept) in merge_fields(fields, old.and_then(|(_, block)| block.fields.as_ref())) {
        let (name, tree) = &fields[number];
        match (old, kept) {
            (Some((document, block)), Some(i)) => out.extend_from_slice(&document.text[block.spans[i].range()]),
            _ => {
                if name.contains(['=', '\n']) {
                    return Err(Unwritable { path: "the metadata".to_owned(), what: "a field name that ENV cannot hold".to_owned() });
                }
                out.extend_from_slice(PREFIX);
                out.extend_from_slice(name.as_bytes());
                out.push(b'=');
                out.extend_from_slice(&fold_newlines(&field_text(name, tree)?));
            }
        }
        out.push(b'\n');
    }
    Ok(out)
}
