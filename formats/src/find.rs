//! Bytes in a text. A long one is the affair of the crate `memchr`, which asks the processor first what it can do. On a virtual machine each of those questions
//! goes to the hypervisor: some 40 us, more than a short text costs byte by byte, and a thirtieth of a start (docs/performance.md).

/// The longest text that is looked through byte by byte: some microseconds.
const SHORT: usize = 4096;

/// Where the first byte of a kind stands.
pub(crate) fn byte(wanted: u8, text: &[u8]) -> Option<usize> {
    if text.len() > SHORT { memchr::memchr(wanted, text) } else { text.iter().position(|&b| b == wanted) }
}

/// Where the first byte of two kinds stands.
pub(crate) fn either(one: u8, other: u8, text: &[u8]) -> Option<usize> {
    if text.len() > SHORT { memchr::memchr2(one, other, text) } else { text.iter().position(|&b| b == one || b == other) }
}

/// How many bytes of a kind there are.
pub(crate) fn count(wanted: u8, text: &[u8]) -> usize {
    if text.len() > SHORT { memchr::memchr_iter(wanted, text).count() } else { text.iter().filter(|&&b| b == wanted).count() }
}

/// Does a word, of one byte at least, stand in the text?
pub(crate) fn has(word: &[u8], text: &[u8]) -> bool {
    if text.len() > SHORT { memchr::memmem::find(text, word).is_some() } else { text.windows(word.len()).any(|part| part == word) }
}

#[cfg(test)]
mod tests {
    use super::{SHORT, byte, count, either, has};

    #[test]
    fn long_and_short_texts_are_looked_through_alike() {
        for length in [0, 1, 3, SHORT - 1, SHORT, SHORT + 1, SHORT + 100] {
            let none = vec![b'.'; length];
            assert_eq!(
                (byte(b'a', &none), either(b'a', b'b', &none), count(b'a', &none), has(b"ab", &none)),
                (None, None, 0, false),
                "{length}"
            );
            let mut text = none;
            text.extend_from_slice(b"abba");
            let at = Some(length);
            assert_eq!(
                (byte(b'a', &text), either(b'b', b'a', &text), count(b'a', &text), has(b"ab", &text)),
                (at, at, 2, true),
                "{length}"
            );
            assert_eq!((byte(b'b', &text), has(b"bba", &text), has(b"bbb", &text)), (Some(length + 1), true, false), "{length}");
        }
    }
}
