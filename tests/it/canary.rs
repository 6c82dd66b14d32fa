//! After and during every command, under both names: no value anywhere but where it was asked for.

use std::collections::BTreeSet;
use std::io::Read;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::files::{Runtime, leftovers, people};
use crate::tools::{Place, comes, digits, script};

/// `arguments | where the value may be afterwards`: `out` for standard output, and the files that have it. `<FILE` feeds standard input, `EDIT=LINE`
/// before the arguments is what the editor does. `plain.yaml` and `value.json` have it all along. An identity counts as a value.
const CALLS: &str = r#"
encrypt plain.yaml | plain.yaml
encrypt --filename-override x.yaml <plain.yaml | plain.yaml
encrypt -i plain.yaml |
encrypt --output out.yaml plain.yaml | plain.yaml
encrypt --output missing/out.yaml plain.yaml | plain.yaml
encrypt bad.yaml | plain.yaml bad.yaml
-e plain.yaml | plain.yaml
decrypt sealed.yaml | plain.yaml out
decrypt sealed.json | plain.yaml out
decrypt sealed.env | plain.yaml out
decrypt sealed.ini | plain.yaml out
decrypt sealed.bin | plain.yaml out
decrypt --output-type json sealed.yaml | plain.yaml out
decrypt -i sealed.yaml | plain.yaml sealed.yaml
decrypt --output out.yaml sealed.yaml | plain.yaml out.yaml
decrypt --output missing/out.yaml sealed.yaml | plain.yaml
decrypt --extract ["a"] sealed.yaml | plain.yaml out
decrypt --extract ["n"] sealed.yaml | plain.yaml
decrypt --extract ["zz"] sealed.yaml | plain.yaml
decrypt moved.yaml | plain.yaml
decrypt --ignore-mac moved.yaml | plain.yaml out
decrypt clear.yaml | plain.yaml clear.yaml
-d sealed.yaml | plain.yaml out
-d -i sealed.json | plain.yaml sealed.json
set --value-stdin sealed.yaml ["b"] <value.json | plain.yaml
set --value-stdin sealed.env ["B"] <value.json | plain.yaml
set --value-stdin sealed.yaml ["b"]["c"]["d"] <value.json | plain.yaml
set --value-stdin sealed.yaml ["b"] <plain.yaml | plain.yaml
set --value-stdin moved.yaml ["b"] <value.json | plain.yaml
set --value-file sealed.yaml ["b"] value.json | plain.yaml
set sealed.yaml ["a"] "x" | plain.yaml
set sealed.yaml ["a"] [x | plain.yaml
set --random 24 sealed.yaml ["b"] | plain.yaml
set --random 24 sealed.env ["B"] | plain.yaml
set --random 24 moved.yaml ["b"] | plain.yaml
unset sealed.yaml ["n"] | plain.yaml
unset sealed.yaml ["a"] | plain.yaml
unset sealed.yaml ["a"]["b"] | plain.yaml
rotate sealed.yaml | plain.yaml
rotate -i -y sealed.yaml | plain.yaml
rotate -i sealed.env | plain.yaml
rotate -i moved.yaml | plain.yaml
-r -i sealed.yaml | plain.yaml
updatekeys -y sealed.yaml sealed.json | plain.yaml
updatekeys --dry-run sealed.yaml | plain.yaml
groups add -f sealed.yaml -i -y --age AGE | plain.yaml
groups delete -y -f sealed.yaml -i 0 | plain.yaml
filestatus sealed.yaml | plain.yaml
filestatus clear.yaml | plain.yaml clear.yaml
recipients sealed.yaml | plain.yaml
recipients --json sealed.yaml | plain.yaml
doctor | plain.yaml
doctor sealed.yaml | plain.yaml
accept moved.yaml | plain.yaml
accept -y clear.yaml | plain.yaml
exec-env sealed.env true | plain.yaml
exec-env sealed.env spy | plain.yaml
exec-env --pristine sealed.env env | plain.yaml out
exec-env sealed.yaml true | plain.yaml
exec-env --flatten sealed.yaml true | plain.yaml
exec-env --flatten sealed.yaml spy | plain.yaml
exec-env --flatten --pristine sealed.ini env | plain.yaml out
exec-file sealed.yaml spy | plain.yaml
exec-file --no-fifo sealed.yaml spy | plain.yaml
exec-file --no-fifo sealed.yaml 'cat {}' | plain.yaml out
exec-file sealed.bin true | plain.yaml
exec-file --memfd sealed.yaml spy | plain.yaml
exec-file --memfd sealed.yaml 'cat {}' | plain.yaml out
EDIT=true edit sealed.yaml | plain.yaml
EDIT=spy edit sealed.yaml | plain.yaml
EDIT=append edit sealed.yaml | plain.yaml
EDIT=break edit sealed.yaml | plain.yaml
EDIT=false edit sealed.yaml | plain.yaml
EDIT=true edit -s sealed.yaml | plain.yaml
EDIT=spy edit -s sealed.yaml | plain.yaml
EDIT=append edit -s sealed.yaml | plain.yaml
EDIT=break edit -s sealed.yaml | plain.yaml
EDIT=append -s sealed.yaml | plain.yaml
EDIT=append sealed.json | plain.yaml
EDIT=append edit new.yaml | plain.yaml
init | plain.yaml
keygen | plain.yaml keys.txt
keygen -o new.txt | plain.yaml new.txt
publish sealed.yaml | plain.yaml
keyservice | plain.yaml
completion bash | plain.yaml
--version | plain.yaml
no-such-command sealed.yaml | plain.yaml
"#;

/// How every identity begins.
const IDENTITY: &str = "AGE-SECRET-KEY-1";

/// What children run: they look at their parent, which is the tool where it lives on.
const TOOL: &str = r#"#!/bin/sh
look() { cat /proc/$PPID/cmdline /proc/$PPID/environ >> "$SPIED"; }
case ${0##*/} in
spy) look ;;
append) echo 'added: CANARY' >> "$1" ;;
break) echo 'a: [CANARY' > "$1" ;;
esac
"#;

