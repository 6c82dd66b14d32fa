//! As many leaves as the limit grants (docs/threat-model.md, R8): the fields of a metadata block are none of them, or a text that may just be sealed could
//! not be opened again.

use leafcrypt_formats::{Document, Format, Limits, Mode, ScanOptions, SyntaxClass};

const MOST: usize = 300;

/// A text of so many leaves, with a block behind them.
fn check(format: Format, leaf: &str, between: &str, [start, end]: [&str; 2]) {
    let text = |count: usize| {
        let leaves: Vec<String> = (0..count).map(|i| leaf.replace('#', &i.to_string())).collect();
        format!("{start}{}{end}", leaves.join(between))
    };
    let options = ScanOptions { mode: Mode::Sealed, limits: Limits { leaves: MOST, ..Limits::SEALED }, ..ScanOptions::PLAIN };
    let parse = |text: &str| Document::parse(format, text.as_bytes(), &options).map(|document| document.blocks().len());
    assert_eq!(parse(&text(MOST)).unwrap(), 1, "{}", format.name());
    let error = parse(&text(MOST + 1)).map(|_| ()).expect_err("one too many");
    assert_eq!(error.class, SyntaxClass::Limit, "{}: {error}", format.name());
}

#[test]
fn the_block_is_not_counted() {
    check(Format::Yaml, "k#: 1\n", "", ["", "sops:\n    u: 1\n    v: [1, 2]\n    x: 1\n    y: 2\n    z: 3\n"]);
    check(Format::Yaml, "k#: 1", ", ", ["{", ", sops: {u: 1, v: [1, 2], x: 1, y: 2, z: 3}}\n"]);
    check(Format::Yaml, "1", ", ", ["{a: [", "], sops: {u: 1, v: [1, 2], x: 1, y: 2, z: 3}}\n"]);
    check(Format::Json, "\"k#\": 1", ", ", ["{", ", \"sops\": {\"u\": 1, \"v\": [1, 2], \"x\": 1, \"y\": null, \"z\": 3}}\n"]);
    check(Format::Dotenv, "k#=1\n", "", ["", "sops_u=1\nsops_v=2\nsops_x=3\nsops_y=4\n"]);
    check(Format::Ini, "k#=1\n", "", ["[s]\n", "[sops]\nu=1\nv=2\nx=3\ny=4\n"]);
    check(Format::Toml, "k# = 1\n", "", ["", "[sops]\nu = 1\nv = [1, 2]\nx = 3\n[[sops.age]]\nz = 1\n[[sops.age]]\nz = 1\n"]);
}
