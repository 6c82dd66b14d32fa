//! A token: what is read is written the same way, whole and in pieces; and any bytes, sealed, open again.
#![no_main]

use leafcrypt::formats::Kind;
use leafcrypt::keys::DataKey;
use leafcrypt::seal::cipher::{Cipher, Nonces};
use leafcrypt::seal::token::{self, Frame, Holds, Token};
use leafcrypt_fuzz::whole::Known;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let cipher = Cipher::new(&DataKey::from_bytes(vec![7; 32]).expect("it has 32 bytes"));
    let (whole, frame) = (Token::parse(text), Frame::parse(text));
    if let Ok(token) = &whole {
        let mut out = Vec::new();
        let data = token::begin(&mut out, &token.data);
        token::finish(&mut out, data, &token.nonce, &token.tag, token.holds);
        assert_eq!(out, text, "one value, one spelling");
    }
    let mut pieces = Vec::new();
    let in_pieces = frame.and_then(|frame| {
        frame.pieces(48, |piece| {
            pieces.extend_from_slice(piece);
            Ok(())
        })
    });
    assert_eq!(in_pieces.err(), whole.as_ref().err().copied());
    assert!(whole.is_err() || whole.is_ok_and(|token| token.data == pieces));
    assert!(cipher.open_value(b"a:", text).is_err(), "nobody forges a token");
    let random = Known::new(1);
    for holds in [Holds::Comment, Holds::Value(Kind::Str), Holds::Value(Kind::Float)] {
        let mut sealed = Vec::new();
        cipher.seal(&mut sealed, b"a:", text, holds, &mut Nonces::new(&random)).expect("there is randomness");
        assert_eq!(cipher.open_text(b"a:", &sealed, holds).as_deref(), Ok(text));
        assert_eq!(cipher.open_equal(b"a:", &sealed, holds, text), Ok(()));
        // Any text may be called a number: then it is one, or refused.
        let _ = cipher.open_value(b"a:", &sealed);
    }
});
