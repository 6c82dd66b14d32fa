//! `exec-file --background`: a process of ours that nobody waits for holds the opened file for the program, until that ends. It is told the text and all the
//! rest through a pipe: what was opened once, by a key or from a pipe that may be gone, is not opened again.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use super::exec_env::Program;
use super::exec_file::{Handed, Handing};
use super::keeper;
use super::message::{self, Message, Parts};
use crate::error::{Ended, Error};
use crate::guard;
use crate::world::World;

/// The first argument of that process. No command of anybody.
pub const ARGUMENT: &str = "__background";

/// Starts it. The program's standard streams are nobody's.
///
/// # Errors
/// The program is not there, or the process cannot be started.
pub(super) fn start(handed: &Handed, plain: &[u8], world: &World<'_>) -> Result<(), Error> {
    // Nobody will hear it later.
    handed.program.command(world)?;
    let failed = |error: io::Error| Error::NoPlace {
        what: format!("the process that holds the plaintext for the program: {}", keeper::why_not_started(&error)),
    };
    #[allow(clippy::disallowed_methods, reason = "ourselves, left running: `Outside::run` waits")]
    let mut command = Command::new(keeper::own_program());
    command.arg(ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let mut child = guard::as_started(|| command.spawn()).map_err(failed)?;
    let Some(mut pipe) = child.stdin.take() else { unreachable!("it was asked for") };
    let tell = |put: &mut dyn FnMut(&[u8])| {
        put(plain);
        write(handed, put);
    };
    Message::of(tell).send(&mut pipe).map_err(failed)
}

/// Its life: its exit status, which nobody asks for.
pub fn go() -> u8 {
    let Ok(mut pipe) = message::input() else { return 1 };
    let Ok(message) = message::read(&mut pipe) else { return 1 };
    let mut parts = Parts(&message);
    let Some(plain) = parts.next().map(|plain| Zeroizing::new(plain.to_vec())) else { return 1 };
    let Some(handed) = read(&mut || parts.next()) else { return 1 };
    drop((message, pipe));
    // The program reads nothing that was ours.
    if File::open("/dev/null").and_then(|null| Ok(rustix::stdio::dup2_stdin(null)?)).is_err() {
        return 1;
    }
    match handed.run(plain, &World::quiet()) {
        Ok(Ended::Code(code)) => u8::try_from(code).unwrap_or(1),
        _ => 1,
    }
}

fn write(handed: &Handed, put: &mut dyn FnMut(&[u8])) {
    let Handed { program, handing, filename, user, on_disk, runtime } = handed;
    put(match handing {
        Handing::Pipe => b"p",
        Handing::File => b"f",
        Handing::Memory => b"m",
    });
    let mut optional = |part: Option<&[u8]>| {
        put(&[u8::from(part.is_some())]);
        put(part.unwrap_or_default());
    };
    optional(filename.as_ref().map(|name| name.as_bytes()));
    optional(user.as_ref().map(String::as_bytes));
    optional(on_disk.as_ref().map(|path| path.as_os_str().as_bytes()));
    optional(runtime.as_ref().map(|path| path.as_os_str().as_bytes()));
    let (kind, words) = match program {
        Program::Shell(line) => (b"l", std::slice::from_ref(line)),
        Program::Direct(words) => (b"w", &words[..]),
    };
    put(kind);
    words.iter().for_each(|word| put(word.as_bytes()));
}

fn read<'m>(next: &mut dyn FnMut() -> Option<&'m [u8]>) -> Option<Handed> {
    let handing = match next()? {
        b"p" => Handing::Pipe,
        b"f" => Handing::File,
        b"m" => Handing::Memory,
        _ => return None,
    };
    let mut optional = || {
        let (is_there, part) = (next()? != [0], next()?);
        Some(is_there.then(|| part.to_vec()))
    };
    let text = |part: Option<Vec<u8>>| part.map(String::from_utf8).transpose().ok();
    let path = |part: Option<Vec<u8>>| part.map(|part| PathBuf::from(OsString::from_vec(part)));
    let (filename, user) = (optional()?.map(OsString::from_vec), text(optional()?)?);
    let (on_disk, runtime) = (path(optional()?), path(optional()?));
    let kind = next()?;
    let mut words = Vec::new();
    while let Some(word) = next() {
        words.push(OsString::from_vec(word.to_vec()));
    }
    let program = match kind {
        b"l" => Program::Shell(words.pop()?),
        _ => Program::Direct(words),
    };
    Some(Handed { program, handing, filename, user, on_disk, runtime })
}
