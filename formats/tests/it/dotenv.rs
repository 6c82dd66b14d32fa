//! ENV: what is read, what comes back, what is refused.

use leafcrypt_formats::{
    Dialect, Document, Format, Hint, LeafId, Mode, Opened, Printing, ScanOptions, Spelled, SyntaxClass, Tokens, Tree, Value, print,
};

use crate::flat::{Random, assert_round, fields, files, open, open_with, outline, seal, show};

const ENV: Format = Format::Dotenv;
const SOPS: ScanOptions = ScanOptions { dialect: Dialect::Sops, ..ScanOptions::PLAIN };

/// The marker that stands in every value and comment of the corpus, and in no name.
const SECRET: &str = "hunter2";

/// Files with a name twice, or with a line that is a name by the line rule, though a person would see a value.
const WARNED: [&str; 8] = [
    "bare_last.env",
    "bare_lines.env",
    "bom_comment.env",
    "continuation.env",
    "doubled_names.env",
    "quote_lines_with_names.env",
    "quote_never_closed_bare.env",
    "quote_two_kinds.env",
];

#[test]
fn the_corpus_comes_back_byte_for_byte() {
    let files = files("lossless/dotenv");
    assert!(files.len() >= 40);
    let mut wrong = Vec::new();
    for (name, source) in &files {
        let clear = Document::parse(ENV, source, &ScanOptions::PLAIN).expect("the corpus is well-formed");
        let round = assert_round(ENV, name, source, &|_| true);
        assert_eq!(round.values.len() + round.comments.len(), round.sealed.windows(15).filter(|w| w == b"ENC[AES256_GCM,").count());
        assert!(!show(&round.sealed).contains(SECRET), "{name}: plaintext is left");
        if WARNED.contains(&name.as_str()) == clear.warnings().is_empty() {
            wrong.push(format!("{name}: {:?}", clear.warnings()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn partly_covered_files_come_back() {
    for (name, source) in files("lossless/dotenv") {
        for part in 0..3 {
            let cover = |i: usize| i % 3 != part;
            match seal(ENV, &source, &cover) {
                Ok(_) => drop(assert_round(ENV, &name, &source, &cover)),
                // Sops could not read these lines if they stood in clear.
                Err(e) => assert!(e.contains("several lines") || e.contains("no assignment"), "{name}: {e}"),
            }
        }
    }
}

#[test]
fn random_files_come_back() {
    let pieces: [&[u8]; 16] =
        [b"A", b"=", b"\n", b"\n", b"\"", b"'", b"#", b"\\", b"\\n", b"\r", b"\r\n", b" ", b"x", b"B=", b"\nC=\"", b"\xff"];
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for round in 0..8_000 {
        let count = random.below(24);
        let source = random.text(&pieces, count);
        let sealed = assert_round(ENV, &format!("round {round}"), &source, &|_| true);
        let reopened = open(ENV, &sealed);
        assert_eq!(outline(ENV, &source, &ScanOptions::PLAIN), outline(ENV, &reopened, &ScanOptions::PLAIN));
    }
}

#[test]
fn lines_are_read_as_sops_reads_them() {
    let check = |text: &str, expected: &str| assert_eq!(outline(ENV, text.as_bytes(), &ScanOptions::PLAIN), expected);
    check("", "the root is empty\n");
    check("\n\n", "the root is empty\n");
    check("A=1\nB=\n", "A=\"1\"\nB=\"\"\n");
    check("A = x # y\n", "A =\" x # y\"\n");
    check("A=a=b", "A=\"a=b\"\n");
    check("A=\"x\"", "A=\"\\\"x\\\"\"\n");
    check("A=a\\nb\\\\nc", "A=\"a\\nb\\\\\\nc\"\n");
    check("A=x\r\n#y\r\n", "A=\"x\\r\"\n#\"y\\r\"\n");
    check("#\n# a\n", "#\"\"\n#\" a\"\n");
    check("sops_mac=x\nA=1\nsops_version=y\n#sops_z=1\nsops=2\nSOPS_Z=3", "A=\"1\"\n#\"sops_z=1\"\nsops=\"2\"\nSOPS_Z=\"3\"\n");
    check("x\n  # y\n", "#\"x\"\n#\"  # y\"\n");
}

#[test]
fn quoted_values_go_on_only_where_a_line_could_not_be_read_alone() {
    let check = |text: &str, expected: &str| assert_eq!(outline(ENV, text.as_bytes(), &ScanOptions::PLAIN), expected);
    check("A=\"x\ny\"\nB=1", "A=\"\\\"x\\ny\\\"\"\nB=\"1\"\n");
    check("A=\"x\nB=1\ny\"\n", "A=\"\\\"x\\nB=1\\ny\\\"\"\n");
    check("A=\"x\nB=1\n#y\"\n", "A=\"\\\"x\"\nB=\"1\"\n#\"y\\\"\"\n");
    check("A=\"x\\\"\ny\"", "A=\"\\\"x\\\\\\\"\\ny\\\"\"\n");
    check("A=\"x\ny", "A=\"\\\"x\"\n#\"y\"\n");
    check("A='x\ny' z\n", "A=\"'x\\ny' z\"\n");
    check("A=z\"x\ny\"", "A=\"z\\\"x\"\n#\"y\\\"\"\n");
}

#[test]
fn a_name_inside_open_quotes_is_named_by_its_line() {
    let document = Document::parse(ENV, b"\nA=\"first\n\nhunter2=second\n#third\"\n", &ScanOptions::PLAIN).expect("it is well-formed");
    let [warning] = document.warnings() else { panic!("one warning") };
    assert_eq!(warning.line, 2);
    assert!(warning.what.contains("line 4") && !warning.what.contains(SECRET));
}

#[test]
fn doubled_names_warn_with_name_and_line() {
    let document = Document::parse(ENV, b"A=1\n\nA=2\n", &ScanOptions::PLAIN).expect("it is well-formed");
    let [warning] = document.warnings() else { panic!("one warning") };
    assert_eq!(warning.line, 3);
    assert!(warning.what.starts_with("A "));
    assert_eq!(document.leaves().iter().filter(|l| l.in_mac).count(), 2);
}

/// Our own dialect keeps them like comments, and says where they are: of a new file both sides would be sealed, and one of them win.
#[test]
fn marks_of_a_merge() {
    let marked = b"A=1\n<<<<<<< HEAD\nB=1\n=======\nB=2\n>>>>>>> other\n";
    let marks = |text: &[u8]| Document::parse(ENV, text, &ScanOptions::PLAIN).expect("it is well-formed").merge_marks();
    let refused = [SOPS, ScanOptions::SEALED].map(|options| Document::parse(ENV, marked, &options).err());
    for error in [marks(marked)].into_iter().chain(refused) {
        let error = error.expect("there is a merge");
        assert_eq!((error.class, error.line), (SyntaxClass::Conflict, 2));
    }
    let check = |text: &str| assert_eq!(marks(text.as_bytes()), None, "{text}");
    check("<<<<<<< HEAD\nA=1\n");
    check("A=1\n>>>>>>> other\n<<<<<<< HEAD\n");
    check("A=\"text\n<<<<<<< HEAD\n>>>>>>> other\n\"\n");
    check("#<<<<<<< HEAD\nA=1\n#>>>>>>> other\n");
}

#[test]
fn as_sops_a_line_without_equals_is_an_error() {
    let places = [
        ("bare_first.env", 1),
        ("bare_last.env", 2),
        ("bare_middle.env", 3),
        ("blank_crlf.env", 2),
        ("bom_comment.env", 1),
        ("colon.env", 1),
        ("continuation.env", 2),
        ("indented_comment.env", 2),
        ("pem.env", 2),
        ("semicolon_comment.env", 1),
        ("spaces_only.env", 2),
        ("yaml.env", 1),
    ];
    let files = files("broken/dotenv");
    assert_eq!(files.iter().map(|f| f.0.as_str()).collect::<Vec<_>>(), places.map(|p| p.0));
    for ((name, text), (_, line)) in files.iter().zip(places) {
        let error = Document::parse(ENV, text, &SOPS).map(drop).expect_err(name);
        assert_eq!((error.line, error.column, error.class), (line, 1, SyntaxClass::Syntax), "{name}");
        assert!(!error.to_string().contains(SECRET));
        assert!(Document::parse(ENV, text, &ScanOptions::PLAIN).is_ok(), "{name}: ours takes it");
    }
}

#[test]
fn limits_are_kept() {
    let check = |text: &[u8], change: &dyn Fn(&mut ScanOptions)| {
        let mut options = ScanOptions::PLAIN;
        assert!(Document::parse(ENV, text, &options).is_ok());
        change(&mut options);
        let error = Document::parse(ENV, text, &options).map(drop).expect_err("over the limit");
        assert_eq!(error.class, SyntaxClass::Limit);
    };
    check(b"A=1\nB=2\n", &|o| o.limits.leaves = 1);
    check(b"#\n#\n", &|o| o.limits.leaves = 1);
    check(b"ABC=1\n", &|o| o.limits.key = 2);
    check(b"ABC=1\n", &|o| o.limits.text = 5);
}

#[test]
fn the_sealed_text_looks_as_it_should() {
    let check = |source: &str, expected: &str| {
        let round = seal(ENV, source.as_bytes(), &|_| true).expect("it can be sealed");
        let text = show(&round.sealed).replace("AES256_GCM,data:", "").replace(",iv:aa==,tag:aa==", "").replace(",type:str", "");
        let block = "sops_age__list_0__map_enc=-----BEGIN\\nabc\\n-----END\\n\nsops_lastmodified=2026-01-01T00:00:00Z\nsops_leafcrypt=ENC[w]\nsops_empty=\nsops_version=3.13.2\n";
        assert_eq!(text, format!("{expected}{block}"));
    };
    check("A=x\n#y\nB=\n", "A=ENC[v0]\n#ENC[c0,type:comment]\nB=\n");
    check("A=x", "A=ENC[v0]\n");
    check("A=x\r\nB=y\r", "A=ENC[v0]\r\nB=ENC[v1]\r\n");
    check("A=\"x\ny\"\n\n z\n", "A=ENC[v0]\n\n#ENC[c0,type:comment]\n");
    check("sops_mac=1\nA=x\nsops_empty=2", "A=ENC[v0]\n");
}

#[test]
fn what_sops_could_not_read_is_never_left_in_clear() {
    let check = |source: &str, expected: &str| {
        let error = seal(ENV, source.as_bytes(), &|_| false).map(drop).expect_err("it cannot stay in clear");
        assert!(error.contains(expected) && !error.contains(SECRET), "{error}");
    };
    check("A=1\nB=\"hunter2\nhunter2\"\n", "B: a value over several lines");
    check("A=1\nhunter2\n", "line 2: it is no assignment");
}

#[test]
fn hints_are_few() {
    let check = |source: &str, expected: &[(u8, u32, Option<u8>)]| {
        let round = seal(ENV, source.as_bytes(), &|_| true).expect("it can be sealed");
        let found: Vec<(u8, u32, Option<u8>)> = round
            .hints
            .iter()
            .map(|hint| match hint {
                Hint::Site { kind, first, with: Spelled::Style(n), .. } => (*kind, *first, Some(*n)),
                Hint::Site { kind, first, with: Spelled::Bytes(_), .. } => (*kind, *first, None),
                Hint::Start { .. } | Hint::End { .. } => panic!("the caller finds these"),
            })
            .collect();
        assert_eq!(found, expected);
    };
    check("# x\nA=\"x\\ny\" # z\r\nB='\n", &[]);
    check("# x\nA=\"x\ny\"\n", &[(0, 1, Some(1))]);
    check("A=\"x\\nx\ny\"\n\n- x\n", &[(0, 0, None), (5, 1, Some(1))]);
}

#[test]
fn hints_that_no_longer_fit_are_left_aside() {
    // Somebody gave other values with sops: the hint of the first would make a wrong value of it, that of the second another line.
    let mut round = seal(ENV, b"A=\"x\\nx\ny\"\nB=1\n  # z\n", &|_| true).expect("it can be sealed");
    for value in round.values.values_mut() {
        *value = Value::text("new\nvalue");
    }
    for comment in round.comments.values_mut() {
        *comment = leafcrypt_formats::Bytes::new(b"C=3".to_vec());
    }
    assert_eq!(show(&open(ENV, &round)), "A=new\\nvalue\nB=new\\nvalue\n#C=3\n");
}

#[test]
fn without_hints_the_canonical_spelling_comes() {
    let round = seal(ENV, b"A=\"x\ny\"\n  # z\n", &|_| true).expect("it can be sealed");
    assert_eq!(show(&open_with(ENV, &round.sealed, &round, &[])), "A=\"x\\ny\"\n#  # z\n");
}

#[test]
fn line_ends_that_git_converted_do_no_harm() {
    let round = seal(ENV, b"A=x\n# y\n\nB=z\n", &|_| true).expect("it can be sealed");
    let crlf = show(&round.sealed).replace('\n', "\r\n");
    assert_eq!(show(&open_with(ENV, crlf.as_bytes(), &round, &round.hints)), "A=x\n# y\n\r\nB=z\n");
    let document = Document::parse(ENV, crlf.as_bytes(), &ScanOptions::SEALED).expect("it is well-formed");
    assert_eq!(document.blocks()[0].fields, Some(Tree::map(fields())));
    // And the other way round.
    let round = seal(ENV, b"A=x\r\n# y\r\n", &|_| true).expect("it can be sealed");
    let lf = show(&round.sealed).replace('\r', "");
    assert_eq!(show(&open_with(ENV, lf.as_bytes(), &round, &round.hints)), "A=x\r\n# y\r\n");
}

#[test]
fn a_sealed_text_holds_no_bare_lines() {
    let error = Document::parse(ENV, b"A=1\nhunter2\n", &ScanOptions::SEALED).map(drop).expect_err("a bare line");
    assert_eq!((error.line, error.class), (2, SyntaxClass::Syntax));
    let text = b"A=\"1\nB=2\n#\"\n";
    assert_eq!(outline(ENV, text, &ScanOptions::SEALED), outline(ENV, text, &SOPS));
}

#[test]
fn the_block_is_read_wherever_its_lines_stand() {
    let text = b"sops_a=1\\n2\nA=x\nsops_b=\r\n\nB=y\nsops_c=\xff";
    let document = Document::parse(ENV, text, &ScanOptions::SEALED).expect("it is well-formed");
    let block = &document.blocks()[0];
    assert_eq!(block.fields, Some(Tree::map([("a", Tree::text("1\n2")), ("b", Tree::text("")), ("c", Tree::text(b"\xff"))])));
    assert_eq!(document.open(&Opened::default(), &[]).expect("nothing to open"), b"A=x\n\nB=y\n");
}

#[test]
fn an_old_block_keeps_its_order() {
    let check = |old: &str, fields: &[(&str, &str)], expected: &str| {
        let fields: Vec<(String, Tree)> = fields.iter().map(|(n, v)| ((*n).to_owned(), Tree::text(v))).collect();
        let document = Document::parse(ENV, old.as_bytes(), &ScanOptions::SEALED).expect("it is well-formed");
        let bytes =
            document.without_blocks().with_block(&document, &fields, "leafcrypt", None, Some(&document)).expect("it can be written");
        assert_eq!(show(&bytes), expected);
    };
    check("A=1\nsops_c=1\nsops_a=2\nsops_b=3\n", &[("a", "2"), ("b", "4"), ("c", "1")], "A=1\nsops_c=1\nsops_a=2\nsops_b=4\n");
    check(
        "A=1\nsops_c=1\nsops_a=2\n",
        &[("a", "2"), ("b", "x\ny"), ("c", "1"), ("d", "")],
        "A=1\nsops_c=1\nsops_d=\nsops_a=2\nsops_b=x\\ny\n",
    );
    check("A=1\nsops_b=1\nsops_gone=2", &[("a", "0"), ("b", "1")], "A=1\nsops_a=0\nsops_b=1\n");
    check("sops_a=1\nA=1\nsops_a=2\nB=2", &[("a", "2")], "sops_a=2\nA=1\nB=2");
    check("A=1", &[("a", "2")], "A=1\nsops_a=2\n");
}

#[test]
fn set_keeps_the_rest() {
    let check = |text: &str, leaf: u32, value: Value, expected: &str| {
        let document = Document::parse(ENV, text.as_bytes(), &ScanOptions::PLAIN).expect("it is well-formed");
        let new = crate::edits::set(&document, LeafId(leaf), &value).map_or_else(|e| e.to_string(), |new| show(&new));
        assert_eq!(new, expected);
    };
    check("A=1\r\nB=2\n", 0, Value::text("x y"), "A=x y\nB=2\n");
    check("A=1\nB=2", 1, Value::text("x\ny"), "A=1\nB=x\\ny");
    check("A=\"1\n2\"\nB=2", 0, Value::text("\"x\ny\""), "A=\"x\ny\"\nB=2");
    check("A=1\n", 0, Value::Int(-5), "A=-5\n");
    check("A=1\n", 0, Value::Float(1e6), "A=1E+06\n");
    check("A=1\n", 0, Value::Bool(true), "A=true\n");
    check("A=1\n", 0, Value::text("a\\nb"), "A: ENV cannot hold the two characters `\\n`, they read back as a newline");
    check("A=1\nbare\nB=\"x", 0, Value::text("\""), "A: this change would not read back, or would change other places as well");
}

#[test]
fn trees_are_printed_as_sops_prints_them() {
    let check = |tree: Tree, expected: &str| {
        let printed = print(ENV, &[tree], &Printing::default()).map_or_else(|e| e.to_string(), |p| show(&p.text));
        assert_eq!(printed, expected);
    };
    let value = |value: Value| Tree::map([("A", Tree::Value(value))]);
    check(Tree::map::<&str>([]), "");
    check(Tree::Null, "");
    check(Tree::map([("A", Tree::text("x\ny")), ("B", Tree::text("")), ("A", Tree::text("z"))]), "A=x\\ny\nB=\nA=z\n");
    for (float, text) in [
        (1.0, "1.0"),
        (1.5, "1.5"),
        (100_000.0, "100000.0"),
        (999_999.5, "999999.5"),
        (1e6, "1E+06"),
        (123_456_789.125, "1.23456789125E+08"),
        (1e21, "1E+21"),
        (0.0001, "0.0001"),
        (1e-5, "1E-05"),
        (5e-324, "5E-324"),
        (-0.0, "-0.0"),
        (f64::INFINITY, "+Inf"),
        (f64::NEG_INFINITY, "-Inf"),
        (f64::NAN, "NaN"),
    ] {
        check(value(Value::Float(float)), &format!("A={text}\n"));
    }
    check(value(Value::Int(-12)), "A=-12\n");
    check(value(Value::Bool(false)), "A=false\n");
    let time = |text: &str| value(Value::Time(leafcrypt_formats::Time::from_normal(text)));
    check(time("2001-12-14T21:59:43.125-05:00"), "A=2001-12-14T21:59:43-05:00\n");
    check(time("2001-12-14T21:59:43Z"), "A=2001-12-14T21:59:43Z\n");
    check(Tree::map([("A", Tree::Null)]), "A=<nil>\n");
    check(Tree::map([("A", Tree::map::<&str>([]))]), "A: ENV holds neither maps nor lists");
    check(Tree::map([("#A", Tree::text(""))]), "[\"#A\"]: the name starts with `#`, the line would be a comment");
    check(Tree::map([("sops_a", Tree::text(""))]), "sops_a: names that start with `sops_` are read as metadata");
}

#[test]
fn as_sops_what_does_not_read_back_is_printed_with_a_warning() {
    let check = |tree: Tree, expected: &str| {
        let how = Printing { as_sops: true, ..Printing::default() };
        let printed = print(ENV, &[tree], &how).expect("it is printed");
        assert_eq!((show(&printed.text).as_str(), printed.warnings.len()), (expected, 1));
    };
    check(Tree::map([("#A", Tree::text("1"))]), "#A=1\n");
    check(Tree::map([("A=B", Tree::text("1"))]), "A=B=1\n");
    check(Tree::map([("A\nB", Tree::text("1"))]), "A\nB=1\n");
    check(Tree::map([("A", Tree::text("x\\ny"))]), "A=x\\ny\n");
    check(Tree::map([("A", Tree::Null)]), "A=<nil>\n");
}

#[test]
fn hostile_texts_take_no_longer() {
    let big = |piece: &str| piece.repeat(1_000_000 / piece.len());
    let mut options = ScanOptions { mode: Mode::Plain, ..ScanOptions::PLAIN };
    options.limits.leaves = usize::MAX;
    for text in [
        big("A=\"\n"),
        big("A='\n"),
        big("A=\"\nB='\n"),
        big("A=\"\\\"\n"),
        big("A=\"\nx\n"),
        big("\""),
        big("A=\"\\"),
        big("\r\n"),
        big("A=\"#\n'\n"),
    ] {
        let document = Document::parse(ENV, text.as_bytes(), &options).expect("it is well-formed");
        let tokens = Tokens::new(document.leaves().len(), document.comments().len());
        // Refused or not: it must end.
        let _ = document.seal(tokens).is_ok();
    }
}

/// A comment in clear that somebody without a key has put into a sealed text, and that is an assignment to Python's reader from its middle on (P2).
#[test]
fn a_carriage_return_in_a_comment() {
    let refused =
        |format, text: &str, options: &ScanOptions| Document::parse(format, text.as_bytes(), options).err().map(|error| error.class);
    for (format, text) in
        [(Format::Dotenv, "# y\rB=evil\nA=x\n"), (Format::Ini, "[s]\n; y\rb = evil\na = x\n"), (Format::Ini, "[s]\na = x ; y\rb = evil\n")]
    {
        assert_eq!(refused(format, text, &ScanOptions::SEALED), Some(SyntaxClass::Dialect), "{text:?}");
        assert_eq!(refused(format, text, &ScanOptions::PLAIN), None, "{text:?}");
        // The ends of lines that git has made.
        let converted = text.replace('\r', "").replace('\n', "\r\n");
        assert_eq!(refused(format, &converted, &ScanOptions::SEALED), None, "{converted:?}");
    }
}
