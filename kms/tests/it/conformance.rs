//! What every kind of key must do, asked of every kind in the list.

use std::collections::HashSet;
use std::sync::Arc;

use leafcrypt_kms::{BACKENDS, Beside, Field, Fields, Kind, MasterKey, Secret, Session, UnwrapError, WrapError, Wrapped, backend};

use crate::gpg_home::Home;
use crate::scripted::Scripted;

/// One key of a kind: a text as on the command line, its string form, its record (without `enc` and `created_at`).
struct Sample {
    text: &'static str,
    id: &'static str,
    fields: &'static [(&'static str, &'static str)],
    /// A text that is no key, and what SOPS says; nothing where every text is one.
    junk: Option<(&'static str, &'static str)>,
    works: bool,
}

const AGE: &str = "age1v2ww46uyf728uknvyae4dkkyh5wwzmtvhgu8e9gyvr4d7cc2ne7qx4wqcp";

fn sample(kind: Kind) -> Sample {
    match kind {
        Kind::Kms => Sample {
            text: "arn:aws:kms:eu-west-1:1:key/k+arn:aws:iam::1:role/r",
            id: "arn:aws:kms:eu-west-1:1:key/k+arn:aws:iam::1:role/r",
            fields: &[("arn", "arn:aws:kms:eu-west-1:1:key/k"), ("role", "arn:aws:iam::1:role/r"), ("aws_profile", "")],
            junk: None,
            works: false,
        },
        Kind::GcpKms => Sample {
            text: "projects/p/locations/l/keyRings/r/cryptoKeys/k",
            id: "projects/p/locations/l/keyRings/r/cryptoKeys/k",
            fields: &[("resource_id", "projects/p/locations/l/keyRings/r/cryptoKeys/k")],
            junk: None,
            works: false,
        },
        Kind::Hckms => Sample {
            text: "tr-west-1:00000000-1111",
            id: "tr-west-1:00000000-1111",
            fields: &[("key_id", "tr-west-1:00000000-1111")],
            junk: Some(("foo", "invalid key ID format: expected 'region:key-uuid', got \"foo\"")),
            works: false,
        },
        Kind::AzureKv => Sample {
            text: "https://v.vault.azure.net/keys/k/1",
            id: "https://v.vault.azure.net/keys/k/1",
            fields: &[("vault_url", "https://v.vault.azure.net"), ("name", "k"), ("version", "1")],
            junk: Some(("foo", "could not parse \"foo\" into a valid Azure Key Vault MasterKey []")),
            works: false,
        },
        Kind::HcVault => Sample {
            text: "https://vault.example:8200/v1/a/b/keys/k",
            id: "https://vault.example:8200/v1/a/b/keys/k",
            fields: &[("vault_address", "https://vault.example:8200"), ("engine_path", "a/b"), ("key_name", "k")],
            junk: Some((
                "foo",
                "missing scheme in Vault URL (should be like this: +https://vault.example.com:8200/v1/transit/keys/keyName), got: foo",
            )),
            works: false,
        },
        Kind::Pgp => Sample {
            text: "61C7 B1BC BF9B B03C 05B4  436A AD81 57CB D497 8748",
            id: "61C7B1BCBF9BB03C05B4436AAD8157CBD4978748",
            fields: &[("fp", "61C7B1BCBF9BB03C05B4436AAD8157CBD4978748")],
            junk: None,
            works: true,
        },
        Kind::Age => Sample {
            text: AGE,
            id: AGE,
            fields: &[("recipient", AGE)],
            junk: Some(("xyz", "failed to parse input, unknown recipient type: \"xyz\"")),
            works: true,
        },
    }
}

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().fold(Fields::default(), |fields, (name, text)| fields.with(name, *text))
}

fn only(kind: Kind, text: &str) -> Arc<dyn MasterKey> {
    let mut keys = backend(kind).from_list(text, &Beside::default()).expect(text);
    assert_eq!(keys.len(), 1, "{text}");
    keys.remove(0)
}

/// A world in which there is nothing.
fn nowhere() -> Session {
    Scripted::new().session().0
}

#[test]
fn the_list_holds_every_kind_once_in_the_order_of_files() {
    let kinds: Vec<Kind> = BACKENDS.iter().map(|backend| backend.names().kind).collect();
    assert_eq!(kinds, Kind::ALL);
    for kind in Kind::ALL {
        assert_eq!(backend(kind).names().kind, kind);
    }
}

