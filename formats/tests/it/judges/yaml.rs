//! YAML before `serde_yaml`.

use leafcrypt_formats::{Document, Format, ScanOptions, SyntaxClass};
use serde::Deserialize;

use super::{Court, Difference, Layout, Reading, Rule, Seen, alike, laid_out, without_metadata};
use crate::random::{Random, damaged, document};

const RULES: &[Rule] = &[
    Rule {
        name: "dates and times",
        why: "go-yaml knows YAML 1.1's timestamps, and SOPS has a type for them",
        fits: |d| typed(d, |source, ours| matches!(ours, Seen::Other("time", _)) && source.len() >= 8),
    },
    Rule {
        name: "binary, octal and hexadecimal numbers with a sign or a big letter",
        why: "Go's ParseInt takes both",
        fits: |d| {
            typed(d, |source, ours| {
                let prefix = digits(source).get(..2).unwrap_or_default().to_ascii_lowercase();
                matches!(ours, Seen::Int(_)) && ["0x", "0o", "0b"].contains(&&*prefix)
            })
        },
    },
    Rule {
        name: "octal numbers with a leading 0",
        why: "go-yaml reads whole numbers as Go's ParseInt does with base 0",
        fits: |d| typed(d, |source, ours| matches!(ours, Seen::Int(_)) && digits(source).starts_with('0')),
    },
    Rule {
        name: "decimal numbers with a leading 0 that are not octal",
        why: "go-yaml's pattern of a float lets them through: 08 is 8.0",
        fits: |d| typed(d, |source, ours| matches!(ours, Seen::Float(_)) && digits(source).starts_with('0')),
    },
    Rule {
        name: "underscores in numbers",
        why: "go-yaml takes them out",
        fits: |d| typed(d, |source, ours| matches!(ours, Seen::Int(_) | Seen::Float(_)) && source.contains('_')),
    },
    Rule {
        name: "whole numbers of 2^63 and more",
        why: "SOPS's tree has no unsigned integers: a double, with a hint for the digits and a warning",
        fits: |d| {
            d.values().is_some_and(
                |(_, ours, theirs)| matches!(theirs, Seen::Int(v) if *v > i128::from(i64::MAX) && ours.as_float() == Some(*v as f64)),
            ) || d.they_refuse().is_some_and(|e| e.contains("as u128, expected") || e.contains("as i128, expected"))
        },
    },
    Rule {
        name: "`!!binary`",
        why: "go-yaml decodes it; the judge knows no such tag",
        fits: |d| {
            d.values().is_some_and(|(_, ours, theirs)| {
                let (Seen::Text(ours), Some(theirs)) = (ours, theirs.as_text()) else { return false };
                let packed: String = theirs.split_ascii_whitespace().collect();
                base64::Engine::decode(&base64::engine::general_purpose::STANDARD, packed).is_ok_and(|bytes| bytes == *ours)
            })
        },
    },
    Rule {
        name: "core tags on text in quotes, `!!float 1`, `!!timestamp`",
        why: "go-yaml resolves the text as the tag says, in any style",
        fits: |d| behind_tag(d, "!!") && d.values().is_some_and(|(_, _, theirs)| matches!(theirs, Seen::Text(_) | Seen::Int(_))),
    },
    Rule {
        name: "`!!null` with nothing behind it",
        why: "null for the real sops; the judge wants the word",
        fits: |d| d.they_refuse().is_some_and(|e| e.contains("string \"\", expected null")) && d.text.windows(6).any(|w| w == b"!!null"),
    },
    Rule {
        name: "a tag of one's own makes text",
        why: "go-yaml resolves nothing behind it: `!t 5` is \"5\", `!t` alone is \"\"",
        fits: |d| behind_tag(d, "!") && d.values().is_some_and(|(source, ours, _)| ours.as_text() == Some(source)),
    },
    Rule {
        name: "an empty document",
        why: "an empty map for SOPS",
        fits: |d| matches!(d.at, (Some(ours), Some(theirs)) if ours.path.len() == 1 && ours.path == theirs.path && ours.seen == Seen::Map && theirs.seen == Seen::Null),
    },
    Rule {
        name: "the metadata",
        why: "`sops` at the root is no part of the walk",
        fits: |d| d.both().is_some_and(|(ours, theirs)| alike(ours, &without_metadata(theirs))),
    },
    Rule {
        name: "one anchor twice in a document",
        why: "the judge numbers anchors by how many there are and so takes a wrong one; the last one before the alias counts",
        fits: |d| d.both().is_some() && anchor_twice(d.text),
    },
    Rule {
        name: "a name twice in a later document",
        why: "SOPS refuses that in the first document only, and keeps both",
        fits: |d| {
            d.they_refuse().is_some_and(|e| e.contains("duplicate entry"))
                && d.ours.as_ref().is_ok_and(|e| e.iter().any(|e| e.path[0] != "0"))
        },
    },
    Rule {
        name: "no document, or none that is a map",
        why: "SOPS's tree is a map",
        fits: |d| d.we_refuse().is_some_and(|e| e.contains("the top of a document must be a map") || e.contains("there is no document")),
    },
    Rule {
        name: "keys that are not text",
        why: "SOPS fails on them",
        fits: |d| d.we_refuse().is_some_and(|e| e.contains("a key that is")),
    },
    Rule {
        name: "a value that its core tag does not fit",
        why: "SOPS fails on them; the judge reads past tags",
        fits: |d| d.we_refuse().is_some_and(|e| e.contains("'!!") || e.contains("does not fit its tag")),
    },
    Rule {
        name: "an anchor's value that contains itself",
        why: "there is no end to it for a walk; SOPS fails",
        fits: |d| d.we_refuse().is_some_and(|e| e.contains("contains itself")),
    },
    Rule {
        name: "a merge of what is no map",
        why: "go-yaml fails on it; a key like any other to the judge",
        fits: |d| d.we_refuse().is_some_and(|e| e.starts_with("a merge (")),
    },
    Rule {
        name: "line breaks of Unicode (G1)",
        why: "what is a line is not agreed upon; refused before anything is lost",
        fits: |d| d.we_refuse().is_some_and(|e| e.contains("a line break of Unicode")),
    },
    Rule {
        name: "`?` and `:` at the start of text in brackets (G3), odd names of anchors (G4), a byte-order mark inside (G5), the escape `\\/` (G7), tags glued to a comma",
        why: "go-yaml and our parser would read them differently",
        fits: |d| {
            let known = [
                "begins with '?' or ':'",
                "the name of an anchor",
                "the escape '\\/'",
                "a tag ",
                "a second byte-order mark",
                "a byte-order mark that is not at the start",
                "a key in brackets with a '?'",
            ];
            d.class == Some(SyntaxClass::Dialect) && d.we_refuse().is_some_and(|e| known.iter().any(|k| e.contains(k)))
                || d.we_refuse().is_some_and(|e| e.contains("bom inside document") || odd_anchor(d.text))
        },
    },
    Rule {
        name: "a tab where a block's indentation is looked for (G7)",
        why: "it is gone once a token stands there; where the text stays in clear, sealing refuses it",
        fits: |d| d.they_refuse().is_some_and(|e| e.contains("tab character where an indentation space is expected")),
    },
    Rule {
        name: "a %YAML line of another version 1.x (G8)",
        why: "go-yaml refuses all but 1.1; the line is not in the sealed text, and a hint brings it back",
        fits: |d| d.they_refuse().is_some_and(|e| e.contains("found incompatible YAML document")) && d.text.starts_with(b"%YAML 1."),
    },
    Rule {
        name: "read by libyaml only (G6)",
        why: "not YAML 1.2: a comment glued to a quote, a dash before a comma, a block header on a line of its own, odd tags",
        fits: |d| {
            let known = [
                "comment not separated",
                "plain scalar starts with dash",
                "simple key expected",
                "invalid tag terminator",
                "header cannot be found",
            ];
            d.we_refuse().is_some_and(|e| known.iter().any(|k| e.contains(k)))
        },
    },
];

