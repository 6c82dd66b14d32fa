//! Random trees in every type, under the name `sops` against the real sops. `LEAFCRYPT_RANDOM` says how many batches.

use leafcrypt_formats::{Format, Member, Printing, Tree, print};

use crate::convert::{difference, parallel};
use crate::random_tree::{Kinds, Random, count, flat, map};
use crate::tools::{Place, Program, sops};

const ALL: Kinds = Kinds { comments: false, trailing: false, bytes: true, infinite: false, typed: true, odd: true, lines: true };

/// Seals each tree, by ours or by theirs, and prints it in the types.
fn check(name: &str, usual: u64, by: Program, types: &[&str], tree: impl Fn(&mut Random) -> Tree + Sync) {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    let seeds: Vec<u64> = (0..count(usual)).collect();
    let wrong = parallel(&seeds, |seed| {
        let tree = tree(&mut Random::new(*seed));
        // Our own type would give the text back instead of printing it; a part of it does not.
        let tree = if types.contains(&"yaml") { Tree::map([("all", tree)]) } else { tree };
        let text = print(Format::Yaml, &[tree], &Printing::default()).unwrap().text;
        let (plain, sealed) = (format!("{name}-{seed}.plain.yaml"), format!("{name}-{seed}.yaml"));
        place.write(&plain, text);
        let done = place.call(by, ["encrypt", "--age", &place.recipient, &plain]).run();
        if !done.status.success() {
            return vec![format!("{plain} is not sealed by {by:?}: {}", String::from_utf8_lossy(&done.stderr))];
        }
        place.write(&sealed, done.stdout);
        let all: &[&str] = if types.contains(&"yaml") { &["--extract", "[\"all\"]"] } else { &[] };
        types.iter().filter_map(|to| difference(&place, &[&["decrypt", "--output-type", to, &sealed], all].concat())).collect()
    });
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// Several random trees in one, so that fewer processes are started.
fn many(random: &mut Random, n: usize, mut one: impl FnMut(&mut Random) -> Tree) -> Tree {
    Tree::map((0..n).map(|i| (format!("k{i}"), one(random))))
}

#[test]
fn trees() {
    check("trees", 12, Program::Ours, &["yaml", "json"], |random| many(random, 40, |random| map(random, ALL, 3)));
}

#[test]
fn comments() {
    // Not what sops itself prints so that it does not read back.
    let kinds = Kinds { comments: true, odd: false, lines: false, ..ALL };
    check("comments", 24, Program::Sops, &["yaml", "json"], |random| many(random, 12, |random| map(random, kinds, 3)));
}

#[test]
fn infinite() {
    let kinds = Kinds { infinite: true, ..ALL };
    check("infinite", 4, Program::Ours, &["yaml", "json"], |random| many(random, 20, |random| map(random, kinds, 1)));
}

#[test]
fn env() {
    check("env", 24, Program::Ours, &["dotenv"], |random| {
        let mut all = Vec::new();
        for i in 0..30 {
            if let Tree::Map(members) = flat(random, Kinds { comments: i % 3 == 0, trailing: true, ..ALL }) {
                all.extend(members);
            }
        }
        let mut names = std::collections::HashSet::new();
        all.retain(|member| !matches!(member, Member::Entry(name, _) if !names.insert(name.clone())));
        Tree::Map(all)
    });
}

#[test]
fn ini() {
    check("ini", 24, Program::Ours, &["ini"], |random| {
        many(random, 40, |random| {
            let Tree::Map(mut members) = flat(random, ALL) else { return Tree::Null };
            // SOPS refuses the whole file for one name that is empty.
            members.retain(|member| !matches!(member, Member::Entry(name, _) if name.is_empty()));
            Tree::Map(members)
        })
    });
}
