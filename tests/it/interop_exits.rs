//! Calls as people and scripts make them, by the real sops and by ours under that name: the same number, the same standard output, the same
//! files afterwards, and the same kind of standard error.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;

use leafcrypt::formats::{Envelope, Format};

use crate::interop_pair::{block, coverage};
use crate::tools::{Place, Program, sops};

/// `exit code | arguments | what both say on standard error`, "-" for nothing, "+ words" where only ours speaks, "?" before the words where standard
/// output is each program's own help. `<FILE` feeds standard input, AGE is the recipient.
const CALLS: &str = include_str!("interop/calls.txt");

/// Two equal folders, one for each program.
struct Pair {
    place: Place,
    before: BTreeMap<String, Vec<u8>>,
}

impl Pair {
    fn new() -> Self {
        let place = Place::new();
        let plain = [
            ("plain.yaml", "# note\na: one\nb:\n    c: 2\n    d:\n        - x\n        - 1.5\nt: true\nnone: null\nz_unencrypted: clear\n"),
            ("plain.json", "{\n\t\"a\": \"one\",\n\t\"b\": {\n\t\t\"c\": true\n\t}\n}\n"),
            ("plain.env", "A=one\n#note\nB=two\n"),
            ("plain.ini", "[s]\na = one\nb = two\n"),
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
        for (name, text) in [
            ("broken.yaml", "a: [one\n"),
            ("broken.json", "{\"a\": \"one\""),
            ("empty.yaml", ""),
            ("list.yaml", "- a\n"),
            ("list.json", "[1]"),
            ("number.yaml", "1: x\n"),
            ("sops.yaml", "a: 1\nsops: 2\n"),
            ("sops.env", "sops_x=1\n"),
            ("set", "named like a command\n"),
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
        change("no-identity.yaml", &recipient, "age1ayl8eckhft928glyu5uyeullwgzykcdfsveaswrua27gfk3y3pnq2y55y8");
        let armour = sealed.split("ENCRYPTED FILE-----\n").nth(1).unwrap().lines().next().unwrap().to_owned();
        change("bad-armour.yaml", &armour, "            AAAA");
        for folder in ["theirs", "ours"] {
            std::fs::create_dir_all(place.path(folder).join("folder")).unwrap();
        }
        Pair { place, before }
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
        let args = words(&args.replace("AGE", &self.place.recipient));
        let mut call = self.place.call(program, args).dir(folder);
        if let Some(name) = input {
            call = call.stdin(self.before[name].clone());
        }
        let done = call.run();
        let mut after = BTreeMap::new();
        for entry in std::fs::read_dir(self.place.path(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                after.insert(path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap());
            }
        }
        (done, after)
    }

    fn check(&self, line: &str) -> Result<(), String> {
        let parts: Vec<&str> = line.splitn(3, '|').map(str::trim).collect();
        let [code, args, says] = parts[..] else { return Err(format!("not three parts: {line}")) };
        let code: i32 = code.parse().map_err(|_| format!("no code: {line}"))?;
        self.reset();
        let (theirs, their_files) = self.run(Program::Sops, args);
        let (ours, our_files) = self.run(Program::AsSops, args);
        let (their_words, our_words) = (String::from_utf8_lossy(&theirs.stderr), String::from_utf8_lossy(&ours.stderr));
        let wrong = |what: &str| Err(format!("{args}: {what}\n  sops says: {their_words}\n  ours says: {our_words}"));
        if (theirs.status.code(), ours.status.code()) != (Some(code), Some(code)) {
            return wrong(&format!("expected {code}, sops {:?}, ours {:?}", theirs.status.code(), ours.status.code()));
        }
        let (own_help, says) = says.strip_prefix('?').map_or((false, says), |says| (true, says.trim()));
        if !own_help && !same(&theirs.stdout, &ours.stdout) {
            return wrong(&format!(
                "standard output differs\n{}\n---\n{}",
                String::from_utf8_lossy(&theirs.stdout),
                String::from_utf8_lossy(&ours.stdout)
            ));
        }
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        if names(&their_files) != names(&our_files) {
            return wrong(&format!("files differ: {:?}, {:?}", names(&their_files), names(&our_files)));
        }
        for (name, bytes) in &their_files {
            if !same(bytes, &our_files[name]) {
                return wrong(&format!("{name} differs\n{}", String::from_utf8_lossy(&our_files[name])));
            }
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

/// Equal, or sealed alike.
fn same(theirs: &[u8], ours: &[u8]) -> bool {
    let sealed = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("ENC[AES256_GCM");
    if theirs == ours || !sealed(theirs) || !sealed(ours) {
        return theirs == ours;
    }
    let format = match theirs.first() {
        Some(b'{') if Envelope::read(theirs).is_ok() => Format::Binary,
        Some(b'{') => Format::Json,
        Some(b'[') => Format::Ini,
        _ if theirs.windows(6).any(|w| w == b"\nsops:") => Format::Yaml,
        _ => Format::Dotenv,
    };
    coverage(format, theirs) == coverage(format, ours) && block(format, theirs) == block(format, ours)
}

/// Words of a line; single quotes hold blanks together.
fn words(line: &str) -> Vec<String> {
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
    let lines = CALLS.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let wrong: Vec<String> = lines.filter_map(|line| pair.check(line).err()).collect();
    assert!(Path::new(&pair.place.path("ours")).exists());
    assert!(wrong.is_empty(), "{} calls:\n{}", wrong.len(), wrong.join("\n"));
}
