//! Three texts by their lines: what each side changed, where the other changed nothing. Layout and comments of both come along; whether the values are
//! right the caller looks.

use zeroize::Zeroizing;

use super::sequence::{Hunk, diff, piecewise};

/// Both sides' changes; none where they overlap.
pub(super) fn merge(base: &[u8], mine: &[u8], theirs: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let [base, mine, theirs] = [base, mine, theirs].map(|text| text.split_inclusive(|b| *b == b'\n').collect::<Vec<_>>());
    let hunks = |other: &[&[u8]]| {
        let few = diff(base.len(), other.len(), |i, j| base[i] == other[j]);
        few.unwrap_or_else(|| piecewise(&base, other)).into_iter().peekable()
    };
    let (mut ours, mut others) = (hunks(&mine), hunks(&theirs));
    let room = [&base, &mine, &theirs].into_iter().flatten().map(|line| line.len()).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(room));
    let mut done = 0;
    let mut put = |hunk: &Hunk, lines: &[&[u8]], done: &mut usize| {
        for line in base[*done..hunk.base.start].iter().chain(&lines[hunk.other.clone()]) {
            out.extend_from_slice(line);
        }
        *done = hunk.base.end;
    };
    loop {
        match (ours.peek(), others.peek()) {
            (None, None) => break,
            (Some(a), Some(b)) if a.base == b.base && mine[a.other.clone()] == theirs[b.other.clone()] => {
                put(b, &theirs, &mut done);
                ours.next();
                others.next();
            }
            (Some(a), Some(b)) if overlap(a, b) => return None,
            // Two additions at one place: theirs first.
            (Some(a), Some(b)) if (b.base.start, b.base.end) <= (a.base.start, a.base.end) => {
                put(b, &theirs, &mut done);
                others.next();
            }
            (Some(a), _) => {
                put(a, &mine, &mut done);
                ours.next();
            }
            (None, Some(b)) => {
                put(b, &theirs, &mut done);
                others.next();
            }
        }
    }
    for line in &base[done..] {
        out.extend_from_slice(line);
    }
    Some(out)
}

/// The same lines, or an addition between lines that the other replaced. Two additions at one place do not overlap.
fn overlap(a: &Hunk, b: &Hunk) -> bool {
    a.base.start < b.base.end && b.base.start < a.base.end
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each letter is a line.
    fn check(base: &str, mine: &str, theirs: &str, expected: Option<&str>) {
        let lines = |text: &str| text.chars().flat_map(|c| [c as u8, b'\n']).collect::<Vec<_>>();
        let merged = merge(&lines(base), &lines(mine), &lines(theirs));
        assert_eq!(merged.as_ref().map(|m| m.to_vec()), expected.map(lines), "{base} {mine} {theirs}");
    }

    #[test]
    fn lines_of_both() {
        check("abcd", "xbcd", "abcy", Some("xbcy"));
        check("abcd", "xbcd", "aycd", Some("xycd"));
        check("abcd", "xbcd", "xbcd", Some("xbcd"));
        check("abcd", "xbcd", "ybcd", None);
        check("abcd", "abcdx", "abcdy", Some("abcdyx"));
        check("abcd", "acd", "abd", Some("ad"));
        check("abcd", "ad", "abxd", None);
        check("abcd", "axxbcd", "abcyd", Some("axxbcyd"));
        check("abcd", "", "abcx", None);
        check("", "x", "y", Some("yx"));
        check("ab", "axb", "axb", Some("axb"));
        check("abcd", "abcd", "wxyz", Some("wxyz"));
    }
}