/// Typed for us, the text as it stands for the judge.
fn typed(d: &Difference<'_>, fits: fn(&str, &Seen) -> bool) -> bool {
    d.values().is_some_and(|(source, ours, theirs)| {
        let source = if source.starts_with('*') { theirs.as_text().unwrap_or_default() } else { source };
        theirs.as_text() == Some(source) && fits(source, ours)
    })
}

fn digits(source: &str) -> &str {
    source.trim_start_matches(['+', '-'])
}

/// Does the place that differs stand behind a tag that starts so, and not with `!!` if it is a single one?
fn behind_tag(d: &Difference<'_>, start: &str) -> bool {
    let Some(ours) = d.at.0 else { return false };
    let before = String::from_utf8_lossy(&d.text[..ours.source.start]);
    let words: Vec<&str> = before.split_whitespace().rev().take(3).collect();
    words.iter().map(|w| w.trim_start_matches(['[', '{', ','])).any(|w| w.starts_with(start) && (start == "!!") == w.starts_with("!!"))
}

/// An anchor whose name goes on with something that go-yaml takes as the value.
fn odd_anchor(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let behind = |t: &str| t.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-').chars().next();
    text.split(['&', '*']).skip(1).filter_map(behind).any(|c| !c.is_whitespace() && !",]}".contains(c))
}

