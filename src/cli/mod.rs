//! From argv to exit code. Only this floor prints, reads argv, exits: a file per command (`commands.rs` lists them), which reads its arguments and calls its
//! flow ([`crate::flows`]). Argv is read as SOPS does under its name (`go_flags.rs`, `go_words.rs`, `go_parse.rs`, `tab.rs`, `legacy.rs`); errors get number,
//! text and hint in `exit.rs`, `report.rs` (`sops_words.rs`, `mistyped.rs`) and `hint.rs` (`hint_files.rs`, `hint_git.rs`, `hint_keys.rs`).

mod accept;
mod commands;
mod completion;
mod decrypt;
mod doctor;
mod edit;
mod encrypt;
mod env_vars;
mod examples;
mod exec_env;
mod exec_file;
mod exit;
mod filestatus;
mod go_flags;
mod go_parse;
mod go_words;
mod groups;
mod hint;
mod hint_files;
mod hint_git;
mod hint_keys;
mod init;
mod key_args;
mod key_changes;
mod keygen;
mod later;
mod legacy;
mod man;
mod mistyped;
mod prompt;
mod recipients;
mod report;
mod rotate;
mod screen;
mod set;
mod shared;
mod sops_words;
mod tab;
mod tour;
mod unset;
mod updatekeys;

use std::ffi::OsString;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use clap::{Command, FromArgMatches as _};
use leafcrypt_kms::{Holding, Real, Session, without_private_keys};

use self::commands::{Commands, Telling, as_needed, dispatch};
use crate::error::Error;
use crate::files;
use crate::flows::target::Done;
use crate::flows::{background, keeper, rules, user};
use crate::manners::Manners;
use crate::world::{NoJournal, SystemRandom, World};

/// What every pipe takes at once, bytes.
const SHORT: usize = 4096;

/// What a command needs of this floor.
struct Context<'w> {
    world: World<'w>,
    global: shared::Global,
    variables: env_vars::Variables,
    telling: Telling,
    /// What is run.
    command: &'static str,
}

impl Context<'_> {
    /// SOPS reads its configuration in all commands, also where nothing in it is wanted.
    fn readable_config(&self) -> Result<(), Error> {
        let given = rules::Given { config: self.config(), ..rules::Given::default() };
        match self.world.manners.sops_messages {
            true => rules::load_silently(None, &given, &self.world, &mut Vec::new()).map(drop),
            false => Ok(()),
        }
    }

    /// What SOPS looks at when it has read its configuration: of two faults it tells the one of that.
    fn told_first(&self, error: Error) -> Error {
        let later = match &error {
            Error::DuplicateOrder { .. } | Error::BadSetPath { .. } | Error::BadSetValue | Error::NotHeld { .. } | Error::SetList => true,
            Error::Read { source, .. } => !matches!(source, files::ReadError::NotFound),
            Error::NothingToChange { .. } | Error::Sealed { .. } | Error::Open { .. } => true,
            _ => false,
        };
        if later { self.readable_config().err().unwrap_or(error) } else { error }
    }
}

/// Runs the program: argv in, exit code out.
pub fn run(argv: Vec<OsString>) -> u8 {
    let manners = Manners::of_program(&argv.first().map(|a| a.to_string_lossy().into_owned()).unwrap_or_default());
    match argv.get(1) {
        Some(first) if first == keeper::ARGUMENT => return keeper::keep(),
        Some(first) if first == background::ARGUMENT => return background::go(),
        Some(first) if first == user::ARGUMENT => return report::plainly(&user::through(&argv[2..])),
        _ => {}
    }
    screen::since_start();
    let starting = |start: &mut dyn FnMut()| {
        screen::erase();
        crate::guard::as_started(start);
    };
    let holding = Holding { hold: || Box::new(crate::guard::hold_all_signals()), came: crate::guard::is_any_waiting };
    let session =
        Session::new(Arc::new(Real::starting(starting).telling(screen::erase).hiding(leafcrypt_formats::hidden).holding(holding)));
    let terminal = prompt::Terminal {
        sops: manners.sops_messages,
        outside: session.shared_outside(),
        verbose: AtomicBool::new(false),
        told: Mutex::default(),
        progress: Mutex::default(),
    };
    let world = World { random: &SystemRandom, session, manners, dialog: &terminal, journal: &NoJournal };
    let command = as_needed(&argv);
    let words = argv.clone();
    let argv = match typed(argv, &command, &world) {
        Ok(argv) => argv,
        Err(code) => return code,
    };
    // A file that is called like a command, as `sops`.
    let is_known = argv.get(1).and_then(|word| word.to_str()).is_none_or(|word| command.find_subcommand(word).is_some());
    let command = if is_known { command } else { as_needed(&argv) };
    let command = if manners.sops_messages && argv.get(1).is_some_and(|word| word == "--help") {
        let flags = go_flags::legacy_flags(&command);
        command.after_help(format!("{flags}\n\n{}", env_vars::HELP))
    } else {
        command
    };
    let command = completion::named(command, manners.name);
    let matches = match command.name(manners.name).try_get_matches_from(argv) {
        Ok(matches) => matches,
        Err(error) => return mistyped::usage(&error, &words, manners),
    };
    let read = shared::Global::from_arg_matches(&matches).and_then(|global| Ok((global, Commands::from_arg_matches(&matches)?)));
    let (global, command) = match read {
        Ok(read) => read,
        Err(error) => return mistyped::usage(&error, &words, manners),
    };
    terminal.verbose.store(global.verbose, Ordering::Relaxed);
    let variables = env_vars::Variables::read(world.session.outside());
    files::sweep_private_dirs(variables.runtime.as_deref());
    let context = Context { world, global, variables, telling: command.telling(), command: command.name() };
    let dispatched = dispatch(command, &context);
    // Standard output may be a pipe that is read much later; what is short finds room in it, and this process ends.
    let short = dispatched.as_ref().is_ok_and(|done| done.stdout.as_ref().is_none_or(|out| out.len() <= SHORT));
    crate::guard::wipe_stack(!short);
    match dispatched {
        Ok(mut done) => {
            let code = deliver(&done);
            done.stdout.iter_mut().for_each(leafcrypt_formats::wipe);
            code
        }
        Err(error) => report::error(&error, &context),
    }
}

