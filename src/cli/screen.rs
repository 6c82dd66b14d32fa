//! What a terminal gets and a pipe does not: colours, and one line on how a long command gets on, gone before anything else is written.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use clap::builder::styling::{AnsiColor, Style};

use leafcrypt_formats::one_line;

/// What is over sooner needs no line.
const LONG: Duration = Duration::from_secs(1);
/// Nobody reads faster.
const BETWEEN: Duration = Duration::from_millis(100);

/// The line stands on the screen.
static SHOWN: AtomicBool = AtomicBool::new(false);
static STARTED: OnceLock<Instant> = OnceLock::new();

/// A word that stands out at the start of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Error,
    Warning,
    Hint,
}

impl Mark {
    pub(super) fn word(self) -> &'static str {
        match self {
            Mark::Error => "error",
            Mark::Warning => "warning",
            Mark::Hint => "hint",
        }
    }

    /// As the help has its colours: none in a pipe, with `NO_COLOR`, and on a dumb terminal.
    pub(super) fn style(self) -> Style {
        if !colours(&std::io::stderr()) {
            return Style::new();
        }
        match self {
            Mark::Error => BAD,
            Mark::Warning => ODD,
            Mark::Hint => AnsiColor::Cyan.on_default().bold(),
        }
    }
}

/// For what is broken.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
/// For what should be looked at.
pub(super) const ODD: Style = AnsiColor::Yellow.on_default().bold();
/// For what is as it should be.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();

/// SOPS's listing of what `updatekeys` would change, as a terminal gets it: whoever comes and goes stands out.
pub(super) fn sops_listing(text: &str) -> String {
    let style = |line: &str| match line {
        line if line.starts_with("+++ ") => AnsiColor::Green.on_default(),
        line if line.starts_with("--- ") => AnsiColor::Red.on_default(),
        line if line.starts_with("Group ") => Style::new().underline(),
        _ => Style::new(),
    };
    let on = colours(&std::io::stdout());
    text.lines().map(|line| if on { format!("{0}{line}{0:#}\n", style(line)) } else { format!("{line}\n") }).collect()
}

/// SOPS's report of keys that were tried, the same way. The text is shown as it is but for this.
pub(super) fn sops_report(text: &str) -> String {
    let style = |word: &str| match word {
        "FAILED" => AnsiColor::Red.on_default(),
        _ => AnsiColor::Green.on_default(),
    };
    let line = |line: &str| match line.rsplit_once(": ") {
        Some((start, word @ ("FAILED" | "SUCCESS"))) => format!("{start}: {0}{word}{0:#}", style(word)),
        _ => line.to_owned(),
    };
    let on = colours(&std::io::stderr());
    if on { text.lines().map(line).collect::<Vec<_>>().join("\n") } else { text.to_owned() }
}

/// Does the stream take colours? Only a terminal does: `CLICOLOR_FORCE`, which many a CI system sets, would bring them into what is read by programs.
pub(super) fn colours(stream: &(impl RawStream + std::io::IsTerminal)) -> bool {
    std::io::IsTerminal::is_terminal(stream) && AutoStream::choice(stream) != ColorChoice::Never
}

/// The clock of this process, for SOPS's logger.
pub(super) fn since_start() -> Duration {
    STARTED.get_or_init(Instant::now).elapsed()
}

/// Takes the line away, if there is one.
pub(super) fn erase() {
    if SHOWN.swap(false, Ordering::Relaxed) {
        let _ = std::io::stderr().write_all(b"\r\x1b[2K");
    }
}

/// How a command over many files gets on.
#[derive(Debug)]
pub(super) struct Progress {
    /// Standard error is a terminal whose lines can be erased.
    able: bool,
    since: Instant,
    drawn: Option<Instant>,
}

impl Progress {
    /// From now on. `term`: what `TERM` says.
    pub(super) fn new(term: Option<&str>) -> Self {
        let able = std::io::stderr().is_terminal() && term.is_some_and(|term| term != "dumb");
        Progress { able, since: Instant::now(), drawn: None }
    }

    /// The file that is next.
    pub(super) fn at(&mut self, number: usize, of: usize, file: &Path) {
        let now = Instant::now();
        let soon = now - self.since < LONG || self.drawn.is_some_and(|drawn| now - drawn < BETWEEN);
        if !self.able || soon {
            return;
        }
        if self.drawn.is_none() {
            // Ctrl-C leaves no line behind. Without a thread for that it does.
            let _ = crate::guard::before_the_end(erase);
        }
        self.drawn = Some(now);
        // Without a line break at the right edge: what is too long is cut off there. One write, so that nothing comes between.
        let name = file.display().to_string();
        let line = format!("\r\x1b[2K\x1b[?7l{number} of {of}: {}\x1b[?7h", one_line(&name));
        // Before it is there: a signal may come with it.
        SHOWN.store(true, Ordering::Relaxed);
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}
