//! `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`: one sealed value as text.
//!
//! We read only what a writer produces (threat-model.md, P3): canonical padded base64, nonces of 32 and tags of 16 bytes, a known type,
//! nothing behind the bracket.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leafcrypt_formats::Kind;
use thiserror::Error;

/// Bytes of a nonce.
pub const NONCE: usize = 32;
/// Bytes of a tag.
pub const TAG: usize = 16;

const HEAD: &[u8] = b"ENC[AES256_GCM,data:";

/// What a token holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A value of that type.
    Value(Kind),
    /// A comment.
    Comment,
}

impl Holds {
    /// The word behind `type:`.
    pub fn name(self) -> &'static str {
        match self {
            Holds::Value(kind) => kind.name(),
            Holds::Comment => "comment",
        }
    }

    fn of_name(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"str" => Holds::Value(Kind::Str),
            b"int" => Holds::Value(Kind::Int),
            b"float" => Holds::Value(Kind::Float),
            b"bool" => Holds::Value(Kind::Bool),
            b"time" => Holds::Value(Kind::Time),
            b"comment" => Holds::Comment,
            _ => return None,
        })
    }
}

/// A token's parts. The ciphertext is decoded into a buffer of its own, which becomes the plaintext.
pub struct Token {
    /// Ciphertext.
    pub data: Vec<u8>,
    /// Nonce.
    pub nonce: [u8; NONCE],
    /// Tag.
    pub tag: [u8; TAG],
    /// Type.
    pub holds: Holds,
}

/// Why a text is no token that we open. Says nothing of the text itself.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum BadToken {
    #[error("not a sealed value (ENC[AES256_GCM,...]) though the file's rule covers it")]
    NoToken,
    #[error("bytes behind the token's closing bracket")]
    Trailing,
    #[error("the token's base64 is damaged or not canonical")]
    Base64,
    #[error("the token's nonce has not 32 bytes")]
    Nonce,
    #[error("the token's tag has not 16 bytes")]
    Tag,
    #[error("the token's type is unknown")]
    Type,
    #[error("the token does not open: it was changed, or moved from another place")]
    Forged,
    #[error("the token's type does not fit its content")]
    Content,
}

impl Token {
    /// Reads a token.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &[u8]) -> Result<Token, BadToken> {
        let rest = text.strip_prefix(HEAD).ok_or(BadToken::NoToken)?;
        let (data, rest) = cut(rest, b",iv:")?;
        let (nonce, rest) = cut(rest, b",tag:")?;
        let (tag, rest) = cut(rest, b",type:")?;
        let close = rest.iter().position(|&b| b == b']').ok_or(BadToken::NoToken)?;
        if close + 1 != rest.len() {
            return Err(BadToken::Trailing);
        }
        let holds = Holds::of_name(&rest[..close]).ok_or(BadToken::Type)?;
        Ok(Token {
            data: STANDARD.decode(data).map_err(|_| BadToken::Base64)?,
            nonce: fixed(nonce).map_err(|short| if short { BadToken::Nonce } else { BadToken::Base64 })?,
            tag: fixed(tag).map_err(|short| if short { BadToken::Tag } else { BadToken::Base64 })?,
            holds,
        })
    }
}

/// Appends a token.
pub fn write(out: &mut Vec<u8>, data: &[u8], nonce: &[u8; NONCE], tag: &[u8; TAG], holds: Holds) {
    out.reserve(HEAD.len() + data.len().div_ceil(3) * 4 + 100);
    out.extend_from_slice(HEAD);
    base64_into(out, data);
    out.extend_from_slice(b",iv:");
    base64_into(out, nonce);
    out.extend_from_slice(b",tag:");
    base64_into(out, tag);
    out.extend_from_slice(b",type:");
    out.extend_from_slice(holds.name().as_bytes());
    out.push(b']');
}

/// Does a text look like a token? For hints and messages; never decides what is covered.
pub fn looks_sealed(text: &[u8]) -> bool {
    text.starts_with(b"ENC[AES256_GCM,")
}

fn base64_into(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = STANDARD.encode_slice(bytes, &mut out[start..]).expect("the buffer has the encoded length");
    debug_assert_eq!(start + written, out.len());
}

fn cut<'a>(text: &'a [u8], mark: &[u8]) -> Result<(&'a [u8], &'a [u8]), BadToken> {
    // Base64 has no comma, so the first one ends the part.
    let at = text.iter().position(|&b| b == b',').ok_or(BadToken::NoToken)?;
    let rest = text[at..].strip_prefix(mark).ok_or(BadToken::NoToken)?;
    Ok((&text[..at], rest))
}

/// `Err(true)`: another length.
fn fixed<const N: usize>(text: &[u8]) -> Result<[u8; N], bool> {
    let mut buffer = [0u8; 48];
    if text.len() != N.div_ceil(3) * 4 {
        return Err(true);
    }
    let n = STANDARD.decode_slice(text, &mut buffer).map_err(|_| false)?;
    buffer[..n].try_into().map_err(|_| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> String {
        let mut out = Vec::new();
        write(&mut out, b"hello", &[7; 32], &[9; 16], Holds::Value(Kind::Str));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn writes_what_it_reads() {
        let token = Token::parse(sample().as_bytes()).ok().unwrap();
        assert_eq!(
            (token.data.as_slice(), token.nonce, token.tag, token.holds),
            (&b"hello"[..], [7; 32], [9; 16], Holds::Value(Kind::Str))
        );
    }

    #[test]
    fn refuses_what_no_writer_produces() {
        let check = |from: &str, to: &str, expected: BadToken| {
            let text = sample().replacen(from, to, 1);
            assert_ne!(text, sample(), "the case changes nothing");
            assert_eq!(Token::parse(text.as_bytes()).err(), Some(expected), "{from} -> {to}");
        };
        check("type:str]", "type:str] x", BadToken::Trailing);
        check("type:str]", "type:str]]", BadToken::Trailing);
        check("type:str]", "type:str", BadToken::NoToken);
        check("type:str", "type:bytes", BadToken::Type);
        check("type:str", "type:Str", BadToken::Type);
        check("ENC[", " ENC[", BadToken::NoToken);
        check("AES256_GCM", "AES128_GCM", BadToken::NoToken);
        check("aGVsbG8=", "aGVsbG8", BadToken::Base64);
        check("aGVsbG8=", "aGVsbG9=", BadToken::Base64);
        check("aGVsbG8=", "aGVs\nbG8=", BadToken::Base64);
        check("iv:Bwc", "iv:", BadToken::Nonce);
        check("tag:CQkJ", "tag:", BadToken::Tag);
    }
}
