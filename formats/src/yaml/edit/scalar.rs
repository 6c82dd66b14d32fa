//! One leaf of a plain text set to another value, in the old style where it can hold it.

use zeroize::Zeroizing;

use super::keep_float;
use crate::document::Document;
use crate::edit::{Floats, broken};
use crate::leaf::{LeafId, Span};
use crate::splice::Splice;
use crate::value::Value;
use crate::yaml::detail::{Scanned, Site};
use crate::yaml::parse::{Props, Tag, Written};
use crate::yaml::print::{self, Place, Style, keeps_plain};
use crate::yaml::spell::{AS_IT_IS, holds, room, spell, style_of, styled};

/// Can this value stand where that leaf does, in its style and behind its tag?
pub(super) fn fits(site: &Site, span: Span, value: &Value) -> bool {
    let text = value.kind() == crate::Kind::Str;
    let lines = matches!(value, Value::Str(bytes) if bytes.as_slice().contains(&b'\n'));
    // What takes several lines has its place below the comment on this one.
    (site.written.is_block() || !span.is_empty()) && (site.tag == Tag::None || text) && (!lines || site.written != Written::Plain)
}

/// Must a literal of this text keep all line feeds behind it (`|+`), those of the blank lines that follow included?
pub(super) fn keeps_line_feeds(text: &[u8]) -> bool {
    text.ends_with(b"\n\n") || text == b"\n"
}

/// Sets a leaf that is not what an alias stands for.
pub(super) fn set(scanned: &Scanned, document: &Document<'_>, leaf: LeafId, value: &Value, floats: Floats, splice: &mut Splice) {
    let text = document.text();
    let span = document.leaf(leaf).span;
    let mut site = *scanned.site(leaf);
    let old = scanned.value_of(text, leaf, span);
    let header = scanned.header(text, &site);
    // The old spelling's own style (unquoted text in a flow, say) if it holds the new value.
    let style = style_of(&old, &text[span.range()], &site).filter(|n| *n != AS_IT_IS || may_be_plain(value, &site));
    let same_style = style.and_then(|n| styled(value, n, &site));
    if let Some(bytes) = same_style.filter(|b| header.is_none() && holds(b, value, &site, None, false)) {
        return splice.replace(span, &bytes);
    }
    if site.tag.must_go()
        && let Some(props) = scanned.props(&site)
    {
        // The tag speaks of the old value.
        let blanks = text[props.tag.end as usize..].iter().take_while(|b| **b == b' ').count();
        splice.cut(Span { start: props.tag.start, end: props.tag.end + blanks as u32 });
        site.tag = Tag::None;
    }
    if matches!(value, Value::Str(text) if text.as_slice() == b"<<") && site.written == Written::Plain {
        site.written = Written::Double;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(room(value, &site, header.as_ref()) + 8));
    if spell(&mut bytes, value, &site, header.as_ref()) {
        if floats == Floats::Stay {
            keep_float(&mut bytes, 0, value);
        }
        end_line(&mut bytes, text, span);
        return splice.replace(span, &bytes);
    }
    let props = scanned.props(&site).expect("what does not fit has a header");
    let follows = &text[span.end as usize..];
    let blank = follows.iter().position(|b| b"\r\n".contains(b)).is_some_and(|end| follows[..end].trim_ascii().is_empty());
    if blank && matches!(value, Value::Str(text) if keeps_line_feeds(text.as_slice())) {
        site.written = Written::Double;
    }
    let (first, rest) = respell(&mut bytes, value, floats, &site, text, props, span);
    if let Some(header) = header.filter(|header| header.crlf) {
        bytes = broken(&bytes, header.crlf);
    }
    if rest.is_none() {
        end_line(&mut bytes, text, span);
    }
    splice.replace(first, &bytes);
    if let Some(rest) = rest {
        splice.cut(rest);
    }
}

/// A value in place of a block scalar and its header: on one line before a comment that stands there, or in lines where the old ones begin. What that is
/// in place of, and what goes.
fn respell(out: &mut Vec<u8>, value: &Value, floats: Floats, site: &Site, text: &[u8], props: &Props, body: Span) -> (Span, Option<Span>) {
    let usual = site.place();
    // A digit says how far in lines stand that begin with a blank.
    let in_reach = props.indent > site.parent && props.indent - site.parent <= 9;
    let place = Place { column: if in_reach { props.indent as usize } else { usual.column }, ..usual };
    print::scalar(out, value, if props.header_comment { Style::Double } else { site.style() }, &place);
    if floats == Floats::Stay {
        keep_float(out, 0, value);
    }
    if props.header_comment {
        return (props.header, Some(body));
    }
    // A literal is printed without the end of its last line.
    let own_end = out.starts_with(b"|") && matches!(value, Value::Str(text) if text.as_slice().ends_with(b"\n"));
    if own_end || text[body.range()].ends_with(b"\n") {
        out.push(b'\n');
    }
    (Span { start: props.header.start, end: body.end }, None)
}

/// May this text stand without quotes, as the old one does?
fn may_be_plain(value: &Value, site: &Site) -> bool {
    let tagged = !matches!(site.tag, Tag::None | Tag::NonSpecific);
    matches!(value, Value::Str(text) if std::str::from_utf8(text.as_slice()).is_ok_and(|text| keeps_plain(text, site.flow, tagged)))
}

/// A block scalar without lines ends where the next thing begins: its first line needs an end.
fn end_line(bytes: &mut Vec<u8>, text: &[u8], span: Span) {
    let at_line_start = span.start > 0 && matches!(text[span.start as usize - 1], b'\n' | b'\r');
    if span.is_empty() && at_line_start && (span.end as usize) < text.len() && !bytes.ends_with(b"\n") {
        bytes.extend_from_slice(if text[..span.start as usize].ends_with(b"\r\n") { b"\r\n" } else { b"\n" });
    }
}
