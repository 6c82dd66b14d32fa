//! What plugins and deployment tools run: their command lines, in a shell whose `sops` is the real one or ours. The same exit code, the same standard
//! output, the same values in the files afterwards; and silence on standard error where it is silent, since some join the two streams.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::process::{Command, Output, Stdio};

use crate::tools::{Place, script, sops};

const NOTES: &str = "# for the chart\ndb:\n    password: hunter2 # inline\n    port: 5432\nhosts:\n    - a\n    - b\nflag: true\n";

/// `tool | line`, "~" before a line whose standard output is each program's own.
const CALLS: &[(&str, &str)] = &[
    ("helm-secrets", "sops --decrypt --input-type yaml --output-type yaml secrets.yaml 2>&1"),
    ("helm-secrets", "sops --decrypt --input-type yaml --output-type yaml --output out.yaml secrets.yaml 2>&1"),
    ("helm-secrets", "sops --decrypt --input-type yaml --output-type yaml --in-place secrets.yaml 2>&1"),
    ("helm-secrets", "sops --decrypt --input-type binary --output-type binary blob 2>&1"),
    (
        "helm-secrets",
        "printf %s \"$(printf %s \"$(cat secrets.json)\" | sops --decrypt --input-type json --output-type json /dev/stdin 2>&1)\"",
    ),
    ("helm-secrets", "sops --encrypt --input-type yaml --output-type yaml --in-place plain.yaml 2>&1"),
    ("helm-secrets", "sops --encrypt --input-type yaml --output-type yaml --output out.yaml plain.yaml 2>&1"),
    ("helm-secrets", "EDITOR=./editor sops --input-type yaml --output-type yaml secrets.yaml 2>&1"),
    ("helm-secrets", "EDITOR=true sops --input-type yaml --output-type yaml secrets.yaml"),
    ("helm-secrets", "sops --encrypt --input-type yaml --output-type yaml secrets.yaml"),
    ("helm-secrets", "sops --decrypt --input-type yaml --output-type yaml plain.yaml"),
    ("helm-secrets", "grep -q 'mac.*,type:str]' secrets.yaml && grep -xq 'sops:\\s*' secrets.yaml"),
    ("helm-secrets, of ours", "sops -e -i plain.yaml && grep -q 'mac.*,type:str]' plain.yaml && grep -xq 'sops:\\s*' plain.yaml"),
    ("community.sops", "sops --config .sops.yaml --enable-local-keyservice --input-type yaml --output-type json --decrypt secrets.yaml"),
    ("community.sops", "sops --input-type yaml --output-type yaml --decrypt /dev/stdin <secrets.yaml"),
    ("community.sops", "sops --aws-profile p --decrypt secrets.yaml"),
    ("community.sops", "sops --input-type json --output-type json --encrypt /dev/stdin <plain.json >out.json && sops -d out.json"),
    ("community.sops", "sops --encrypted-regex ^pass --input-type yaml --output-type yaml --encrypt /dev/stdin <plain.yaml >out.yaml"),
    ("community.sops", "sops filestatus secrets.yaml; sops filestatus plain.yaml; sops filestatus secrets.json"),
    ("community.sops", "sops --version --disable-version-check | grep -Exc 'sops [0-9]+\\.[0-9]+\\.[0-9]+'"),
    ("community.sops", "sops --disable-version-check --version | head -n 1 | cut -d ' ' -f 1"),
    (
        "vscode-sops",
        "cp secrets.yaml 3858f62230ac3c915f300c664312c63f; sops --output-type yaml --input-type yaml --decrypt 3858f62230ac3c915f300c664312c63f",
    ),
    ("vscode-sops", "cp conf.ini 3858f62230; sops --output-type ini --input-type ini --decrypt 3858f62230"),
    ("vscode-sops", "EDITOR=$PWD/editor sops --output-type yaml --input-type yaml secrets.yaml"),
    (
        "vscode-sops",
        "mkdir t && cp .sops.yaml t && cp plain.yaml t/p.yaml && sops --config t/.sops.yaml --output-type yaml --input-type yaml --encrypt t/p.yaml >out.yaml",
    ),
    (
        "git textconv",
        "git init -q . && git config diff.s.textconv 'sops -d' && git add secrets.yaml && cp old.yaml secrets.yaml && git diff secrets.yaml | grep '^[-+] '",
    ),
    (
        "git textconv",
        "git init -q . && git config diff.s.textconv 'sops --config /dev/null -d' && git add secrets.yaml && cp old.yaml secrets.yaml && git diff secrets.yaml | grep '^[-+] '",
    ),
    ("git textconv", "sops decrypt plain.yaml"),
    ("kustomize", "echo unread | sops -d secrets.yaml"),
    ("kustomize", "sops -d k8s.yaml <&-"),
    ("flux", "sops -e --input-type=json /dev/stdin <plain.json >out.json"),
    ("flux", "sops -e --input-type=yaml /dev/stdin <plain.yaml >out.json"),
    ("flux", "sops -e --input-type=dotenv /dev/stdin <plain.env >out.json"),
    ("flux", "sops -e --input-type=env /dev/stdin <plain.env >out.json"),
    ("flux", "sops --encrypt --encrypted-regex '^(data|stringData)$' --in-place k8s-plain.yaml"),
    ("terraform", "sops -d --output-type json secrets.yaml"),
    ("terraform", "sops --decrypt --output-type=json --input-type=yaml /dev/stdin <secrets.yaml"),
    ("terraform", "sops -d terraform.tfvars.json"),
    ("shell", "sops -d --extract '[\"db\"][\"password\"]' secrets.yaml"),
    ("shell", "p=$(sops --extract '[\"db\"][\"port\"]' -d secrets.yaml) && echo \"$p\""),
    ("shell", "sops exec-env app.env 'printf %s \"$A\"'"),
    ("shell", "sops exec-env app.env 'exit 7'"),
    ("shell", "set -a; eval \"$(sops -d app.env)\"; echo \"$A $B\""),
    ("compose", "sops exec-file app.env 'cat {}'"),
    ("compose", "sops exec-file --no-fifo app.env 'cat {} {}'"),
    ("compose", "sops exec-file --no-fifo --filename .env app.env 'basename {}'"),
    ("direnv", "sops -d --output-type dotenv flat.json"),
    ("sopsy", "sops --set '[\"db\"][\"password\"] \"new\"' secrets.yaml"),
    ("sopsy", "sops set secrets.yaml '[\"db\"][\"user\"]' '\"admin\"'"),
    ("sopsy", "sops unset secrets.yaml '[\"db\"]'"),
    ("sopsy", "sops --rotate --in-place secrets.yaml"),
    ("sopsy", "sops rotate -i --add-age $AGE2 secrets.yaml && grep -c recipient: secrets.yaml"),
    ("sopsy", "sops --decrypt --in-place secrets.json"),
    ("sops-nix", "~sops updatekeys -y secrets.yaml"),
    ("scripts that keep tokens", "EDITOR='cp edited.yaml' sops edit secrets.yaml"),
    ("scripts that keep tokens", "EDITOR='cp edited.yaml' sops secrets.yaml"),
    ("editors", "sops --decrypt --input-type dotenv --output-type dotenv /dev/stdin <app.env"),
    ("editors", "sops --encrypt --input-type yaml --output-type yaml --filename-override f.yaml /dev/stdin <plain.yaml >out.yaml"),
    ("make", "sops -d app.env >.env && cat .env"),
    ("make", "for f in secrets.yaml secrets.json; do sops -d -i $f || exit 1; done"),
    ("pre-commit", "sops filestatus k8s.yaml | grep -q '\"encrypted\":true'"),
    ("ci", "SOPS_AGE_KEY_FILE= SOPS_AGE_KEY=$KEY sops -d secrets.yaml"),
    ("ci", "unset HOME; sops -d secrets.yaml <&-"),
    ("ci", "sops -d missing.yaml"),
    ("ci", "SOPS_AGE_KEY_FILE=/dev/null sops -d secrets.yaml"),
];

