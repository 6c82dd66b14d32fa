//! The vectors of docs/wire-format.md against our code. They were made by another implementation (a few lines of Python), not by ours.

use std::sync::atomic::{AtomicUsize, Ordering};

use leafcrypt::formats::{Format, Kind, PathId, Paths};
use leafcrypt::keys::DataKey;
use leafcrypt::manners::LEAFCRYPT;
use leafcrypt::metadata;
use leafcrypt::seal::cipher::{Cipher, Nonces};
use leafcrypt::seal::extension::{self, Found, Payload};
use leafcrypt::seal::mac::Mac;
use leafcrypt::seal::token::Holds;
use leafcrypt::seal::{aad, plain_bytes, witness};
use leafcrypt::sealed_file::{OpenHow, SealedFile};
use leafcrypt::world::{NoRandomness, Random};
use serde_json::Value as Json;

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/testdata/wire/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn vectors() -> Json {
    serde_json::from_slice(&file("vectors.json")).unwrap()
}

fn text<'j>(vector: &'j Json, name: &str) -> &'j str {
    vector[name].as_str().unwrap_or_else(|| panic!("no {name}"))
}

fn hex(vector: &Json, name: &str) -> Vec<u8> {
    unhex(text(vector, name))
}

fn unhex(digits: &str) -> Vec<u8> {
    digits.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn data_key(vectors: &Json) -> DataKey {
    DataKey::from_bytes(hex(vectors, "data_key")).unwrap()
}

fn holds(name: &str) -> Holds {
    let all = [Kind::Str, Kind::Int, Kind::Float, Kind::Bool, Kind::Time].map(Holds::Value);
    all.into_iter().chain([Holds::Comment]).find(|holds| holds.name() == name).unwrap()
}

/// Gives out one nonce, over and over: only for vectors.
struct Always(Vec<u8>, AtomicUsize);

impl Random for Always {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        self.1.fetch_add(1, Ordering::Relaxed);
        buffer.chunks_mut(self.0.len()).for_each(|chunk| chunk.copy_from_slice(&self.0[..chunk.len()]));
        Ok(())
    }
}

fn always(vector: &Json) -> Always {
    Always(hex(vector, "nonce"), AtomicUsize::new(0))
}

#[test]
fn tokens() {
    let vectors = vectors();
    let cipher = Cipher::new(&data_key(&vectors));
    let all = vectors["tokens"].as_array().unwrap();
    assert!(all.len() >= 8);
    for vector in all {
        let mut paths = Paths::default();
        let path =
            vector["path"].as_array().unwrap().iter().fold(PathId::ROOT, |path, name| paths.key(path, name.as_str().unwrap().as_bytes()));
        let mut bound = Vec::new();
        aad::write(&mut bound, &paths, path);
        assert_eq!(bound, hex(vector, "aad"), "{vector}");
        let (holds, plain, token) = (holds(text(vector, "type")), hex(vector, "plain"), text(vector, "token"));
        let random = always(vector);
        let mut sealed = Vec::new();
        cipher.seal(&mut sealed, &bound, &plain, holds, &mut Nonces::new(&random)).unwrap();
        assert_eq!(String::from_utf8(sealed).unwrap(), token);
        assert_eq!(cipher.open_text(&bound, token.as_bytes(), holds).unwrap(), plain);
        if let Holds::Value(_) = holds {
            let value = cipher.open_value(&bound, token.as_bytes()).unwrap();
            assert_eq!(&*plain_bytes::of(&value), plain.as_slice(), "a value's bytes are the token's plaintext");
        }
    }
}

#[test]
fn macs() {
    let vectors = vectors();
    let cipher = Cipher::new(&data_key(&vectors));
    for vector in vectors["macs"].as_array().unwrap() {
        let mut mac = Mac::new(vector["mac_only_encrypted"].as_bool().unwrap());
        for leaf in vector["leaves"].as_array().unwrap() {
            mac.leaf(&unhex(leaf[0].as_str().unwrap()), leaf[1].as_bool().unwrap());
        }
        assert_eq!(*mac.finish(), text(vector, "mac"));
        let bound = metadata::mac_aad(text(vector, "lastmodified")).unwrap();
        assert_eq!(bound.as_bytes(), hex(vector, "aad"));
        let opened = cipher.open_text(bound.as_bytes(), text(vector, "token").as_bytes(), holds("str")).unwrap();
        assert_eq!(opened, text(vector, "mac").as_bytes());
    }
}

#[test]
fn the_field() {
    let vectors = vectors();
    let cipher = Cipher::new(&data_key(&vectors));
    for vector in vectors["fields"].as_array().unwrap() {
        let (mac, token) = (text(vector, "mac"), text(vector, "token"));
        assert_eq!(hex(vector, "aad"), format!("leafcrypt/1 {mac}").into_bytes());
        assert_eq!(cipher.open_text(&hex(vector, "aad"), token.as_bytes(), holds("str")).unwrap(), hex(vector, "payload"));
        let Found::Payload(payload) = extension::open(&cipher, Some(token), mac) else { panic!("it opens") };
        let expected =
            Payload { body: [1; 32], comments: [2; 32], keys: [3; 32], text: [4; 32], hints: Vec::new(), descent: payload.descent.clone() };
        assert_eq!(*payload, expected);
        let random = always(vector);
        assert_eq!(extension::seal(&cipher, &payload, mac, None, &mut Nonces::new(&random)).unwrap(), token);
    }
}

/// A whole file, sealed by the other implementation: MAC, field and all four digests are right, and it opens to the exact text.
#[test]
fn a_whole_file() {
    let vectors = vectors();
    let (sealed, plain) = (file("sealed.yaml"), file("plain.yaml"));
    let digest = |name: &str| {
        let all = vectors["digests"].as_array().unwrap();
        hex(all.iter().find(|vector| text(vector, "name") == name).unwrap(), "sha256")
    };
    let read = SealedFile::parse(Format::Yaml, &sealed, &LEAFCRYPT).unwrap();
    assert_eq!(witness::keys(&read.metadata().groups).to_vec(), digest("keys"));
    assert_eq!(witness::text(&plain).to_vec(), digest("text"));
    let Found::Payload(payload) =
        extension::open(&Cipher::new(&data_key(&vectors)), read.metadata().extension.as_deref(), &read.metadata().mac)
    else {
        panic!("the field opens")
    };
    assert_eq!((payload.body.to_vec(), payload.comments.to_vec()), (digest("body"), digest("comments")));
    // The strictest way to open: everything must be right, and the recipients vouched for.
    let mut how = OpenHow::default();
    how.strict = true;
    how.require_witness = true;
    let open = read.open_with(data_key(&vectors), &LEAFCRYPT, &how).unwrap();
    assert_eq!(open.plain(), plain);
    assert!(open.warnings().is_empty(), "{:?}", open.warnings());
}
