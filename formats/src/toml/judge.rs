//! Before anything is kept: is it TOML, and not too much of it?

use toml_parser::Source;
use toml_parser::lexer::Token;
use toml_parser::parser::{Event, EventKind, RecursionGuard, parse_document};

use crate::document::Mode;
use crate::error::{SyntaxClass, SyntaxError};
use crate::limits::Limits;

/// `toml_edit`'s own limit for the levels of one value and for the parts of one key. Its parser recurses.
pub(super) const LEVELS: usize = 80;

/// So many tokens of the lexer (blanks, line ends, marks) may come on each value that the limits allow.
const TOKENS: usize = 8;

/// So many values and tables of a metadata block fit beside the leaves of a sealed text: 1,000 keys (R8) have fewer. The leaves themselves are counted
/// once the block is known.
const OF_BLOCK: usize = 16 << 10;

/// A table costs as much memory as two values or names. So many of all: a million values with a name each, and a small file's nesting.
const WEIGHT: (usize, usize) = (2, 16 << 10);

/// The text's tokens, if it is not too much. `toml_edit` takes some 500 bytes of memory for each value and table, and the lexer and
/// its parser some 60 for each token, however short: so both are counted before anything is kept.
pub(super) fn measure(text: &str, mode: Mode, limits: &Limits) -> Result<Vec<Token>, SyntaxError> {
    let source = Source::new(text);
    let leaves = if mode == Mode::Sealed { limits.leaves.saturating_add(OF_BLOCK) } else { limits.leaves };
    let most = leaves.saturating_mul(TOKENS).saturating_add(TOKENS);
    if let Some(token) = source.lex().nth(most) {
        return Err(SyntaxError::at(text.as_bytes(), token.span().start(), SyntaxClass::Limit, "too many values, or too much around them"));
    }
    let tokens = source.lex().into_vec();
    let (mut values, mut names, mut containers, mut over) = (0usize, 0usize, 0usize, None);
    let weight = leaves.saturating_mul(WEIGHT.0).saturating_add(WEIGHT.1);
    let mut count = |event: Event| {
        match event.kind() {
            EventKind::Scalar => values += 1,
            EventKind::SimpleKey => names += 1,
            EventKind::ArrayOpen | EventKind::InlineTableOpen | EventKind::StdTableOpen | EventKind::ArrayTableOpen => containers += 1,
            _ => {}
        }
        if values > leaves || containers > leaves || values + names + WEIGHT.0 * containers > weight {
            over.get_or_insert(event.span().start());
        }
    };
    let mut guard = RecursionGuard::new(&mut count, limits.depth.min(LEVELS) as u32);
    parse_document(&tokens, &mut guard, &mut ());
    match over {
        Some(at) => Err(SyntaxError::at(text.as_bytes(), at, SyntaxClass::Limit, "too many values or tables")),
        None => Ok(tokens),
    }
}

/// Is it TOML? The parser's sentences quote the text, so we say it in ours.
pub(super) fn judge(text: &str) -> Result<(), SyntaxError> {
    let Err(error) = toml_edit::Document::parse(text) else { return Ok(()) };
    let message = error.message();
    let says = |word: &str| message.starts_with(word);
    let (class, what) = if says("duplicate key") {
        (SyntaxClass::Syntax, "a key or table is there twice")
    } else if says("recursion limit") || says("cannot recurse") {
        (SyntaxClass::Limit, "nested deeper than 80 levels")
    } else if says("integer number overflowed") {
        (SyntaxClass::OutsideModel, "an integer that does not fit into 64 bits")
    } else if says("floating-point number overflowed") {
        (SyntaxClass::OutsideModel, "a float that does not fit into 64 bits")
    } else if says("unclosed") {
        (SyntaxClass::Syntax, "a bracket or brace is not closed")
    } else if says("carriage return") {
        (SyntaxClass::Syntax, "a carriage return without line feed")
    } else if says("string values must be quoted") {
        (SyntaxClass::Syntax, "a string without quotes")
    } else if says("invalid comment") {
        (SyntaxClass::Syntax, "a control character in a comment")
    } else if says("invalid basic string") || says("invalid literal string") || says("invalid multi-line") {
        (SyntaxClass::Syntax, "a string that is not closed, or with a control character")
    } else if says("missing escaped value") || says("too few unicode") {
        (SyntaxClass::Syntax, "an escape that TOML does not have")
    } else if says("invalid date") || says("invalid time") {
        (SyntaxClass::Syntax, "not a date")
    } else if says("missing comma") || says("extra comma") {
        (SyntaxClass::Syntax, "a comma is missing or too much")
    } else if says("key with no value") || says("missing value") {
        (SyntaxClass::Syntax, "a key without a value")
    } else if says("missing assignment") || says("extra") {
        (SyntaxClass::Syntax, "an equals sign is missing or too much")
    } else {
        (SyntaxClass::Syntax, "not TOML")
    };
    let at = error.span().map_or(0, |s| s.start);
    Err(SyntaxError::at(text.as_bytes(), at, class, what))
}
