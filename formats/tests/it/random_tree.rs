//! Random trees full of what printers trip over. The tests of both crates include this file.

use leafcrypt_formats::{Bytes, Item, Member, Note, Time, Tree, Value};

/// Small, seeded, good enough: the same trees on every run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) ^ (self.0 << 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        ((self.next() & 0x7fff_ffff) % n as u64) as usize
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// What may be in a tree.
#[derive(Clone, Copy)]
pub struct Kinds {
    pub comments: bool,
    /// Behind values, at the end of containers, in empty ones: go-yaml does not always read those where they are.
    pub trailing: bool,
    /// Strings that are not UTF-8.
    pub bytes: bool,
    pub infinite: bool,
    /// Anything but strings.
    pub typed: bool,
    /// Characters of which some format can make nothing: controls, separators, what YAML takes for a break.
    pub odd: bool,
    /// Line feeds and tabs.
    pub lines: bool,
}

const WORDS: &[&str] = &[
    "null",
    "~",
    "true",
    "yes",
    "No",
    "y",
    "off",
    "---",
    "...",
    "0x1F",
    "0b1",
    "0o7",
    "017",
    "1e3",
    "1_000",
    ".5",
    ".inf",
    ".nan",
    "-0",
    "+1",
    "190:20:30",
    "2001-12-14",
    "2001-12-14T21:59:43Z",
    "<<",
    "=",
    "ENC[x]",
    "<nil>",
    "\\n",
    "# x",
    "; x",
    "//",
    "C:\\x\\",
    "http://h/?a=b&c=d",
    "k",
    "plain",
    "two words",
    "a: b",
    "- a",
    "? a",
    "[a]",
    "{a}",
    "\"a\"",
    "'a'",
    "`a`",
    "\"\"\"",
    "a\"b",
    "x=y",
    "é",
];
const USUAL: &[&str] = &["a", "b", "e", "x", "n", "o", "T", "0", "1", "7", " ", "_", ".", "-", ":"];
const SPECIAL: &[&str] = &[
    "\n",
    "\n",
    "\n",
    " ",
    "  ",
    "\t",
    ":",
    ": ",
    "#",
    " #",
    "-",
    "- ",
    "?",
    ",",
    "[",
    "]",
    "{",
    "}",
    "&",
    "*",
    "!",
    "|",
    ">",
    "'",
    "\"",
    "%",
    "@",
    "`",
    "~",
    ".",
    "=",
    "<",
    "_",
    "+",
    "\\",
    "\\n",
    "$",
    ";",
    "/",
    "é",
    "\u{200b}",
    "\u{a0}",
    "\u{fffd}",
    "\u{1f600}",
];
const ODD: &[&str] =
    &["\r", "\0", "\u{1b}", "\u{7f}", "\u{85}", "\u{80}", "\u{2028}", "\u{2029}", "\u{feff}", "\u{fffe}", "\u{3000}", "\r\n"];
const LINES: &[&str] = &["\n", "\n", " ", "a", "b", "\t", "  "];

pub fn text(random: &mut Random, kinds: Kinds) -> String {
    if random.one_in(4) {
        return random.pick(WORDS).to_owned();
    }
    let limit = [2, 5, 12, 40][random.below(4)];
    let length = random.below(limit + 1);
    let which = random.below(4);
    let mut out = String::new();
    for _ in 0..length {
        let pool = match (which, random.below(4)) {
            (0, _) | (1, 0..2) => USUAL,
            (2, _) => LINES,
            (3, 0) if kinds.odd => ODD,
            (3, 1) => WORDS,
            _ => SPECIAL,
        };
        let piece = random.pick(pool);
        out.push_str(if kinds.lines || !piece.contains(['\n', '\t']) { piece } else { "-" });
    }
    if random.one_in(40) {
        out.push_str(&"long ".repeat(20 + random.below(20)));
    }
    out
}

fn float(random: &mut Random, kinds: Kinds) -> f64 {
    let v = match random.below(8) {
        0 => f64::from_bits(random.next() << 1 ^ random.next()),
        1 => (random.next() % 2_000_000) as f64 / 16.0,
        2 => 10f64.powi(random.below(45) as i32 - 22),
        3 => 123_456_789.0 * 10f64.powi(random.below(30) as i32 - 15),
        4 => random.next() as f64,
        5 => [0.0, -0.0, 1.0, -1.5, 999_999.5, 1e6, 1e21, 1e-6, 5e-324, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN]
            [random.below(13)],
        _ => (random.below(100_000) as f64 - 50_000.0) / 100.0,
    };
    if v.is_finite() || kinds.infinite { v } else { 0.25 }
}

