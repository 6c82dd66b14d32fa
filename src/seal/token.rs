//! `ENC[AES256_GCM,data:…,iv:…,tag:…,type:…]`: one sealed value as text. [`super::cipher`] makes and opens it; where it goes in a file
//! is each format's affair.
//!
//! We read only what a writer produces (docs/threat-model.md, P3): canonical padded base64, nonces of 32 and tags of 16 bytes, a known type,
//! nothing behind the bracket.

use std::ops::Range;

use base64_simd::{Out, STANDARD};
use leafcrypt_formats::Kind;
use thiserror::Error;
use zeroize::Zeroize;

/// Bytes of a nonce.
pub const NONCE: usize = 32;
/// Bytes of a tag.
pub const TAG: usize = 16;

const HEAD: &[u8] = b"ENC[AES256_GCM,data:";
/// Bytes of a token beside its data, at most: what base64 rounds up included.
pub const FRAME: usize = HEAD.len() + REST + 4;
/// Bytes of the longest type, `comment`.
const LONGEST_KIND: usize = 7;
/// All that stands behind the data, at most.
const REST: usize = 100;
/// Bytes that are encoded at once; three make four.
const PIECE: usize = 3 << 8;

/// The length in base64.
const fn encoded(bytes: usize) -> usize {
    bytes.div_ceil(3) * 4
}

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
    #[error("a damaged token: a part of it is missing, or something stands within it that is none of it")]
    Damaged,
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
        let Frame { sealed, nonce, tag, holds } = Frame::parse(text)?;
        let data = STANDARD.decode_to_vec(sealed).map_err(|_| BadToken::Base64)?;
        Ok(Token { data, nonce, tag, holds })
    }
}

/// A token whose data is still in base64: for what is long, and never has to stand in memory twice.
pub struct Frame<'t> {
    sealed: &'t [u8],
    /// Nonce.
    pub nonce: [u8; NONCE],
    /// Tag.
    pub tag: [u8; TAG],
    /// Type.
    pub holds: Holds,
}

impl<'t> Frame<'t> {
    /// Reads a token.
    ///
    /// # Errors
    /// What is wrong with it, but for its data.
    pub fn parse(text: &'t [u8]) -> Result<Self, BadToken> {
        let Parts { sealed, nonce, tag, kind } = match Parts::at_usual_places(text) {
            Some(parts) => parts,
            None => Parts::by_commas(text).map_err(|why| match why {
                BadToken::NoToken if resembles(text) => BadToken::Damaged,
                why => why,
            })?,
        };
        let holds = Holds::of_name(kind).ok_or(BadToken::Type)?;
        let nonce = fixed(nonce).map_err(|short| if short { BadToken::Nonce } else { BadToken::Base64 })?;
        let tag = fixed(tag).map_err(|short| if short { BadToken::Tag } else { BadToken::Base64 })?;
        Ok(Frame { sealed, nonce, tag, holds })
    }

    /// The ciphertext, into just the room that it takes.
    ///
    /// # Errors
    /// The base64 is damaged, or takes another room.
    pub fn decode<'b>(&self, room: &'b mut [u8]) -> Result<&'b mut [u8], BadToken> {
        let bytes = room.len();
        if self.sealed.len() != encoded(bytes) {
            return Err(BadToken::Content);
        }
        // Base64 of fewer bytes has as many letters.
        STANDARD.decode(self.sealed, Out::from_slice(room)).ok().filter(|data| data.len() == bytes).ok_or(BadToken::Base64)
    }

    /// The ciphertext in pieces of that many bytes, a multiple of three, and what is left. `take` may change them.
    ///
    /// # Errors
    /// The base64 is damaged, or `take` has seen enough.
    pub fn pieces(&self, bytes: usize, mut take: impl FnMut(&mut [u8]) -> Result<(), BadToken>) -> Result<(), BadToken> {
        debug_assert_eq!(bytes % 3, 0);
        let mut buffer = vec![0; bytes];
        let step = encoded(bytes);
        let mut done = Ok(());
        for (number, part) in self.sealed.chunks(step).enumerate() {
            let last = (number + 1) * step >= self.sealed.len();
            // Padding before the end would decode, a piece at a time.
            let piece = STANDARD.decode(part, Out::from_slice(&mut buffer)).ok().filter(|piece| last || piece.len() == bytes);
            done = piece.ok_or(BadToken::Base64).and_then(&mut take);
            if done.is_err() {
                break;
            }
        }
        buffer.zeroize();
        done
    }
}

/// A token's parts, still in base64.
struct Parts<'t> {
    sealed: &'t [u8],
    nonce: &'t [u8],
    tag: &'t [u8],
    kind: &'t [u8],
}

