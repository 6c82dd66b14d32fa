//! Calls as people and scripts make them, by the real sops and by ours under that name: the same number, the same standard output, the same
//! files afterwards, and the same kind of standard error.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Output;

use leafcrypt::formats::{Document, Envelope, Format, ScanOptions};

use crate::canary::search;
use crate::files::{Runtime, command};
use crate::interop_pair::{block, coverage};
use crate::tools::{Place, Program, sops};

/// `exit code | arguments | what both say on standard error`, "-" for nothing, "+ words" where only ours speaks, "?" before the words where standard
/// output is each program's own help. `<FILE` feeds standard input, AGE is the recipient, OTHER one whose key is not here, and words like `NAME=value`
/// before the arguments are variables. Where the two differ on purpose, the last part is "!" and words of the row in `docs/sops-compatibility.md` that
/// says so; `1/7` is then sops's code and ours.
const CALLS: &str = include_str!("interop/calls.txt");
const OTHER: &str = "age1ayl8eckhft928glyu5uyeullwgzykcdfsveaswrua27gfk3y3pnq2y55y8";

/// Stands in every value of the files that is asked for: what else of ours has it is a leak.
const VALUE: &str = "one-5d1f0c";

/// Two equal folders, one for each program.
struct Pair {
    place: Place,
    /// A folder in memory for ours.
    runtime: Runtime,
    before: BTreeMap<String, Vec<u8>>,
}

