//! Where signals come from that concern a program which runs beside us in our terminal: the keyboard sends its own to both, others only to us.

use signal_hook::consts::{SIGALRM, SIGINT, SIGPROF, SIGQUIT, SIGUSR1, SIGUSR2, SIGVTALRM};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::Cause;

use super::signals::{ignored, is_interrupted};

/// Signals that say something to whom they are sent. Those of a clock are among them: whoever started us may have set one before (`perl -e 'alarm 30; exec ...'`).
const MESSAGES: [i32; 5] = [SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF];

/// What has come since it was made.
pub struct Watch {
    /// None: the system has no pipe to give; then every INT and QUIT counts as the keyboard's.
    signals: Option<SignalsInfo<WithOrigin>>,
    sent: bool,
}

impl Watch {
    /// Begins to look. From now on USR1 and USR2 do not end this process, and neither does a clock.
    pub fn new() -> Self {
        let ignored = ignored();
        let wanted = [SIGINT, SIGQUIT].into_iter().chain(MESSAGES).filter(|signal| ignored & (1 << (signal - 1)) == 0);
        Watch { signals: SignalsInfo::new(wanted.collect::<Vec<_>>()).ok(), sent: false }
    }

    /// USR1 and USR2 that have come since it was asked last, and signals of a clock.
    pub fn messages(&mut self) -> Vec<i32> {
        let mut messages = Vec::new();
        for origin in self.signals.iter_mut().flat_map(|signals| signals.pending().collect::<Vec<_>>()) {
            match origin.signal {
                SIGINT | SIGQUIT => self.sent |= matches!(origin.cause, Cause::Sent(_)),
                message => messages.push(message),
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

impl Default for Watch {
    fn default() -> Self {
        Self::new()
    }
}
