//! Asks on `/dev/tty`, whatever standard input and output are.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};

use rustix::termios::{InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroize;

use crate::secret::Secret;

use super::Asked;

/// The longest answer.
const LIMIT: usize = 4096;

/// Asks a question; with or without echo.
pub(super) fn ask(prompt: &str, echo: bool) -> Asked {
    let Ok(mut terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty") else { return Asked::NoTerminal };
    let Ok(quiet) = Quiet::new(&terminal) else { return Asked::NoTerminal };
    let mut screen = &terminal;
    if screen.write_all(format!("{} ", printable(prompt).trim_end()).as_bytes()).is_err() {
        return Asked::NoTerminal;
    }
    let mut line = Box::new([0u8; LIMIT]);
    let asked = match read_line(&mut terminal, &mut line[..], echo) {
        Some(len) => Asked::Answer(Secret::new(line[..len].to_vec())),
        None => Asked::Cancelled,
    };
    line.zeroize();
    drop(quiet);
    let _ = terminal.write_all(b"\n");
    asked
}

/// Shows a line, if there is a terminal.
pub(super) fn tell(message: &str) {
    if let Ok(mut terminal) = OpenOptions::new().write(true).open("/dev/tty") {
        let _ = terminal.write_all(format!("{}\n", printable(message)).as_bytes());
    }
}

/// What a program or a file says may not steer the terminal.
fn printable(text: &str) -> String {
    let steers = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    text.chars().map(|c| if steers(c) { ' ' } else { c }).collect()
}

/// Reads up to the line's end; none if the person gave up (Ctrl-C, Ctrl-D on an empty line, end of the terminal).
/// Keys are handled here because the terminal is in raw mode: with its own line editing Ctrl-C would kill us and leave the echo off.
fn read_line(terminal: &mut File, line: &mut [u8], echo: bool) -> Option<usize> {
    const CTRL_C: u8 = 3;
    const CTRL_D: u8 = 4;
    const CTRL_U: u8 = 21;
    const CTRL_BACKSLASH: u8 = 28;
    let mut len = 0;
    loop {
        let mut key = [0];
        if terminal.read(&mut key).ok()? == 0 {
            return None;
        }
        match key[0] {
            b'\r' | b'\n' => return Some(len),
            CTRL_C | CTRL_BACKSLASH => return None,
            CTRL_D if len == 0 => return None,
            CTRL_D => return Some(len),
            CTRL_U => len = 0,
            8 | 127 => {
                // A character of UTF-8 is one key stroke back.
                while len > 0 {
                    len -= 1;
                    if line[len] & 0xc0 != 0x80 {
                        break;
                    }
                }
            }
            _ if len == line.len() => return None,
            byte => {
                line[len] = byte;
                len += 1;
                if echo {
                    let _ = terminal.write_all(&[byte]);
                }
            }
        }
        key.zeroize();
    }
}

/// A terminal without echo, until it is dropped.
struct Quiet {
    terminal: File,
    before: Termios,
}

impl Quiet {
    fn new(terminal: &File) -> std::io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN;
        quiet.input_modes |= InputModes::ICRNL;
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        let terminal = terminal.try_clone()?;
        tcsetattr(&terminal, OptionalActions::Flush, &quiet)?;
        Ok(Quiet { terminal, before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}
