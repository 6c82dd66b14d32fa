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

/// A text without its comments and its tests.
fn code(text: &str) -> String {
    let lines = text.lines().filter(|l| !l.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    lines.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

/// Modules of this crate that a text names, as `crate::NAME`.
fn named(text: &str) -> Vec<String> {
    let code = code(text);
    assert!(!code.contains("crate::{"), "name modules one by one: this test reads no groups");
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
        if ["main", "lib"].contains(&&*module) {
            continue;
        }
        let own = floor(&module).unwrap_or_else(|| panic!("{module} has no floor: draw it in ARCHITECTURE.md first"));
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

/// What touches the terminal, argv, the environment, the clock or other programs, outside `cli` and `kms::outside`: which file, by what, and why.
const OUTSIDE: [(&str, &str, &str); 13] = [
    ("files/folders.rs", "std::env::", "the current folder, against which paths are meant"),
    ("files/stream.rs", "io::stderr(", "`--output /dev/stderr`: by the descriptor that we have"),
    ("files/stream.rs", "io::stdout(", "the same, for `/dev/stdout`"),
    ("flows/background.rs", "Command::new(", "ourselves, in the background"),
    ("flows/editor.rs", "Command::new(", "the editor"),
    ("flows/exec_env.rs", "Command::new(", "the user's program"),
    ("flows/keeper.rs", "Command::new(", "the helper process"),
    ("flows/keeper.rs", "io::stdout(", "the helper tells its parent that it is there"),
    ("flows/keeper.rs", "std::env::", "our own program, where /proc is missing"),
    ("flows/tour.rs", "std::env::", "a folder for made-up secrets where there is none in memory"),
    ("flows/user.rs", "Command::new(", "ourselves as another user, then the user's program"),
    ("guard/descriptors.rs", "std::env::", "descriptors that argv or a variable names are left open"),
    ("guard/panics.rs", "io::stderr(", "where a panic was: nobody above is left to say it"),
];

#[test]
fn only_named_rooms_touch_the_outside() {
    const TOUCHES: [&str; 9] = [
        "println!",
        "eprintln!",
        "print!(",
        "std::env::",
        "io::stdout(",
        "io::stderr(",
        "SystemTime::now",
        "Command::new(",
        "process::exit",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in ["src", "formats/src", "kms/src"] {
        let mut files = Vec::new();
        sources(&root.join(folder), &mut files);
        for path in files {
            let inside = path.strip_prefix(root.join(folder)).unwrap().to_string_lossy().into_owned();
            if folder == "src" && (inside == "main.rs" || inside.starts_with("cli/"))
                || folder == "kms/src" && inside.starts_with("outside/")
            {
                continue;
            }
            let code = code(&std::fs::read_to_string(&path).unwrap());
            found.extend(TOUCHES.iter().filter(|touch| code.contains(**touch)).map(|touch| (inside.clone(), *touch)));
        }
    }
    found.sort();
    assert_eq!(found, OUTSIDE.map(|(file, touch, _)| (file.to_owned(), touch)));
}

/// The map is kept by whoever adds a file. A folder that a file lives in is named by its files.
#[test]
fn the_map_names_every_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let map = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    let mut unnamed = Vec::new();
    for path in files {
        let inside = path.strip_prefix(root.join("src")).unwrap();
        let (name, folder) =
            (path.file_stem().unwrap().to_string_lossy(), inside.components().next().unwrap().as_os_str().to_string_lossy());
        // One file per command: the list of commands is cli/commands.rs.
        if ["mod", "main", "lib"].contains(&&*name) || folder == "cli" {
            continue;
        }
        if !map.contains(&format!("`{name}`")) && !map.contains(&format!("{name}.rs")) && !map.contains(&format!("{name}/")) {
            unnamed.push(inside.display().to_string());
        }
    }
    unnamed.sort();
    assert_eq!(unnamed, Vec::<String>::new());
}
