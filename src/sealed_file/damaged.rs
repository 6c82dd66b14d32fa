//! Of a file that cannot be read as a sealed one: was it one? Asked of what was found in a folder, most of which is not sealed.

use leafcrypt_formats::{Document, Format, LeafId, SyntaxClass};

use super::{NotSealed, SealedError, SealedFile};
use crate::manners::Manners;
use crate::seal::token::Token;

/// How every token begins.
const TOKEN: &[u8] = b"ENC[AES256_GCM,data:";

/// Where git puts two sides of a merge into one file.
const CONFLICT: &[u8] = b"<<<<<<< ";

/// Whether a text looks sealed, and cannot be read all the same. Nobody may take it for one that is not sealed: who was removed could read it on.
pub fn is_damaged(format: Format, text: &[u8], why: &SealedError) -> bool {
    match why {
        SealedError::NotSealed(why) => why.stripped,
        SealedError::Metadata(_) => true,
        SealedError::Syntax(why) if matches!(why.class, SyntaxClass::SealedAs(_)) => true,
        // Any text may stand under a name that tells no type, a manual with tokens in it among them; a sealed one is JSON.
        SealedError::Syntax(_) if format == Format::Binary => {
            let object = text.trim_ascii_start().starts_with(b"{") || lines(text).any(|line| line.starts_with(CONFLICT));
            object && has_token(text)
        }
        SealedError::Syntax(_) => has_token(text) || lines(text).any(begins_block),
    }
}

/// Whether a text that is about to be sealed was sealed, and has lost its block: its tokens would be sealed as if they were values.
pub fn has_lost_block(format: Format, text: &[u8], manners: &Manners) -> bool {
    has_token(text) && matches!(SealedFile::parse(format, text, manners), Err(SealedError::NotSealed(NotSealed { stripped: true, .. })))
}

/// Whether a value of a text without a block is a whole token: a merge, a truncation, a copy has lost the block.
pub(super) fn has_tokens(document: &Document<'_>) -> bool {
    has_token(document.text())
        && (0..document.leaves().len()).any(|i| {
            let content = document.content(LeafId(i as u32));
            content.starts_with(TOKEN) && Token::parse(&content).is_ok()
        })
}

fn has_token(text: &[u8]) -> bool {
    text.windows(TOKEN.len()).any(|part| part == TOKEN)
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&b| b == b'\n')
}

/// The metadata block's first line in any format, or one of its flat fields.
fn begins_block(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let unquoted = line.trim_ascii_start().strip_prefix(b"\"").unwrap_or(line);
    line == b"[sops]"
        || unquoted
            .strip_prefix(b"sops")
            .is_some_and(|rest| rest.starts_with(b":") || rest.starts_with(b"\":") || rest.starts_with(b"_version"))
}
