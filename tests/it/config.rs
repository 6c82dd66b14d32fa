//! `.sops.yaml`: what is read, which rule fits, and what is refused.

use std::path::Path;

use leafcrypt::config::{Config, ConfigError, Found, Rule, Target, absolute, flag_keys};
use leafcrypt::kms::{Beside, Kind};
use leafcrypt::seal::selection::{RuleKind, Selection};

const R1: &str = "age1ayl8eckhft928glyu5uyeullwgzykcdfsveaswrua27gfk3y3pnq2y55y8";
const R2: &str = "age1u76qcy00lrnkd6s5wvfjdqtaln2d3yq64709u2g5ele0nh2w63zs0j8q7r";

fn load(text: &str) -> Result<Config, ConfigError> {
    let found = Found { path: "/repo/.sops.yaml".into(), shown: "/repo/.sops.yaml".into(), folder: "/repo".into(), ..Found::default() };
    Config::load(&found, text.replace("R1", R1).replace("R2", R2).as_bytes())
}

fn rule(text: &str, path: &str) -> Result<Option<Rule>, ConfigError> {
    load(text)?.rule_for(&absolute(Path::new("/repo"), Path::new(path)))
}

/// The keys of a rule's groups, by their printed forms.
fn keys(rule: &Rule) -> Vec<Vec<String>> {
    let short = |id: &str| id.replace(R1, "R1").replace(R2, "R2");
    rule.groups.iter().map(|group| group.iter().map(|key| short(key.id())).collect()).collect()
}

fn matched(text: &str, path: &str) -> Vec<Vec<String>> {
    keys(&rule(text, path).expect(path).expect("there are rules"))
}

fn error(text: &str) -> String {
    rule(text, "a.yaml").expect_err(text).to_string()
}

