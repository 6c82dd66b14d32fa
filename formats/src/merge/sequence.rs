//! What lies between two sequences: Myers's greedy algorithm on what is left between an equal start and an equal end.

use std::collections::HashMap;
use std::hash::Hash;
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

/// The hunks also where much differs: piece by piece, between things that each sequence has once, and in the same order. A piece that has nothing of the
/// kind in it, and of which too much differs, is one hunk.
pub(super) fn piecewise<T: Eq + Hash>(base: &[T], other: &[T]) -> Vec<Hunk> {
    let mut hunks = Vec::new();
    let (mut i, mut j) = (0, 0);
    for (a, b) in anchors(base, other).into_iter().chain([(base.len(), other.len())]) {
        let piece = diff(a - i, b - j, |x, y| base[i + x] == other[j + y]);
        let whole = || vec![Hunk { base: 0..a - i, other: 0..b - j }];
        for hunk in piece.unwrap_or_else(whole) {
            hunks.push(Hunk { base: i + hunk.base.start..i + hunk.base.end, other: j + hunk.other.start..j + hunk.other.end });
        }
        (i, j) = (a + 1, b + 1);
    }
    hunks
}

/// What stands once in each: the most of it that has one order.
fn anchors<T: Eq + Hash>(base: &[T], other: &[T]) -> Vec<(usize, usize)> {
    /// Where each stands; none: more than once.
    fn once<T: Eq + Hash>(sequence: &[T]) -> HashMap<&T, Option<usize>> {
        let mut places = HashMap::new();
        sequence.iter().enumerate().for_each(|(i, item)| _ = places.entry(item).and_modify(|place| *place = None).or_insert(Some(i)));
        places
    }
    let (here, there) = (once(base), once(other));
    let is_once = |(i, item)| Some((i, here[item].and(there.get(item).copied().flatten())?));
    let pairs: Vec<(usize, usize)> = base.iter().enumerate().filter_map(is_once).collect();
    // The longest rising row of places in the other: of each length the pair that ends it earliest, and for each pair the one before it.
    let (mut ends, mut before): (Vec<usize>, Vec<Option<usize>>) = (Vec::new(), Vec::new());
    for (n, &(_, place)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|&end| pairs[end].1 < place);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = n,
            None => ends.push(n),
        }
    }
    let mut row: Vec<(usize, usize)> = std::iter::successors(ends.last().copied(), |&n| before[n]).map(|n| pairs[n]).collect();
    row.reverse();
    row
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
    fn much_piece_by_piece() {
        let leads = |base: &[u32], other: &[u32]| {
            let hunks = piecewise(base, other);
            let (mut made, mut i) = (Vec::new(), 0);
            for hunk in &hunks {
                made.extend_from_slice(&base[i..hunk.base.start]);
                made.extend_from_slice(&other[hunk.other.clone()]);
                i = hunk.base.end;
            }
            made.extend_from_slice(&base[i..]);
            assert_eq!(made, other);
            hunks.len()
        };
        let base: Vec<u32> = (0..20_000).collect();
        // Every fifth is another one, which is too much for all at once.
        let other: Vec<u32> = base.iter().map(|n| if n % 5 == 0 { n + 100_000 } else { *n }).collect();
        assert_eq!(leads(&base, &other), 4_000);
        assert_eq!(diff(base.len(), other.len(), |i, j| base[i] == other[j]), None);
        // Others in between, the end before the start, nothing alike, nothing once, nothing.
        assert_eq!(leads(&base, &base.iter().flat_map(|n| [*n, n + 100_000]).collect::<Vec<_>>()), 20_000);
        assert_eq!(leads(&base, &[&base[12_000..], &base[..12_000]].concat()), 2);
        assert_eq!(leads(&base, &base.iter().map(|n| n + 100_000).collect::<Vec<_>>()), 1);
        assert_eq!(leads(&[7; 3000], &[8; 3000]), 1);
        assert_eq!(leads(&[1, 7, 7, 2, 3], &[1, 7, 2, 7, 3]), 2);
        assert_eq!((leads(&[], &[]), leads(&[], &[1]), leads(&[1], &[])), (0, 1, 1));
    }

    #[test]
    fn too_much_is_not_looked_at() {
        assert_eq!(diff(2000, 2000, |_, _| false), None);
        assert_eq!(diff(100_000, 100_001, |i, j| i == j).map(|hunks| hunks.len()), Some(1));
    }
}
