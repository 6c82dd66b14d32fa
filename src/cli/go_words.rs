//! What the words behind a command mean to SOPS: which are files, how many there may be, and which ask for help.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use clap::{Arg, Command};

use super::go_flags::{Read, Stop};
use super::go_parse::Flags;

const SEVERAL_FILES: &str = "More than one positional argument provided. Only the first one will be used!";

/// How many words the command takes. `of_group`: its last word, as `add` of `groups add`.
pub(super) fn wanted(command: &str, of_group: &str, flags: &mut Flags, files: &mut Vec<OsString>) -> Result<usize, Stop> {
    let wanted = match command {
        "encrypt" | "decrypt" | "rotate" | "edit" => 1,
        "set" => set_words(flags, files.len())?,
        "unset" if files.len() != 2 => return Err(Stop::NoFile("Error: no file specified, or index is missing".to_owned())),
        // All further ones are nothing to SOPS, without a word.
        "filestatus" => {
            files.truncate(1);
            1
        }
        _ => files.len(),
    };
    if files.is_empty() && matches!(command, "rotate" | "filestatus" | "edit") {
        return Err(Stop::NoFile("Error: no file specified".to_owned()));
    }
    if command == "groups" {
        group_words(of_group, files)?;
        // SOPS finds out when it reads it that there is none.
        flags.0.entry("file".to_owned()).or_insert_with(|| vec![OsString::new()]);
    }
    if command == "set" && flags.has("value-file") && files.len() == 3 {
        // With SOPS the flag says what the third word is.
        flags.0.insert("value-file".to_owned(), files.drain(2..).collect());
    }
    Ok(wanted)
}

/// What asks for help: words and flags.
pub(super) const HELP: [&str; 5] = ["help", "h", "--help", "-help", "-h"];

pub(super) fn is_one_of(word: &OsString, names: &[&str]) -> bool {
    names.iter().any(|name| word == name)
}

/// Help for the program or a group of commands, or for one of them; further words are nothing to SOPS.
pub(super) fn help(words: &[OsString], of: &Command, read: &mut Read) -> Result<(), Stop> {
    match words.first().filter(|word| !is_one_of(word, &HELP)) {
        Some(word) if of.find_subcommand(word).is_some() => read.argv.push(word.clone()),
        Some(word) if !is_shell(of, word) => return Err(no_topic(word)),
        _ => {}
    }
    read.argv.push("--help".into());
    Ok(())
}

pub(super) fn no_topic(word: &OsString) -> Stop {
    Stop::NoTopic(format!("No help topic for '{}'", word.to_string_lossy()))
}

/// Is it one of the values that a command's one argument can have?
pub(super) fn is_shell(command: &Command, word: &OsString) -> bool {
    let mut values = command.get_positionals().flat_map(Arg::get_possible_values);
    values.any(|value| word == value.get_name())
}

/// `groups add` takes no words, `groups delete` a number of 32 bits.
fn group_words(command: &str, words: &[OsString]) -> Result<(), Stop> {
    match (command, words) {
        ("add", []) => Ok(()),
        ("add", _) => Err(Stop::Generic("error: no positional arguments allowed".to_owned())),
        (_, [index]) => {
            let index = index.to_string_lossy();
            let digits = !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit());
            let why = match index.parse::<u32>() {
                Ok(_) if digits => return Ok(()),
                _ if digits => "value out of range",
                _ => "invalid syntax",
            };
            Err(Stop::Fatal(format!("failed to parse [index] argument: strconv.ParseUint: parsing {index:?}: {why}")))
        }
        _ => Err(Stop::Generic("error: exactly one positional argument (index) required".to_owned())),
    }
}

/// SOPS cleans the paths of files that it reads or writes by their words alone: `f.yaml/` and `x/../f.yaml` are `f.yaml`, whatever is there.
pub(super) fn clean(path: &mut OsString) {
    let mut clean = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if clean.file_name().is_some() => drop(clean.pop()),
            Component::ParentDir if clean.has_root() => {}
            part => clean.push(part),
        }
    }
    if clean.as_os_str().is_empty() {
        // To Go the empty name is the current folder, too.
        clean.push(".");
    }
    *path = clean.into_os_string();
}

/// `set` wants all its words, and no more.
fn set_words(flags: &Flags, given: usize) -> Result<usize, Stop> {
    let from_stdin = flags.has("value-stdin");
    if from_stdin && flags.has("value-file") {
        return Err(Stop::Generic("Error: cannot use both --value-file and --value-stdin".to_owned()));
    }
    let wanted = if from_stdin { 2 } else { 3 };
    if given == wanted {
        return Ok(wanted);
    }
    let (no, why) = if from_stdin { ("", " since --value-stdin is used") } else { ("no ", "") };
    Err(Stop::NoFile(format!(
        "Error: {no}file specified, or index and value are missing. Need precisely {wanted} positional arguments{why}."
    )))
}

pub(super) fn warn_of_more(files: &[OsString], wanted: usize, read: &mut Read) {
    let Some(ignored) = files.get(wanted..).filter(|rest| !rest.is_empty()) else { return };
    read.warnings.push(SEVERAL_FILES.to_owned());
    if let Some(flag) = ignored.iter().map(|word| word.to_string_lossy()).rfind(|word| word.starts_with('-')) {
        read.warnings.push(format!(
            "Note that one of the ignored positional argument is \"{flag}\", which looks like a flag. Flags must always be provided before the first positional argument!"
        ));
    }
}

pub(super) fn write_files(files: &[OsString], read: &mut Read) {
    read.argv.push("--".into());
    // To Go the empty name is the current folder.
    read.argv.extend(files.iter().map(|file| if file.is_empty() { ".".into() } else { file.clone() }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_by_their_words_alone() {
        for (typed, meant) in [
            ("f", "f"),
            ("f//", "f"),
            ("./f/.", "f"),
            ("x/../f", "f"),
            ("x/y/../../f", "f"),
            ("../f", "../f"),
            ("x/../../f", "../f"),
            ("/", "/"),
            ("/..//f", "/f"),
            ("", "."),
            (".", "."),
            ("x/..", "."),
        ] {
            let mut path = OsString::from(typed);
            clean(&mut path);
            assert_eq!(path, meant, "{typed}");
        }
    }
}
