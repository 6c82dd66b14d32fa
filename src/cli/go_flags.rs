//! What was typed under the name `sops`, as SOPS reads it: urfave/cli over Go's `flag` (`docs/sops-cli.md`, section 1). The result is spelled so that
//! clap reads the same: each flag once, as `--name=value`, then the one file.

use std::ffi::OsString;

use clap::Command;

use super::go_parse::{Flags, IGNORED, Known, MODES, NO_EFFECT, OURS, THRESHOLD, name_of, parse, reordered};
use super::go_words::{HELP, clean, help, is_one_of, is_shell, no_topic, wanted, warn_of_more, write_files};

/// Argv for clap, and what SOPS would have warned of.
#[derive(Debug)]
pub(super) struct Read {
    pub argv: Vec<OsString>,
    pub warnings: Vec<String>,
}

/// Where SOPS goes no further.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// `--version`, whatever else was typed.
    Version,
    /// A usage error in SOPS's words (exit 1), and the command it is about.
    Usage(String, Option<String>),
    /// No file, or not as many words as the command wants (exit 100).
    NoFile(String),
    /// The result was to go to two places (exit 8).
    TwoPlaces,
    /// The file is not there (exit 100).
    NotThere(OsString),
    /// Keys are to be added to a file that is not there, or taken from it (exit 49).
    NoKeys(OsString),
    /// A word behind `groups`, `completion` or `help` that is none of theirs (exit 3).
    NoTopic(String),
    /// A line, and exit 1.
    Generic(String),
    /// A line of the logger, and exit 1.
    Fatal(String),
}

/// Flags before a command that count for it; SOPS drops all others in silence.
const BEFORE: [&str; 3] = ["config", "verbose", "indent"];
const SEVERAL_MODES: &str = "More than one command (--encrypt, --decrypt, --rotate, --set) has been specified. Only the changes made by the \
                             last one will be visible. Note that this behavior is deprecated and will cause an error eventually.";
/// Commands of ours that SOPS does not have: to it each is a file.
const NOT_OF_SOPS: [&str; 7] = ["accept", "doctor", "init", "keygen", "man", "recipients", "tour"];

/// Reads what was typed.
///
/// # Errors
/// Where SOPS stops.
pub(super) fn read(argv: &[OsString], root: &Command) -> Result<Read, Stop> {
    let (program, words) = argv.split_first().map_or((OsString::from("sops"), &[][..]), |(first, rest)| (first.clone(), rest));
    let known = Known::legacy(root);
    let (flags, rest) = parse(words, &known).map_err(|text| Stop::Usage(text, None))?;
    if flags.has("version") {
        return Err(Stop::Version);
    }
    let mut read = Read { argv: vec![program], warnings: Vec::new() };
    if flags.has("help") {
        read.argv.push("--help".into());
        return Ok(read);
    }
    // Behind a flag that says what to do, or where there is such a file, a script of SOPS's means the file.
    let means_file = |word: &OsString| {
        let asked =
            MODES.iter().any(|(mode, _)| flags.has(mode)) || ["set", "extract", "output", "in-place"].iter().any(|flag| flags.has(flag));
        is_one_of(word, &NOT_OF_SOPS) && (asked || rest.len() == 1 && std::path::Path::new(word).is_file())
    };
    let is_of_root = |word: &OsString| root.get_subcommands().any(|command| word == command.get_name());
    let is_command = |word: &OsString| is_one_of(word, &HELP[..2]) || is_of_root(word) && !means_file(word);
    match rest.split_first() {
        Some((command, words)) if is_command(command) => subcommand(command, words, root, flags, &mut read)?,
        _ => legacy(flags, &rest, root, &mut read)?,
    }
    Ok(read)
}

/// The flags of `sops -d FILE`, for its help: scripts look there whether this `sops` has them.
pub(super) fn legacy_flags(root: &Command) -> String {
    let flags: String = Known::legacy(root).long().iter().map(|name| format!("\n      --{name}")).collect();
    format!("Flags without a command, `sops [FLAGS] FILE`:{flags}")
}

