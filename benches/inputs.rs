//! Texts of a given number of values, the same in every run: for the benches and for `tests/speed.rs`.

use std::fmt::Write as _;

/// A kind of text.
#[derive(Clone, Copy)]
pub struct Shape {
    /// What it is called in tables.
    pub name: &'static str,
    /// The ending of its file.
    pub ending: &'static str,
    /// Makes one of about that many values.
    pub make: fn(usize) -> String,
}

const fn shape(name: &'static str, ending: &'static str, make: fn(usize) -> String) -> Shape {
    Shape { name, ending, make }
}

/// What people have.
pub const USUAL: &[Shape] = &[
    shape("YAML flat", "yaml", |n| lines(n, |i| format!("key_{i}: {}\n", word(i)))),
    shape("YAML nested", "yaml", nested),
    shape("JSON", "json", |n| format!("{{\n{}\n}}\n", list(n, ",\n", |i| format!("  \"key_{i}\": \"{}\"", word(i))))),
    shape("ENV", "env", |n| lines(n, |i| format!("KEY_{i}={}\n", word(i)))),
    shape("INI", "ini", |n| sections(n, |i| format!("key_{i} = {}\n", word(i)))),
    shape("TOML", "toml", |n| sections(n, |i| format!("key_{i} = \"{}\"\n", word(i)))),
];

/// What could make a program slow that did not expect it.
#[allow(dead_code)] // Only the test wants them.
pub const AWKWARD: &[Shape] = &[
    shape("comments above", "yaml", |n| lines(n, |i| format!("# note {i}\n")) + "a: 1\n"),
    shape("comments behind", "yaml", |n| lines(n, |i| format!("k{i}: v # note {i}\n"))),
    shape("comments behind depth", "yaml", |n| deep(100, "x: y\n") + &lines(n, |i| format!("# note {i}\n"))),
    shape("deep and wide", "yaml", |n| deep(100, "") + &lines(n / 2, |i| format!("{}x{i}: y\n", " ".repeat(100)))),
    shape("one line of a list", "yaml", |n| format!("a: [{}] # note\n", list(n, ", ", |i| format!("v{i}")))),
    shape("one line of a map", "yaml", |n| format!("{{{}}}\n", list(n, ", ", |i| format!("k{i}: v")))),
    shape("many documents", "yaml", |n| list(n / 8, "---\n", |i| format!("a: v{i}\n"))),
    shape("doubled keys", "yaml", |n| "a: 1\n---\n".to_owned() + &"k: v\n".repeat(n)),
    shape("long integers", "yaml", |n| lines(n, |i| format!("k{i}: 18446744073709551615\n"))),
    shape("equal items", "yaml", |n| "a:\n".to_owned() + &"- v\n".repeat(n)),
    shape("blocks", "yaml", |n| lines(n, |i| format!("k{i}: |\n  one\n  two\n"))),
    shape("folded", "yaml", |n| lines(n / 2, |i| format!("k{i}: >-\n  one\n  two\n"))),
    shape("anchors and aliases", "yaml", |n| lines(n / 2, |i| format!("k{i}: &a{i} v\nx{i}: *a{i}\n"))),
    shape("tags", "yaml", |n| lines(n / 2, |i| format!("k{i}: !!int 5\n"))),
    shape("percent signs", "yaml", |n| "a: |\n".to_owned() + &"  %YAML 1.2\n".repeat(n) + "b: 1\n"),
    shape("other spellings", "yaml", |n| lines(n / 2, |i| format!("k{i}: 'yes'\nt{i}: True\n"))),
    shape("a long text", "yaml", |n| "k: |\n".to_owned() + &"  a line of text\n".repeat(n)),
    shape("doubled names", "json", |n| format!("{{{}}}\n", list(n, ",", |_| "\"k\": \"v\"".to_owned()))),
    shape("objects", "json", |n| format!("{{\"a\": [{}]}}\n", list(n, ",", |_| "{\"a\":{\"b\":\"v\"}}".to_owned()))),
    shape("depth", "json", |n| format!("{{\"a\": {}{}{}}}\n", "[".repeat(200), list(n, ",", |_| "1".to_owned()), "]".repeat(200))),
    shape("escapes and floats", "json", |n| {
        format!("{{{}}}\n", list(n / 2, ",", |i| format!("\"k{i}\": \"\\u0041<\\/\", \"f{i}\": 1.50e1")))
    }),
    shape("open quotes", "env", |n| lines(n, |i| format!("K{i}=\"v\n"))),
    shape("a value of many lines", "env", |n| format!("A=\"x\n{}\"\n", "line\n".repeat(n))),
    shape("doubled names", "env", |n| "K=v\n".repeat(n)),
    shape("many sections", "ini", |n| lines(n / 2, |i| format!("[s{i}]\nk = v\n"))),
    shape("doubled names", "ini", |n| "[a]\n".to_owned() + &"k = v\n".repeat(n)),
    shape("continued lines", "ini", |n| format!("[a]\nk = a\\\n{}c\n", "b\\\n".repeat(n))),
    shape("arrays of tables", "toml", |n| "[[t]]\nk = \"v\"\n".repeat(n / 2)),
    shape("many tables", "toml", |n| lines(n / 2, |i| format!("[s{i}]\nk = \"v\"\n"))),
    shape("dotted keys", "toml", |n| lines(n, |i| format!("a.b.c.k{i} = \"v\"\n"))),
];

