//! The list of commands, what each is to the rest of this floor, and dispatch.

use std::ffi::OsString;

use clap::{Args as _, Command, Subcommand};

use super::{
    Context, accept, completion, decrypt, doctor, edit, encrypt, env_vars, exec_env, exec_file, filestatus, groups, init, keygen, later,
    man, recipients, rotate, set, shared, tour, unset, updatekeys,
};
use crate::error::Error;
use crate::flows::target::Done;

/// The commands, each with its words: all of them, and one by itself. Building them all takes longer than opening a small file (docs/performance.md).
macro_rules! commands {
    ($($variant:ident = $name:literal: $args:ty,)*) => {
        #[derive(Subcommand)]
        pub(super) enum Commands {
            $(#[command(name = $name)] $variant($args),)*
        }

        impl Commands {
            /// Its name.
            pub(super) fn name(&self) -> &'static str {
                match self {
                    $(Commands::$variant(_) => $name,)*
                }
            }
        }

        /// The command of this name.
        fn named(name: &str) -> Option<Command> {
            match name {
                $($name => Some(<$args as clap::Args>::augment_args(Command::new($name))),)*
                _ => None,
            }
        }
    };
}

commands! {
    Encrypt = "encrypt": encrypt::Args,
    Decrypt = "decrypt": decrypt::Args,
    Edit = "edit": edit::Args,
    Set = "set": set::Args,
    Unset = "unset": unset::Args,
    Rotate = "rotate": rotate::Args,
    Updatekeys = "updatekeys": updatekeys::Args,
    Groups = "groups": groups::Args,
    Accept = "accept": accept::Args,
    ExecEnv = "exec-env": exec_env::Args,
    ExecFile = "exec-file": exec_file::Args,
    Recipients = "recipients": recipients::Args,
    Filestatus = "filestatus": filestatus::Args,
    Doctor = "doctor": doctor::Args,
    Keygen = "keygen": keygen::Args,
    Init = "init": init::Args,
    Tour = "tour": tour::Args,
    Completion = "completion": completion::Args,
    Man = "man": man::Args,
    Publish = "publish": later::Publish,
    Keyservice = "keyservice": later::KeyService,
}

/// The program with all its commands.
pub(super) fn whole() -> Command {
    Commands::augment_subcommands(program())
}

/// The same as people are shown it: without flags that have no effect.
pub(super) fn shown() -> Command {
    Commands::augment_subcommands(described(Command::new("leafcrypt").subcommand_required(true)))
}

/// The program with as many commands as it takes to read this argv: the one that stands first, else all.
pub(super) fn as_needed(argv: &[OsString]) -> Command {
    match argv.get(1).and_then(|word| named(word.to_str()?)) {
        Some(command) => program().subcommand(command),
        None => whole(),
    }
}

fn program() -> Command {
    let program = Command::new("leafcrypt").subcommand_required(true).arg_required_else_help(true);
    described(shared::Versions::augment_args(program))
}

fn described(program: Command) -> Command {
    // After the flags, which bring a text of their own.
    shared::Global::augment_args(program.disable_version_flag(true))
        .about("Secrets in Git: seals the values of YAML, JSON, ENV, INI and TOML files, losslessly, in the format of SOPS")
        .after_help(env_vars::HELP)
}

/// How SOPS tells the errors of a command; it differs from one to the other.
#[derive(Clone, Copy, Default)]
pub(super) struct Telling {
    /// Missing files are named as they were typed; otherwise with their whole path.
    pub(super) as_typed: bool,
    /// Errors are lines of its logger that begin so.
    pub(super) logged: Option<&'static str>,
}

impl Commands {
    pub(super) fn telling(&self) -> Telling {
        match self {
            Commands::Groups(_) => Telling { as_typed: true, logged: Some("") },
            Commands::Filestatus(_) => Telling { as_typed: true, logged: Some("cannot check file status: cannot load encrypted file: ") },
            Commands::ExecEnv(_) | Commands::ExecFile(_) => Telling { as_typed: true, logged: None },
            _ => Telling::default(),
        }
    }

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

/// Runs it.
pub(super) fn dispatch(command: Commands, context: &Context<'_>) -> Result<Done, Error> {
    if !command.uses_keys() {
        return run(command, context);
    }
    if let [(name, what), ..] = context.variables.wrong[..] {
        return Err(Error::Usage(format!("{name} is {what}")));
    }
    later::refuse_key_services(context)?;
    run(command, context).map_err(|error| context.told_first(error))
}

fn run(command: Commands, context: &Context<'_>) -> Result<Done, Error> {
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
        Commands::Completion(args) => args.run(context),
        Commands::Man(args) => args.run(),
        Commands::Publish(args) => Err(args.refuse()),
        Commands::Keyservice(args) => Err(args.refuse()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Flags and words of examples are those that there are.
    #[test]
    fn examples_are_read() {
        fn texts(command: &Command, all: &mut Vec<String>) {
            all.extend(command.get_after_help().filter(|_| command.get_name() != "leafcrypt").map(ToString::to_string));
            command.get_subcommands().for_each(|sub| texts(sub, all));
        }
        let mut all = Vec::new();
        texts(&whole(), &mut all);
        assert!(all.iter().flat_map(|text| text.lines()).all(|line| line.chars().count() < 100), "{all:#?}");
        // What goes on in the next line is one.
        let all: Vec<String> = all.iter().map(|text| text.replace(" &&\n    ", " && ")).collect();
        let lines: Vec<&str> = all.iter().flat_map(|text| text.lines()).filter(|line| line.starts_with("  ")).collect();
        assert!(all.len() > 15 && lines.len() > 35, "{lines:#?}");
        for line in lines {
            let start = line.find("leafcrypt ").expect(line);
            let call = line[start..].split(" | ").next().and_then(|call| call.split(" > ").next()).expect(line);
            let (mut words, mut quoted) = (vec![String::new()], false);
            for c in call.chars() {
                match c {
                    '\'' => quoted = !quoted,
                    ' ' if !quoted => words.push(String::new()),
                    c => words.last_mut().expect("there is one").push(c),
                }
            }
            let argv = super::super::legacy::rewrite(words.into_iter().map(OsString::from).collect(), &whole());
            whole().try_get_matches_from(argv).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    #[test]
    fn a_command_by_itself_is_the_one_among_all() {
        let mut all = whole();
        all.build();
        for one in all.get_subcommands().filter(|one| one.get_name() != "help") {
            let mut alone = as_needed(&["leafcrypt".into(), one.get_name().into()]);
            alone.build();
            let names: Vec<_> = alone.get_subcommands().map(Command::get_name).collect();
            assert_eq!(names, [one.get_name(), "help"]);
            let alone = alone.find_subcommand(one.get_name()).expect("it was just listed");
            assert_eq!(alone.clone().render_long_help().to_string(), one.clone().render_long_help().to_string());
        }
    }
}
