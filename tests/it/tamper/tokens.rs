//! One token: its parts, its type, its place (docs/threat-model.md, sections 3 and 4.5; P1, P3).

use super::{Bench, SAMPLES, Sealed};

/// A token with one of its parts changed.
fn part(token: &str, part: &str, change: impl FnOnce(&str) -> String) -> String {
    let start = token.find(part).expect("a token has that part") + part.len();
    let end = start + token[start..].find([',', ']']).expect("a part ends");
    format!("{}{}{}", &token[..start], change(&token[start..end]), &token[end..])
}

/// Another base64 digit at a place.
fn flipped(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

/// Base64 of so many bytes.
fn base64(bytes: usize) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(vec![7u8; bytes])
}

/// Base64 whose last digit has bits that belong to no byte.
fn loose(text: &str) -> String {
    let digits = text.trim_end_matches('=');
    let last = digits.chars().last().expect("not empty");
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let at = alphabet.find(last).expect("base64");
    let next = alphabet.as_bytes()[at | 1] as char;
    format!("{}{next}{}", &digits[..digits.len() - 1], &text[digits.len()..])
}

fn value_of(ending: &str) -> &'static str {
    if ending == "bin" { "data" } else { "name" }
}

#[test]
fn no_change_inside_a_token_is_opened() {
    for (ending, plain) in SAMPLES {
        let mut bench = Bench::new(ending, plain);
        let name = value_of(ending);
        let mut all = |case: &str, change: &dyn Fn(&str) -> String| {
            bench.row(case, &|sealed: &Sealed| sealed.retoken(name, change), "25");
        };
        for of in ["data:", "iv:", "tag:"] {
            all(&format!("{of} first digit"), &|t| part(t, of, |p| flipped(p, 0)));
            all(&format!("{of} middle digit"), &|t| part(t, of, |p| flipped(p, p.len() / 2)));
            all(&format!("{of} a digit deleted"), &|t| part(t, of, |p| p[1..].to_owned()));
            all(&format!("{of} a digit doubled"), &|t| part(t, of, |p| format!("{}{p}", &p[..1])));
            all(&format!("{of} emptied"), &|t| part(t, of, |_| String::new()));
            all(&format!("{of} no padding"), &|t| {
                part(t, of, |p| p.trim_end_matches('=').to_owned() + if p.ends_with('=') { "" } else { "=" })
            });
            all(&format!("{of} not canonical"), &|t| part(t, of, |p| if p.ends_with('=') { loose(p) } else { flipped(p, p.len() - 1) }));
            all(&format!("{of} of another alphabet"), &|t| part(t, of, |p| format!("-{}", &p[1..])));
            all(&format!("{of} given twice"), &|t| t.replacen(of, &format!("{of}AAAA,{of}"), 1));
        }
        for length in [0, 12, 16, 31, 33, 48] {
            all(&format!("a nonce of {length} bytes"), &|t| part(t, "iv:", |_| base64(length)));
        }
        for length in [0, 4, 12, 15, 17, 32] {
            all(&format!("a tag of {length} bytes"), &|t| part(t, "tag:", |_| base64(length)));
        }
        for word in ["bytes", "Str", "", "strx", "string", "null", "comment"] {
            all(&format!("type {word}"), &|t| part(t, "type:", |_| word.to_owned()));
        }
        all("another cipher", &|t| t.replace("AES256_GCM", "AES128_GCM"));
        all("without its head", &|t| t.replace("ENC[AES256_GCM,", "ENC["));
        all("parts in another order", &|t| {
            let (data, rest) = t["ENC[AES256_GCM,".len()..].split_once(',').expect("parts");
            let (iv, rest) = rest.split_once(',').expect("parts");
            format!("ENC[AES256_GCM,{iv},{data},{rest}")
        });
        all("not closed", &|t| t.trim_end_matches(']').to_owned());
        all("text before it", &|t| format!("x{t}"));
        all("text behind it", &|t| format!("{t}x"));
        all("closed twice", &|t| format!("{t}]"));
        all("twice", &|t| format!("{t}{t}"));
        bench.finish();
    }
}

#[test]
fn a_clear_value_in_the_place_of_a_token() {
    for (ending, plain) in SAMPLES {
        let mut bench = Bench::new(ending, plain);
        let name = value_of(ending);
        bench.row("text", &|s: &Sealed| s.retoken(name, |_| "changed".to_owned()), "25");
        bench.row("nothing", &|s: &Sealed| s.retoken(name, |_| String::new()), "51");
        bench.finish();
    }
}

