//! Metadata blocks as old writers, other versions and careless editors leave them: what the real sops makes of each, and what ours does.

use crate::tools::{Place, Program, sops};

/// One edit of a sealed text. `theirs` and `ours` are exit codes of `decrypt`; `warned`: what ours says although it opens the file.
struct Case {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    theirs: i32,
    ours: i32,
    says: &'static str,
}

const fn case(file: &'static str, from: &'static str, to: &'static str, theirs: i32, ours: i32, says: &'static str) -> Case {
    Case { file, from, to, theirs, ours, says }
}

/// sops goes over its fields in the order of a Go map, which is another every time: it panics, or it refuses.
const FAILS: i32 = -1;

const DATE: &str = "lastmodified: \"DATE\"";

/// DATE in `from` is the date of the file. Where the numbers differ, the reason stands beside.
const CASES: &[Case] = &[
    // Lists that old writers left empty, null, or alone.
    case("f.yaml", "sops:\n", "sops:\n    kms: []\n    gcp_kms: []\n    azure_kv: []\n    hc_vault: []\n", 0, 0, ""),
    case("f.yaml", "sops:\n", "sops:\n    kms: null\n    pgp: ~\n    key_groups: []\n", 0, 0, ""),
    case("f.json", "\"sops\": {", "\"sops\": {\"kms\": null, \"pgp\": [], \"azure_kv\": null,", 0, 0, ""),
    // A map for a list: from 3.13 on.
    case("f.json", "\"sops\": {", "\"sops\": {\"kms\": {},", 1, 0, ""),
    // Names in another case. YAML: from 3.13 on.
    case("f.json", "\"mac\":", "\"Mac\":", 0, 0, ""),
    case("f.json", "\"age\":", "\"AGE\":", 0, 0, ""),
    case("f.env", "sops_mac=", "sops_MAC=", 0, 0, ""),
    case("f.ini", "version ", "Version ", 0, 0, ""),
    case("f.yaml", "    mac:", "    Mac:", 51, 0, ""),
    // Prefix and section have their case.
    case("f.env", "sops_mac=", "SOPS_mac=", 25, 25, ""),
    // Thresholds; texts and base 0: from 3.13 on.
    case("f.yaml", "sops:\n", "sops:\n    shamir_threshold: 2.0\n", 0, 0, ""),
    case("f.yaml", "sops:\n", "sops:\n    shamir_threshold: \"2\"\n", 1, 0, ""),
    case("f.json", "\"sops\": {", "\"sops\": {\"shamir_threshold\": \"2\",", 1, 0, ""),
    case("f.ini", "[sops]\n", "[sops]\nshamir_threshold = 2.000000\n", 0, 0, ""),
    case("f.ini", "[sops]\n", "[sops]\nshamir_threshold = 2\n", 0, 0, ""),
    case("f.ini", "[sops]\n", "[sops]\nshamir_threshold = 0x2\n", 1, 0, ""),
    case("f.env", "sops_mac=", "sops_shamir_threshold=2\nsops_mac=", 0, 0, ""),
    case("f.env", "sops_mac=", "sops_shamir_threshold=two\nsops_mac=", 1, 1, "shamir_threshold"),
    // MAC mode as text.
    case("f.yaml", "sops:\n", "sops:\n    mac_only_encrypted: \"false\"\n", 1, 0, ""),
    case("f.yaml", "sops:\n", "sops:\n    mac_only_encrypted: no\n", 0, 0, ""),
    case("f.yaml", "sops:\n", "sops:\n    mac_only_encrypted: Off\n", 0, 0, ""),
    case("f.yaml", "sops:\n", "sops:\n    mac_only_encrypted: fALSE\n", 1, 1, "mac_only_encrypted"),
    case("f.env", "sops_mac=", "sops_mac_only_encrypted=false\nsops_mac=", 0, 0, ""),
    case("f.ini", "[sops]\n", "[sops]\nmac_only_encrypted = \n", 0, 0, ""),
    // Versions: ours opens what it can read.
    case("f.yaml", "    version: ", "    versions: ", 1, 0, "version"),
    case("f.yaml", "version: 3", "version: vv3", 1, 0, "version"),
    case("f.yaml", "version: 3", "version: v3", 0, 0, ""),
    case("f.yaml", "version: 3.11.0", "version: 99.0.0", 0, 0, ""),
    case("f.yaml", "version: 3.11.0", "version: 1.anything", 0, 0, ""),
    // Dates.
    case("f.yaml", DATE, "lastmodified: DATE", 0, 0, ""),
    case("f.yaml", DATE, "lastmodified: 'DATE'", 0, 0, ""),
    case("f.yaml", "Z\"\n    mac", ".123Z\"\n    mac", 0, 0, ""),
    case("f.yaml", "Z\"\n    mac", "+00:00\"\n    mac", 0, 0, ""),
    case("f.yaml", "Z\"\n    mac", "+01:00\"\n    mac", 51, 51, ""),
    case("f.yaml", "Z\"\n    mac", "z\"\n    mac", 1, 1, ""),
    // Odd YAML in the block.
    case("f.yaml", "sops:\n", "sops:\n    1: x\n", 0, 0, ""),
    case("f.yaml", "sops:\n", "sops:\n    # a comment\n    future: {a: [1, null]} # another\n", 0, 0, ""),
    case("f.yaml", "    version: ", "    mac: x\n    version: ", 1, 51, ""),
    case("f.yaml", "          enc: |\n", "          note: n\n          enc: |\n", 0, 0, ""),
    case("f.yaml", "recipient: age1", "recipient: age1x", 0, 0, ""),
    // Fields twice: the last one counts in JSON and ENV.
    case("f.json", "\"version\":", "\"version\": \"x\", \"version\":", 0, 0, "stands twice"),
    case("f.env", "sops_version=", "sops_version=x\nsops_version=", 0, 0, ""),
    // The block itself: twice, or no map. SOPS panics on the first.
    case("f.json", "\"sops\": {", "\"sops\": {}, \"sops\": {", 2, 1, ""),
    case("f.yaml", "sops:\n", "sops: x\nother:\n", 1, 1, ""),
    case("f.yaml", "sops:\n", "sops: null\nother:\n", 1, 1, "sops metadata not found"),
    case("f.ini", "[sops]\n", "[sops]\nx = 1\n[sops]\n", 1, 1, ""),
    // Records that cannot be used are passed over, where another key opens the file.
    case("f.yaml", "sops:\n", "sops:\n    pgp:\n        - enc: x\n          fp: F\n", 1, 0, "created_at"),
    case(
        "f.yaml",
        "sops:\n",
        "sops:\n    gcp_kms:\n        - created_at: yesterday\n          enc: x\n          resource_id: r\n",
        1,
        0,
        "created_at",
    ),
    case(
        "f.yaml",
        "sops:\n",
        "sops:\n    hckms:\n        - created_at: \"2026-01-01T00:00:00Z\"\n          enc: x\n          key_id: x\n",
        1,
        0,
        "key_id",
    ),
    // Flat lists beat groups, even broken ones.
    case("f.yaml", "sops:\n", "sops:\n    key_groups:\n        - age:\n            - recipient: x\n", 0, 0, "key_groups"),
    case("f.yaml", "    age:\n", "    agf:\n", 1, 1, "No keys found in file"),
    // Flat names that make no block: SOPS takes some and panics on others.
    case("f.env", "sops_mac=", "sops_age__list_5__map_enc=x\nsops_mac=", 0, 1, "Incomplete list"),
    case("f.env", "sops_mac=", "sops_age=x\nsops_mac=", FAILS, 1, "Type mismatch"),
    case("f.env", "sops_mac=", "sops_age__list_-1__map_enc=x\nsops_mac=", FAILS, 1, "out of range"),
    case("f.env", "sops_mac=", "sops_future__map_a=1\nsops_mac=", 0, 0, ""),
    // ENV lines may stand anywhere, and `sops=` is data.
    case("f.env", "sops_mac=", "# between\nsops_mac=", 0, 0, "possibly unencrypted comment"),
    case("f.env", "sops_mac=", "sops_age__list_1__map_recipient=age1x\nsops_age__list_1__map_enc=x\nsops_mac=", 0, 0, ""),
    // Armour: both styles of line feeds in INI, CRLF, no final line feed.
    case("f.ini", "-----END AGE ENCRYPTED FILE-----\\n", "-----END AGE ENCRYPTED FILE-----", 0, 0, ""),
    case("f.json", "-----END AGE ENCRYPTED FILE-----\\n", "-----END AGE ENCRYPTED FILE-----\\r\\n", 0, 0, ""),
    case("f.json", "FILE-----\\nYWdl", "FILE-----\\r\\nYWdl", 0, 0, ""),
    // Two rules.
    case("f.env", "sops_mac=", "sops_encrypted_suffix=x\nsops_mac=", 1, 1, "Cannot use more than one of"),
    case("f.yaml", "    unencrypted_suffix: _unencrypted\n", "", 0, 0, ""),
    case("f.yaml", "    unencrypted_suffix: _unencrypted\n", "    unencrypted_suffix: \"\"\n", 0, 0, ""),
];

