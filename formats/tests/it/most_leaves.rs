//! As many leaves as the limit grants (docs/threat-model.md, R8): the fields of a metadata block are none of them, or a text that may just be sealed could
//! not be opened again.

use leafcrypt_formats::{Document, Format, Limits, Mode, ScanOptions, Step, SyntaxClass, SyntaxError};

use crate::random::{Random, document};

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

/// How many values the walk counts.
fn values(document: &Document<'_>) -> usize {
    let is_value = |step: &&Step| match step {
        Step::Leaf(_) | Step::Null(_) | Step::EmptyList(_) => true,
        Step::EmptyMap(path) => document.format() == Format::Yaml && !document.paths().parts(*path).is_empty(),
        _ => false,
    };
    document.steps().iter().filter(is_value).count()
}

fn parse(format: Format, text: &[u8], options: &ScanOptions, leaves: usize) -> Result<(), SyntaxError> {
    let options = ScanOptions { limits: Limits { leaves, ..options.limits.clone() }, ..options.clone() };
    Document::parse(format, text, &options).map(|_| ())
}

/// Lines of YAML; `@` is the number of the line.
const YAML: &str = r#"k@: v|- v|- k@: v|  - v|  a: b|k@:|k@: ||  x@: y|- ||- - v|k@: "v|v"|k@: 'it''s'|- >-|    more: text|# a: b||---|k@: [|]|k@: {}|- []|k@: v # c|v|- word: # c|k@: &a v|j@: *a|- ~|k@ l: -5|sops:|  - "x" # c|-|- ENC[AES256_GCM,type:comment]|? k@|: v"#;
const INI: &str = r#"k@ = v|[s@]|# c|; c = d|k@: "v|v" = x|k@ = v\|k@ = """|"""|k@ = `|`k@` = v||  k@=|[sops]|mac=x|k@ = 'v|[s@] # c"#;

/// What is counted before a text is parsed is never more than what it holds: it is read where the limit is what it holds, and not where it is less.
#[test]
fn nothing_is_counted_that_is_no_value() {
    for (format, ending, pieces) in [(Format::Yaml, "yaml", YAML), (Format::Ini, "ini", INI)] {
        let corpus = crate::flat::files(&format!("lossless/{ending}")).into_iter().map(|(_, text)| text);
        let mut pieces: Vec<String> = pieces.split('|').map(|piece| format!("{piece}\n")).collect();
        pieces.extend(["k@: |\n", "- |\n", "k@: \"a: b\"\r\n", "k@: v\rl@: \"\n"].map(str::to_owned));
        let made = (0..6_000).map(|seed| {
            let mut random = Random::new(seed);
            let lines = 1 + random.below(6);
            (0..lines).map(|i| pieces[random.below(pieces.len())].replace('@', &i.to_string())).collect::<String>().into_bytes()
        });
        let random = (0..500).map(|seed| document(ending, &mut Random::new(seed)));
        let mut read = 0;
        for text in corpus.chain(random).chain(made) {
            for options in [ScanOptions::PLAIN, ScanOptions::SEALED] {
                let Ok(document) = Document::parse(format, &text, &options) else { continue };
                let most = values(&document);
                if most == 0 {
                    continue;
                }
                read += 1;
                let shown = || format!("{options:?}: {:?}", String::from_utf8_lossy(&text));
                // Few values in much nesting are too many nodes, and comments and sections have limits of their own.
                let error = parse(format, &text, &options, most).err();
                assert!(error.is_none_or(|e| e.what != format!("more than {most} values")), "{}", shown());
                let error = parse(format, &text, &options, most - 1).expect_err("one too many");
                assert!(error.class == SyntaxClass::Limit, "{}", shown());
            }
        }
        assert!(read > 1_500, "{ending}: only {read} are read");
    }
}

/// P24: too many lines of everyday shapes are refused before anything is made of them, so that the broken one behind them is not even seen.
#[test]
fn too_many_lines_are_not_parsed() {
    let yaml =
        ["k@: v\n", "- v\n", "- k@: v\n", "k@: \"v\" # why\n", "k@: 'v'\r\n", "k@: |\n  a: b\n\n  c: d\n", "a@:\n  - - v\n", "k@: -5\n"];
    let yaml = yaml.into_iter().chain(["\n# note\nk@: {}\n"]).map(|line| (Format::Yaml, "a:\n", line, "}\n"));
    let ini = ["k@ = v\n", "# note\n\nk@ = \"v\"\r\n", "[s@]\n  k: v # why\n"].into_iter().map(|line| (Format::Ini, "[s]\n", line, "[s\n"));
    for (format, start, line, broken) in yaml.chain(ini) {
        let text = format!("{start}{}{broken}", (0..=MOST).map(|i| line.replace('@', &i.to_string())).collect::<String>());
        let error = parse(format, text.as_bytes(), &ScanOptions::PLAIN, MOST).expect_err("one too many");
        assert_eq!(error.what, format!("more than {MOST} values"), "{line}");
        let at = text.split_inclusive('\n').nth(error.line - 1).and_then(|line| line.get(error.column - 1..));
        assert!(at.is_some_and(|at| at.starts_with(['v', '"', '\'', '|', '-', '{', 'k'])), "{line}: {at:?}");
    }
}
