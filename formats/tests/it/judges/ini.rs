//! INI before `rust-ini`. The two dialects are far apart; SOPS's reader, gopkg.in/ini.v1, is ours. Where they differ it is by lines: what a line means,
//! or whether it goes on. So each rule names a kind of line, and a document without such lines must be read alike.

use ini::{Ini, ParseOption};
use leafcrypt_formats::Format;

use super::{Court, Difference, Entry, Layout, Reading, Rule, Seen};
use crate::random::{Random, document};

const RULES: &[Rule] = &[
    Rule {
        name: "a comment behind a value",
        why: "ini.v1 cuts at the first # or ;, even inside quotes; the judge knows no such comments",
        fits: |d| value_line(d).is_some_and(|line| line.contains(['#', ';'])),
    },
    Rule {
        name: "quotes around a value",
        why: "ini.v1 strips one pair if it is the only one and the outermost; the judge takes each quoted part",
        fits: |d| value_line(d).is_some_and(|line| line.trim_start().starts_with(['"', '\'']) && !line.trim_start().starts_with("\"\"\"")),
    },
    Rule {
        name: "backticks, three quotes, a backslash at the end",
        why: "ini.v1's ways to write long values; text to the judge, which then reads the further lines as keys",
        fits: |d| {
            lines(d).any(|line| line.trim_end().ends_with('\\') || line.contains('`') || line.contains("\"\"\"") || line.contains("'''"))
        },
    },
    Rule {
        name: "a backslash before a delimiter or quote",
        why: "hides it from the judge, even without escapes; a character like any other to ini.v1",
        fits: |d| lines(d).any(|line| ["\\=", "\\:", "\\'", "\\\"", "\\]"].iter().any(|pair| line.contains(pair))),
    },
    Rule {
        name: "the unnamed section's name",
        why: "SOPS calls it DEFAULT; a section of that name is one more",
        fits: |d| lines(d).any(|line| line.trim().starts_with("[DEFAULT]")),
    },
    Rule {
        name: "a name or a section twice",
        why: "ini.v1 keeps the last value at the first place, sections apart; the judge keeps all values, sections together",
        fits: |d| twice(d),
    },
    Rule {
        name: "a comment that is indented, or behind a header",
        why: "a comment to ini.v1; an error, or a key, to the judge",
        fits: |d| {
            lines(d)
                .any(|line| line.starts_with([' ', '\t', '\u{a0}', '\r', '\u{c}', '\u{feff}']) && line.trim_start().starts_with(['#', ';']))
                || lines(d).any(|line| line.trim_start().starts_with('[') && line.contains(['#', ';']))
        },
    },
    Rule {
        name: "headers: more than one `]`, blanks inside, text behind",
        why: "ini.v1's name goes up to the last `]` untrimmed, and what follows is dropped; the judge's up to the first",
        fits: |d| {
            lines(d).any(|line| {
                let Some(rest) = line.trim_start().strip_prefix('[') else { return false };
                let name = rest.split(']').next().unwrap_or_default();
                rest.matches(']').count() != 1 || name.trim() != name || name.is_empty() || !rest.trim_end().ends_with(']')
            })
        },
    },
    Rule {
        name: "quotes around a name",
        why: "ini.v1 looks for the delimiter behind them",
        fits: |d| lines(d).any(|line| line.trim_start().starts_with('"')),
    },
    Rule {
        name: "a line without `=` and `:`, or without a name",
        why: "an error to SOPS; the judge joins it to the next line's name",
        fits: |d| {
            lines(d).map(str::trim).any(|line| {
                let text = !line.is_empty() && !line.starts_with(['#', ';', '[']);
                text && (!line.contains(['=', ':']) || line.starts_with(['=', ':']))
            })
        },
    },
    Rule {
        name: "the name `-`, a second section `sops`",
        why: "a counter to ini.v1, which SOPS cannot read back; its metadata",
        fits: |d| d.we_refuse().is_some_and(|e| e.starts_with("the name `-`") || e.starts_with("a second section `sops`")),
    },
    Rule { name: "the metadata", why: "the section `sops` is no part of the walk", fits: |d| lines(d).any(|line| line.trim() == "[sops]") },
    Rule {
        name: "bytes that are no UTF-8",
        why: "ini.v1 reads bytes, and SOPS seals them as they are",
        fits: |d| d.they_refuse().is_some_and(|e| e.contains("utf-8")),
    },
    Rule {
        name: "a quote that does not close on its line",
        why: "part of the value to ini.v1; the judge looks for the other one up to the end of the file",
        fits: |d| lines(d).any(|line| ['"', '\''].iter().any(|&quote| line.matches(quote).count() % 2 == 1)),
    },
    Rule {
        name: "a carriage return or a form feed inside a line",
        why: "white space to ini.v1, which ends lines at LF only; an end of line to the judge",
        fits: |d| {
            String::from_utf8_lossy(d.text).replace("\r\n", "\n").contains(['\r', '\u{c}', '\u{b}', '\u{85}', '\u{2028}', '\u{2029}'])
        },
    },
];

fn lines<'d>(d: &'d Difference<'_>) -> impl Iterator<Item = &'d str> {
    std::str::from_utf8(d.text).unwrap_or_default().trim_start_matches('\u{feff}').split('\n')
}

/// The line of a value that differs, from the value on.
fn value_line<'d>(d: &'d Difference<'_>) -> Option<&'d str> {
    d.values()?;
    let text = std::str::from_utf8(d.text).ok()?;
    text[d.at.0?.source.start..].split('\n').next()
}

fn twice(d: &Difference<'_>) -> bool {
    let doubled = |entries: &[Entry]| {
        let mut paths: Vec<_> = entries.iter().skip(2).map(|e| &e.path).collect();
        let all = paths.len();
        paths.sort();
        paths.dedup();
        paths.len() < all
    };
    d.both().is_some_and(|(ours, theirs)| doubled(ours) || doubled(theirs))
}

fn judge(text: &str) -> Reading {
    let how = ParseOption { enabled_quote: true, enabled_escape: false, ..ParseOption::default() };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let read = Ini::load_from_str_opt(text, how).map_err(|e| e.msg.to_string())?;
    let mut layout = Layout(Vec::new());
    let root = || vec!["0".to_owned()];
    layout.push(&root(), Seen::Document);
    layout.push(&root(), Seen::Map);
    for (section, properties) in &read {
        let mut path = root();
        path.push(section.unwrap_or("DEFAULT").to_owned());
        layout.push(&path, Seen::Map);
        for (name, value) in properties.iter() {
            path.push(name.to_owned());
            layout.push(&path, Seen::text(value));
            path.pop();
        }
    }
    Ok(layout.0)
}

#[test]
fn rust_ini_reads_the_same() {
    let mut court = Court::new(Format::Ini, judge, RULES);
    // Documents of plain lines, so that the values in them are compared.
    for seed in 0..2000 {
        let text = document("ini", &mut Random::new(seed));
        let mut plain: Vec<u8> = Vec::new();
        for line in text.split_inclusive(|&b| b == b'\n') {
            let found = String::from_utf8_lossy(line);
            let odd = found.trim_end().ends_with('\\') || found.contains(['`', '"', '\'', '#', ';', '[', '\u{feff}']);
            if !odd && (found.contains(['=', ':']) || found.trim().is_empty()) {
                plain.extend_from_slice(line);
            }
        }
        court.hear(&format!("seed {seed}, plain lines"), &plain);
    }
    court.sit("ini", "ini", 1000);
}
