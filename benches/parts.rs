//! The parts of a command, each by itself, at four sizes: `cargo bench --bench parts`. Nanoseconds a value, the least of many runs; where
//! they stay the same along a line, that part is linear. No harness of others: the least is all that is asked for.
#![allow(missing_docs, clippy::unwrap_used)]

mod inputs;

use std::hint::black_box;
use std::time::{Duration, Instant};

use leafcrypt::formats::{Document, Format, Kind, LeafId, Opened, ScanOptions, Tokens, Tree};
use leafcrypt::keys::DataKey;
use leafcrypt::metadata::Metadata;
use leafcrypt::seal::cipher::{Cipher, Nonces};
use leafcrypt::seal::mac::Mac;
use leafcrypt::seal::token::{Holds, Token};
use leafcrypt::world::SystemRandom;

const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];

/// What a token of 24 letters looks like; the formats do not ask whether it opens.
const TOKEN: &[u8] = b"ENC[AES256_GCM,data:MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1u,iv:MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY=,tag:MDEyMzQ1Njc4OWFiY2RlZg==,type:str]";

fn tokens(document: &Document<'_>) -> Tokens {
    let mut tokens = Tokens::new(document.leaves().len(), document.comments().len());
    (0..document.leaves().len()).for_each(|i| tokens.leaf(LeafId(i as u32), |out| out.extend_from_slice(TOKEN)));
    tokens
}

/// The least time of some runs: five, and as many as fit into a tenth of a second.
fn least<T>(mut run: impl FnMut() -> T) -> Duration {
    least_of(|| (), |()| run())
}

/// The same for what uses something up that has to be made before.
fn least_of<A, T>(mut make: impl FnMut() -> A, mut run: impl FnMut(A) -> T) -> Duration {
    let (begin, mut least, mut runs) = (Instant::now(), Duration::MAX, 0);
    while runs < 5 || begin.elapsed() < Duration::from_millis(100) {
        let made = make();
        let start = Instant::now();
        black_box(run(made));
        least = least.min(start.elapsed());
        runs += 1;
    }
    least
}

/// A line of the table: what, and for each size the nanoseconds a unit.
fn line(what: &str, cells: impl Iterator<Item = (usize, Duration)>) {
    let cells: Vec<String> = cells.map(|(units, time)| format!("{:9.1}", time.as_nanos() as f64 / units as f64)).collect();
    println!("{what:32}{}", cells.join(""));
}

/// One text at all stages.
struct Stages {
    text: Vec<u8>,
    sealed: Vec<u8>,
}

fn formats() {
    println!("{:32}{}", "ns a leaf, at this many leaves:", SIZES.map(|n| format!("{n:9}")).join(""));
    for shape in inputs::USUAL {
        let format = Format::of_name(&format!("x.{}", shape.ending), true);
        fn parse<'t>(format: Format, text: &'t [u8], options: &ScanOptions) -> Document<'t> {
            Document::parse(format, text, options).unwrap()
        }
        let stages: Vec<(usize, Stages)> = SIZES
            .iter()
            .map(|&n| {
                let text = (shape.make)(n).into_bytes();
                let sealed = {
                    let document = parse(format, &text, &ScanOptions::PLAIN);
                    document.seal(tokens(&document)).unwrap().text
                };
                (n, Stages { text, sealed })
            })
            .collect();
        let each = |what: &str, time: &dyn Fn(&Stages) -> Duration| {
            line(&format!("{} {what}", shape.name), stages.iter().map(|(n, stages)| (*n, time(stages))));
        };
        each("scan", &|s| least(|| parse(format, &s.text, &ScanOptions::PLAIN)));
        each("scan sealed", &|s| least(|| parse(format, &s.sealed, &ScanOptions::SEALED)));
        each("seal", &|s| {
            let document = parse(format, &s.text, &ScanOptions::PLAIN);
            least_of(|| tokens(&document), |tokens| document.seal(tokens).unwrap())
        });
        each("open", &|s| {
            let (plain, sealed) = (parse(format, &s.text, &ScanOptions::PLAIN), parse(format, &s.sealed, &ScanOptions::SEALED));
            let leaves = (0..plain.leaves().len()).map(|i| Some(plain.value(LeafId(i as u32)))).collect();
            let opened = Opened { leaves, comments: vec![None; sealed.comments().len()] };
            least(|| sealed.open(&opened, &[]).unwrap())
        });
    }
}

/// So many times, since one is too short for the clock.
const TIMES: usize = 1000;

fn values() {
    let sizes = [32, 1 << 10, 4 << 10, 1 << 20];
    println!("{:32}{}", "ns a value, of this many bytes:", sizes.map(|n| format!("{n:9}")).join(""));
    let cipher = Cipher::new(&DataKey::from_bytes(vec![7; 32]).unwrap());
    let holds = Holds::Value(Kind::Str);
    let each = |what: &str, time: &dyn Fn(&[u8], &[u8])| {
        line(
            what,
            sizes.iter().map(|&size| {
                let plain = vec![b'a'; size];
                let mut token = Vec::new();
                cipher.seal(&mut token, b"a:b:", &plain, holds, &mut Nonces::new(&SystemRandom)).unwrap();
                let times = TIMES.min((16 << 20) / size);
                (times, least(|| (0..times).for_each(|_| time(&plain, &token))))
            }),
        );
    };
    let state = std::cell::RefCell::new((Vec::new(), Nonces::new(&SystemRandom)));
    each("to a token", &|plain, _| {
        let (out, nonces) = &mut *state.borrow_mut();
        out.clear();
        cipher.seal(out, b"a:b:", plain, holds, nonces).unwrap();
    });
    each("read a token", &|_, token| assert!(Token::parse(token).is_ok()));
    each("read and open a token", &|_, token| assert!(cipher.open_value(b"a:b:", token).is_ok()));
    each("into the MAC", &|plain, _| {
        let mut mac = Mac::new(false);
        mac.leaf(plain, true);
        black_box(mac.finish());
    });
}

fn metadata() {
    let sizes = [1, 10, 100, 1_000];
    println!("{:32}{}", "ns a recipient, of this many:", sizes.map(|n| format!("{n:9}")).join(""));
    let block = |recipients: usize| {
        let record = |i: usize| Tree::map([("recipient", Tree::text(format!("age1recipient{i}"))), ("enc", Tree::text("-----BEGIN AGE"))]);
        Tree::map([
            ("age", Tree::list((0..recipients).map(record))),
            ("lastmodified", Tree::text("2026-11-24T01:55:23Z")),
            ("mac", Tree::text(TOKEN)),
            ("unencrypted_suffix", Tree::text("_unencrypted")),
            ("version", Tree::text("3.13.2")),
        ])
    };
    let shape = Format::Yaml.shape();
    line("metadata read", sizes.iter().map(|&n| (n, least(|| Metadata::read(&block(n), shape).unwrap()))));
    for format in [Format::Yaml, Format::Dotenv, Format::Ini] {
        let written = |n| {
            let read = Metadata::read(&block(n), shape).unwrap();
            least(|| read.fields(format.shape()))
        };
        line(&format!("metadata for {}", format.name()), sizes.iter().map(|&n| (n, written(n))));
    }
}

fn main() {
    // `cargo test --benches` must not run it.
    if std::env::args().any(|arg| arg == "--bench") {
        values();
        metadata();
        formats();
    }
}
