//! Metadata blocks that the real sops wrote, and blocks that no sops should have written.

use leafcrypt::formats::{Shape, Tree, Value};
use leafcrypt::kms::Kind;
use leafcrypt::metadata::{Metadata, MetadataError};
use leafcrypt::seal::selection::RuleKind;
use leafcrypt::seal::witness;

fn golden(name: &str) -> String {
    let path = format!("{}/testdata/sops/3.11.0/metadata/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("the file is in the tree")
}

fn tree(json: &serde_json::Value) -> Tree {
    match json {
        serde_json::Value::Null => Tree::Null,
        serde_json::Value::Bool(yes) => Tree::Value(Value::Bool(*yes)),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Tree::Value(Value::Int(whole)),
            None => Tree::Value(Value::Float(number.as_f64().expect("a double"))),
        },
        serde_json::Value::String(text) => Tree::text(text),
        serde_json::Value::Array(items) => Tree::list(items.iter().map(tree)),
        serde_json::Value::Object(map) => Tree::map(map.iter().map(|(key, value)| (key, tree(value)))),
    }
}

fn json(text: &str) -> Tree {
    tree(&serde_json::from_str(text).expect("JSON"))
}

/// The block of a JSON or binary file.
fn nested(name: &str) -> Tree {
    json(&golden(name)).get("sops").expect("a block").clone()
}

/// The names and values of an ENV or INI file's block, sorted.
fn flat(name: &str) -> Vec<(String, Tree)> {
    let text = golden(name);
    let lines: Vec<(&str, &str)> = if name.ends_with(".env") {
        text.lines().filter_map(|line| line.strip_prefix("sops_")?.split_once('=')).collect()
    } else {
        let (_, section) = text.split_once("[sops]\n").expect("a block");
        section.lines().filter_map(|line| line.split_once(" = ")).map(|(name, value)| (name.trim(), value)).collect()
    };
    let mut fields: Vec<_> = lines.into_iter().map(|(name, value)| (name.to_owned(), Tree::text(value))).collect();
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    fields
}

/// As 3.13 would write what 3.11 wrote: sorted, lists instead of null.
fn modern(tree: &Tree) -> Tree {
    match tree {
        Tree::Map(_) => {
            let mut entries: Vec<(&[u8], Tree)> = tree.entries().map(|(key, value)| (key, modern(value))).collect();
            entries.sort_by_key(|(key, _)| *key);
            Tree::map(entries)
        }
        Tree::List(_) => Tree::list(tree.items().map(modern)),
        Tree::Null => Tree::list([]),
        Tree::Value(_) => tree.clone(),
    }
}

fn read(text: &str) -> Result<Metadata, MetadataError> {
    Metadata::read(&json(text), Shape::Nested)
}

