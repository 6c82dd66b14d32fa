//! `edit -s` and the selection rule: whatever is typed there, what was sealed does not come to stand in clear without a word (P10).

use crate::edit::{Desk, code};
use crate::tools::Program;

const OURS: [Program; 2] = [Program::Ours, Program::AsSops];

impl Desk {
    /// Edits with the block shown; looks that nothing is left.
    fn rule(&self, program: Program, file: &str, script: &str, stdin: &str) -> std::process::Output {
        let done = self.run(program, &["edit", "-s", file], script, stdin);
        self.is_clean();
        done
    }

    /// Refused under both names, also where a yes stands in a pipe: each says all this, and none of that.
    #[track_caller]
    fn refuses(&self, file: &str, script: &str, stdin: &str, says: &[&str], never: &str) {
        let before = self.text(file);
        for program in OURS {
            let err = code(&self.rule(program, file, script, stdin), 1);
            assert_eq!(self.text(file), before, "{program:?} {script}");
            assert!(says.iter().all(|what| err.contains(what)), "{program:?} {script}: {err}");
            assert!(never.is_empty() || !err.contains(never), "{program:?} {script}: {err}");
            // What was typed is kept, and would be offered next.
            let _ = std::fs::remove_dir_all(self.place.path("home/.local"));
        }
    }

    fn without_creation_rule(&self) {
        std::fs::remove_file(self.place.path(".sops.yaml")).unwrap();
    }
}

/// The line of the rule becomes this one.
fn becomes(rule: &str) -> String {
    format!("sed -i 's/^    unencrypted_suffix: .*/    {rule}/' \"$1\"")
}

#[test]
fn a_rule_that_covers_nothing() {
    let desk = Desk::new();
    desk.seal("a.yaml", "# open\npw: canary\n");
    for creation in ["as it was", "none"] {
        if creation == "none" {
            desk.without_creation_rule();
        }
        for rule in [
            "encrypted_regex: zzz",
            "encrypted_suffix: zzz",
            "encrypted_comment_regex: zzz",
            "unencrypted_regex: .",
            "unencrypted_suffix: w",
            "unencrypted_comment_regex: open",
        ] {
            desk.refuses("a.yaml", &becomes(rule), "y\n", &["covers no value"], "");
        }
    }
    for (file, plain) in [("a.json", "{\"pw\": \"canary\"}"), ("a.env", "PW=canary\n"), ("a.ini", "[s]\npw = canary\n")] {
        let desk = Desk::new();
        desk.seal(file, plain);
        desk.refuses(file, "sed -i s/unencrypted_suffix/encrypted_suffix/ \"$1\"", "y\n", &["covers no value"], "");
    }
}

/// What the creation rule seals stays sealed, whatever anybody says.
#[test]
fn values_that_the_creation_rule_covers() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: canary\n# kept\npw: canary2\nlist: [canary3]\n");
    for rule in [
        "encrypted_regex: ^a$",
        "encrypted_suffix: a",
        "encrypted_comment_regex: kept",
        "unencrypted_regex: w",
        "unencrypted_suffix: w",
        "unencrypted_comment_regex: kept",
    ] {
        let named = if rule.starts_with("encrypted_comment") { "is sealed: a," } else { "is sealed: pw" };
        desk.refuses("a.yaml", &becomes(rule), "y\n", &["would leave in clear", named, "the creation rule, unencrypted_suffix"], "");
    }
    // A comment may hold a secret as well.
    desk.refuses("a.yaml", &becomes("encrypted_regex: ^(a|pw|list)$"), "y\n", &["is sealed: a comment; the creation rule"], "");
    // A value that comes with the rule.
    let script = "sed -i 's/^    unencrypted_suffix: .*/    unencrypted_regex: ^new$/; s/^a: /new: canary4\\na: /' \"$1\"";
    desk.refuses("a.yaml", script, "", &["is sealed: new; the creation rule"], "");
}

