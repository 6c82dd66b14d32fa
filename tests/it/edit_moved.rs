//! `edit` under a rule that goes by names: a value that was sealed does not come to stand in clear under another name without a word (P10).

use crate::edit::{Desk, code};
use crate::tools::Program;

const BY_NAME: &str = "encrypted_regex: ^(pw|key|secret)";

/// A project whose rule this is.
fn project(rule: &str) -> Desk {
    let desk = Desk::new();
    desk.place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n    {rule}\n", desk.place.recipient));
    desk
}

impl Desk {
    /// As `leafcrypt` refused where nobody can be asked, and the text is kept; as `sops` told.
    #[track_caller]
    fn tells(&self, file: &str, script: &str, says: &[&str]) {
        let before = self.text(file);
        let err = code(&self.edit(file, script, ""), 1);
        assert!(says.iter().all(|what| err.contains(what)), "{script}: {err}");
        assert!(err.contains("what you typed is kept") || err.contains("is kept sealed"), "{script}: {err}");
        assert_eq!(self.text(file), before, "{script}");
        let _ = std::fs::remove_dir_all(self.place.path("home/.local"));
        if file.ends_with(".toml") {
            return;
        }
        let err = code(&self.run(Program::AsSops, &["edit", file], script, ""), 0);
        assert!(says.iter().all(|what| err.contains(what)), "{script}: {err}");
        assert_ne!(self.text(file), before, "{script}");
        self.place.write(file, before);
    }

    /// Written under both names, and nothing is said.
    #[track_caller]
    fn is_silent(&self, file: &str, script: &str) {
        let before = self.text(file);
        for program in [Program::Ours, Program::AsSops] {
            let err = code(&self.run(program, &["edit", file], script, ""), 0);
            assert_eq!(err, "", "{program:?} {script}");
            assert_ne!(self.text(file), before, "{program:?} {script}");
            self.place.write(file, &before);
        }
    }
}

#[test]
fn a_name_that_is_mistyped() {
    for (rule, file, plain, script, at) in [
        (BY_NAME, "a.yaml", "pw: canary\nkey: x1234\nb: x\n", "s/^pw/passwd/", " passwd"),
        (BY_NAME, "a.yaml", "m:\n  pw: canary\n  b: x\nkey: y\n", "s/  pw/  password/; s/x$/z/", " m.password"),
        (BY_NAME, "a.yaml", "secrets: {a: canary, b: [canary1, 1]}\nkey: y\n", "s/^secrets/geheim/", " geheim.a, geheim.b[0]"),
        // A number is told where it stands in its old place, only its name is another.
        (BY_NAME, "a.yaml", "b: 1\npw: 5432\nkey: y\n", "s/^pw/pin/", " pin"),
        // The name of what is around it.
        (BY_NAME, "a.yaml", "a:\n  secrets:\n    pin: 4711\n    cvv: 123\nkey: y\n", "s/secrets/secrest/", " a.secrest.pin, a.secrest.cvv"),
        ("encrypted_regex: ^secrets$", "a.yaml", "a:\n  secrets:\n    pin: 4711\nb: 1\nsecrets: z\n", "/^  secrets/d", " a.pin"),
        (BY_NAME, "a.yaml", "secrets: [4711, 4712]\nkey: y\n", "s/secrets/pins/", " pins[0], pins[1]"),
        (BY_NAME, "a.ini", "[secrets]\npin = 4711\n[key]\na = b\n", "s/secrets/secrest/", " secrest.pin"),
        // What was typed over a value in clear was sealed.
        (BY_NAME, "a.yaml", "pw: canary\nkey: y\nb: x\n", "/^pw/d; s/^b: .*/b: canary/", " b"),
        // A value by its bytes, whatever its type.
        (BY_NAME, "a.yaml", "pw: 12345678\nkey: y\n", "s/^pw: \\(.*\\)/pin: '\\1'/", " pin"),
        (BY_NAME, "a.json", "{\"pw\": \"canary\", \"key\": \"y\"}\n", "s/\"pw\"/\"passwd\"/", " passwd"),
        ("encrypted_regex: ^(PW|KEY)", "a.env", "PW=canary\nKEY=y\n", "s/^PW/PASSWD/", " PASSWD"),
        (BY_NAME, "a.ini", "[s]\npw = canary\nkey = y\n", "s/^pw/passwd/", " s.passwd"),
        ("encrypted_suffix: _enc", "a.yaml", "pw_enc: canary\nkey_enc: y\n", "s/^pw_enc/pw_ecn/", " pw_ecn"),
        ("unencrypted_regex: ^pub", "a.yaml", "pw: canary\npub: x\nkey: y\n", "s/^pw/public/", " public"),
        ("unencrypted_suffix: _clear", "a.yaml", "pw: canary\nkey: y\n", "s/^pw/pw_clear/", " pw_clear"),
        // By the default rule names say it themselves, but not for what is moved below one.
        (
            "unencrypted_suffix: _unencrypted",
            "a.yaml",
            "pw: canary\nkey: y\nm_unencrypted:\n  a: b\n",
            "/^pw/d; s/  a: b/&\\n  pw: canary/",
            " m_unencrypted.pw",
        ),
        // A comment may hold a secret as well.
        (BY_NAME, "a.yaml", "secrets:\n  # canary\n  a: x\nkey: y\nb: c\n", "2d; s/^b/# canary\\nb/; s/  a: x/  a: z/", " a comment"),
    ] {
        let desk = project(rule);
        desk.seal(file, plain);
        assert!(!desk.text(file).contains("canary"), "{}", desk.text(file));
        desk.tells(
            file,
            &format!("sed -i \"{}\" \"$1\"", script.replace('"', "\\\"")),
            &["what was sealed would stand in clear", &format!(":{at}")],
        );
    }
}

