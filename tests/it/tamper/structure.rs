//! Names, nesting, order, clear values, empties and comments: what SOPS's MAC does not cover (docs/threat-model.md, 4.4, 4.6, 4.7; P2).

use super::{Bench, ENV, INI, JSON, Sealed, TOML, YAML};

#[test]
fn yaml() {
    let mut bench = Bench::new("yaml", YAML);
    let mut row = |name: &str, from: &str, to: &str, expected: &str| bench.row(name, &|s: &Sealed| s.replace(from, to), expected);
    row("a clear value edited", "clear_unencrypted: one", "clear_unencrypted: ten", "51");
    row("a clear value emptied", "clear_unencrypted: one", "clear_unencrypted: ''", "51");
    row("a clear value added", "clear_unencrypted: one\n", "clear_unencrypted: one\nnew_unencrypted: x\n", "51");
    row("a clear value removed", "clear_unencrypted: one\n", "", "51");
    row("a clear key renamed", "clear_unencrypted: one", "PATH_unencrypted: one", "51 51 51 other");
    row("a clear leaf moved into a map", "other_unencrypted: two\n", "x_unencrypted:\n    other: two\n", "51 51 51 other");
    row(
        "text moved from one clear value to the next",
        "clear_unencrypted: one\nother_unencrypted: two",
        "clear_unencrypted: on\nother_unencrypted: etwo",
        "51 51 51 other",
    );
    row("a clear value split", "clear_unencrypted: one\n", "clear_unencrypted: o\nsplit_unencrypted: ne\n", "51 51 51 other");
    row("two clear values joined", "clear_unencrypted: one\nother_unencrypted: two\n", "clear_unencrypted: onetwo\n", "51 51 51 other");
    row("a clear leaf wrapped in a list", "clear_unencrypted: one", "clear_unencrypted:\n    - one", "51 51 51 other");
    row("a clear true as text", "yes_unencrypted: true", "yes_unencrypted: 'True'", "51 51 51 other");
    row("a clear number as text", "level_unencrypted: 3", "level_unencrypted: '3'", "51 51 51 other");
    row("a clear number in another base", "level_unencrypted: 3", "level_unencrypted: 0x3", "told told told same");
    row("a clear text in quotes", "clear_unencrypted: one", "clear_unencrypted: \"one\"", "warn warn warn quiet");
    row("a tag before a clear value", "clear_unencrypted: one", "clear_unencrypted: !evil one", "told told told told");
    row("a tag before a clear list", "list:\n", "list: !!python/object/apply:os.system\n", "told told told told");
    row("an empty key added", "nothing: null\n", "nothing: null\nPATH: ''\n", "51 51 51 other");
    row("a null key added", "nothing: null\n", "nothing: null\nPATH:\n", "51 51 51 other");
    row("an empty map added", "nothing: null\n", "nothing: null\nPATH: {}\n", "51 51 51 other");
    row("an empty list added", "nothing: null\n", "nothing: null\nPATH: []\n", "51 51 51 other");
    row("an empty key removed", "empty: ''\n", "", "51 51 51 other");
    row("a null removed", "nothing: null\n", "", "51 51 51 other");
    row("an empty map removed", "void: {}\n", "", "51 51 51 other");
    row("an empty list removed", "none: []\n", "", "51 51 51 other");
    row("an empty text made null", "empty: ''", "empty: null", "51 51 51 other");
    row("a null made an empty text", "nothing: null", "nothing: ''", "51 51 51 other");
    row("an empty map made a list", "void: {}", "void: []", "51 51 51 other");
    row("two empties in the other order", "empty: ''\nnothing: null\n", "nothing: null\nempty: ''\n", "51 51 51 other");
    row("an empty item added", "list:\n", "list:\n    - ''\n", "51 51 51 other");
    row("a null spelled otherwise", "nothing: null", "nothing: ~", "warn warn warn quiet");
    row("an empty document added", "\nsops:", "\n---\n{}\n---\nsops:", "1");
    row("a doubled key", "nothing: null\n", "nothing: null\nname: ''\n", "1");
    row("an empty comment line added", "nothing: null\n", "nothing: null\n#\n", "warn 51 warn quiet");
    row("a comment added", "nothing: null\n", "nothing: null\n# evil\n", "warn 51 warn warn");
    row("an inline comment added", "nothing: null\n", "nothing: null # evil\n", "warn 51 warn warn");
    bench.row("an item of a list wrapped", &|s| s.replace(s.items()[0], &format!("[\"{}\"]", s.items()[0])), "51 51 51 other");
    bench.row(
        "two items made one list",
        &|s| {
            let [one, two, ..] = s.items()[..] else { return None };
            let (start, end) = (s.text.find(one)?, s.text.find(two)? + two.len());
            Some(format!("{}[\"{one}\", \"{two}\"]{}", &s.text[..start], &s.text[end..]))
        },
        "51 51 51 other",
    );
    bench.row("a sealed leaf wrapped in a list", &|s| s.retoken("name", |t| format!("[\"{t}\"]")), "51 51 51 other");
    bench.row(
        "a map's key joined to its own",
        &|s| {
            let line = s.line("password")?;
            let start = s.text[..s.text.find(line)?].rfind("db:")?;
            let end = s.text.find(line)? + line.len();
            Some(format!("{}\"db:password\": {}\n{}", &s.text[..start], s.token("password")?, &s.text[end..]))
        },
        "51 51 51 other",
    );
    bench.row(
        "a sealed leaf in a map of its own",
        &|s| {
            let token = s.token("name")?;
            s.replace(&format!("name: {token}"), &format!("name:\n    - {token}"))
        },
        "51 51 51 other",
    );
    bench.row("a token in quotes", &|s| s.retoken("name", |t| format!("\"{t}\"")), "warn warn warn quiet");
    bench.row("a token under a tag", &|s| s.retoken("name", |t| format!("!!str {t}")), "warn warn warn quiet");
    bench.row("a token under a tag of another type", &|s| s.retoken("port", |t| format!("!!int {t}")), "1");
    bench.row("an anchor", &|s| s.retoken("name", |t| format!("&a {t}")), "warn warn warn quiet");
    bench.row(
        "an alias to a token",
        &|s| {
            let (one, two) = (s.token("name")?, s.token("password")?);
            Some(s.text.replacen(one, &format!("&a {one}"), 1).replacen(two, "*a", 1))
        },
        "25",
    );
    bench.row("a sealed comment removed", &|s| s.replace(s.text.lines().find(|l| l.starts_with("#ENC"))?, ""), "warn 51 warn quiet");
    bench.row(
        "a sealed comment made clear",
        &|s| s.replace(s.text.lines().find(|l| l.starts_with("#ENC"))?, "# note"),
        "told 51 told told",
    );
    bench.row("a sealed comment replaced", &|s| s.replace(s.text.lines().find(|l| l.starts_with("#ENC"))?, "# evil"), "warn 51 warn warn");
    bench.row("a sealed comment damaged", &|s| s.replace("#ENC[AES256_GCM,data:", "#ENC[AES256_GCM,data:AAAA"), "warn 51 warn warn");
    bench.row(
        "a sealed comment moved",
        &|s| {
            let comment = s.text.lines().find(|l| l.starts_with("#ENC"))?.to_owned() + "\n";
            Some(s.text.replacen(&comment, "", 1).replacen("clear_unencrypted", &format!("{comment}clear_unencrypted"), 1))
        },
        "warn warn warn quiet",
    );
    bench.row("a leaf made a comment", &|s| s.retoken("name", |t| t.replace("type:str]", "type:comment]")), "25");
    bench.row("an item made a comment", &|s| s.replace(s.items()[0], &s.items()[0].replace("type:str]", "type:comment]")), "51");
    bench.finish();
}

