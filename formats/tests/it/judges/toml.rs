//! TOML before `toml`.

use leafcrypt_formats::Format;

use super::{Court, Entry, Layout, Reading, Rule, Seen};

const RULES: &[Rule] = &[
    Rule {
        name: "dates and times",
        why: "SOPS's type `time` needs a zone and would normalise: they are strings to us, of the text as it stands",
        fits: |d| {
            d.values().is_some_and(|(source, ours, theirs)| {
                let date = |text: &str| text.parse::<toml::value::Datetime>().map(|d| d.to_string());
                let Seen::Other("date", judged) = theirs else { return false };
                ours.as_text() == Some(source) && date(source).is_ok_and(|date| date == *judged)
            })
        },
    },
    Rule {
        name: "a table's header behind those of its parts",
        why: "a map is opened once where it is first mentioned, so the walk is a tree in text order; the judge puts the table's own keys first",
        fits: |d| d.both().is_some_and(|(ours, theirs)| sorted(ours) == sorted(theirs)),
    },
];

fn sorted(entries: &[Entry]) -> Vec<(Vec<String>, String)> {
    // Dates are the other rule's.
    let shown = |seen: &Seen| match seen {
        Seen::Text(text) => String::from_utf8_lossy(text).parse::<toml::value::Datetime>().map_or(format!("{seen:?}"), |d| d.to_string()),
        Seen::Other(_, date) => date.clone(),
        _ => format!("{seen:?}"),
    };
    let mut all: Vec<_> = entries.iter().map(|e| (e.path.clone(), shown(&e.seen))).collect();
    all.sort();
    all
}

fn judge(text: &str) -> Reading {
    let table: toml::Table = toml::from_str(text).map_err(|e| e.message().to_owned())?;
    let mut layout = Layout(Vec::new());
    layout.push(&["0".to_owned()], Seen::Document);
    walk(&mut layout, &mut vec!["0".to_owned()], &toml::Value::Table(table));
    Ok(layout.0)
}

fn walk(layout: &mut Layout, path: &mut Vec<String>, value: &toml::Value) {
    use toml::Value as V;
    layout.push(
        path,
        match value {
            V::String(s) => Seen::text(s),
            V::Integer(v) => Seen::Int((*v).into()),
            V::Float(v) => Seen::float(*v),
            V::Boolean(v) => Seen::Bool(*v),
            V::Datetime(v) => Seen::Other("date", v.to_string()),
            V::Array(_) => Seen::List,
            V::Table(_) => Seen::Map,
        },
    );
    match value {
        V::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                path.push(format!("[{i}]"));
                walk(layout, path, item);
                path.pop();
            }
        }
        V::Table(members) => {
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
fn the_toml_crate_reads_the_same() {
    Court::new(Format::Toml, judge, RULES).sit("toml", "toml", 2000);
}
