//! `encrypt` of a file that is sealed already (docs/sealed-file.md, section 5): what stands in clear is sealed, the rest keeps its tokens.

use crate::tools::{Place, Program, without_field};

/// Seals `plain`, lets a person edit the sealed text, and encrypts again. `Ok`: what decrypts afterwards.
fn completed(file: &str, plain: &str, edit: impl Fn(&str) -> String) -> Result<String, i32> {
    let place = Place::project();
    let sealed = place.seal(file, plain);
    let edited = edit(&sealed);
    assert_ne!(edited, sealed, "{file}: the edit hits nothing");
    place.write(file, &edited);
    let done = place.ours(["encrypt", "-i", file]);
    if !done.status.success() {
        assert_eq!(place.read(file), edited.as_bytes(), "{file}: a failed command changed it");
        let text = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!text.contains("canary"), "{text}");
        return Err(done.status.code().unwrap());
    }
    let now = String::from_utf8(place.read(file)).unwrap();
    assert!(!now.contains("canary"), "{file}: {now}");
    for line in sealed.lines().filter(|l| l.contains("ENC[") && !l.contains("mac") && !l.contains("leafcrypt")) {
        assert!(!edited.contains(line) || now.contains(line), "{file}: a token changed: {line}");
    }
    if let Some(theirs) = place.sops(["decrypt", file]) {
        assert!(theirs.status.success(), "{file}: sops: {}", String::from_utf8_lossy(&theirs.stderr));
    }
    let opened = place.ours(["decrypt", "--require-witness", file]);
    assert!(opened.status.success(), "{file}: {}", String::from_utf8_lossy(&opened.stderr));
    Ok(String::from_utf8(opened.stdout).unwrap())
}

#[test]
fn values_in_clear_are_sealed_and_the_rest_stays() {
    let check = |file, plain, from: &str, to: &str, expected: &str| {
        assert_eq!(completed(file, plain, |text| text.replacen(from, to, 1)).as_deref(), Ok(expected), "{file}");
    };
    check(
        "a.yaml",
        "# one\na: b   # two\nn: 0x1F\n",
        "n: ",
        "new: canary # three\nn: ",
        "# one\na: b   # two\nnew: canary # three\nn: 0x1F\n",
    );
    check("m.yaml", "a:\n  b: c\n", "sops:", "m:\n  - x: canary\n  - canary2\nsops:", "a:\n  b: c\nm:\n  - x: canary\n  - canary2\n");
    check("l.yaml", "l:\n  - one\n  - two\n", "l:\n", "l:\n  - canary\n", "l:\n  - canary\n  - one\n  - two\n");
    check("e.yaml", "a: b\ne: {}\n", "e: {}", "e: {x: canary}", "a: b\ne: {x: canary}\n");
    check("z.yaml", "a: b\ne: null\n", "e: null", "e: null\nf: canary", "a: b\ne: null\nf: canary\n");
    check(
        "a.json",
        "{\"a\": 1.50}\n",
        "{\"a\"",
        "{\"new\": {\"x\": [\"canary\", 5, true]}, \"a\"",
        "{\"new\": {\"x\": [\"canary\", 5, true]}, \"a\": 1.50}\n",
    );
    check("a.env", "A=b\n", "A=", "NEW=canary\nA=", "NEW=canary\nA=b\n");
    check("a.ini", "[s]\nk = \"v\"\n", "[s]\n", "[s]\nnew = canary\n", "[s]\nnew = canary\nk = \"v\"\n");
    check("s.yaml", "a: b\n---\nc: d\n", "\n---\n", "\n---\nnew: canary\n", "a: b\n---\nnew: canary\nc: d\n");
}

#[test]
fn a_file_without_our_field_is_completed_too() {
    let strip = |text: &str| without_field(text).replacen("sops:", "new: canary\nsops:", 1);
    assert_eq!(completed("a.yaml", "a: b\n", strip).as_deref(), Ok("a: b\nnew: canary\n"));
}

/// What became of it is one line, also where nobody sits at a terminal: a script that seals all files of a folder would leave no trace of it.
#[test]
fn what_was_sealed_already_is_told() {
    let place = Place::project();
    let sealed = place.seal("a.yaml", "a: b\n");
    let told = || {
        let done = place.ours(["encrypt", "-i", "a.yaml"]);
        assert!(done.status.success() && done.stdout.is_empty(), "{done:?}");
        String::from_utf8(done.stderr).unwrap()
    };
    assert_eq!(told(), "a.yaml is sealed already, and nothing that its rule covers stands in clear\n");
    assert_eq!(place.read("a.yaml"), sealed.as_bytes());
    place.write("a.yaml", sealed.replacen("sops:", "new: canary\nsops:", 1));
    assert_eq!(told(), "a.yaml was sealed already; sealed what stood in clear: new (line 2)\n");
}