struct Pair {
    place: Place,
    other: String,
    before: BTreeMap<String, Vec<u8>>,
}

impl Pair {
    fn new() -> Option<Self> {
        let real = sops()?;
        let place = Place::new();
        let other = String::from_utf8(place.ours(["keygen", "-o", "other.txt"]).stdout).unwrap().trim().to_owned();
        for (name, target) in [("theirs", real), ("ours", env!("CARGO_BIN_EXE_leafcrypt").into())] {
            std::fs::create_dir_all(place.path(&format!("bin-{name}"))).unwrap();
            std::fs::create_dir(place.path(name)).unwrap();
            symlink(target, place.path(&format!("bin-{name}/sops"))).unwrap();
        }
        let rules = format!(
            "creation_rules:\n  - path_regex: ^k8s\n    encrypted_regex: ^(data|stringData)$\n    age: {0}\n  - age: {0}\n",
            place.recipient
        );
        let k8s = "apiVersion: v1\nkind: Secret\nmetadata:\n    name: db\nstringData:\n    password: hunter2\n";
        let mut before: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        place.write(".sops.yaml", &rules);
        before.insert(".sops.yaml".to_owned(), rules.into());
        before.insert(".gitattributes".to_owned(), b"*.yaml diff=s\n".to_vec());
        before.insert("editor".to_owned(), b"#!/bin/sh\nsed -i s/hunter2/hunter3/ \"$1\"\n".to_vec());
        before.insert("edited.yaml".to_owned(), NOTES.replace("hunter2", "hunter3").into());
        for (name, text) in [
            ("plain.yaml", NOTES),
            ("plain.json", "{\n\t\"a\": \"one\",\n\t\"n\": 2\n}\n"),
            ("plain.env", "A=one\nB=two\n"),
            ("k8s-plain.yaml", k8s),
        ] {
            before.insert(name.to_owned(), text.into());
        }
        for (name, text) in [
            ("secrets.yaml", NOTES),
            ("old.yaml", "db:\n    password: before\n"),
            ("secrets.json", "{\n\t\"a\": \"one\",\n\t\"n\": 2\n}\n"),
            ("flat.json", "{\n\t\"A\": \"one\",\n\t\"B\": \"two words\"\n}\n"),
            ("terraform.tfvars.json", "{\n\t\"region\": \"eu\",\n\t\"tags\": [\n\t\t\"a\"\n\t]\n}\n"),
            ("app.env", "A=one\n# note\nB=two\n"),
            ("conf.ini", "[s]\na = one\n"),
            ("blob", "any\0thing"),
            ("k8s.yaml", k8s),
        ] {
            place.write(name, text);
            let sealed = place.sops(["encrypt", name]).unwrap();
            assert!(sealed.status.success(), "{name}: {}", String::from_utf8_lossy(&sealed.stderr));
            before.insert(name.to_owned(), sealed.stdout);
        }
        Some(Pair { place, other, before })
    }

