//! What of an opened text may read as something else than what was sealed.

use crate::document::Document;
use crate::syntax::Opened;
use crate::value::Value;
use crate::yaml::detail::{Scanned, Site};
use crate::yaml::parse::Written;
use crate::yaml::scalar::{self, Read};

/// See [`crate::syntax::Detail::may_read_otherwise`]: texts of several lines take in what stands behind them, and an alias means what stands elsewhere.
pub(crate) fn may_read_otherwise(scanned: &Scanned, document: &Document<'_>, opened: &Opened) -> bool {
    // What is not UTF-8 stands in lines of base64.
    let in_lines = |text: &[u8]| text.contains(&b'\n') || !text.is_ascii() && std::str::from_utf8(text).is_err();
    let has_lines = |value: &Option<Value>| matches!(value, Some(Value::Str(text)) if in_lines(text.as_slice()));
    !scanned.aliases.is_empty()
        || !document.comments().is_empty()
        || scanned.props.iter().any(|props| props.own)
        || scanned.sites.iter().any(|site| site.written.is_block())
        || opened.leaves.iter().any(has_lines)
}

/// See [`crate::syntax::Detail::ends_in_lines`].
pub(crate) fn ends_in_lines(scanned: &Scanned, document: &Document<'_>, opened: &Opened) -> bool {
    let Some((number, _)) = document.leaves().iter().enumerate().max_by_key(|(_, leaf)| leaf.span.end) else { return false };
    let held = opened.leaves.get(number).and_then(Option::as_ref);
    let has_lines = matches!(held, Some(Value::Str(text)) if text.as_slice().contains(&b'\n'));
    has_lines || scanned.sites[number].written.is_block()
}

/// What the canonical spelling of a value reads as, where that is another value: a whole float is written as an integer.
pub(super) fn read_otherwise(value: &Value, site: &Site) -> Option<Value> {
    let Value::Float(v) = value else { return None };
    let text = crate::value::yaml_float(*v);
    match scalar::read(&text, Written::Plain, site.tag) {
        Read::Value(read) if !read.same(value) => Some(read),
        _ => None,
    }
}