/// Whoever means it says yes once.
#[test]
fn a_value_that_is_moved_on_purpose() {
    let desk = project(BY_NAME);
    desk.seal("a.yaml", "pw: canary\nkey: canary1\nb: x\n");
    let mut terminal = desk.asks(env!("CARGO_BIN_EXE_leafcrypt"), "edit a.yaml", "sed -i 's/^pw/open/' \"$1\"");
    terminal.answer("Write that in clear? [y/N]", "y\n");
    assert!(terminal.seen.contains("would stand in clear, by encrypted_regex") && terminal.seen.contains(": open"), "{}", terminal.seen);
    assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
    assert!(desk.text("a.yaml").starts_with("open: canary\nkey: ENC["), "{}", desk.text("a.yaml"));
    // In clear already: nobody asks again.
    desk.is_silent("a.yaml", "sed -i 's/^open/opened/; s/^b: x/b: z/' \"$1\"");
    // A no leads back to the editor, which puts it right.
    let script =
        "if [ -e \"$HOME/once\" ]; then sed -i 's/^opener/key2/' \"$1\"; else touch \"$HOME/once\"; sed -i 's/^key/opener/' \"$1\"; fi";
    desk.place.write("a.yaml", "");
    desk.seal("a.yaml", "pw: canary\nkey: canary1\nb: x\n");
    let mut terminal = desk.asks(env!("CARGO_BIN_EXE_leafcrypt"), "edit a.yaml", script);
    terminal.answer("Write that in clear? [y/N]", "n\n");
    terminal.answer("Press Enter", "\n");
    assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
    assert!(!desk.text("a.yaml").contains("canary") && desk.text("a.yaml").contains("key2: ENC["), "{}", desk.text("a.yaml"));
}

