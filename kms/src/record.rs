//! What the records of all kinds share.

use crate::fields::{Field, Fields};

/// What a record holds besides the text fields that its kind reads: unknown fields, and known ones of the wrong shape.
///
/// They are kept and written back, since no record may lose anything by our reading it. `enc` and `created_at` belong to the metadata layer.
/// A wrong shape is no theory: SOPS 3.13.0 wrote the encryption context of AWS keys into ENV and INI files as a memory address.
pub(crate) fn rest(fields: &Fields, texts: &[&str]) -> Vec<(String, Field)> {
    let ours = |name: &str, field: &Field| match field {
        _ if name == "enc" || name == "created_at" => true,
        Field::Text(_) => texts.contains(&name),
        Field::Map(_) => false,
    };
    fields.0.iter().filter(|(name, field)| !ours(name, field)).cloned().collect()
}

/// Adds a text field of a record, unless the record has something else under that name.
pub(crate) fn push(fields: &mut Fields, rest: &[(String, Field)], name: &str, text: &str) {
    if !rest.iter().any(|(n, _)| n == name) {
        fields.0.push((name.to_owned(), Field::Text(text.to_owned())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_is_unknown_or_misshapen() {
        let map = Field::Map(vec![("a".to_owned(), "b".to_owned())]);
        let mut fields = Fields::default().with("enc", "e").with("created_at", "c").with("arn", "x").with("odd", "o");
        fields.0.push(("role".to_owned(), map.clone()));
        let rest = rest(&fields, &["arn", "role"]);
        assert_eq!(rest, [("odd".to_owned(), Field::Text("o".to_owned())), ("role".to_owned(), map)]);

        let mut out = Fields::default();
        push(&mut out, &rest, "arn", "x");
        push(&mut out, &rest, "role", "");
        assert_eq!(out, Fields::default().with("arn", "x"));
    }
}