    fn run(&self, whose: &str, line: &str) -> (Output, BTreeMap<String, Vec<u8>>) {
        let folder = self.place.path(whose);
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::create_dir(&folder).unwrap();
        for (name, bytes) in &self.before {
            match name.as_str() {
                "editor" => script(&folder.join(name), bytes),
                _ => self.place.write(&format!("{whose}/{name}"), bytes),
            }
        }
        let key = String::from_utf8(self.place.read("keys.txt")).unwrap();
        let key = key.lines().find(|line| line.starts_with("AGE-SECRET-KEY")).unwrap().to_owned();
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", line]).current_dir(&folder).env_clear().stdin(Stdio::null());
        shell.env("PATH", format!("{}:/usr/bin:/bin", self.place.path(&format!("bin-{whose}")).display()));
        shell.env("HOME", self.place.path("home")).env("PWD", &folder).env("GIT_CONFIG_NOSYSTEM", "1");
        shell.env("SOPS_AGE_KEY_FILE", self.place.path("keys.txt")).env("KEY", key).env("AGE2", &self.other);
        let done = shell.output().unwrap();
        let files = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap()).filter(|entry| entry.path().is_file());
        (done, files.map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).unwrap())).collect())
    }

    /// What a file means: of sealed text what the real sops opens, and nothing but it counts.
    fn meaning(&self, name: &str, bytes: &[u8]) -> Vec<u8> {
        if !String::from_utf8_lossy(bytes).contains("ENC[AES256_GCM") {
            return bytes.to_vec();
        }
        self.place.write(name, bytes);
        let by_name = self.place.sops(["decrypt", name]).unwrap();
        let typed = ["yaml", "json", "ini"].map(|kind| ["decrypt", "--input-type", kind, "--output-type", kind, name]);
        let tried = typed.iter().map(|call| self.place.sops(call).unwrap());
        let opened = std::iter::once(by_name).chain(tried).find(|done| done.status.success());
        opened.unwrap_or_else(|| panic!("{name}: {}", String::from_utf8_lossy(bytes))).stdout
    }

    fn check(&self, tool: &str, line: &str) -> Result<(), String> {
        let (own, line) = line.strip_prefix('~').map_or((false, line), |line| (true, line));
        let (theirs, their_files) = self.run("theirs", line);
        let (ours, our_files) = self.run("ours", line);
        let shown = |done: &Output| {
            format!("{}\n  {}\n  {}", done.status, String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr))
        };
        let wrong = |what: &str| Err(format!("{tool}: {line}: {what}\n sops: {}\n ours: {}", shown(&theirs), shown(&ours)));
        if theirs.status.code() != ours.status.code() {
            return wrong("exit code");
        }
        if !own && theirs.stdout != ours.stdout {
            return wrong("standard output");
        }
        if theirs.stderr.is_empty() != ours.stderr.is_empty() {
            return wrong("standard error");
        }
        if their_files.keys().ne(our_files.keys()) {
            return wrong(&format!("files {:?}, {:?}", their_files.keys(), our_files.keys()));
        }
        let differs = their_files.iter().find(|(name, bytes)| {
            let ours = &our_files[*name];
            *bytes != ours && self.meaning(name, bytes) != self.meaning(name, ours)
        });
        differs.map_or(Ok(()), |(name, _)| wrong(name))
    }
}

#[test]
fn calls_of_tools() {
    let Some(pair) = Pair::new() else { return };
    let wrong: Vec<String> = CALLS.iter().filter_map(|(tool, line)| pair.check(tool, line).err()).collect();
    assert!(wrong.is_empty(), "{} of {} calls:\n{}", wrong.len(), CALLS.len(), wrong.join("\n"));
}
