//! YAML: every scalar style, anchors, aliases, merge keys, tags, block and flow, comments in odd places, streams, CRLF, byte-order marks.

use super::Random;

const PLAIN: &[&str] = &[
    "x",
    "secret value",
    "12",
    "0x1F",
    "010",
    "08",
    "1_000",
    "1.50",
    "1e3",
    "true",
    "True",
    "FALSE",
    "yes",
    "~",
    "null",
    "",
    "2001-12-14",
    "2001-12-14t21:59:43.10-05:00",
    "2001-12-14 21:59:43",
    ".inf",
    "-.INF",
    ".nan",
    "-0",
    "-0.0",
    "+1",
    "1:30",
    "a:b",
    "a#b",
    "C:\\x",
    "-a",
    "http://u:p@h/?q=1&r=2",
    "ENC[x]",
    "<<",
    "=",
    "é",
    "\u{1F600}",
    "!!int 5",
    "!!str 5",
    "!t 5",
    "! 5",
    "!!float 1",
    "!!binary aGk=",
    "!!timestamp 2001-12-14",
    "*a",
    "*b",
    "&a 5",
    "&b text",
    "&a !!int 7",
    "!!int &b 7",
    "18446744073709551616",
    "it's",
    "a \"b\" c",
    "0o17",
    "0b101",
    "0xFFFF_FFFF",
    "9223372036854775807",
    "9223372036854775808",
    "1e400",
    ".5",
    "1.",
    "-.5e3",
    "1_0.5",
    "100000000000000000000000.5",
    "2001-1-4",
    "2001-12-14T21:59:43,5Z",
    "y",
    "\u{a0}x",
    "!!null x",
    "!!bool yes",
    "!!str",
    "a:b:c",
    "-",
    "--",
    "a  b",
    "[x]",
    "{y}",
];

const QUOTED: &[&str] = &[
    "\"x\"",
    "'x'",
    "\"\"",
    "''",
    "\"a\\tb\"",
    "\"\\u00e9\"",
    "'it''s'",
    "\"12\"",
    "'true'",
    "\" lead\"",
    "'a: b'",
    "\"a\\\\b\"",
    "\"#no\"",
    "\"\\x41\"",
    "\"tab\there\"",
    "!!int \"5\"",
    "!!bool 'true'",
    "!!str '5'",
    "&a \"q\"",
    "'ENC[x]'",
    "\"\\U0001F600\"",
    "\"\\0\\a\\e\\_\\N\\L\\P\"",
    "\"a\\r\\nb\"",
    "\"\\nlead\"",
    "\"\\ttab\"",
    "\"two  \\n lines \"",
    "'  '",
    "'\"'",
    "'#'",
    "\"'\"",
    "\"\u{1F600}\"",
    "'2001-12-14'",
    "\"\\x7F\\x80\"",
    "\"ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\"",
];

struct Maker<'r> {
    random: &'r mut Random,
    out: String,
    keys: usize,
}

