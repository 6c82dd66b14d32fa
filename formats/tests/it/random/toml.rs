//! TOML: all strings, numbers and dates, dotted keys, tables, arrays of tables, inline tables over lines, comments anywhere.

use super::Random;

pub(super) fn document(random: &mut Random) -> String {
    let mut out = random.pick(&["", "", "", "\u{feff}", "# top\n", "\n"]).to_owned();
    for i in 0..random.below(14) {
        let end = random.pick(&["\n", "\n", "\r\n", " # behind\n", "\t\n"]);
        match random.below(8) {
            0 => out.push_str(&format!("[t{}.s{i}]{end}", random.below(3))),
            1 => out.push_str(&format!("[[l{}]]{end}", random.below(2))),
            2 => out.push_str(random.pick(&["\n", "# note\n", "#\n", "  # in\r\n", "\n\n# x\n\n"])),
            3 => out.push_str(&format!("d.e.k{i} = {}{end}", value(random, 0))),
            _ => out.push_str(&format!("{}k{i} = {}{end}", random.pick(&["", "  ", "\"q\"."]), value(random, 0))),
        }
    }
    if random.one_in(3) && out.ends_with('\n') {
        out.pop();
    }
    out
}

fn value(random: &mut Random, depth: usize) -> String {
    let pieces = ["a", "\\\\", "\\n", "\\u00e9", " ", "#", "[", "é", "\\\"", "x.y = 1", "\t", "\\e", "\\x41", "ENC["];
    let lines = ["a", "\n", "\r\n", "#c", "\n\n", "[t]", "\t", " ", "'", "''x", "\n# d\n", "\\\n  "];
    match random.below(if depth < 3 { 14 } else { 10 }) {
        0 => format!("\"{}\"", random.some(&pieces, 4)),
        1 => format!("'{}'", random.some(&["a", "\"", "\\", "#", "\t", "é"], 4)),
        2 => format!("\"\"\"{}x\"\"\"", random.some(&lines, 5)),
        3 => format!("'''{}x'''", random.some(&lines, 5)).replace("''''", "'''"),
        4 => random
            .pick(&["0", "+1", "-7", "1_000", "0xFf", "0x1f", "0o17", "0b1", "12345678", "12_345_678", "9223372036854775807"])
            .to_owned(),
        5 => random.pick(&["1.0", "1e3", "-2.50", "inf", "nan", "-0.0", "6.02e23", "1e+30", "0.1", "+1.5", "-inf", "1_0.0"]).to_owned(),
        6 => random.pick(&["true", "false"]).to_owned(),
        7 => random
            .pick(&["1979-05-27", "07:32:00", "1979-05-27 07:32:00Z", "1979-05-27T07:32:00.5+01:00", "1979-05-27t07:32:00"])
            .to_owned(),
        8 => random.pick(&["[]", "{}", "\"\"", "''", "[ ]"]).to_owned(),
        9 => "\"\\u0001 \\u007f\"".to_owned(),
        10 | 11 => {
            let items: Vec<String> = (0..1 + random.below(4)).map(|_| value(random, depth + 1)).collect();
            let between = random.pick(&[", ", ",", ",\n", ", # note\n  ", ",\n # own\n", ",\r\n"]);
            format!("[{}{}{}]", random.pick(&["", " ", "\n", " # open\n"]), items.join(between), random.pick(&["", ",", "\n", ", # end\n"]))
        }
        _ => {
            let entries: Vec<String> = (0..1 + random.below(3))
                .map(|i| format!("{}{i} = {}", random.pick(&["k", "d.e", "'q q'."]), value(random, depth + 1)))
                .collect();
            let between = random.pick(&[", ", ",", ",\n  ", ", # note\n", ",\n\n# own\n"]);
            format!("{{ {}{} }}", entries.join(between), random.pick(&["", ",", " # end\n"]))
        }
    }
}
