//! The differential fuzzer: random documents, sealed by one program and opened by the other, both ways, MACs verified.
//!
//! Several documents go into one file, since starting `sops` takes longer than all the rest. A file that shows a difference is halved until one document
//! is left, then shortened line by line; it is kept in the folder for temporary files, and named with its seed.
//! In CI a fixed seed and as many documents; open-ended by hand: `tests/fuzz [SECONDS [SEED]]`.

use std::time::{Duration, Instant};

use leafcrypt::formats::{Dialect, Document, Format, ScanOptions, Tokens, Tree, Value};
use leafcrypt::manners::LEAFCRYPT;
use leafcrypt::sealed_file::{OpenHow, SealError, SealedFile};

use crate::random::{Random, document};
use crate::tools::{Place, sops};
use crate::whole::{IDENTITY, Known, RECIPIENT, seal_for_real, world};

/// What sops does not take though we do: a piece of its message, and why. It opens what we seal of it all the same.
const SOPS_REFUSES: &[(&str, &str)] = &[
    ("cannot convert uint64", "whole numbers of 2^63 and more: a double to us"),
    ("did not find expected ',' or", "a `?` in unquoted text in brackets: gone once a token in quotes stands there"),
];

/// Documents before there is a verdict.
const ENOUGH: usize = 60;
/// Documents in CI, which takes some ten seconds.
const USUAL: usize = 240;

enum Compared {
    Same,
    /// Values are the same.
    Comments,
    Values,
}

struct Fuzz {
    place: Place,
    format: Format,
    ending: &'static str,
    seed: u64,
    documents: usize,
    files: usize,
    refused: usize,
    unlike: usize,
    comments: usize,
    found: Vec<String>,
}

/// What came of a file.
enum Outcome {
    Same,
    /// Sops's text, read again, has other values: one of its own defects (docs/lossless-documents.md, section 10).
    NotReadBack,
    SopsRefuses,
    Differs(String),
}

impl Fuzz {
    fn new(format: Format, ending: &'static str) -> Option<Self> {
        sops()?;
        let place = Place::new();
        place.write("keys.txt", IDENTITY);
        let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
        let seed = number("LEAFCRYPT_FUZZ_SEED").unwrap_or(1);
        Some(Fuzz { place, format, ending, seed, documents: 0, files: 0, refused: 0, unlike: 0, comments: 0, found: Vec::new() })
    }

    fn run(mut self) {
        let seconds = std::env::var("LEAFCRYPT_FUZZ_SECONDS").ok().and_then(|n| n.parse().ok());
        let start = Instant::now();
        // By the clock only by hand: how busy a machine is does not decide what is tested.
        let goes_on = |documents| match seconds {
            Some(seconds) => documents < ENOUGH || start.elapsed() < Duration::from_secs(seconds),
            None => documents < USUAL,
        };
        let mut seed = self.seed.wrapping_mul(1_000_003);
        while goes_on(self.documents) && self.found.len() < 20 {
            let pieces: Vec<(u64, Vec<u8>)> = (0..12)
                .map(|_| {
                    seed = seed.wrapping_add(1);
                    (seed, self.document(seed))
                })
                .filter(|(_, text)| self.fits(text))
                .collect();
            self.documents += pieces.len();
            self.weigh(&pieces);
        }
        let shown = self.found.join("\n===\n");
        println!(
            "{}: {} documents in {} files; {} refused by sops, {} that sops prints so that they do not read back, {} files with other comments",
            self.ending, self.documents, self.files, self.refused, self.unlike, self.comments
        );
        assert!(self.found.is_empty(), "seed {}: {} differences\n{shown}", self.seed, self.found.len());
        assert!(self.documents >= ENOUGH, "only {} documents", self.documents);
    }

    /// In YAML without empty comments: of one in a list sops makes an empty item when it seals.
    fn document(&self, seed: u64) -> Vec<u8> {
        let text = document(self.ending, &mut Random::new(seed));
        if self.format != Format::Yaml {
            return text;
        }
        let text = String::from_utf8(text).unwrap();
        text.replace("\n#\n", "\n#.\n").replace(" #\n", " #.\n").replace(" #\r\n", " #.\r\n").into_bytes()
    }