fn example() -> String {
    let path = format!("{}/.sops.yaml.example", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("it is in the tree")
}

#[test]
fn every_rule_of_the_example() {
    let text = example();
    let config = load(&text).expect("the example is right");
    assert_eq!(config.warnings, Vec::<String>::new());
    let rule = |path: &str| {
        let rule = config.rule_for(&absolute(Path::new("/repo"), Path::new(path))).expect(path).expect("there are rules");
        assert_eq!(rule.warnings, Vec::<String>::new());
        rule
    };
    let said = |rule: &Rule| rule.selection.as_ref().map(|s| (s.kind, s.text.clone()));
    let is = |kind, text: &str| Some((kind, text.to_owned()));
    let fp = "CCA2BDC72417AF8C8DAD199207FA2CD49EB9F02C";

    let flat = rule("flat/a.yaml");
    assert_eq!(keys(&flat), [["R1", "R2", fp]]);
    assert_eq!(said(&flat), is(RuleKind::EncryptedSuffix, "_secret"));
    assert_eq!(flat.stored_threshold(), 0);

    let cloud = rule("cloud/a.json");
    let kinds: Vec<Kind> = cloud.groups[0].iter().map(|key| key.kind()).collect();
    assert_eq!(kinds, [Kind::Kms, Kind::GcpKms, Kind::Hckms, Kind::AzureKv, Kind::HcVault]);
    assert!(cloud.groups[0][0].id().ends_with("+arn:aws:iam::111122223333:role/sops||prod"));
    assert_eq!(said(&cloud), is(RuleKind::UnencryptedRegex, "^(kind|metadata)$"));

    let shamir = rule("shamir/x");
    assert_eq!(keys(&shamir)[0], ["R1", fp]);
    let kinds: Vec<Kind> = shamir.groups[1].iter().map(|key| key.kind()).collect();
    assert_eq!(kinds, [Kind::Kms, Kind::GcpKms, Kind::Hckms, Kind::AzureKv, Kind::HcVault]);
    assert!(shamir.groups[1][0].id().ends_with("|Environment:prod|prod"));
    assert_eq!(keys(&shamir)[2], ["R2"]);
    assert_eq!(shamir.stored_threshold(), 2);
    assert!(shamir.mac_only_encrypted);
    assert_eq!(said(&shamir), is(RuleKind::EncryptedRegex, "^(data|stringData)$"));

    assert_eq!(said(&rule("comments/clear/a.yaml")), is(RuleKind::UnencryptedCommentRegex, r"^ *plain\b"));
    assert_eq!(said(&rule("comments/sealed/a.yaml")), is(RuleKind::EncryptedCommentRegex, "^ *sops:enc"));
    assert_eq!(said(&rule("suffix/a.yaml")), is(RuleKind::UnencryptedSuffix, "_clear"));
    let rest = rule("flat/a.json");
    assert_eq!((keys(&rest), said(&rest), rest.mac_only_encrypted), (vec![vec!["R1".to_owned()]], None, false));

    assert_eq!(config.stores.yaml_indent(), Ok(2));
    assert_eq!(config.stores.json_indent(), Ok(Some(2)));
    assert_eq!(config.stores.binary_indent(), Ok(Some(2)));

    let s3 = config.destination_for("s3/a.yaml").expect("a destination");
    assert_eq!(s3.target, Target::S3 { bucket: "bucket".into(), prefix: "prod/".into() });
    let recreation = s3.recreation.expect("a rule");
    assert_eq!(keys(&recreation), [["R2"]]);
    assert_eq!(said(&recreation), is(RuleKind::UnencryptedSuffix, "_unencrypted"));
    let gcs = config.destination_for("gcs/a.yaml").expect("a destination");
    assert!(gcs.omit_extensions && gcs.recreation.is_none());
    assert_eq!(gcs.target, Target::Gcs { bucket: "bucket".into(), prefix: "prod/".into() });
    let vault = config.destination_for("vault/a.yaml").expect("a destination");
    let (address, mount, path) = ("https://vault.example:8200".into(), "secret/".into(), "team/app".into());
    assert_eq!(vault.target, Target::Vault { address, mount, path, version: 2 });
    assert_eq!(config.destination_for("./s3/a.yaml").map(|d| d.target), Err(ConfigError::NoMatchingDestination));
}

#[test]
fn paths_are_matched_relative_to_the_folder() {
    let text = "creation_rules:\n  - {path_regex: ^sub/a, age: R1}\n  - {path_regex: ^/repox/, age: R2}\n";
    assert_eq!(matched(text, "sub/a.yaml"), [["R1"]]);
    assert_eq!(matched(text, "./x//../sub/./a.yaml/"), [["R1"]]);
    assert_eq!(matched(text, "/repo/sub/a"), [["R1"]]);
    assert_eq!(matched(text, "../repox/a"), [["R2"]]);
    assert_eq!(matched("creation_rules: [{path_regex: b/c, age: R1}]", "a/b/c/d"), [["R1"]]);
    assert_eq!(rule(text, "../other/sub/a").map(|_| ()), Err(ConfigError::NoMatchingRule));
    let root = Found { path: "/.sops.yaml".into(), shown: "/.sops.yaml".into(), folder: "/".into(), ..Found::default() };
    let config = Config::load(&root, format!("creation_rules: [{{path_regex: ^/etc, age: {R1}}}]").as_bytes()).expect("right");
    assert!(config.rule_for(Path::new("/etc/a")).is_ok());
}

#[test]
fn the_first_rule_wins() {
    let text = "creation_rules:\n  - {path_regex: '', age: R1}\n  - {age: R2}\n";
    assert_eq!(matched(text, "a"), [["R1"]]);
    assert_eq!(matched("creation_rules: [null, {age: R2}]", "a"), [["R2"]]);
    assert_eq!(matched("creation_rules: [{filename_regex: nowhere, age: R2}]", "a"), [["R2"]]);
}

#[test]
fn no_rules_is_not_no_match() {
    for text in ["", "# nothing", "creation_rules:", "stores: {}", "---\n---\ncreation_rules: [{age: R1}]"] {
        assert!(matches!(rule(text, "a"), Ok(None)), "{text}");
    }
    for text in ["creation_rules: []", "creation_rules: [null]", "creation_rules: [{path_regex: b, age: R1}]"] {
        assert_eq!(error(text), "error loading config: no matching creation rules found", "{text}");
    }
    for text in
        ["creation_rules: [{}]", "creation_rules: [{age: ''}]", "creation_rules: [{age: []}]", "creation_rules: [{key_groups: [{}]}]"]
    {
        assert_eq!(matched(text, "a"), [Vec::<String>::new()], "{text}");
    }
}

#[test]
fn spellings_of_yaml() {
    let plain = [["R1"]];
    assert_eq!(matched("\u{feff}creation_rules:\r\n  - age: R1\r\n", "a"), plain);
    assert_eq!(matched("{\n\t\"creation_rules\": [\n\t\t{\"age\": \"R1\"}\n\t]\n}\n", "a"), plain);
    assert_eq!(matched("x: &k {age: R1}\ncreation_rules:\n  - *k\n", "a"), plain);
    assert_eq!(matched("x: &k {age: R2, pgp: F}\ncreation_rules:\n  - <<: *k\n    age: R1\n", "a"), [["R1", "F"]]);
    assert_eq!(matched("creation_rules: [{age: R1}]\n---\n[not, ours\n", "a"), plain);
    assert_eq!(matched("creation_rules:\n  - age: >-\n      R1,\n      R2\n", "a"), [["R1", "R2"]]);
    assert_eq!(matched("creation_rules:\n  - Age: R2\n    age: R1\n", "a"), plain);
}

#[test]
fn coercions() {
    let text = "creation_rules:\n  - {age: R1, encrypted_suffix: 12, mac_only_encrypted: MAC, shamir_threshold: N}\n";
    let read = |mac: &str, n: &str| rule(&text.replace("MAC", mac).replace("N}", &format!("{n}}}")), "a");
    let quoted = ["\"yes\"", "'on'", "\"y\"", "\"YES\"", "'On'", "!!str yes", "!!bool 'true'"];
    for yes in ["true", "True", "TRUE", "yes", "on", "y", "Y"].into_iter().chain(quoted) {
        let rule = read(yes, "2").expect(yes).expect("a rule");
        assert!(rule.mac_only_encrypted, "{yes}");
        assert_eq!(rule.selection, Some(Selection { kind: RuleKind::EncryptedSuffix, text: "12".to_owned() }));
    }
    for no in ["false", "no", "off", "null", "~", "\"no\"", "'off'", "\"n\"", "'N'"] {
        assert!(!read(no, "2").expect(no).expect("a rule").mac_only_encrypted, "{no}");
    }
    for (written, n) in [("2", 2), ("2.0", 2), ("-1", -1), ("0x10", 16), ("010", 8), ("1_0", 10), ("1e0", 1), ("2.5", 2), ("null", 0)] {
        assert_eq!(read("true", written).expect(written).expect("a rule").threshold, n, "{written}");
    }
    for wrong in ["'true'", "!!str false", "1", "x", "[true]", "oN", "yES", "tRUE", "'oFF'", "!!bool yes", "''"] {
        let error = read(wrong, "2").expect_err(wrong).to_string();
        assert!(error.ends_with("creation_rules[0].mac_only_encrypted: expected true or false"), "{error}");
    }
    for wrong in ["'2'", "x", "{a: b}", "1e40"] {
        let error = read("true", wrong).expect_err(wrong).to_string();
        assert!(error.ends_with("creation_rules[0].shamir_threshold: expected a whole number"), "{error}");
    }
}

#[test]
fn what_is_wrong_and_where() {
    let check = |text: &str, rest: &str| {
        let expected = format!("error loading config: Could not unmarshal config file: /repo/.sops.yaml{rest}");
        assert_eq!(load(text).expect_err(text).to_string(), expected, "{text}");
    };
    check("creation_rules:\n  - age: R1\n    age: R2\n", " (line 2): creation_rules[0]: a field stands twice, again in line 3");
    check("creation_rules: []\ncreation_rules: []\n", ": a field stands twice, again in line 2");
    check("creation_rules:\n  - path_regex: [a]\n", " (line 2): creation_rules[0].path_regex: expected text");
    check("creation_rules:\n  - key_groups:\n    - age: R1\n", " (line 3): creation_rules[0].key_groups[0].age: expected a list");
    check("creation_rules: {a: b}\n", " (line 1): creation_rules: expected a list");
    check("creation_rules: [x]\n", " (line 1): creation_rules[0]: expected a map");
    check("creation_rules:\n  - hckms: a:b\n", " (line 2): creation_rules[0].hckms: expected a list");
    check("[]", " (line 1): expected a map");
    check("creation_rules: [\n", " (line 1): creation_rules: no YAML that can be read");
    check("a: *b\n", " (line 1): an alias has no anchor");
    check("x: &x {path_regex: [a]}\ncreation_rules:\n  - *x\n", " (line 3): creation_rules[0].path_regex: expected text");
    check(&format!("a: \"{}\"\n", "x".repeat(1 << 20)), ": the file is larger than 1 MiB");
    let found = Found { path: "c".into(), shown: "c".into(), folder: "/".into(), ..Found::default() };
    let error = Config::load(&found, b"a: \xff\n").expect_err("not UTF-8").to_string();
    assert_eq!(error, "error loading config: Could not unmarshal config file: c: the file is not UTF-8");
}

#[test]
fn nothing_of_the_text_is_shown() {
    for text in [
        "creation_rules: [{mac_only_encrypted: SECRET}]",
        "SECRET: a\nSECRET: b\n",
        "creation_rules: [{shamir_threshold: SECRET}]",
        "{SECRET",
        "a: *SECRET",
    ] {
        let error = load(text).expect_err(text);
        assert!(!error.to_string().contains("SECRET"), "{error}");
    }
}

#[test]
fn depth_and_aliases_are_bounded() {
    let deep = format!("creation_rules: [{{key_groups: [{}age: []{}]}}]", "{merge: [".repeat(100_000), "]}".repeat(100_000));
    assert!(load(&deep).is_err());
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..30 {
        let items = vec![format!("*a{}", n - 1); 10].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{items}]\n"));
    }
    assert!(load(&bomb).is_err());
}

