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
    Within::new(text).is_some_and(|within| within.first(0).is_some())
}

/// The text without the private keys in it.
pub fn without_private_keys(text: &str) -> Cow<'_, str> {
    let Some(within) = Within::new(text) else { return Cow::Borrowed(text) };
    let (mut out, mut at) = (String::new(), 0);
    while let Some((from, to)) = within.first(at) {
        out.push_str(&text[at..from]);
        out.push_str(HIDDEN);
        at = to;
    }
    if at == 0 { Cow::Borrowed(text) } else { Cow::Owned(out + &text[at..]) }
}

/// A text that is searched. It may be somebody else's and long: no part of it is looked at more than a few times.
struct Within<'t> {
    text: &'t str,
    upper: String,
}

impl<'t> Within<'t> {
    /// None: most texts.
    fn new(text: &'t str) -> Option<Self> {
        let upper = text.to_ascii_uppercase();
        let may = ["AGE-SECRET-KEY-", "AGE-PLUGIN-", "PRIVATE KEY"].iter().any(|start| upper.contains(start));
        may.then_some(Within { text, upper })
    }

    /// Where the first one from `at` on stands.
    fn first(&self, at: usize) -> Option<(usize, usize)> {
        let is_of_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let mut from = at;
        loop {
            let behind = self.upper[from..].find(is_of_word).map(|word| from + word)?;
            let word = self.upper[behind..].find(|c| !is_of_word(c)).map_or(&self.upper[behind..], |end| &self.upper[behind..behind + end]);
            let found = self.line(behind, word).into_iter().chain(self.block(behind, word)).min();
            if found.is_some() {
                return found;
            }
            from = behind + word.len();
        }
    }

    /// An identity of age: a word in Bech32, or its end.
    fn line(&self, from: usize, word: &str) -> Option<(usize, usize)> {
        let is_one = |start: &str, at: usize| {
            let data = word[at + start.len() - 1..].split_once("-1").map_or("", |(_, data)| data);
            data.len() >= ENOUGH || bech32(&self.text[from + at..from + word.len()]).is_ok()
        };
        // What begins last has the least data, and what begins first the most.
        let one = |start: &'static str| [word.find(start), word.rfind(start)].into_iter().flatten().find(|at| is_one(start, *at));
        let at = ["AGE-SECRET-KEY-", "AGE-PLUGIN-"].into_iter().filter_map(one).min()?;
        Some((from + at, from + word.len()))
    }

    /// A block of PEM, or of OpenPGP's armour, that begins in this word.
    fn block(&self, from: usize, word: &str) -> Option<(usize, usize)> {
        const HEAD: usize = 100;
        let from = from + word.find("-----BEGIN")?;
        let head = self.upper[from..].strip_prefix("-----BEGIN ")?;
        let head = head.split_once("-----").map_or(head, |(head, _)| head);
        if !head.bytes().take(HEAD).collect::<Vec<_>>().windows(11).any(|part| part == b"PRIVATE KEY") {
            return None;
        }
        let end = self.upper[from..].find("-----END ").and_then(|at| {
            let behind = from + at + 9;
            self.upper[behind..].find("-----").map(|at| behind + at + 5)
        });
        Some((from, end.unwrap_or(self.upper.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A configuration of a megabyte, by somebody who wants everybody to wait.
    #[test]
    fn a_long_text_takes_no_long_time() {
        // Of this thread: other programs on the machine take the clock from it.
        let spent = || std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse::<u64>().ok();
        let started = spent().expect("the kernel counts it");
        for part in ["AGE-PLUGIN-", "AGE-PLUGIN-X ", "AGE-SECRET-KEY-", "-----BEGIN ", "-----BEGIN PRIVATE ", "-----END PRIVATE KEY "] {
            let text = part.repeat(1_000_000 / part.len());
            assert!(!holds_private_key(&text), "{part}");
            assert_eq!(without_private_keys(&text), text, "{part}");
        }
        let key = "AGE-PLUGIN-YUBIKEY-1QQPQZRFR7ZZZZ34567890 ".repeat(20_000);
        assert_eq!(without_private_keys(&key).matches(HIDDEN).count(), 20_000);
        let seconds = (spent().expect("the kernel counts it") - started) / 1_000_000_000;
        assert!(seconds < 30, "{seconds} s");
    }

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