impl Pair {
    fn new() -> Self {
        let place = Place::new();
        let plain = [
            (
                "plain.yaml",
                "# note\na: one-5d1f0c\nb:\n    c: 2\n    d:\n        - x\n        - 1.5\nt: true\nnone: null\nz_unencrypted: clear\n",
            ),
            ("plain.json", "{\n\t\"a\": \"one-5d1f0c\",\n\t\"b\": {\n\t\t\"c\": true\n\t}\n}\n"),
            ("plain.env", "A=one-5d1f0c\n#note\nB=two\n"),
            ("plain.ini", "[s]\na = one-5d1f0c\nb = two\n"),
            ("plain.bin", "any\0thing\nwithout an end"),
            ("plain.toml", "a = 1\n"),
            ("two.yaml", "a: 1\n---\nb: 2\n"),
        ];
        let mut before: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for (name, text) in plain {
            place.write(name, text);
            let sealed = place.sops(["encrypt", "--age", &place.recipient, name]).unwrap();
            before.insert(name.to_owned(), text.into());
            before.insert(name.replace("plain", "sealed").replace("two", "sealed-two"), sealed.stdout);
        }
        // A tree under a name that tells no type.
        let tree =
            place.sops(["encrypt", "--age", &place.recipient, "--input-type", "dotenv", "--filename-override", "x.enc", "plain.env"]);
        before.insert("sealed.enc".to_owned(), tree.unwrap().stdout);
        for (name, text) in [
            ("broken.yaml", "a: [one-5d1f0c\n"),
            ("broken.json", "{\"a\": \"one-5d1f0c\""),
            ("empty.yaml", ""),
            ("list.yaml", "- a\n"),
            ("list.json", "[1]"),
            ("number.yaml", "1: x\n"),
            ("comment.yaml", "# note\n"),
            ("blank.yaml", " \n"),
            ("unsigned.yaml", "a: 18446744073709551615\n"),
            ("behind.json", "{\"a\":1}\n{\"b\":2}\n"),
            ("sops.yaml", "a: 1\nsops: 2\n"),
            ("sops.env", "sops_x=1\n"),
            ("set", "named like a command\n"),
            ("value.json", "\"by file\"\n"),
            ("yes", "y\n"),
            ("no", "n\n"),
        ] {
            before.insert(name.to_owned(), text.into());
        }
        let sealed = String::from_utf8(before["sealed.yaml"].clone()).unwrap();
        let mut change = |name: &str, from: &str, to: &str| {
            let text = sealed.replacen(from, to, 1);
            assert_ne!(text, sealed, "{name}");
            before.insert(name.to_owned(), text.into_bytes());
        };
        change("moved.yaml", "z_unencrypted: clear", "z_unencrypted: other");
        change("no-mac.yaml", "    mac: ENC", "    max: ENC");
        change("bad-mac.yaml", "    mac: ENC[AES256_GCM,data:", "    mac: ENC[AES256_GCM,data:AAAA");
        change("bad-date.yaml", "lastmodified: \"2", "lastmodified: \"x");
        change("not-sealed-value.yaml", "none: null", "none: clear");
        change("bad-token.yaml", "a: ENC[AES256_GCM,data:", "a: ENC[AES256_GCM,data:AAAA");
        change("bad-comment.yaml", "#ENC[AES256_GCM,data:", "#ENC[AES256_GCM,data:AAAA");
        change("clear-comment.yaml", "#ENC[", "# no token [");
        change("no-keys.yaml", "    age:", "    agf:");
        change("two-rules.yaml", "    unencrypted_suffix:", "    encrypted_suffix: x\n    unencrypted_suffix:");
        change("broken-sealed.yaml", "t: ENC", "t: [ENC");
        let recipient = place.recipient.clone();
        change("no-identity.yaml", &recipient, OTHER);
        let armour = sealed.split("ENCRYPTED FILE-----\n").nth(1).unwrap().lines().next().unwrap().to_owned();
        change("bad-armour.yaml", &armour, "            AAAA");
        let json = String::from_utf8(before["sealed.json"].clone()).unwrap();
        let (start, rest) = json.split_once("\"a\": \"ENC[").unwrap();
        before.insert("untokened.json".to_owned(), format!("{start}\"a\": 5{}", &rest[rest.find("]\"").unwrap() + 2..]).into_bytes());
        before.insert("broken-sealed.env".to_owned(), [&before["sealed.env"][..], b"nothing\n"].concat());
        before.insert(
            "rules.yaml".to_owned(),
            format!("creation_rules:\n  - path_regex: other\n    age: {recipient},{OTHER}\n  - age: {recipient}\n").into_bytes(),
        );
        before.insert("no-rule.yaml".to_owned(), format!("creation_rules:\n  - path_regex: other\n    age: {recipient}\n").into_bytes());
        before.insert(
            "shamir.yaml".to_owned(),
            format!("creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n      - age: [{recipient}]\n      - age: [{OTHER}]\n")
                .into_bytes(),
        );
        before.insert("other.yaml".to_owned(), before["sealed.yaml"].clone());
        place.write("grouped.yaml", &before["sealed.yaml"]);
        let grouped = place.sops(["groups", "add", "-f", "grouped.yaml", "--age", &place.recipient]).unwrap();
        assert!(grouped.status.success(), "{}", String::from_utf8_lossy(&grouped.stderr));
        // The share of one group in both.
        let two = String::from_utf8(grouped.stdout.clone()).unwrap();
        let shares: Vec<&str> =
            two.split("-----BEGIN AGE ENCRYPTED FILE-----").skip(1).map(|s| s.split("-----END").next().unwrap()).collect();
        assert!(shares.len() == 2 && shares[0] != shares[1], "{two}");
        before.insert("twice.yaml".to_owned(), two.replace(shares[1], shares[0]).into_bytes());
        before.insert("two-groups.yaml".to_owned(), grouped.stdout);
        std::fs::create_dir_all(place.path("xdg/sops/age")).unwrap();
        place.write("xdg/sops/age/keys.txt", place.read("keys.txt"));
        for folder in ["theirs", "ours"] {
            std::fs::create_dir_all(place.path(folder).join("folder")).unwrap();
        }
        std::fs::create_dir(place.path("tmp")).unwrap();
        let runtime = Runtime::new(&place);
        Pair { place, runtime, before }
    }

    /// The secret line of the key file.
    fn identity(&self) -> String {
        let keys = String::from_utf8(self.place.read("keys.txt")).unwrap();
        keys.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap().to_owned()
    }