#[test]
fn no_two_kinds_share_a_name() {
    type Name = fn(&leafcrypt_kms::Names) -> String;
    let names: [(&str, Name); 8] = [
        ("kind", |names| names.kind.name().to_owned()),
        ("title", |names| names.title.to_owned()),
        ("flag", |names| names.flag.to_owned()),
        ("variable", |names| names.variable.to_owned()),
        ("rule_field", |names| names.rule_field.to_owned()),
        ("group_field", |names| names.group_field.to_owned()),
        ("rule_error", |names| names.rule_error.to_owned()),
        ("short", |names| names.short.map_or(names.flag.to_owned(), String::from)),
    ];
    for (what, name) in names {
        let all: HashSet<String> = BACKENDS.iter().map(|backend| name(backend.names())).collect();
        assert_eq!(all.len(), BACKENDS.len(), "{what}: {all:?}");
        assert!(!all.contains(""), "{what}");
    }
}

#[test]
fn ranks_are_the_orders_of_sops() {
    type Rank = fn(&leafcrypt_kms::Names) -> u8;
    let orders: [(Rank, &str); 4] = [
        (|names| names.rank_flags, "kms gcp_kms hckms azure_kv pgp hc_vault age"),
        (|names| names.rank_rule, "age pgp kms gcp_kms hckms azure_kv hc_vault"),
        (|names| names.rank_group, "age pgp kms gcp_kms hckms azure_kv hc_vault"),
        (|names| names.rank_file, "kms gcp_kms hckms azure_kv hc_vault pgp age"),
    ];
    for (rank, expected) in orders {
        let mut names: Vec<_> = BACKENDS.iter().map(|backend| backend.names()).collect();
        names.sort_by_key(|names| rank(names));
        assert_eq!(names.iter().map(|names| names.kind.name()).collect::<Vec<_>>().join(" "), expected);
        assert_eq!(names.iter().map(|names| rank(names)).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6]);
    }
}

#[test]
fn read_print_compare_and_keep() {
    for kind in Kind::ALL {
        let sample = sample(kind);
        let key = only(kind, sample.text);
        assert_eq!((key.kind(), key.id()), (kind, sample.id));
        assert_eq!(key.fields(), fields(sample.fields), "{kind:?}");

        let again = backend(kind).from_metadata(&key.fields());
        assert_eq!((again.kind(), again.id()), (kind, sample.id));
        assert_eq!(again.fields(), key.fields(), "{kind:?}");
    }
}

#[test]
fn several_in_a_list_and_none() {
    for kind in Kind::ALL {
        assert!(backend(kind).from_list("", &Beside::default()).expect("nothing is no error").is_empty(), "{kind:?}");
        let sample = sample(kind);
        let twice = format!("{},{}", sample.text, sample.text);
        let ids: Vec<String> =
            backend(kind).from_list(&twice, &Beside::default()).expect("two").iter().map(|key| key.id().to_owned()).collect();
        assert_eq!(ids, [sample.id, sample.id], "doubled ones are kept: {kind:?}");
    }
}

#[test]
fn junk_gives_the_text_of_sops() {
    for kind in Kind::ALL {
        if let Some((text, expected)) = sample(kind).junk {
            let error = backend(kind).from_list(text, &Beside::default()).expect_err("it is no key");
            assert_eq!(error.0, expected);
            let good_first = format!("{},{text}", sample(kind).text);
            assert_eq!(backend(kind).from_list(&good_first, &Beside::default()).expect_err("one is no key").0, expected);
        }
    }
}

/// Texts of up to four awkward pieces, alone and inside an address: read or refused, but never a panic, and what is read is its own record.
#[test]
fn no_text_makes_a_reader_panic() {
    const PIECES: [&str; 14] = ["h", "/", ":", "%", "2", "@", "[", "]", "?", "#", "é", "*", "/v1/a/b", "\u{7f}"];
    let mut texts = vec![String::new()];
    let mut from = 0;
    for _ in 0..4 {
        let last = from..texts.len();
        from = texts.len();
        for i in last {
            let longer: Vec<String> = PIECES.iter().map(|piece| format!("{}{piece}", texts[i])).collect();
            texts.extend(longer);
        }
    }
    for kind in Kind::ALL {
        for text in texts.iter().flat_map(|text| [text.clone(), format!("h://{text}/v1/e/keys/k")]) {
            for key in backend(kind).from_list(&text, &Beside::default()).unwrap_or_default() {
                assert_eq!(backend(kind).from_metadata(&key.fields()).id(), key.id(), "{kind:?}: {text}");
            }
        }
    }
}

