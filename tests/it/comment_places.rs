//! Where comments stand in YAML, and so what a rule that goes by them covers: go-yaml's way, with sops as the referee. `LEAFCRYPT_RANDOM` says how many
//! batches of random texts.

use std::fmt::Write as _;

use leafcrypt::formats::{Document, Format, LeafId, Part, ScanOptions, Value};

use crate::convert::parallel;
use crate::random_tree::{Random, count};
use crate::tools::{Place, Program, sops};

/// Texts below one whose value is covered, and the keys at or below which a value is covered where `keep` seals.
const CASES: [(&str, &str); 33] = [
    // Two groups at the end of a block: the second one is that of the next key.
    ("p:\n  h: x\n  # a\n\n  # keep\nx: y\n", "x"),
    ("p:\n  h: x\n\n  # keep\nx: y\n", ""),
    ("p:\n  h: x\n  # keep\n\n  # a\nx: y\n", ""),
    ("p:\n  h: |\n    x\n  # a\n\n  # keep\nx: y\n", "x"),
    ("p:\n  q:\n    h: x\n    # a\n\n    # keep\nx: y\n", "x"),
    ("p:\n  h: x\n# a\n# b\n\n  # keep\nx: y\n", ""),
    ("p:\n  h: x\n  # a\n\n  # b\n\n  # keep\nx: y\n", "x"),
    ("a:\n  - b: 1\n    # a\n\n    # keep\nc: 2\n", "c"),
    ("a:\n  b:\n    - c: 1\n      # a\n\n      # keep\n  d: 2\n", "d"),
    ("a:\n  - b:\n      c: 1\n      # a\n\n      # keep\n    d: 2\n", "d"),
    ("p:\n  - h\n  # a\n\n  # keep\nx: y\n", "x"),
    // A dash alone on its line.
    ("l:\n  -\n    # keep\n    m: v\n    o: w\n", "m"),
    ("l:\n  -\n    # keep\n\n    m: v\n    o: w\n", "o"),
    ("l: # a\n  -\n    # keep\n\n    m: v\n    o: w\n", "o"),
    ("l:\n  # a\n  -\n    # keep\n\n    m: v\n    o: w\n", "o"),
    ("l:\n  - # a\n    # keep\n\n    m: v\n    o: w\n", "m"),
    ("l:\n  - # a\n    q: z\n  # keep\n\n  -\n    r: z\n", ""),
    ("l:\n  -\n  # keep\n\n  - i\n", ""),
    ("k: # a\n  -\n# keep\n\n    q: z\n", ""),
    // Nothing where a value could be.
    ("p:\n  - # keep\nk: 1\n", "k"),
    ("p:\n  - # keep\nk: {a: 1,\n  b: 2}\nz: 1\n", "ab"),
    ("p: # a\n  - # keep\nk: {a: 1, # keep\n  b: 2}\n", "ab"),
    ("p:\n  a: # keep\nk: 1\nz: 1\n", ""),
    // Other columns.
    ("l:\n  - m: v\n    # keep\n  # a\n\n    o: w\n", ""),
    ("k: # a\n# keep\n\n        q: z\n", "q"),
    ("k:\n  l: v\n  m:\n    # keep\n # b\n    o: w\n", ""),
    ("k:\n    l: {f: 1, # keep\n       g: 2}\n    # keep\n# a\n\n    m: # a\n    - i\n", "f"),
    ("k:\n    l:\n   # keep\n\n      m: {f: 1, g: 2} # a\n", ""),
    ("k:\n # keep\n  # b\n      l: |- # keep\n        text\n", "l"),
    // What SOPS never sees covers nothing.
    ("l: &l # keep\n  [a]\nx: y\n", ""),
    ("l:\n- [ # keep\n    a, b]\n- c\n", ""),
    ("l: &l\n  # keep\n\n  - [] # a\n  - c\n", ""),
    ("l: {a: b\n  # keep\n  }\nx: y\n", ""),
];