/// Without a creation rule somebody may want it so: the paths are named, and it takes a yes.
#[test]
fn values_that_no_creation_rule_covers() {
    for (rule, clear) in [
        ("encrypted_regex: ^a$", "pw: canary2"),
        ("encrypted_suffix: a", "pw: canary2"),
        ("encrypted_comment_regex: kept", "a: canary"),
        ("unencrypted_regex: w", "pw: canary2"),
        ("unencrypted_suffix: w", "pw: canary2"),
        ("unencrypted_comment_regex: kept", "pw: canary2"),
    ] {
        let desk = Desk::new();
        desk.seal("a.yaml", "a: canary\n# kept\npw: canary2\n");
        desk.without_creation_rule();
        for stdin in ["", "n\n", "\n"] {
            desk.refuses("a.yaml", &becomes(rule), stdin, &["would leave in clear", "nobody has confirmed"], "");
        }
        // A yes counts only where somebody has typed it: what stands in a pipe is the editor's.
        for program in OURS {
            code(&desk.rule(program, "a.yaml", &becomes(rule), "y\n"), 1);
        }
        let _ = std::fs::remove_dir_all(desk.place.path("home/.local"));
        let mut terminal = desk.asks(env!("CARGO_BIN_EXE_leafcrypt"), "edit -s a.yaml", &becomes(rule));
        let path = format!("is sealed: {}", clear.split(':').next().unwrap());
        terminal.answer("Write that in clear? [y/N]", "y\n");
        assert!(terminal.seen.contains(&path), "{rule}: {}", terminal.seen);
        assert_eq!(terminal.end(), Some(0), "{rule}: {}", terminal.seen);
        assert!(desk.text("a.yaml").contains(clear), "{rule}: {}", desk.text("a.yaml"));
        assert_eq!(desk.decrypted("a.yaml"), "a: canary\n# kept\npw: canary2\n", "{rule}");
        if let Some(theirs) = desk.place.sops(["decrypt", "a.yaml"]) {
            assert!(code(&theirs, 0).is_empty(), "{rule}");
        }
    }
}

/// The line is taken out: SOPS's default holds.
#[test]
fn a_rule_that_goes() {
    let desk = Desk::new();
    desk.without_creation_rule();
    let seal = |regex: &str| {
        desk.place.write("a.yaml", "a_unencrypted: canary\nb: canary2\nc: canary3\n");
        code(&desk.place.ours(["encrypt", "-i", "--age", &desk.place.recipient, "--encrypted-regex", regex, "a.yaml"]), 0);
    };
    let goes = "sed -i '/^    encrypted_regex: /d' \"$1\"";
    seal("^(a_unencrypted|b)$");
    desk.refuses("a.yaml", goes, "", &["is sealed: a_unencrypted; nobody"], "");
    // What covers more than before is nobody's loss.
    seal("^b$");
    code(&desk.rule(Program::Ours, "a.yaml", goes, ""), 0);
    let text = desk.text("a.yaml");
    assert!(text.starts_with("a_unencrypted: canary\nb: ENC[") && text.contains("\nc: ENC["), "{text}");
    assert_eq!(desk.decrypted("a.yaml"), "a_unencrypted: canary\nb: canary2\nc: canary3\n");
}

/// Rule and comment changed at once: the value was sealed, whatever the old rule would say of the new text.
#[test]
fn a_comment_that_goes_with_its_rule() {
    let desk = Desk::new();
    desk.without_creation_rule();
    desk.place.write("a.yaml", "# secret\npw: canary\n# secret\nother: canary2\n");
    let recipient = &desk.place.recipient;
    code(&desk.place.ours(["encrypt", "-i", "--age", recipient, "--encrypted-comment-regex", "secret", "a.yaml"]), 0);
    let script = "sed -i '1d; s/^    encrypted_comment_regex: .*/    encrypted_comment_regex: secre/' \"$1\"";
    desk.refuses("a.yaml", script, "", &["is sealed: pw; nobody"], "other");
    // The creation rule would seal it: its comment does not go without a word either, rule or no rule.
    desk.place.write(".sops.yaml", format!("creation_rules:\n  - age: {recipient}\n"));
    let err = code(&desk.edit("a.yaml", "sed -i 1d \"$1\"", ""), 1);
    assert!(err.contains("pw would stand in clear"), "{err}");
}