#[test]
fn json() {
    let mut bench = Bench::new("json", JSON);
    let mut row = |name: &str, from: &str, to: &str, expected: &str| bench.row(name, &|s: &Sealed| s.replace(from, to), expected);
    row("a clear value edited", "clear_unencrypted\": \"one", "clear_unencrypted\": \"ten", "51");
    row("a clear key renamed", "\"clear_unencrypted\"", "\"PATH_unencrypted\"", "51 51 51 other");
    row("a clear value as an escape", "clear_unencrypted\": \"one", "clear_unencrypted\": \"\\u006fne", "warn warn warn quiet");
    row("a key as an escape", "\"clear_unencrypted\"", "\"clear\\u005funencrypted\"", "warn warn warn quiet");
    row("a clear true as text", "yes_unencrypted\": true", "yes_unencrypted\": \"True\"", "51 51 51 other");
    row("a clear number as text", "level_unencrypted\": 3", "level_unencrypted\": \"3\"", "51 51 51 other");
    row("a clear number as a float", "level_unencrypted\": 3", "level_unencrypted\": 3.0", "51 51 51 other");
    row("a key doubled, empty", "\"empty\": \"\",", "\"empty\": \"\",\n  \"name\": \"\",", "51 51 51 other");
    row("an empty key doubled", "\"empty\": \"\",", "\"empty\": \"\",\n  \"empty\": \"\",", "51 51 51 other");
    row("an empty key added", "\"empty\": \"\",", "\"empty\": \"\",\n  \"PATH\": \"\",", "51 51 51 other");
    row("an empty key removed", "  \"empty\": \"\",\n", "", "51 51 51 other");
    row("an empty text made null", "\"empty\": \"\"", "\"empty\": null", "51 51 51 other");
    row("an empty map made a list", "\"void\": {}", "\"void\": []", "51 51 51 other");
    row("text behind the end", "\n}\n", "\n}\n{}", "1");
    bench.row(
        "a key doubled, with its token",
        &|s| {
            let line = s.line("name")?.to_owned();
            s.replace(&line, &format!("{line}{line}"))
        },
        "51",
    );
    bench.row(
        "a sealed leaf wrapped in a list",
        &|s| {
            let token = s.token("name")?;
            s.replace(&format!("\"{token}\""), &format!("[\"{token}\"]"))
        },
        "51 51 51 other",
    );
    bench.row(
        "a map's key joined to its own",
        &|s| {
            let token = s.token("password")?;
            let start = s.text.find("\"db\"")?;
            let end = start + s.text[start..].find('}')? + 1;
            Some(format!("{}\"db:password\": \"{token}\"{}", &s.text[..start], &s.text[end..]))
        },
        "51 51 51 other",
    );
    bench.row("a token as an escape", &|s| s.retoken("name", |t| t.replacen("ENC", "\\u0045NC", 1)), "same");
    bench.finish();
}

