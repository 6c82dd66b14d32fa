//! The `version` field: which program wrote the file (`docs/sops-format.md`, section 5).

use thiserror::Error;

/// A version that orders as semantic versions do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Major, minor, patch.
    numbers: (u64, u64, u64),
    /// A pre-release comes before its release.
    released: bool,
}

/// Why a version cannot be read; the texts are SOPS's.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadVersion {
    /// Missing or empty. The file may be readable all the same.
    #[error("Version string empty")]
    Empty,
    /// Not three numbers.
    #[error("No Major.Minor.Patch elements found")]
    NotThree,
}

impl Version {
    /// Reads a version as SOPS does for every command that opens values: a leading `v` is dropped, and what begins with `1.` is ancient, whatever follows.
    ///
    /// # Errors
    /// It is empty, or no `x.y.z`.
    pub fn parse(text: &str) -> Result<Self, BadVersion> {
        if text.is_empty() {
            return Err(BadVersion::Empty);
        }
        let text = text.strip_prefix('v').unwrap_or(text);
        if text.starts_with("1.") {
            return Ok(Version { numbers: (1, 0, 0), released: true });
        }
        let (text, _) = text.split_once('+').unwrap_or((text, ""));
        let (numbers, pre) = text.split_once('-').map_or((text, None), |(n, p)| (n, Some(p)));
        let mut parts = numbers.split('.').map(number);
        let mut next = || parts.next().flatten().ok_or(BadVersion::NotThree);
        let numbers = (next()?, next()?, next()?);
        if parts.next().is_some() || pre == Some("") {
            return Err(BadVersion::NotThree);
        }
        Ok(Version { numbers, released: pre.is_none() })
    }

    /// Before 3.3.0 a KMS context was sealed with a bug: SOPS then tries each value for all keys of the context.
    pub fn mixes_contexts(self) -> bool {
        self.numbers < (3, 3, 0)
    }
}

fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let leading_zero = digits.len() > 1 && digits.starts_with('0');
    if plain && !leading_zero { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes() {
        let parse = |text| Version::parse(text).expect(text);
        assert!(parse("3.11.0") < parse("3.13.2"));
        assert!(parse("3.9.4") < parse("3.11.0"));
        assert!(parse("3.13.0-rc.1") < parse("3.13.0"));
        assert_eq!(parse("v3.13.0+build.7"), parse("3.13.0"));
        assert!(parse("99.0.0") > parse("3.13.2"));
        assert!(parse("1.whatever").mixes_contexts());
        assert!(parse("3.2.9").mixes_contexts());
        assert!(!parse("3.3.0").mixes_contexts());
    }

    #[test]
    fn what_does_not() {
        assert_eq!(Version::parse(""), Err(BadVersion::Empty));
        for text in ["v", "3", "3.1", "3.1.2.3", "3.x.1", "03.1.2", "3.1.-1", "3.1.2-", "latest", "3.1.99999999999999999999"] {
            assert_eq!(Version::parse(text), Err(BadVersion::NotThree), "{text}");
        }
    }
}