const PLAIN: [(&str, &str); 4] = [
    ("f.yaml", "a: one\nb: 2\n"),
    ("f.json", "{\n\t\"a\": \"one\",\n\t\"b\": true\n}\n"),
    ("f.env", "a=one\nb=2\n"),
    ("f.ini", "[s]\na = one\nb = 2\n"),
];

fn date_of(text: &str) -> &str {
    let at = text.find("lastmodified: \"").map(|at| at + "lastmodified: \"".len());
    at.map_or("", |at| &text[at..at + "2026-01-01T00:00:00Z".len()])
}

#[test]
fn every_edit() {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    let sealed: Vec<(&str, String)> = PLAIN
        .iter()
        .map(|(name, plain)| {
            place.write(name, plain);
            (*name, String::from_utf8(place.sops(["encrypt", "--age", &place.recipient, name]).unwrap().stdout).unwrap())
        })
        .collect();
    let mut wrong = Vec::new();
    for Case { file, from, to, theirs, ours, says } in CASES {
        let text = &sealed.iter().find(|(name, _)| name == file).unwrap().1;
        let edited = text.replacen(&from.replace("DATE", date_of(text)), &to.replace("DATE", date_of(text)), 1);
        let case = format!("{file}: {from:?} to {to:?}");
        if edited == *text {
            wrong.push(format!("{case}: changes nothing"));
            continue;
        }
        place.write(file, &edited);
        let done = [Program::Sops, Program::AsSops, Program::Ours].map(|program| place.call(program, ["decrypt", file]).run());
        let codes = [done[0].status.code(), done[1].status.code(), done[2].status.code()];
        let words = [0, 1, 2].map(|i| String::from_utf8_lossy(&done[i].stderr).into_owned());
        let as_expected = if *theirs == FAILS { codes[0] != Some(0) } else { codes[0] == Some(*theirs) };
        if !as_expected || codes[1..] != [Some(*ours), Some(*ours)] {
            let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
            wrong.push(format!("{case}: {codes:?}, expected {theirs} and {ours}\n  {}\n  {}", first(&words[0]), words[2]));
        } else if *theirs == 0 && *ours == 0 && (done[0].stdout != done[1].stdout || done[0].stdout != done[2].stdout) {
            wrong.push(format!("{case}: opened otherwise"));
        } else if !words[2].contains(says) || !words[1].contains(says) {
            wrong.push(format!("{case}: does not say {says:?}: {}", words[2]));
        } else if *ours == 0 && says.is_empty() && !words[2].is_empty() {
            wrong.push(format!("{case}: speaks: {}", words[2]));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// Records of all kinds and fields nobody knows, at every level.
const KEPT: &str = r#"    kms:
        - arn: arn:aws:kms:eu-west-1:111122223333:key/k
          context:
            a: "1"
            b: two
          created_at: "2026-01-01T00:00:00Z"
          enc: AQ==
          aws_profile: ""
          later: {x: [1, null]}
    gcp_kms:
        - resource_id: projects/p/locations/l/keyRings/r/cryptoKeys/k
          created_at: "2026-01-01T00:00:00Z"
          enc: AQ==
    hckms:
        - key_id: eu-west-101:u
          created_at: "2026-01-01T00:00:00Z"
          enc: AQ==
    azure_kv:
        - vault_url: https://v.example
          name: k
          version: "1"
          created_at: "2026-01-01T00:00:00Z"
          enc: AQ
    hc_vault:
        - vault_address: https://v.example:8200
          engine_path: transit
          key_name: k
          created_at: "2026-01-01T00:00:00Z"
          enc: vault:v1:x
    future:
        list: [1, 2.5, ~]
    pgp:
        - created_at: "2026-01-01T00:00:00Z"
          enc: |-
            -----BEGIN PGP MESSAGE-----

            x
            -----END PGP MESSAGE-----
          fp: F
"#;

/// Names at the start of lines that `set` may change.
fn changed(before: &str, after: &str) -> Vec<String> {
    let lines: Vec<&str> = after.lines().collect();
    let gone = before.lines().filter(|line| !lines.contains(line));
    gone.map(|line| line.trim_start_matches(['\t', ' ', '"']).split([':', '=', '"', ' ']).next().unwrap().to_owned()).collect()
}

#[test]
fn set_touches_nothing_else() {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    let check = |name: &str, text: String, leaf: &str, expected: &[&str]| {
        place.write(name, &text);
        let done = place.ours(["set", name, leaf, "\"two\""]);
        assert!(done.status.success(), "{name}: {}", String::from_utf8_lossy(&done.stderr));
        let after = String::from_utf8(place.read(name)).unwrap();
        let mut names = changed(&text, &after);
        // A date of the same second stays as it is.
        names.retain(|name| !name.ends_with("lastmodified"));
        assert_eq!(names, expected, "{name}:\n{after}");
        assert_eq!(after.lines().count(), text.lines().count() + 1, "{name}: only our field is new");
        let opened = place.ours(["decrypt", "--extract", leaf, name]);
        assert_eq!(opened.stdout, b"two");
        after
    };
    let seal = |name: &str, plain: &str| {
        place.write(name, plain);
        String::from_utf8(place.sops(["encrypt", "--age", &place.recipient, name]).unwrap().stdout).unwrap()
    };
    let yaml = seal("f.yaml", "a: one\nb: 2\n").replacen("sops:\n", &format!("sops:\n{KEPT}"), 1);
    let after = check("f.yaml", yaml.clone(), "[\"a\"]", &["a", "mac"]);
    assert!(after.contains(KEPT));
    // In one group with its own unknown fields.
    let at = yaml.find("sops:\n").unwrap() + "sops:\n".len();
    let fields: Vec<&str> = yaml[at..].lines().collect();
    let end = fields.iter().position(|line| line.trim_start().starts_with("lastmodified:")).unwrap();
    let group: String =
        fields[..end].iter().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("      {line}\n") }).collect();
    let rest: String = fields[end..].iter().map(|line| format!("{line}\n")).collect();
    let grouped = format!("{}    key_groups:\n        - note: [x, {{y: z}}]\n{group}{rest}", &yaml[..at]);
    check("g.yaml", grouped, "[\"a\"]", &["a", "mac"]);

    let kept = r#""kms": [{"arn": "a", "context": {"b": "2", "a": "1"}, "created_at": "2026-01-01T00:00:00Z", "enc": "x", "aws_profile": "p", "role": ""}],
		"azure_kv":  [ {"vault_url":"u","name":"n","version":"","created_at":"2026-01-01T00:00:00+02:00","enc":"e", "new": {"a": null}} ],
		"future": [ 1, {"b": 1.50} ],"#;
    let json = seal("f.json", "{\n\t\"a\": \"one\"\n}\n").replacen("\"sops\": {", &format!("\"sops\": {{\n\t\t{kept}"), 1);
    assert!(check("f.json", json, "[\"a\"]", &["a", "mac"]).contains(kept));

    let flat = "gcp_kms__list_0__map_created_at=2026-01-01T00:00:00Z\nsops_gcp_kms__list_0__map_enc=x\nsops_gcp_kms__list_0__map_resource_id=r\nsops_future__map_a__list_0=1\nsops_gcp_kms__list_0__map_zz=1\n";
    let env = seal("f.env", "a=one\n").replacen("sops_mac=", &format!("sops_{flat}sops_mac="), 1);
    assert!(check("f.env", env, "[\"a\"]", &["a", "sops_mac"]).contains(flat));

    let flat = flat.replace("sops_", "").replace('=', " = ");
    let ini = seal("f.ini", "[s]\na = one\n").replacen("[sops]\n", &format!("[sops]\n{flat}"), 1);
    assert!(check("f.ini", ini, "[\"s\"][\"a\"]", &["a", "mac"]).contains(&flat));
}

/// The files that sops 3.11.0 wrote into the tree, opened whole.
#[test]
fn goldens_open() {
    let mut place = Place::new().with_pgp();
    place.known_ages();
    for group in ["one", "shamir"] {
        for (ending, plain) in [
            ("yaml", "a: 1\nb_unencrypted: x\n"),
            ("json", "{\n\t\"a\": 1,\n\t\"b_unencrypted\": \"x\"\n}\n"),
            ("env", "a=1\nb_unencrypted=x\n"),
            ("ini", "[s]\na               = 1\nb_unencrypted   = x\n"),
            ("bin", "text\n"),
        ] {
            let name = format!("{group}.{ending}");
            let path = format!("{}/testdata/sops/3.11.0/metadata/{name}", env!("CARGO_MANIFEST_DIR"));
            place.write(&name, std::fs::read(path).unwrap());
            for keys in ["keys.txt", "none"] {
                let done = place.call(Program::Ours, ["decrypt", &name]).env("SOPS_AGE_KEY_FILE", place.path(keys)).run();
                assert!(done.status.success(), "{name}, {keys}: {}", String::from_utf8_lossy(&done.stderr));
                let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert_eq!(squeezed(&String::from_utf8(done.stdout).unwrap()), squeezed(plain), "{name}");
            }
        }
    }
}

#[test]
fn copies_of_the_block_that_differ() {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    place.write("f.yaml", "a: one\n---\nb: 2\n");
    let sealed = String::from_utf8(place.sops(["encrypt", "--age", &place.recipient, "f.yaml"]).unwrap().stdout).unwrap();
    let check = |text: &str, warned: bool| {
        place.write("x.yaml", text);
        let done = place.ours(["decrypt", "x.yaml"]);
        let words = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{words}");
        assert_eq!(words.contains("copies of the metadata"), warned, "{words}");
        assert_eq!(place.sops(["decrypt", "x.yaml"]).unwrap().status.code(), Some(0));
    };
    check(&sealed, false);
    let (first, second) = sealed.split_once("\n---\n").unwrap();
    check(&format!("{first}\n---\n{}", second.replace("version: 3.11.0", "version: 3.10.0")), true);
    check(&format!("{first}\n---\n{}\n", second.split_once("\nsops:").unwrap().0), false);
    let ours = String::from_utf8(place.ours(["encrypt", "--age", &place.recipient, "f.yaml"]).stdout).unwrap();
    check(&ours, false);
}

#[test]
fn a_regex_that_flat_files_cannot_hold() {
    let place = Place::new();
    place.write("f.yaml", "a: one\n");
    place.write("f.env", "a=one\n");
    place.write("f.ini", "[s]\na = one\n");
    let seal = |file: &str, regex: &str| {
        let done = place.ours(["encrypt", "--age", &place.recipient, "--unencrypted-regex", regex, file]);
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    for file in ["f.env", "f.ini"] {
        for regex in [r"x\ny", r"x\\ny"] {
            let (code, words) = seal(file, regex);
            assert_eq!(code, Some(1), "{words}");
            assert!(words.contains("unencrypted_regex"), "{words}");
        }
        assert_eq!(seal(file, r"x\x0ay").0, Some(0));
    }
    assert_eq!(seal("f.yaml", r"x\ny").0, Some(0));
}

/// A merge of texts, or a hand, doubles lines of the block: told, and written once, for with both SOPS refuses the file.
#[test]
fn fields_that_stand_twice_are_written_once() {
    let place = Place::project();
    for extra in ["leafcrypt: ", "mac: ", "future: 1", "version: "] {
        let sealed = place.seal("s.yaml", "a: b\n");
        // Of a field that is not ours a witness tells itself.
        let without_ours = |line: &&str| extra != "future: 1" || !line.contains("leafcrypt:");
        let sealed: String = sealed.lines().filter(without_ours).map(|line| format!("{line}\n")).collect();
        let lines: String = sealed.lines().filter(|line| line.trim_start().starts_with(extra)).map(|line| format!("{line}\n")).collect();
        let lines = if lines.is_empty() { format!("    {extra}\n").repeat(2) } else { lines };
        place.write("s.yaml", format!("{sealed}{lines}"));
        let done = place.ours(["decrypt", "s.yaml"]);
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success() && said.contains("a metadata field stands twice"), "{extra}: {said}");
        if let Some(theirs) = place.sops(["decrypt", "s.yaml"]) {
            assert!(!theirs.status.success(), "{extra}");
        }
        for args in [&["set", "s.yaml", "[\"a\"]", "\"c\""][..], &["rotate", "-y", "-i", "s.yaml"]] {
            let done = place.ours(args);
            assert!(done.status.success(), "{extra}: {}", String::from_utf8_lossy(&done.stderr));
            let written = String::from_utf8(place.read("s.yaml")).unwrap();
            assert_eq!(written.lines().filter(|line| line.trim_start().starts_with(extra)).count(), 1, "{extra}: {written}");
            if let Some(theirs) = place.sops(["decrypt", "s.yaml"]) {
                assert_eq!(theirs.stdout, b"a: c\n", "{extra}: {}", String::from_utf8_lossy(&theirs.stderr));
            }
        }
        assert_eq!(String::from_utf8_lossy(&place.ours(["decrypt", "s.yaml"]).stderr), "", "{extra}");
    }
}