    /// Can it stand in a file with others, and may sops read it?
    fn fits(&self, text: &[u8]) -> bool {
        let how = ScanOptions { dialect: Dialect::Sops, ..ScanOptions::PLAIN };
        let alone = text.starts_with("\u{feff}".as_bytes()) || text.starts_with(b"%");
        let read = Document::parse(self.format, text, &how);
        // INI: text that SOPS drops is refused where it would stay in clear.
        let drops = |d: &Document<'_>| {
            let tokens = Tokens::new(d.leaves().len(), d.comments().len());
            d.seal(tokens).is_err_and(|why| why.what.contains("is part of nothing"))
        };
        !alone && read.is_ok_and(|d| !d.leaves().is_empty() && d.blocks().is_empty() && !drops(&d))
    }

    fn joined(&self, pieces: &[(u64, Vec<u8>)]) -> Vec<u8> {
        let mut out: Vec<u8> = Vec::new();
        for (number, (_, text)) in pieces.iter().enumerate() {
            match self.format {
                Format::Json => {
                    out.extend_from_slice(if number == 0 { "{".as_bytes() } else { b"," });
                    out.extend_from_slice(format!("\"p{number}\":").as_bytes());
                    out.extend_from_slice(text);
                }
                _ => {
                    if self.format == Format::Yaml && number > 0 && !text.starts_with(b"---") {
                        out.extend_from_slice(b"---\n");
                    }
                    out.extend_from_slice(text);
                    if !out.ends_with(b"\n") {
                        out.push(b'\n');
                    }
                }
            }
        }
        if self.format == Format::Json {
            out.extend_from_slice(b"}");
        }
        out
    }

    fn weigh(&mut self, pieces: &[(u64, Vec<u8>)]) {
        let text = if let [(_, text)] = pieces { text.clone() } else { self.joined(pieces) };
        if pieces.is_empty() || (pieces.len() > 1 && !self.fits(&text)) {
            return;
        }
        match self.outcome(&text) {
            Outcome::Same => {}
            _ if pieces.len() > 1 => {
                let (a, b) = pieces.split_at(pieces.len() / 2);
                self.weigh(a);
                self.weigh(b);
            }
            Outcome::NotReadBack => self.unlike += 1,
            Outcome::SopsRefuses => self.refused += 1,
            Outcome::Differs(what) => {
                let (text, what) = self.shorten(text, what);
                let file = std::env::temp_dir().join(format!("leafcrypt-fuzz-{}.{}", pieces[0].0, self.ending));
                std::fs::write(&file, &text).unwrap();
                self.found.push(format!("document {} ({}): {what}\n{}", pieces[0].0, file.display(), String::from_utf8_lossy(&text)));
            }
        }
    }

    /// Line by line, as long as it still differs.
    fn shorten(&mut self, mut text: Vec<u8>, mut what: String) -> (Vec<u8>, String) {
        let mut at = 0;
        for _ in 0..80 {
            let mut lines: Vec<&[u8]> = text.split_inclusive(|&b| b == b'\n').collect();
            if at >= lines.len() || lines.len() < 2 {
                break;
            }
            lines.remove(at);
            let shorter = lines.concat();
            match if self.fits(&shorter) { self.outcome(&shorter) } else { Outcome::Same } {
                Outcome::Differs(still) => (text, what) = (shorter, still),
                _ => at += 1,
            }
        }
        (text, what)
    }

    fn outcome(&mut self, text: &[u8]) -> Outcome {
        self.files += 1;
        let random = Known::new(self.files as u64);
        let ours = match seal_for_real(self.format, text, &random) {
            Ok(ours) => ours,
            Err(SealError::NothingCovered { .. }) => return Outcome::Same,
            Err(error) => return Outcome::Differs(format!("we do not seal it: {error}")),
        };
        let (plain_file, ours_file, theirs_file) = (self.name("plain"), self.name("ours"), self.name("theirs"));
        self.place.write(&plain_file, text);
        self.place.write(&ours_file, ours);
        let of_ours = self.place.sops(["decrypt", &ours_file]).unwrap();
        if !of_ours.status.success() {
            return Outcome::Differs(format!("sops does not open ours: {}", String::from_utf8_lossy(&of_ours.stderr).trim()));
        }
        let theirs = self.place.sops(["encrypt", "--age", RECIPIENT, &plain_file]).unwrap();
        if !theirs.status.success() {
            let words = String::from_utf8_lossy(&theirs.stderr).into_owned();
            let known = SOPS_REFUSES.iter().any(|(piece, _)| words.contains(piece));
            return if known { Outcome::SopsRefuses } else { Outcome::Differs(format!("sops does not seal it: {}", words.trim())) };
        }
        self.place.write(&theirs_file, &theirs.stdout);
        let of_theirs = self.place.sops(["decrypt", &theirs_file]).unwrap();
        if !of_theirs.status.success() {
            return Outcome::SopsRefuses;
        }
        match self.compare(&of_ours.stdout, &of_theirs.stdout) {
            Compared::Same => {}
            // Sops opens one token of a group of comments in INI only, and where ours and go-yaml's idea of a comment's container part (T5), none.
            Compared::Comments => self.comments += 1,
            Compared::Values => {
                let (ours, theirs) = (String::from_utf8_lossy(&of_ours.stdout), String::from_utf8_lossy(&of_theirs.stdout));
                return Outcome::Differs(format!("sops opens ours otherwise:\n{ours}\nand its own:\n{theirs}"));
            }
        }
        match self.open_theirs(&theirs.stdout, &of_theirs.stdout) {
            Outcome::Differs(what)
                if what.starts_with("we open theirs to")
                    && (self.comments_lie_elsewhere(&theirs.stdout) || self.leaves_a_token(&theirs.stdout, &of_theirs.stdout)) =>
            {
                self.comments += 1;
                Outcome::Same
            }
            other => other,
        }
    }

    fn open_theirs(&self, sealed: &[u8], printed: &[u8]) -> Outcome {
        let random = Known::new(1);
        let file = match SealedFile::parse(self.format, sealed, &LEAFCRYPT) {
            Ok(file) => file,
            Err(error) => return Outcome::Differs(format!("we do not read theirs: {error}")),
        };
        let open = match file.open(&world(&random), &OpenHow::default()) {
            Ok(open) => open,
            Err(error) => return Outcome::Differs(format!("we do not open theirs: {error}")),
        };
        if open.plain() == printed {
            return Outcome::Same;
        }
        let values = open.trees(&LEAFCRYPT).unwrap();
        let again = Document::parse(self.format, printed, &ScanOptions::PLAIN).map(|d| d.trees());
        if again.is_ok_and(|again| same(&again, &values)) {
            let (ours, theirs) = (String::from_utf8_lossy(open.plain()), String::from_utf8_lossy(printed));
            return Outcome::Differs(format!("we open theirs to\n{ours}\nand sops to\n{theirs}"));
        }
        Outcome::NotReadBack
    }

    /// Two texts of sops's.
    fn compare(&self, ours: &[u8], theirs: &[u8]) -> Compared {
        if ours == theirs {
            return Compared::Same;
        }
        let read = |text| Document::parse(self.format, text, &ScanOptions::PLAIN).map(|d| d.trees());
        match (read(ours), read(theirs)) {
            (Ok(a), Ok(b)) if same(&a, &b) => Compared::Comments,
            // Sops prints some texts so that they cannot be read.
            (Err(_), Err(_)) if without_comments(ours) == without_comments(theirs) => Compared::Comments,
            _ => Compared::Values,
        }
    }

    /// Sops makes items of the comments of lists, and puts one into an empty collection, where it then loses it: these have no place that we could find again.
    fn comments_lie_elsewhere(&self, sealed: &[u8]) -> bool {
        let text = String::from_utf8_lossy(sealed);
        let item = |line: &str| line.trim_start().starts_with('-') && line.trim_end().ends_with("type:comment]");
        self.format == Format::Yaml && text.lines().any(|line| item(line) || line.ends_with(": {") || line.ends_with(": ["))
    }

    /// Sops seals a comment by its container in the text it was given, and reads it in its own print below another one: there its token stays. We try all
    /// containers around it. What is no comment must be the same.
    fn leaves_a_token(&self, sealed: &[u8], printed: &[u8]) -> bool {
        let token = |line: &&str| line.trim_start().starts_with("#ENC[AES256_GCM,") && line.ends_with(",type:comment]");
        let left = String::from_utf8_lossy(printed).lines().any(|line| token(&line));
        let open = || {
            let file = SealedFile::parse(self.format, sealed, &LEAFCRYPT).ok()?;
            let open = file.open(&world(&Known::new(1)), &OpenHow::default()).ok()?;
            Some(without_comments(open.plain()))
        };
        self.format == Format::Yaml && left && open().is_some_and(|ours| ours == without_comments(printed))
    }

    fn name(&self, stem: &str) -> String {
        format!("{stem}.{}", self.ending)
    }
}