#[test]
fn what_else_was_changed_is_refused() {
    let check = |plain: &str, edit: &dyn Fn(&str) -> String| assert_eq!(completed("a.yaml", plain, edit), Err(51));
    let token = |text: &str, key: &str| text.lines().find(|l| l.starts_with(key)).unwrap().to_owned();
    // A token overwritten, removed, and a new value beside a renamed clear key.
    check("a: b\nc: d\n", &|text| text.replacen(&token(text, "a: "), "a: canary", 1));
    check("a: b\nc: d\n", &|text| text.replacen(&token(text, "a: "), "x: canary", 1));
    check("a: b\ne: \"\"\n", &|text| text.replacen("e: \"\"", "f: \"\"\nx: canary", 1));
    check("a: b\nk_unencrypted: c\n", &|text| text.replacen("k_unencrypted: c", "k_unencrypted: d\nx: canary", 1));
}

#[test]
fn nothing_in_clear_needs_no_key_and_changes_nothing() {
    let place = Place::project();
    for (file, text) in [("a.yaml", "a: b\nc_unencrypted: d\n"), ("a.bin", "bytes"), ("a.env", "A=b\n")] {
        let sealed = place.seal(file, text);
        let keys = place.read("keys.txt");
        std::fs::remove_file(place.path("keys.txt")).unwrap();
        let done = place.ours(["encrypt", "-i", file]);
        assert!(done.status.success() && done.stdout.is_empty(), "{file}: {}", String::from_utf8_lossy(&done.stderr));
        assert_eq!(place.read(file), sealed.as_bytes());
        assert_eq!(place.ours(["encrypt", file]).stdout, sealed.as_bytes());
        place.write("keys.txt", keys);
    }
}