impl Maker<'_> {
    fn line_end(&mut self) {
        if self.random.one_in(8) {
            self.out.push_str(self.random.pick(&[" # note", "  # a: b", " #", " # trailing  ", "\t# tab"]));
        } else if self.random.one_in(12) {
            self.out.push_str(self.random.pick(&[" ", "  "]));
        }
        self.out.push('\n');
    }

    fn between(&mut self, column: usize) {
        if self.random.one_in(8) {
            let shift = self.random.below(3);
            let column = if shift == 0 { self.random.below(column + 3) } else { column };
            self.out.push_str(&" ".repeat(column));
            self.out.push_str(self.random.pick(&["# above\n", "#\n", "#glued\n", "# two\n\n", "# it's: [odd\n"]));
        }
        if self.random.one_in(10) {
            self.out.push_str(self.random.pick(&["\n", "\n\n", "   \n"]));
        }
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        let n = self.keys;
        match self.random.below(12) {
            0 => format!("\"k {n}\""),
            1 => format!("'k{n}'"),
            2 => format!("k.{n} "),
            3 => format!("&c k{n}"),
            _ => format!("k{n}"),
        }
    }

    fn map(&mut self, column: usize, depth: usize, first_on_line: bool) {
        for i in 0..1 + self.random.below(4) {
            if i > 0 || !first_on_line {
                self.between(column);
                self.out.push_str(&" ".repeat(column));
            }
            let key = self.key();
            if self.random.one_in(15) && depth > 0 {
                self.out.push_str("<<: *a");
                self.out.push('\n');
                // A second one would be a doubled key.
                self.out.push_str(&" ".repeat(column));
            }
            if self.random.one_in(30) {
                self.out.push_str("? ");
                self.out.push_str(&key);
                self.out.push('\n');
                self.out.push_str(&" ".repeat(column));
                self.out.push(':');
            } else {
                self.out.push_str(&key);
                self.out.push_str(self.random.pick(&[":", ":", ":", ":", " :"]));
            }
            self.value(column, depth, true);
        }
    }

    fn list(&mut self, column: usize, depth: usize) {
        for _ in 0..1 + self.random.below(4) {
            self.between(column);
            self.out.push_str(&" ".repeat(column));
            self.out.push('-');
            if depth > 0 && self.random.one_in(4) {
                self.out.push(' ');
                self.map(column + 2, depth - 1, true);
            } else {
                self.value(column, depth, false);
            }
        }
    }

    fn value(&mut self, column: usize, depth: usize, in_map: bool) {
        match self.random.below(if depth == 0 { 6 } else { 10 }) {
            0..3 => {
                let plain = self.random.pick(PLAIN);
                self.out.push(' ');
                self.out.push_str(plain);
                self.line_end();
            }
            3 => {
                self.out.push(' ');
                let quoted = self.random.pick(QUOTED);
                self.out.push_str(quoted);
                self.line_end();
            }
            4 => self.block_scalar(column),
            5 if self.random.one_in(3) => self.many_lines(column),
            5 => {
                self.out.push(' ');
                let map = self.random.one_in(2);
                self.flow(2, map);
                self.line_end();
            }
            6..8 => {
                let anchor = self.random.pick(&["", "", "", " &a", " &b", " !t", " !!map"]);
                self.out.push_str(anchor);
                self.line_end();
                let step = self.random.below(4) + 1;
                self.between(column + step);
                self.map(column + step, depth - 1, false);
            }
            _ => {
                let anchor = self.random.pick(&["", "", " &a", " &b"]);
                self.out.push_str(anchor);
                self.line_end();
                let step = if in_map { self.random.below(4) } else { 1 + self.random.below(3) };
                self.list(column + step, depth - 1);
            }
        }
    }

    fn block_scalar(&mut self, column: usize) {
        let mark =
            self.random.pick(&[" |", " |-", " |+", " >", " >-", " >+", " |2", " >2-", " !!str |", " !!binary |", " &a |-", " | # note"]);
        self.out.push_str(mark);
        self.out.push('\n');
        let indent = if mark.contains('2') { column + 2 } else { column + 1 + self.random.below(4) };
        for i in 0..1 + self.random.below(4) {
            if self.random.one_in(5) {
                self.out.push_str(self.random.pick(&["\n", "\n\n", "  \n"]));
            }
            let more = if i > 0 && self.random.one_in(3) { 2 } else { 0 };
            self.out.push_str(&" ".repeat(indent + more));
            let text = if mark.contains("binary") {
                "aGk="
            } else {
                self.random.pick(&["text", "two words", "# no comment", "a: b", "- x", "trail  ", "é"])
            };
            self.out.push_str(text);
            self.out.push('\n');
        }
        if self.random.one_in(3) {
            self.out.push_str(self.random.pick(&["\n", "\n\n", " \n"]));
        }
    }

    fn many_lines(&mut self, column: usize) {
        let indent = " ".repeat(column + 1 + self.random.below(3));
        let template =
            self.random.pick(&[" one~two", " one~~two~three", " 'one~ two'", " \"one~two\\~ three\"", "~one~two", " &a x~y", "~\"late\""]);
        self.out.push_str(&template.replace('~', &format!("\n{indent}")));
        self.line_end();
    }

    fn flow(&mut self, depth: usize, map: bool) {
        self.out.push_str(if map { "{" } else { "[" });
        let lines = self.random.one_in(5);
        let blank = self.random.pick(&["", " "]);
        self.out.push_str(blank);
        for i in 0..self.random.below(4) {
            if i > 0 {
                self.out.push_str(self.random.pick(&[",", ", ", " , "]));
            }
            if lines {
                self.out.push_str(self.random.pick(&["\n        ", " # in\n        ", "\n\n          "]));
            }
            if map {
                let key = self.key();
                self.out.push_str(&key);
                self.out.push_str(": ");
            }
            if depth > 0 && self.random.one_in(5) {
                let map = self.random.one_in(2);
                self.flow(depth - 1, map);
            } else {
                let from = if self.random.one_in(2) { PLAIN } else { QUOTED };
                let scalar = self.random.pick(from);
                self.out.push_str(scalar);
            }
        }
        if self.random.one_in(10) {
            self.out.push(',');
        }
        if lines && self.random.one_in(2) {
            self.out.push_str(self.random.pick(&[" # last\n        ", "\n          # end\n        ", "\n        "]));
        }
        self.out.push_str(blank);
        self.out.push_str(if map { "}" } else { "]" });
    }
}

pub(super) fn document(random: &mut Random) -> String {
    let mut maker = Maker { random, out: String::new(), keys: 0 };
    if maker.random.one_in(4) {
        maker.out.push_str(maker.random.pick(&[
            "---\n",
            "# head\n",
            "# head\n\n",
            "--- # head\n",
            "%YAML 1.1\n---\n",
            "%YAML 1.2\n---\n",
            "\n\n",
        ]));
    }
    if maker.random.one_in(15) {
        maker.flow(2, true);
        maker.line_end();
    } else {
        maker.map(0, 3, false);
    }
    while maker.random.one_in(5) {
        maker.out.push_str(maker.random.pick(&["---\n", "...\n---\n", "# foot\n---\n"]));
        maker.map(0, 2, false);
    }
    if maker.random.one_in(6) {
        maker.out.push_str(maker.random.pick(&["# foot\n", "\n\n", "...\n", "  # odd foot\n"]));
    }
    let mut out = maker.out;
    if random.one_in(10) {
        out.pop();
    }
    if random.one_in(15) {
        out.insert(0, '\u{feff}');
    }
    if random.one_in(6) { out.replace('\n', "\r\n") } else { out }
}