/// `sops -d FILE`: flags end at the first word that is none.
fn legacy(mut flags: Flags, files: &[OsString], root: &Command, read: &mut Read) -> Result<(), Stop> {
    let mut asked: Vec<&str> = MODES.iter().filter(|(mode, _)| flags.take(mode)).map(|(mode, _)| *mode).collect();
    // The last that SOPS runs; unlike the others it has a value, which stays with it.
    asked.extend(flags.has("set").then_some("set"));
    let Some(mut file) = files.first().cloned() else { return Err(Stop::NoFile("Error: no file specified".to_owned())) };
    clean(&mut file);
    // Also where an edit is meant, which has no use for either.
    if flags.has("in-place") && flags.0.get("output").is_some_and(|path| path.iter().any(|path| !path.is_empty())) {
        return Err(Stop::TwoPlaces);
    }
    // As the command, `rotate` says 2 for a missing file.
    let changes_keys = flags.0.keys().any(|name| name.starts_with("add-") || name.starts_with("rm-"));
    if !std::path::Path::new(&file).exists() {
        match (asked.last(), changes_keys) {
            (_, true) => return Err(Stop::NoKeys(file)),
            (Some(&"rotate"), false) => return Err(Stop::NotThere(file)),
            _ => {}
        }
    }
    if asked.len() > 1 {
        read.warnings.push(SEVERAL_MODES.to_owned());
    }
    let mode = asked.last().copied().unwrap_or("edit");
    read.argv.push(mode.into());
    warn_of_more(files, 1, read);
    let own =
        |name: &String| root.find_subcommand(mode).into_iter().chain([root]).any(|c| c.get_arguments().any(|a| a.get_long() == Some(name)));
    if let Some(name) = flags.0.keys().find(|name| OURS.contains(&name.as_str()) && !own(name)) {
        return Err(Stop::Usage(format!("flag provided but not defined: -{name}"), None));
    }
    // SOPS's flags of its other commands say nothing to this one.
    flags.0.retain(|name, _| own(name));
    read.argv.append(&mut flags.into_words());
    write_files(&[file], read);
    Ok(())
}

