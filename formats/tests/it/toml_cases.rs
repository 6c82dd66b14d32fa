//! One `check` per feature of TOML.

use leafcrypt_formats::{
    CommentId, Document, Format, Hint, Kind, LeafId, Limits, Opened, Printing, ScanOptions, Spelled, Step, SyntaxClass, Tree, Value, print,
};

use crate::cpu::spent;
use crate::toml_support::{Recorded, fields, hints, opened, plain, seal, sealed_text};

/// The walk in letters.
fn walk(text: &str) -> String {
    let document = plain(text.as_bytes());
    let name = |p| String::from_utf8_lossy(document.paths().name(p).unwrap_or(b"-")).into_owned();
    let mut out = String::new();
    for step in document.steps() {
        out.push_str(&match step {
            Step::Document => String::new(),
            Step::MapStart(_) => "{".to_owned(),
            Step::MapEnd => "}".to_owned(),
            Step::ListStart(_) => "[".to_owned(),
            Step::ListEnd => "]".to_owned(),
            Step::Key(p) => format!("{}=", name(*p)),
            Step::EmptyMap(_) => "{}".to_owned(),
            Step::EmptyList(_) => "[]".to_owned(),
            Step::Null(_) => "null".to_owned(),
            Step::Leaf(id) => format!("{} ", document.leaf(*id).kind.name()),
            Step::Comment(id) => {
                let mark = if document.comment(*id).inline { "##" } else { "#" };
                format!("{mark}{} ", String::from_utf8_lossy(&document.comment_text(*id)).trim())
            }
        });
    }
    out
}

#[test]
fn the_walk_is_the_tree() {
    let check = |text: &str, expected: &str| assert_eq!(walk(text), expected, "{text}");
    check("", "{}");
    check("a = 1\nb = \"x\"", "{a=int b=str }");
    check("a = []\nb = {}\n[c]", "{a=[]b={}c={}}");
    check("a = [1, [2.0], {b = true}]", "{a=[int [float ]{b=bool }]}");
    check("[a]\nx = 1\n[b]\ny = 1\n[a.c]\nz = 1", "{a={x=int c={z=int }}b={y=int }}");
    check("a.b = 1\nc.d = 1\na.e = 1", "{a={b=int e=int }c={d=int }}");
    check("[[l]]\nx = 1\n[l.s]\n[[l]]\n", "{l=[{x=int s={}}{}]}");
    check("d = 1979-05-27", "{d=str }");
    check("a = 1\n[sops]\nmac = \"x\"", "{a=int }");
    check("[sops]\nmac = \"x\"", "{}");
}

#[test]
fn comments_stand_where_their_entry_is() {
    let check = |text: &str, expected: &str| assert_eq!(walk(text), expected, "{text}");
    check("# a\nx = 1 # b\n# c", "{#a ##b x=int #c }");
    check("[t] # h\nx = 1\n# u\n[u]", "{#h t={x=int }#u u={}}");
    check("[t]\n# of t\n\n[u]", "{t={#of t }u={}}");
    check("a.x = 1\nb = 1\n# y\na.y = 2 # z", "{a={x=int #y ##z y=int }b=int }");
    check("[t.u]\nx = 1\n# t\n[t]\ny = 1", "{#t t={u={x=int }y=int }}");
    check("# 1\n[[l]]\n# 2\n[[l]]\n", "{#1 l=[{}#2 {}]}");
    check("a = [ # o\n 1, # b\n # c\n 2 # d\n] # e", "{##e #o a=[##b int #c ##d int ]}");
    check("a = { # o\n # x\n x = 1, # y\n # end\n}", "{#o a={#x ##y x=int #end }}");
    check("a = \"# no\"\nb = '''\n# no\n'''", "{a=str b=str }");
    check("a = 1\n# above sops\n[sops]\n# in sops\nmac = \"x\" # there\n# b\n[b]", "{a=int #above sops #b b={}}");
}