/// The same values in the same order, comments aside? Before 3.13.2 sops reads JSON's integers as doubles.
fn same(a: &[Tree], b: &[Tree]) -> bool {
    fn one(a: &Tree, b: &Tree) -> bool {
        match (a, b) {
            (Tree::Map(_), Tree::Map(_)) => {
                let (a, b): (Vec<_>, Vec<_>) = (a.entries().collect(), b.entries().collect());
                a.len() == b.len() && a.iter().zip(&b).all(|((k, v), (l, w))| k == l && one(v, w))
            }
            (Tree::List(_), Tree::List(_)) => {
                let (a, b): (Vec<_>, Vec<_>) = (a.items().collect(), b.items().collect());
                a.len() == b.len() && a.iter().zip(&b).all(|(v, w)| one(v, w))
            }
            (Tree::Value(a), Tree::Value(b)) => match (number(a), number(b)) {
                (Some(a), Some(b)) => a == b || a.is_nan() && b.is_nan(),
                _ => a == b,
            },
            _ => a == b,
        }
    }
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| one(a, b))
}

/// Without comments, blanks and dashes: what is left of a text that cannot be read.
fn without_comments(text: &[u8]) -> Vec<u8> {
    let lines = text.split(|&b| b == b'\n').map(|line| line.iter().copied().filter(|b| !b" -".contains(b)).collect::<Vec<u8>>());
    lines.filter(|line| !line.starts_with(b"#")).collect::<Vec<_>>().concat()
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(v) => Some(*v as f64),
        Value::Float(v) => Some(*v),
        _ => None,
    }
}

fn check(format: Format, ending: &'static str) {
    if let Some(fuzz) = Fuzz::new(format, ending) {
        fuzz.run();
    }
}

#[test]
fn yaml() {
    check(Format::Yaml, "yaml");
}

#[test]
fn json() {
    check(Format::Json, "json");
}

#[test]
fn dotenv() {
    check(Format::Dotenv, "env");
}

#[test]
fn ini() {
    check(Format::Ini, "ini");
}
