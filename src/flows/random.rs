//! A secret that nobody sees: `--random 32`, `--random 16:hex`, `--random 8:=abc123`.

use zeroize::Zeroizing;

use crate::error::Error;
use crate::world::{NoRandomness, Random};

/// Characters to choose from, by name.
const ALPHABETS: [(&str, &str); 5] = [
    ("alnum", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
    ("hex", "0123456789abcdef"),
    ("base64", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
    ("base64url", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
    ("digits", "0123456789"),
];

/// A longer one is a mistake.
const LONGEST: usize = 1 << 16;
/// What looks like a word and has fewer characters is taken for a name that is misspelled: nobody would ever see of how few a secret was made.
const FEW: usize = 10;

/// What to make: how long, of what.
#[derive(Debug)]
pub struct Recipe {
    length: usize,
    alphabet: Vec<char>,
}

impl Recipe {
    /// Reads `N` or `N:alphabet`: a name (`alnum`, `hex`, `base64`, `base64url`, `digits`), or the characters themselves, with `=` before them where they could
    /// be one.
    ///
    /// # Errors
    /// No number, a name that nobody knows, or fewer than two characters, or one twice.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let (number, alphabet) = text.split_once(':').unwrap_or((text, "alnum"));
        let length = number.parse().ok().filter(|n| (1..=LONGEST).contains(n));
        let length = length.ok_or_else(|| usage("--random wants a number of characters, from 1 to 65536, as in 32 or 32:hex"))?;
        let named = ALPHABETS.iter().find(|(name, _)| name.eq_ignore_ascii_case(alphabet)).map(|(_, characters)| *characters);
        let names = ALPHABETS.map(|(name, _)| name).join(", ");
        let is_word = |text: &str| {
            let mut bytes = text.bytes();
            bytes.clone().any(|b| b.is_ascii_alphabetic()) && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':'))
        };
        if named.is_none() && alphabet.len() < FEW && is_word(alphabet) {
            return Err(Error::Usage(format!(
                "{alphabet:?} is no alphabet that --random knows ({names}); just these characters are meant by {length}:={alphabet}"
            )));
        }
        let alphabet: Vec<char> = named.unwrap_or(alphabet.strip_prefix('=').unwrap_or(alphabet)).chars().collect();
        let mut sorted = alphabet.clone();
        sorted.sort_unstable();
        sorted.dedup();
        if sorted.len() < 2 || sorted.len() != alphabet.len() {
            return Err(Error::Usage(format!("the alphabet of --random wants at least two characters, each once, or is one of {names}")));
        }
        Ok(Recipe { length, alphabet })
    }

    /// Makes one; each character is as likely as any other.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn make(&self, random: &dyn Random) -> Result<Zeroizing<String>, NoRandomness> {
        let widest = self.alphabet.iter().map(|c| c.len_utf8()).max().unwrap_or(1);
        let mut text = Zeroizing::new(String::with_capacity(self.length * widest));
        let count = self.alphabet.len() as u32;
        // What lies above the last whole multiple would make the first characters more likely.
        let limit = u32::MAX - u32::MAX % count;
        let mut bytes = Zeroizing::new([0u8; 256]);
        let mut left = self.length;
        while left > 0 {
            random.fill(&mut bytes[..])?;
            for chunk in bytes.as_chunks::<4>().0 {
                let number = u32::from_le_bytes(*chunk);
                if number < limit && left > 0 {
                    text.push(self.alphabet[(number % count) as usize]);
                    left -= 1;
                }
            }
        }
        Ok(text)
    }
}

fn usage(text: &str) -> Error {
    Error::Usage(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::SystemRandom;

    #[test]
    fn recipes() {
        let check = |text: &str, length: usize, characters: &str| {
            let made = Recipe::parse(text).expect("a recipe").make(&SystemRandom).expect("there is randomness");
            assert_eq!(made.chars().count(), length, "{text}");
            assert!(made.chars().all(|c| characters.contains(c)), "{text}");
        };
        check("32", 32, ALPHABETS[0].1);
        check("1:hex", 1, "0123456789abcdef");
        check("500:digits", 500, "0123456789");
        check("40:base64url", 40, ALPHABETS[3].1);
        check("40:Base64", 40, ALPHABETS[2].1);
        check("20:HEX", 20, "0123456789abcdef");
        check("9:aé:", 9, "aé:");
        check("9:=abc123", 9, "abc123");
        check("9:==x", 9, "=x");
        check("9:_9", 9, "_9");
        check("8:01234567", 8, "01234567");
        check("30:abcdefghij", 30, "abcdefghij");
        for wrong in ["", "x", "0", "65537", "-1", "5:", "5:a", "5:aba", "5:=a", "24:base32", "24:lower", "24:bin", "24:a-z", "20:alnum:x"]
        {
            assert!(Recipe::parse(wrong).is_err(), "{wrong}");
        }
    }

    /// Gives the numbers from 0 on, then those at the top: what would be biased is left out.
    struct Counting(std::sync::atomic::AtomicU32);

    impl Random for Counting {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
            for chunk in buffer.as_chunks_mut::<4>().0 {
                let n = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                *chunk = (u32::MAX - 5).wrapping_add(n).to_le_bytes();
            }
            Ok(())
        }
    }

    #[test]
    fn no_character_is_more_likely() {
        let made = Recipe::parse("20:digits").expect("a recipe").make(&Counting(0.into())).expect("it counts");
        // 2^32 - 1 is a multiple of ten and five more: 4294967290 to 4294967295 are left out.
        assert_eq!(*made, "01234567890123456789");
        let all = Recipe::parse("60000:digits").expect("a recipe").make(&SystemRandom).expect("there is randomness");
        for digit in '0'..='9' {
            let count = all.matches(digit).count();
            assert!((5400..6600).contains(&count), "{digit}: {count}");
        }
    }
}