#[test]
fn comments_have_their_container_and_text() {
    let document = plain(b"[a.b]\nx = 1 #c \r\n#\n");
    assert_eq!(document.paths().display(document.comment(CommentId(0)).container), "a.b");
    assert_eq!(&*document.comment_text(CommentId(0)), b"c ");
    assert!(!document.comment(CommentId(0)).empty);
    assert!(document.comment(CommentId(1)).empty);
}

#[test]
fn values_have_type_and_value() {
    let check = |source: &str, expected: Value| {
        let text = format!("a = {source}");
        let document = plain(text.as_bytes());
        assert!(document.value(LeafId(0)).same(&expected), "{source}");
        assert_eq!(document.leaf(LeafId(0)).kind, expected.kind());
        assert_eq!(&text[document.leaf(LeafId(0)).span.range()], source);
    };
    check("\"a\\tb\\u00e9\\x41\\e\"", Value::text("a\tbéA\u{1b}"));
    check("'a\\tb'", Value::text("a\\tb"));
    check("\"\"\"\na\\\n  b\"\"\"", Value::text("ab"));
    check("'''\na\n'''", Value::text("a\n"));
    check("\"\"\"\r\na\r\nb\"\"\"", Value::text("a\r\nb"));
    check("0x1F", Value::Int(31));
    check("0o17", Value::Int(15));
    check("0b11", Value::Int(3));
    check("+1_000", Value::Int(1000));
    check("-9223372036854775808", Value::Int(i64::MIN));
    check("1_0.5e1", Value::Float(105.0));
    check("-0.0", Value::Float(-0.0));
    check("-inf", Value::Float(f64::NEG_INFINITY));
    check("nan", Value::Float(f64::NAN));
    check("true", Value::Bool(true));
    check("1979-05-27 07:32:00Z", Value::text("1979-05-27 07:32:00Z"));
    check("07:32:00.50", Value::text("07:32:00.50"));
}

/// One value sealed: what stands in its place, and its hint.
fn sealed(source: &str) -> (String, String) {
    let text = format!("a = {source}");
    let document = plain(text.as_bytes());
    let (sealed, _) = seal(&document, |_| true);
    let site = String::from_utf8(sealed.text.clone()).expect("TOML").split_off(4);
    let token = &site[site.find("ENC").expect("a token")..=site.find(']').expect("its end")];
    (site.replace(token, "T"), hints(&sealed))
}

#[test]
fn tokens_keep_the_delimiter() {
    let check = |source: &str, site: &str| assert_eq!(sealed(source).0, site, "{source}");
    check("\"x\"", "\"T\"");
    check("'x'", "'T'");
    check("'''\nx\n'''", "'''T'''");
    check("\"\"\"x\"\"\"", "\"\"\"T\"\"\"");
    check("1", "\"T\"");
    check("1.5", "\"T\"");
    check("true", "\"T\"");
    check("1979-05-27", "\"T\"");
}

#[test]
fn hints_only_where_the_spelling_is_not_canonical() {
    let check = |source: &str, expected: &str| assert_eq!(sealed(source).1, expected, "{source}");
    for canonical in [
        "\"x\"",
        "\"\\t\\\"\\\\\\u0001\"",
        "'C:\\x'",
        "\"\"\"\na\nb\n\"\"\"",
        "\"\"\"\r\na\r\n\"\"\"",
        "\"\"\"x\"\"\"",
        "'''\na'b\n'''",
        "\"\"\"\n\"\"\\\"\n\"\"\"",
        "7",
        "-7",
        "1.5",
        "1.0",
        "-0.0",
        "1000000.0",
        "1e16",
        "1.5e-7",
        "0.0001",
        "inf",
        "-inf",
        "nan",
        "true",
    ] {
        check(canonical, "");
    }
    check("\"\\u0041\"", "0:8 bytes");
    check("\"a\tb\"", "0:5 bytes");
    check("\"\"\"a\nb\"\"\"", "0:style 1");
    check("'''\nab'''", "0:style 1");
    check("0x1f", "0:style 2");
    check("0x1F", "0:style 3");
    check("0x7", "0:style 2");
    check("0o755", "0:style 4");
    check("0b11", "0:style 5");
    check("-1_000", "0:style 6");
    check("+1", "0:style 7");
    check("1e3", "0:style 8");
    check("1e+3", "0:style 9");
    check("1.5E3", "0:style 10");
    check("1.50", "0:4 bytes");
    check("1_0", "0:3 bytes");
    check("0x00FF", "0:6 bytes");
    check("1979-05-27", "0:style 11");
    check("1979-05-27 07:32:00.50Z", "0:style 11");
}

