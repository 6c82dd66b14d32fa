//! Descriptors that whoever started us left open (R11): our children would have them, and a pipe's reader would wait for us.

use std::ffi::OsStr;
use std::fs;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;

/// How a descriptor is named on a command line: by `<(...)` of a shell, or by hand.
const NAMES: [&[u8]; 2] = [b"/dev/fd/", b"/proc/self/fd/"];

/// Commands, and words of ourselves on the way to one, whose program was given what is open: a socket of systemd, the jobs of make, a lock.
const HAND_ON: [&str; 4] = ["exec-env", "exec-file", "__as-user", "__background"];

/// Closes all but the three streams and those that an argument or a variable names. Nothing of ours is open yet.
pub(super) fn close_strays() {
    if std::env::args_os().any(|word| HAND_ON.iter().any(|command| word == *command)) {
        return;
    }
    // Not to learn what they say: `SOPS_AGE_KEY_FILE=/dev/fd/3` must still be there when it is read.
    let words = std::env::args_os().chain(std::env::vars_os().map(|(_, value)| value));
    let named: Vec<RawFd> = words.flat_map(|word| named(&word)).collect();
    let Ok(entries) = fs::read_dir("/proc/self/fd").or_else(|_| fs::read_dir("/dev/fd")) else { return };
    // The list is read with a descriptor of its own, which is in it and gone by now.
    let open: Vec<RawFd> = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    for stray in open.into_iter().filter(|number| *number > 2 && !named.contains(number)) {
        let _ = nix::unistd::close(stray);
    }
}

/// The descriptors that a word names.
fn named(word: &OsStr) -> Vec<RawFd> {
    let word = word.as_bytes();
    let mut found = Vec::new();
    for name in NAMES {
        for (at, _) in word.windows(name.len()).enumerate().filter(|(_, window)| *window == name) {
            let digits = word[at + name.len()..].iter().take_while(|byte| byte.is_ascii_digit());
            let number = digits.fold(0_i64, |number, digit| (number * 10 + i64::from(digit - b'0')).min(i64::from(RawFd::MAX)));
            found.push(number as RawFd);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::named;

    fn check(word: &str, expected: &[i32]) {
        assert_eq!(named(word.as_ref()), expected, "{word}");
    }

    #[test]
    fn words_that_name_descriptors() {
        check("/dev/fd/63", &[63]);
        check("--value-file=/proc/self/fd/3", &[3]);
        check("/dev/fd/3:/dev/fd/4", &[3, 4]);
        check("/dev/fd/99999999999999999999", &[i32::MAX]);
        check("f.yaml", &[]);
        check("/dev/fd", &[]);
    }
}
