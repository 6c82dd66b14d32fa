//! An object with the members `data` and `sops`: how SOPS carries a whole file. Read and written without a copy of `data`.

use super::block::Old;
use super::print::{Style, write, write_key};
use super::scan::{Event, Scanner, utf8};
use super::{string, tree};
use crate::edit::Floats;
use crate::error::{SyntaxClass, SyntaxError, Unwritable};
use crate::leaf::Span;
use crate::limits::Limits;
use crate::syntax::Block;
use crate::tree::Tree;

/// What was found: the string `data` without its quotes, and the block.
pub(crate) struct Parts {
    pub data: Span,
    pub block: Block,
}

/// Reads an envelope.
///
/// # Errors
/// Not JSON; other members, or one of the two missing; `data` no string.
pub(crate) fn read(text: &[u8]) -> Result<Parts, SyntaxError> {
    let limits = Limits::SEALED;
    let mut scanner = Scanner::new(text, limits.depth);
    let outside = |span: Span, what: &str| SyntaxError::at(text, span.start as usize, SyntaxClass::OutsideModel, what);
    let mut budget = limits.leaves;
    let (mut data, mut block) = (None, None);
    match scanner.next()? {
        Event::ObjectStart(_) => {}
        Event::EmptyObject(span) => return Err(outside(span, "no binary data found")),
        other => return Err(outside(other.span(), "the root must be an object")),
    }
    let end = loop {
        let key = match scanner.next()? {
            Event::Key(key) => key,
            other => break other.span(),
        };
        match &*string::decode(tree::inner(text, key)) {
            b"data" if data.is_none() => match scanner.next()? {
                Event::Text(span) => data = Some(Span { start: span.start + 1, end: span.end - 1 }),
                other => return Err(outside(other.span(), "the binary data is not a string")),
            },
            b"sops" if block.is_none() => {
                let whole = tree::read(&mut scanner, text, &mut budget)?;
                let span = Span { start: key.start, end: whole.span.end };
                let fields = matches!(whole.tree, Tree::Map(_)).then_some(whole.tree);
                block = Some(Block { span, cuts: vec![span], document: 0, fields, spans: whole.members });
            }
            b"sops" => return Err(outside(key, "found duplicate sops entry")),
            _ => return Err(outside(key, "the envelope of a binary file holds data and sops, each once, and nothing else")),
        }
    };
    scanner.next()?;
    // Last, for it goes through the whole text, and most texts that are no envelope show it in their first key.
    utf8(text)?;
    let data = data.ok_or_else(|| outside(end, "no binary data found"))?;
    let block = block.ok_or_else(|| outside(end, "sops metadata not found"))?;
    Ok(Parts { data, block })
}

/// The token, unescaped.
pub(crate) fn token(inner: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    string::decode(inner)
}

/// A new envelope in SOPS's layout. `fill` appends the token, of `size` bytes, and gives the fields.
///
/// # Errors
/// Those of `fill`, or a field that JSON cannot hold.
pub(crate) fn compose<E: From<Unwritable>>(
    size: usize,
    fill: impl FnOnce(&mut Vec<u8>) -> Result<Vec<(String, Tree)>, E>,
    indent: Option<usize>,
) -> Result<Vec<u8>, E> {
    let style = Style::sops(indent);
    let line = |out: &mut Vec<u8>| {
        out.push(b'\n');
        out.extend_from_slice(&style.unit);
    };
    let mut out = Vec::with_capacity(size + style.unit.len() + 32);
    out.push(b'{');
    line(&mut out);
    write_key(&mut out, b"data", &style)?;
    out.push(b'"');
    let fields = fill(&mut out)?;
    let mut behind = b"\",".to_vec();
    line(&mut behind);
    spell_block(&mut behind, &fields, &style)?;
    behind.extend_from_slice(b"\n}\n");
    // Not twice the room, as a buffer that grows by itself would take.
    out.reserve_exact(behind.len());
    out.extend_from_slice(&behind);
    Ok(out)
}

/// A block for the place of an old one, spelled as that is.
///
/// # Errors
/// A field that JSON cannot hold.
pub(crate) fn respell(text: &[u8], old: &Block, fields: &[(String, Tree)], indent: Option<usize>) -> Result<Vec<u8>, Unwritable> {
    let style = Style::sops(indent);
    match Old::find(text, old) {
        Some(old) => old.spell(fields, &style),
        None => {
            let mut out = Vec::new();
            spell_block(&mut out, fields, &style)?;
            Ok(out)
        }
    }
}

fn spell_block(out: &mut Vec<u8>, fields: &[(String, Tree)], style: &Style) -> Result<(), Unwritable> {
    write_key(out, b"sops", style)?;
    let tree = Tree::map(fields.iter().map(|(name, tree)| (name, tree.clone())));
    write(out, &tree, style, &style.unit, Floats::AsSops)
}