/// A sealed text opened with one value and one hint.
fn open_with(site: &str, value: Value, with: Option<Spelled>) -> String {
    let text = format!("a = {site}\n");
    let document = sealed_text(text.as_bytes());
    let hints: Vec<Hint> = with.map(|with| Hint::Site { kind: 0, first: 0, last: 0, before: 0, after: 0, with }).into_iter().collect();
    let opened = Opened { leaves: vec![Some(value)], comments: vec![] };
    String::from_utf8(document.open(&opened, &hints).expect("it can be written")).expect("TOML")
}

#[test]
fn canonical_spelling_by_the_visible_delimiter() {
    let check = |site: &str, value: Value, expected: &str| {
        let text = open_with(site, value.clone(), None);
        assert_eq!(text, format!("a = {expected}\n"), "{site}");
        assert!(plain(text.as_bytes()).value(LeafId(0)).same(&value) || value.kind() == Kind::Time);
    };
    check("\"T\"", Value::text("a\"\\\n\u{7f}é"), "\"a\\\"\\\\\\n\\u007Fé\"");
    check("'T'", Value::text("a\\b"), "'a\\b'");
    check("'T'", Value::text("it's"), "\"it's\"");
    check("'T'", Value::text("a\nb"), "\"a\\nb\"");
    check("'''T'''", Value::text("a\nb"), "'''\na\nb'''");
    check("'''T'''", Value::text("a'''b"), "\"\"\"a'''b\"\"\"");
    check("'''T'''", Value::text("a\rb"), "\"\"\"a\\rb\"\"\"");
    check("\"\"\"T\"\"\"", Value::text("\"\"\"\"\""), "\"\"\"\"\"\\\"\"\"\"\"\"");
    check("\"\"\"T\"\"\"", Value::text("\n"), "\"\"\"\n\n\"\"\"");
    check("\"T\"", Value::Int(-5), "-5");
    check("'T'", Value::Float(100.0), "100.0");
    check("\"T\"", Value::Float(1e300), "1e300");
    check("\"T\"", Value::Bool(false), "false");
}

#[test]
fn stale_hints_are_not_used() {
    let bytes = |b: &str| Some(Spelled::Bytes(b.as_bytes().to_vec()));
    let check =
        |value: Value, with: Option<Spelled>, expected: &str| assert_eq!(open_with("\"T\"", value, with), format!("a = {expected}\n"));
    check(Value::Int(31), bytes("0x1F"), "0x1F");
    check(Value::Int(32), bytes("0x1F"), "32");
    check(Value::text("x"), bytes("\"x\"\nb = 1"), "\"x\"");
    check(Value::text("x"), bytes("\"x\" "), "\"x\"");
    check(Value::text("x"), bytes("[\"x\"]"), "\"x\"");
    check(Value::text("1979-05-27"), Some(Spelled::Style(11)), "1979-05-27");
    check(Value::text("1979-05-27"), None, "\"1979-05-27\"");
    check(Value::text("no date"), Some(Spelled::Style(11)), "\"no date\"");
    check(Value::text("no date"), Some(Spelled::Style(200)), "\"no date\"");
}

