//! The block as flat names, for ENV and INI (`docs/sops-format.md`, section 2): `age__list_0__map_enc`. Back again: `unflatten.rs`.

use leafcrypt_formats::{Tree, Value, go_float_fixed};

/// What stands between the steps of a name.
pub(super) const MAP: &str = "__map_";
/// The same, before an index.
pub(super) const LIST: &str = "__list_";

/// Flat names with their values in the order of SOPS 3.13: as the nested fields stand, lists in their own order. Null and empty
/// containers have no name; a line feed becomes the two characters `\n`.
pub(super) fn flatten(fields: &[(String, Tree)]) -> Vec<(String, Tree)> {
    let mut out = Vec::new();
    let mut stack: Vec<(String, &Tree)> = fields.iter().rev().map(|(name, tree)| (name.clone(), tree)).collect();
    while let Some((name, tree)) = stack.pop() {
        match tree {
            Tree::Null => {}
            Tree::Value(value) => out.push((name, Tree::Value(flat_value(value)))),
            Tree::Map(_) => {
                let start = stack.len();
                stack.extend(tree.entries().map(|(key, tree)| (format!("{name}{MAP}{}", String::from_utf8_lossy(key)), tree)));
                stack[start..].reverse();
            }
            Tree::List(_) => {
                let start = stack.len();
                stack.extend(tree.items().enumerate().map(|(i, tree)| (format!("{name}{LIST}{i}"), tree)));
                stack[start..].reverse();
            }
        }
    }
    out
}

fn flat_value(value: &Value) -> Value {
    match value {
        Value::Str(text) => {
            let mut out = Vec::with_capacity(text.as_slice().len() + 16);
            for &byte in text.as_slice() {
                if byte == b'\n' { out.extend_from_slice(b"\\n") } else { out.push(byte) }
            }
            Value::text(out)
        }
        Value::Int(number) => Value::text(number.to_string()),
        Value::Float(number) => Value::text(go_float_fixed(*number)),
        Value::Bool(yes) => Value::text(if *yes { "true" } else { "false" }),
        Value::Time(time) => Value::text(time.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::unflatten::unflatten;
    use super::*;

    #[test]
    fn there_and_back() {
        let nested = Tree::map([
            (
                "kms",
                Tree::list([
                    Tree::map([
                        ("arn", Tree::text("a")),
                        ("context", Tree::map([("k", Tree::text("v"))])),
                        ("aws_profile", Tree::text("")),
                    ]),
                    Tree::map([("arn", Tree::text("b"))]),
                ]),
            ),
            ("mac", Tree::text("one\ntwo\n")),
        ]);
        let fields: Vec<_> = nested.entries().map(|(k, v)| (String::from_utf8_lossy(k).into_owned(), v.clone())).collect();
        let flat = flatten(&fields);
        let shown: Vec<_> = flat.iter().map(|(name, tree)| (name.as_str(), tree.as_str().expect("flat values are text"))).collect();
        assert_eq!(
            shown,
            [
                ("kms__list_0__map_arn", "a"),
                ("kms__list_0__map_context__map_k", "v"),
                ("kms__list_0__map_aws_profile", ""),
                ("kms__list_1__map_arn", "b"),
                ("mac", "one\\ntwo\\n"),
            ]
        );
        assert_eq!(unflatten(&Tree::map(flat)), Ok(nested));
    }

    #[test]
    fn values_that_are_no_text() {
        let fields = [
            ("a".to_owned(), Tree::Value(Value::Int(2))),
            ("b".to_owned(), Tree::Value(Value::Bool(true))),
            ("c".to_owned(), Tree::Null),
            ("d".to_owned(), Tree::list([])),
            ("e".to_owned(), Tree::map::<&str>([])),
            ("f".to_owned(), Tree::Value(Value::Float(1.5))),
        ];
        let flat = flatten(&fields);
        let shown: Vec<_> = flat.iter().map(|(name, tree)| (name.as_str(), tree.as_str())).collect();
        assert_eq!(shown, [("a", Some("2")), ("b", Some("true")), ("f", Some("1.5"))]);
    }
}
