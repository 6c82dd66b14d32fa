//! The metadata block: `[sops]` with its lines, then `[[sops.age]]` and the like.

use super::print::{fields as print_fields, is_line, key, line_value};
use super::scalar::{self, Quote};
use super::scan::{NONE, Piece, Scan, blank_before, scan};
use crate::document::Document;
use crate::document::Mode;
use crate::error::Unwritable;
use crate::leaf::Span;
use crate::limits::Limits;
use crate::splice::Splice;
use crate::syntax::{Block, Slot};
use crate::tree::Tree;
use crate::value::Value;

/// A block of more pieces is no block of ours; it is written anew, for what follows is quadratic.
const PIECES: usize = 4096;

/// See [`crate::syntax::Detail::spell_block`]. An old block that is one piece below a header `[sops]` keeps its spelling; others
/// (`sops = { .. }`, `sops.mac = ..`, tables between those of the user) are written anew.
pub(super) fn spell(slot: &Slot, fields: &[(String, Tree)], old: Option<(&Document<'_>, &Block)>) -> Result<Vec<u8>, Unwritable> {
    if let Some((document, block)) = old
        && let [cut] = block.cuts[..]
        && let Some(tree) = &block.fields
        && let Some(bytes) = respell(&document.text[cut.range()], tree, fields)?
    {
        return Ok(bytes);
    }
    let all: Vec<(&str, &Tree)> = fields.iter().map(|(k, t)| (k.as_str(), t)).collect();
    Ok(line_ends(&print_fields("sops", &all, true)?, slot.crlf).into_bytes())
}

fn line_ends(text: &str, crlf: bool) -> String {
    text.replace('\n', if crlf { "\r\n" } else { "\n" })
}

/// The old block with `fields`; none if it is laid out in a way that this cannot do.
fn respell(old: &[u8], tree: &Tree, fields: &[(String, Tree)]) -> Result<Option<Vec<u8>>, Unwritable> {
    let mut text = old.to_vec();
    let crlf = text.iter().position(|&b| b == b'\n').is_some_and(|i| text[..i].ends_with(b"\r"));
    if !text.ends_with(b"\n") {
        text.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
    }
    let Ok(scanned) = scan(&text, Mode::Sealed, &Limits::SEALED) else { return Ok(None) };
    let Some(sops) = scanned.sops else { return Ok(None) };
    let mut own = scanned.pieces.iter().filter(|p| p.field == NONE);
    let (Some(header), None) = (own.next(), own.next()) else { return Ok(None) };
    if scanned.pieces.first().is_none_or(|p| p.field != NONE) || scanned.pieces.len() > PIECES {
        return Ok(None);
    }

    let mut edit = Edit { text: &text, crlf, splice: Splice::default() };
    let mut lines_at = edit.line_end(header.span.start);
    let mut tables_at = header.span.end;
    let nodes: Vec<u32> = scanned.children(sops).filter(|&n| scanned.pieces.iter().any(|p| p.field == n)).collect();
    for &node in nodes.iter().filter(|&&n| !fields.iter().any(|(name, _)| name == scanned.name(n))) {
        edit.cut(&pieces(&scanned, node));
    }
    for (name, wanted) in fields {
        let found = nodes.iter().copied().find(|&n| scanned.name(n) == name);
        let had = found.map(|n| (pieces(&scanned, n), n));
        match had {
            Some((pieces, _)) if tree.get(name) == Some(wanted) => {
                let last = pieces.last().expect("only nodes with pieces were kept");
                if last.table {
                    tables_at = last.span.end;
                } else {
                    lines_at = edit.line_end(last.span.end);
                }
            }
            Some((pieces, node)) => match (pieces.as_slice(), is_line(wanted)) {
                ([piece], true) if !piece.table && scanned.nodes[node as usize].span.start > piece.span.start => {
                    let value = scanned.nodes[node as usize].span.start..piece.span.end;
                    let quote = Quote::of(&text[value.clone()]);
                    let spelled = match (wanted, quote) {
                        (Tree::Value(v @ Value::Str(_)), Some(quote)) => scalar::spell(v, quote).map_or_else(|| line_value(wanted), Ok)?,
                        _ => line_value(wanted)?,
                    };
                    let bytes = line_ends(&spelled, crlf);
                    edit.splice.replace(Span::new(value.start, value.end), bytes.as_bytes());
                    lines_at = edit.line_end(piece.span.end);
                }
                (all, line) => {
                    let tables = all.iter().all(|p| p.table);
                    edit.cut(all);
                    match (all, line, tables) {
                        ([first, ..], false, true) => {
                            edit.table(first.span.start, name, wanted)?;
                            tables_at = all.last().map_or(tables_at, |p| p.span.end);
                        }
                        (_, false, _) => edit.table(tables_at, name, wanted)?,
                        (_, true, _) => edit.line(lines_at, name, wanted)?,
                    }
                }
            },
            None if is_line(wanted) => edit.line(lines_at, name, wanted)?,
            None => edit.table(tables_at, name, wanted)?,
        }
    }
    let Edit { splice, .. } = edit;
    let new = splice.finish(&text)[header.span.start..].to_vec();
    // Whatever the old layout was: the new one must say what was asked for, or it is not used.
    let reads = super::Toml;
    let same = crate::syntax::Syntax::scan(&reads, &new, &crate::ScanOptions::SEALED).is_ok_and(|(outline, _)| {
        let read = outline.blocks.first().and_then(|b| b.fields.as_ref());
        read.is_some_and(|t| t.entries().count() == fields.len() && fields.iter().all(|(name, tree)| t.get(name) == Some(tree)))
    });
    Ok(same.then_some(new))
}

fn pieces(scanned: &Scan, node: u32) -> Vec<&Piece> {
    scanned.pieces.iter().filter(|p| p.field == node).collect()
}

struct Edit<'t> {
    text: &'t [u8],
    crlf: bool,
    splice: Splice,
}

impl Edit<'_> {
    fn line_start(&self, at: usize) -> usize {
        self.text[..at].iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        self.text[at..].iter().position(|&b| b == b'\n').map_or(self.text.len(), |i| at + i + 1)
    }

    fn cut(&mut self, pieces: &[&Piece]) {
        for piece in pieces {
            let span = if piece.table {
                Span::new(piece.span.start, piece.span.end)
            } else {
                Span::new(self.line_start(piece.span.start), self.line_end(piece.span.end))
            };
            self.splice.cut(span);
        }
    }

    fn line(&mut self, at: usize, name: &str, tree: &Tree) -> Result<(), Unwritable> {
        let line = line_ends(&format!("{} = {}\n", key(name), *line_value(tree)?), self.crlf);
        self.splice.insert(at, line.as_bytes());
        Ok(())
    }

    fn table(&mut self, at: usize, name: &str, tree: &Tree) -> Result<(), Unwritable> {
        let text = print_fields("sops", &[(name, tree)], false)?;
        let blank_is_there = blank_before(&self.text[..at]) > 0;
        let text = if blank_is_there { [&text, "\n"].concat() } else { ["\n", &text].concat() };
        self.splice.insert(at, line_ends(&text, self.crlf).as_bytes());
        Ok(())
    }
}
