//! The spellings of each kind, on the command line and in the configuration, as sops reads and prints them (its build of main before 3.12).

use std::sync::Arc;

use leafcrypt_kms::{BadKey, Beside, ConfigKey, Field, Fields, Kind, MasterKey, Secret, WrapError, backend};

fn ids(keys: &[Arc<dyn MasterKey>]) -> Vec<&str> {
    keys.iter().map(|key| key.id()).collect()
}

fn list(kind: Kind, text: &str) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
    backend(kind).from_list(text, &Beside::default())
}

fn map(kind: Kind, pairs: &[(&str, &str)]) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
    backend(kind).from_config(&ConfigKey::Map(pairs.iter().fold(Fields::default(), |fields, (name, text)| fields.with(name, *text))))
}

fn text(kind: Kind, text: &str) -> Result<Vec<Arc<dyn MasterKey>>, BadKey> {
    backend(kind).from_config(&ConfigKey::Text(text.to_owned()))
}

#[test]
fn lists() {
    for (kind, text, expected) in [
        (
            Kind::Kms,
            " a b+arn:aws:iam::1:role/r,c, +arn:aws:iam::1:role/r",
            &["ab+arn:aws:iam::1:role/r", "c", "+arn:aws:iam::1:role/r"][..],
        ),
        (Kind::Kms, "x,,y", &["x", "", "y"]),
        (Kind::GcpKms, " a b , c,", &["ab", "c", ""]),
        (Kind::Hckms, "a:b:c, r:x ,, r: y z", &["a:b:c", "r:x", "r: y z"]),
        (Kind::AzureKv, "https://h/keys/k/v 1 , https://h:9/keys/%20a/v?x", &["https://h/keys/k/v 1", "https://h:9/keys/%20a/v?x"]),
        (Kind::AzureKv, "https://h/keys/k,https://h/keys/k/", &["https://h/keys/k/", "https://h/keys/k/"]),
        (Kind::HcVault, "https://v/v1/t/keys/k,,https://v/v1/t/keys/l/", &["https://v/v1/t/keys/k", "https://v/v1/t/keys/l"]),
        (Kind::Pgp, " a b, c\td!", &["ab", "c\td!"]),
    ] {
        assert_eq!(ids(&list(kind, text).expect(text)), expected, "{kind:?}");
    }
}

#[test]
fn errors_of_spelling() {
    for (kind, text, expected) in [
        (Kind::Hckms, "a:b,q:", "key UUID cannot be empty in key ID: \"q:\""),
        (Kind::Hckms, ":q", "region cannot be empty in key ID: \":q\""),
        (Kind::AzureKv, "http://h/keys/k/v", "could not parse \"http://h/keys/k/v\" into a valid Azure Key Vault MasterKey []"),
        (Kind::AzureKv, "https://h/keys/k/v/x", "could not parse \"https://h/keys/k/v/x\" into a valid Azure Key Vault MasterKey []"),
        (Kind::AzureKv, "https:///keys/k", "could not parse \"https:///keys/k\" into a valid Azure Key Vault MasterKey []"),
        (Kind::AzureKv, "https://h/keys//v", "could not parse \"https://h/keys//v\" into a valid Azure Key Vault MasterKey []"),
        (
            Kind::AzureKv,
            "ht\"\u{1}é\u{202e}\n/keys",
            "could not parse \"ht\\\"\\x01é\\u202e\\n/keys\" into a valid Azure Key Vault MasterKey []",
        ),
        (Kind::AzureKv, " ", "could not parse \"\" into a valid Azure Key Vault MasterKey []"),
        (Kind::HcVault, " https://v/v1/t/keys/k", "parse \" https://v/v1/t/keys/k\": first path segment in URL cannot contain colon"),
    ] {
        assert_eq!(list(kind, text).expect_err(text).0, expected, "{kind:?}");
    }
}

#[test]
fn items_of_a_key_group() {
    // none of them is a comma list, and what lists trim stays
    assert_eq!(ids(&text(Kind::Pgp, " a b").expect("a key")), ["ab"]);
    assert_eq!(ids(&text(Kind::Pgp, "a,b").expect("a key")), ["a,b"]);
    assert_eq!(ids(&text(Kind::HcVault, "https://v/v1/t/keys/k").expect("a key")), ["https://v/v1/t/keys/k"]);
    assert_eq!(ids(&map(Kind::GcpKms, &[("resource_id", " a b")]).expect("a key")), ["ab"]);
    assert_eq!(ids(&map(Kind::Hckms, &[("key_id", " r:x")]).expect("a key")), [" r:x"]);
    let azure = map(Kind::AzureKv, &[("vaultUrl", "https://v/"), ("key", "k/1"), ("version", "1 ")]).expect("a key");
    assert_eq!(ids(&azure), ["https://v//keys/k/1/1 "]);

    assert_eq!(map(Kind::Hckms, &[("key_id", "a:")]).expect_err("no key").0, "key UUID cannot be empty in key ID: \"a:\"");
    assert_eq!(map(Kind::Hckms, &[]).expect_err("no key").0, "invalid key ID format: expected 'region:key-uuid', got \"\"");
    assert!(text(Kind::HcVault, "").is_err(), "sops panics");
    for kind in [Kind::Kms, Kind::GcpKms, Kind::Hckms, Kind::AzureKv] {
        assert!(text(kind, "x").is_err(), "{kind:?}");
    }
    for kind in [Kind::HcVault, Kind::Pgp] {
        assert!(map(kind, &[]).is_err(), "{kind:?}");
    }
}

