//! Text to nodes. The parser's events stop here (`reader`, `block_scalar`): the rest of the folder knows only these nodes (`node`).

mod block_scalar;
mod node;
mod reader;

use granit_parser::{Event, Options, Parser, ScalarStyle};
use zeroize::Zeroizing;

use self::block_scalar::first_indent;
pub(super) use self::node::{NONE, Node, Parsed, Props, Tag, What, Written};
use self::reader::Reader;
use super::{count, dialect, gaps};
use crate::document::{Mode, ScanOptions};
use crate::error::{SyntaxClass, SyntaxError};
use crate::find;

/// Reads a text. Iterative; whatever go-yaml would read otherwise is refused.
pub(super) fn parse<'t>(bytes: &'t [u8], options: &'t ScanOptions) -> Result<Parsed<'t>, SyntaxError> {
    let text = dialect::check_bytes(bytes)?;
    if let Some(at) = count::one_more_than(options.limits.leaves, bytes, options.mode) {
        return Err(too_many(bytes, at, options.limits.leaves));
    }
    let directives = dialect::directives(text)?;
    let mut reader = Reader {
        text,
        parsed: Parsed {
            // More than a usual text has: growing would copy it all. What stays unused is not touched.
            nodes: Vec::with_capacity((bytes.len() / 8).min(1 << 20)),
            props: Vec::new(),
            parts: Vec::new(),
            comments: Vec::new(),
            directives,
        },
        anchors: Vec::new(),
        open: Vec::new(),
        cursor: 0,
        depth: options.limits.depth,
        nodes: options.limits.leaves.saturating_mul(4),
        values: 0,
        most: if has_block(bytes) || options.mode == Mode::Sealed { usize::MAX } else { options.limits.leaves },
        limits: &options.limits,
    };
    for event in Parser::new_from_str_with_options(text, settings(options)) {
        match event {
            Ok((event, mark)) => reader.take(event, mark)?,
            // Go-yaml breaks lines there, our parser does not.
            Err(error) => {
                let odd = text.find(['\u{2028}', '\u{2029}']);
                return Err(odd.map_or_else(|| reader.refusal(&error), |at| dialect::unicode_break(bytes, at)));
            }
        }
    }
    let mut parsed = reader.parsed;
    parsed.comments.sort_unstable();
    gaps::check(bytes, &parsed)?;
    Ok(parsed)
}

/// May it hold a metadata block?
fn has_block(text: &[u8]) -> bool {
    find::has(b"sops", text)
}

/// More values than the limit grants.
pub(super) fn too_many(text: &[u8], at: usize, most: usize) -> SyntaxError {
    SyntaxError::at(text, at, SyntaxClass::Limit, format!("more than {most} values"))
}

fn settings(options: &ScanOptions) -> Options {
    granit_parser::options! {
        emit_anchor_events: true,
        block_scalar_eof_without_line_feed: true,
        max_buffered_comment_events: options.limits.comments_held,
        flow_nesting_limit: options.limits.depth + 1,
        block_nesting_limit: options.limits.depth + 1,
    }
}

/// Reads one scalar that stands in a context of its own; none if the text is anything else. For checking hints.
pub(super) fn scalar_of(snippet: &str) -> Option<(Zeroizing<String>, Written, Tag)> {
    let settings = settings(&ScanOptions::PLAIN);
    let mut found = None;
    let mut seen = 0;
    for event in Parser::new_from_str_with_options(snippet, settings) {
        match event.ok()? {
            (Event::Scalar(text, style, _, tag), mark) => {
                seen += 1;
                if seen == 2 {
                    let empty = style == ScalarStyle::Plain && mark.byte_range()?.is_empty();
                    let mut text = if empty { Zeroizing::default() } else { Zeroizing::new(text.into_owned()) };
                    let source = &snippet[mark.byte_range()?];
                    if source.contains(['\u{2028}', '\u{2029}']) {
                        text = Zeroizing::new(dialect::with_unicode_breaks(
                            &text,
                            source,
                            written(style),
                            (first_indent(source.as_bytes())?, false),
                        )?);
                    }
                    found = Some((text, written(style), tag_of(tag.as_deref())));
                }
            }
            (Event::Alias(_) | Event::SequenceStart(..), _) => return None,
            _ => {}
        }
    }
    if seen == 2 { found } else { None }
}

fn written(style: ScalarStyle) -> Written {
    match style {
        ScalarStyle::Plain => Written::Plain,
        ScalarStyle::SingleQuoted => Written::Single,
        ScalarStyle::DoubleQuoted => Written::Double,
        ScalarStyle::Literal => Written::Literal,
        ScalarStyle::Folded => Written::Folded,
    }
}

fn tag_of(tag: Option<&granit_parser::Tag>) -> Tag {
    let Some(tag) = tag else { return Tag::None };
    if tag.original() == "!" {
        return Tag::NonSpecific;
    }
    match tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() {
        Some("str") => Tag::Str,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("bool") => Tag::Bool,
        Some("null") => Tag::Null,
        Some("timestamp") => Tag::Timestamp,
        Some("binary") => Tag::Binary,
        Some("merge") => Tag::Merge,
        Some("map" | "seq" | "set" | "omap" | "pairs") => Tag::Collection,
        _ => Tag::Other,
    }
}

/// The first of these indicators from `at` on, behind other indicators, comments, anchors and tags.
pub(super) fn find(bytes: &[u8], mut at: usize, indicators: &[u8]) -> Option<usize> {
    loop {
        match bytes.get(at)? {
            b if indicators.contains(b) => return Some(at),
            b' ' | b'\t' | b'\n' | b'\r' | b'-' | b'?' | b':' => at += 1,
            b'#' => at += bytes[at..].iter().position(|&b| b == b'\n' || b == b'\r')?,
            b'&' | b'!' => at += bytes[at..].iter().position(|b| b" \t\r\n".contains(b))?,
            _ => return None,
        }
    }
}

/// Behind the line break at `at`, if there is one.
pub(super) fn behind_break(bytes: &[u8], at: usize) -> usize {
    match &bytes[at..] {
        [b'\r', b'\n', ..] => at + 2,
        [b'\r' | b'\n', ..] => at + 1,
        _ => at,
    }
}