/// The types whose text fits another type: only the witness knows.
#[test]
fn types_are_swapped() {
    for (ending, plain) in SAMPLES {
        let mut bench = Bench::new(ending, plain);
        let mut to = |name: &str, from: &str, word: &str, expected: &str| {
            let case = format!("{name} from {from} to {word}");
            let change = |s: &Sealed| s.retoken(name, |t| t.replace(&format!("type:{from}]"), &format!("type:{word}]")));
            bench.row(&case, &change, expected);
        };
        let secret = if ending == "bin" { "data" } else { "password" };
        for word in ["int", "float", "bool", "time"] {
            to(secret, "str", word, "25");
        }
        match ending {
            "yaml" | "json" | "toml" => {
                to("port", "int", "str", "51 51 51 other");
                to("port", "int", "bool", "25");
                to("flag", "bool", "str", "51 51 51 other");
                to("flag", "bool", "int", "25");
                to("ratio", "float", "str", "51 51 51 other");
                to("ratio", "float", "int", "25");
            }
            // All values are text there, and a number prints as its text.
            "env" | "ini" => {
                to("port", "str", "int", "51 51 51 same");
                to("flag", "str", "bool", "51 51 51 other");
            }
            _ => {}
        }
        if ending == "yaml" {
            to("when", "time", "str", "51 51 51 other");
            to("when", "time", "int", "25");
        }
        bench.finish();
    }
}

#[test]
fn tokens_move() {
    for (ending, plain) in SAMPLES.into_iter().filter(|s| s.0 != "bin") {
        let mut bench = Bench::new(ending, plain);
        bench.row(
            "two keys exchange theirs",
            &|s| {
                let (one, two) = (s.token("name")?, s.token("password")?);
                Some(s.text.replace(one, "\u{1}").replace(two, one).replace('\u{1}', two))
            },
            "25",
        );
        bench.row("one key's copied to another", &|s| s.retoken("name", |_| s.token("password").unwrap().to_owned()), "25");
        bench.row("a key renamed", &|s| s.reline("name", |line| line.replace("name", "mane")), "25");
        bench.row("a key dropped", &|s| s.without("port"), "51");
        bench.row("two keys in the other order", &|s| s.exchange("name", "port"), "51");
        bench.row("the MAC's token as a value", &|s| s.retoken("name", |_| s.token("mac").unwrap().to_owned()), "25");
        if matches!(ending, "yaml" | "json" | "toml") {
            bench.row(
                "two items of a list exchange theirs",
                &|s| {
                    let items = s.items();
                    Some(s.text.replace(items[0], "\u{1}").replace(items[1], items[0]).replace('\u{1}', items[1]))
                },
                "51",
            );
            bench.row("an item twice", &|s| s.replace(s.items()[1], s.items()[0]), "51");
            bench.row(
                "an item dropped",
                &|s| {
                    let start = s.text.find(s.items()[0])?;
                    let start = s.text[..start].rfind('\n')?;
                    let end = start + 1 + s.text[start + 1..].find('\n')?;
                    Some(format!("{}{}", &s.text[..start], &s.text[end..]))
                },
                "51",
            );
            bench.row(
                "an item more",
                &|s| {
                    let line = s.text.lines().find(|line| line.contains(s.items()[0]))?.to_owned();
                    s.replace(&line, &format!("{line}\n{line}"))
                },
                "51",
            );
        }
        bench.finish();
    }
}

/// SOPS ignores what stands behind the bracket. Ours only knows the CR that git's conversion leaves, and in ENV all blanks.
#[test]
fn a_carriage_return_behind_a_token() {
    let mut bench = Bench::new("env", super::ENV);
    bench.row("one", &|s: &Sealed| s.retoken("name", |t| format!("{t}\r")), "same");
    bench.row("two", &|s: &Sealed| s.retoken("name", |t| format!("{t}\r\r")), "same");
    bench.row("before the end", &|s: &Sealed| s.retoken("name", |t| t.replace(']', "\r]")), "25");
    // The clear values get one too, and there it is part of the value, as in SOPS: but it is at every line, and the MAC is that of the file without.
    bench.row("at every line", &|s: &Sealed| Some(s.text.replace('\n', "\r\n")), "same");
    bench.row("at a clear value", &|s: &Sealed| s.replace("=one\n", "=one\r\n"), "51");
    bench.finish();
    for ending in ["yaml", "json", "ini", "toml"] {
        let plain = SAMPLES.iter().find(|s| s.0 == ending).expect("a sample").1;
        let mut bench = Bench::new(ending, plain);
        // What git's conversion does to a file without `-text`: the line ends stay, all else is the same.
        bench.row("at every line", &|s: &Sealed| Some(s.text.replace('\n', "\r\n")), "quiet");
        bench.finish();
    }
}

/// What programs leave there that write YAML or JSON anew (SOPS passes over it): blanks and line feeds, and nothing else.
#[test]
fn blanks_behind_a_token() {
    for (ending, feeds) in [("yaml", "\n\n  "), ("json", "\\n")] {
        let plain = SAMPLES.iter().find(|s| s.0 == ending).expect("a sample").1;
        let mut bench = Bench::new(ending, plain);
        let quoted = |t: &str, behind: &str| if ending == "yaml" { format!("'{t}{behind}'") } else { format!("{t}{behind}") };
        let layout = if ending == "yaml" { "warn warn warn quiet" } else { "same" };
        for behind in ["  ", feeds] {
            bench.row(&format!("{behind:?}"), &|s: &Sealed| s.retoken("password", |t| quoted(t, behind)), layout);
        }
        bench.row("text behind them", &|s: &Sealed| s.retoken("password", |t| quoted(t, &format!("{feeds}x"))), "25");
        bench.finish();
    }
}
