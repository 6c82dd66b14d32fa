//! The list of commands, and dispatch. Only this floor prints, reads argv, exits.

mod accept;
mod completion;
mod decrypt;
mod doctor;
mod edit;
mod encrypt;
mod env_vars;
mod exec_env;
mod exec_file;
mod exit;
mod filestatus;
mod go_flags;
mod groups;
mod hint;
mod init;
mod key_args;
mod key_changes;
mod keygen;
mod later;
mod legacy;
mod man;
mod prompt;
mod recipients;
mod report;
mod rotate;
mod set;
mod shared;
mod tour;
mod unset;
mod updatekeys;

use std::ffi::OsString;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use leafcrypt_kms::{Real, Session};

use zeroize::Zeroize as _;

use crate::error::Error;
use crate::files;
use crate::flows::target::Done;
use crate::flows::{keeper, user};
use crate::manners::Manners;
use crate::world::{NoJournal, SystemRandom, World};

/// Secrets in Git: seals the values of YAML, JSON, ENV, INI and TOML files, losslessly, in the format of SOPS.
#[derive(Parser)]
#[command(name = "leafcrypt", disable_version_flag = true, subcommand_required = true, arg_required_else_help = true, after_help = env_vars::HELP)]
struct Cli {
    #[command(flatten)]
    global: shared::Global,
    #[command(subcommand)]
    command: Commands,
}

#[derive(Subcommand)]
enum Commands {
    Encrypt(encrypt::Args),
    Decrypt(decrypt::Args),
    Edit(edit::Args),
    Set(set::Args),
    Unset(unset::Args),
    Rotate(rotate::Args),
    Updatekeys(updatekeys::Args),
    Groups(groups::Args),
    Accept(accept::Args),
    #[command(name = "exec-env")]
    ExecEnv(exec_env::Args),
    #[command(name = "exec-file")]
    ExecFile(exec_file::Args),
    Recipients(recipients::Args),
    Filestatus(filestatus::Args),
    Doctor(doctor::Args),
    Keygen(keygen::Args),
    Init(init::Args),
    Tour(tour::Args),
    Completion(completion::Args),
    Man(man::Args),
    Publish(later::Publish),
    Keyservice(later::KeyService),
}

/// What a command needs of this floor.
struct Context<'w> {
    world: World<'w>,
    global: shared::Global,
    variables: env_vars::Variables,
}

/// Runs the program: argv in, exit code out.
pub fn run(argv: Vec<OsString>) -> u8 {
    let manners = Manners::of_program(&argv.first().map(|a| a.to_string_lossy().into_owned()).unwrap_or_default());
    match argv.get(1) {
        Some(first) if first == keeper::ARGUMENT => return keeper::keep(),
        Some(first) if first == user::ARGUMENT => return user::through(&argv[2..]),
        _ => {}
    }
    let session = Session::new(Arc::new(Real::starting(|start| crate::guard::as_started(start))));
    let terminal = prompt::Terminal {
        sops: manners.sops_messages,
        outside: session.shared_outside(),
        verbose: AtomicBool::new(false),
        told: Mutex::default(),
    };
    let world = World { random: &SystemRandom, session, manners, dialog: &terminal, journal: &NoJournal };
    let command = Cli::command();
    let argv = match typed(argv, &command, &world) {
        Ok(argv) => argv,
        Err(code) => return code,
    };
    let matches = match command.name(manners.name).try_get_matches_from(argv) {
        Ok(matches) => matches,
        Err(error) => return report::usage(&error, manners),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return report::usage(&error, manners),
    };
    terminal.verbose.store(cli.global.verbose, Ordering::Relaxed);
    let variables = env_vars::Variables::read(world.session.outside());
    files::sweep_private_dirs(variables.runtime.as_deref());
    let context = Context { world, global: cli.global, variables };
    let dispatched = dispatch(cli.command, &context);
    // Standard output may be a pipe that is read much later.
    crate::guard::wipe_stack();
    match dispatched {
        Ok(mut done) => {
            let code = deliver(&done, &context);
            done.stdout.zeroize();
            code
        }
        Err(error) => report::error(&error, &context),
    }
}

