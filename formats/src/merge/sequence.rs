//! What lies between two sequences: Myers's greedy algorithm on what is left between an equal start and an equal end.

use std::ops::Range;

/// A stretch of the first sequence, and what stands in its place in the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hunk {
    pub base: Range<usize>,
    pub other: Range<usize>,
}

/// More insertions and deletions than these are no small change, and to find the fewest takes time and memory by their square.
const LIMIT: isize = 1500;

/// The hunks, in order; none where too much differs.
pub(super) fn diff(base: usize, other: usize, same: impl Fn(usize, usize) -> bool) -> Option<Vec<Hunk>> {
    let shorter = base.min(other);
    let start = (0..shorter).take_while(|i| same(*i, *i)).count();
    let end = (0..shorter - start).take_while(|i| same(base - 1 - i, other - 1 - i)).count();
    let (n, m) = (base - start - end, other - start - end);
    let pairs = common(n, m, |i, j| same(start + i, start + j))?;
    let mut hunks = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (a, b) in pairs.into_iter().chain([(n, m)]) {
        if (i, j) != (a, b) {
            hunks.push(Hunk { base: start + i..start + a, other: start + j..start + b });
        }
        (i, j) = (a + 1, b + 1);
    }
    Some(hunks)
}

/// A longest common subsequence, as pairs of positions.
fn common(n: usize, m: usize, same: impl Fn(usize, usize) -> bool) -> Option<Vec<(usize, usize)>> {
    if n == 0 || m == 0 {
        return Some(Vec::new());
    }
    let (n, m) = (isize::try_from(n).ok()?, isize::try_from(m).ok()?);
    let most = (n + m).min(LIMIT);
    let at = |k: isize| (k + most + 1) as usize;
    // How far in the first sequence one gets on diagonal k with d changes, and for the way back what this was before each d.
    let mut reach = vec![0isize; at(most + 1) + 1];
    let mut rows: Vec<Vec<isize>> = Vec::new();
    for d in 0..=most {
        rows.push(reach[at(-d - 1)..=at(d + 1)].to_vec());
        for k in (-d..=d).step_by(2) {
            let (from, down) = step(k, d, reach[at(k - 1)], reach[at(k + 1)]);
            let mut x = if down { from } else { from + 1 };
            let mut y = x - k;
            while x < n && y < m && same(x as usize, y as usize) {
                (x, y) = (x + 1, y + 1);
            }
            reach[at(k)] = x;
            if (x, y) == (n, m) {
                return Some(way_back(n, m, &rows));
            }
        }
    }
    None
}

/// From which neighbour of a diagonal one comes, and whether by an insertion.
fn step(k: isize, d: isize, left: isize, above: isize) -> (isize, bool) {
    let down = k == -d || (k != d && left < above);
    (if down { above } else { left }, down)
}

fn way_back(mut x: isize, mut y: isize, rows: &[Vec<isize>]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (d, row) in rows.iter().enumerate().rev() {
        let (d, k) = (d as isize, x - y);
        let at = |k: isize| row[(k + d + 1) as usize];
        let (from, down) = step(k, d, at(k - 1), at(k + 1));
        let from_y = from - if down { k + 1 } else { k - 1 };
        while x > from && y > from_y {
            (x, y) = (x - 1, y - 1);
            pairs.push((x as usize, y as usize));
        }
        (x, y) = (from, from_y);
    }
    pairs.reverse();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hunks lead from one to the other, and what lies between them is equal.
    fn check(base: &str, other: &str, changes: usize) {
        let (a, b) = (base.as_bytes(), other.as_bytes());
        let hunks = diff(a.len(), b.len(), |i, j| a[i] == b[j]).expect("small");
        let mut made = Vec::new();
        let mut i = 0;
        for hunk in &hunks {
            made.extend_from_slice(&a[i..hunk.base.start]);
            made.extend_from_slice(&b[hunk.other.clone()]);
            i = hunk.base.end;
        }
        made.extend_from_slice(&a[i..]);
        assert_eq!(made, b, "{base} {other} {hunks:?}");
        assert_eq!(hunks.iter().map(|h| h.base.len() + h.other.len()).sum::<usize>(), changes, "{base} {other} {hunks:?}");
    }

    #[test]
    fn the_fewest_changes() {
        check("", "", 0);
        check("abc", "abc", 0);
        check("", "abc", 3);
        check("abc", "", 3);
        check("abc", "axc", 2);
        check("abc", "bcd", 2);
        check("abcabba", "cbabac", 5);
        check("xaby", "xbay", 2);
        check("aab", "ab", 1);
        check("abcdef", "acxef", 3);
    }

    #[test]
    fn too_much_is_not_looked_at() {
        assert_eq!(diff(2000, 2000, |_, _| false), None);
        assert_eq!(diff(100_000, 100_001, |i, j| i == j).map(|hunks| hunks.len()), Some(1));
    }
}