/// A block with one age key and these fields before it.
fn with(fields: &str) -> Result<Metadata, MetadataError> {
    read(&format!(r#"{{{fields} "age": [{{"recipient": "age1x", "enc": "e"}}], "mac": "m", "lastmodified": "d", "version": "3.11.0"}}"#))
}

fn read_flat(fields: &[(&str, &str)]) -> Result<Metadata, MetadataError> {
    Metadata::read(&Tree::map(fields.iter().map(|(name, text)| (*name, Tree::text(text)))), Shape::FlatPrefix)
}

#[test]
fn nested_blocks_of_sops_come_back() {
    for name in ["one.json", "shamir.json", "one.bin", "shamir.bin"] {
        let block = nested(name);
        let metadata = Metadata::read(&block, Shape::Nested).expect(name);
        assert_eq!(metadata.warnings, Vec::<String>::new(), "{name}");
        assert_eq!(Tree::map(metadata.fields(Shape::Nested)), modern(&block), "{name}");
    }
}

#[test]
fn flat_blocks_of_sops_come_back() {
    for (name, shape) in [
        ("one.env", Shape::FlatPrefix),
        ("shamir.env", Shape::FlatPrefix),
        ("one.ini", Shape::FlatSection),
        ("shamir.ini", Shape::FlatSection),
    ] {
        let fields = flat(name);
        let metadata = Metadata::read(&Tree::map(fields.clone()), shape).expect(name);
        assert_eq!(metadata.warnings, Vec::<String>::new(), "{name}");
        assert_eq!(metadata.fields(shape), fields, "{name}");
    }
}

#[test]
fn what_a_block_of_sops_says() {
    let metadata = Metadata::read(&nested("shamir.json"), Shape::Nested).expect("a block");
    assert_eq!(metadata.groups.threshold, 2);
    let kinds: Vec<Vec<Kind>> = metadata.groups.groups.iter().map(|g| g.records.iter().map(|r| r.key.kind()).collect()).collect();
    assert_eq!(kinds, [vec![Kind::Pgp, Kind::Age], vec![Kind::Age], vec![Kind::Pgp]]);
    assert!(metadata.mac_only_encrypted);
    let selection = metadata.selection.expect("a rule");
    assert_eq!((selection.kind, selection.text.as_str()), (RuleKind::EncryptedRegex, "^(a|b)<&>"));
    assert_eq!(metadata.version, "3.11.0");
    let age = &metadata.groups.groups[0].records[1];
    assert!(age.wrapped.as_ref().is_some_and(|w| w.0.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n") && w.0.ends_with("-----\n")));
    assert_eq!(age.created_at, None);
    assert!(metadata.groups.groups[0].records[0].created_at.is_some());

    let metadata = Metadata::read(&nested("one.bin"), Shape::Nested).expect("a block");
    assert!(metadata.selection.is_none());
    assert_eq!(metadata.groups.threshold, 3);
}

#[test]
fn every_kind_in_the_order_of_3_13() {
    let text = r#"{
        "kms": [{"arn": "arn:aws:kms:r:1:key/k", "role": "r", "context": {"b": "2", "a": "1"}, "created_at": "2026-01-01T00:00:00Z", "enc": "e", "aws_profile": ""},
                {"arn": "arn:aws:kms:r:1:key/k", "created_at": "2026-01-01T00:00:00Z", "enc": "e", "aws_profile": "p"}],
        "gcp_kms": [{"resource_id": "g", "created_at": "2026-01-01T00:00:00Z", "enc": "e"}],
        "hckms": [{"key_id": "r:u", "created_at": "2026-01-01T00:00:00Z", "enc": "e"}],
        "azure_kv": [{"vault_url": "https://v", "name": "n", "version": "v", "created_at": "2026-01-01T00:00:00Z", "enc": "e"}],
        "hc_vault": [{"vault_address": "https://v", "engine_path": "t", "key_name": "k", "created_at": "2026-01-01T00:00:00Z", "enc": "e"}],
        "age": [{"recipient": "age1x", "enc": "e"}],
        "lastmodified": "d", "mac": "m",
        "pgp": [{"created_at": "2026-01-01T00:00:00Z", "enc": "e", "fp": "F"}],
        "unencrypted_suffix": "_unencrypted", "version": "3.11.0"}"#;
    let block = json(text);
    let metadata = Metadata::read(&block, Shape::Nested).expect("a block");
    assert_eq!(metadata.warnings, Vec::<String>::new());
    assert_eq!(Tree::map(metadata.fields(Shape::Nested)), modern(&block));
    let kinds: Vec<Kind> = metadata.groups.groups[0].records.iter().map(|record| record.key.kind()).collect();
    assert_eq!(kinds[1..], Kind::ALL);
    let flat = metadata.fields(Shape::FlatPrefix);
    assert!(flat.contains(&("kms__list_0__map_aws_profile".to_owned(), Tree::text(""))));
    assert!(flat.contains(&("kms__list_0__map_context__map_a".to_owned(), Tree::text("1"))));
    let again = Metadata::read(&Tree::map(flat), Shape::FlatPrefix).expect("a block");
    assert_eq!(Tree::map(again.fields(Shape::Nested)), modern(&block));
}

#[test]
fn our_field_stands_behind_the_date() {
    for shape in [Shape::Nested, Shape::FlatPrefix, Shape::FlatSection] {
        let metadata = with(r#""leafcrypt": "ENC[x]", "leafcrypt_whole": "why", "zzz": "u","#).expect("a block");
        assert_eq!(metadata.extension.as_deref(), Some("ENC[x]"));
        let names: Vec<String> = metadata.fields(shape).into_iter().map(|(name, _)| name).collect();
        let at = names.iter().position(|name| name == "lastmodified").expect("always there");
        assert_eq!(names[at + 1..], ["leafcrypt", "leafcrypt_whole", "mac", "version", "zzz"]);
    }
}

#[test]
fn unknown_fields_survive() {
    let text = r#"{"future": {"b": [1, null, {"x": true}], "a": 1.5}, "age": [{"enc": "e", "note": [1], "recipient": "age1x", "role": ""}],
                   "lastmodified": "d", "mac": "m", "version": "3.14.0"}"#;
    let metadata = read(text).expect("a block");
    assert_eq!(metadata.unknown.len(), 1);
    let block = Tree::map(metadata.fields(Shape::Nested));
    assert_eq!(block.get("future"), json(text).get("future"));
    assert_eq!(block.get("age"), json(text).get("age"));
    let flat = read_flat(&[("age__list_0__map_enc", "e"), ("age__list_0__map_recipient", "r"), ("new__map_x__list_0", "1"), ("mac", "m")]);
    let names: Vec<String> = flat.expect("a block").fields(Shape::FlatPrefix).into_iter().map(|(name, _)| name).collect();
    assert!(names.contains(&"new__map_x__list_0".to_owned()));
}

#[test]
fn unknown_fields_of_groups_survive() {
    let group = |more: &str| format!(r#"{{"age": [{{"enc": "e", "recipient": "age1x"}}], "hc_vault": [], {more}}}"#);
    for groups in [format!("{}, {}", group(r#""future": [1], "zz": {"a": 1}"#), group(r#""note": "n""#)), group(r#""note": 1"#)] {
        let text = format!(r#"{{"key_groups": [{groups}], "lastmodified": "d", "mac": "m", "version": "3.14.0"}}"#);
        let metadata = read(&text).expect("a block");
        assert_eq!(metadata.warnings, Vec::<String>::new());
        assert_eq!(Tree::map(metadata.fields(Shape::Nested)), modern(&json(&text)));
    }
}

/// A rule may name kinds, a writer fields, in another order than the file has them; who can open the file is the same.
#[test]
fn the_digest_of_the_keys_knows_no_order_of_kinds() {
    let digest = |text: &str| witness::keys(&read(text).expect("a block").groups);
    let age = r#""age": [{"enc": "e", "recipient": "age1x", "x": 1, "y": 2}]"#;
    let pgp = r#""pgp": [{"created_at": "2026-01-01T00:00:00Z", "enc": "e", "fp": "F"}]"#;
    let same = digest(&format!("{{{age}, {pgp}}}"));
    assert_eq!(digest(&format!("{{{pgp}, {}}}", age.replace(r#""x": 1, "y": 2"#, r#""y": 2, "x": 1"#))), same);
    assert_ne!(digest(&format!("{{{pgp}, {}}}", age.replace(r#""x": 1"#, r#""x": 2"#))), same);
    let groups = |one: &str, two: &str| digest(&format!(r#"{{"key_groups": [{{{one}}}, {{{two}}}]}}"#));
    assert_ne!(groups(age, pgp), groups(pgp, age));
    assert_ne!(groups(age, pgp), groups(age, &format!(r#"{pgp}, "future": 1"#)));

    let mut as_in_a_rule = read(&format!("{{{age}, {pgp}}}")).expect("a block").groups;
    as_in_a_rule.groups[0].records.reverse();
    assert_eq!(witness::keys(&as_in_a_rule), same);
}

#[test]
fn what_older_writers_left() {
    let metadata =
        with(r#""kms": null, "gcp_kms": [], "azure_kv": {}, "shamir_threshold": 0, "unencrypted_suffix": "","#).expect("a block");
    assert_eq!(metadata.groups.groups[0].records.len(), 1);
    assert!(metadata.selection.is_none());
    assert_eq!(with(r#""shamir_threshold": 2.0,"#).expect("a whole float").groups.threshold, 2);
    assert_eq!(with(r#""shamir_threshold": "0x2","#).expect("base 0").groups.threshold, 2);
    assert_eq!(with(r#""shamir_threshold": -1,"#).expect("stored as it is").groups.threshold, -1);
    assert_eq!(with(r#""version": 3.1,"#).expect("the later one counts").version, "3.11.0");
    let ini = [
        ("age__list_0__map_recipient", "r"),
        ("age__list_0__map_enc", "a\\nb\nc"),
        ("shamir_threshold", "2.000000"),
        ("mac_only_encrypted", ""),
    ];
    let metadata = read_flat(&ini).expect("a block");
    assert_eq!(metadata.groups.threshold, 2);
    assert!(!metadata.mac_only_encrypted);
    assert_eq!(metadata.groups.groups[0].records[0].wrapped.as_ref().map(|w| w.0.as_str()), Some("a\nb\nc"));
}

#[test]
fn names_in_another_case() {
    let metadata = read(
        r#"{"AGE": [{"Recipient": "age1x", "ENC": "e"}], "Mac": "m", "LastModified": "d", "VERSION": "3.11.0", "Mac_Only_Encrypted": "True"}"#,
    );
    let metadata = metadata.expect("as SOPS 3.13 reads it");
    assert_eq!((metadata.mac.as_str(), metadata.last_modified.as_str(), metadata.version.as_str()), ("m", "d", "3.11.0"));
    assert!(metadata.mac_only_encrypted);
    assert_eq!(metadata.groups.groups[0].records[0].key.id(), "age1x");
    assert!(metadata.unknown.is_empty() && metadata.groups.groups[0].records[0].unknown.is_empty());
    assert_eq!(read(r#"{"age": {"recipient": "age1x", "enc": "e"}}"#).expect("a lone map").groups.groups[0].records.len(), 1);
}

#[test]
fn flat_lists_beat_groups_even_broken_ones() {
    let metadata = with(r#""key_groups": [{"age": "broken"}, 7],"#).expect("the flat list counts");
    assert_eq!(metadata.groups.groups.len(), 1);
    assert_eq!(metadata.warnings.len(), 1);
    let names: Vec<String> = metadata.fields(Shape::Nested).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["age", "lastmodified", "mac", "version"]);
    let metadata = read(r#"{"age": [], "key_groups": [{"age": [{"recipient": "age1x", "enc": "e"}]}]}"#).expect("one item is fine");
    assert_eq!(metadata.groups.groups.len(), 1);
}

#[test]
fn records_that_cannot_be_used_are_kept() {
    let text = r#"{"hckms": [{"created_at": "2026-01-01T00:00:00Z", "enc": "e", "key_id": "nocolon"}], "lastmodified": "d", "mac": "m",
                   "pgp": [{"created_at": "yesterday", "enc": "e", "fp": "F"}, {"enc": "e2", "fp": "G"}], "version": "3.11.0"}"#;
    let metadata = read(text).expect("the rest may open it");
    assert_eq!(metadata.warnings.len(), 3);
    assert!(metadata.warnings.iter().all(|warning| !warning.contains("yesterday") && !warning.contains("nocolon")));
    assert_eq!(Tree::map(metadata.fields(Shape::Nested)), json(text));
}

#[test]
fn fields_of_a_wrong_shape_are_kept() {
    // SOPS 3.13.0 wrote the context of AWS keys into ENV and INI files as a memory address.
    let text = r#"{"age": [{"enc": "e", "recipient": [1]}],
                   "kms": [{"arn": "a", "aws_profile": "", "context": "0xc000123", "created_at": "2026-01-01T00:00:00Z", "enc": "e", "later": null}],
                   "lastmodified": "d", "mac": "m", "version": "3.11.0"}"#;
    assert_eq!(Tree::map(read(text).expect("a block").fields(Shape::Nested)), json(text));
}

#[test]
fn refused() {
    let error = |result: Result<Metadata, MetadataError>| result.expect_err("refused").to_string();
    assert!(
        error(with(r#""encrypted_suffix": "a", "unencrypted_regex": "b","#)).starts_with("Cannot use more than one of encrypted_suffix, ")
    );
    assert_eq!(error(read(r#"{"mac": "m"}"#)), "No keys found in file");
    assert_eq!(error(read(r#"{"age": [], "key_groups": []}"#)), "No keys found in file");
    assert_eq!(error(read("{}")), "No keys found in file");
    assert_eq!(error(with(r#""kms": "x","#)), "metadata field kms: expected a list");
    assert_eq!(error(with(r#""kms": [7],"#)), "metadata field kms[0]: expected a map");
    assert_eq!(error(read(r#"{"key_groups": [{"age": [[]]}]}"#)), "metadata field key_groups[0].age[0]: expected a map");
    assert_eq!(error(read(r#"{"key_groups": [{"age": [{"enc": []}]}]}"#)), "metadata field key_groups[0].age[0].enc: expected text");
    assert_eq!(error(with(r#""shamir_threshold": "two","#)), "metadata field shamir_threshold: expected a whole number");
    assert_eq!(error(with(r#""mac_only_encrypted": "perhaps","#)), "metadata field mac_only_encrypted: expected true or false");
    assert_eq!(error(with(r#""encrypted_regex": ["x"],"#)), "metadata field encrypted_regex: expected text");
    assert!(error(read_flat(&[("age__list_3__map_enc", "e")])).starts_with("Incomplete list"));
    let many = format!("[{}]", vec![r#"{"recipient": "r", "enc": "e"}"#; 1001].join(","));
    assert_eq!(error(read(&format!(r#"{{"age": {many}}}"#))), "the metadata holds more than 1000 keys");
    let groups = format!("[{}]", vec!["{}"; 256].join(","));
    assert_eq!(error(read(&format!(r#"{{"key_groups": {groups}}}"#))), "the metadata holds more than 255 key groups");
    let long = "e".repeat((64 << 10) + 1);
    let text = format!(r#"{{"age": [{{"recipient": "r", "enc": "{long}"}}]}}"#);
    assert_eq!(error(read(&text)), "the metadata holds more than 65536 bytes in a wrapped key");
}

#[test]
fn no_groups_and_empty_groups() {
    let mut metadata = read(r#"{"key_groups": [{}, {"age": null, "hc_vault": null}]}"#).expect("two groups, both empty");
    assert_eq!(metadata.groups.groups.len(), 2);
    let block = Tree::map(metadata.fields(Shape::Nested));
    let empty = json(r#"{"age": [], "hc_vault": []}"#);
    assert_eq!(block.get("key_groups"), Some(&Tree::list([empty.clone(), empty])));
    assert!(metadata.fields(Shape::FlatPrefix).iter().all(|(name, _)| !name.starts_with("key_groups")));
    metadata.groups.groups.clear();
    assert_eq!(Tree::map(metadata.fields(Shape::Nested)).get("key_groups"), Some(&Tree::list([])));
}
