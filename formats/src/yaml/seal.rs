//! Tokens in place of values, and the hints that bring the source bytes back.

mod alias;
mod hints;

use self::hints::{Placed, Repair, TokenSite, hints};
use super::block;
use super::detail::{Scanned, Site};
use super::gaps;
use super::parse::{NONE, Written};
use super::patch::{Moved, Patch};
use super::spell::{Header, as_sealed, header_style, plainly_canonical, spell, style_of};
use crate::document::Document;
use crate::error::Unwritable;
use crate::leaf::{CommentId, LeafId, Span};
use crate::syntax::{Sealed, Slot, Tokens};
use crate::value::Kind;

/// See [`crate::syntax::Detail::seal`].
pub(super) fn seal(scanned: &Scanned, document: &Document<'_>, tokens: &Tokens) -> Result<Sealed, Unwritable> {
    check_clear(scanned, document, tokens)?;
    let places = document.leaves().len() + document.comments().len();
    let (patch, sites) = (Patch::with_room(places), Vec::with_capacity(places));
    let mut sealer = Sealer { scanned, document, tokens, patch, sites, repairs: Vec::new() };
    sealer.leaves();
    sealer.aliases();
    sealer.comments();
    sealer.directives();
    sealer.clear_end();
    let Sealer { patch, mut sites, mut repairs, .. } = sealer;
    let (text, moved) = patch.apply(document.text(), tokens.bytes());
    sites.sort_unstable_by_key(|s| (s.old.start, s.from));
    let sites: Vec<Placed> = sites.into_iter().map(|s| s.place(&moved)).collect();
    repairs.sort_by_key(|r| (r.old.start, r.old.end));
    let ends: Vec<u32> = scanned.documents.iter().map(|site| block::slot(document.text(), site, scanned.crlf).at as u32).collect();
    let hints = hints(document.text(), &sites, repairs, &moved, &ends);
    let slots = slots(scanned, document, &text, &moved);
    Ok(Sealed { text, hints, slots })
}

/// What stays in clear must be read by SOPS, too.
fn check_clear(scanned: &Scanned, document: &Document<'_>, tokens: &Tokens) -> Result<(), Unwritable> {
    let text = document.text();
    let tabs = text.contains(&b'\t');
    for (number, leaf) in document.leaves().iter().enumerate() {
        let id = LeafId(number as u32);
        let site = scanned.site(id);
        if tokens.of_leaf(id).is_some() || site.alias {
            continue;
        }
        let what = match scanned.props(site) {
            Some(props) if tabs && site.written.is_block() && gaps::tab_in_block(text, leaf.span.range(), props) => {
                "a tab in the indentation of a text that stays in clear, which sops could not read"
            }
            _ if site.flow && site.written == Written::Plain && text[leaf.span.range()].contains(&b'?') => {
                "a '?' in unquoted text in brackets that stays in clear, which sops could not read; put it in quotes"
            }
            _ if leaf.kind == Kind::Float && scanned.is_unsigned(text, id, leaf.span) => {
                "a whole number of 2^63 or more that stays in clear, which sops could not read; put it in quotes"
            }
            _ => continue,
        };
        return Err(Unwritable { path: document.paths().display(leaf.path), what: what.to_owned() });
    }
    Ok(())
}

/// See [`crate::syntax::Detail::without_blocks`].
pub(super) fn without_blocks(scanned: &Scanned, document: &Document<'_>) -> Sealed {
    let mut patch = Patch::default();
    for cut in document.blocks().iter().flat_map(|b| &b.cuts) {
        patch.edit(*cut, |_| ());
    }
    let (text, moved) = patch.apply(document.text(), b"");
    let mut slots = slots(scanned, document, &text, &moved);
    // A block of lines stays where it was, and its place needs nothing around it.
    for block in document.blocks() {
        if let Some(slot) = slots.get_mut(block.document as usize).filter(|s| !s.flow) {
            slot.at = moved.place(block.span.end) as usize;
            slot.before.clear();
        }
    }
    Sealed { text, hints: Vec::new(), slots }
}

/// The blocks' lines end as the sealed text's do: where values of several lines were, other lines come first than in the plain text.
fn slots(scanned: &Scanned, document: &Document<'_>, sealed: &[u8], moved: &Moved) -> Vec<Slot> {
    let crlf = sealed.iter().position(|&b| b == b'\n').is_some_and(|at| sealed[..at].ends_with(b"\r"));
    let slot = |site| {
        let slot = block::slot(document.text(), site, crlf);
        Slot { at: moved.place(slot.at as u32) as usize, ..slot }
    };
    scanned.documents.iter().map(slot).collect()
}

struct Sealer<'a> {
    scanned: &'a Scanned,
    document: &'a Document<'a>,
    tokens: &'a Tokens,
    patch: Patch,
    sites: Vec<TokenSite>,
    repairs: Vec<Repair>,
}

