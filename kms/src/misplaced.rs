//! Private keys that stand where a file's name or a public key should, such as an identity in `SOPS_AGE_KEY_FILE`: a slip of every day, and never to be
//! shown (docs/threat-model.md, P15).

use std::borrow::Cow;

use crate::age::bech32;

/// What is shown instead.
const HIDDEN: &str = "(a private key, not shown)";
/// So many characters of a key make it one, also if it is cut or mistyped. Names of files (`age-plugin-1.txt`) have fewer.
const ENOUGH: usize = 16;

/// Does it hold a private key, whole or in part?
pub fn holds_private_key(text: &str) -> bool {
    first(text).is_some()
}

/// The text without the private keys in it.
pub fn without_private_keys(text: &str) -> Cow<'_, str> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((from, to)) = first(rest) {
        out.push_str(&rest[..from]);
        out.push_str(HIDDEN);
        rest = &rest[to..];
    }
    if rest.len() == text.len() { Cow::Borrowed(text) } else { Cow::Owned(out + rest) }
}

/// Where the first one stands.
fn first(text: &str) -> Option<(usize, usize)> {
    // Most texts end here.
    if !text.contains('-') {
        return None;
    }
    let upper = text.to_ascii_uppercase();
    let lines = ["AGE-SECRET-KEY-", "AGE-PLUGIN-"].into_iter().filter_map(|start| line(text, &upper, start));
    lines.chain(block(&upper)).min()
}

/// An identity of age: a word in Bech32.
fn line(text: &str, upper: &str, start: &str) -> Option<(usize, usize)> {
    upper.match_indices(start).find_map(|(from, _)| {
        let word = &text[from..];
        let word = &word[..word.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(word.len())];
        let data = word[start.len() - 1..].find("-1").map_or("", |at| &word[start.len() - 1 + at + 2..]);
        (data.len() >= ENOUGH || bech32(word).is_ok()).then_some((from, from + word.len()))
    })
}

/// A block of PEM, or of OpenPGP's armour.
fn block(upper: &str) -> Option<(usize, usize)> {
    let from = upper.match_indices("-----BEGIN ").map(|(at, _)| at).find(|&at| {
        let head = upper[at + 11..].find("-----").map_or(&upper[at + 11..], |end| &upper[at + 11..at + 11 + end]);
        head.contains("PRIVATE KEY")
    })?;
    let end = upper[from..].find("-----END ").and_then(|at| {
        let behind = from + at + 9;
        upper[behind..].find("-----").map(|at| behind + at + 5)
    });
    Some((from, end.unwrap_or(upper.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_one() {
        let key = "AGE-SECRET-KEY-1QQPQZRFR7ZZZZ34567890QWERTYUPASDFGHJKLXCVNM2345678";
        let pem = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----";
        let check = |text: &str, shown: &str| assert_eq!(without_private_keys(text), shown, "{text}");
        check(key, HIDDEN);
        check(&key.to_ascii_lowercase(), HIDDEN);
        check(&key[..35], HIDDEN);
        check(&format!("open {key}: no such file; see {key}."), &format!("open {HIDDEN}: no such file; see {HIDDEN}."));
        check(&format!("# created\n{}\n", key.replace("KEY-1", "KEY-PQ-1")), &format!("# created\n{HIDDEN}\n"));
        check("AGE-PLUGIN-YUBIKEY-1QQPQZRFR7ZZZZ34567890", HIDDEN);
        check(&format!("({pem}\n)"), &format!("({HIDDEN}\n)"));
        check(&pem[..60], HIDDEN);
        check("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ", HIDDEN);
        for other in [
            "",
            "a-b",
            "age1zqy-x",
            "/run/secrets/AGE-SECRET-KEY-1",
            "age-plugin-yubikey-identity-1a2b3c.txt",
            "AGE-SECRET-KEY-1...",
            "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
            "é-----BEGIN é",
        ] {
            assert!(!holds_private_key(other), "{other}");
            check(other, other);
        }
    }
}
