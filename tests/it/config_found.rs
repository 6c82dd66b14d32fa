//! Which `.sops.yaml` is read: from the file or the current folder up to the edge, and whether others could have written it.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use leafcrypt::config::{ConfigError, Disk, Findings, Node, Real, Search, Seen, Stat, Who, absolute, find};

/// Files by path, with owner, group and mode.
#[derive(Default)]
struct Fake {
    files: HashMap<PathBuf, Stat>,
    tree_owner: Option<u32>,
    link_owner: Option<u32>,
}

impl Fake {
    fn with(mut self, path: &str, owner: u32, group: u32, mode: u32) -> Self {
        self.files.insert(path.into(), Stat { node: Node::File, owner, group, mode });
        self
    }

    fn node(mut self, path: &str, node: Node) -> Self {
        self.files.insert(path.into(), Stat { node, owner: 1000, group: 1000, mode: 0o644 });
        self
    }
}

impl Disk for Fake {
    fn stat(&self, path: &Path) -> io::Result<Option<Stat>> {
        if path.starts_with("/closed/in") {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        Ok(self.files.get(&absolute(Path::new("/"), path)).copied())
    }

    fn open(&self, path: &Path) -> io::Result<Option<Seen>> {
        Ok(self.stat(path)?.map(|stat| Seen { stat, links: self.link_owner.into_iter().collect(), file: None }))
    }

    fn real(&self, _: &Path) -> Option<Real> {
        None
    }

    fn work_tree_owner(&self, _: &Path) -> Option<u32> {
        self.tree_owner
    }
}

const ME: Who = Who { uid: 1000, private_group: Some(1000) };

fn from_file(disk: &Fake, folder: &str) -> Result<Findings, ConfigError> {
    let folder = Path::new(folder);
    find(disk, Search::FromFile { folder, given: folder, home: Some(Path::new("/home/me")) }, &|| ME)
}

fn from_current(disk: &Fake, current: &str) -> Result<Findings, ConfigError> {
    find(disk, Search::FromCurrent { current: Path::new(current) }, &|| ME)
}

fn shown(findings: Result<Findings, ConfigError>) -> Option<String> {
    findings.expect("no error").found.map(|found| found.shown.display().to_string())
}

#[test]
fn from_the_file_up_to_the_edge() {
    let disk = Fake::default()
        .with("/home/me/.sops.yaml", 1000, 1000, 0o644)
        .with("/home/.sops.yaml", 0, 0, 0o644)
        .node("/home/me/repo/.git", Node::Folder);
    assert_eq!(shown(from_file(&disk, "/home/me/a/b")).as_deref(), Some("/home/me/.sops.yaml"));
    assert_eq!(shown(from_file(&disk, "/home/me/repo/a")), None);
    assert_eq!(shown(from_file(&disk, "/home/other")).as_deref(), Some("/home/.sops.yaml"));
    let without = Fake::default().with("/home/.sops.yaml", 0, 0, 0o644);
    assert_eq!(shown(from_file(&without, "/home/me/a")), None);
    let own = disk.with("/home/me/repo/.sops.yaml", 1000, 1000, 0o644);
    assert_eq!(shown(from_file(&own, "/home/me/repo/a/b")).as_deref(), Some("/home/me/repo/.sops.yaml"));
    assert!(matches!(from_file(&own, "/closed/in"), Err(ConfigError::Unreadable(_))));
}

#[test]
fn from_the_current_folder_as_sops() {
    let disk = Fake::default().with("/a/.sops.yaml", 1000, 1000, 0o644).node("/a/b/.git", Node::Folder);
    let found = from_current(&disk, "/a/b/c").expect("no error").found.expect("found");
    assert_eq!((found.shown.as_path(), found.folder.as_path()), (Path::new("../../.sops.yaml"), Path::new("/a")));
    assert_eq!(found.path, Path::new("/a/b/c/../../.sops.yaml"));
    assert_eq!(shown(from_current(&disk, "/a")).as_deref(), Some(".sops.yaml"));
    let deep = |n: usize| format!("/a{}", "/x".repeat(n));
    assert!(shown(from_current(&disk, &deep(99))).is_some());
    assert!(shown(from_current(&disk, &deep(100))).is_none());
    assert_eq!(shown(from_current(&Fake::default(), "/closed/in")), None);
}

#[test]
fn the_wrong_name_is_warned_of() {
    let disk = Fake::default().with("/a/b/.sops.yml", 1000, 1000, 0o644);
    let findings = from_current(&disk, "/a/b/c").expect("no error");
    let start = "ignoring \"../.sops.yml\" when searching for config file; the config file must be called \".sops.yaml\"";
    assert!(findings.found.is_none());
    assert_eq!(findings.warnings, [start]);
    let disk = disk.with("/a/.sops.yaml", 1000, 1000, 0o644);
    let findings = from_current(&disk, "/a/b/c").expect("no error");
    assert_eq!(findings.warnings, [format!("{start}; using \"../../.sops.yaml\" instead")]);
    let disk = disk.with("/a/b/.sops.yaml", 1000, 1000, 0o644);
    assert_eq!(from_current(&disk, "/a/b/c").expect("no error").warnings, Vec::<String>::new());
}

#[test]
fn others_could_have_written_it() {
    let verdict = |owner, group, mode, tree_owner| {
        let disk = Fake { tree_owner, ..Fake::default() }.with("/r/.sops.yaml", owner, group, mode);
        let strict = from_file(&disk, "/r").map(|_| ());
        let lenient = from_current(&disk, "/r").expect("only a warning");
        assert_eq!(strict.is_err(), lenient.found.unwrap().doubt.is_some());
        strict.map_err(|error| error.to_string())
    };
    assert_eq!(verdict(1000, 1000, 0o644, None), Ok(()));
    assert_eq!(verdict(0, 0, 0o644, None), Ok(()));
    assert_eq!(verdict(1000, 1000, 0o664, None), Ok(()));
    assert_eq!(verdict(2000, 2000, 0o644, Some(2000)), Ok(()));
    let refused = |why: &str| Err(format!("the config file /r/.sops.yaml is not used: {why}"));
    assert_eq!(verdict(1000, 1000, 0o646, None), refused("anybody can write to it"));
    assert_eq!(verdict(0, 0, 0o666, Some(0)), refused("anybody can write to it"));
    assert_eq!(verdict(1000, 50, 0o664, None), refused("its group can write to it; if you trust them, name it with --config"));
    assert_eq!(verdict(2000, 2000, 0o644, None), refused("it belongs to another user; if you trust them, name it with --config"));
    assert_eq!(verdict(2000, 2000, 0o644, Some(1000)), refused("it belongs to another user; if you trust them, name it with --config"));
}

/// A link of somebody else may lead to a file of ours: any of them, and they choose which.
#[test]
fn others_could_have_made_the_link() {
    let verdict = |link_owner, tree_owner| {
        let disk = Fake { tree_owner, link_owner, ..Fake::default() }.with("/r/.sops.yaml", 1000, 1000, 0o644);
        let lenient = from_current(&disk, "/r").expect("only a warning");
        let strict = from_file(&disk, "/r").map(|_| ());
        assert_eq!(strict.is_err(), lenient.found.unwrap().doubt.is_some());
        strict.map_err(|error| error.to_string())
    };
    for (link, tree) in [(None, None), (Some(1000), None), (Some(0), None), (Some(2000), Some(2000))] {
        assert_eq!(verdict(link, tree), Ok(()));
    }
    let why =
        "the config file /r/.sops.yaml is not used: it is a link that belongs to another user; if you trust them, name it with --config";
    assert_eq!(verdict(Some(2000), None), Err(why.to_owned()));
    assert_eq!(verdict(Some(2000), Some(1000)), Err(why.to_owned()));
}

/// The same on a disk: the link is another's, what it leads to is ours. Only root can make such a link.
#[test]
fn a_link_of_another_user_on_a_real_disk() {
    use std::os::unix::fs::{MetadataExt as _, lchown, symlink};
    let place = crate::tools::Place::project();
    if std::fs::metadata(place.path("keys.txt")).unwrap().uid() != 0 {
        return;
    }
    place.write("a.yaml", "a: b\n");
    let link = place.path(".sops.yaml");
    std::fs::rename(&link, place.path("owned.yaml")).unwrap();
    symlink(place.path("owned.yaml"), &link).unwrap();
    assert!(place.ours(["encrypt", "a.yaml"]).status.success());
    lchown(&link, Some(65534), Some(65534)).unwrap();
    let refused = place.ours(["encrypt", "a.yaml"]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        refused.status.code() == Some(1) && refused.stdout.is_empty() && told.contains("a link that belongs to another user"),
        "{told}"
    );
    let warned = place.as_sops(["encrypt", "a.yaml"]);
    let told = String::from_utf8_lossy(&warned.stderr).into_owned();
    assert!(warned.status.success() && told.contains("is used although it is a link that belongs to another user"), "{told}");
    assert!(place.ours(["--config", link.to_str().unwrap(), "encrypt", "a.yaml"]).status.success());
}

/// Worked in by a link that leads into a repository: what is sealed there goes by the repository's rules, as its path in there says.
#[test]
fn a_folder_reached_by_a_link() {
    let mut place = crate::tools::Place::new();
    let [one, two] = place.known_ages();
    for folder in ["r/.git", "r/sub/deep", "other/.git", "home/in", "bare"] {
        std::fs::create_dir_all(place.path(folder)).unwrap();
    }
    let rules = [("^(sub/deep/|g)", &two), ("^sub/", &one)].map(|(regex, age)| format!("  - {{path_regex: '{regex}', age: {age}}}\n"));
    place.write("r/.sops.yaml", format!("creation_rules:\n{}", rules.concat()));
    place.write("r/sub/f.yaml", "a: 1\n");
    place.write("r/sub/deep/f.yaml", "a: 1\n");
    place.write("r/g.yaml", "a: 1\n");
    place.write("bare/f.yaml", "a: 1\n");
    let link = |to: &str, at: &str| std::os::unix::fs::symlink(place.path(to), place.path(at)).unwrap();
    link("r/sub", "l");
    link("l", "second");
    link("r/sub", "other/l");
    link("bare", "r/out");
    let sealed_for = |folder: &str, file: &str| {
        let done = place.call(crate::tools::Program::Ours, ["encrypt", file]).dir(folder).run();
        let text = String::from_utf8_lossy(&done.stdout).into_owned();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        done.status.success().then(|| if text.contains(&one) { 1 } else { 2 }).ok_or(said)
    };
    for (folder, file, reader) in [
        ("r/sub", "f.yaml", 1),
        ("l", "f.yaml", 1),
        ("l", "deep/f.yaml", 2),
        ("l/deep", "f.yaml", 2),
        ("l/deep", "../f.yaml", 1),
        ("second/deep", "f.yaml", 2),
        (".", "l/deep/f.yaml", 2),
        // To the kernel the folder above is the repository's.
        ("l", "../g.yaml", 2),
        // The spelled way ends at a repository without rules, and the file is not in it.
        ("other/l", "f.yaml", 1),
        ("r", "sub/deep/f.yaml", 2),
    ] {
        assert_eq!(sealed_for(folder, file), Ok(reader), "{folder}: {file}");
    }
    // What is found as it is spelled is used, and its rules see the path as it is spelled: none of them is for `out/`.
    assert!(sealed_for("r/out", "f.yaml").unwrap_err().contains("no matching creation rules found"));
    // The edge is that of the home folder, by whatever name.
    place.write(".sops.yaml", format!("creation_rules: [{{age: {one}}}]\n"));
    place.write("home/in/f.yaml", "a: 1\n");
    let elsewhere = crate::tools::Place::new();
    std::os::unix::fs::symlink(place.path("home"), elsewhere.path("h")).unwrap();
    let at = |home: PathBuf| {
        let folder = elsewhere.path("h/in");
        let call = place.call(crate::tools::Program::Ours, ["encrypt", "f.yaml"]).dir(folder.to_str().unwrap());
        call.env("HOME", home).run().status.code()
    };
    assert_eq!((at(elsewhere.path("h")), at(place.path("home")), at(place.path("none"))), (Some(1), Some(1), Some(0)));
    // The repository's rules are there for who only asks, too.
    assert!(place.call(crate::tools::Program::Ours, ["encrypt", "-i", "f.yaml"]).dir("l").run().status.success());
    let same = place.call(crate::tools::Program::Ours, ["updatekeys", "-y", "f.yaml"]).dir("l").run();
    assert!(same.status.success(), "{}", String::from_utf8_lossy(&same.stderr));
}

/// Whoever made the link has chosen the rules. Only root can make one of somebody else.
#[test]
fn a_folder_reached_by_a_link_of_another_user() {
    use std::os::unix::fs::{MetadataExt as _, lchown, symlink};
    let place = crate::tools::Place::new();
    if std::fs::metadata(place.path("keys.txt")).unwrap().uid() != 0 {
        return;
    }
    for folder in ["r/sub", "shared"] {
        std::fs::create_dir_all(place.path(folder)).unwrap();
    }
    place.write("r/.sops.yaml", format!("creation_rules: [{{age: {}}}]\n", place.recipient));
    place.write("r/sub/f.yaml", "a: 1\n");
    symlink(place.path("r"), place.path("shared/own")).unwrap();
    symlink("own/sub", place.path("shared/l")).unwrap();
    let run = |program, args: &[&str]| place.call(program, args).dir("shared/l").run();
    assert!(run(crate::tools::Program::Ours, &["encrypt", "-i", "f.yaml"]).status.success());
    place.write("r/sub/g.yaml", "a: 1\n");
    for link in ["shared/l", "shared/own"] {
        lchown(place.path(link), Some(65534), Some(65534)).unwrap();
        let refused = run(crate::tools::Program::Ours, &["encrypt", "g.yaml"]);
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(1) && told.contains("found by a link that belongs to another user"), "{link}: {told}");
        assert!(run(crate::tools::Program::Ours, &["decrypt", "f.yaml"]).status.success(), "{link}");
        lchown(place.path(link), Some(0), Some(0)).unwrap();
    }
}