/// Under the limits of R8, and read by SOPS: many aliases of single keys.
#[test]
fn aliases_that_people_may_have() {
    let mut text = "x:\n".to_owned();
    (0..30).for_each(|n| text.push_str(&format!("  - &u{n} R{n}\n")));
    let all = (0..30).map(|n| format!("*u{n}")).collect::<Vec<_>>().join(", ");
    text.push_str("creation_rules:\n");
    (0..1700).for_each(|n| text.push_str(&format!("  - {{path_regex: x{n}, key_groups: [{{pgp: [{all}]}}]}}\n")));
    assert_eq!(load(&text).expect("51,000 aliases").rules(), 1700);
}

/// A key id that YAML takes for a number is what it is spelled as.
#[test]
fn spelled_as_it_is() {
    let ids = ["0x689620316FE9D25D", "0123456701234567", "0b11", "1_000", "12345E7890123456", "1.50", "true", "0o17"];
    let text = format!("creation_rules: [{{key_groups: [{{pgp: [{}, null, ~]}}]}}]", ids.join(", "));
    let rule = load(&text).expect("they are texts").rule_for(Path::new("/repo/f")).expect("it fits").expect("there is one");
    assert_eq!(keys(&rule), [ids]);
    assert!(load("creation_rules: [{key_groups: [{pgp: [{a: b}]}]}]").is_err());
}