#[test]
fn what_is_no_news() {
    for (rule, file, plain, script) in [
        // Moved from one sealed name to another, or within a list.
        (BY_NAME, "a.yaml", "pw: canary\nkey: y\nb: x\n", "s/^pw/key2/"),
        (BY_NAME, "a.yaml", "secret: [canary, b, c]\nb: x\n", "s/canary, b/b, canary/"),
        // It stays sealed where it was.
        (BY_NAME, "a.yaml", "pw: postgres\nb: x\n", "s/^b: x/b: postgres/"),
        // In clear already.
        (BY_NAME, "a.yaml", "pw: postgres\nkey: y\nimage: postgres\n", "s/^pw: .*/image2: postgres/"),
        // By chance.
        (BY_NAME, "a.yaml", "pw: true\nkey: y\nb: 1\n", "s/^pw: true/pw: false/; s/^b: 1/b: 1\\nc: true/"),
        (BY_NAME, "a.yaml", "pw: 5432\nkey: y\nb: 1\n", "s/^pw: 5432/pw: 5433/; s/^b: 1/b: 1\\nport: 5432/"),
        (BY_NAME, "a.yaml", "pw: 5432\nkey: y\nb: 1\n", "/^pw/d; s/^b: 1/b: 1\\nport: 5432/"),
        (BY_NAME, "a.yaml", "pw: a\nkey: y\nb: 1\n", "s/^pw: a/pw: b/; s/^b: 1/b: a/"),
        (BY_NAME, "a.yaml", "pw: ''\nkey: y\nb: 1\n", "s/^pw/open/"),
        (BY_NAME, "a.yaml", "pw:\nkey: y\nb: 1\n", "s/^pw/open/"),
        (BY_NAME, "a.yaml", "pw: true\nkey: y\n", "s/^pw/open/"),
        ("encrypted_regex: ^(PW|KEY)", "a.env", "PW=true\nKEY=y\nB=1\n", "s/^PW=.*/PW=false/; s/^B=1/B=true/"),
        // A new value in clear.
        (BY_NAME, "a.yaml", "pw: canary\nb: 1\n", "s/^b: 1/b: 1\\nopen: hello world/"),
        // A name that says it.
        ("unencrypted_suffix: _unencrypted", "a.yaml", "pw: hello world\nkey: y\n", "s/^pw/pw_unencrypted/"),
        ("unencrypted_suffix: _unencrypted", "a.yaml", "pw: hello world\n", "s/^pw/pw_unencrypted/"),
        // The last secret goes, and nothing else comes.
        (BY_NAME, "a.yaml", "pw: canary\nb: 1\n", "/^pw/d"),
        (BY_NAME, "a.yaml", "pw: canary\nb: 1\nl: [a, b]\n", "/^pw/d; s/^b: 1/b: 2/; s/, b]/, c, d]/"),
        (BY_NAME, "a.yaml", "b: 1\n# pw\n", "s/^b: 1/b: 2/; s/# pw/pw: x/"),
        // Where nothing was sealed before.
        ("unencrypted_regex: ^pub", "a.yaml", "pub: 1\nkey: ''\n", "s/^pub: 1/pub: 1\\npub2: 2/"),
    ] {
        let desk = project(rule);
        desk.place.write(file, plain);
        // As `sops` also what covers nothing by an `unencrypted_*` rule is sealed.
        let program = if rule.starts_with("unencrypted") { Program::AsSops } else { Program::Ours };
        let add = if plain.starts_with("b: 1\n# pw") { "pw: z\n" } else { "" };
        desk.place.write(file, format!("{add}{plain}"));
        code(&desk.place.call(program, ["encrypt", "-i", file]).run(), 0);
        if !add.is_empty() {
            code(&desk.place.ours(["unset", file, "[\"pw\"]"]), 0);
        }
        desk.is_silent(file, &format!("sed -i \"{script}\" \"$1\""));
    }
}

