//! The house plan's import order (ARCHITECTURE.md, "May import"): a module uses only what stands later in the list.

use std::path::{Path, PathBuf};

/// Floors of the root crate, top first; neighbours on one floor do not see each other.
const FLOORS: [&[&str]; 10] = [
    &["cli"],
    &["flows"],
    &["error"],
    &["git", "publish"],
    &["sealed_file"],
    &["config", "metadata"],
    &["seal"],
    &["keys"],
    &["files", "world"],
    &["guard"],
];
const LAST: &str = "manners";

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module)).or((module == LAST).then_some(FLOORS.len()))
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// Modules of this crate that a text names, as `crate::NAME`.
fn named(text: &str) -> Vec<String> {
    let code: String = text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let code = code.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
    code.match_indices("crate::")
        .filter(|(i, _)| !code[..*i].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        .map(|(i, m)| code[i + m.len()..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}

#[test]
fn nobody_imports_upwards() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    for path in &files {
        let inside = path.strip_prefix(&root).unwrap();
        let module = inside.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
        let Some(own) = floor(&module) else { continue };
        for other in named(&std::fs::read_to_string(path).unwrap()) {
            let Some(its) = floor(&other) else { continue };
            if other != module && its <= own {
                wrong.push(format!("{} uses crate::{other}", inside.display()));
            }
        }
    }
    assert!(files.len() > 30, "the sources were not found");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_lower_crates_know_nothing_of_ours() {
    for (folder, forbidden) in [("formats", ["leafcrypt_kms", "leafcrypt::"]), ("kms", ["leafcrypt_formats", "leafcrypt::"])] {
        let mut files = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join("src"), &mut files);
        assert!(!files.is_empty());
        for path in files {
            let text = std::fs::read_to_string(&path).unwrap();
            for name in forbidden {
                assert!(!text.contains(name), "{} names {name}", path.display());
            }
        }
    }
}