#[test]
fn mac_only_encrypted() {
    let desk = Desk::new();
    let before = desk.seal("a.yaml", "a: canary\nb_unencrypted: open\n");
    for (script, is_on) in [
        ("sed -i 's/^    unencrypted_suffix: .*/&\\n    mac_only_encrypted: true/' \"$1\"", true),
        ("sed -i '/^    mac_only_encrypted: /d' \"$1\"", false),
    ] {
        code(&desk.rule(Program::Ours, "a.yaml", script, ""), 0);
        let text = desk.text("a.yaml");
        assert_eq!(text.contains("mac_only_encrypted: true"), is_on, "{text}");
        assert_eq!(text.lines().take(2).collect::<Vec<_>>(), before.lines().take(2).collect::<Vec<_>>());
        assert_eq!(desk.decrypted("a.yaml"), "a: canary\nb_unencrypted: open\n");
        if let Some(theirs) = desk.place.sops(["decrypt", "a.yaml"]) {
            assert!(code(&theirs, 0).is_empty());
        }
    }
}

/// Somebody else adds a value meanwhile that the typed rule would leave clear.
#[test]
fn a_value_that_comes_meanwhile() {
    let desk = Desk::new();
    desk.seal("a.yaml", "a: canary\n");
    desk.without_creation_rule();
    let theirs = format!(
        "{} set {} '[\"pw\"]' '\"canary2\"' > /dev/null 2>&1 || exit 9",
        env!("CARGO_BIN_EXE_leafcrypt"),
        desk.place.path("a.yaml").display()
    );
    let script = format!("{theirs}\n{}", becomes("encrypted_regex: ^a$"));
    let err = code(&desk.rule(Program::Ours, "a.yaml", &script, ""), 1);
    assert!(err.contains("would leave in clear what is sealed: pw;"), "{err}");
    assert!(!desk.text("a.yaml").contains("canary"), "{}", desk.text("a.yaml"));
}

/// Without a key somebody takes the witness out while the editor is open, and narrows the file's rule: nothing else tells of it, but what is typed does not
/// come to stand in clear by it.
#[test]
fn a_rule_that_is_narrowed_meanwhile() {
    let path = |desk: &Desk| desk.place.path("a.yaml").display().to_string();
    for (rule, typed) in [
        ("encrypted_regex: ^(name|password)$", "1i api_key: canary"),
        ("unencrypted_suffix: _token", "1i api_token: canary"),
        ("unencrypted_regex: ^api", "1i api_token: canary"),
        ("unencrypted_suffix: _token", "1i m:\\n  api_token: canary"),
        ("unencrypted_suffix: _token", "1i m:\\n  api_token: [1, canary]"),
    ] {
        for program in OURS {
            let desk = Desk::new();
            desk.seal("a.yaml", "name: a\npassword: b\n");
            desk.without_creation_rule();
            let strip = format!("sed -i '/leafcrypt:/d; s/unencrypted_suffix: .*/{rule}/' {}", path(&desk));
            let done = desk.run(program, &["edit", "a.yaml"], &format!("sed -i '{typed}' \"$1\"\n{strip}"), "");
            let err = code(&done, 1);
            assert!(err.contains("would leave in clear") && err.contains("api_"), "{program:?} {rule}: {err}");
            assert!(!desk.text("a.yaml").contains("canary"), "{program:?} {rule}: {}", desk.text("a.yaml"));
            desk.is_clean();
        }
    }
    // The same where the value was sealed before, and takes another name's place in the rule.
    let desk = Desk::new();
    desk.seal("a.yaml", "name: a\npassword: b\n# note\nlist: []\n");
    desk.without_creation_rule();
    let strip = format!("sed -i '/leafcrypt:/d; s/unencrypted_suffix: .*/encrypted_regex: ^(name|password)$/' {}", path(&desk));
    let err = code(&desk.edit("a.yaml", &format!("sed -i 's/list: \\[]/list: [canary]/' \"$1\"\n{strip}"), ""), 1);
    assert!(err.contains("what is sealed: list"), "{err}");
    assert!(!desk.text("a.yaml").contains("canary"), "{}", desk.text("a.yaml"));
}