#[test]
fn named_files() {
    let disk = Fake::default()
        .with("/w/c.yaml", 2000, 50, 0o664)
        .with("/w/open.yaml", 1000, 1000, 0o666)
        .node("/w/pipe", Node::Pipe)
        .node("/w/dir", Node::Folder);
    let disk = disk.node("/w/dev", Node::Other);
    let named = |path: &str, lenient| find(&disk, Search::Named { path: Path::new(path), current: Path::new("/w/x"), lenient }, &|| ME);
    let found = named("../c.yaml", false).expect("the user's word").found.expect("found");
    assert_eq!((found.shown.as_path(), found.folder.as_path()), (Path::new("../c.yaml"), Path::new("/w")));
    assert!(named("/w/pipe", false).is_ok());
    assert!(matches!(named("/w/open.yaml", false), Err(ConfigError::Untrusted { .. })));
    let doubt = named("/w/open.yaml", true).expect("a warning").found.expect("found").doubt;
    assert_eq!(doubt.as_deref(), Some("the config file /w/open.yaml is used although anybody can write to it"));
    let text = |path: &str| named(path, true).expect_err(path).to_string();
    assert_eq!(text("no.yaml"), "could not read config file: open no.yaml: no such file or directory");
    assert_eq!(text("/w/dir"), "could not read config file: read /w/dir: is a directory");
    assert_eq!(text("/w/dev"), "could not read config file: /w/dev: not a regular file");
    let folder = Fake::default().node("/w/.sops.yaml", Node::Folder);
    assert_eq!(
        from_current(&folder, "/w").expect_err("a folder").to_string(),
        "could not read config file: read .sops.yaml: is a directory"
    );
}
