//! What was typed under the name `sops`, as SOPS reads it: urfave/cli over Go's `flag` (`docs/sops-cli.md`, section 1). The result is spelled so that
//! clap reads the same: each flag once, as `--name=value`, then the one file.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::{Arg, ArgAction, Command};

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
    /// The file is not there (exit 100).
    NotThere(OsString),
    /// `groups` without a file, which SOPS finds out when it reads it (exit 2).
    Nameless,
    /// A word behind `groups` that is no command of it (exit 3).
    NoTopic(String),
}

/// Flags before a command that count for it; SOPS drops all others in silence.
const BEFORE: [&str; 3] = ["config", "verbose", "indent"];
/// Flags that SOPS has in the legacy form only.
const LEGACY_ONLY: [&str; 4] = ["encrypted-comment-regex", "unencrypted-comment-regex", "mac-only-encrypted", "set"];
/// Flags of ours that SOPS does not have there, though elsewhere.
const NOT_THERE: [(&str, &str); 1] = [("rotate", "ignore-mac")];
/// The legacy form's commands, in the order in which SOPS runs them: the last one's result is seen.
const MODES: [(&str, &str); 3] = [("encrypt", "e"), ("decrypt", "d"), ("rotate", "r")];
/// Flags that may be given several times; of all others the last one counts.
const REPEATED: [&str; 2] = ["allow-env", "keyservice"];
/// Commands that may ask a key service, by SOPS's flags.
const KEY_SERVICE: [&str; 12] =
    ["encrypt", "decrypt", "rotate", "edit", "set", "unset", "exec-env", "exec-file", "publish", "updatekeys", "add", "delete"];
/// Their flags.
const KEY_SERVICE_FLAGS: [&str; 2] = ["enable-local-keyservice", "keyservice"];
/// SOPS's flag, and the commands that take it to no effect.
const THRESHOLD: &str = "shamir-secret-sharing-threshold";
const NO_EFFECT: [&str; 2] = ["set", "unset"];
/// They concern a network that we do not ask for versions.
const IGNORED: [&str; 2] = ["disable-version-check", "check-for-updates"];

const SEVERAL_MODES: &str = "More than one command (--encrypt, --decrypt, --rotate, --set) has been specified. Only the changes made by the \
                             last one will be visible. Note that this behavior is deprecated and will cause an error eventually.";
const SEVERAL_FILES: &str = "More than one positional argument provided. Only the first one will be used!";

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
    let is_command = |word: &OsString| word == "help" || root.get_subcommands().any(|command| word == command.get_name());
    match rest.split_first() {
        Some((command, words)) if is_command(command) => subcommand(command, words, root, flags, &mut read)?,
        _ => legacy(flags, &rest, root, &mut read)?,
    }
    Ok(read)
}

/// `sops -d FILE`: flags end at the first word that is none.
fn legacy(mut flags: Flags, files: &[OsString], root: &Command, read: &mut Read) -> Result<(), Stop> {
    let mut asked: Vec<&str> = MODES.iter().filter(|(mode, _)| flags.take(mode)).map(|(mode, _)| *mode).collect();
    // The last that SOPS runs; unlike the others it has a value, which stays with it.
    asked.extend(flags.has("set").then_some("set"));
    let Some(file) = files.first() else { return Err(Stop::NoFile("Error: no file specified".to_owned())) };
    // As the command, `rotate` says 2 for a missing file.
    let changes_keys = flags.0.keys().any(|name| name.starts_with("add-") || name.starts_with("rm-"));
    if asked.last() == Some(&"rotate") && !changes_keys && !std::path::Path::new(file).exists() {
        return Err(Stop::NotThere(file.clone()));
    }
    if asked.len() > 1 {
        read.warnings.push(SEVERAL_MODES.to_owned());
    }
    let mode = asked.last().copied().unwrap_or("edit");
    read.argv.push(mode.into());
    warn_of_more(files, 1, read);
    // Flags of other commands say nothing to this one.
    let own =
        |name: &String| root.find_subcommand(mode).into_iter().chain([root]).any(|c| c.get_arguments().any(|a| a.get_long() == Some(name)));
    flags.0.retain(|name, _| own(name));
    flags.write(read);
    write_files(std::slice::from_ref(file), read);
    Ok(())
}

