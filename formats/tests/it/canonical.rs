//! What is printed equals the golden files of `testdata/canonical` (see its README).

use std::path::{Path, PathBuf};

use leafcrypt_formats::{Bytes, Dialect, Document, Format, Item, Member, Note, Printing, ScanOptions, Tree, Value, print};

const FORMATS: [(Format, &str); 4] = [(Format::Yaml, "yaml"), (Format::Json, "json"), (Format::Dotenv, "env"), (Format::Ini, "ini")];

fn folders() -> Vec<PathBuf> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/canonical");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    folders.sort();
    folders
}

fn trees(folder: &Path) -> Vec<Tree> {
    let (format, ending) = FORMATS.into_iter().find(|(_, ending)| folder.join(format!("in.{ending}")).exists()).unwrap();
    let text = std::fs::read(folder.join(format!("in.{ending}"))).unwrap();
    let options = ScanOptions { dialect: Dialect::Sops, ..ScanOptions::PLAIN };
    Document::parse(format, &text, &options).unwrap_or_else(|e| panic!("{}: {e}", folder.display())).trees()
}

/// The indents of a case: none if it has only the usual one.
fn indents(folder: &Path) -> Vec<Option<usize>> {
    match std::fs::read_to_string(folder.join("indents")) {
        Ok(text) => text.split_whitespace().map(|n| Some(n.parse().unwrap())).collect(),
        Err(_) => vec![None],
    }
}

/// The first line that differs.
fn difference(ours: &[u8], golden: &[u8]) -> Option<String> {
    if ours == golden {
        return None;
    }
    let (ours, golden) = (String::from_utf8_lossy(ours).into_owned(), String::from_utf8_lossy(golden).into_owned());
    let same = ours.lines().zip(golden.lines()).take_while(|(a, b)| a == b).count();
    let rest = |text: &str| text.lines().skip(same.saturating_sub(2)).take(6).collect::<Vec<_>>().join("\n");
    Some(format!("line {}:\n--- golden\n{}\n--- ours\n{}", same + 1, rest(&golden), rest(&ours)))
}

/// What is to be printed; an error: why nothing is.
type Golden = Result<Vec<u8>, String>;