/// Argv as clap reads it; or the exit code where there is nothing to run.
fn typed(argv: Vec<OsString>, command: &Command, world: &World<'_>) -> Result<Vec<OsString>, u8> {
    let manners = world.manners;
    let version = || print(report::version(manners).as_bytes());
    if manners.global_flags {
        let argv = legacy::rewrite(argv, command);
        return if legacy::asks_version(&argv) { Err(version()) } else { Ok(argv) };
    }
    if let Some(words) = tab::words(&argv, command) {
        return Err(print(words.as_bytes()));
    }
    if let Some(wrong) = env_vars::wrong_switch(world.session.outside()) {
        report::log("fatal", &wrong, world.now());
        return Err(exit::Exit::Generic as u8);
    }
    match go_flags::read(&argv, command) {
        Ok(read) => {
            for warning in &read.warnings {
                world.dialog.warn(warning);
            }
            Ok(read.argv)
        }
        Err(go_flags::Stop::Version) => Err(version()),
        Err(go_flags::Stop::NoFile(text)) => {
            report::say(&text);
            Err(exit::Exit::NoFileSpecified as u8)
        }
        Err(go_flags::Stop::TwoPlaces) => {
            report::say(shared::TWO_PLACES);
            Err(exit::Exit::ConflictingParameters as u8)
        }
        Err(go_flags::Stop::NotThere(file)) => {
            report::say(&format!(
                "Error: cannot operate on non-existent file \"{}\"",
                report::absolute(std::path::Path::new(&file), world)
            ));
            Err(exit::Exit::NoFileSpecified as u8)
        }
        Err(go_flags::Stop::NoKeys(file)) => {
            let path = report::absolute(std::path::Path::new(&file), world);
            report::say(&format!("Error: cannot add or remove keys on non-existent file \"{path}\", use `--kms` and `--pgp` instead."));
            Err(exit::Exit::NoKeysToChange as u8)
        }
        Err(go_flags::Stop::NoTopic(text)) => {
            report::say(&text);
            Err(exit::Exit::CouldNotWriteOutput as u8)
        }
        Err(go_flags::Stop::Generic(text)) => {
            report::say(&text);
            Err(exit::Exit::Generic as u8)
        }
        Err(go_flags::Stop::Fatal(text)) => {
            report::log("fatal", &text, world.now());
            Err(exit::Exit::Generic as u8)
        }
        Err(go_flags::Stop::Usage(text, about)) => {
            let mut command = command.clone().name(manners.name);
            command.build();
            let about = about.and_then(|name| command.find_subcommand(name).cloned()).unwrap_or(command);
            print(format!("Incorrect Usage: {}\n\n{}", without_private_keys(&text), about.clone().render_help()).as_bytes());
            report::log("fatal", &text, world.now());
            Err(exit::Exit::Generic as u8)
        }
    }
}

/// Results go to standard output, built fully, written once; all talk to standard error.
fn deliver(done: &Done) -> u8 {
    if let Some(note) = &done.note {
        report::note(note);
    }
    screen::erase();
    done.stdout.as_deref().map_or(0, print)
}

fn print(bytes: &[u8]) -> u8 {
    screen::erase();
    match files::Stream::output().write_all(bytes) {
        Ok(()) => 0,
        Err(error) => report::unprinted(&error),
    }
}
