//! INI: all of what gopkg.in/ini.v1 knows as SOPS sets it up: quotes, backticks, continuation, repeated keys and sections, comments anywhere.

use super::Random;

const PIECES: &[&str] = &[
    "x", "hunter2", " ", "\"", "'", "#", " ; note", ";", "\\", "=", ":", "é", "\u{a0}", "\t", "`", "$A", "%(a)s", "[", "]", "ENC[", "1",
    "true",
];

pub(super) fn document(random: &mut Random) -> Vec<u8> {
    let end = if random.one_in(5) { "\r\n" } else { "\n" };
    let mut out = String::new();
    if random.one_in(12) {
        out.push('\u{feff}');
    }
    let lines = random.below(14);
    for i in 0..lines {
        match random.below(16) {
            0 => {}
            1 => out.push_str(random.pick(&[" ", "\t"])),
            2 | 3 => out.push_str(random.pick(&["; note", "# note", ";", "#", ";;two", "# ; both", "  ; indented", ";k = v", "#é "])),
            4 | 5 => {
                let name = random.pick(&["s", "a b", "DEFAULT", "x]y", "\"q\"", "s.t", " lead", "é"]);
                out.push_str(&format!("[{name}]"));
                out.push_str(random.pick(&["", "", "", " ; behind", "#behind", "  "]));
            }
            6 => {
                out.push_str(&format!("{} {} ", key(random, i), random.pick(&["=", ":"])));
                out.push_str(random.pick(&["one \\", "one\\", "\\"]));
                out.push_str(end);
                out.push_str(random.pick(&["  two", "two \\", "", "; no note", "k = v"]));
            }
            7 => {
                let quote = random.pick(&["\"\"\"", "`"]);
                out.push_str(&format!("{} = {quote}", key(random, i)));
                let text = random.some(&["a", end, " ", "k = v", "; no note", "'", "\""], 5);
                out.push_str(&text);
                out.push('z');
                out.push_str(quote);
                out.push_str(random.pick(&["", "", " dropped", " ; note"]));
            }
            _ => {
                out.push_str(random.pick(&["", "", "", "  ", "\t"]));
                out.push_str(&key(random, i));
                out.push_str(random.pick(&["=", " = ", ": ", " :", "\t=\t"]));
                let value = match random.below(4) {
                    0 => format!("\"{}\"", random.some(PIECES, 3)),
                    1 => format!("'{}'", random.some(PIECES, 3)),
                    _ => random.some(PIECES, 4),
                };
                out.push_str(&value);
                out.push_str(random.pick(&["", "", "", " ", " ; note", " # note"]));
            }
        }
        out.push_str(end);
    }
    if random.one_in(4) && out.ends_with(end) {
        out.truncate(out.len() - end.len());
    }
    let mut out = out.into_bytes();
    if random.one_in(10) && !out.is_empty() {
        out.push(0xff);
    }
    out
}

fn key(random: &mut Random, i: usize) -> String {
    match random.below(10) {
        0 => "k".to_owned(),
        1 => format!("\"q{i} = q\""),
        2 => format!("`b{i}`"),
        3 => format!("a b{i}"),
        4 => format!("k{i}_unencrypted"),
        _ => format!("k{i}"),
    }
}
