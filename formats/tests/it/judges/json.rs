//! JSON before `serde_json`.

use leafcrypt_formats::Format;

use super::{Court, Layout, Reading, Rule, Seen, alike, last_wins, without_metadata};

const RULES: &[Rule] = &[
    Rule {
        name: "a name twice in an object",
        why: "SOPS keeps all members, each with its token and its place in the MAC; serde_json keeps the last value at the first place",
        fits: |d| d.both().is_some_and(|(ours, theirs)| alike(&last_wins(ours), theirs)),
    },
    Rule {
        name: "the metadata",
        why: "`sops` at the root is no part of the walk",
        fits: |d| d.both().is_some_and(|(ours, theirs)| alike(&last_wins(ours), &without_metadata(theirs))),
    },
    Rule {
        name: "half of a surrogate pair",
        why: "Go reads U+FFFD, so SOPS does; the spelling comes back by a hint",
        fits: |d| d.they_refuse().is_some_and(|e| e.contains("surrogate") || e.contains("hex escape")),
    },
    Rule {
        name: "more than 127 levels",
        why: "serde_json's limit; ours is R8's, 512",
        fits: |d| d.they_refuse().is_some_and(|e| e.contains("recursion limit")),
    },
    Rule {
        name: "a root that is no object",
        why: "SOPS's tree has none",
        fits: |d| d.we_refuse().is_some_and(|e| e.starts_with("the root must be")),
    },
    Rule {
        name: "a number out of the range of a double",
        why: "SOPS fails; serde_json keeps its digits",
        fits: |d| d.we_refuse().is_some_and(|e| e.starts_with("a number out of")),
    },
    Rule {
        name: "a root name that is taken for the metadata",
        why: "Go's JSON reader looks at no case, so SOPS would read it as its block",
        fits: |d| d.we_refuse().is_some_and(|e| e.starts_with("found duplicate sops") || e.starts_with("a root key that SOPS")),
    },
];

fn judge(text: &str) -> Reading {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let mut layout = Layout(Vec::new());
    layout.push(&["0".to_owned()], Seen::Document);
    walk(&mut layout, &mut vec!["0".to_owned()], &value);
    Ok(layout.0)
}

fn walk(layout: &mut Layout, path: &mut Vec<String>, value: &serde_json::Value) {
    use serde_json::Value as V;
    let seen = match value {
        V::Null => Seen::Null,
        V::Bool(b) => Seen::Bool(*b),
        V::String(s) => Seen::text(s),
        V::Array(_) => Seen::List,
        V::Object(_) => Seen::Map,
        // An integer of the int64 range is one to SOPS from 3.13.2 on; anything else a double.
        V::Number(n) => match n.as_str().parse::<i64>() {
            Ok(v) => Seen::Int(v.into()),
            Err(_) => Seen::float(n.as_str().parse().expect("a JSON number is a double's text")),
        },
    };
    layout.push(path, seen);
    match value {
        V::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                path.push(format!("[{i}]"));
                walk(layout, path, item);
                path.pop();
            }
        }
        V::Object(members) => {
            for (name, member) in members {
                path.push(name.clone());
                walk(layout, path, member);
                path.pop();
            }
        }
        _ => {}
    }
}

#[test]
fn serde_json_reads_the_same() {
    Court::new(Format::Json, judge, RULES).sit("json", "json", 3000);
}