fn subcommand(name: &OsString, words: &[OsString], root: &Command, before: Flags, read: &mut Read) -> Result<(), Stop> {
    if is_one_of(name, &HELP[..2]) {
        return help(words, root, read);
    }
    let shown = name.to_string_lossy().into_owned();
    read.argv.push(name.clone());
    let (mut words, mut found) = (words, root.find_subcommand(&shown));
    // To SOPS the shells are commands, too.
    let is_group = shown == "completion" || found.is_some_and(Command::has_subcommands);
    if let Some(group) = found.filter(|_| is_group) {
        let Some((word, rest)) = words.split_first().filter(|(word, _)| !is_one_of(word, &HELP)) else {
            return help(words.get(1..).unwrap_or_default(), group, read);
        };
        if name_of(word).is_some() {
            return Err(Stop::Usage(format!("flag provided but not defined: {}", word.to_string_lossy()), Some(shown)));
        }
        match group.find_subcommand(word) {
            Some(command) => found = Some(command),
            None if is_shell(group, word) => {
                let asks_help = rest.iter().any(|word| is_one_of(word, &HELP[2..]));
                read.argv.push(if asks_help { "--help".into() } else { word.clone() });
                return Ok(());
            }
            None => return Err(no_topic(word)),
        }
        read.argv.push(word.clone());
        words = rest;
    }
    let Some(command) = found else { return Ok(()) };
    let known = Known::of(command, root);
    let (mut flags, mut files) = parse(&reordered(words, &known), &known).map_err(|text| Stop::Usage(text, Some(shown.clone())))?;
    if flags.has("help") {
        read.argv.push("--help".into());
        return Ok(());
    }
    if NO_EFFECT.contains(&shown.as_str()) {
        flags.take(THRESHOLD);
    }
    for (name, value) in before.0.into_iter().filter(|(name, _)| !IGNORED.contains(&name.as_str())) {
        // SOPS takes this one over since 3.12.2.
        let counts = BEFORE.contains(&name.as_str()) || (name == "mac-only-encrypted" && shown == "encrypt");
        if counts {
            flags.0.entry(name).or_insert(value);
        } else {
            read.warnings.push(format!("the flag --{name} before the command {shown} is ignored, as SOPS does; it has to stand behind it"));
        }
    }
    let wanted = wanted(&shown, command.get_name(), &mut flags, &mut files)?;
    warn_of_more(&files, wanted, read);
    read.argv.append(&mut flags.into_words());
    let named = match shown.as_str() {
        "encrypt" | "decrypt" | "rotate" | "edit" | "set" | "unset" => 1,
        "updatekeys" => files.len(),
        _ => 0,
    };
    files.iter_mut().take(named).for_each(clean);
    write_files(&files[..files.len().min(wanted)], read);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> Result<Read, Stop> {
        let argv: Vec<OsString> = line.split(' ').map(|word| if word == "''" { "".into() } else { word.into() }).collect();
        read(&argv, &super::super::commands::whole())
    }

    fn check(line: &str, expected: &str, warnings: usize) {
        let read = typed(line).expect(line);
        let text: Vec<_> = read.argv.iter().map(|word| word.to_string_lossy()).collect();
        assert_eq!(text.join(" "), expected, "{line}");
        assert_eq!(read.warnings.len(), warnings, "{line}: {:?}", read.warnings);
    }

    #[test]
    fn the_legacy_form() {
        check("sops -d f.yaml", "sops decrypt -- f.yaml", 0);
        check("sops -e -a k --encrypted-comment-regex x f", "sops encrypt --age=k --encrypted-comment-regex=x -- f", 0);
        check("sops -d f --output-type json", "sops decrypt -- f", 2);
        check("sops -d f g", "sops decrypt -- f", 1);
        check("sops -d decrypt f", "sops decrypt -- f", 1);
        check("sops -d -e --age k f", "sops decrypt -- f", 1);
        check("sops --set p -i f", "sops set --in-place --set=p -- f", 0);
        check("sops -e --set p f", "sops set --set=p -- f", 1);
        check("sops f.yaml", "sops edit -- f.yaml", 0);
        check("sops --extract -x -d f", "sops decrypt --extract=-x -- f", 0);
        check("sops -e -i --age k recipients", "sops encrypt --age=k --in-place -- recipients", 0);
        check("sops -d init", "sops decrypt -- init", 0);
        check("sops --verbose recipients", "sops recipients --verbose --", 0);
    }

    #[test]
    fn commands() {
        check("sops decrypt f -i", "sops decrypt --in-place -- f", 0);
        check("sops decrypt -output-type json f", "sops decrypt --output-type=json -- f", 0);
        // The boolean pulls the next word along, and the first file is the one behind it.
        check("sops encrypt a -i b", "sops encrypt --in-place -- b", 1);
        check("sops decrypt -i=false f", "sops decrypt -- f", 0);
        check("sops decrypt -i=T f", "sops decrypt --in-place -- f", 0);
        check("sops decrypt f -- -i", "sops decrypt -- f", 2);
        check("sops decrypt -- -i", "sops decrypt -- -i", 0);
        check("sops decrypt ''", "sops decrypt -- .", 0);
        check("sops decrypt --extract '' f", "sops decrypt -- f", 0);
        check("sops encrypt --age a --age b f", "sops encrypt --age=b -- f", 0);
        check("sops set f p -5", "sops set -- f p -5", 0);
        check("sops set --value-file f p v", "sops set --value-file=v -- f p", 0);
        check("sops set f p v --value-file", "sops set --value-file=v -- f p", 0);
        check("sops set --value-stdin f p", "sops set --value-stdin -- f p", 0);
        check("sops decrypt", "sops decrypt --", 0);
        check("sops decrypt -h", "sops decrypt --help", 0);
        check("sops groups add --age a -f f --age b", "sops groups add --age=a --age=b --file=f --", 0);
        check("sops groups help", "sops groups --help", 0);
        check("sops groups -h", "sops groups --help", 0);
        check("sops help decrypt", "sops decrypt --help", 0);
        check("sops h decrypt more", "sops decrypt --help", 0);
        check("sops h", "sops --help", 0);
        check("sops completion", "sops completion --help", 0);
        check("sops completion bash more", "sops completion bash", 0);
        check("sops --indent 0x10 -d f", "sops decrypt --indent=16 -- f", 0);
        check("sops -d f//", "sops decrypt -- f", 0);
        check("sops set f/. p v/", "sops set -- f p v/", 0);
        check("sops filestatus a b", "sops filestatus -- a", 0);
        check("sops updatekeys -y a b", "sops updatekeys --yes -- a b", 0);
    }

    #[test]
    fn flags_before_a_command() {
        check("sops --config c --indent 2 decrypt f", "sops decrypt --config=c --indent=2 -- f", 0);
        check("sops --ignore-mac --age k decrypt f", "sops decrypt -- f", 2);
        check("sops --mac-only-encrypted encrypt f", "sops encrypt --mac-only-encrypted -- f", 0);
        check("sops --disable-version-check -d f", "sops decrypt -- f", 0);
        check("sops --disable-version-check decrypt f", "sops decrypt -- f", 0);
        check("sops --keyservice u decrypt f", "sops decrypt -- f", 1);
    }

    #[test]
    fn key_services() {
        check("sops -d --enable-local-keyservice f", "sops decrypt --enable-local-keyservice -- f", 0);
        check("sops decrypt --enable-local-keyservice=true f", "sops decrypt --enable-local-keyservice -- f", 0);
        check("sops decrypt f --enable-local-keyservice=0", "sops decrypt --enable-local-keyservice=false -- f", 0);
        check("sops decrypt --keyservice a --keyservice=b f", "sops decrypt --keyservice=a --keyservice=b -- f", 0);
        check("sops groups add -f x --keyservice u", "sops groups add --file=x --keyservice=u --", 0);
        check("sops publish --yes --verbose --recursive d", "sops publish --recursive --verbose --yes -- d", 0);
        check("sops keyservice --net unix --addr s --prompt", "sops keyservice --address=s --network=unix --prompt --", 0);
    }

    #[test]
    fn where_sops_stops() {
        let stop = |line: &str| typed(line).expect_err(line);
        let usage = |line: &str| match stop(line) {
            Stop::Usage(text, command) => format!("{text} {}", command.unwrap_or_default()),
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(stop("sops --version --disable-version-check"), Stop::Version);
        assert_eq!(stop("sops -i -v"), Stop::Version);
        assert_eq!(stop("sops -d"), Stop::NoFile("Error: no file specified".to_owned()));
        assert_eq!(usage("sops -di f"), "flag provided but not defined: -di ");
        assert_eq!(usage("sops decrypt --no f"), "flag provided but not defined: -no decrypt");
        assert_eq!(usage("sops decrypt --config c f"), "flag provided but not defined: -config decrypt");
        assert_eq!(usage("sops encrypt --mac-only-encrypted f"), "flag provided but not defined: -mac-only-encrypted encrypt");
        assert_eq!(usage("sops filestatus --keyservice u f"), "flag provided but not defined: -keyservice filestatus");
        assert_eq!(usage("sops decrypt --verbose f"), "flag provided but not defined: -verbose decrypt");
        assert_eq!(usage("sops rotate --ignore-mac f"), "flag provided but not defined: -ignore-mac rotate");
        assert_eq!(stop("sops groups zz"), Stop::NoTopic("No help topic for 'zz'".to_owned()));
        assert_eq!(usage("sops -d -y f"), "flag provided but not defined: -y ");
        assert_eq!(usage("sops -e --strict f"), "flag provided but not defined: -strict ");
        assert_eq!(usage("sops set -i f p v"), "flag provided but not defined: -i set");
        assert_eq!(usage("sops -i --in-place -d f"), "Cannot use two forms of the same flag: i in-place ");
        assert_eq!(usage("sops --indent 08 -d f"), "invalid value \"08\" for flag -indent: parse error ");
        assert_eq!(stop("sops help zz"), Stop::NoTopic("No help topic for 'zz'".to_owned()));
        assert!(matches!(stop("sops groups add -f f x"), Stop::Generic(_)));
        assert!(matches!(stop("sops groups delete -f f -- -1"), Stop::Fatal(text) if text.ends_with("invalid syntax")));
        assert_eq!(usage("sops decrypt --extract"), "flag needs an argument: -extract decrypt");
        assert_eq!(usage("sops decrypt ---x f"), "bad flag syntax: ---x decrypt");
        assert_eq!(usage("sops decrypt -i=yes f"), "invalid boolean value \"yes\" for -i: parse error decrypt");
        assert_eq!(stop("sops unset f"), Stop::NoFile("Error: no file specified, or index is missing".to_owned()));
        assert!(matches!(stop("sops set f"), Stop::NoFile(text) if text.starts_with("Error: no file specified, or index")));
        assert!(matches!(stop("sops set f --value-stdin"), Stop::NoFile(text) if text.ends_with("since --value-stdin is used.")));
        let both = "Error: cannot use both --value-file and --value-stdin";
        assert_eq!(stop("sops set --value-file --value-stdin f p v"), Stop::Generic(both.to_owned()));
        assert_eq!(stop("sops set --value-stdin --value-file"), Stop::Generic(both.to_owned()));
    }
}