fn anchor_twice(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let mut names: Vec<&str> = text.split('&').skip(1).filter_map(|t| t.split(|c: char| !c.is_alphanumeric()).next()).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    names.len() < all && text.contains('*')
}

fn judge(text: &str) -> Reading {
    let mut layout = Layout(Vec::new());
    // The judge wants no byte-order mark; go-yaml takes it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (i, document) in serde_yaml::Deserializer::from_str(text).enumerate() {
        let value = serde_yaml::Value::deserialize(document).map_err(|e| e.to_string())?;
        layout.push(&[i.to_string()], Seen::Document);
        walk(&mut layout, &mut vec![i.to_string()], &value);
    }
    Ok(layout.0)
}

fn walk(layout: &mut Layout, path: &mut Vec<String>, value: &serde_yaml::Value) {
    use serde_yaml::Value as V;
    // Tags of our own are the application's business: SOPS reads past them.
    let value = match value {
        V::Tagged(tagged) => &tagged.value,
        other => other,
    };
    let seen = match value {
        V::Null => Seen::Null,
        V::Bool(b) => Seen::Bool(*b),
        V::String(s) => Seen::text(s),
        V::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(v), _) => Seen::Int(v.into()),
            (_, Some(v)) => Seen::Int(v.into()),
            _ => Seen::float(n.as_f64().expect("it is a number")),
        },
        V::Sequence(_) => Seen::List,
        V::Mapping(_) => Seen::Map,
        V::Tagged(_) => Seen::Other("tagged", String::new()),
    };
    layout.push(path, seen);
    match value {
        V::Sequence(items) => {
            for (i, item) in items.iter().enumerate() {
                path.push(format!("[{i}]"));
                walk(layout, path, item);
                path.pop();
            }
        }
        V::Mapping(members) => {
            for (name, member) in members {
                let name = match name {
                    V::Tagged(tagged) => &tagged.value,
                    other => other,
                };
                path.push(match name {
                    V::String(name) => name.clone(),
                    other => format!("{other:?}"),
                });
                walk(layout, path, member);
                path.pop();
            }
        }
        _ => {}
    }
}

/// What we seal, libyaml reads, with the same names; so go-yaml does.
#[test]
fn serde_yaml_reads_what_is_sealed() {
    let mut texts: Vec<Vec<u8>> = crate::flat::files("lossless/yaml").into_iter().map(|f| f.1).collect();
    let mut random = Random::new(5);
    texts.extend((0..600).map(|seed| document("yaml", &mut Random::new(seed))));
    texts.extend(texts.clone().iter().map(|text| damaged(text, &mut random)));
    let (mut sealed, mut wrong) = (0, Vec::new());
    for text in &texts {
        // A clear list item that looks like a sealed comment is one to whoever opens the file; the root crate refuses it.
        let comment_like = text.windows(13).any(|w| w == b"type:comment]");
        if comment_like || Document::parse(Format::Yaml, text, &ScanOptions::PLAIN).is_err() {
            continue;
        }
        for part in 0..3 {
            let Some(case) = crate::yaml::try_seal(text, |i| part == 2 || i % 2 == part, part != 0) else { continue };
            sealed += 1;
            let ours = Document::parse(Format::Yaml, &case.sealed, &ScanOptions::SEALED).map(|d| laid_out(&d));
            let ours: Vec<_> = ours.expect("we read what we seal").into_iter().map(|e| e.path).collect();
            let theirs = judge(std::str::from_utf8(&case.sealed).expect("it is text"));
            let theirs = theirs.map(|t| without_metadata(&t).into_iter().map(|e| e.path).collect::<Vec<_>>());
            if theirs.as_ref() != Ok(&ours)
                && !anchor_twice(text)
                && !theirs.as_ref().is_err_and(|e| e.contains("duplicate entry") || e.contains("128, expected"))
            {
                wrong.push(format!("{}\n{theirs:?}\n{}", String::from_utf8_lossy(text), String::from_utf8_lossy(&case.sealed)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {sealed} are read otherwise:\n{}", wrong.len(), wrong[0]);
    assert!(sealed > 1500, "only {sealed}");
}

#[test]
fn serde_yaml_reads_the_same() {
    let mut court = Court::new(Format::Yaml, judge, RULES);
    // What damage seldom makes.
    for text in ["%YAML 1.3\n---\na: b\n", "a: |\n \t\n  x\n", "a: !!null\n"] {
        court.hear(text, text.as_bytes());
    }
    court.sit("yaml", "yaml", 1500);
}