#[test]
fn what_toml_cannot_hold_is_refused() {
    let document = sealed_text(b"a = \"T\"\n#T\n");
    let leaf = Opened { leaves: vec![Some(Value::text([0xff]))], comments: vec![None] };
    let error = document.open(&leaf, &[]).expect_err("not UTF-8");
    assert_eq!(error.to_string(), "a: TOML holds UTF-8 only");
    let comment = Opened { leaves: vec![None], comments: vec![Some(b"a\nb".as_slice().into())] };
    assert!(document.open(&comment, &[]).is_err());
}

#[test]
fn the_block_stands_last() {
    let text = "a = 1\n\n[t]\nb = \"x\" # c\n";
    let source = plain(text.as_bytes());
    let (sealed, _) = seal(&source, |_| false);
    let bytes = sealed.with_block(&source, &fields(), "leafcrypt", None, None).expect("it can be written");
    let armor = "enc = \"\"\"\n-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n\"\"\"\n";
    let block = format!(
        "\n[sops]\nlastmodified = \"2026-11-24T00:00:00Z\"\nmac = \"ENC[AES256_GCM,data:bWFj,iv:aXY=,tag:dGFn,type:str]\"\nunencrypted_suffix = \"_unencrypted\"\nversion = \"3.13.2\"\n\n[[sops.age]]\nrecipient = \"age1a\"\n{armor}\n[[sops.age]]\nrecipient = \"age1b\"\n{armor}"
    );
    assert_eq!(String::from_utf8_lossy(&bytes), format!("{text}{block}"));
}

#[test]
fn blocks_in_any_spelling_are_read_and_cut() {
    let check = |text: &str, rest: &str, expected: Option<Tree>| {
        let document = plain(text.as_bytes());
        let [block] = document.blocks() else { panic!("{} blocks", document.blocks().len()) };
        assert_eq!(block.fields, expected, "{text}");
        assert_eq!(block.spans.len(), expected.iter().flat_map(Tree::entries).count());
        let bare = document.without_blocks();
        assert_eq!(String::from_utf8_lossy(&bare.text), rest);
        assert_eq!(document.open(&Opened::default(), &[]).expect("nothing to open"), bare.text);
    };
    let mac = || Some(Tree::map([("mac", Tree::text("x"))]));
    check("a = 1\n\n[sops]\nmac = \"x\"\n", "a = 1\n", mac());
    check("a = 1\n[sops]\nmac = 'x'", "a = 1\n", mac());
    check("[sops]\n# c\nmac = \"x\"\n\n# of t\n[t]\nb = 1\n", "# of t\n[t]\nb = 1\n", mac());
    check("sops.mac = \"x\" # c\na = 1\n", "a = 1\n", mac());
    check("a = 1\nsops = { mac = \"x\" }\nb = 1\n", "a = 1\nb = 1\n", mac());
    check("a = 1\nsops = {\n  # c\n  mac = \"x\"\n}", "a = 1\n", mac());
    check("a = 1\n[ \"sops\" ]\nmac = \"x\"", "a = 1\n", mac());
    check("sops = 1\n", "", None);
    check("[[sops]]\n", "", None);
    check("sops = {}\n", "", Some(Tree::map::<&str>([])));
    let age = Tree::map([("age", Tree::list([Tree::map([("r", Tree::text("1"))]), Tree::map([("r", Tree::text("2"))])]))]);
    check("[[sops.age]]\nr = \"1\"\n[t]\nb = 1\n[[sops.age]]\nr = \"2\"\n", "[t]\nb = 1\n", Some(age));
    let crlf = Tree::map([("enc", Tree::text("a\nb\n"))]);
    check("[sops]\r\nenc = \"\"\"\r\na\r\nb\r\n\"\"\"\r\n", "", Some(crlf));
    assert!(plain(b"a.sops = 1\n[b.sops]\n").blocks().is_empty());
}

