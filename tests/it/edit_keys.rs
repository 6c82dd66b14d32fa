//! `edit --show-master-keys`: the metadata stands under the text, and what is changed in it counts. The real sops opens what was made so.

use crate::edit::{Desk, code};
use crate::tools::{Program, without_field};

/// The same secret in each format, with the layout that a block might spoil.
const TEXTS: [(&str, &str); 8] = [
    ("a.yaml", "# one\na: secret   # two\nb: 'x'\n"),
    ("b.yaml", "a: secret"),
    ("c.yaml", "---\na: secret\n...\n---\nb: 1\n"),
    ("a.json", "{\"a\": \"secret\",   \"b\": [1, 2]}"),
    ("a.env", "# one\nA=secret"),
    ("a.ini", "[s]\r\na = secret\r\n"),
    ("a.toml", "a = \"secret\" # one\n"),
    ("a.bin", "secret \"text\"\nof two lines"),
];

impl Desk {
    fn keys(&self, program: Program, file: &str, script: &str, stdin: &str) -> std::process::Output {
        let done = self.run(program, &["edit", "-s", file], script, stdin);
        self.is_clean();
        done
    }

    /// One more identity: its file, and its recipient.
    fn other(&self) -> (String, String) {
        let done = self.place.ours(["keygen", "-o", "other.txt"]);
        code(&done, 0);
        (self.place.path("other.txt").display().to_string(), String::from_utf8(done.stdout).unwrap().trim().to_owned())
    }

    /// Opens with another identity, by a program.
    fn opened_by(&self, program: Program, identity: &str, file: &str) -> Option<String> {
        let done = self.place.call(program, ["decrypt", file]).env("SOPS_AGE_KEY_FILE", identity).run();
        done.status.success().then(|| String::from_utf8(done.stdout).unwrap())
    }
}

#[test]
fn the_metadata_is_shown_and_the_text_can_be_changed() {
    for (file, plain) in TEXTS {
        let desk = Desk::new();
        let before = desk.seal(file, plain);
        code(&desk.keys(Program::Ours, file, "cp \"$1\" \"$HOME/shown\"", ""), 200);
        assert_eq!(desk.text(file), before, "{file}");
        let shown = desk.text("home/shown");
        assert!(
            shown.contains("secret") && shown.contains(&desk.place.recipient) && shown.contains("AGE ENCRYPTED FILE"),
            "{file}: {shown}"
        );
        code(&desk.keys(Program::Ours, file, "sed -i s/secret/canary/ \"$1\"", ""), 0);
        assert_eq!(desk.decrypted(file), plain.replace("secret", "canary"), "{file}");
        // The one value, and in each document's block the date, the MAC and our field.
        let after = desk.text(file);
        assert_eq!(before.lines().count(), after.lines().count(), "{file}");
        let of_block = |line: &str| {
            let line = line.trim_start_matches([' ', '\t', '"']);
            let line = line.strip_prefix("sops_").unwrap_or(line);
            ["lastmodified", "mac", "leafcrypt"].iter().any(|field| line.starts_with(field))
        };
        let changed = before.lines().zip(after.lines()).filter(|(a, b)| a != b && !of_block(a));
        assert_eq!(changed.count(), 1, "{file}:\n{before}\n{after}");
    }
}

#[test]
fn recipients_come_and_go() {
    for (file, plain) in TEXTS.into_iter().filter(|(file, _)| !file.ends_with(".ini")) {
        let desk = Desk::new();
        let before = desk.seal(file, plain);
        let (identity, other) = desk.other();
        assert_eq!(desk.opened_by(Program::Ours, &identity, file), None);
        // The recipient is written over: one goes, one comes. The old wrapped key that stands beside it is nobody's.
        let script = format!("sed -i s/{}/{other}/ \"$1\"", desk.place.recipient);
        let done = desk.keys(Program::Ours, file, &script, "");
        let err = code(&done, 0);
        assert!(err.contains("keeps its data key"), "{file}: {err}");
        let listing = String::from_utf8_lossy(&done.stdout).into_owned() + &err;
        assert!(listing.contains(&format!("+ age {other}")) && listing.contains(&format!("- age {}", desk.place.recipient)), "{listing}");
        assert_eq!(desk.opened_by(Program::Ours, &identity, file).as_deref(), Some(plain), "{file}");
        assert_eq!(desk.place.ours(["decrypt", file]).status.code(), Some(128), "{file}");
        if !file.ends_with(".toml") {
            let theirs = desk.opened_by(Program::Sops, &identity, file);
            assert!(crate::tools::sops().is_none() || theirs.is_some_and(|text| text.contains("secret")), "{file}");
        }
        // Values, date and MAC stay.
        // (A recipient may hold the letters `mac`.)
        let kept = |text: &str| {
            let mac = ["mac\": \"ENC[", "mac: ENC[", "mac = \"ENC[", "mac=ENC["].into_iter().find_map(|name| text.split_once(name));
            mac.expect("a MAC").1.split("type:str]").next().map(str::to_owned)
        };
        assert_eq!(kept(&before), kept(&desk.text(file)), "{file}");
    }
}

