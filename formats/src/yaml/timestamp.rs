//! Times as go-yaml reads them: with Go's `time.Parse`, and its accidents (docs/lossless-documents.md 4.1).

use super::resolve::digits;

/// The four layouts of go-yaml, as Go's `time.Parse` reads them.
pub(super) fn timestamp(text: &[u8]) -> Option<String> {
    let (year, rest) = digits(text);
    let rest = rest.strip_prefix(b"-")?;
    if year.len() != 4 {
        return None;
    }
    let year = year.iter().fold(0, |n, &b| n * 10 + u32::from(b - b'0'));
    let (month, rest) = one_or_two(rest)?;
    let (day, rest) = one_or_two(rest.strip_prefix(b"-")?)?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in(month, year) {
        return None;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if rest.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let (rest, zoned) = match rest {
        [b'T' | b't', rest @ ..] => (rest, true),
        [b' ', ..] => (&rest[rest.iter().take_while(|&&b| b == b' ').count()..], false),
        _ => return None,
    };
    let (time, rest) = clock(rest)?;
    let zone = if zoned { offset(rest)? } else { rest.is_empty().then(|| "Z".to_owned())? };
    Some(format!("{date}T{time}{zone}"))
}

fn one_or_two(text: &[u8]) -> Option<(u32, &[u8])> {
    match text {
        [a, b, rest @ ..] if a.is_ascii_digit() && b.is_ascii_digit() => Some((u32::from(a - b'0') * 10 + u32::from(b - b'0'), rest)),
        [a, rest @ ..] if a.is_ascii_digit() => Some((u32::from(a - b'0'), rest)),
        _ => None,
    }
}

fn days_in(month: u32, year: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `15:4:5.999999999`, normalised, and what follows. More than nine digits of a fraction are cut off.
fn clock(text: &[u8]) -> Option<(String, &[u8])> {
    let (hour, rest) = one_or_two(text)?;
    let (minute, rest) = one_or_two(rest.strip_prefix(b":")?)?;
    let (second, mut rest) = one_or_two(rest.strip_prefix(b":")?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut out = format!("{hour:02}:{minute:02}:{second:02}");
    if let [b'.' | b',', after @ ..] = rest {
        let (fraction, behind) = digits(after);
        if !fraction.is_empty() {
            let nine = &fraction[..fraction.len().min(9)];
            let end = nine.iter().rposition(|&b| b != b'0').map_or(0, |i| i + 1);
            if end > 0 {
                out.push('.');
                out.extend(nine[..end].iter().map(|&b| char::from(b)));
            }
            rest = behind;
        }
    }
    Some((out, rest))
}

/// `Z` or `+hh:mm` and nothing behind it, normalised. Go allows 24 hours and 60 minutes here.
fn offset(text: &[u8]) -> Option<String> {
    if text == b"Z" {
        return Some("Z".to_owned());
    }
    let [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] = text else { return None };
    if ![h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = (u32::from(h1 - b'0') * 10 + u32::from(h2 - b'0'), u32::from(m1 - b'0') * 10 + u32::from(m2 - b'0'));
    if hours > 24 || minutes > 60 {
        return None;
    }
    let all = hours * 60 + minutes;
    if all == 0 {
        return Some("Z".to_owned());
    }
    Some(format!("{}{:02}:{:02}", char::from(*sign), all / 60, all % 60))
}

/// Is this normalised time at an offset of a whole day? go-yaml reads it, but cannot write it: SOPS fails.
pub(super) fn offset_is_a_day(time: &str) -> bool {
    time.ends_with("+24:00") || time.ends_with("-24:00")
}

#[cfg(test)]
mod tests {
    use super::super::resolve::{Resolved, resolve};
    use super::*;

    fn time(source: &str, normal: &str) {
        assert_eq!(resolve(source.as_bytes()), Resolved::Time(normal.to_owned()), "{source}");
    }

    #[test]
    fn times() {
        time("2001-12-14", "2001-12-14T00:00:00Z");
        time("2001-1-4", "2001-01-04T00:00:00Z");
        time("0000-01-01", "0000-01-01T00:00:00Z");
        time("2001-12-14t21:59:43.10-05:00", "2001-12-14T21:59:43.1-05:00");
        time("2001-12-14T1:2:3Z", "2001-12-14T01:02:03Z");
        time("2001-12-14T21:59:43,5Z", "2001-12-14T21:59:43.5Z");
        time("2001-12-14T21:59:43+00:00", "2001-12-14T21:59:43Z");
        time("2001-12-14T21:59:43-00:00", "2001-12-14T21:59:43Z");
        time("2001-12-14T21:59:43+05:60", "2001-12-14T21:59:43+06:00");
        time("2001-12-14 21:59:43.10", "2001-12-14T21:59:43.1Z");
        time("2001-12-14   21:59:43", "2001-12-14T21:59:43Z");
        time("2001-12-14T21:59:43.1234567899Z", "2001-12-14T21:59:43.123456789Z");
        time("2001-12-14T21:59:43.000Z", "2001-12-14T21:59:43Z");
        time("2000-02-29", "2000-02-29T00:00:00Z");
        let no_times = [
            "2001-12-14 21:59:43.10 -5",
            "2001-12-14 21:59:43Z",
            "2001-12-14T21:59:43",
            "2001-12-14T21:59:43z",
            "2001-12-14T21:59:43+05",
            "2001-12-14T21:59:43+0530",
            "2001-12-14T21:59:60Z",
            "2001-12-14T24:00:00Z",
            "2001-12-14T21:59:43.Z",
            "2001-02-30",
            "1900-02-29",
            "2001-012-14",
            "2001-00-01",
            "2001-01-00",
            "2001-12",
            "02001-12-14",
            "2001-12-14 ",
            "2001-12-14T",
        ];
        for source in no_times {
            assert_eq!(resolve(source.as_bytes()), Resolved::Str, "{source}");
        }
    }

    #[test]
    fn an_offset_of_a_day_is_told_apart() {
        time("2001-12-14T21:59:43+24:00", "2001-12-14T21:59:43+24:00");
        assert!(offset_is_a_day("2001-12-14T21:59:43+24:00"));
        assert!(offset_is_a_day("2001-12-14T21:59:43.5-24:00"));
        assert!(!offset_is_a_day("2001-12-14T21:59:43+23:00"));
        assert!(!offset_is_a_day("2001-12-14T21:24:00Z"));
    }
}