/// What `encrypt` refuses `edit` does not make of a file either.
#[test]
fn nothing_is_sealed_any_more() {
    for (rule, file, plain, script) in [
        ("encrypted_regex: ^pw$", "a.yaml", "pw: canary\nb: x\n", "s/^pw/password/"),
        ("encrypted_regex: ^pw$", "a.yaml", "pw: canary\nb: x\n", "s/^pw: canary/password: canary1/"),
        ("encrypted_regex: ^pw$", "a.yaml", "pw: true\nb: x\n", "s/^pw: true/password: false/"),
        ("encrypted_regex: ^PW$", "a.env", "PW=canary\nB=x\n", "s/^PW/PASSWORD/"),
        ("encrypted_suffix: _enc", "a.json", "{\"pw_enc\": \"canary\"}\n", "s/pw_enc/pw_ecn/"),
    ] {
        let desk = project(rule);
        desk.seal(file, plain);
        desk.tells(file, &format!("sed -i '{script}' \"$1\""), &["covers no value of this file: everything would stay in clear"]);
    }
    // The editor again, where it is put right.
    let desk = project("encrypted_regex: ^pw$");
    desk.seal("a.yaml", "pw: canary\nb: x\n");
    let script = "if [ -e \"$HOME/once\" ]; then sed -i 's/^password: .*/pw: canary2/' \"$1\"; else touch \"$HOME/once\"; sed -i 's/^pw/password/' \"$1\"; fi";
    let err = code(&desk.edit("a.yaml", script, "\n"), 0);
    assert_eq!(err.matches("Press Enter").count(), 1, "{err}");
    assert_eq!(desk.decrypted("a.yaml"), "pw: canary2\nb: x\n");
}

/// Somebody else changes the file meanwhile: the merged text is looked at.
#[test]
fn a_file_that_changes_meanwhile() {
    let desk = project(BY_NAME);
    desk.seal("a.yaml", "pw: canary\nkey: canary1\nb: x\n");
    let path = desk.place.path("a.yaml").display().to_string();
    let theirs = format!("{} set {path} '[\"b\"]' '\"z\"' > /dev/null 2>&1 || exit 9", env!("CARGO_BIN_EXE_leafcrypt"));
    let err = code(&desk.edit("a.yaml", &format!("{theirs}\nsed -i 's/^pw/open/' \"$1\""), ""), 1);
    assert!(err.contains("what was sealed would stand in clear") && err.contains(": open"), "{err}");
    assert!(!desk.text("a.yaml").contains("canary"), "{}", desk.text("a.yaml"));
}

/// A copy of what stays sealed is no news, but where somebody else takes the other one away.
#[test]
fn a_copy_that_is_left_alone() {
    let desk = project(BY_NAME);
    desk.seal("a.yaml", "pw: canary77line\nkey: canary1\nb: http://h\n");
    let path = desk.place.path("a.yaml").display().to_string();
    let theirs = format!("{} set {path} '[\"pw\"]' '\"new\"' > /dev/null 2>&1 || exit 9", env!("CARGO_BIN_EXE_leafcrypt"));
    let err = code(&desk.edit("a.yaml", &format!("{theirs}\nsed -i 's#//h#//u:canary77line@h#' \"$1\""), ""), 1);
    assert!(err.contains("what was sealed would stand in clear") && err.contains(": b"), "{err}");
    assert!(!desk.text("a.yaml").contains("canary77line"), "{}", desk.text("a.yaml"));
}

/// Whoever has said yes is not asked once more where somebody else changes the file meanwhile.
#[test]
fn asked_once() {
    let desk = project(BY_NAME);
    desk.seal("a.yaml", "pw: canary\nkey: canary1\nb: x\n");
    let path = desk.place.path("a.yaml").display().to_string();
    let theirs = format!("{} set {path} '[\"b\"]' '\"z\"' > /dev/null 2>&1 || exit 9", env!("CARGO_BIN_EXE_leafcrypt"));
    let mut terminal = desk.asks(env!("CARGO_BIN_EXE_leafcrypt"), "edit a.yaml", &format!("{theirs}\nsed -i 's/^pw/open/' \"$1\""));
    terminal.answer("Write that in clear? [y/N]", "y\n");
    assert_eq!(terminal.end(), Some(0), "{}", terminal.seen);
    assert_eq!(terminal.seen.matches("Write that in clear?").count(), 1, "{}", terminal.seen);
    assert_eq!(desk.decrypted("a.yaml"), "open: canary\nkey: canary1\nb: z\n");
}