#[test]
fn a_record_loses_nothing() {
    for kind in Kind::ALL {
        let known = fields(sample(kind).fields);
        let unknown = [
            ("futuristic".to_owned(), Field::Text("x".to_owned())),
            ("nested".to_owned(), Field::Map(vec![("a".to_owned(), "b".to_owned())])),
        ];
        let mut record = Fields::default().with("futuristic", "x").with("created_at", "2026-11-24T00:00:00Z").with("enc", "abc");
        record.0.extend(known.0.iter().cloned());
        record.0.push(unknown[1].clone());
        let kept = backend(kind).from_metadata(&record);
        assert_eq!(kept.id(), sample(kind).id);
        let expected: Vec<_> = known.0.iter().chain(&unknown).cloned().collect();
        assert_eq!(kept.fields().0, expected, "ours in order, then the unknown: {kind:?}");
    }
}

#[test]
fn broken_records_are_kept_and_fail_when_used() {
    let odd = Field::Map(vec![("a".to_owned(), "b".to_owned())]);
    for kind in Kind::ALL {
        let sample = sample(kind);
        let junk = sample.junk.map_or("", |(text, _)| text);
        for record in [
            Fields::default(),
            Fields(sample.fields.iter().map(|(name, _)| ((*name).to_owned(), Field::Text(junk.to_owned()))).collect()),
            Fields(sample.fields.iter().map(|(name, _)| ((*name).to_owned(), odd.clone())).collect()),
        ] {
            let key = backend(kind).from_metadata(&record);
            for (name, field) in &record.0 {
                // an empty optional field is not written
                if *field != Field::Text(String::new()) {
                    assert_eq!(key.fields().get(name), Some(field), "{kind:?}");
                }
            }
            let names: Vec<String> = key.fields().0.into_iter().map(|(name, _)| name).collect();
            assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "no field twice: {names:?}");
            key.wrap(&Secret::new(vec![1; 32]), &nowhere()).expect_err("no key");
            key.unwrap(&Wrapped("abc".to_owned()), &nowhere()).expect_err("no key");
        }
    }
}

#[test]
fn what_is_not_built_says_so() {
    for kind in Kind::ALL.into_iter().filter(|&kind| !sample(kind).works) {
        let key = only(kind, sample(kind).text);
        let feature = backend(kind).names().title;
        assert_eq!(key.wrap(&Secret::new(vec![1; 32]), &nowhere()), Err(WrapError::NotBuilt { feature }));
        let enc = Wrapped("abc".to_owned());
        assert_eq!(key.unwrap(&enc, &nowhere()).expect_err("not built"), UnwrapError::NotBuilt { feature });
        let reasons = backend(kind).unwrap_any(&[(&*key, &enc), (&*key, &enc)], &nowhere()).expect_err("not built");
        assert_eq!(reasons, [UnwrapError::NotBuilt { feature }, UnwrapError::NotBuilt { feature }]);
    }
}

#[test]
fn debug_shows_no_secret() {
    for kind in Kind::ALL {
        let key = only(kind, sample(kind).text);
        assert!(!format!("{key:?}").is_empty(), "{kind:?}");
    }
    let vault = only(Kind::HcVault, "https://user:hunter2@v/v1/transit/keys/k");
    assert!(!format!("{vault:?}").contains("hunter2"), "{vault:?}");
    assert_eq!(vault.id(), "https://user:hunter2@v/v1/transit/keys/k", "the string form is SOPS's");
    let secret = Secret::new(b"hunter2".to_vec());
    assert!(!format!("{secret:?}").contains("hunter2"));
    assert!(!format!("{:?}", nowhere()).contains("hunter2"));
}

/// A session in which a key of this kind works, that key, and another that does not open what it wraps.
struct Working {
    session: Session,
    key: Arc<dyn MasterKey>,
    other: Arc<dyn MasterKey>,
    home: Option<Home>,
}