#[test]
fn unknown_fields_are_named() {
    // Save those whose name is a boolean or a number to YAML; `yes` is a text, as to SOPS.
    let text = "top: 1\nleafcrypt: {a: 1, a: 2, b: [{c: 1, c: 2}]}\nstores: {yaml: {indent: 2, x: 1}, toml: {}}\n\
                creation_rules:\n  - {filename_regex: x, key_groups: [{age: [R1], azure_kv: []}, {merge: [{v: 1, yes: 1, 5: 1, age: [R2]}]}]}\n\
                destination_rules:\n  - {z: {a: 1, a: 2}, recreation_rule: {w: 1}}\n";
    let named: Vec<String> = load(text).expect("SOPS ignores them").warnings;
    let names = ["top", "stores.toml", "stores.yaml.x", "creation_rules[0].filename_regex", "creation_rules[0].key_groups[0].azure_kv"];
    let more = [
        "creation_rules[0].key_groups[1].merge[0].v",
        "creation_rules[0].key_groups[1].merge[0].yes",
        "destination_rules[0].z",
        "destination_rules[0].recreation_rule.w",
    ];
    let expected: Vec<String> = names.iter().chain(&more).map(|name| format!("field {name} is not known and is ignored")).collect();
    assert_eq!(named, expected);
    let many: String = (0..1000).map(|n| format!("f{n}: 1\n")).collect();
    assert_eq!(load(&many).expect("all unknown").warnings.len(), 21);
}