impl Sealer<'_> {
    fn leaves(&mut self) {
        let text = self.document.text();
        let mut spelled = Vec::new();
        for (number, leaf) in self.document.leaves().iter().enumerate() {
            let id = LeafId(number as u32);
            let site = self.scanned.site(id);
            let Some(token) = self.tokens.span_of_leaf(id).filter(|_| !site.alias) else { continue };
            let header = self.scanned.header(text, site);
            let site = Site { written: if site.flow && site.written == Written::Plain { Written::Double } else { site.written }, ..*site };
            let other =
                header.as_ref().map(|header| as_sealed(header.text)).filter(|other| *other != header.as_ref().map_or(&[][..], |h| h.text));
            let whole = self.scanned.props(&site).filter(|_| other.is_some()).map(|props| props.header);
            if let (Some(other), Some(place)) = (&other, whole) {
                self.patch.edit(place, |out| out.extend_from_slice(other));
            }
            let length = self.put_token(leaf.span, token, &site, header.as_ref());
            self.sites.push(TokenSite { old: leaf.span, from: 0, to: length });
            if site.tag.must_go() {
                self.cut_tag(&site, leaf.span);
                continue;
            }
            let source = &text[leaf.span.range()];
            if site.text.0 == NONE && plainly_canonical(source, &site) {
                continue;
            }
            let value = self.scanned.value_of(text, id, leaf.span);
            zeroize::Zeroize::zeroize(&mut spelled);
            let fits = spell(&mut spelled, &value, &site, header.as_ref());
            if let Some(place) = whole {
                let style = header.as_ref().filter(|_| fits && spelled == source).and_then(|header| header_style(header.text));
                let old = if style.is_some() { leaf.span } else { Span { start: place.start, end: leaf.span.end } };
                self.repairs.push(Repair { old, kind: 0, style });
            } else if !fits || spelled != source {
                let style = if header.is_some() { None } else { style_of(&value, source, &site) };
                self.repairs.push(Repair { old: leaf.span, kind: 0, style });
            }
        }
    }

    /// Puts a token in place of a scalar, in its style; returns the length of what stands there then.
    fn put_token(&mut self, old: Span, token: Span, site: &Site, header: Option<&Header<'_>>) -> u32 {
        let source = &self.document.text()[old.range()];
        let quote: &[u8] = match site.written {
            Written::Single => b"'",
            Written::Double => b"\"",
            _ => b"",
        };
        let before = |out: &mut Vec<u8>| {
            if let Some(header) = header {
                out.resize(out.len() + header.indent, b' ');
            }
            out.extend_from_slice(quote);
        };
        let behind = |out: &mut Vec<u8>| {
            out.extend_from_slice(quote);
            if header.is_some() {
                let end = if source.ends_with(b"\r\n") { 2 } else { usize::from(source.ends_with(b"\n") || source.ends_with(b"\r")) };
                out.extend_from_slice(&source[source.len() - end..]);
            }
        };
        self.patch.put(old, token, before, behind)
    }

    /// A core tag goes with the blanks behind it (T2).
    fn cut_tag(&mut self, site: &Site, leaf: Span) {
        let Some(props) = self.scanned.props(site) else { return };
        let text = self.document.text();
        let tag = props.tag;
        let behind = &text[tag.end as usize..];
        let blanks = behind.iter().take_while(|b| **b == b' ' || **b == b'\t').count();
        let cut = Span { start: tag.start, end: tag.end + blanks as u32 };
        self.patch.edit(cut, |_| ());
        self.repairs.push(Repair { old: Span { start: tag.start, end: leaf.end }, kind: 2, style: None });
    }

    fn comments(&mut self) {
        for (number, comment) in self.document.comments().iter().enumerate() {
            let Some(token) = self.tokens.span_of_comment(CommentId(number as u32)) else { continue };
            self.patch.put(comment.span, token, |_| (), |_| ());
            self.sites.push(TokenSite { old: comment.span, from: 0, to: token.len() as u32 });
        }
    }

    fn directives(&mut self) {
        for (number, &span) in self.scanned.directives.iter().enumerate() {
            self.patch.edit(span, |_| ());
            let first = number == 0 && self.sites.iter().all(|s| s.old.start > span.start);
            if !first {
                self.repairs.push(Repair { old: span, kind: 1, style: None });
            }
        }
    }

    /// A block scalar in clear at the very end, whose last line has no break, gets one where the metadata block follows; it must not be part of the value.
    /// Without tokens there is nothing to hang the repair on, and no sealed text.
    fn clear_end(&mut self) {
        let text = self.document.text();
        if self.sites.is_empty() || matches!(text.last(), Some(b'\n' | b'\r')) {
            return;
        }
        let ends = |span: Span| span.end as usize == text.len() && !span.is_empty();
        let Some(number) = self.document.leaves().iter().position(|leaf| ends(leaf.span)) else { return };
        let (id, span) = (LeafId(number as u32), self.document.leaves()[number].span);
        let site = self.scanned.site(id);
        let Some(props) = self.scanned.props(site).filter(|_| site.written.is_block() && self.tokens.of_leaf(id).is_none()) else { return };
        let header = &text[props.header.range()];
        if !header.contains(&b'-') {
            self.patch.edit(props.header, |out| {
                out.extend(header.iter().filter(|&&b| b != b'+'));
                out.push(b'-');
            });
            self.repairs.push(Repair { old: Span { start: props.header.start, end: span.end }, kind: 1, style: None });
        }
    }
}
