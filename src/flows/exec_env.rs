//! Opened values as the environment of a program. By default it takes our place, so that no plaintext of ours is left; as `sops` it is a child.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::branch::must_exist;
use super::child::{self, Messages};
use super::decrypt::{open, tell_unchecked};
use super::target::{Input, Types};
use super::user::User;
use super::variables::{How, Variables};
use crate::error::{Ended, Error, NotStarted};
use crate::files;
use crate::guard;
use crate::sealed_file::OpenHow;
use crate::world::World;

/// What is run.
#[derive(Clone, Debug)]
pub enum Program {
    /// A line for `/bin/sh -c`, as SOPS has it.
    Shell(OsString),
    /// A program and its arguments; no shell.
    Direct(Vec<OsString>),
}

/// What runs a line.
const SHELL: &str = "/bin/sh";

/// An execution.
pub struct ExecEnv<'a> {
    /// The files, later ones over earlier ones.
    pub files: Vec<PathBuf>,
    /// As what.
    pub types: Types,
    /// What is run.
    pub program: Program,
    /// The values alone, nothing of our own environment.
    pub pristine: bool,
    /// As another user.
    pub user: Option<String>,
    /// As a child of ours; otherwise in our place.
    pub as_child: bool,
    /// Nobody waits for it.
    pub background: bool,
    /// How values become variables.
    pub variables: How,
    /// How to open.
    pub how: OpenHow<'a>,
}

impl ExecEnv<'_> {
    /// Does it. On success only a child's or a background program's start returns.
    ///
    /// # Errors
    /// A file does not open, a value is none for a variable, the program cannot be started; or [`Error::Child`]: how it ended.
    pub fn run(&self, world: &World<'_>) -> Result<(), Error> {
        let mut variables = Variables::default();
        for path in &self.files {
            self.add(path, &mut variables, world)
                .map_err(|error| self.program.or_no_dashes(error, "exec-env", &self.files, path, world))?;
        }
        variables.allowed(&self.variables)?;
        let user = self.user.as_deref().map(User::find).transpose()?;
        let mut command = self.program.command(world)?;
        if self.pristine {
            command.env_clear();
        }
        if let Some(user) = &user {
            command.envs(user.variables());
        }
        for (name, value) in variables.iter() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        drop(variables);
        let failed = |error: io::Error| self.program.failed(&error);
        if self.background {
            let mut command = User::command_as(user.as_ref(), command, self.program.called(), self.pristine, world)?;
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            return guard::as_started(|| command.spawn()).map(drop).map_err(failed);
        }
        if self.as_child {
            let _held = guard::hold_signals();
            let mut command = User::command_as(user.as_ref(), command, self.program.called(), self.pristine, world)?;
            child::leave_no_secrets(world);
            return match child::run(&mut command, Messages::of(world.manners), None).map_err(failed)? {
                Ended::Code(0) => Ok(()),
                ended => Err(Error::Child { ended }),
            };
        }
        if let Some(user) = &user {
            user.become_it()?;
        }
        Err(failed(guard::as_started(|| command.exec())))
    }

    fn add(&self, path: &Path, variables: &mut Variables, world: &World<'_>) -> Result<(), Error> {
        let input = Input::File(path.to_owned());
        let format = self.types.input_of(&input, world.manners);
        let text = input.read(format).map_err(|error| must_exist(error, path))?;
        let name = input.name();
        let file = open(&name, format, &text, None, &self.how, world)?;
        tell_unchecked(&self.how, world);
        variables.add(&file, &name, &self.variables, world)
    }
}

impl Program {
    /// The command; a program is looked for as R6 says.
    pub(super) fn command(&self, world: &World<'_>) -> Result<Command, Error> {
        #[allow(
            clippy::disallowed_methods,
            reason = "the user's program: its standard streams are ours, which `Outside::run` does not hand on"
        )]
        let new = |program: &std::path::Path| Command::new(program);
        Ok(match self {
            Program::Shell(line) => {
                let mut command = new(SHELL.as_ref());
                command.arg("-c").arg(line);
                command
            }
            Program::Direct(words) => {
                let (program, args) = words.split_first().ok_or_else(|| Error::Usage("there is no command to run".to_owned()))?;
                let path = world.session.outside().program(program);
                let path = path.ok_or_else(|| self.not_found(program, world))?;
                let mut command = new(&path);
                command.arg0(program).args(args);
                command
            }
        })
    }

    /// What the program is told that it was called.
    pub(super) fn called(&self) -> &OsStr {
        match self {
            Program::Shell(_) => SHELL.as_ref(),
            Program::Direct(words) => words.first().map(OsString::as_os_str).unwrap_or_default(),
        }
    }

    /// A name without a slash may stand in `PATH` all the same, for a file that nobody may run.
    fn not_found(&self, program: &OsStr, world: &World<'_>) -> Error {
        let path = world.session.outside().env("PATH").unwrap_or_default();
        let folders = path.as_bytes().split(|&b| b == b':').filter(|folder| folder.starts_with(b"/"));
        let is_there = folders.map(|folder| Path::new(OsStr::from_bytes(folder)).join(program)).any(|path| path.is_file());
        let (what, why) = match is_there && !program.as_bytes().contains(&b'/') {
            true => ("it is not executable", NotStarted::NotExecutable),
            false => ("there is no such program", NotStarted::Missing),
        };
        Error::Start { program: self.shown(), what: what.to_owned(), why }
    }

    /// What the system says where it was to be started. A shell of ours is not the user's program.
    pub(super) fn failed(&self, error: &io::Error) -> Error {
        let (what, why) = match (self, error.kind()) {
            (Program::Shell(_), _) => (files::in_words(error), NotStarted::Other),
            // An interpreter that it names, in its first line.
            (_, io::ErrorKind::NotFound) => ("it, or what it needs to run, is not there".to_owned(), NotStarted::Missing),
            (_, io::ErrorKind::PermissionDenied) => ("it is not executable".to_owned(), NotStarted::NotExecutable),
            (_, io::ErrorKind::ArgumentListTooLong) => {
                ("its arguments and variables are more than the system takes".to_owned(), NotStarted::NotExecutable)
            }
            _ => (files::in_words(error), NotStarted::NotExecutable),
        };
        Error::Start { program: self.shown(), what, why }
    }

    /// Where a file that is none, behind the first one, is a program: its `--` was forgotten.
    pub fn or_no_dashes(&self, error: Error, command: &'static str, files: &[PathBuf], path: &Path, world: &World<'_>) -> Error {
        match (self, files) {
            (Program::Shell(_), [first, ..])
                if first != path && world.session.outside().program(path.as_os_str()).is_some_and(|path| is_executable(&path)) =>
            {
                let shown = |path: &Path| path.display().to_string();
                Error::NoDashes { source: Box::new(error), command, file: shown(first), program: shown(path) }
            }
            _ => error,
        }
    }

    /// For messages: the program, never its arguments.
    pub(super) fn shown(&self) -> String {
        self.called().to_string_lossy().into_owned()
    }
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
