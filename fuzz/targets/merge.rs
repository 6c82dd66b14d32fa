//! A text, and two that were made of it: the last bytes say how. No change of either may be lost.
#![no_main]

use leafcrypt::formats::{Document, Format, LeafId, Part, Prefer, ScanOptions, Tree, Unmerged, Value, merge};
use leafcrypt_fuzz::{Choices, FORMATS};

/// Lines changed, doubled, lost, moved, or taken from a short list.
fn changed(text: &[u8], choices: &mut Choices<'_>) -> Vec<u8> {
    const NEW: [&[u8]; 8] = [b"new: 1\n", b"new=1\n", b"  - new\n", b"# new\n", b"\"new\": [1],\n", b"[new]\n", b"a: x\n", b"---\n"];
    let mut lines: Vec<Vec<u8>> = text.split_inclusive(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
    for _ in 0..=choices.below(2) {
        let at = choices.below(lines.len() + 1);
        match choices.below(6) {
            0 => lines.insert(at, choices.pick(&NEW).to_vec()),
            _ if at == lines.len() => {}
            1 => drop(lines.remove(at)),
            2 => lines.insert(at, lines[at].clone()),
            3 => {
                let other = choices.below(lines.len());
                lines.swap(at, other);
            }
            4 => {
                let (place, byte) = (choices.below(lines[at].len()), choices.below(256) as u8);
                lines[at][place] = byte;
            }
            _ => {
                let place = choices.below(lines[at].len());
                lines[at].insert(place, b'x');
            }
        }
    }
    lines.concat()
}

/// Values by path, of the first document, where a path is the same place in all of them: through maps whose names stand once. Without those that a later
/// line supersedes (INI), which no path leads to.
fn values<'d>(document: &'d Document<'_>, trees: &[Tree]) -> Vec<(Vec<Part>, Value)> {
    let once = |path: &[Part]| {
        (0..path.len()).all(|n| match (trees.first().and_then(|tree| tree.at(&path[..n]).ok()), &path[n]) {
            (Some(tree), Part::Key(name)) => tree.entries().filter(|(other, _)| other == name).count() == 1,
            _ => false,
        })
    };
    let all = document.leaves().iter().enumerate().filter(|(_, leaf)| leaf.document == 0 && leaf.in_mac);
    let all = all.map(|(n, leaf)| (document.paths().parts(leaf.path), document.value(LeafId(n as u32))));
    all.filter(|(path, _)| once(path)).collect()
}

/// How often a superseded value stands under a name, in whatever section: a header that came above it may have taken it along. `counts`: also one that
/// counts by now.
fn times(document: &Document<'_>, name: Option<&Part>, value: &Value, counts: bool) -> usize {
    let all = document.leaves().iter().enumerate().filter(|(_, leaf)| counts || !leaf.in_mac);
    all.filter(|(n, leaf)| document.paths().parts(leaf.path).last() == name && document.value(LeafId(*n as u32)).same(value)).count()
}

fn kept(format: Format, [base, mine, theirs]: [&[u8]; 3], merged: &[u8]) {
    let read = |text| Document::parse(format, text, &ScanOptions::PLAIN);
    let (Ok(base), Ok(mine), Ok(theirs)) = (read(base), read(mine), read(theirs)) else { return };
    let merged = read(merged).unwrap_or_else(|error| panic!("what was merged does not parse: {error}"));
    let trees = [&base, &mine, &theirs, &merged].map(Document::trees);
    let [of_base, of_mine, of_theirs, of_merged] = [&base, &mine, &theirs, &merged].map(|document| {
        let trees = document.trees();
        values(document, &trees)
    });
    for (side, other) in [(&mine, &theirs), (&theirs, &mine)] {
        for (n, leaf) in side.leaves().iter().enumerate().filter(|(_, leaf)| !leaf.in_mac) {
            let (path, value) = (side.paths().parts(leaf.path), side.value(LeafId(n as u32)));
            let of = |document, counts| times(document, path.last(), &value, counts);
            // One more of it than there was is a change, unless the other has changed that, too.
            let changed = of(side, false) > of(&base, false) && of(other, false) == of(&base, false);
            assert!(!changed || of(&merged, true) >= of(side, false), "a superseded value at {path:?} is lost");
        }
    }
    let at = |values: &[(Vec<Part>, Value)], path: &[Part]| values.iter().position(|(other, _)| other == path);
    for (side, tree) in [(&of_mine, &trees[2]), (&of_theirs, &trees[1])] {
        for (path, value) in side.iter() {
            let old = at(&of_base, path).is_some_and(|n| of_base[n].1.same(value));
            // With `Prefer::Neither` nothing gives way.
            if !old && tree.len() == trees[3].len() {
                let found = at(&of_merged, path).map(|n| &of_merged[n].1);
                let doubled = trees[3].first().is_some_and(|tree| tree.at(path).is_ok()) && found.is_none();
                assert!(doubled || found.is_some_and(|found| found.same(value)), "a change at {path:?} is lost");
            }
        }
    }
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (base, mut choices) = Choices::behind(data, 16);
    let format = choices.pick(&FORMATS);
    let (mine, theirs) = (changed(base, &mut choices), changed(base, &mut choices));
    for prefer in [Prefer::Neither, Prefer::Mine] {
        match merge(format, base, &mine, &theirs, prefer, &ScanOptions::PLAIN) {
            Ok(merged) if prefer == Prefer::Neither => kept(format, [base, &mine, &theirs], &merged),
            Ok(merged) => {
                let read = Document::parse(format, &merged, &ScanOptions::PLAIN);
                assert!(read.is_ok() || *merged == *mine || *merged == *theirs, "what was merged does not parse");
            }
            Err(Unmerged::Conflicts(conflicts)) => assert!(!conflicts.is_empty(), "a conflict nowhere"),
            Err(Unmerged::Syntax(_)) => {}
        }
    }
    let one = |other: &[u8]| merge(format, base, base, other, Prefer::Neither, &ScanOptions::PLAIN).is_ok_and(|text| *text == *other);
    assert!(one(&mine), "who has changed nothing takes what the other has");
});