/// The idiom of sops-nix, and its like: a field that only gives the rules their anchors is no mistake. One that says anything else may be misspelled.
#[test]
fn fields_of_anchors_are_not_named() {
    let named = |text: &str| load(&format!("{text}creation_rules:\n  - age: R1\n")).expect(text).warnings;
    for text in [
        "keys:\n  - &alice R1\n  - &bob R2 # of bob\n\n",
        "keys: [R1]\n",
        "hosts:\n# all\n- &web R1\n- &db R2\n",
        "people:\n  admins:\n    - &alice R1\n  # more\n  users:\n    - &bob R2\n    - *alice\n",
        "people:\n  admin: &alice R1\n  users: &users\n  - R2\n  - R3\n",
        ".all: &all\n- R1\n- R2\n",
        "rules:\n  - &rule\n    path_regex: x\n    age: R1\n  - &other\n    age: >-\n      R2\n",
        "one: &one R1\ntwo: &two\n  a: b\n",
    ] {
        assert_eq!(named(text), Vec::<String>::new(), "{text}");
    }
    for text in [
        "creation_rule:\n  - path_regex: x\n    age: &alice R1\n",
        "creation_rule:\n  - age: &alice R1\n    path_regex: x\n",
        "creation_rule:\n  - &alice R1\n  - R2\n",
        "creation_rule: x\n",
        "creation_rule:\n  - &rule path_regex: x\n    age: R1\n",
        "creation_rule:\n  - path_regex: x\n",
        "creation_rule:\n",
        "creation_rule:\n  users: &users\n    - R1\n  age: R2\n",
        "creation_rule: &rules\n  - path_regex: x\n    age: R1\n",
        "creation_rule:\n  - &rule\n    path_regex: x\n    age: R1\n",
    ] {
        assert_eq!(named(text), ["field creation_rule is not known and is ignored"], "{text}");
    }
    // Only at the top, where it means nothing to anybody.
    assert_eq!(load("creation_rules:\n  - age: R1\n    keys:\n      - &a R1\n").expect("ignored").warnings.len(), 1);
}

#[test]
fn keys_of_a_wrong_type() {
    let wrong = |field: &str, value: &str| error(&format!("creation_rules: [{{{field}: {value}}}]"));
    let list =
        "invalid age key configuration: invalid age key configuration: expected string in list, got int; in /repo/.sops.yaml (line 1)";
    assert_eq!(wrong("age", "[R1, 12]"), list);
    let scalar = "invalid gcpkms key configuration: invalid gcp_kms key configuration: expected string, []string, or nil, got int; in /repo/.sops.yaml (line 1)";
    assert_eq!(wrong("gcp_kms", "12"), scalar);
    assert!(wrong("pgp", "{a: b}").ends_with("got map[string]interface {}; in /repo/.sops.yaml (line 1)"));
    assert!(wrong("pgp", "true").ends_with("got bool; in /repo/.sops.yaml (line 1)"));
    assert!(wrong("hc_vault_transit_uri", "[null]").starts_with("invalid vault key configuration: invalid hc_vault_transit_uri key"));
    // Only in the rule that is chosen.
    assert_eq!(matched("creation_rules: [{age: R1}, {age: 12}]", "a"), [["R1"]]);
    assert!(error("creation_rules: [{age: x}]").starts_with("failed to parse input, unknown recipient type: "));
    assert!(error("creation_rules: [{key_groups: [{hc_vault: ['']}]}]").contains("hc_vault"));
    assert!(error("creation_rules: [{key_groups: [{kms: [{arn: a, context: {k: null}}]}]}]").contains("the context of a kms item"));
}

#[test]
fn lists_and_lines() {
    assert_eq!(matched("creation_rules: [{age: ' R1 ,, R2 ,'}]", "a"), [["R1", "R2"]]);
    assert_eq!(matched("creation_rules: [{age: ['R1,R2', R1]}]", "a"), [["R1", "R2", "R1"]]);
    assert_eq!(matched("creation_rules: [{pgp: 'A B, C'}]", "a"), [["AB", "C"]]);
    assert_eq!(matched("creation_rules: [{key_groups: [{age: ['R1,R2', R1], pgp: [F, F]}]}]", "a"), [["R1", "R2", "F"]]);
}

#[test]
fn selectors() {
    let text = "creation_rules: [{age: R1, encrypted_suffix: a, unencrypted_regex: b}]";
    assert!(error(text).starts_with("error loading config: cannot use more than one of encrypted_suffix, unencrypted_suffix, "));
    let one = rule("creation_rules: [{age: R1, encrypted_suffix: a, unencrypted_regex: ''}]", "a").expect("one is empty").expect("a rule");
    assert_eq!(one.selection.as_ref().map(|s| s.kind), Some(RuleKind::EncryptedSuffix));
    assert_eq!(
        error("creation_rules: [{age: R1, encrypted_regex: (}]"),
        "encrypted_regex is no regex: error parsing regexp: missing closing ): `(`; in /repo/.sops.yaml (line 1)"
    );

    let same = one.clone().with_selectors(&[(RuleKind::EncryptedSuffix, "x"), (RuleKind::EncryptedRegex, "")]).expect("the same name");
    assert_eq!(same.selection.map(|s| s.text), Some("x".to_owned()));
    let clash = one.with_selectors(&[(RuleKind::UnencryptedSuffix, "x")]).expect_err("another one");
    assert!(clash.to_string().starts_with("Error: cannot use more than one of ") && clash.to_string().ends_with(" in the same file"));
    let none = rule("creation_rules: [{age: R1}]", "a").expect("right").expect("a rule");
    assert!(none.clone().with_selectors(&[(RuleKind::EncryptedRegex, "a"), (RuleKind::EncryptedSuffix, "b")]).is_err());
    assert!(matches!(none.with_selectors(&[(RuleKind::EncryptedRegex, "(")]), Err(ConfigError::BadSelector { .. })));
}

