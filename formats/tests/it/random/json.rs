//! JSON: layouts, escapes, numbers, doubled keys.

use super::Random;

const PIECES: &[&str] = &[
    "a",
    "b",
    "key",
    "value",
    "hunter2",
    " ",
    "é",
    "漢",
    "😀",
    "\u{2028}",
    "\u{2029}",
    "<",
    ">",
    "&",
    "/",
    "\u{7f}",
    "\u{feff}",
    "\\n",
    "\\\"",
    "\\\\",
    "\\/",
    "\\t",
    "\\b",
    "\\u0000",
    "\\u00e9",
    "\\u00C9",
    "\\ud83d\\ude00",
    "\\u2028",
    "\\u003c",
    "ENC[",
    "\u{85}",
    "'",
    "# no",
    "ENC[AES256_GCM,data:",
];

pub(super) fn document(random: &mut Random) -> String {
    let mut out = String::new();
    // One layout for the whole, or blanks of any kind.
    match random.below(3) {
        0 => object(random, &mut out, 4, &mut |r, out, _| out.push_str(r.pick(&["", "", "", " ", "\n", "\n\t", "\n  ", "\r\n", "\t"]))),
        1 => {
            let unit = random.pick(&["  ", "\t", "    ", ""]);
            let end = random.pick(&["\n", "\n", "\r\n"]);
            object(random, &mut out, 4, &mut |_, out, depth| {
                out.push_str(end);
                out.push_str(&unit.repeat(depth));
            });
        }
        _ => object(random, &mut out, 4, &mut |_, _, _| {}),
    }
    let lead = random.pick(&["", "", "", "\n", " "]);
    let tail = random.pick(&["", "\n", "\n", "\n", "\n\n", "  \n", "\r\n"]);
    format!("{lead}{out}{tail}")
}

type Blank<'a> = &'a mut dyn FnMut(&mut Random, &mut String, usize);

fn object(random: &mut Random, out: &mut String, depth: usize, blank: Blank<'_>) {
    out.push('{');
    let count = random.below(6);
    let mut keys: Vec<String> = Vec::new();
    for i in 0..count {
        if i > 0 {
            out.push(',');
        }
        blank(random, out, 5 - depth);
        let key = match keys.last() {
            Some(last) if random.one_in(12) => last.clone(),
            _ => string(random),
        };
        out.push_str(&key);
        keys.push(key);
        out.push_str(random.pick(&[":", ": ", ": ", " : "]));
        value(random, out, depth, blank);
    }
    if count > 0 || random.one_in(4) {
        blank(random, out, 4 - depth);
    }
    out.push('}');
}

fn value(random: &mut Random, out: &mut String, depth: usize, blank: Blank<'_>) {
    match random.below(if depth == 0 { 7 } else { 10 }) {
        0 | 1 => out.push_str(&string(random)),
        2 => out.push_str(&number(random)),
        3 => out.push_str(random.pick(&["true", "false"])),
        4 => out.push_str(random.pick(&["null", "{}", "[]", "\"\"", "[ ]", "{\n}"])),
        5 | 6 => out.push_str(&random.below(1000).to_string()),
        7 | 8 => object(random, out, depth - 1, blank),
        _ => {
            out.push('[');
            let count = random.below(5);
            for i in 0..count {
                if i > 0 {
                    out.push(',');
                }
                blank(random, out, 5 - depth);
                value(random, out, depth - 1, blank);
            }
            if count > 0 {
                blank(random, out, 4 - depth);
            }
            out.push(']');
        }
    }
}

fn string(random: &mut Random) -> String {
    format!("\"{}\"", random.some(PIECES, 4))
}

pub(super) fn number(random: &mut Random) -> String {
    let mut out = String::from(random.pick(&["", "-"]));
    match random.below(4) {
        0 => out.push('0'),
        1 => out.push_str(random.pick(&["9223372036854775807", "9223372036854775808", "9007199254740993", "18446744073709551616"])),
        _ => out.push_str(&(1 + random.below(1_000_000)).to_string()),
    }
    if random.one_in(3) {
        out.push('.');
        for _ in 0..=random.below(18) {
            out.push_str(random.pick(&["0", "0", "5", "1", "9"]));
        }
    }
    if random.one_in(3) {
        out.push_str(random.pick(&["e", "E"]));
        out.push_str(random.pick(&["", "+", "-"]));
        out.push_str(random.pick(&["0", "00", "1", "07", "21", "280", "400"][..if out.ends_with('-') { 7 } else { 6 }]));
    }
    out
}