fn subcommand(name: &OsString, words: &[OsString], root: &Command, before: Flags, read: &mut Read) -> Result<(), Stop> {
    let shown = name.to_string_lossy().into_owned();
    read.argv.push(name.clone());
    let (mut words, mut found) = (words, root.find_subcommand(&shown));
    if let Some(group) = found.filter(|command| command.has_subcommands()) {
        found = words.split_first().and_then(|(word, rest)| {
            read.argv.push(word.clone());
            words = rest;
            group.find_subcommand(word)
        });
    }
    let asks_help = |word: &OsString| ["help", "h", "--help", "-help", "-h"].iter().any(|name| word == name);
    if let (None, Some(word)) = (found, read.argv.get(2).filter(|word| !asks_help(word) && shown == "groups")) {
        return Err(Stop::NoTopic(format!("No help topic for '{}'", word.to_string_lossy())));
    }
    let Some(command) = found else {
        // `help`, and what is no command: clap has an answer.
        read.argv.extend(words.iter().cloned());
        return Ok(());
    };
    let known = Known::of(command, root);
    let (mut flags, mut files) = parse(&reordered(words, &known), &known).map_err(|text| Stop::Usage(text, Some(shown.clone())))?;
    if flags.has("help") {
        read.argv.push("--help".into());
        return Ok(());
    }
    if NO_EFFECT.contains(&shown.as_str())
        && let Some(value) = flags.0.remove(THRESHOLD).and_then(|values| values.into_iter().next())
        && value.to_str().and_then(|text| text.parse::<i64>().ok()).is_none()
    {
        let text = format!("invalid value {:?} for flag -{THRESHOLD}: parse error", value.to_string_lossy());
        return Err(Stop::Usage(text, Some(shown)));
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
    let wanted = match shown.as_str() {
        "encrypt" | "decrypt" | "rotate" | "edit" => 1,
        "set" => set_words(&flags, files.len())?,
        "unset" if files.len() != 2 => return Err(Stop::NoFile("Error: no file specified, or index is missing".to_owned())),
        _ => files.len(),
    };
    if files.is_empty() && matches!(shown.as_str(), "rotate" | "filestatus" | "edit") {
        return Err(Stop::NoFile("Error: no file specified".to_owned()));
    }
    if shown == "groups" && !flags.has("file") && (command.get_name() == "add" || files.len() == 1) {
        return Err(Stop::Nameless);
    }
    if shown == "set" && flags.has("value-file") && files.len() == 3 {
        // With SOPS the flag says what the third word is.
        flags.0.insert("value-file".to_owned(), files.drain(2..).collect());
    }
    warn_of_more(&files, wanted, read);
    flags.write(read);
    write_files(&files[..files.len().min(wanted)], read);
    Ok(())
}

/// `set` wants all its words, and no more.
fn set_words(flags: &Flags, given: usize) -> Result<usize, Stop> {
    let from_stdin = flags.has("value-stdin");
    let wanted = if from_stdin { 2 } else { 3 };
    if given == wanted {
        return Ok(wanted);
    }
    let (no, why) = if from_stdin { ("", " since --value-stdin is used") } else { ("no ", "") };
    Err(Stop::NoFile(format!(
        "Error: {no}file specified, or index and value are missing. Need precisely {wanted} positional arguments{why}."
    )))
}

fn warn_of_more(files: &[OsString], wanted: usize, read: &mut Read) {
    let Some(ignored) = files.get(wanted..).filter(|rest| !rest.is_empty()) else { return };
    read.warnings.push(SEVERAL_FILES.to_owned());
    if let Some(flag) = ignored.iter().map(|word| word.to_string_lossy()).rfind(|word| word.starts_with('-')) {
        read.warnings.push(format!(
            "Note that one of the ignored positional argument is \"{flag}\", which looks like a flag. Flags must always be provided before the first positional argument!"
        ));
    }
}

fn write_files(files: &[OsString], read: &mut Read) {
    read.argv.push("--".into());
    // To Go the empty name is the current folder.
    read.argv.extend(files.iter().map(|file| if file.is_empty() { ".".into() } else { file.clone() }));
}

/// urfave/cli puts the flags of a command before its other words; a flag without `=` pulls the next word along that is no flag, even if it
/// takes no value.
fn reordered(words: &[OsString], known: &Known) -> Vec<OsString> {
    let (mut flags, mut rest) = (Vec::new(), Vec::new());
    let mut pulls = false;
    for (i, word) in words.iter().enumerate() {
        let flag = name_of(word).is_some_and(|(name, _)| known.get(&name).is_some());
        if pulls && !flag {
            pulls = false;
            flags.push(word.clone());
        } else if word == "--" {
            rest.insert(0, word.clone());
            rest.extend(words[i + 1..].iter().cloned());
            break;
        } else if flag {
            pulls = !word.to_string_lossy().contains('=');
            flags.push(word.clone());
        } else {
            rest.push(word.clone());
        }
    }
    flags.append(&mut rest);
    flags
}

/// Go's `flag`: flags up to the first word that is none, or to `--`.
fn parse(words: &[OsString], known: &Known) -> Result<(Flags, Vec<OsString>), String> {
    let mut flags = Flags::default();
    let mut rest = words.iter();
    while let Some(word) = rest.as_slice().first() {
        if word == "--" {
            rest.next();
            break;
        }
        let Some((name, value)) = name_of(word) else { break };
        rest.next();
        if name.is_empty() || name.starts_with(['-', '=']) {
            return Err(format!("bad flag syntax: {}", word.to_string_lossy()));
        }
        let Some((long, takes)) = known.get(&name) else { return Err(format!("flag provided but not defined: -{name}")) };
        if takes == Takes::Nothing {
            match value.as_deref() {
                None | Some("1" | "t" | "T" | "TRUE" | "true" | "True") => drop(flags.0.insert(long.to_owned(), Vec::new())),
                // Of all flags this one alone is true by itself.
                Some("0" | "f" | "F" | "FALSE" | "false" | "False") if long == KEY_SERVICE_FLAGS[0] => {
                    flags.0.insert(long.to_owned(), vec!["false".into()]);
                }
                Some("0" | "f" | "F" | "FALSE" | "false" | "False") => drop(flags.0.remove(long)),
                Some(value) => return Err(format!("invalid boolean value {value:?} for -{name}: parse error")),
            }
            continue;
        }
        let value = match value {
            Some(value) => value.into(),
            None => rest.next().cloned().ok_or_else(|| format!("flag needs an argument: -{name}"))?,
        };
        let values = flags.0.entry(long.to_owned()).or_default();
        if takes == Takes::One {
            values.clear();
        }
        values.push(value);
    }
    Ok((flags, rest.cloned().collect()))
}

/// The name of a word that begins as a flag does, and what stands behind its `=`.
fn name_of(word: &OsString) -> Option<(String, Option<String>)> {
    let text = word.to_str()?;
    let name = text.strip_prefix("--").or_else(|| text.strip_prefix('-')).filter(|_| text != "-" && text != "--")?;
    match name.get(1..).and_then(|rest| rest.find('=')) {
        Some(at) => Some((name[..=at].to_owned(), Some(name[at + 2..].to_owned()))),
        None => Some((name.to_owned(), None)),
    }
}

/// Flags with their values by long name.
#[derive(Default)]
struct Flags(BTreeMap<String, Vec<OsString>>);

impl Flags {
    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn take(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }

    fn write(self, read: &mut Read) {
        for (name, values) in self.0 {
            if IGNORED.contains(&name.as_str()) {
                continue;
            }
            if values.is_empty() {
                read.argv.push(format!("--{name}").into());
            }
            // An empty value is none, but of keys: it puts out the variable of its kind.
            let keys = leafcrypt_kms::BACKENDS.iter().any(|backend| backend.names().flag == name);
            for value in values.iter().filter(|value| keys || !value.is_empty()) {
                let mut word = OsString::from(format!("--{name}="));
                word.push(value);
                read.argv.push(word);
            }
        }
    }
}

/// What stands behind a flag.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    /// Of one that stands twice the last counts.
    One,
    Many,
}

