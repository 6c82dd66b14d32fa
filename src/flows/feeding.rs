//! A text written into a named pipe by a thread of its own, while a program runs that may read it: all of it, a part, nothing, or take the pipe away.

use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::files::NamedPipe;
use crate::guard;

/// So long a reader that the program has left behind may pause.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often we look whether the writer is done, once the program is.
const PAUSE: Duration = Duration::from_millis(1);
/// What is written at once, and then counted. A pipe takes so much whole.
const PIECE: usize = 4096;

/// The thread and what it writes into.
pub(super) struct Feeding {
    pipe: Arc<NamedPipe>,
    written: Arc<AtomicUsize>,
    thread: JoinHandle<io::Result<()>>,
    len: usize,
}

impl Feeding {
    /// Starts it.
    ///
    /// # Errors
    /// No descriptor is left, or no thread can be made.
    pub(super) fn start(pipe: Arc<NamedPipe>, plain: Zeroizing<Vec<u8>>) -> io::Result<Self> {
        // Whatever takes the others meanwhile: without a writer a reader would wait for ever.
        let mut spare = Some(pipe.spare()?);
        let written = Arc::new(AtomicUsize::new(0));
        let (to, count, len) = (Arc::clone(&pipe), Arc::clone(&written), plain.len());
        let thread = thread::Builder::new().spawn(move || {
            // Opening it waits for a reader; one that closes early has seen enough.
            let opened = loop {
                match to.writer() {
                    Err(error) if is_full(&error) => {
                        drop(spare.take());
                        // What a start of the program takes is given back.
                        thread::sleep(PAUSE);
                    }
                    opened => break opened?,
                }
            };
            drop(spare);
            let mut to = File::from(opened);
            for piece in plain.chunks(PIECE) {
                to.write_all(piece)?;
                count.fetch_add(piece.len(), Ordering::Relaxed);
            }
            Ok(())
        })?;
        Ok(Feeding { pipe, written, thread, len })
    }

    /// The program has ended. Who still reads is given the rest; who holds the pipe and does not read is not waited for, and neither is anybody once a
    /// signal wants us to end. The thread then ends with the process. False: somebody holds the pipe, and will never have the whole text (P18).
    pub(super) fn finish(self) -> bool {
        let (mut last, mut since) = (self.written.load(Ordering::Relaxed), Instant::now());
        while !self.thread.is_finished() {
            // Nobody may have opened it: a reader that comes and goes brings the writer to its end.
            let reader = self.pipe.reader();
            thread::sleep(PAUSE);
            drop(reader);
            let now = self.written.load(Ordering::Relaxed);
            if now != last {
                (last, since) = (now, Instant::now());
            }
            if guard::is_interrupted() {
                return true;
            }
            if since.elapsed() >= PATIENCE {
                return now >= self.len;
            }
        }
        // A reader that has seen enough is no error.
        let _ = self.thread.join();
        true
    }
}

/// Is it that no descriptor is left?
fn is_full(error: &io::Error) -> bool {
    [Errno::MFILE, Errno::NFILE].iter().any(|full| error.raw_os_error() == Some(full.raw_os_error()))
}
