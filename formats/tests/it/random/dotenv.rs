//! ENV: lines with and without `=`, quotes, values over several lines, CR, bytes that are no UTF-8.

use super::Random;

const PIECES: &[&str] = &[
    "x",
    "hunter2",
    " ",
    "\"",
    "'",
    "#",
    " # note",
    "\\n",
    "\\",
    "\\\\",
    "=",
    "é",
    "\u{85}",
    "\t",
    "\r",
    "$A",
    "`",
    "ENC[",
    "ENC[AES256_GCM,data:",
    "😀",
    "<nil>",
];

pub(super) fn document(random: &mut Random) -> Vec<u8> {
    let end: &[u8] = if random.one_in(5) { b"\r\n" } else { b"\n" };
    let mut out = Vec::new();
    if random.one_in(12) {
        out.extend_from_slice("\u{feff}".as_bytes());
    }
    for i in 0..random.below(10) {
        match random.below(14) {
            0 => {}
            1 => out.extend_from_slice(random.pick(&["# note", "#", "#glued", "# A=1", "#\ttab ", "# é"]).as_bytes()),
            2 => out.extend_from_slice(random.pick(&["bare", "  # indented", "export Z", "; odd", " ", "continued \\"]).as_bytes()),
            3 => {
                // A quoted value over lines, some of which may pass for assignments.
                let quote = random.pick(&["\"", "'", "\""]);
                out.extend_from_slice(format!("K{i}={quote}").as_bytes());
                for _ in 0..random.below(4) {
                    out.extend_from_slice(random.pick(&["-----BEGIN", "line two", "a=b", "# no note", "", "\\\"", "\\n"]).as_bytes());
                    out.extend_from_slice(end);
                }
                out.extend_from_slice(random.pick(&["-----END", "", "z"]).as_bytes());
                out.extend_from_slice(quote.as_bytes());
                out.extend_from_slice(random.pick(&["", "", " # behind", "tail"]).as_bytes());
            }
            4 => {
                out.extend_from_slice(format!("B{i}=").as_bytes());
                out.extend((0..random.below(4)).map(|_| [0x80, 0xff, 0xc3, b'x', 0x01][random.below(5)]));
            }
            _ => {
                let name = random.pick(&["A", "export A", "db.pass", " lead", "é", "A_unencrypted", "A ", "sops", "SOPS_X"]);
                out.extend_from_slice(name.as_bytes());
                if !random.one_in(8) {
                    out.extend_from_slice(i.to_string().as_bytes());
                }
                out.push(b'=');
                out.extend_from_slice(random.some(PIECES, 4).as_bytes());
            }
        }
        out.extend_from_slice(end);
    }
    if random.one_in(4) {
        out.truncate(out.len().saturating_sub(end.len()));
    }
    out
}