/// Go-yaml counts characters where a key may be too long, not bytes.
#[test]
fn beside_a_long_key() {
    if sops().is_none() {
        return;
    }
    let place = Place::project();
    place.write("a.yaml", format!("# a\n{}: b # c\nd: e\n", "\u{e9}".repeat(600)));
    for program in [Program::Sops, Program::Ours, Program::AsSops] {
        let done = place.call(program, ["encrypt", "a.yaml"]).run();
        assert!(done.status.success(), "{program:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
}

/// The paths of a sealed text's values, and which are covered.
fn covers(sealed: &[u8]) -> Vec<(String, bool)> {
    let document = Document::parse(Format::Yaml, sealed, &ScanOptions::SEALED).unwrap();
    let all = 0..document.leaves().len() as u32;
    let covered = |id| document.content(id).starts_with(b"ENC[");
    all.map(LeafId).map(|id| (document.paths().display(document.leaf(id).path), covered(id))).collect()
}

/// The values of a text in clear.
fn values(text: &[u8]) -> Vec<(String, Value)> {
    let Ok(document) = Document::parse(Format::Yaml, text, &ScanOptions::PLAIN) else { return Vec::new() };
    let all = 0..document.leaves().len() as u32;
    all.map(LeafId).map(|id| (document.paths().display(document.leaf(id).path), document.value(id))).collect()
}

fn keys(sealed: &[u8]) -> String {
    let document = Document::parse(Format::Yaml, sealed, &ScanOptions::SEALED).unwrap();
    let covered = (0..document.leaves().len() as u32).map(LeafId).filter(|&id| document.content(id).starts_with(b"ENC["));
    let last_key = |id: LeafId| {
        document.paths().parts(document.leaf(id).path).into_iter().rev().find_map(|part| match part {
            Part::Key(name) => String::from_utf8(name).ok(),
            Part::Index(_) => None,
        })
    };
    covered.filter_map(last_key).collect()
}

/// Seals a text, and has sops seal it and open both. What is wrong; none if nothing is, or if it cannot be sealed.
fn difference(place: &Place, name: &str, text: &str, rule: &str) -> Option<String> {
    let (plain, ours, theirs) = (format!("{name}.plain.yaml"), format!("{name}.ours.yaml"), format!("{name}.theirs.yaml"));
    let flag = format!("--{rule}-comment-regex");
    let seal = |program| place.call(program, ["-e", "--age", &place.recipient, &flag, "keep", &plain]).run();
    place.write(&plain, text);
    let mine = seal(Program::AsSops);
    let said = String::from_utf8_lossy(&mine.stderr);
    if !mine.status.success() {
        let reasons = ["would stay in clear", "depends on blank lines"];
        return (!reasons.iter().any(|reason| said.contains(reason))).then(|| format!("{rule}: not sealed: {said}\n{text:?}"));
    }
    place.write(&ours, &mine.stdout);
    let back = place.call(Program::Ours, ["decrypt", "--strict", &ours]).run();
    if back.stdout != text.as_bytes() || !back.stderr.is_empty() {
        return Some(format!("{rule}: another text: {}\n{text:?}", String::from_utf8_lossy(&back.stderr)));
    }
    sops()?;
    place.write(&theirs, seal(Program::Sops).stdout);
    let (mine, other) = (covers(&place.read(&ours)), covers(&place.read(&theirs)));
    if mine != other {
        return Some(format!("{rule}: sops covers other values\n{text:?}\n{mine:?}\n{other:?}"));
    }
    let opened = place.call(Program::Sops, ["decrypt", &ours]).run();
    let left = |text: &[u8]| String::from_utf8_lossy(text).matches("type:comment]").count();
    let (found, expected) = (values(&opened.stdout), values(text.as_bytes()));
    let same = found.len() == expected.len() && found.iter().zip(&expected).all(|(a, b)| a.0 == b.0 && a.1.same(&b.1));
    if !opened.status.success() || left(&opened.stdout) > 0 || !same {
        let said = String::from_utf8_lossy(&opened.stderr);
        return Some(format!("{rule}: sops opens ours otherwise: {said}\n{text:?}\n{}", String::from_utf8_lossy(&opened.stdout)));
    }
    None
}

#[test]
fn known_places() {
    let place = Place::new();
    let cases: Vec<usize> = (0..CASES.len()).collect();
    let wrong = parallel(&cases, |&case| {
        let (text, covered) = CASES[case];
        let text = format!("# keep\ns: 1\n{text}");
        let mut wrong = Vec::new();
        for rule in ["encrypted", "unencrypted"] {
            wrong.extend(difference(&place, &format!("{case}-{rule}"), &text, rule));
            wrong.extend(difference(&place, &format!("{case}-{rule}-crlf"), &text.replace('\n', "\r\n"), rule));
        }
        let found = keys(&place.read(&format!("{case}-encrypted.ours.yaml")));
        if found != format!("s{covered}") {
            wrong.push(format!("{found} covered, not s{covered}: {text:?}"));
        }
        wrong
    });
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// What the comment stands at is another key once the text above it is a token: sops would not find what we have covered.
#[test]
fn blank_lines_that_a_text_keeps() {
    let place = Place::new();
    let text = "# keep\ns: 1\nc:\n  d:\n    a: |+\n      t\n\n  # keep\n\nb: 1\n";
    for (text, code) in [(text.to_owned(), 23), (text.replace("|+", "|"), 0), (text.replace("  # keep", "  # a"), 0)] {
        place.write("p.yaml", &text);
        place.write(".sops.yaml", format!("creation_rules: [{{age: {}, encrypted_comment_regex: keep}}]\n", place.recipient));
        for program in [Program::Ours, Program::AsSops] {
            let done = place.call(program, ["encrypt", "p.yaml"]).run();
            let said = String::from_utf8_lossy(&done.stderr);
            assert_eq!(done.status.code(), Some(code), "{program:?} {text:?}: {said}");
            assert!(code == 0 || said.contains("line 8: ") && said.contains("directly above the key"), "{said}");
        }
        // Where nothing goes by comments it is sealed, and nothing is told.
        place.write(".sops.yaml", format!("creation_rules: [{{age: {}}}]\n", place.recipient));
        let done = place.ours(["encrypt", "p.yaml"]);
        place.write("o.yaml", &done.stdout);
        let done = place.call(Program::Ours, ["decrypt", "--strict", "o.yaml"]).run();
        assert!(done.stdout == text.as_bytes() && done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

/// Texts of few lines and many comments.
struct Text<'r> {
    random: &'r mut Random,
    out: String,
    keys: usize,
}

impl Text<'_> {
    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.random.below(of.len())]
    }

    fn line(&mut self, column: usize, text: &str) {
        let _ = writeln!(self.out, "{:column$}{text}", "");
    }

    fn comments(&mut self, column: usize) {
        while self.random.below(10) < 3 {
            let column = if self.random.below(3) > 0 { column } else { [0, 1, 2, 3, 4, 6][self.random.below(6)] };
            let comment = self.one(&["# keep", "# a", "# b"]);
            self.line(column, comment);
        }
        if self.random.below(5) == 0 {
            self.line(0, "");
        }
    }

    fn value(&mut self, column: usize, depth: usize, before: &str) {
        self.keys += 1;
        let n = self.keys;
        let behind = self.one(&["", "", "", " # keep", " # a"]);
        let inside = [String::new(), format!(" # keep\n{:1$}", "", column + 2)][self.random.below(2)].clone();
        let property = self.one(&["", "", "", " &", " !!map"]).replace('&', &format!("&a{n}"));
        match self.random.below(if depth < 4 { 18 } else { 12 }) {
            0 => self.line(column, &format!("{before} [f, {inside}g]{behind}")),
            1 => self.line(column, &format!("{before} {{f: 1,{inside} g: 2}}{behind}")),
            2 => self.line(column, &format!("{before}{behind}")),
            3 => {
                let empty = self.one(&["[]", "{}", "\"\"", "~"]);
                self.line(column, &format!("{before} {empty}{behind}"));
            }
            4 => {
                let header = self.one(&["|", ">-", "|-"]);
                self.line(column, &format!("{before} {header}{behind}"));
                self.line(column + 2, "text");
            }
            5 => self.line(column, &format!("{before} &a{n} v{behind}")),
            6..12 => self.line(column, &format!("{before} v{n}{behind}")),
            12..15 => {
                self.line(column, &format!("{before}{property}{behind}"));
                self.map(column + 2, depth + 1, None);
            }
            _ => {
                self.line(column, &format!("{before}{}{behind}", property.replace(" !!map", "")));
                let own = if before == "-" { 2 } else { [0, 2][self.random.below(2)] };
                self.list(column + own, depth + 1);
            }
        }
    }

    fn map(&mut self, column: usize, depth: usize, dash: Option<usize>) {
        for i in 0..=self.random.below(3) {
            match dash.filter(|_| i == 0) {
                Some(dash) => {
                    let _ = write!(self.out, "{:dash$}- ", "");
                    let key = format!("k{}: v", self.keys);
                    self.keys += 1;
                    self.line(0, &key);
                }
                None => {
                    self.comments(column);
                    let key = format!("k{}:", self.keys);
                    self.value(column, depth, &key);
                }
            }
        }
        self.comments(column);
    }

    fn list(&mut self, column: usize, depth: usize) {
        for _ in 0..=self.random.below(3) {
            self.comments(column);
            match self.random.below(3) {
                0 => self.map(column + 2, depth + 1, Some(column)),
                _ => self.value(column, depth, "-"),
            }
        }
    }
}

/// Six texts a batch, as the documents of one file, so that fewer processes are started.
#[test]
fn random_places() {
    if sops().is_none() {
        return;
    }
    let place = Place::new();
    let seeds: Vec<u64> = (0..count(25)).collect();
    let wrong = parallel(&seeds, |&seed| {
        let mut random = Random::new(seed ^ 0xc0de);
        let mut text = Text { random: &mut random, out: "# keep\ns: 1\n".to_owned(), keys: 0 };
        for document in 0..6 {
            if document > 0 {
                text.out.push_str("---\n");
            }
            text.map(0, 0, None);
        }
        let text = if seed % 3 == 2 { text.out.replace('\n', "\r\n") } else { text.out };
        let rules = ["encrypted", "unencrypted"];
        rules.iter().filter_map(|rule| difference(&place, &format!("{seed}-{rule}"), &text, rule)).collect()
    });
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n\n"));
}