#[test]
fn env() {
    let mut bench = Bench::new("env", ENV);
    let mut row = |name: &str, from: &str, to: &str, expected: &str| bench.row(name, &|s: &Sealed| s.replace(from, to), expected);
    row("a clear value edited", "clear_unencrypted=one", "clear_unencrypted=ten", "51");
    row("a clear key renamed", "clear_unencrypted", "PATH_unencrypted", "51 51 51 other");
    row("a clear value split", "clear_unencrypted=one\n", "clear_unencrypted=o\nsplit_unencrypted=ne\n", "51 51 51 other");
    row("an empty key added", "empty=\n", "empty=\nPATH=\n", "51 51 51 other");
    row("an empty key removed", "empty=\n", "", "51 51 51 other");
    row("a key doubled, empty", "empty=\n", "empty=\nname=\n", "51 51 51 other");
    row("a comment added", "empty=\n", "empty=\n# evil\n", "warn 51 warn warn");
    row("a blank line added", "empty=\n", "empty=\n\n", "warn warn warn quiet");
    row("a line without =", "empty=\n", "empty=\nevil\n", "1");
    row("a blank before a key", "empty=\n", " empty=\n", "51 51 51 other");
    bench.row("a sealed comment replaced", &|s| s.replace(s.text.lines().find(|l| l.starts_with("#ENC"))?, "# evil"), "warn 51 warn warn");
    bench.row(
        "a sealed comment removed",
        &|s| s.replace(&format!("{}\n", s.text.lines().find(|l| l.starts_with("#ENC"))?), ""),
        "warn 51 warn quiet",
    );
    bench.finish();
}

