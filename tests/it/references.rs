//! A newcomer can follow every reference: each page that a source or another page names is there, and so are the sections, promises and rules cited of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text of the repository that people write.
fn texts() -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // What others made (`target`), and what is to be odd (`testdata`).
            if path.ends_with("tests/it/references.rs") {
                continue; // Its examples.
            }
            if path.is_dir() && ![".git", "target", "testdata"].contains(&&*name) {
                folders.push(path);
            } else if path.is_file() && (name.ends_with(".rs") || name.ends_with(".md") || name.ends_with(".toml") || name == "run") {
                out.push(path);
            }
        }
    }
    out
}

/// The `*.md` names in a line, with what stands behind each as far as it may cite parts of it.
fn named(line: &str) -> Vec<(&str, &str)> {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    // A full stop behind it ends a sentence.
    let goes_on = |rest: &str| rest.strip_prefix('.').unwrap_or(rest).starts_with(part);
    let ends = line.match_indices(".md").map(|(at, _)| at + 3).filter(|end| !goes_on(&line[*end..]));
    ends.map(|end| {
        let start = line[..end].rfind(|c| !part(c)).map_or(0, |at| at + 1);
        let behind = line[end..].split([')', ';', ']']).next().unwrap_or_default();
        (&line[start..end], behind)
    })
    .filter(|(name, _)| name.len() > ".md".len())
    .collect()
}

/// `P22`, `R7`, `G4`, `T2`: parts of a page that have names.
fn numbered(text: &str, kinds: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let fits = |word: &&str| {
        let digits = word.get(1..).unwrap_or_default();
        kinds.contains(word.chars().next().unwrap_or(' ')) && (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    };
    words.filter(fits).map(str::to_owned).collect()
}

/// `section 3`, `sections 2, 3 and 6`, or a number alone right behind the name.
fn sections(behind: &str) -> Vec<String> {
    let cited = behind.trim_start_matches(['`', ',', ' ']);
    let cited = cited.strip_prefix("sections").or_else(|| cited.strip_prefix("section")).unwrap_or(cited);
    let cited = cited.split(':').next().unwrap_or_default();
    let words = cited.split([' ', ',']).filter(|word| !word.is_empty()).map(|word| word.trim_end_matches('.'));
    let number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.chars().all(|c| c.is_ascii_digit() || c == '.');
    words.take_while(|word| number(word) || matches!(*word, "and" | "to")).filter(number).map(str::to_owned).collect()
}

fn has_section(page: &str, number: &str) -> bool {
    let starts = [format!("## {number}."), format!("### {number} "), format!("**{number} ")];
    page.lines().any(|line| starts.iter().any(|start| line.starts_with(start)))
}

#[test]
fn every_page_that_is_named_is_there_with_the_parts_cited() {
    let mut pages = BTreeMap::new();
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for file in texts() {
        let text = std::fs::read_to_string(&file).unwrap();
        let shown = file.strip_prefix(root()).unwrap().display().to_string();
        let is_page = shown.ends_with(".md");
        for (line, at) in text.lines().zip(1..) {
            for (name, behind) in named(line) {
                seen += 1;
                let beside = file.parent().unwrap().join(name);
                let from_here = is_page || name.starts_with("..");
                let path = if from_here && beside.exists() { beside } else { root().join(name) };
                let Ok(page) = std::fs::read_to_string(&path) else {
                    wrong.push(format!("{shown}:{at}: there is no {name}"));
                    continue;
                };
                let page = &*pages.entry(path).or_insert(page);
                let missing = sections(behind).into_iter().filter(|number| !has_section(page, number));
                wrong.extend(missing.map(|number| format!("{shown}:{at}: {name} has no section {number}")));
            }
        }
    }
    assert!(seen > 100, "the references were not found");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn promises_rules_and_gaps_are_where_they_are_explained() {
    let page = |name: &str| std::fs::read_to_string(root().join("docs").join(name)).unwrap();
    let (model, documents) = (page("threat-model.md"), page("lossless-documents.md"));
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for file in texts().into_iter().filter(|file| file.extension().is_some_and(|ending| ending == "rs")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for comment in text.lines().filter_map(|line| line.trim_start().strip_prefix("//")) {
            for (kinds, page) in [("PR", &model), ("G", &documents)] {
                let cited = numbered(comment, kinds);
                seen += cited.len();
                let missing =
                    cited.into_iter().filter(|name| !page.contains(&format!("**{name}**")) && !page.contains(&format!("**{name} ")));
                wrong.extend(missing.map(|name| format!("{}: {name} is nowhere explained", file.display())));
            }
        }
    }
    assert!(seen > 50, "the references were not found");
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn references_are_read_as_people_write_them() {
    let check = |line: &str, expected: &[&str]| {
        let found: Vec<String> =
            named(line).into_iter().flat_map(|(name, behind)| [vec![name.to_owned()], sections(behind)].concat()).collect();
        assert_eq!(found, expected, "{line}");
    };
    check("//! ENV (docs/sops-format.md, section 2): x", &["docs/sops-format.md", "2"]);
    check("//! (`docs/sops-config.md`, sections 2, 3 and 5)", &["docs/sops-config.md", "2", "3", "5"]);
    check("/// (docs/lossless-documents.md 4.4, classes G1 to G8)", &["docs/lossless-documents.md", "4.4"]);
    check("[a](docs/a.md) and b.md.", &["docs/a.md", "b.md"]);
    check("/// `docs/a.md`, section 7: 203, 75 columns", &["docs/a.md", "7"]);
    check("/// (docs/threat-model.md, R7)", &["docs/threat-model.md"]);
    assert_eq!(numbered("R7, P22; PKCS1 or R", "PR"), ["R7", "P22"]);
}