/// As many values as you like, each as short as it can be: for the limit on their number.
#[allow(dead_code)] // Only the test wants them.
pub const SHORT: &[Shape] = &[
    shape("YAML", "yaml", |n| lines(n, |i| format!("k{i}: v\n"))),
    shape("a list", "yaml", |n| "a:\n".to_owned() + &"- v\n".repeat(n)),
    shape("JSON", "json", |n| format!("{{{}}}\n", list(n, ",", |i| format!("\"k{i}\":1")))),
    shape("nulls", "json", |n| format!("{{\"a\":[{}]}}\n", list(n, ",", |_| "null".to_owned()))),
    shape("ENV", "env", |n| lines(n, |i| format!("K{i}=v\n"))),
    shape("INI", "ini", |n| "[s]\n".to_owned() + &lines(n, |i| format!("k{i} = v\n"))),
    shape("TOML", "toml", |n| lines(n, |i| format!("k{i} = 1\n"))),
];

/// 24 letters that differ from line to line.
fn word(i: usize) -> String {
    let mut state = i as u64 * 0x9e37_79b9_7f4a_7c15 + 1;
    let letter = |_| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        char::from(b'a' + (state >> 59) as u8 % 26)
    };
    (0..24).map(letter).collect()
}

fn lines(n: usize, line: impl Fn(usize) -> String) -> String {
    (0..n).map(line).collect()
}

fn list(n: usize, between: &str, item: impl Fn(usize) -> String) -> String {
    (0..n).map(item).collect::<Vec<_>>().join(between)
}

fn sections(n: usize, line: impl Fn(usize) -> String) -> String {
    lines(n, |i| if i % 100 == 0 { format!("[section_{}]\n{}", i / 100, line(i)) } else { line(i) })
}

fn deep(levels: usize, last: &str) -> String {
    lines(levels, |i| format!("{}k:\n", " ".repeat(i))) + &" ".repeat(if last.is_empty() { 0 } else { levels }) + last
}

/// Ten values a service, a comment at every fifth.
fn nested(n: usize) -> String {
    let mut out = String::new();
    for i in 0..n.div_ceil(10) {
        let _ = writeln!(out, "service_{i}:");
        if i % 5 == 0 {
            out.push_str("    # who may come in\n");
        }
        out.push_str("    db:\n");
        for j in 0..4 {
            let _ = writeln!(out, "        name_{j}: {}", word(i * 10 + j));
        }
        out.push_str("        port: 5432\n        on: true\n    hosts:\n");
        for j in 4..8 {
            let _ = writeln!(out, "        - {}", word(i * 10 + j));
        }
    }
    out
}
