//! P24: nothing grows faster than n log n.

use std::path::Path;
use std::process::Command;

use super::{LIMIT, OURS};
use crate::inputs::{self, Shape};
use crate::measure::{Bench, Cost};

/// Of instructions, four times the text may want so many times as many: four, and a little for a logarithm and what is at random. They were 4.1 at most.
const MOST_WORK: f64 = 4.4;
/// Of time. The square of a text is sixteen times as much.
const MOST_TIME: f64 = 12.0;

/// Seals a text, opens it, sets a new name and takes it out again, and measures each. None: the text has no place for the name.
fn all_four<T>(bench: &Bench, shape: &Shape, leaves: usize, name: &str, measure: impl Fn(&[&str], &str) -> Option<T>) -> [Option<T>; 4] {
    let [plain, sealed, out] = ["plain", "sealed", "out"].map(|what| format!("{what}{name}.{}", shape.ending));
    let text = (shape.make)(leaves);
    bench.write(&plain, &text);
    let seal = measure(&["encrypt", "--age", &bench.recipient, &plain], &sealed);
    let open = measure(&["decrypt", &sealed], &out);
    assert!(
        seal.is_some() && open.is_some() && bench.read(&out) == text.as_bytes(),
        "{} ({}): not the same text",
        shape.name,
        shape.ending
    );
    let at = if shape.ending == "ini" { "[\"zz_new\"][\"k\"]" } else { "[\"zz_new\"]" };
    let set = measure(&["set", &sealed, at, "\"v\""], &out);
    [seal, open, set, measure(&["unset", &sealed, at], &out)]
}

/// How many times as much as for a text the four cost for one four times as large.
fn ratios<T: Copy>(small: [Option<T>; 4], large: [Option<T>; 4], own: impl Fn(T) -> f64) -> Vec<f64> {
    small.into_iter().zip(large).filter_map(|(small, large)| Some(own(large?) / own(small?))).collect()
}

/// Instructions. Time is no measure here: a larger text leaves the caches and touches new memory, so that on a machine that others share some of these took six
/// to eight times as long, and executed four times the instructions.
pub fn work(bench: &Bench, wrong: &mut Vec<String>) {
    let counts = Command::new("valgrind").arg("--version").output().is_ok();
    assert!(counts || std::env::var_os("CI").is_none(), "no valgrind: run tests/run");
    if !counts {
        return eprintln!("skipped: no valgrind, which counts instructions");
    }
    let start = bench.instructions(Path::new(OURS), &["--version"], "out").expect("it starts");
    let check = |(number, shape): (usize, &Shape)| {
        let count = |args: &[&str], to: &str| bench.instructions(Path::new(OURS), args, to);
        // Too few for threads, which look for work as often as they like.
        let [small, large] = [1_000, 4_000].map(|leaves| all_four(bench, shape, leaves, &number.to_string(), count));
        let ratios = ratios(small, large, |count| count.saturating_sub(start) as f64);
        let name = format!("{} ({})", shape.name, shape.ending);
        ratios
            .iter()
            .any(|ratio| *ratio > MOST_WORK)
            .then(|| format!("{name}: of four times the text the instructions are {ratios:.1?} times as many: {large:?}"))
    };
    // Two at once: what is counted is the same.
    let shapes: Vec<_> = inputs::USUAL.iter().chain(inputs::AWKWARD).enumerate().collect();
    let found = std::thread::scope(|scope| {
        let half = |start| shapes.iter().skip(start).step_by(2).copied().filter_map(check).collect::<Vec<_>>();
        let threads = [0, 1].map(|start| scope.spawn(move || half(start)));
        threads.map(|thread| thread.join().expect("each text is sealed and opened"))
    });
    wrong.extend(found.into_iter().flatten());
}

/// Time, with a wide bound: page faults and what the kernel copies are no instructions of ours, and larger texts have threads.
pub fn time(bench: &Bench, wrong: &mut Vec<String>) {
    let start = bench.least(5, Path::new(OURS), &["--version"], "out", LIMIT).unwrap().cpu;
    // What takes a few milliseconds has no shape yet.
    let own = |cost: Cost| cost.cpu.saturating_sub(start).as_secs_f64().max(0.002);
    for shape in inputs::USUAL.iter().chain(inputs::AWKWARD) {
        let run = |leaves| all_four(bench, shape, leaves, "", |args, to| bench.once(Path::new(OURS), args, to, LIMIT));
        // What others on the machine add to one run they do not add to all; the square of a text is in every one.
        let mut rounds = Vec::new();
        while rounds.len() < 3 {
            let ratios = ratios(run(6_000), run(24_000), own);
            if ratios.iter().all(|ratio| *ratio <= MOST_TIME) {
                break;
            }
            rounds.push(ratios);
        }
        if rounds.len() == 3 {
            wrong.push(format!("{} ({}): four times the text took {rounds:.1?} times as long", shape.name, shape.ending));
        }
    }
}