/// The flags of a command: long name and what it takes, by every name.
struct Known(BTreeMap<String, (String, Takes)>);

impl Known {
    /// Those of a command, without what counts for all of them: SOPS has that before the command only.
    fn of(command: &Command, root: &Command) -> Self {
        let mut known = Known(BTreeMap::new());
        known.add(
            command.get_arguments().filter(|arg| !arg.is_global_set() && !arg.get_long().is_some_and(|l| LEGACY_ONLY.contains(&l))),
            command.get_name() == "add",
        );
        let name = command.get_name();
        let of_root = |long: &str| {
            KEY_SERVICE.contains(&name) && KEY_SERVICE_FLAGS.contains(&long)
                || ["publish", "keyservice"].contains(&name) && long == "verbose"
        };
        known.add(root.get_arguments().filter(|arg| arg.get_long().is_some_and(of_root)), false);
        known.add_names("help", Some("h"));
        known.0.retain(|_, (long, _)| !NOT_THERE.contains(&(name, long.as_str())));
        if name == "set" {
            known.add_names("value-file", None);
        }
        if NO_EFFECT.contains(&name) {
            known.0.insert(THRESHOLD.to_owned(), (THRESHOLD.to_owned(), Takes::One));
        }
        known
    }

    /// Those of the legacy form: its own, and those of the commands it stands for.
    fn legacy(root: &Command) -> Self {
        let mut known = Known(BTreeMap::new());
        known.add(root.get_arguments(), false);
        for (mode, short) in MODES {
            known.add(root.find_subcommand(mode).into_iter().flat_map(Command::get_arguments), false);
            known.add_names(mode, Some(short));
        }
        for command in ["set", "edit"] {
            known.add(root.find_subcommand(command).into_iter().flat_map(Command::get_arguments), false);
        }
        known.add_names("help", Some("h"));
        known.add_names("version", Some("v"));
        IGNORED.into_iter().for_each(|name| known.add_names(name, None));
        known
    }