/// An edit that was not saved is looked at when it is taken up, also where the file is another by then.
#[test]
fn an_edit_that_is_taken_up() {
    let desk = project(BY_NAME);
    desk.seal("a.yaml", "user: bob\npw: canary7\nkey: y\n");
    code(&desk.edit("a.yaml", "sed -i 's/^pw/#pw/' \"$1\"; exit 1", ""), 201);
    code(&desk.place.ours(["set", "a.yaml", "[\"user\"]", "\"jim\""]), 0);
    for (answer, ended) in [("n\n", Some(1)), ("y\n", Some(0))] {
        let mut terminal = desk.asks(env!("CARGO_BIN_EXE_leafcrypt"), "edit a.yaml", "true");
        terminal.answer("Take it up? [y/N]", "y\n");
        terminal.answer("Write that in clear? [y/N]", answer);
        if ended == Some(1) {
            terminal.answer("Press Enter", "\x03");
        }
        assert_eq!(terminal.end().is_some_and(|code| code == 0), ended == Some(0), "{}", terminal.seen);
        assert!(terminal.seen.contains("a comment (line 2)"), "{}", terminal.seen);
        assert_eq!(desk.text("a.yaml").contains("canary7"), ended == Some(0), "{}", desk.text("a.yaml"));
    }
}

