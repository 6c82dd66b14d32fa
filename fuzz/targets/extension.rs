//! Our field with any payload under the right key: read, written and read again; its hints then meet a sealed text that they may not fit.
#![no_main]

use std::sync::LazyLock;

use leafcrypt::formats::{Bytes, CommentId, Document, Format, Kind, LeafId, Opened, ScanOptions};
use leafcrypt::keys::DataKey;
use leafcrypt::seal::cipher::{Cipher, Nonces};
use leafcrypt::seal::extension::{self, Found};
use leafcrypt::seal::token::Holds;
use leafcrypt_fuzz::FORMATS;
use leafcrypt_fuzz::whole::{Known, open, seal};

/// A sealed text of each format, and its plain text.
static SEALED: LazyLock<Vec<(Format, Vec<u8>)>> = LazyLock::new(|| {
    let plain = |format| match format {
        Format::Yaml => "# note\na: &x 'one' # two\nb: *x\nc: |+\n  t\n\nl: [1, 0x1F, ~]\n",
        Format::Json => "{\"a\": \"\\u0041\", \"b\": [1, 1.0, true]}",
        Format::Dotenv => "# note\nA=\"one\"\nexport B=two\n",
        Format::Ini => "; note\n[s]\na = \"one\" ; two\nb: three\n",
        _ => "a = 'one' # two\nb = [0x1F, 1.0]\n[t]\nc = \"\"\"\nx\"\"\"\n",
    };
    FORMATS.map(|format| (format, seal(format, plain(format).as_bytes(), None, false, &Known::new(1)).expect("it can be sealed"))).into()
});

libfuzzer_sys::fuzz_target!(|payload: &[u8]| {
    let cipher = Cipher::new(&DataKey::from_bytes(vec![7; 32]).expect("it has 32 bytes"));
    let random = Known::new(1);
    let mut nonces = Nonces::new(&random);
    let mut field = Vec::new();
    cipher.seal(&mut field, b"leafcrypt/1 mac", payload, Holds::Value(Kind::Str), &mut nonces).expect("there is randomness");
    let field = String::from_utf8(field).expect("a token is ASCII");
    let Found::Payload(read) = extension::open(&cipher, Some(&field), "mac") else { return };
    let again = extension::seal(&cipher, &read, "mac", None, &mut nonces).expect("there is randomness");
    match extension::open(&cipher, Some(&again), "mac") {
        Found::Payload(again) => assert!(again == read, "what was written is read as something else"),
        _ => panic!("what was written is not read"),
    }
    for (format, sealed) in SEALED.iter() {
        let document = Document::parse(*format, sealed, &ScanOptions::SEALED).expect("it was sealed");
        let file = open(*format, sealed, &seeded()).expect("it was sealed with that key");
        let plain = Document::parse(*format, file.plain(), &ScanOptions::PLAIN).expect("it was read");
        let leaves = (0..document.leaves().len()).map(|n| plain.leaves().get(n).map(|_| plain.value(LeafId(n as u32))));
        let comments = (0..document.comments().len())
            .map(|n| plain.comments().get(n).map(|_| Bytes::new(plain.comment_text(CommentId(n as u32)).into_owned())));
        let opened = Opened { leaves: leaves.collect(), comments: comments.collect() };
        let _ = document.open(&opened, &read.hints);
    }
});

/// Has given the data key that [`SEALED`] was made with.
fn seeded() -> Known {
    let random = Known::new(1);
    DataKey::generate(&random).expect("there is randomness");
    random
}
