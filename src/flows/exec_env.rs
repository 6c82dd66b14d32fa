//! Opened values as the environment of a program. By default it takes our place, so that no plaintext of ours is left; as `sops` it is a child.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::branch::must_exist;
use super::child;
use super::decrypt::open;
use super::target::{Input, Types};
use super::user::User;
use super::variables::{How, Variables};
use crate::error::{Ended, Error};
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
            let input = Input::File(path.clone());
            let text = input.read().map_err(|error| must_exist(error, path))?;
            let name = input.name();
            let file = open(&name, self.types.input_of(&input, world.manners), &text, None, &self.how, world)?;
            variables.add(&file, &name, &self.variables, world)?;
        }
        let user = self.user.as_deref().map(User::find).transpose()?;
        let mut command = self.program.command(world)?;
        if self.pristine {
            command.env_clear();
        }
        if let Some(user) = &user {
            command.envs(user.variables());
        }
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let shown = self.program.shown();
        let failed = |error: io::Error| Error::Start { program: shown.clone(), what: error.kind().to_string() };
        if self.background {
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut command = User::command_as(user.as_ref(), command, self.pristine);
            return guard::as_started(|| command.spawn()).map(drop).map_err(failed);
        }
        if self.as_child {
            let _held = guard::hold_signals();
            let mut command = User::command_as(user.as_ref(), command, self.pristine);
            return match child::run(&mut command).map_err(failed)? {
                Ended::Code(0) => Ok(()),
                ended => Err(Error::Child { ended }),
            };
        }
        if let Some(user) = &user {
            user.become_it().map_err(failed)?;
        }
        Err(failed(guard::as_started(|| command.exec())))
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
                let mut command = new("/bin/sh".as_ref());
                command.arg("-c").arg(line);
                command
            }
            Program::Direct(words) => {
                let (program, args) = words.split_first().ok_or_else(|| Error::Usage("there is no command to run".to_owned()))?;
                let path = world.session.outside().program(program);
                let path = path.ok_or_else(|| Error::Start { program: self.shown(), what: "there is no such program".to_owned() })?;
                let mut command = new(&path);
                command.arg0(program).args(args);
                command
            }
        })
    }

    /// For messages: the program, never its arguments.
    pub(super) fn shown(&self) -> String {
        match self {
            Program::Shell(_) => "/bin/sh".to_owned(),
            Program::Direct(words) => words.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default(),
        }
    }
}