/// Keys are added without a wrapped key, and others taken out, with whole lines.
#[test]
fn lines_of_the_block() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: b\n");
    let (identity, other) = desk.other();
    let script = format!("sed -i 's/^    age:$/    age:\\n        - recipient: {other}/' \"$1\"");
    code(&desk.keys(Program::Ours, "a.yaml", &script, ""), 0);
    assert_eq!(desk.opened_by(Program::Ours, &identity, "a.yaml").as_deref(), Some("a: b\n"));
    assert_eq!(desk.decrypted("a.yaml"), "a: b\n");
    // As `sops` it counts, too, where SOPS drops it. (A rule that leaves clear what was sealed: `edit_rule.rs`.)
    let script = "sed -i 's/unencrypted_suffix: .*/encrypted_regex: ^a$/' \"$1\"";
    code(&desk.keys(Program::AsSops, "a.yaml", script, ""), 0);
    assert!(desk.text("a.yaml").starts_with("a: ENC[") && desk.text("a.yaml").contains("encrypted_regex: ^a$"), "{}", desk.text("a.yaml"));
    assert_eq!(desk.decrypted("a.yaml"), "a: b\n");
    let own = desk
        .place
        .call(Program::Ours, ["edit", "--show-master-keys", "a.yaml"])
        .env("EDITOR", "true")
        .env("XDG_RUNTIME_DIR", &desk.runtime);
    code(&own.run(), 200);
}

/// What the creation rule seals stays sealed.
#[test]
fn a_rule_that_would_leave_values_clear() {
    let desk = Desk::new();
    let before = desk.seal("a.yaml", "a: canary\n");
    let script = "sed -i 's/unencrypted_suffix: .*/encrypted_regex: ^none$/; s/canary/canary2/' \"$1\"";
    let err = code(&desk.keys(Program::Ours, "a.yaml", script, ""), 1);
    assert!(err.contains("everything would stay in clear"), "{err}");
    assert_eq!(desk.text("a.yaml"), before);
}

#[test]
fn a_damaged_block_is_shown_again() {
    let desk = Desk::new();
    let before = desk.seal("a.yaml", "a: b\n");
    let (_, other) = desk.other();
    let steps = [
        // No block.
        "printf 'a: canary\\n' > \"$1\"".to_owned(),
        // Nobody can open it.
        "printf 'a: canary\\nsops:\\n    version: 3.9.0\\n    mac: x\\n' > \"$1\"".to_owned(),
        format!(
            "printf 'a: canary\\nsops:\\n    version: 3.9.0\\n    key_groups:\\n        - age: []\\n        - age:\\n            - recipient: {other}\\n' > \"$1\""
        ),
        format!(
            "printf 'a: canary\\nsops:\\n    version: 3.9.0\\n    shamir_threshold: 3\\n    age:\\n        - recipient: {other}\\n' > \"$1\""
        ),
        "printf 'a: canary\\nsops:\\n    version: 3.9.0\\n    age:\\n        - recipient: age1wrong\\n' > \"$1\"".to_owned(),
        format!("printf 'a: canary\\nsops:\\n    version: new\\n    age:\\n        - recipient: {other}\\n' > \"$1\""),
        "printf 'a: canary\\nsops:\\n    version: 3.9.0\\n    age: 5\\n' > \"$1\"".to_owned(),
        // Right, with only what somebody has to know.
        format!("printf 'a: canary\\nsops:\\n    version: 3.9.0\\n    age:\\n        - recipient: {}\\n' > \"$1\"", desk.place.recipient),
    ];
    let cases: Vec<String> = steps.iter().enumerate().map(|(i, step)| format!("{i}) {step};;")).collect();
    let script = format!(
        "n=$(cat \"$HOME/n\" 2>/dev/null || echo 0); echo $((n + 1)) > \"$HOME/n\"\ncp \"$1\" \"$HOME/last\"\ncase $n in {} esac",
        cases.join("\n")
    );
    let err = code(&desk.keys(Program::Ours, "a.yaml", &script, &"\n".repeat(steps.len() - 1)), 0);
    assert_eq!(err.matches("Press Enter").count(), steps.len() - 1, "{err}");
    for what in ["metadata not found", "No keys found", "a key group has no keys", "a Shamir threshold of 3", "age1wrong", "a version like"]
    {
        assert!(err.contains(what), "{what}: {err}");
    }
    assert_eq!(desk.decrypted("a.yaml"), "a: canary\n");
    assert_ne!(desk.text("a.yaml"), before);
    // As `sops`, its sentences.
    let err = code(&desk.keys(Program::AsSops, "a.yaml", "printf 'a: canary\\n' > \"$1\"", ""), 1);
    assert!(err.contains("SOPS metadata is invalid."), "{err}");
    let err = code(&desk.keys(Program::AsSops, "a.yaml", &steps[1], "n\n"), 1);
    assert!(err.contains("No master keys were provided, so sops can't encrypt the file."), "{err}");
}