/// `old` with its block changed to `fields`.
fn respelled(old: &str, fields: &[(&str, Tree)]) -> String {
    let document = plain(old.as_bytes());
    let fields: Vec<(String, Tree)> = fields.iter().map(|(k, t)| ((*k).to_owned(), t.clone())).collect();
    let bytes = document.without_blocks().with_block(&document, &fields, "leafcrypt", None, Some(&document)).expect("it can be written");
    let read = plain(&bytes);
    let block = read.blocks()[0].fields.as_ref().expect("a map");
    for (name, tree) in &fields {
        assert_eq!(block.get(name), Some(tree), "{name}");
    }
    assert_eq!(block.entries().count(), fields.len());
    String::from_utf8(bytes).expect("TOML")
}

#[test]
fn an_old_block_keeps_what_did_not_change() {
    let age = |r: &str| Tree::list([Tree::map([("r", Tree::text(r))])]);
    let old =
        "a = 1\n\n[sops] # ours\n  mac   = 'x'  # the mac\nversion = \"3\"\n\n# who\n[[sops.age]]\n  r='1'\n[[sops.pgp]]\nr = \"2\"\n";
    let check = |fields: &[(&str, Tree)], expected: &str| assert_eq!(respelled(old, fields), expected);
    check(&[("mac", Tree::text("x")), ("version", Tree::text("3")), ("age", age("1")), ("pgp", age("2"))], old);
    check(&[("mac", Tree::text("y")), ("version", Tree::text("3")), ("age", age("1")), ("pgp", age("2"))], &old.replace("'x'", "'y'"));
    check(
        &[("mac", Tree::text("x")), ("leafcrypt", Tree::text("t")), ("version", Tree::text("3")), ("age", age("1")), ("pgp", age("2"))],
        &old.replace("# the mac\n", "# the mac\nleafcrypt = \"t\"\n"),
    );
    check(&[("mac", Tree::text("x")), ("age", age("1")), ("pgp", age("2"))], &old.replace("version = \"3\"\n", ""));
    check(&[("mac", Tree::text("x")), ("version", Tree::text("3")), ("age", age("1"))], &old.replace("[[sops.pgp]]\nr = \"2\"\n", ""));
    check(
        &[("mac", Tree::text("x")), ("version", Tree::text("3")), ("age", age("1")), ("pgp", age("3"))],
        &old.replace("[[sops.pgp]]\nr = \"2\"", "\n[[sops.pgp]]\nr = \"3\""),
    );
    check(
        &[("mac", Tree::text("x")), ("version", Tree::text("3")), ("age", age("1")), ("kms", age("0")), ("pgp", age("2"))],
        &old.replace("[[sops.pgp]]", "\n[[sops.kms]]\nr = \"0\"\n[[sops.pgp]]"),
    );
    let crlf = "a = 1\r\n\r\n[sops]\r\nmac = \"x\"\r\n";
    assert_eq!(
        respelled(crlf, &[("mac", Tree::text("x")), ("enc", Tree::text("a\nb"))]),
        "a = 1\r\n\r\n[sops]\r\nmac = \"x\"\r\nenc = \"\"\"\r\na\r\nb\"\"\"\r\n"
    );
    let middle = "[sops]\nmac = \"x\"\n[t]\nb = 1\n";
    assert_eq!(respelled(middle, &[("mac", Tree::text("y"))]), middle.replace("\"x\"", "\"y\""));
    assert_eq!(respelled("sops = { mac = 'x' }\na = 1\n", &[("mac", Tree::text("x"))]), "a = 1\n\n[sops]\nmac = \"x\"\n");
}