/// Argv as clap reads it; or the exit code where there is nothing to run.
fn typed(argv: Vec<OsString>, command: &clap::Command, world: &World<'_>) -> Result<Vec<OsString>, u8> {
    let manners = world.manners;
    let version = || print(report::version(manners).as_bytes());
    if manners.global_flags {
        let argv = legacy::rewrite(argv, command);
        return if legacy::asks_version(&argv) { Err(version()) } else { Ok(argv) };
    }
    match go_flags::read(&argv, command) {
        Ok(read) => {
            for warning in &read.warnings {
                report::warning(warning, world);
            }
            Ok(read.argv)
        }
        Err(go_flags::Stop::Version) => Err(version()),
        Err(go_flags::Stop::NoFile(text)) => {
            report::say(&text);
            Err(exit::Exit::NoFileSpecified as u8)
        }
        Err(go_flags::Stop::Usage(text, about)) => {
            let mut command = command.clone().name(manners.name);
            command.build();
            let about = about.and_then(|name| command.find_subcommand(name).cloned()).unwrap_or(command);
            print(format!("Incorrect Usage: {text}\n\n{}", about.clone().render_help()).as_bytes());
            report::log("fatal", &text, world.now());
            Err(exit::Exit::Generic as u8)
        }
    }
}

impl Commands {
    /// Does it wrap or unwrap data keys? Others have nothing to ask of a key service.
    fn uses_keys(&self) -> bool {
        match self {
            Commands::Encrypt(_) | Commands::Decrypt(_) | Commands::Edit(_) | Commands::Set(_) | Commands::Unset(_) => true,
            Commands::Rotate(_) | Commands::Updatekeys(_) | Commands::Groups(_) | Commands::Accept(_) => true,
            Commands::ExecEnv(_) | Commands::ExecFile(_) => true,
            Commands::Recipients(_)
            | Commands::Filestatus(_)
            | Commands::Doctor(_)
            | Commands::Keygen(_)
            | Commands::Init(_)
            | Commands::Tour(_) => false,
            Commands::Completion(_) | Commands::Man(_) | Commands::Publish(_) | Commands::Keyservice(_) => false,
        }
    }
}

fn dispatch(command: Commands, context: &Context<'_>) -> Result<Done, Error> {
    if command.uses_keys() {
        later::refuse_key_services(context)?;
    }
    match command {
        Commands::Encrypt(args) => args.run(context),
        Commands::Decrypt(args) => args.run(context),
        Commands::Edit(args) => args.run(context),
        Commands::Set(args) => args.run(context),
        Commands::Unset(args) => args.run(context),
        Commands::Rotate(args) => args.run(context),
        Commands::Updatekeys(args) => args.run(context),
        Commands::Groups(args) => args.run(context),
        Commands::Accept(args) => args.run(context),
        Commands::ExecEnv(args) => args.run(context),
        Commands::ExecFile(args) => args.run(context),
        Commands::Recipients(args) => args.run(context),
        Commands::Filestatus(args) => args.run(context),
        Commands::Doctor(args) => args.run(context),
        Commands::Keygen(args) => args.run(context),
        Commands::Init(args) => args.run(context),
        Commands::Tour(args) => args.run(context),
        Commands::Completion(args) => args.run(),
        Commands::Man(args) => args.run(),
        Commands::Publish(args) => Err(args.refuse()),
        Commands::Keyservice(args) => Err(args.refuse()),
    }
}

/// Results go to standard output, built fully, written once; all talk to standard error.
fn deliver(done: &Done, context: &Context<'_>) -> u8 {
    for warning in &done.warnings {
        report::warning(warning, &context.world);
    }
    if let Some(note) = &done.note {
        report::note(note);
    }
    done.stdout.as_deref().map_or(0, print)
}

fn print(bytes: &[u8]) -> u8 {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => 0,
        Err(error) => report::unprinted(&error),
    }
}