struct Room {
    place: Place,
    /// In memory.
    runtime: Runtime,
    /// The value. No other run of these tests has it in memory just now.
    canary: String,
}

impl Room {
    fn new() -> Self {
        let place = Place::project();
        let (runtime, canary) = (Runtime::new(&place), format!("canary-{}-plain", digits()));
        for folder in ["tools", "kept"] {
            std::fs::create_dir(place.path(folder)).unwrap();
        }
        for tool in ["spy", "append", "break"] {
            // The script's own text has the value: it is no place where we look.
            script(&place.path(&format!("tools/{tool}")), TOOL.replace("CANARY", &canary));
        }
        let room = Room { place, runtime, canary };
        let canary = &room.canary;
        for (ending, text) in [
            ("yaml", format!("# {canary}\na: {canary}\nn: 1\nb: x\n")),
            ("json", format!("{{\"a\": \"{canary}\"}}\n")),
            ("env", format!("A={canary}\nB=x\n")),
            ("ini", format!("[s]\na = {canary}\n")),
            ("bin", canary.clone()),
        ] {
            let file = format!("kept/sealed.{ending}");
            if ending == "yaml" {
                room.place.write("kept/plain.yaml", &text);
            }
            room.place.seal(&file, &text);
        }
        let sealed = String::from_utf8(room.place.read("kept/sealed.yaml")).unwrap();
        room.place.write("kept/moved.yaml", sealed.replacen("    mac: ENC[AES256_GCM,data:", "    mac: ENC[AES256_GCM,data:AAAA", 1));
        room.place.write("kept/clear.yaml", sealed.replacen("\nb: ", &format!("\nadded: {canary}\nb: "), 1));
        room.place.write("kept/bad.yaml", format!("a: [{canary}\n"));
        room.place.write("kept/value.json", format!("\"{canary}\""));
        room
    }

