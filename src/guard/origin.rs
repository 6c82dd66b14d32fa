//! Where signals come from that concern a program which runs beside us in our terminal: the keyboard sends its own to both, others only to us.

use std::io::{self, Read as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGALRM, SIGPROF, SIGUSR1, SIGUSR2, SIGVTALRM};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::Cause;

use super::others::leave;
use super::signals::{KEYBOARD, held, ignored, is_interrupted};

/// Signals that say something to whom they are sent. Those of a clock are among them: whoever started us may have set one before (`perl -e 'alarm 30; exec ...'`).
const MESSAGES: [i32; 5] = [SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF];
/// A time-out of nothing would be none.
const SHORTEST: Duration = Duration::from_millis(1);

/// What has come since it was made; and it can be waited for without waking up in between, perhaps for weeks.
pub struct Watch {
    signals: SignalDelivery<UnixStream, WithOrigin>,
    sent: bool,
}

impl Watch {
    /// Begins to look. From now on USR1 and USR2 do not end this process, and neither does a clock.
    ///
    /// # Errors
    /// The system has no pipe to give.
    pub fn new() -> io::Result<Self> {
        let (woken, wake) = UnixStream::pair()?;
        leave(&MESSAGES);
        let ignored = ignored();
        // Those that are held are remembered elsewhere, and that first: here they only wake.
        let wanted = held().chain(MESSAGES).filter(|signal| ignored & (1 << (signal - 1)) == 0);
        let signals = SignalDelivery::with_pipe(woken, wake, WithOrigin::default(), wanted.collect::<Vec<_>>())?;
        Ok(Watch { signals, sent: false })
    }

    /// What ends the waiting, as a signal does; once.
    pub fn waker(&self) -> impl FnOnce() + Send + 'static {
        let handle = self.signals.handle();
        move || handle.close()
    }

    /// Waits for a signal, or to be woken, since [`Watch::messages`] was asked, or for a time. It may come back for nothing.
    pub fn wait(&mut self, until: Option<Instant>) {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()).max(SHORTEST));
        let woken = self.signals.get_read_mut();
        // Whatever it says: who waits looks at everything anew.
        let _ = woken.set_read_timeout(left).and_then(|()| woken.read(&mut [0]));
    }

    /// USR1 and USR2 that have come since it was asked last, and signals of a clock.
    pub fn messages(&mut self) -> Vec<i32> {
        let mut messages = Vec::new();
        // What wakes us is read before what it stands for: nothing that comes meanwhile is passed over.
        for origin in self.signals.pending() {
            match origin.signal {
                signal if KEYBOARD.contains(&signal) => self.sent |= matches!(origin.cause, Cause::Sent(_)),
                signal if MESSAGES.contains(&signal) => messages.push(signal),
                _ => {}
            }
        }
        messages
    }

    /// The program has only just started: what has come by now has not reached it, whoever sent it.
    pub fn count_earlier(&mut self) {
        self.sent |= is_interrupted();
    }

    /// Somebody sent INT or QUIT to us and perhaps to nobody else; a keyboard would have reached the whole group.
    pub fn was_sent(&self) -> bool {
        self.sent
    }
}
