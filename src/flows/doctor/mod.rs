//! What is there and what is missing: keys, configuration, programs, places, and, where files are named, which of them could be opened and by whose key.
//! Nothing is changed, nobody is asked, and nothing leaves the machine; no value is shown. A file is opened only by keys that open it without a question,
//! a plugin, a command, gpg or a network: for the others it is said what they would ask.

mod configuration;
mod files;
mod names;
mod places;
mod variables;

use std::collections::HashSet;
use std::path::PathBuf;

use leafcrypt_formats::{json, one_line};
use leafcrypt_kms::{BACKENDS, Health, Kind, Session};

use self::configuration::Configurations;
use super::rules::Given;
use super::target::Types;
use crate::error::Error;
use crate::sealed_file::OpenHow;
use crate::world::World;

/// The fix where there is no identity yet.
const NEW: &str = "leafcrypt keygen";

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be, or a fact.
    Ok,
    /// Something will not work, or not as wanted.
    Warn,
    /// What somebody has set up is broken.
    Fail,
}

impl State {
    /// For people and programs.
    pub fn name(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Fail => "fail",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub name: String,
    /// How it went.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What mends it: one command, or one thing to do.
    pub fix: Option<String>,
}

impl Check {
    fn new(state: State, name: impl Into<String>, found: impl Into<String>) -> Self {
        Check { name: name.into(), state, found: found.into(), fix: None }
    }

    fn fix(self, fix: impl Into<String>) -> Self {
        Check { fix: Some(fix.into()), ..self }
    }
}

/// An examination.
pub struct Doctor<'a> {
    /// Files and folders to look at; none: only what is around them.
    pub paths: Vec<PathBuf>,
    /// As what.
    pub types: Types,
    /// Which configuration.
    pub given: Given,
    /// How to open.
    pub how: OpenHow<'a>,
    /// What is set that stops every command which opens or seals, by its name.
    pub stops: Vec<(&'static str, Error)>,
    /// Variables that cannot be understood, and what they are.
    pub wrong: &'a [(&'static str, &'static str)],
    /// Recipients of new files, by variables.
    pub recipients: Vec<(Kind, String)>,
    /// The world in which nobody is asked and nothing is started, for opening files.
    pub quiet: Session,
    /// `XDG_RUNTIME_DIR`
    pub runtime: Option<PathBuf>,
    /// The one next command for an error, which only the command line knows.
    pub hint: &'a dyn Fn(&Error) -> Option<String>,
}

impl Doctor<'_> {
    /// Looks at everything. What cannot be looked at is a check that failed.
    pub fn run(&self, world: &World<'_>) -> Vec<Check> {
        let (mut checks, without_client) = keys(world);
        let mut configurations = Configurations {
            given: &self.given,
            hint: self.hint,
            seen: HashSet::new(),
            faults: HashSet::new(),
            loaded: Vec::new(),
            last: None,
        };
        if self.paths.is_empty() {
            checks.extend(configurations.around(None, world));
        }
        let of_files = self.files(&mut configurations, &mut checks, world);
        checks.extend(self.variables());
        checks.extend(places::programs(world, self.hint));
        checks.extend(places::places(self.runtime.as_deref(), world));
        checks.extend(of_files);
        checks.extend(without_client);
        checks
    }

    fn of_error(&self, name: impl Into<String>, error: &Error) -> Check {
        let (name, found) = (name.into(), error.to_string());
        // Its name stands before it already.
        let found = found.strip_prefix(&format!("{name}: ")).map_or_else(|| found.clone(), str::to_owned);
        Check { fix: (self.hint)(error), ..Check::new(State::Fail, name, found) }
    }
}

/// What each kind of key has at hand; that there is none at all fails. And, for the end, the kinds that this build only keeps.
fn keys(world: &World<'_>) -> (Vec<Check>, Vec<Check>) {
    let (mut checks, mut without_client, mut keys, mut commands) = (Vec::new(), Vec::new(), 0, false);
    for backend in BACKENDS {
        let diagnosis = backend.diagnose(&world.session);
        keys += diagnosis.keys;
        let built =
            configuration::BUILT.contains(&backend.names().kind) || diagnosis.findings.iter().any(|finding| finding.health != Health::Ok);
        let list = if built { &mut checks } else { &mut without_client };
        list.extend(diagnosis.findings.into_iter().map(|finding| {
            let state = match finding.health {
                Health::Ok => State::Ok,
                Health::Warn => State::Warn,
                Health::Fail => State::Fail,
            };
            Check { name: finding.name, state, found: finding.found, fix: finding.fix }
        }));
    }
    for name in ["SOPS_AGE_KEY_CMD", "SOPS_AGE_SSH_PRIVATE_KEY_CMD"] {
        commands |= world.env(name).is_some();
    }
    if keys == 0 && !commands {
        let broken = checks.iter().any(|check| check.state != State::Ok && check.name.starts_with("age: "));
        let fix = if broken { "mend what is told of age above; a new identity: leafcrypt keygen" } else { NEW };
        checks.push(Check::new(State::Fail, "keys", "no private key of any kind: no file can be opened").fix(fix));
    }
    checks.extend(places::identity_files(world));
    (checks, without_client)
}

/// For people.
pub fn as_text(checks: &[Check]) -> String {
    let mut out = String::new();
    for Check { name, state, found, fix } in checks {
        out.push_str(&format!("{:<5} {}: {}\n", state.name(), one_line(name), one_line(found)));
        if let Some(fix) = fix {
            out.push_str(&format!("      fix: {}\n", one_line(fix)));
        }
    }
    out
}

/// For programs.
pub fn as_json(checks: &[Check]) -> String {
    let check = |c: &Check| serde_json::json!({ "name": c.name, "state": c.state.name(), "found": c.found, "fix": c.fix });
    let all: Vec<_> = checks.iter().map(check).collect();
    json(&format!("{:#}\n", serde_json::Value::Array(all))).into_owned()
}