#[test]
fn tokens_are_numbered_as_they_stand() {
    let text = "[a]\nx = 0x1 # c\n[b]\ny = 0x2\n# d\n[a.z]\nw = 0x3\n";
    let document = plain(text.as_bytes());
    let (sealed, recorded) = seal(&document, |_| true);
    assert_eq!(hints(&sealed), "0:style 2, 2:style 2, 4:style 2");
    let read = sealed_text(&sealed.text);
    assert_eq!(read.open(&opened(&read, &recorded), &sealed.hints).expect("it opens"), text.as_bytes());
    let nothing = Recorded { leaves: vec![], comments: vec![] };
    let clear = plain(b"a = 1\n");
    assert_eq!(clear.open(&opened(&clear, &nothing), &[]).expect("it opens"), b"a = 1\n");
}

#[test]
fn a_leaf_is_set_in_its_style() {
    let check = |source: &str, value: Value, expected: &str| {
        let text = format!("a.b = {source} # c\n");
        let document = plain(text.as_bytes());
        let set = crate::edits::set(&document, LeafId(0), &value).expect("it can be written");
        assert_eq!(String::from_utf8_lossy(&set), format!("a.b = {expected} # c\n"));
    };
    check("'x'", Value::text("y"), "'y'");
    check("\"\"\"x\"\"\"", Value::text("y\n"), "\"\"\"\ny\n\"\"\"");
    check("'x'", Value::Int(1), "1");
    check("1", Value::text("1"), "\"1\"");
    check("0x10", Value::Int(17), "17");
    check("1979-05-27", Value::text("1980-01-01"), "1980-01-01");
    check("1979-05-27", Value::text("soon"), "\"soon\"");
    check("1979-05-27", Value::text("true"), "\"true\"");
    check("\"x\"", Value::text("1980-01-01"), "\"1980-01-01\"");
}

fn printed(tree: Tree) -> Result<String, String> {
    print(Format::Toml, &[tree], &Printing::default()).map(|p| String::from_utf8(p.text).expect("TOML")).map_err(|e| e.to_string())
}

#[test]
fn trees_are_printed() {
    let check = |tree: Tree, expected: &str| assert_eq!(printed(tree).as_deref(), Ok(expected));
    let one = || Tree::Value(Value::Int(1));
    check(Tree::Null, "");
    check(
        Tree::map([("a", one()), ("b c", Tree::text("x\"")), ("d", Tree::text("1\n2"))]),
        "a = 1\n\"b c\" = \"x\\\"\"\nd = \"\"\"\n1\n2\"\"\"\n",
    );
    check(Tree::map([("t", Tree::map([("x", one())])), ("a", one())]), "a = 1\n\n[t]\nx = 1\n");
    check(Tree::map([("t", Tree::map([("u", Tree::map([("x", one())]))]))]), "[t.u]\nx = 1\n");
    check(Tree::map([("l", Tree::list([Tree::map([("x", one())]), Tree::map([("x", one())])]))]), "[[l]]\nx = 1\n\n[[l]]\nx = 1\n");
    check(Tree::map([("l", Tree::list([one(), Tree::map([("x", Tree::text("a\nb"))])]))]), "l = [1, { x = \"a\\nb\" }]\n");
    check(Tree::map([("l", Tree::list([])), ("m", Tree::map::<&str>([]))]), "l = []\nm = {}\n");
    check(
        plain(b"# a\nx = 1 # b\n\n# t\n[t]\n# y\ny = [ 1, # c\n # d\n 2 ]").trees().remove(0),
        "# a\nx = 1 # b\n\n# t\n[t]\n# y\ny = [\n1, # c\n# d\n2,\n]\n",
    );
}

#[test]
fn trees_that_toml_cannot_hold() {
    let check = |tree: Tree, expected: &str| assert_eq!(printed(tree), Err(expected.to_owned()));
    check(Tree::map([("a", Tree::Null)]), "a: TOML has no null");
    check(Tree::map([("a", Tree::text("x")), ("a", Tree::text("y"))]), "a: a key twice");
    check(Tree::list([]), "the root: TOML has a map at its root");
    check(Tree::map([("a", Tree::text([0xff]))]), "a: a value that is not UTF-8");
    let mut deep = Tree::text("x");
    for _ in 0..600 {
        deep = Tree::list([deep]);
    }
    check(Tree::map([("a", deep)]), "a: nested too deep for TOML");
    assert!(print(Format::Toml, &[Tree::Null, Tree::Null], &Printing::default()).is_err());
}