#[test]
fn ini() {
    let mut bench = Bench::new("ini", INI);
    let mut row = |name: &str, from: &str, to: &str, expected: &str| bench.row_of_ours(name, &|s: &Sealed| s.replace(from, to), expected);
    row("a clear value edited", "clear_unencrypted = one", "clear_unencrypted = ten", "51");
    row("a clear key renamed", "clear_unencrypted", "PATH_unencrypted", "51 51 51 other");
    row("an empty key added", "empty = \n", "empty = \nPATH = \n", "51 51 51 other");
    row("an empty key removed", "empty = \n", "", "51 51 51 other");
    row("a section renamed", "[db]", "[bd]", "25");
    row("an empty section added", "[db]", "[new]\n\n[db]", "51 51 51 other");
    row("a section header before clear keys", "clear_unencrypted", "[x]\nclear_unencrypted", "51 51 51 other");
    row("a comment added", "empty = \n", "empty = \n; evil\n", "warn 51 warn warn");
    row("a line without =", "empty = \n", "empty = \nevil\n", "1");
    bench.row_of_ours(
        "a sealed comment replaced",
        &|s| s.replace(s.text.lines().find(|l| l.starts_with("; ENC"))?, "; evil"),
        "warn 51 warn warn",
    );
    bench.row_of_ours("the key of another section", &|s| s.replace("[db]\npassword", "[main]\npassword"), "25");
    bench.row_of_ours("a token in quotes", &|s| s.retoken("name", |t| format!("\"{t}\"")), "same");
    bench.finish();
}

#[test]
fn toml() {
    let mut bench = Bench::new("toml", TOML);
    let mut row = |name: &str, from: &str, to: &str, expected: &str| bench.row(name, &|s: &Sealed| s.replace(from, to), expected);
    row("a clear value edited", "clear_unencrypted = \"one", "clear_unencrypted = \"ten", "51");
    row("a clear key renamed", "clear_unencrypted", "PATH_unencrypted", "51 51 51 other");
    row("an empty key added", "empty = \"\"\n", "empty = \"\"\nPATH = \"\"\n", "51 51 51 other");
    row("an empty key removed", "empty = \"\"\n", "", "51 51 51 other");
    row("an empty text made a list", "empty = \"\"", "empty = []", "51 51 51 other");
    row("an empty table added", "[db]", "[new]\n[db]", "51 51 51 other");
    row("a clear true as text", "yes_unencrypted = true", "yes_unencrypted = \"True\"", "51 51 51 other");
    row("a clear number as text", "level_unencrypted = 3", "level_unencrypted = \"3\"", "51 51 51 other");
    row("a clear number in another base", "level_unencrypted = 3", "level_unencrypted = 0x3", "warn warn warn quiet");
    row("a comment added", "empty = \"\"\n", "empty = \"\"\n# evil\n", "warn 51 warn warn");
    row("a doubled key", "empty = \"\"\n", "empty = \"\"\nempty = \"\"\n", "1");
    bench.row(
        "a map's key joined to its own",
        &|s| {
            let token = s.token("password")?;
            let line = s.line("password")?;
            s.replace(&format!("[db]\n{line}"), &format!("[x]\n\"db:password\" = \"{token}\"\n"))
        },
        "25",
    );
    bench.row(
        "a table dotted",
        &|s| {
            let line = s.line("password")?;
            let without = s.replace(&format!("[db]\n{line}"), "")?;
            Some(format!("db.{line}{without}"))
        },
        "51",
    );
    bench.row(
        "a sealed leaf wrapped in a list",
        &|s| {
            let token = s.token("name")?;
            s.replace(&format!("\"{token}\""), &format!("[\"{token}\"]"))
        },
        "51 51 51 other",
    );
    bench.finish();
}