fn check(as_sops: bool, golden: impl Fn(&Path, &str) -> Golden) {
    let (mut compared, mut wrong) = (0, Vec::new());
    for folder in folders() {
        let trees = trees(&folder);
        for indent in indents(&folder) {
            for (format, ending) in FORMATS {
                if indent.is_some() && !matches!(format, Format::Yaml | Format::Json) {
                    continue;
                }
                let file = format!("{}.{ending}", indent.map_or(String::new(), |n| format!(".{n}")));
                let case = format!("{}/{file}", folder.file_name().unwrap().to_str().unwrap());
                compared += 1;
                let ours = print(format, &trees, &Printing { indent, as_sops });
                wrong.extend(match (ours, golden(&folder, &file)) {
                    (Ok(ours), Ok(golden)) => difference(&ours.text, &golden).map(|d| format!("{case}: {d}")),
                    (Err(ours), Err(golden)) if golden.is_empty() || ours.to_string() == golden => None,
                    (Err(ours), Err(golden)) => Some(format!("{case}: refused with {ours}, not {golden}")),
                    (Ok(_), Err(golden)) => Some(format!("{case}: printed, not refused with {golden}")),
                    (Err(ours), Ok(_)) => Some(format!("{case}: refused: {ours}")),
                });
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} differ\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 90, "only {compared} were compared");
}

fn sops(folder: &Path, file: &str) -> Golden {
    std::fs::read(folder.join(format!("sops{file}"))).map_err(|_| String::new())
}

#[test]
fn as_sops_every_byte_is_theirs() {
    check(true, sops);
}

#[test]
fn as_leafcrypt_only_what_does_not_read_back_differs() {
    check(false, |folder, file| {
        if let Ok(refused) = std::fs::read_to_string(folder.join(format!("refused{file}"))) {
            return Err(refused.trim_end().to_owned());
        }
        std::fs::read(folder.join(format!("ours{file}"))).or_else(|_| sops(folder, file))
    });
}

/// What a tree becomes under both names: as sops, and as leafcrypt, or why not.
#[track_caller]
fn both(documents: &[Tree], sops: &str, ours: Result<&str, &str>) {
    let printed = |as_sops| print(Format::Yaml, documents, &Printing { indent: None, as_sops });
    let text = |text: Vec<u8>| String::from_utf8(text).unwrap();
    assert_eq!(printed(false).map(|p| text(p.text)).map_err(|e| e.to_string()), ours.map(str::to_owned).map_err(str::to_owned));
    let theirs = printed(true).unwrap();
    assert!(ours.is_ok() || !theirs.warnings.is_empty(), "no warning");
    assert_eq!(text(theirs.text), sops);
}

fn note(text: &str, inline: bool) -> Note {
    Note { text: Bytes::from(text.as_bytes()), inline }
}

fn entry(key: &str, tree: Tree) -> Member {
    Member::Entry(key.into(), tree)
}

#[test]
fn doubled_keys() {
    let doubled = Tree::map([("a", Tree::text("x")), ("a", Tree::text("z"))]);
    let refused = "a: the key stands there twice, which YAML cannot hold";
    both(std::slice::from_ref(&doubled), "a: x\na: z\n", Err(refused));
    both(&[Tree::map([("b", doubled.clone())])], "b:\n    a: x\n    a: z\n", Err(&format!("b.{refused}")));
    // A later document may have them.
    both(&[Tree::Null, doubled], "{}\n---\na: x\na: z\n", Ok("{}\n---\na: x\na: z\n"));
}

#[test]
fn comments_that_yaml_cannot_hold() {
    let refused = "the root: a comment holds characters that YAML cannot hold in a comment";
    let with = |text: &str| [Tree::Map(vec![Member::Comment(note(text, false)), entry("a", Tree::Null)])];
    both(&with(" \u{1}"), "# \u{1}\na: null\n", Err(refused));
    both(&with("x\u{2028}y"), "#x\u{2028}# y\na: null\n", Err(refused));
    both(&with("x\ny\n#z"), "#x\n# y\n#z\na: null\n", Ok("#x\n# y\n#z\na: null\n"));
    let bytes = Note { text: Bytes::from(&b"\xff"[..]), inline: false };
    let tree = [Tree::Map(vec![Member::Comment(bytes)])];
    for as_sops in [true, false] {
        let error = print(Format::Yaml, &tree, &Printing { indent: None, as_sops }).unwrap_err();
        assert_eq!(error.what, "a comment that is not UTF-8, which YAML cannot hold");
    }
}

/// SOPS keeps some comments too long, and loses others.
#[test]
fn comments_that_stay_where_they_are() {
    let list = |items| Tree::List(items);
    let map = || Item::Value(Tree::map([("b", Tree::Value(Value::Int(1)))]));
    let below = list(vec![map(), Item::Comment(note(" below", false))]);
    let next = |tree: Tree| [Tree::map([("a", below.clone()), ("c", tree), ("d", Tree::Null)])];
    both(&next(Tree::Null), "a:\n    - b: 1\nc: null\n# below\n\nd: null\n", Ok("a:\n    - b: 1\n    # below\nc: null\nd: null\n"));
    both(
        &next(Tree::map([("e", Tree::Null)])),
        "a:\n    - b: 1\nc:\n# below\n    e: null\nd: null\n",
        Ok("a:\n    - b: 1\n    # below\nc:\n    e: null\nd: null\n"),
    );
    both(&[Tree::map([("a", below.clone())])], "a:\n    - b: 1\n\n# below\n", Ok("a:\n    - b: 1\n    # below\n"));
    let empty = Tree::map([("a", list(vec![Item::Comment(note(" in", false))])), ("b", Tree::Null)]);
    both(&[empty], "a: []\n# in\nb: null\n", Ok("a: [\n    # in\n]\nb: null\n"));
    let inner = Tree::Map(vec![Member::Comment(note(" inner", false)), entry("b", Tree::Null)]);
    let first = Tree::map([("a", list(vec![Item::Comment(note(" outer", false)), Item::Value(inner)]))]);
    both(&[first], "a:\n    # inner\n    - b: null\n", Ok("a:\n    # outer\n    # inner\n    - b: null\n"));
}