#[test]
fn depth_is_an_error_and_not_a_crash() {
    let check = |text: String| {
        let started = spent();
        let Err(error) = Document::parse(Format::Toml, text.as_bytes(), &ScanOptions::PLAIN) else { panic!("it was read") };
        assert_eq!(error.class, SyntaxClass::Limit, "{error}");
        assert!((spent() - started).as_secs() < 10);
    };
    check(format!("a = {}{}", "[".repeat(100_000), "]".repeat(100_000)));
    check(format!("a = {}1{}", "{a=".repeat(100_000), "}".repeat(100_000)));
    check(format!("{}a = 1", "a.".repeat(100_000)));
    check(format!("[{}a]", "a.".repeat(100_000)));
    let open = "[".repeat(100_000);
    assert!(Document::parse(Format::Toml, format!("a = {open}").as_bytes(), &ScanOptions::PLAIN).is_err());
}

#[test]
fn limits_are_kept() {
    let check = |text: &str, limits: Limits| {
        let options = ScanOptions { limits, ..ScanOptions::PLAIN };
        let Err(error) = Document::parse(Format::Toml, text.as_bytes(), &options) else { panic!("it was read") };
        assert_eq!(error.class, SyntaxClass::Limit);
    };
    check("a = 1\nb = 2\nc = 3", Limits { leaves: 2, ..Limits::PLAIN });
    check("a = [[],[],[]]", Limits { leaves: 2, ..Limits::PLAIN });
    check("[a]\n[b]\n[c]", Limits { leaves: 2, ..Limits::PLAIN });
    check(&"\n".repeat(100), Limits { leaves: 2, ..Limits::PLAIN });
    // Memory: tables and the parts of names count as values do.
    let many = |line: &str, count: usize| (0..count).map(|i| line.replace('@', &i.to_string())).collect::<String>();
    let limits = Limits { leaves: 20_000, ..Limits::PLAIN };
    check(&many("[t@]\n", 19_000), limits.clone());
    check(&many("b.c.d.e.f@ = \"\"\n", 10_000), limits.clone());
    let options = ScanOptions { limits, ..ScanOptions::PLAIN };
    assert!(Document::parse(Format::Toml, many("k@ = 1\n", 20_000).as_bytes(), &options).is_ok());
    check("abc = 1", Limits { key: 2, ..Limits::PLAIN });
    check("a = [[[1]]]", Limits { depth: 2, ..Limits::PLAIN });
    check("[a.b.c.d]\nx = 1", Limits { depth: 3, ..Limits::PLAIN });
    check("a = 1", Limits { text: 3, ..Limits::PLAIN });
}

#[test]
fn a_hundred_thousand_keys_are_linear() {
    let mut text = String::new();
    for i in 0..50_000 {
        text.push_str(&format!("k{i} = {i} # c\n"));
    }
    for i in 0..25_000 {
        text.push_str(&format!("# above\n[t.s{i}]\nx = \"a\"\n[[l]]\ny.z = 0x{i:x}\n"));
    }
    let started = spent();
    let document = plain(text.as_bytes());
    assert_eq!(document.leaves().len(), 100_000);
    let (sealed, recorded) = seal(&document, |_| true);
    let read = sealed_text(&sealed.text);
    assert!(read.open(&opened(&read, &recorded), &sealed.hints).expect("it opens") == text.as_bytes());
    // An unoptimised build; what is quadratic takes minutes.
    let took = spent() - started;
    assert!(took.as_secs() < 60, "{took:?}");
}
