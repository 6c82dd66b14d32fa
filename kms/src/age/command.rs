//! Commands that print private keys: `SOPS_AGE_KEY_CMD` and `SOPS_AGE_SSH_PRIVATE_KEY_CMD`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::outside::Command;
use crate::secret::Secret;
use crate::session::Session;

use super::words;

/// How long a command may take; a person may have to touch something.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a command gave, by the recipient it was asked for: started once for each.
pub(super) struct Answers<T>(Mutex<Vec<(String, Arc<T>)>>);

impl<T> Default for Answers<T> {
    fn default() -> Self {
        Answers(Mutex::default())
    }
}

impl<T> Answers<T> {
    /// The answer for a recipient, known or asked for now.
    pub(super) fn of(&self, recipient: &str, ask: impl FnOnce() -> T) -> Arc<T> {
        // Held while the command runs, so that nobody starts it a second time for the same recipient.
        let mut known = self.0.lock().expect("no holder panics");
        if let Some((_, answer)) = known.iter().find(|(of, _)| of == recipient) {
            return Arc::clone(answer);
        }
        let answer = Arc::new(ask());
        known.push((recipient.to_owned(), Arc::clone(&answer)));
        answer
    }

    /// The answer for a recipient, or any other, if there is one.
    pub(super) fn known(&self, recipient: &str) -> Option<Arc<T>> {
        let known = self.0.lock().expect("no holder panics");
        known.iter().find(|(of, _)| of == recipient).or_else(|| known.first()).map(|(_, answer)| Arc::clone(answer))
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<T>> {
        self.0.lock().expect("no holder panics").iter().map(|(_, answer)| Arc::clone(answer)).collect()
    }
}

/// What the command in a variable prints for a recipient; none if the variable is not set.
pub(super) fn printed(name: &str, recipient: &str, session: &Session) -> Option<Result<Secret, String>> {
    let text = session.outside().env(name)?;
    // The command's text is not repeated: people put tokens into arguments.
    let failed = |why: &str| format!("failed to execute command from {name}: {why}");
    let Some(text) = text.to_str() else { return Some(Err(failed("it is not UTF-8"))) };
    let mut words = match words::split(text) {
        Ok(words) => words.into_iter(),
        Err(why) => return Some(Err(format!("failed to parse command from {name}: {why}"))),
    };
    let Some(program) = words.next().filter(|program| !program.is_empty()) else { return Some(Err(failed("it is empty"))) };
    let env = vec![("SOPS_AGE_RECIPIENT".into(), recipient.into())];
    let command = Command { program: program.into(), args: words.map(Into::into).collect(), env, ..Command::default() };
    Some(match session.outside().run_within(command, PATIENCE) {
        Ok(finished) => match finished.status {
            Some(0) => Ok(finished.stdout),
            Some(status) => Err(failed(&format!("exit status {status}"))),
            None => Err(failed("ended by a signal")),
        },
        Err(why) => Err(failed(&match why.kind() {
            std::io::ErrorKind::NotFound => "executable file not found in $PATH".to_owned(),
            std::io::ErrorKind::TimedOut => format!("no answer within {} s", PATIENCE.as_secs()),
            kind => kind.to_string(),
        })),
    })
}