    fn reset(&self) {
        let _ = std::fs::remove_dir_all(self.place.path("work"));
        let _ = std::fs::remove_dir_all(self.place.path("home"));
        let _ = std::fs::remove_dir_all(self.place.path("tmp"));
        for folder in ["work", "home", "tmp"] {
            std::fs::create_dir(self.place.path(folder)).unwrap();
        }
        for entry in std::fs::read_dir(self.place.path("kept")).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, self.place.path("work").join(path.file_name().unwrap())).unwrap();
        }
    }

    fn check(&self, name: &str, line: &str) -> Result<(), String> {
        self.reset();
        let (call, allowed) = line.rsplit_once('|').unwrap();
        let (call, input) = call.trim().split_once(" <").map_or((call.trim(), None), |(call, input)| (call, Some(input)));
        let (editor, call) = call.strip_prefix("EDIT=").and_then(|rest| rest.split_once(' ')).unwrap_or(("false", call));
        let call = call.replace("AGE", &self.place.recipient);
        let (words, quoted) = call.split_once(" '").map_or((&*call, None), |(words, quoted)| (words, Some(quoted.trim_end_matches('\''))));
        let mut command = Command::new(env!("CARGO_BIN_EXE_leafcrypt"));
        command.arg0(name).args(words.split(' ')).args(quoted).current_dir(self.place.path("work")).env_clear();
        let path = format!("{}:/usr/bin:/bin", self.place.path("tools").display());
        command.env("PATH", path).env("HOME", self.place.path("home")).env("SOPS_AGE_KEY_FILE", self.place.path("keys.txt"));
        command.env("TMPDIR", self.place.path("tmp")).env("XDG_RUNTIME_DIR", &self.runtime).env("EDITOR", editor);
        let spied = self.place.path("work/spied");
        command.env("SPIED", &spied).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(input.map_or_else(Stdio::null, |input| std::fs::File::open(self.place.path("work").join(input)).unwrap().into()));
        // What is younger than this folder is the call's, or another test's.
        let began = self.place.path("work").metadata().unwrap().modified().unwrap();
        let mut child = command.spawn().unwrap();
        let proc = PathBuf::from(format!("/proc/{}", child.id()));
        let replaced = words.starts_with("exec-env") && name != "sops";
        // Read while it runs: a pipe that is full would hold it.
        let drain = |mut from: Box<dyn Read + Send>| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                from.read_to_end(&mut bytes).map(|_| bytes)
            })
        };
        let (out, err) = (drain(Box::new(child.stdout.take().unwrap())), drain(Box::new(child.stderr.take().unwrap())));
        let by = Instant::now() + Duration::from_secs(60);
        let mut shown = false;
        let ended = loop {
            if let Some(ended) = child.try_wait().unwrap() {
                break ended;
            }
            if Instant::now() > by {
                child.kill().unwrap();
                child.wait().unwrap();
                return Err(format!("{name} {line}: does not end"));
            }
            // Once it has become the program, its environment is what was asked for; as sops it lives on beside it.
            shown |= !replaced && ["cmdline", "environ"].iter().any(|file| holds(&proc.join(file), &self.canary));
            std::thread::sleep(Duration::from_millis(1));
        };
        let [out, err] = [out, err].map(|text| String::from_utf8_lossy(&text.join().unwrap().unwrap()).into_owned());
        // The helper of `edit` goes after us.
        if !comes(|| self.runtime.entries().is_empty()) {
            return Err(format!("{name} {line}: something is left in {}", self.runtime.display()));
        }
        if words.starts_with("exec-env") {
            // The parent of the program is a shell that has its environment as it was asked for.
            let _ = std::fs::remove_file(&spied);
        }
        let left = [leftovers(&self.place.path("work")), leftovers(&self.place.path("home")), entries(&self.place.path("tmp"))].concat();
        if !left.is_empty() {
            return Err(format!("{name} {line}: left {left:?}"));
        }
        let mut found = BTreeSet::new();
        // A random one, which nobody may see, is known only now.
        let chosen = words.contains("--random").then(|| self.chosen(words)).flatten();
        for secret in [&*self.canary, IDENTITY].into_iter().chain(chosen.as_deref()) {
            for folder in [self.place.path("work"), self.place.path("home"), self.place.path("tmp")] {
                search(&folder, secret, &mut found);
            }
            if out.contains(secret) {
                found.insert("out".to_owned());
            }
            if err.contains(secret) {
                found.insert("ERROR".to_owned());
            }
        }
        self.search_elsewhere(began, &mut found);
        found.remove("value.json");
        // Inputs that have it in clear, and that this call does not change.
        for file in ["bad.yaml", "clear.yaml"].iter().filter(|file| !line.contains(**file)) {
            found.remove(*file);
        }
        if shown {
            found.insert("PROC".to_owned());
        }
        let allowed: BTreeSet<String> = allowed.split_whitespace().map(str::to_owned).collect();
        if found == allowed { Ok(()) } else { Err(format!("{name} {line}: found in {found:?}, code {:?}\n{err}", ended.code())) }
    }

    /// The value that `set --random` has made, if it has.
    fn chosen(&self, words: &str) -> Option<String> {
        let [.., file, path] = words.split(' ').collect::<Vec<_>>()[..] else { return None };
        let file = self.place.path("work").join(file);
        let opened = self.place.ours(["decrypt".as_ref(), "--extract".as_ref(), path.as_ref(), file.as_os_str()]);
        let value = String::from_utf8(opened.stdout).unwrap();
        (opened.status.success() && value.len() == 24).then_some(value)
    }

    /// Where a path would lead that asks no variable. What else is there belongs to others; big files are of tests that have no secrets.
    fn search_elsewhere(&self, began: SystemTime, found: &mut BTreeSet<String>) {
        search(Path::new("/dev/shm"), &self.canary, found);
        for path in ["/tmp", "/var/tmp", "/run"].iter().flat_map(|folder| entries(Path::new(folder))) {
            let Ok(facts) = path.symlink_metadata() else { continue };
            let is_ours = self.place.path("").starts_with(&path);
            if is_ours || facts.modified().is_ok_and(|modified| modified < began) || facts.len() > 1 << 20 {
                continue;
            }
            if facts.is_dir() {
                search(&path, &self.canary, found);
            } else if facts.is_file() && holds(&path, &self.canary) {
                found.insert(path.display().to_string());
            }
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn holds(path: &Path, value: &str) -> bool {
    std::fs::read(path).is_ok_and(|bytes| bytes.windows(value.len()).any(|part| part == value.as_bytes()))
}

/// The names of all files in and below a folder that have a value.
pub fn search(folder: &Path, value: &str, found: &mut BTreeSet<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            search(&path, value, found);
        } else if kind.is_file() && holds(&path, value) || path.to_string_lossy().contains(value) {
            found.insert(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
}

#[test]
fn no_value_is_anywhere_but_where_it_was_asked_for() {
    let room = Room::new();
    // Only root may look at /proc/PID/environ of a process that closes itself off.
    people::as_root();
    let mut wrong = Vec::new();
    for line in CALLS.lines().filter(|line| !line.is_empty()) {
        for name in ["leafcrypt", "sops"] {
            wrong.extend(room.check(name, line).err());
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
