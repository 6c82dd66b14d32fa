//! Plain words that other readers of YAML take for something else than go-yaml does: `yes` is true by YAML 1.1, `12:30` a number, `017` one or another,
//! `1e3` a text. SOPS writes none of them when it prints a file. In a text that its author is known to have written they are the author's; in one that
//! nobody has vouched for, somebody may have taken the quotes away.

use super::detail::Scanned;
use super::parse::{self, Tag, What, Written};
use super::print::stays_string;
use super::resolve::{Resolved, resolve};
use super::scalar::{self, Read};
use crate::document::{Document, ScanOptions};
use crate::leaf::LeafId;
use crate::splice::Splice;
use crate::value::{Value, yaml_float};

/// How such a word is written so that all read the same. Behind their tags numbers may stand in quotes, too.
fn in_one_reading(word: &str, written: Written, tag: Tag) -> Option<String> {
    let is_number = matches!(tag, Tag::Int | Tag::Float);
    if !is_number && (written != Written::Plain || !matches!(tag, Tag::None | Tag::NonSpecific)) {
        return None;
    }
    // The longest of them is `off`, the numbers aside.
    if word.len() > 3 && word.as_bytes()[0].is_ascii_alphabetic() {
        return None;
    }
    match scalar::read(word, written, tag) {
        Read::Value(Value::Str(_)) if word != "<<" && !stays_string(word) => Some(format!("\"{word}\"")),
        Read::Value(Value::Int(n)) => Some(n.to_string()).filter(|digits| digits != word),
        Read::Value(Value::Float(v)) => {
            let printed = yaml_float(v);
            let (whole, rest) = word.strip_prefix('-').unwrap_or(word).split_once('.').unwrap_or_default();
            let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            let is_common = is_digits(whole) && is_digits(rest) || !v.is_finite();
            let is_float = matches!(resolve(printed.as_bytes()), Resolved::Float(_));
            (!is_common && printed != word).then_some(if is_float { printed } else { format!("{printed}.0") })
        }
        _ => None,
    }
}

/// See [`crate::syntax::Detail::has_second_readings`]. Keys may stand in quotes.
pub(super) fn has_second_readings(scanned: &Scanned, document: &Document<'_>) -> bool {
    let text = document.text();
    let is_odd = |word: &str, written, tag| !word.starts_with("ENC[") && in_one_reading(word, written, tag).is_some();
    let in_clear = (0u32..).map(LeafId).zip(document.leaves()).filter(|(id, _)| !scanned.site(*id).alias).any(|(id, leaf)| {
        let site = scanned.site(id);
        is_odd(scanned.text(text, id, leaf.span), site.written, site.tag)
    });
    let is_odd_name = |name: &[u8]| std::str::from_utf8(name).is_ok_and(|name| is_odd(name, Written::Plain, Tag::None));
    in_clear || document.paths().all_names().any(is_odd_name)
}

/// See [`crate::syntax::Detail::without_second_readings`].
pub(super) fn without_second_readings(document: &Document<'_>) -> Option<Vec<u8>> {
    let options = ScanOptions::PLAIN;
    let parsed = parse::parse(document.text(), &options).ok()?;
    let mut splice = Splice::default();
    let mut any = false;
    for node in &parsed.nodes {
        let What::Scalar(written) = node.what else { continue };
        let Some(word) = in_one_reading(&node.text, written, node.tag).filter(|_| !node.span.is_empty()) else { continue };
        let source = &document.text()[node.span.range()];
        any = true;
        match written.is_block() {
            // On a line of its own.
            true => {
                splice.replace(node.span, &[&source[..source.len() - source.trim_ascii_start().len()], word.as_bytes(), b"\n"].concat())
            }
            false => splice.replace(node.span, word.as_bytes()),
        }
    }
    any.then(|| splice.finish(document.text()))
}
