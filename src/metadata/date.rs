//! Dates as Go reads and prints them with `time.RFC3339`: the MAC is bound to the printed form (`docs/sops-format.md`, section 4).

use std::time::{SystemTime, UNIX_EPOCH};

use thiserror::Error;

/// A text that is no RFC 3339 date.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the date in field lastmodified is not RFC 3339")]
pub struct BadDate;

/// The additional data of the MAC token: the date read and printed again with whole seconds. A fraction is dropped, an offset of
/// zero becomes `Z`, another offset stays.
///
/// # Errors
/// What Go's reader refuses: no zone, a blank or lower-case `t` or `z`, days that are not in the calendar.
pub fn mac_aad(last_modified: &str) -> Result<String, BadDate> {
    let (local, offset) = parse(last_modified.as_bytes()).ok_or(BadDate)?;
    if offset == 0 {
        return Ok(format!("{local}Z"));
    }
    let (sign, minutes) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
    Ok(format!("{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60))
}

/// A moment in UTC with whole seconds, as SOPS writes `lastmodified` and `created_at`. A clock before 1970 counts as 1970.
pub fn rfc3339(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (year, month, day) = civil(seconds / 86_400);
    let second = seconds % 86_400;
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// The local part up to the seconds, and the offset in minutes.
fn parse(text: &[u8]) -> Option<(&str, i32)> {
    let local = text.get(..19)?;
    let shape = b"0000-00-00T00:00:00";
    if !local.iter().zip(shape).all(|(c, s)| if *s == b'0' { c.is_ascii_digit() } else { c == s }) {
        return None;
    }
    let number = |from: usize, to: usize| local[from..to].iter().fold(0u32, |n, d| n * 10 + u32::from(d - b'0'));
    let (year, month, day) = (number(0, 4), number(5, 7), number(8, 10));
    let in_calendar = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !in_calendar || number(11, 13) > 23 || number(14, 16) > 59 || number(17, 19) > 59 {
        return None;
    }
    let mut rest = &text[19..];
    if let [b'.' | b',', b'0'..=b'9', ..] = rest {
        rest = &rest[1..];
        let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
        rest = &rest[digits..];
    }
    Some((std::str::from_utf8(local).ok()?, offset(rest)?))
}

fn offset(zone: &[u8]) -> Option<i32> {
    if zone == b"Z" {
        return Some(0);
    }
    let [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] = zone else { return None };
    let digit = |c: &u8| c.is_ascii_digit().then(|| i32::from(c - b'0'));
    let (hours, minutes) = (digit(h1)? * 10 + digit(h2)?, digit(m1)? * 10 + digit(m2)?);
    // Go allows 24 hours and 60 minutes here, since some people write them.
    if hours > 24 || minutes > 60 {
        return None;
    }
    let total = hours * 60 + minutes;
    Some(if *sign == b'-' { -total } else { total })
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Year, month and day of a number of days since 1970, counted in years that begin in March so that the leap day comes last.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_verifies_as_the_same_date() {
        let check = |text: &str, printed: &str| assert_eq!(mac_aad(text).as_deref(), Ok(printed), "{text}");
        check("2026-11-24T01:55:23Z", "2026-11-24T01:55:23Z");
        check("2026-11-24T01:55:23.123Z", "2026-11-24T01:55:23Z");
        check("2026-11-24T01:55:23,5Z", "2026-11-24T01:55:23Z");
        check("2026-11-24T01:55:23.1234567890123Z", "2026-11-24T01:55:23Z");
        check("2026-11-24T01:55:23+00:00", "2026-11-24T01:55:23Z");
        check("2026-11-24T01:55:23-00:00", "2026-11-24T01:55:23Z");
        check("2026-11-24T01:55:23.9+01:30", "2026-11-24T01:55:23+01:30");
        check("2026-11-24T01:55:23-11:00", "2026-11-24T01:55:23-11:00");
        check("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z");
        check("2026-11-24T01:55:23+05:60", "2026-11-24T01:55:23+06:00");
    }

    #[test]
    fn what_is_refused() {
        for text in [
            "",
            "2026-11-24",
            "2026-11-24T01:55:23",
            "2026-11-24 01:55:23Z",
            "2026-11-24t01:55:23Z",
            "2026-11-24T01:55:23z",
            "2026-11-24T01:55:23.Z",
            "2026-11-24T01:55:23. 5Z",
            "2026-11-24T01:55:23ZZ",
            "2026-11-24T01:55:23+1:00",
            "2026-11-24T01:55:23+0100",
            "2026-11-24T24:00:00Z",
            "2026-11-24T23:59:60Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-11-24T01:55:2\u{663}Z",
            " 2026-11-24T01:55:23Z",
        ] {
            assert_eq!(mac_aad(text), Err(BadDate), "{text}");
        }
    }

    #[test]
    fn moments_in_utc() {
        let check = |seconds: u64, printed: &str| assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_secs(seconds)), printed);
        check(0, "1970-01-01T00:00:00Z");
        check(951_782_399, "2000-02-28T23:59:59Z");
        check(951_782_400, "2000-02-29T00:00:00Z");
        check(951_868_800, "2000-03-01T00:00:00Z");
        check(1_795_485_323, "2026-11-24T01:55:23Z");
        check(4_102_444_800, "2100-01-01T00:00:00Z");
        check(4_107_542_400, "2100-03-01T00:00:00Z");
    }
}