    fn reset(&self) {
        for folder in ["theirs", "ours"] {
            for entry in std::fs::read_dir(self.place.path(folder)).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    std::fs::remove_file(path).unwrap();
                }
            }
            for (name, bytes) in &self.before {
                self.place.write(&format!("{folder}/{name}"), bytes);
            }
        }
    }

    fn run(&self, program: Program, line: &str) -> (Output, BTreeMap<String, Vec<u8>>) {
        let folder = if program == Program::Sops { "theirs" } else { "ours" };
        let (args, input) = line.split_once(" <").map_or((line, None), |(args, input)| (args, Some(input)));
        let words = words(args);
        let variables = words.iter().take_while(|word| is_variable(word)).count();
        let keyed = |word: &str| match word.strip_suffix("AGE").filter(|rest| rest.is_empty() || rest.ends_with(['=', ','])) {
            Some(rest) => format!("{rest}{}", self.place.recipient),
            None if word == "KEY" => self.identity(),
            None => word.replace("OTHER", OTHER).replace("PLACE", &self.place.path("").display().to_string()),
        };
        let mut call = self.place.call(program, words[variables..].iter().map(|word| keyed(word))).dir(folder);
        if program != Program::Sops {
            call = call.env("TMPDIR", self.place.path("tmp")).env("XDG_RUNTIME_DIR", &self.runtime.0);
        }
        for variable in &words[..variables] {
            let (name, value) = variable.split_once('=').unwrap();
            call = call.env(name, keyed(value));
        }
        if let Some(name) = input {
            call = call.stdin(self.before[name].clone());
        }
        let mut done = call.run();
        // The two folders have names of their own.
        for stream in [&mut done.stdout, &mut done.stderr] {
            if let Ok(text) = std::str::from_utf8(stream) {
                *stream = text.replace(&self.place.path(folder).display().to_string(), "FOLDER").into_bytes();
            }
        }
        let mut after = BTreeMap::new();
        for entry in std::fs::read_dir(self.place.path(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                after.insert(path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap());
            }
        }
        (done, after)
    }

    /// Where a value of ours is that nobody asked for: what was asked for is on standard output and in the files that are compared.
    fn leak(&self, args: &str, ours: &Output) -> Option<String> {
        self.runtime.is_empty_soon();
        let mut found = BTreeSet::new();
        for folder in ["tmp", "home", "ours/folder"] {
            search(&self.place.path(folder), VALUE, &mut found);
        }
        if String::from_utf8_lossy(&ours.stderr).contains(VALUE) && !args.contains(VALUE) {
            found.insert("standard error".to_owned());
        }
        (!found.is_empty()).then(|| format!("a value is in {found:?}"))
    }

    /// The first file that is only in one of two folders, or differs.
    fn different_files(&self, theirs: &BTreeMap<String, Vec<u8>>, ours: &BTreeMap<String, Vec<u8>>) -> Option<String> {
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        if names(theirs) != names(ours) {
            return Some(format!("files differ: {:?}, {:?}", names(theirs), names(ours)));
        }
        let (name, _) = theirs.iter().find(|(name, bytes)| !self.same(bytes, &ours[*name]))?;
        Some(format!("{name} differs\n{}\n---\n{}", String::from_utf8_lossy(&theirs[name]), String::from_utf8_lossy(&ours[name])))
    }

    /// Equal; or sealed alike, with the same recipients, and sops opens both to the same.
    fn same(&self, theirs: &[u8], ours: &[u8]) -> bool {
        let sealed = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("ENC[AES256_GCM");
        if theirs == ours || !sealed(theirs) || !sealed(ours) {
            return theirs == ours;
        }
        let format = format_of(theirs);
        let reads = |bytes: &[u8]| format == Format::Binary || Document::parse(format, bytes, &ScanOptions::SEALED).is_ok();
        if format != format_of(ours) || !reads(theirs) || !reads(ours) {
            return false;
        }
        if coverage(format, theirs) != coverage(format, ours) || block(format, theirs) != block(format, ours) {
            return false;
        }
        let opened = |bytes: &[u8]| {
            self.place.write("compared", bytes);
            let types = ["--input-type", format.name(), "--output-type", format.name()];
            let done = self.place.sops(["decrypt"].iter().chain(&types).chain(&["compared"])).unwrap();
            (done.status.code(), done.stdout)
        };
        opened(theirs) == opened(ours)
    }

    fn check(&self, call: &Call<'_>) -> Result<(), String> {
        let Call { args, says, code: their_code, our_code } = *call;
        self.reset();
        let (theirs, their_files) = self.run(Program::Sops, args);
        let (ours, our_files) = self.run(Program::AsSops, args);
        let (their_words, our_words) = (String::from_utf8_lossy(&theirs.stderr), String::from_utf8_lossy(&ours.stderr));
        let wrong = |what: &str| Err(format!("{args}: {what}\n  sops says: {their_words}\n  ours says: {our_words}"));
        if (theirs.status.code(), ours.status.code()) != (Some(their_code), Some(our_code)) {
            return wrong(&format!("expected {their_code}/{our_code}, sops {:?}, ours {:?}", theirs.status.code(), ours.status.code()));
        }
        if let Some(leak) = self.leak(args, &ours) {
            return wrong(&leak);
        }
        if let Some(row) = says.strip_prefix('!') {
            let row = row.trim();
            let listed = !row.is_empty() && crate::differences::page().lines().any(|line| line.starts_with("| ") && line.contains(row));
            let differs = their_code != our_code
                || !self.same(&theirs.stdout, &ours.stdout)
                || self.different_files(&their_files, &our_files).is_some();
            return if !listed {
                wrong(&format!("no row says {row:?}"))
            } else if !differs {
                wrong("no difference any more")
            } else {
                Ok(())
            };
        }
        if our_code != their_code {
            return wrong("two codes without a row");
        }
        let (own_help, says) = says.strip_prefix('?').map_or((false, says), |says| (true, says.trim()));
        if !own_help && !self.same(&theirs.stdout, &ours.stdout) {
            return wrong(&format!(
                "standard output differs\n{}\n---\n{}",
                String::from_utf8_lossy(&theirs.stdout),
                String::from_utf8_lossy(&ours.stdout)
            ));
        }
        if let Some(difference) = self.different_files(&their_files, &our_files) {
            return wrong(&difference);
        }
        match says {
            "-" if !theirs.stderr.is_empty() || !ours.stderr.is_empty() => wrong("expected silence"),
            "-" => Ok(()),
            words if words.starts_with('+') => match theirs.stderr.is_empty() && our_words.contains(words[1..].trim()) {
                true => Ok(()),
                false => wrong("expected words of ours alone"),
            },
            "" if theirs.stderr.is_empty() || ours.stderr.is_empty() => wrong("expected words"),
            words if !their_words.contains(words) || !our_words.contains(words) => wrong(&format!("not in both: {words}")),
            _ => Ok(()),
        }
    }
}

