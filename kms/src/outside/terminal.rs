//! Asks on `/dev/tty`, whatever standard input and output are.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroize;

use crate::secret::Secret;

use super::{Asked, Holding};

/// The longest answer.
const LIMIT: usize = 4096;
/// How often we look for a signal that another thread was given.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// Asks a question; with or without echo. A signal that waits meanwhile cancels it, and comes when the terminal is as it was.
pub(super) fn ask(prompt: &str, echo: bool, hides: fn(char) -> bool, holding: Option<Holding>) -> Asked {
    let held = holding.map(|holding| (holding.hold)());
    let asked = answer(&printable(prompt, hides), echo, holding.map(|holding| holding.came));
    // Nothing of ours is left to do: here it may end us.
    drop(held);
    asked
}

fn answer(prompt: &str, echo: bool, came: Option<fn() -> bool>) -> Asked {
    let Ok(mut terminal) = OpenOptions::new().read(true).write(true).open("/dev/tty") else { return Asked::NoTerminal };
    let Ok(quiet) = Quiet::new(&terminal, came.is_some()) else { return Asked::NoTerminal };
    let mut screen = &terminal;
    if screen.write_all(format!("{} ", prompt.trim_end()).as_bytes()).is_err() {
        return Asked::NoTerminal;
    }
    let mut line = Box::new([0u8; LIMIT]);
    let asked = match read_line(&mut terminal, &mut line[..], echo, came.unwrap_or(|| false)) {
        Some(len) => Asked::Answer(Secret::new(line[..len].to_vec())),
        None => Asked::Cancelled,
    };
    line.zeroize();
    drop(quiet);
    let _ = terminal.write_all(b"\n");
    asked
}

/// Shows a line, if there is a terminal.
pub(super) fn tell(message: &str, hides: fn(char) -> bool) {
    if let Ok(mut terminal) = OpenOptions::new().write(true).open("/dev/tty") {
        let _ = terminal.write_all(format!("{}\n", printable(message, hides)).as_bytes());
    }
}

/// What a program or a file says may not steer the terminal.
fn printable(text: &str, hides: fn(char) -> bool) -> String {
    text.chars().map(|c| if hides(c) { ' ' } else { c }).collect()
}

/// Reads up to the line's end; none if the person gave up (Ctrl-C, Ctrl-D on an empty line, end of the terminal) or a signal came.
/// Keys are handled here because the terminal is in raw mode: with its own line editing there would be a limit to a line, and a copy of it in the kernel.
fn read_line(terminal: &mut File, line: &mut [u8], echo: bool, came: fn() -> bool) -> Option<usize> {
    const CTRL_C: u8 = 3;
    const CTRL_D: u8 = 4;
    const CTRL_U: u8 = 21;
    const CTRL_BACKSLASH: u8 = 28;
    let mut len = 0;
    loop {
        if came() {
            return None;
        }
        // What else it says is the next read's to tell.
        if let Ok(0) | Err(Errno::INTR) = poll(&mut [PollFd::new(terminal, PollFlags::IN)], Some(&PAUSE)) {
            continue;
        }
        let mut key = [0];
        match terminal.read(&mut key) {
            Ok(0) => return None,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => drop(read.ok()?),
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
    /// `signals`: Ctrl-C and Ctrl-\ are signals, to all of the terminal's foreground, and no keys. Ctrl-Z is neither: nobody would turn the echo on.
    fn new(terminal: &File, signals: bool) -> std::io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::IEXTEN;
        quiet.local_modes.set(LocalModes::ISIG, signals);
        quiet.special_codes[SpecialCodeIndex::VSUSP] = 0;
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
