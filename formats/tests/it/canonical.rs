//! What is printed equals the golden files of `testdata/canonical` (see its README).

use std::path::{Path, PathBuf};

use leafcrypt_formats::{Dialect, Document, Format, Printing, ScanOptions, Tree, print};

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
