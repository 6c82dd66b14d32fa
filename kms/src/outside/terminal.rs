//! Asks on `/dev/tty`, whatever standard input and output are.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Signal, kill_current_process_group};
use rustix::termios::{InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroize;

use crate::secret::Secret;

use super::{Asked, Holding};

/// The longest answer: a certificate or a token in one line is one, too.
const LIMIT: usize = 64 << 10;
/// How often we look for a signal that another thread was given.
const PAUSE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
/// So long nothing comes any more: what was pasted has come to its end.
const QUIET: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// No key: `_POSIX_VDISABLE`.
const DISABLED: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };

/// How a line came to its end.
enum End {
    /// With these bytes.
    Line(usize),
    /// There came more than that at once: a text of several lines was pasted.
    Lines(usize),
    /// It is over the limit.
    TooLong,
    /// The person gave up, or a signal came.
    Cancelled,
    /// Ctrl-Z.
    Stopped,
}

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
    let mut line = vec![0; LIMIT];
    loop {
        let Ok(quiet) = Quiet::new(&terminal, came.is_some()) else { return Asked::NoTerminal };
        if terminal.write_all(format!("{} ", prompt.trim_end()).as_bytes()).is_err() {
            return Asked::NoTerminal;
        }
        let asked = match read_line(&mut terminal, &mut line, echo, quiet.stop, came.unwrap_or(|| false)) {
            End::Line(len) => Some(Asked::Answer(Secret::new(line[..len].to_vec()))),
            End::Lines(len) => Some(Asked::Lines(Secret::new(line[..len].to_vec()))),
            End::TooLong => Some(Asked::TooLong),
            End::Cancelled => Some(Asked::Cancelled),
            End::Stopped => None,
        };
        line.as_mut_slice().zeroize();
        drop(quiet);
        let _ = terminal.write_all(b"\n");
        if let Some(asked) = asked {
            return asked;
        }
        // As the terminal would have done it. Where nobody could let us go on, the kernel does not stop us; and it is asked again either way, since nobody
        // sees how far it was typed.
        let _ = kill_current_process_group(Signal::TSTP);
    }
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

/// Reads up to the line's end; the person gives up by Ctrl-C, by Ctrl-D on an empty line, or at the end of the terminal.
/// What is not shown and comes behind the line at once was pasted with it: it is taken from the terminal, which would show it, and hand it to the shell.
/// `stop` is the key that stops us. Keys are handled here because the terminal is in raw mode: with its own line editing there would be a limit to a line,
/// and a copy of it in the kernel.
fn read_line(terminal: &mut File, line: &mut [u8], echo: bool, stop: Option<u8>, came: fn() -> bool) -> End {
    const CTRL_C: u8 = 3;
    const CTRL_D: u8 = 4;
    const CTRL_U: u8 = 21;
    const CTRL_BACKSLASH: u8 = 28;
    let (mut len, mut is_over) = (0, false);
    let end = |len: usize, is_over: bool, terminal: &mut File| match !echo && pasted(terminal) {
        _ if is_over => End::TooLong,
        true => End::Lines(len),
        false => End::Line(len),
    };
    loop {
        if came() {
            return End::Cancelled;
        }
        // What else it says is the next read's to tell.
        if let Ok(0) | Err(Errno::INTR) = poll(&mut [PollFd::new(terminal, PollFlags::IN)], Some(&PAUSE)) {
            continue;
        }
        let mut key = [0];
        match terminal.read(&mut key) {
            Ok(0) => return End::Cancelled,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return End::Cancelled,
        }
        match key[0] {
            b'\r' | b'\n' => return end(len, is_over, terminal),
            CTRL_C | CTRL_BACKSLASH => return End::Cancelled,
            key if Some(key) == stop => return End::Stopped,
            CTRL_D if len == 0 => return End::Cancelled,
            CTRL_D => return end(len, is_over, terminal),
            CTRL_U => (len, is_over) = (0, false),
            8 | 127 => {
                // A character of UTF-8 is one key stroke back.
                while len > 0 {
                    len -= 1;
                    if line[len] & 0xc0 != 0x80 {
                        break;
                    }
                }
            }
            _ if len == line.len() => is_over = true,
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

/// Takes what a paste has left behind a line, to its end. Was there anything but line ends?
fn pasted(terminal: &mut File) -> bool {
    let (mut more, mut pause) = (false, PAUSE);
    while let Ok(1) = poll(&mut [PollFd::new(terminal, PollFlags::IN)], Some(&pause)) {
        let mut rest = [0; 256];
        match terminal.read(&mut rest) {
            Ok(count) if count > 0 => more |= rest[..count].iter().any(|byte| !byte.is_ascii_whitespace()),
            _ => break,
        }
        rest.zeroize();
        pause = QUIET;
    }
    more
}

/// A terminal without echo, until it is dropped.
struct Quiet {
    terminal: File,
    before: Termios,
    /// The key that stops programs, where it is one.
    stop: Option<u8>,
}

impl Quiet {
    /// `signals`: Ctrl-C and Ctrl-\ are signals, to all of the terminal's foreground, and no keys; Ctrl-Z stays a key, so
    /// that the echo is on again before it stops us.
    fn new(terminal: &File, signals: bool) -> std::io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::IEXTEN;
        quiet.local_modes.set(LocalModes::ISIG, signals);
        quiet.special_codes[SpecialCodeIndex::VSUSP] = DISABLED;
        quiet.input_modes |= InputModes::ICRNL;
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        let suspend = before.special_codes[SpecialCodeIndex::VSUSP];
        let stop = (signals && before.local_modes.contains(LocalModes::ISIG) && suspend != DISABLED).then_some(suspend);
        let terminal = terminal.try_clone()?;
        tcsetattr(&terminal, OptionalActions::Flush, &quiet)?;
        Ok(Quiet { terminal, before, stop })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}