#[test]
fn a_rescued_edit_is_read_as_it_was_shown() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: b\n");
    // With its block, and taken up without.
    code(&desk.keys(Program::Ours, "a.yaml", "sed -i 's/^a: b/a: canary/; s/version: .*/version: x/' \"$1\"", ""), 1);
    let script = "grep -q '^sops:' \"$1\" && sed -i 's/version: x/version: 3.9.0/' \"$1\"";
    let taken_up = |args: &str, script: &str| {
        let mut terminal = desk.asks(env!("CARGO_BIN_EXE_leafcrypt"), args, script);
        terminal.answer("Take it up? [y/N]", "y\n");
        assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
    };
    taken_up("edit a.yaml", script);
    assert_eq!(desk.decrypted("a.yaml"), "a: canary\n");
    // And the other way.
    code(&desk.edit("a.yaml", "echo 'a: [canary2' > \"$1\"", ""), 2);
    taken_up("edit -s a.yaml", "echo 'a: canary2' > \"$1\"");
    assert_eq!(desk.decrypted("a.yaml"), "a: canary2\n");
}

#[test]
fn meanwhile_somebody_else_changes_values_or_recipients() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: b\nc: d\n");
    let path = desk.place.path("a.yaml").display().to_string();
    let (identity, other) = desk.other();
    let mine = format!("sed -i 's/^    age:$/    age:\\n        - recipient: {other}/' \"$1\"");
    // A value, under another data key: the new recipient gets that one.
    let theirs = format!("theirs rotate -y -i {path}; theirs set {path} '[\"c\"]' '\"theirs\"'");
    let run = |theirs: &str, mine: &str| {
        let ours = env!("CARGO_BIN_EXE_leafcrypt");
        desk.keys(Program::Ours, "a.yaml", &format!("theirs() {{ {ours} \"$@\" > /dev/null 2>&1 || exit 9; }}\n{theirs}\n{mine}"), "")
    };
    code(&run(&theirs, &mine), 0);
    assert_eq!(desk.opened_by(Program::Ours, &identity, "a.yaml").as_deref(), Some("a: b\nc: theirs\n"));
    // Both change the recipients: nobody's change is lost without a word.
    let theirs = format!("theirs rotate -y -i --rm-age {other} {path}");
    let mine = format!("sed -i 's/{}/{other}/' \"$1\"", desk.place.recipient);
    let err = code(&run(&theirs, &mine), 3);
    assert!(err.contains("too: the recipients;") && err.contains("sealed and kept"), "{err}");
    assert_eq!(desk.opened_by(Program::Ours, &identity, "a.yaml"), None);
}

#[test]
fn recipients_that_nobody_vouches_for_are_shown_and_asked_about() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: b\n");
    let (_, other) = desk.other();
    desk.place.write(".sops.yaml", "creation_rules: []\n");
    // A stranger takes our field away.
    let text = desk.text("a.yaml");
    desk.place.write("a.yaml", without_field(&text));
    let mine = format!("sed -i 's/^    age:$/    age:\\n        - recipient: {other}/' \"$1\"");
    let err = code(&desk.keys(Program::Ours, "a.yaml", &mine, ""), 1);
    assert!(err.contains("nobody vouches") && err.contains("not confirmed"), "{err}");
}

/// A file that an older program wrote gets the newer version, as without the flag; one that somebody typed stays.
#[test]
fn the_version_is_raised_all_the_same() {
    if crate::tools::sops().is_none() {
        return;
    }
    let desk = Desk::new();
    desk.place.write("a.yaml", "a: b\n");
    code(&desk.place.sops(["encrypt", "-i", "--age", &desk.place.recipient, "a.yaml"]).unwrap(), 0);
    assert!(desk.text("a.yaml").contains("version: 3.11.0"));
    code(&desk.keys(Program::Ours, "a.yaml", "sed -i 's/^a: b/a: canary/' \"$1\"", ""), 0);
    assert!(desk.text("a.yaml").contains("version: 3.13.2"), "{}", desk.text("a.yaml"));
    code(&desk.keys(Program::Ours, "a.yaml", "sed -i 's/version: .*/version: 3.12.0/' \"$1\"", ""), 0);
    assert!(desk.text("a.yaml").contains("version: 3.12.0"), "{}", desk.text("a.yaml"));
    assert_eq!(desk.decrypted("a.yaml"), "a: canary\n");
}