fn working(kind: Kind) -> Option<Working> {
    match kind {
        Kind::Pgp => {
            let (home, theirs) = (Home::new()?, Home::new()?);
            let (ours, foreign) = (home.key("a@x.y", ""), theirs.key("b@x.y", ""));
            home.learn(&theirs, "b@x.y");
            Some(Working { session: home.world().session(), key: only(kind, &ours), other: only(kind, &foreign), home: Some(home) })
        }
        Kind::Age => {
            let ((identity, ours), (_, foreign)) = (leafcrypt_kms::generate(), leafcrypt_kms::generate());
            let identity = String::from_utf8(identity.expose().to_vec()).expect("it is ASCII");
            let (session, _) = Scripted::new().env("SOPS_AGE_KEY", identity).session();
            Some(Working { session, key: only(kind, &ours), other: only(kind, &foreign), home: None })
        }
        _ => panic!("tell here how a key of this kind is made to work"),
    }
}

fn working_kinds() -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(|&kind| sample(kind).works)
}

#[test]
fn wrap_then_unwrap() {
    for kind in working_kinds() {
        let Some(Working { session, key, other, home: _home }) = working(kind) else { continue };
        for len in [32, 33] {
            // all bytes that a text might lose: NUL, line ends, a last blank
            let secret = Secret::new((0..len - 3).chain([b'\r', b'\n', b' ']).collect());
            let wrapped = key.wrap(&secret, &session).expect("it works");
            assert!(key.unwrap(&wrapped, &session).expect("it works").equals(&secret), "{kind:?}");
            let again = key.wrap(&secret, &session).expect("it works");
            assert_ne!(wrapped, again, "never the same twice: {kind:?}");

            let foreign = other.wrap(&secret, &session).expect("public keys wrap");
            assert!(matches!(other.unwrap(&foreign, &session), Err(UnwrapError::NotHeld { .. })), "{kind:?}");
            let records: [(&dyn MasterKey, &Wrapped); 3] = [(&*other, &foreign), (&*key, &wrapped), (&*key, &again)];
            let (at, opened) = backend(kind).unwrap_any(&records, &session).expect("one is ours");
            assert!(at > 0 && opened.equals(&secret), "{kind:?}: {at}");
            let reasons = backend(kind).unwrap_any(&records[..1], &session).expect_err("not ours");
            assert!(matches!(reasons[..], [UnwrapError::NotHeld { .. }]), "{reasons:?}");
            let many = backend(kind).wrap_many(&[&*key, &*other, &*key], &secret, &session);
            let many: Vec<Wrapped> = many.into_iter().collect::<Result<_, _>>().expect("all work");
            assert!(
                key.unwrap(&many[0], &session).is_ok() && key.unwrap(&many[1], &session).is_err() && key.unwrap(&many[2], &session).is_ok()
            );
        }
        assert_eq!(backend(kind).unwrap_any(&[], &session).expect_err("nothing to open"), []);
    }
}

#[test]
fn damaged_texts_are_refused() {
    for kind in working_kinds() {
        let Some(Working { session, key, home: _home, .. }) = working(kind) else { continue };
        let wrapped = key.wrap(&Secret::new(vec![7; 32]), &session).expect("it works").0;
        let cut = |at: usize| wrapped[..at].to_owned();
        let mut texts = vec![String::new(), "junk".to_owned(), "\u{0}".to_owned(), cut(1), cut(wrapped.len() / 3), cut(wrapped.len() / 2)];
        texts.push(wrapped.replace('\n', ""));
        for at in (wrapped.len() / 3..wrapped.len() * 2 / 3).step_by(37).filter(|&at| wrapped.as_bytes()[at].is_ascii_alphanumeric()) {
            let other = if wrapped.as_bytes()[at] == b'A' { "B" } else { "A" };
            texts.push(format!("{}{other}{}", &wrapped[..at], &wrapped[at + 1..]));
        }
        for text in texts {
            let error = key.unwrap(&Wrapped(text.clone()), &session).expect_err("damaged");
            assert!(matches!(error, UnwrapError::Corrupt | UnwrapError::NotHeld { .. }), "{kind:?}: {error:?} for {text}");
        }
    }
}