#[test]
fn an_aws_key_of_a_key_group() {
    let pairs = |pairs: &[(&str, &str)]| Field::Map(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
    let mut item = Fields::default().with("arn", "a b+arn:aws:iam::1:role/r").with("role", "r o").with("aws_profile", "p");
    item.0.push(("context".to_owned(), pairs(&[("b", "1"), ("a", "x y")])));
    let key = backend(Kind::Kms).from_config(&ConfigKey::Map(item)).expect("a key").remove(0);
    assert_eq!(key.id(), "a b+arn:aws:iam::1:role/r+r o|a:x y,b:1|p", "blanks and role stay as they are");

    let mut record = Fields::default().with("arn", "a b+arn:aws:iam::1:role/r").with("role", "r o");
    record.0.push(("context".to_owned(), pairs(&[("a", "x y"), ("b", "1")])));
    assert_eq!(key.fields(), record.with("aws_profile", "p"), "SOPS's order, the context sorted");
    assert_eq!(backend(Kind::Kms).from_metadata(&key.fields()).id(), key.id());
}

#[test]
fn what_stands_beside_an_aws_key() {
    let pair = |k: &str, v: &str| (k.to_owned(), v.to_owned());
    let beside = Beside { context: vec![pair("b", "1"), pair("a", "2"), pair("b", "3")], profile: "pp".to_owned() };
    let keys = backend(Kind::Kms).from_list("x,y+arn:z", &beside).expect("two");
    assert_eq!(ids(&keys), ["x|a:2,b:3|pp", "y+arn:z|a:2,b:3|pp"]);
    let alone = Beside { profile: "pp".to_owned(), ..Beside::default() };
    assert_eq!(ids(&backend(Kind::Kms).from_list("x", &alone).expect("one")), ["x||pp"]);
    for kind in [Kind::GcpKms, Kind::Pgp] {
        assert_eq!(ids(&backend(kind).from_list("x", &beside).expect("one")), ["x"], "only AWS has a context");
    }
}

/// SOPS 3.13.0 wrote the context into ENV and INI files as a memory address.
#[test]
fn a_lost_context_is_kept_as_it_is() {
    let record = Fields::default().with("arn", "a").with("context", "0xc000123456").with("aws_profile", "");
    let key = backend(Kind::Kms).from_metadata(&record);
    assert_eq!(key.id(), "a");
    assert_eq!(key.fields(), Fields::default().with("arn", "a").with("aws_profile", "").with("context", "0xc000123456"));
}

/// Kinds whose text SOPS looks at only when it is used say then what SOPS says.
#[test]
fn errors_at_use() {
    let session = leafcrypt_kms::Session::new(Arc::new(leafcrypt_kms::Real::default()));
    for (kind, text, expected) in [
        (Kind::Kms, "foo", "no valid ARN found in 'foo'"),
        (Kind::GcpKms, "foo", "cannot create GCP KMS service: no valid resource ID found in \"foo\""),
        (
            Kind::GcpKms,
            "projects/p/locations/l/keyRings/r/cryptoKeys/",
            "cannot create GCP KMS service: no valid resource ID found in \"projects/p/locations/l/keyRings/r/cryptoKeys/\"",
        ),
    ] {
        let error = list(kind, text).expect("unchecked")[0].wrap(&Secret::new(vec![1; 32]), &session).expect_err("no key");
        assert_eq!(error, WrapError::BadKey(expected.to_owned()));
    }
}

#[test]
fn an_azure_key_without_version_needs_its_service() {
    let session = leafcrypt_kms::Session::new(Arc::new(leafcrypt_kms::Real::default()));
    let key = |text| list(Kind::AzureKv, text).expect("a key").remove(0);
    assert!(matches!(key("https://h/keys/k/1").resolve(&session), Ok(None)));
    assert!(matches!(key("https://h/keys/k").resolve(&session), Err(WrapError::NotBuilt { feature: "Azure Key Vault" })));
}