/// Taken out of use, a secret is none of the values any more; in clear it is all the same.
#[test]
fn in_the_middle_of_another_text() {
    for (rule, file, plain, script, at) in [
        (BY_NAME, "a.yaml", "user: bob\npw: canary7\nkey: y\n", "s/^pw/#pw/", "a comment (line 2)"),
        (BY_NAME, "a.yaml", "user: bob\npw: canary7\nkey: y\n", "s/^pw: .*/pw: new # was canary7/", "a comment (line 2)"),
        (BY_NAME, "a.ini", "[s]\nb = c\npw = canary7\nkey = y\n", "s/^pw/;pw/", "a comment (line 3)"),
        (BY_NAME, "a.toml", "b = 'c'\npw = 'canary7'\nkey = 'y'\n", "s/^pw/# pw/", "a comment (line 2)"),
        (BY_NAME, "a.yaml", "url: http://h\npw: canary7\nkey: y\n", "/^pw/d; s#//h#//u:canary7@h#", "url"),
        // A value of several lines, or one of them.
        (
            BY_NAME,
            "a.yaml",
            "user: bob\nkey: |\n  begin\n  canary7line\nsecret: y\n",
            "s/^key\\|^  begin\\|^  can/# &/",
            "a comment (line 4)",
        ),
        (
            BY_NAME,
            "a.yaml",
            "user: bob\nkey: |\n  begin\n  PW=canary7line\nsecret: y\n",
            "4d; s/^user/# PW=canary7line\\n&/",
            "a comment (line 1)",
        ),
        (BY_NAME, "a.yaml", "user: bob\nkey: |\n  begin\n  PW=canary7line\nsecret: y\n", "4d; s/^user/PW: canary7line\\n&/", "PW"),
        (BY_NAME, "a.yaml", "user: bob\nkey: |\n  begin\n  canary7line\nsecret: y\n", "s/^key: |/kex: >/", "kex"),
        ("encrypted_regex: ^(PW|KEY)", "a.env", "A=b\nPW=\"first\ncanary7line\nend\"\nKEY=y\n", "2,4s/^/# /", "a comment (line 3)"),
        // As it is spelled.
        (BY_NAME, "a.yaml", "user: bob\npw: \"canary7\\\"canary\"\nkey: y\n", "s/^pw/# pw/", "a comment (line 2)"),
        (BY_NAME, "a.yaml", "user: bob\npw: canary7''canary\nkey: y\n", "s/^pw/# pw/", "a comment (line 2)"),
        // A short one with its name.
        (BY_NAME, "a.yaml", "user: bob\npw: 4711\nkey: y\n", "s/^pw/# pw/", "a comment (line 2)"),
        (BY_NAME, "a.yaml", "user: bob\npw: abc\nkey: y\n", "s/^pw/# pw/", "a comment (line 2)"),
        // As a name.
        (BY_NAME, "a.yaml", "user: bob\npw: canary77line\nkey: y\n", "s/^pw: .*/canary77line: pw/", "a name (line 2)"),
        (
            BY_NAME,
            "a.json",
            "{\"user\": \"bob\", \"pw\": \"canary77line\", \"key\": \"y\"}\n",
            "s/.pw.: .canary77line./.canary77line.: 1/; s/[.]/\"/g",
            "a name (line 1)",
        ),
        // A comment that was sealed, in another text.
        (BY_NAME, "a.yaml", "secrets:\n  # old: canary7line\n  a: x\nkey: y\n", "2d; s/^key/old: canary7line\\n&/", "old"),
        // Lines of INI that are one comment with others.
        (
            "encrypted_suffix: _e",
            "a.ini",
            "[y_e]\n; canary7\nx_e = v\n[b]\npw = w\n; note\nb = z\n",
            "/canary7/d; s/^; note/; note\\n; canary7/",
            "a comment",
        ),
    ] {
        let desk = project(rule);
        desk.seal(file, plain);
        desk.tells(file, &format!("sed -i '{script}' \"$1\""), &["would stand in clear", at]);
    }
    for (plain, script) in [
        // Part of another word, as a copy of what stays sealed, or what was in clear before.
        ("url: http://h\npw: canary\nkey: y\n", "/^pw/d; s#//h#//canaryland#"),
        ("url: http://h\npw: canary7\nkey: y\n", "s#//h#//u:canary7@h#"),
        ("url: http://canary7@h\npw: canary7\nkey: y\n", "/^pw/d"),
        ("# canary7\nurl: h\npw: canary7\nkey: y\n", "/^pw/d"),
        // A word that stood in clear before.
        ("image: registry/postgres:15\npw: postgres\nkey: y\n", "s/postgres:15/postgres:16/; s/^pw: .*/pw: app/"),
        (
            "# in production\nb: payments-production\npw: production\nkey: y\n",
            "s/^pw: .*/pw: app/; s/in production/in production, too/; s/s-production/s-production-eu/",
        ),
        // A short one alone.
        ("b: 1\npw: 4711\nkey: y\n", "s/4711/4712/; s/^b: 1/b: 1 # was 4711/"),
        ("b: 1\npw: info\nkey: y\n", "s/info/warn/; s/^b: 1/b: 1 # info: see wiki/"),
        // A short one in what somebody writes of it.
        ("b: 1\nsecrets: {replicas: 3}\n", "s/replicas: 3/replicas: 5/; s/^b: 1/b: 1 # web also runs replicas: 3/"),
        // Lines that many texts have.
        (
            "b: 1\nsecret: |\n  -----BEGIN CERTIFICATE-----\n  canary\npw: x\n",
            "/^secret/,/canary/d; s/^b: 1/b: |\\n  -----BEGIN CERTIFICATE-----\\n  another/",
        ),
        // Sealed as before, in other pieces.
        ("secrets: |\n  database:\n    password: a\n    username: ask ops\n", "s/^secrets: |/secrets:/"),
    ] {
        let desk = project(BY_NAME);
        desk.seal("a.yaml", plain);
        desk.is_silent("a.yaml", &format!("sed -i '{script}' \"$1\""));
    }
}

/// Where comments decide a value's own comment goes with it, and the line would be a comment that nothing seals.
#[test]
fn where_comments_decide() {
    for (rule, plain, script, at) in [
        ("encrypted_comment_regex: secret", "pw: canary7 # secret\nz: 1\n# secret\ny: 1\n", "1s/^/#/", "a comment (line 1)"),
        ("encrypted_comment_regex: secret", "u: bob\n# secret\npw: canary7\nurl: //h\n", "/^pw/d; /secret/d; s#//h#//u:canary7@h#", "url"),
        (
            "unencrypted_comment_regex: public",
            "pw: canary7\n# public\ny: 1\nz: k\n",
            "/^pw/d; s/public/public canary7/",
            "a comment (line 1)",
        ),
    ] {
        let desk = project(rule);
        desk.seal("a.yaml", plain);
        assert!(!desk.text("a.yaml").contains("canary"), "{}", desk.text("a.yaml"));
        desk.tells("a.yaml", &format!("sed -i '{script}' \"$1\""), &["would stand in clear", at]);
    }
    // Nothing is told that comments seal.
    let desk = project("encrypted_comment_regex: secret");
    desk.seal("a.yaml", "# secret\npw: canary7\nz: 1\n# secret\ny: 1\n");
    desk.is_silent("a.yaml", "sed -i '2s/canary7/canary8/; s/^z: 1/z: 2/' \"$1\"");
}