#[test]
fn recipients_stay_and_the_name_sops_refuses() {
    let place = Place::project();
    let sealed = place.seal("a.yaml", "a: b\n");
    let other = "age1u76qcy00lrnkd6s5wvfjdqtaln2d3yq64709u2g5ele0nh2w63zs0j8q7r";
    place.write("a.yaml", sealed.replacen("sops:", "new: canary\nsops:", 1));
    let done = place.ours(["encrypt", "-i", "--age", other, "a.yaml"]);
    assert!(done.status.success());
    assert!(String::from_utf8_lossy(&done.stderr).contains("keeps its own recipients"), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(!String::from_utf8(place.read("a.yaml")).unwrap().contains(other));
    let done = place.as_sops(["encrypt", "a.yaml"]);
    assert_eq!(done.status.code(), Some(203), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn set_vouches_for_the_rules_own_recipients_only() {
    let place = Place::project();
    let check = |rule: &str, vouched: bool| {
        place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n", place.recipient));
        let sealed = place.seal("a.yaml", "a: b\n");
        // As SOPS would have rewritten it: without the field nobody vouches.
        place.write("a.yaml", without_field(&sealed));
        place.write(".sops.yaml", rule);
        let done = place.ours(["set", "a.yaml", "[\"a\"]", "\"c\""]);
        assert!(done.status.success(), "{rule}: {}", String::from_utf8_lossy(&done.stderr));
        let opened = place.ours(["decrypt", "--require-witness", "a.yaml"]);
        assert_eq!(opened.status.code(), Some(if vouched { 0 } else { 51 }), "{rule}");
    };
    let own = place.recipient.clone();
    let other = "age1ayl8eckhft928glyu5uyeullwgzykcdfsveaswrua27gfk3y3pnq2y55y8";
    check(&format!("creation_rules:\n  - age: {own}\n"), true);
    check(&format!("creation_rules:\n  - age: {own},{other}\n"), false);
    check(&format!("creation_rules:\n  - path_regex: ^x$\n    age: {own}\n"), false);
    check("", false);
}

#[test]
fn a_value_that_the_rule_covers_is_not_written_in_clear() {
    let place = Place::project();
    place.seal("a.yaml", "token_unencrypted: b\nc: d\n");
    place.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n    encrypted_regex: ^token\n", place.recipient));
    let before = place.read("a.yaml");
    let done = place.ours(["set", "a.yaml", "[\"token_unencrypted\"]", "\"canary\""]);
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(1), "{text}");
    assert!(text.contains("token_unencrypted would stand in clear") && text.contains("hint: ") && !text.contains("canary"), "{text}");
    assert_eq!(place.read("a.yaml"), before);
    assert!(place.ours(["set", "a.yaml", "[\"c\"]", "\"e\""]).status.success(), "what the rule leaves clear may be sealed");
}

/// Somebody narrows the file's own rule, so that a value in clear is none of its business: the creation rule tells, with and without a key (P10).
#[test]
fn a_value_that_only_the_creation_rule_covers_is_refused() {
    let place = Place::project();
    for (file, plain, added) in [
        ("a.yaml", "name: a\npassword: b\n", "api_token: canary\n"),
        ("b.yaml", "name: a\npassword: b\n", "m:\n  l: [1, canary]\n"),
        ("n.yaml", "name: a\npassword: b\n", "pin: 90210\n"),
        ("a.env", "name=a\npassword=b\n", "api_token=canary\n"),
    ] {
        let sealed = place.seal(file, plain);
        let narrowed = sealed.replacen("unencrypted_suffix", "encrypted_regex", 1).replacen("_unencrypted", "^(name|password)$", 1);
        // Beside one that is to be sealed it is refused no less.
        for also in ["", if file == "a.yaml" { "x:\n  password: canary\n" } else { "" }] {
            let tampered = format!("{added}{also}{narrowed}");
            assert_ne!(narrowed, sealed, "{file}");
            place.write(file, &tampered);
            for keys in ["keys.txt", "none.txt"] {
                for args in [["encrypt", file].as_slice(), &["encrypt", "-i", file]] {
                    let done = place.call(Program::Ours, args).env("SOPS_AGE_KEY_FILE", place.path(keys)).run();
                    let text = String::from_utf8_lossy(&done.stderr).into_owned();
                    assert_eq!(done.status.code(), Some(1), "{file} {keys}: {text}");
                    assert!(text.contains("would stand in clear") && text.contains("hint: "), "{file}: {text}");
                    assert!(done.stdout.is_empty() && !text.contains("canary") && !text.contains("90210"), "{file}: {text}");
                    assert_eq!(place.read(file), tampered.as_bytes(), "{file}");
                }
            }
        }
    }
}

/// Nothing to seal is no reason to pass a file by that was changed: with a key it is told, with the code that `decrypt` has for it; without one, that it was not
/// looked at.
#[test]
fn nothing_in_clear_and_changed_all_the_same() {
    let place = Place::project();
    let sealed = place.seal("a.yaml", "a: b\nc: d\ne_unencrypted: f\n");
    let token = |key: &str| sealed.lines().find(|line| line.starts_with(key)).unwrap().split_once(": ").unwrap().1.to_owned();
    let field = sealed.lines().find(|line| line.contains("leafcrypt: ")).unwrap();
    let cases = [
        ("a clear value", sealed.replacen("e_unencrypted: f", "e_unencrypted: g", 1), 51),
        ("a broken token", sealed.replacen("a: ENC[AES256_GCM,data:", "a: ENC[AES256_GCM,data:AAAA", 1), 25),
        ("a moved token", sealed.replacen(&token("a"), &token("c"), 1), 25),
        ("a clear map", sealed.replacen("a: ", "m: {}\na: ", 1), 51),
        ("a broken witness", sealed.replacen("    leafcrypt: ENC[AES256_GCM,data:", "    leafcrypt: ENC[AES256_GCM,data:AAAA", 1), 51),
    ];
    for (what, tampered, exit) in &cases {
        assert_ne!(*tampered, sealed, "{what}");
        place.write("a.yaml", tampered);
        for (keys, expected) in [("keys.txt", *exit), ("none.txt", 0)] {
            let call = |args: &[&str]| place.call(Program::Ours, args).env("SOPS_AGE_KEY_FILE", place.path(keys));
            let done = call(&["encrypt", "-i", "a.yaml"]).run();
            let text = String::from_utf8_lossy(&done.stderr).into_owned();
            assert_eq!(done.status.code(), Some(expected), "{what} {keys}: {text}");
            assert_eq!(text.contains("is not checked"), expected == 0, "{what} {keys}: {text}");
            assert_eq!(place.read("a.yaml"), tampered.as_bytes(), "{what}");
            if expected != 0 {
                assert_eq!(call(&["decrypt", "a.yaml"]).run().status.code(), Some(expected), "{what}");
            }
            let proof = call(&["encrypt", "-i", "a.yaml"]).env("LEAFCRYPT_REQUIRE_WITNESS", "1").run();
            assert_ne!(proof.status.code(), Some(0), "{what} {keys}");
        }
    }
    // Without the field it is a file as SOPS writes it; who asks for the witness is told.
    place.write("a.yaml", sealed.replacen(&format!("{field}\n"), "", 1));
    assert!(place.ours(["encrypt", "-i", "a.yaml"]).status.success());
    let done = place.call(Program::Ours, ["encrypt", "-i", "a.yaml"]).env("LEAFCRYPT_REQUIRE_WITNESS", "1").run();
    assert_eq!(done.status.code(), Some(51));
    // Nothing is wrong with this one: one line says what it is.
    place.write("a.yaml", &sealed);
    let done = place.ours(["encrypt", "-i", "a.yaml"]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.success() && said.lines().count() == 1 && said.contains("sealed already, and nothing that its rule covers"),
        "{said}"
    );
}