fn format_of(sealed: &[u8]) -> Format {
    match sealed.first() {
        Some(b'{') if Envelope::read(sealed).is_ok() => Format::Binary,
        Some(b'{') => Format::Json,
        Some(b'[' | b';') => Format::Ini,
        _ if sealed.windows(6).any(|w| w == b"\nsops:") => Format::Yaml,
        _ => Format::Dotenv,
    }
}

/// A line of the list.
pub struct Call<'a> {
    /// Variables, arguments and standard input.
    pub args: &'a str,
    /// What is expected on standard error, and of it.
    pub says: &'a str,
    /// Sops's exit code.
    pub code: i32,
    our_code: i32,
}

/// All of them.
pub fn calls() -> Vec<Call<'static>> {
    let lines = CALLS.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|line| call(line).unwrap_or_else(|| panic!("no call: {line}"))).collect()
}

fn call(line: &str) -> Option<Call<'_>> {
    let (codes, rest) = line.split_once('|')?;
    let (args, says) = rest.rsplit_once('|')?;
    let (theirs, ours) = codes.split_once('/').unwrap_or((codes, codes));
    let code = |text: &str| text.trim().parse().ok();
    Some(Call { args: args.trim(), says: says.trim(), code: code(theirs)?, our_code: code(ours)? })
}

/// `NAME=value`
pub fn is_variable(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

/// Words of a line; single quotes hold blanks together.
pub fn words(line: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let (mut quoted, mut any) = (false, false);
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                any = true;
            }
            ' ' if !quoted => {
                if any || !out.last().unwrap().is_empty() {
                    out.push(String::new());
                }
                any = false;
            }
            c => out.last_mut().unwrap().push(c),
        }
    }
    if out.last().unwrap().is_empty() && !any {
        out.pop();
    }
    out
}

#[test]
fn as_sops() {
    if sops().is_none() {
        return;
    }
    let pair = Pair::new();
    let wrong: Vec<String> = calls().iter().filter_map(|call| pair.check(call).err()).collect();
    assert!(Path::new(&pair.place.path("ours")).exists());
    assert!(wrong.is_empty(), "{} calls:\n{}", wrong.len(), wrong.join("\n"));
}

/// Of a result that cannot be written: a full device is an error. A closed standard output is none to either: both runtimes put /dev/null in its place
/// before the first line of the program, which then looks like one that was asked for.
#[test]
fn results_that_go_nowhere() {
    if sops().is_none() {
        return;
    }
    let place = Place::project();
    place.seal("a.yaml", "a: b\n");
    let ended = |program: &Path, to: &str| {
        let mut shell = command(&place, "/bin/sh");
        let done = shell.args(["-c", &format!("\"$0\" decrypt a.yaml {to}")]).arg(program).output().unwrap();
        (done.status.code(), done.stderr.is_empty())
    };
    for program in [sops().unwrap(), env!("CARGO_BIN_EXE_leafcrypt").into()] {
        assert_eq!(ended(&program, ">/dev/full"), (Some(1), false), "{program:?}");
        assert_eq!(ended(&program, ">/dev/null"), (Some(0), true), "{program:?}");
        assert_eq!(ended(&program, ">&-"), (Some(0), true), "{program:?}");
    }
}