/// A value over several lines that has lost its first one, or its quote: the others are names by now, and these are in clear. They are not shown.
#[test]
fn a_piece_of_a_value_as_a_name() {
    for (file, plain, script, line) in [
        ("a.env", "A=1\nKEY=\"-----BEGIN\nMIIEcanary7QIBADANBgkqhkiG9w0BAQ==\nend\"\n", "/^KEY/d; /^end/d", "a name (line 2)"),
        ("a.env", "A=1\nKEY=\"begin=\nMIIEcanary7QIBADANBgkqhkiG9w0BAQ==\nend\"\n", "s/\"//; /^end/d", "a name (line 3)"),
        ("a.ini", "[s]\na = 1\nkey = begin \\\nMIIEcanary7QIBADANBgkqhkiG9w0BAQ==\n", "/^key/d", "a name (line 3)"),
        ("a.yaml", "a: 1\nkey: |\n  MIIEcanary7QIBADANBgkqhkiG9w0BAQ: x\n  b: c\n", "s/^key: |/key:/", "a name (line 3)"),
        // The value's own name goes, and with it what parts it from the value.
        ("a.env", "A=1\nPW=canary77x=yz\n", "s/^PW=//", "a name (line 2)"),
    ] {
        let desk = project("unencrypted_regex: ^none$");
        desk.seal(file, plain);
        assert!(!desk.text(file).contains("canary"), "{}", desk.text(file));
        let before = desk.text(file);
        desk.tells(file, &format!("sed -i '{script}' \"$1\""), &["would stand in clear", line]);
        let err = code(&desk.edit(file, &format!("sed -i '{script}' \"$1\""), ""), 1);
        assert!(!err.contains("canary"), "{err}");
        assert_eq!(desk.text(file), before);
    }
    for (file, plain, script) in [
        // A list that becomes a map, and a word of a new name.
        ("a.yaml", "env:\n- name: DATABASE_PASSWORD\n  value: abc\n", "2d; 3s/- \\?//; s/  value: abc/  DATABASE_PASSWORD: abc/"),
        ("a.yaml", "hosts: [staging, db.example.com]\n", "s/.*/hosts: {staging: 1, db.example.com: 2}/"),
        ("a.yaml", "env: staging\nkey: x\n", "s/: staging/: production\\nstaging_key: y/"),
        // A new name whose word is somewhere in a value that was changed.
        ("a.yaml", "a: 1\nkey: my database password\n", "s/my database/another/; s/^a: 1/a: 1\\ndatabase: x/"),
        ("a.env", "A=1\nKEY=\"canary7\ncanary8=x\nend\"\n", "s/canary7/canary9/; s/^A=1/A=1\\nCANARY8=x/"),
    ] {
        let desk = project("unencrypted_regex: ^none$");
        desk.seal(file, plain);
        desk.is_silent(file, &format!("sed -i '{script}' \"$1\""));
    }
}

/// A name that was a sealed value is in no message.
#[test]
fn a_value_below_a_name_that_was_one() {
    let desk = project(BY_NAME);
    desk.seal("a.yaml", "secrets:\n- canary7\npw: owner99\nkey: y\n");
    let err = code(&desk.edit("a.yaml", "printf 'tokenz:\n  canary7:\n    owner: owner99\nkey: y\n' > \"$1\"", ""), 1);
    assert!(err.contains("a value (line 3)") && !err.contains("canary7"), "{err}");
}