fn time(random: &mut Random) -> Time {
    let mut text = format!("{:04}-{:02}-{:02}", random.below(10_000), 1 + random.below(12), 1 + random.below(28));
    text += &format!("T{:02}:{:02}:{:02}", random.below(24), random.below(60), random.below(60));
    if random.one_in(3) {
        text += &format!(".{}{}", random.below(1_000_000), 1 + random.below(9));
    }
    match random.below(3) {
        0 => text += &format!("{}{:02}:{:02}", ["+", "-"][random.below(2)], 1 + random.below(13), random.below(60)),
        _ => text += "Z",
    }
    Time::from_normal(text)
}

pub fn scalar(random: &mut Random, kinds: Kinds) -> Tree {
    if kinds.typed && random.one_in(3) {
        return match random.below(6) {
            0 => Tree::Null,
            1 => Tree::Value(Value::Bool(random.one_in(2))),
            2 => Tree::Value(Value::Int(random.next() as i64 >> random.below(64))),
            3 => Tree::Value(Value::Time(time(random))),
            _ => Tree::Value(Value::Float(float(random, kinds))),
        };
    }
    if kinds.bytes && random.one_in(12) {
        let mut bytes: Vec<u8> = (0..random.below(120)).map(|_| random.next() as u8).collect();
        bytes.push(0xff);
        return Tree::text(bytes);
    }
    Tree::text(text(random, kinds))
}

fn note(random: &mut Random, inline: bool) -> Note {
    let text = random.pick(&["", " note", "glued", " two  words ", "# more", " it's: [odd", " é\t\u{1f600}", "!", " a: b"]);
    Note { text: Bytes::from(text.as_bytes()), inline }
}

fn tree(random: &mut Random, kinds: Kinds, depth: usize) -> Tree {
    let behind = Kinds { comments: kinds.comments && kinds.trailing, ..kinds };
    match random.below(if depth == 0 { 3 } else { 6 }) {
        3..5 => map(random, kinds, depth - 1),
        5 => {
            let mut items = Vec::new();
            for _ in 0..random.below(4) {
                comments(random, kinds, |note| items.push(Item::Comment(note)), false);
                items.push(Item::Value(tree(random, kinds, depth - 1)));
                comments(random, behind, |note| items.push(Item::Comment(note)), true);
            }
            comments(random, behind, |note| items.push(Item::Comment(note)), false);
            Tree::List(items)
        }
        _ => scalar(random, kinds),
    }
}

fn comments(random: &mut Random, kinds: Kinds, mut push: impl FnMut(Note), inline: bool) {
    while kinds.comments && random.one_in(5) {
        push(note(random, inline));
        if inline {
            return;
        }
    }
}

/// A map whose keys are all different.
pub fn map(random: &mut Random, kinds: Kinds, depth: usize) -> Tree {
    let behind = Kinds { comments: kinds.comments && kinds.trailing, ..kinds };
    let mut members = Vec::new();
    let mut keys = std::collections::HashSet::new();
    for _ in 0..random.below(5) {
        let key = text(random, kinds);
        if keys.insert(key.clone()) {
            comments(random, kinds, |note| members.push(Member::Comment(note)), false);
            members.push(Member::Entry(key.into_bytes(), tree(random, kinds, depth)));
            comments(random, behind, |note| members.push(Member::Comment(note)), true);
        }
    }
    comments(random, behind, |note| members.push(Member::Comment(note)), false);
    Tree::Map(members)
}

/// A map of strings and other scalars, for ENV and for a section of INI.
pub fn flat(random: &mut Random, kinds: Kinds) -> Tree {
    map(random, kinds, 0)
}

/// How many: `LEAFCRYPT_RANDOM`, or a number for every run.
pub fn count(usual: u64) -> u64 {
    std::env::var("LEAFCRYPT_RANDOM").ok().and_then(|n| n.parse().ok()).unwrap_or(usual)
}
