//! The real `sops` beside ours, on the same texts, in turns: `benches/against-sops [WORD]`, only rows of that word. Prints CPU time, peak memory and
//! their ratios.
#![allow(missing_docs, clippy::disallowed_methods)]

mod inputs;
mod measure;

use std::path::{Path, PathBuf};
use std::time::Duration;

use inputs::Shape;
use measure::{Bench, Cost};

/// No single run of sops may take more CPU time than this: some of its work grows with the square of the leaves.
const PATIENCE: Duration = Duration::from_secs(60);
const OURS: &str = env!("CARGO_BIN_EXE_leafcrypt");

fn main() {
    // `cargo test --benches` must not run it.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let Some(sops) = std::env::var_os("LEAFCRYPT_TEST_SOPS").map(PathBuf::from).filter(|p| p.exists()) else {
        eprintln!("LEAFCRYPT_TEST_SOPS names no sops: start this with benches/against-sops");
        std::process::exit(1);
    };
    let sops = measure::sops_itself(&sops);
    let word = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).unwrap_or_default();
    let table = Table { bench: Bench::new(Path::new(OURS)), sops, word };
    println!("| what | sops: CPU s | ours | ratio | sops: MiB | ours | ratio |\n| --- | --- | --- | --- | --- | --- | --- |");
    table.row("start: --version", 9, &["--version"], &["--version"]);
    table.seal_and_open("small YAML", 9, &small());
    for (n, runs) in [(10_000, 3), (100_000, 1)] {
        for shape in inputs::USUAL.iter().filter(|s| s.ending != "toml") {
            let sized = format!("{} {n}", shape.name);
            table.seal_and_open(&sized, runs, &Text { ending: shape.ending, bytes: (shape.make)(n).into_bytes() });
            if n == 10_000 {
                table.set(&sized, shape);
            }
        }
    }
    let mut state = 1u64;
    let binary: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 56) as u8
    })
    .take(100_000_000)
    .collect();
    table.seal_and_open("binary 100 MB", 1, &Text { ending: "bin", bytes: binary });
}

struct Text {
    ending: &'static str,
    bytes: Vec<u8>,
}

fn small() -> Text {
    let text =
        "# who may come in\ndb:\n    user: app\n    password: correct horse battery staple\n    port: 5432\nhosts:\n    - a\n    - b\n";
    Text { ending: "yaml", bytes: text.into() }
}

struct Table {
    bench: Bench,
    sops: PathBuf,
    /// In the names of the rows that are wanted.
    word: String,
}

impl Table {
    fn seal_and_open(&self, what: &str, runs: usize, text: &Text) {
        if !what.contains(&self.word) {
            return;
        }
        let plain = format!("plain.{}", text.ending);
        self.bench.write(&plain, &text.bytes);
        let seal = ["encrypt", "--age", &self.bench.recipient, &plain];
        let finished = self.row(&format!("{what}: encrypt"), runs, &seal, &seal);
        // Each opens what it sealed itself; where sops was cut off, what ours sealed.
        let sealed = |who: &str| format!("{who}.{}", text.ending);
        self.bench.copy(if finished { "sops.out" } else { "ours.out" }, &sealed("theirs"));
        self.bench.copy("ours.out", &sealed("ours"));
        self.row(&format!("{what}: decrypt"), runs, &["decrypt", &sealed("theirs")], &["decrypt", &sealed("ours")]);
    }

    /// One value of many, in place; every run another one.
    fn set(&self, what: &str, shape: &Shape) {
        if !what.contains(&self.word) {
            return;
        }
        let path = match (shape.name, shape.ending) {
            (_, "ini") => "[\"section_7\"][\"key_777\"]",
            (_, "env") => "[\"KEY_777\"]",
            ("YAML nested", _) => "[\"service_77\"][\"db\"][\"name_1\"]",
            _ => "[\"key_777\"]",
        };
        let files = ["theirs", "ours"].map(|who| format!("{who}.{}", shape.ending));
        let [theirs, ours] = files.each_ref().map(|file| ["set", file, path, "\"another value\""]);
        self.row(&format!("{what}: set one"), 1, &theirs, &ours);
    }

    /// Prints a row; has sops finished?
    fn row(&self, what: &str, runs: usize, theirs: &[&str], ours: &[&str]) -> bool {
        let (mut best, mut other) = (None, None);
        for _ in 0..runs {
            let better = |best: Option<Cost>, new: Option<Cost>| match (best, new) {
                (Some(best), Some(new)) => Some(Cost { cpu: best.cpu.min(new.cpu), memory: best.memory.min(new.memory) }),
                (best, new) => best.or(new),
            };
            other = better(other, self.bench.once(&self.sops, theirs, "sops.out", PATIENCE));
            best = better(best, self.bench.once(Path::new(OURS), ours, "ours.out", PATIENCE));
        }
        let Some(best) = best else {
            println!("| {what} | | failed | | | | |");
            return other.is_some();
        };
        let (cpu, memory) = (best.cpu.as_secs_f64(), best.memory as f64 / 1048576.0);
        match other {
            Some(other) => {
                let (its_cpu, its_memory) = (other.cpu.as_secs_f64(), other.memory as f64 / 1048576.0);
                let ratios = (cpu / its_cpu, memory / its_memory);
                println!("| {what} | {its_cpu:.4} | {cpu:.4} | {:.4} | {its_memory:.0} | {memory:.0} | {:.2} |", ratios.0, ratios.1);
            }
            None => {
                let most = PATIENCE.as_secs_f64();
                println!("| {what} | cut at {most:.0} | {cpu:.4} | < {:.4} | | {memory:.0} | |", cpu / most);
            }
        }
        other.is_some()
    }
}