impl<'t> Parts<'t> {
    /// As every writer lays them out, found from the end: looking for commas would take as long as decoding.
    fn at_usual_places(text: &'t [u8]) -> Option<Self> {
        let rest = text.strip_prefix(HEAD)?.strip_suffix(b"]")?;
        let near = rest.len().saturating_sub(LONGEST_KIND + 1);
        let colon = near + rest[near..].iter().rposition(|&b| b == b':')?;
        let (rest, kind) = (rest[..colon].strip_suffix(b",type")?, &rest[colon + 1..]);
        if kind.contains(&b']') {
            return None;
        }
        let (rest, tag) = rest.split_at_checked(rest.len().checked_sub(encoded(TAG))?)?;
        let rest = rest.strip_suffix(b",tag:")?;
        let (rest, nonce) = rest.split_at_checked(rest.len().checked_sub(encoded(NONCE))?)?;
        Some(Parts { sealed: rest.strip_suffix(b",iv:")?, nonce, tag, kind })
    }

    /// Whatever their lengths, to say what is wrong.
    fn by_commas(text: &'t [u8]) -> Result<Self, BadToken> {
        let rest = text.strip_prefix(HEAD).ok_or(BadToken::NoToken)?;
        let (sealed, rest) = cut(rest, b",iv:")?;
        let (nonce, rest) = cut(rest, b",tag:")?;
        let (tag, rest) = cut(rest, b",type:")?;
        let close = rest.iter().position(|&b| b == b']').ok_or(BadToken::NoToken)?;
        if close + 1 != rest.len() {
            return Err(BadToken::Trailing);
        }
        Ok(Parts { sealed, nonce, tag, kind: &rest[..close] })
    }
}

/// Begins a token, and puts the plaintext at the end of the room that its base64 will fill; gives its place, where it is to be
/// encrypted before [`finish`]. So neither a value nor a big file is copied once more.
pub fn begin(out: &mut Vec<u8>, plain: &[u8]) -> Range<usize> {
    let room = encoded(plain.len());
    out.reserve(HEAD.len() + room + REST);
    out.extend_from_slice(HEAD);
    out.resize(out.len() + room - plain.len(), 0);
    let start = out.len();
    out.extend_from_slice(plain);
    start..out.len()
}

/// Ends a token whose ciphertext stands at that place.
pub fn finish(out: &mut Vec<u8>, data: Range<usize>, nonce: &[u8; NONCE], tag: &[u8; TAG], holds: Holds) {
    let mut to = data.end - encoded(data.len());
    // Forward in place: what is written never passes what is still to be read.
    let mut piece = [0; PIECE];
    for from in data.clone().step_by(PIECE) {
        let piece = &mut piece[..PIECE.min(data.end - from)];
        piece.copy_from_slice(&out[from..from + piece.len()]);
        to += STANDARD.encode(piece, Out::from_slice(&mut out[to..data.end])).len();
    }
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

/// Is a text a token, or what is left of one? Nobody has typed that as a value, so it is never sealed as one that was added in clear. Of a text with
/// several tokens, such as a sealed file within a value, or with several lines only the beginning counts.
pub fn resembles(text: &[u8]) -> bool {
    const NAME: &[u8] = b"AES256_GCM,data:";
    const BEHIND: &[u8] = b",tag:";
    let mut heads = text.windows(NAME.len()).filter(|part| *part == NAME);
    let mut is_one = || heads.next().is_some() && heads.next().is_none();
    looks_sealed(text) || is_one() && !text.contains(&b'\n') && text.windows(BEHIND.len()).any(|part| part == BEHIND)
}

fn base64_into(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + encoded(bytes.len()), 0);
    let written = STANDARD.encode(bytes, Out::from_slice(&mut out[start..])).len();
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
    if text.len() != encoded(N) {
        return Err(true);
    }
    let bytes: &[u8] = STANDARD.decode(text, Out::from_slice(&mut buffer)).map_err(|_| false)?;
    bytes.try_into().map_err(|_| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> String {
        let mut out = Vec::new();
        let data = begin(&mut out, b"hello");
        finish(&mut out, data, &[7; 32], &[9; 16], Holds::Value(Kind::Str));
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
    fn encodes_in_place() {
        for len in [0, 1, 2, 3, 4, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 2] {
            let data: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
            let mut out = b"before".to_vec();
            let place = begin(&mut out, &data);
            finish(&mut out, place, &[7; 32], &[9; 16], Holds::Comment);
            assert!(Token::parse(&out[6..]).is_ok_and(|token| token.data == data), "{len} bytes");
        }
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
        check("type:str]", "type:str", BadToken::Damaged);
        check("type:str", "type:bytes", BadToken::Type);
        check("type:str", "type:Str", BadToken::Type);
        check("ENC[", " ENC[", BadToken::Damaged);
        check("ENC[", "ENC[ ", BadToken::Damaged);
        check(",tag:", ", tag:", BadToken::Damaged);
        check("AES256_GCM", "AES128_GCM", BadToken::NoToken);
        check("aGVsbG8=", "aGVsbG8", BadToken::Base64);
        check("aGVsbG8=", "aGVsbG9=", BadToken::Base64);
        check("aGVsbG8=", "aGVs\nbG8=", BadToken::Base64);
        check("iv:Bwc", "iv:", BadToken::Nonce);
        check("tag:CQkJ", "tag:", BadToken::Tag);
    }
}