#[test]
fn bad_path_regexes() {
    let text = "creation_rules:\n  - {path_regex: (, age: R1}\n  - {age: R2}\n";
    assert_eq!(error(text), "can not compile regexp: error parsing regexp: missing closing ): `(`; in /repo/.sops.yaml (line 2)");
    let late = rule("creation_rules:\n  - {age: R2}\n  - {path_regex: (, age: R1}\n", "a").expect("unnoticed by SOPS").expect("a rule");
    assert_eq!(late.warnings, ["/repo/.sops.yaml, line 3: the path_regex of a later rule is no regex"]);
    let beside = rule("creation_rules: [{age: R1, key_groups: [{age: [R2]}]}]", "a").expect("right").expect("a rule");
    assert_eq!((keys(&beside), beside.warnings.len()), (vec![vec!["R2".to_owned()]], 1));
}

#[test]
fn flags_take_the_place_of_keys() {
    let rule =
        rule("creation_rules: [{key_groups: [{age: [R1]}, {age: [R2]}], encrypted_suffix: x}]", "a").expect("right").expect("a rule");
    assert_eq!((rule.threshold, rule.stored_threshold()), (0, 2));
    let given = [(Kind::Age, R2), (Kind::Pgp, "F, G"), (Kind::Kms, ""), (Kind::GcpKms, "projects/p/locations/l/keyRings/r/cryptoKeys/k")];
    let flags = flag_keys(&given, &Beside::default()).expect("right");
    let replaced = rule.clone().with_keys(flags);
    assert_eq!(keys(&replaced), [["projects/p/locations/l/keyRings/r/cryptoKeys/k", "F", "G", "R2"]]);
    assert_eq!(replaced.selection.as_ref().map(|s| s.kind), Some(RuleKind::EncryptedSuffix));
    assert_eq!(replaced.stored_threshold(), 0);
    assert_eq!(replaced.with_threshold(3).stored_threshold(), 3);
    assert_eq!(keys(&rule.clone().with_keys(Vec::new())), [["R1"], ["R2"]]);
    assert_eq!(rule.with_threshold(0).stored_threshold(), 2);
    assert!(matches!(flag_keys(&[(Kind::Age, "x")], &Beside::default()), Err(ConfigError::BadKey(_))));
}

#[test]
fn destinations() {
    let go = |rules: &str| load(&format!("destination_rules: [{rules}]")).expect(rules).destination_for("a.yaml");
    let text = |rules: &str| go(rules).expect_err(rules).to_string();
    assert_eq!(text(""), "error loading config: no matching destination found in config");
    assert_eq!(text("{path_regex: b, s3_bucket: x}"), "error loading config: no matching destination found in config");
    assert_eq!(text("{s3_prefix: x}"), "no destination configured for this file");
    assert!(text("{s3_bucket: x, vault_path: y}").starts_with("error loading config: more than one destinations were found"));
    assert!(
        text("{s3_bucket: x, recreation_rule: {encrypted_suffix: a, encrypted_regex: b}}")
            .starts_with("error loading config: cannot use more")
    );
    let skipped = go("{path_regex: (, s3_bucket: x}, {gcs_bucket: y}").expect("SOPS skips it");
    assert_eq!(skipped.target, Target::Gcs { bucket: "y".into(), prefix: String::new() });
    assert_eq!(skipped.warnings.len(), 1);
    for (written, version) in [("", 2), (", vault_kv_version: 1", 1), (", vault_kv_version: 7", 2)] {
        let vault = go(&format!("{{vault_path: p{written}}}")).expect("right");
        assert_eq!(vault.target, Target::Vault { address: String::new(), mount: String::new(), path: "p".into(), version });
    }
}