/// Somebody who may do so has another rule meanwhile: what stands in clear by it in the file is no news, what is typed into its place is.
#[test]
fn a_rule_that_a_reader_changes_meanwhile() {
    let ours = env!("CARGO_BIN_EXE_leafcrypt");
    for (typed, refused) in [("s/^name: a/name: z/", false), ("1i name2: z", false), ("s/^open: c/open: canary/", true)] {
        let desk = Desk::new();
        desk.seal("a.yaml", "name: a\nopen: c\n");
        desk.without_creation_rule();
        let path = desk.place.path("a.yaml").display().to_string();
        // Sealed anew under a rule that leaves `open` in clear.
        let theirs = format!(
            "{ours} decrypt -i {path} 2>/dev/null && {ours} encrypt --age {} --encrypted-regex ^name -i {path} 2>/dev/null || exit 9",
            desk.place.recipient
        );
        let done = desk.edit("a.yaml", &format!("{theirs}\nsed -i '{typed}' \"$1\""), "");
        let err = code(&done, i32::from(refused));
        let text = desk.text("a.yaml");
        assert!(text.contains("open: c\n") && !text.contains("canary"), "{typed}: {text}");
        assert_eq!(err.contains("would leave in clear what is sealed: open;"), refused, "{typed}: {err}");
    }
}

#[test]
fn a_new_file_and_a_binary_one() {
    let desk = Desk::new();
    let script = format!("{}; sed -i '/^sops:/,$!d' \"$1\"; sed -i '1i a: canary\\npw: canary2' \"$1\"", becomes("encrypted_regex: ^a$"));
    let err = code(&desk.rule(Program::Ours, "new.yaml", &script, ""), 1);
    assert!(err.contains("is sealed: pw;") && !desk.place.path("new.yaml").exists(), "{err}");
    desk.seal("a.bin", "canary\n");
    let script = "sed -i 's/\"version\"/\"encrypted_regex\": \"zzz\", \"version\"/; s/canary/canary2/' \"$1\"";
    code(&desk.rule(Program::Ours, "a.bin", script, ""), 0);
    assert!(!desk.text("a.bin").contains("canary") && !desk.text("a.bin").contains("encrypted_regex"), "{}", desk.text("a.bin"));
    assert_eq!(desk.decrypted("a.bin"), "canary2\n");
}

/// Back to the editor, as with every other mistake.
#[test]
fn rules_that_are_none() {
    let desk = Desk::new();
    let before = desk.seal("a.yaml", "a: canary\n");
    let bad = [becomes("encrypted_regex: ("), becomes("encrypted_regex: a\\n    unencrypted_suffix: b"), becomes("encrypted_regex: zzz")];
    let cases: Vec<String> = bad.iter().enumerate().map(|(i, script)| format!("{i}) {script};;")).collect();
    let script = format!(
        "[ -e \"$HOME/first\" ] || cp \"$1\" \"$HOME/first\"; cp \"$HOME/first\" \"$1\"\n\
         n=$(cat \"$HOME/n\" 2>/dev/null || echo 0); echo $((n + 1)) > \"$HOME/n\"\ncase $n in {} *) sed -i s/canary/canary2/ \"$1\";; esac",
        cases.join("\n")
    );
    let err = code(&desk.rule(Program::Ours, "a.yaml", &script, "\n\n\n"), 0);
    assert_eq!(err.matches("Press Enter").count(), 3, "{err}");
    assert_eq!(desk.decrypted("a.yaml"), "a: canary2\n");
    assert_ne!(desk.text("a.yaml"), before);
}
