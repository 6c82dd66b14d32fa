//! The two ends of a text, where no token stands: hints that bring them back, and how SOPS ends what it prints.

use leafcrypt_formats::{Format, Hint, Wiped};

/// Is this more than a line end, a directive or a mark at the end of a text?
pub(super) fn reaches_far(hint: &Hint) -> bool {
    matches!(hint, Hint::Start { bytes, drop } | Hint::End { bytes, drop } if bytes.len() > 100 || *drop > 100)
}

/// Hints that turn `back` into `plain` at its start and its end.
pub(super) fn mend_ends(back: &[u8], plain: &[u8]) -> Vec<Hint> {
    let prefix = back.iter().zip(plain).take_while(|(a, b)| a == b).count();
    let suffix = back.iter().rev().zip(plain.iter().rev()).take_while(|(a, b)| a == b).count();
    let end = |at: usize, back: &[u8], plain: &[u8]| Hint::End { drop: (back.len() - at) as u32, bytes: plain[at..].to_vec() };
    let (cost_end, cost_start) = (plain.len() - prefix, plain.len() - suffix.min(plain.len()));
    if cost_end.min(cost_start) <= 4096 || plain.len() <= 4096 && cost_start.min(cost_end) == plain.len() {
        return if cost_end <= cost_start {
            vec![end(prefix, back, plain)]
        } else {
            vec![Hint::Start { drop: (back.len() - suffix) as u32, bytes: plain[..cost_start].to_vec() }]
        };
    }
    // Both ends differ: find how the starts line up, within a few lines.
    for total in 0..512usize {
        for drop in 0..=total.min(64) {
            let skip = total - drop;
            let lined_up = back.len() > drop + 64 && plain.len() > skip + 64 && back[drop..drop + 64] == plain[skip..skip + 64];
            if lined_up {
                let mut started = plain[..skip].to_vec();
                started.extend_from_slice(&back[drop..]);
                let at = started.iter().zip(plain).take_while(|(a, b)| a == b).count();
                return vec![Hint::Start { drop: drop as u32, bytes: plain[..skip].to_vec() }, end(at, &started, plain)];
            }
        }
    }
    Vec::new()
}

/// A file without our field has no layout of ours to keep, and SOPS ends what it prints in one line feed; older versions ended sealed JSON in none, and INI in
/// two. The hint is for the field that the file gets when its recipients change.
pub(super) fn end_as_sops(format: Format, plain: &mut Vec<u8>, reads: impl FnOnce(&[u8]) -> bool) -> Option<Hint> {
    let is_blank = |line: &[u8]| line.trim_ascii().is_empty();
    let end = match format {
        Format::Binary | Format::Toml => return None,
        Format::Json => plain.trim_ascii_end().len(),
        // Blanks at the end of a line may be a value's.
        Format::Yaml | Format::Dotenv | Format::Ini => {
            let mut lines = plain.split_inclusive(|b| *b == b'\n').rev().skip_while(|line| is_blank(line)).peekable();
            let last = lines.peek()?;
            let ends = usize::from(last.ends_with(b"\n"));
            lines.map(<[u8]>::len).sum::<usize>() - ends
        }
    };
    if end == 0 || plain[end..] == *b"\n" {
        return None;
    }
    let ended = Wiped::from([&plain[..end], b"\n"].concat());
    // The lines at the end may belong to a value in clear: a YAML block that keeps them.
    if format != Format::Json && !reads(&ended) {
        return None;
    }
    let hint = Hint::End { drop: (plain.len() - end) as u32, bytes: b"\n".to_vec() };
    plain.truncate(end);
    plain.push(b'\n');
    Some(hint)
}