    /// `group`: of a new key group, whose keys SOPS takes several times.
    fn add<'a>(&mut self, args: impl Iterator<Item = &'a Arg>, group: bool) {
        for arg in args {
            let Some(long) = arg.get_long() else { continue };
            let takes = match arg.get_action() {
                ArgAction::Append if group || REPEATED.contains(&long) => Takes::Many,
                action if action.takes_values() && !arg.is_require_equals_set() => Takes::One,
                _ => Takes::Nothing,
            };
            let flag = (long.to_owned(), takes);
            self.0.extend(arg.get_short().map(|short| (short.to_string(), flag.clone())));
            self.0.extend(arg.get_all_aliases().into_iter().flatten().map(|alias| (alias.to_owned(), flag.clone())));
            self.0.insert(long.to_owned(), flag);
        }
    }

    fn add_names(&mut self, long: &str, short: Option<&str>) {
        for name in [Some(long), short].into_iter().flatten() {
            self.0.insert(name.to_owned(), (long.to_owned(), Takes::Nothing));
        }
    }

    fn get(&self, name: &str) -> Option<(&str, Takes)> {
        self.0.get(name).map(|(long, takes)| (long.as_str(), *takes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> Result<Read, Stop> {
        let argv: Vec<OsString> = line.split(' ').map(|word| if word == "''" { "".into() } else { word.into() }).collect();
        read(&argv, &super::super::whole())
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
        check("sops groups help", "sops groups help", 0);
        check("sops help decrypt", "sops help decrypt", 0);
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
        assert_eq!(usage("sops decrypt --extract"), "flag needs an argument: -extract decrypt");
        assert_eq!(usage("sops decrypt ---x f"), "bad flag syntax: ---x decrypt");
        assert_eq!(usage("sops decrypt -i=yes f"), "invalid boolean value \"yes\" for -i: parse error decrypt");
        assert_eq!(stop("sops unset f"), Stop::NoFile("Error: no file specified, or index is missing".to_owned()));
        assert!(matches!(stop("sops set f"), Stop::NoFile(text) if text.starts_with("Error: no file specified, or index")));
        assert!(matches!(stop("sops set f --value-stdin"), Stop::NoFile(text) if text.ends_with("since --value-stdin is used.")));
    }
}
