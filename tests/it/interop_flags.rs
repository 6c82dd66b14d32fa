//! Nothing of SOPS's command line is left out of `interop/calls.txt`: every flag of every command that `docs/sops-cli.md` lists, by each of its names, and
//! every variable. And the list is the real one: it is what sops's own help says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use crate::interop_exits::{calls, is_variable, words};
use crate::tools::sops;

/// Commands that come later; until then `tests/it/later.rs` shows what they say.
const LATER: [&str; 2] = ["publish", "keyservice"];
/// Variables that no call names, each with why.
const NOT_CALLED: [(&str, &str); 2] =
    [("PATH", "every call has one, without which no editor and no gpg is found"), ("HOME", "every call has one of its own")];
/// Flags without a value.
const SWITCHES: &str = "--decrypt -d --encrypt -e --rotate -r --in-place -i --show-master-keys -s --ignore-mac --mac-only-encrypted \
                        --verbose --disable-version-check --check-for-updates --enable-local-keyservice --version -v --help -h \
                        --yes -y --idempotent --value-file --value-stdin --pristine --same-process --background --no-fifo";

/// Of each command ("" for the form without one) the flags, each with all its names.
type Table = BTreeMap<String, BTreeSet<Vec<String>>>;

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sops-cli.md")).unwrap()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The flags in a text: `-d/--decrypt --extract`; `--[un]x` are two, and X stands for each of `kinds`.
fn flags(text: &str, kinds: &[&str]) -> Vec<Vec<String>> {
    let mut out = Vec::new();
    for word in quoted(text).flat_map(str::split_whitespace).filter(|word| word.starts_with('-')) {
        let spelled: Vec<String> = match word.split_once("[un]") {
            Some((start, rest)) => vec![format!("{start}{rest}"), format!("{start}un{rest}")],
            None if word.ends_with("-X") => kinds.iter().map(|kind| format!("{}{kind}", word.trim_end_matches('X'))).collect(),
            None => vec![word.to_owned()],
        };
        out.extend(spelled.iter().map(|flag| flag.split('/').map(str::to_owned).collect()));
    }
    out
}

/// The groups by their names (REC, SEL), and the table.
fn table() -> Table {
    let page = page();
    let section = page.split("\n## ").find(|section| section.starts_with("1. ")).unwrap();
    let named = section.lines().find(|line| line.starts_with("**KS**")).unwrap();
    let kinds: Vec<&str> = named.split("X = ").nth(1).unwrap().split('.').next().unwrap().split(' ').collect();
    let mut groups: BTreeMap<&str, Vec<Vec<String>>> = BTreeMap::new();
    for part in named.split("**").collect::<Vec<_>>()[1..].chunks(2) {
        groups.insert(part[0], flags(part[1], &kinds));
    }
    let mut out = Table::new();
    for row in section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| command |")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        // What a command does not have stands behind a semicolon.
        let (name, text) = (cells[0].trim(), cells[2].split(';').next().unwrap());
        let mut found: BTreeSet<Vec<String>> = flags(text, &kinds).into_iter().collect();
        let prose: String = text.split('`').step_by(2).collect::<Vec<_>>().join(" ");
        for word in prose.split([' ', ',', '(', ')']) {
            found.extend(groups.get(word).into_iter().flatten().cloned());
        }
        out.insert(if name == "(none)" { String::new() } else { name.to_owned() }, found);
    }
    // A short name that stands alone in one row has its long one in another.
    let pairs: BTreeSet<Vec<String>> = out.values().flatten().filter(|names| names.len() == 2).cloned().collect();
    for row in out.values_mut() {
        let whole = |names: &Vec<String>| pairs.iter().find(|pair| names.len() == 1 && names[0].len() == 2 && pair.contains(&names[0]));
        *row = row.iter().map(|names| whole(names).unwrap_or(names).clone()).map(sorted).collect();
    }
    out
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

/// The command of a call, and the flags that count for it.
fn called(words: &[String], table: &Table) -> (String, BTreeSet<String>) {
    let (mut command, mut found, mut value) = (None, BTreeSet::new(), false);
    for (i, word) in words.iter().enumerate() {
        let flag = (word.starts_with('-') && word.len() > 1).then(|| word.split('=').next().unwrap());
        // urfave/cli takes one dash for two.
        let flag = flag.map(|flag| if flag.len() > 2 && !flag.starts_with("--") { format!("-{flag}") } else { flag.to_owned() });
        if let Some(flag) = flag.filter(|_| !value) {
            value = !SWITCHES.split(' ').any(|switch| switch == flag) && !word.contains('=');
            found.insert(flag);
        } else if !value && command.is_none() {
            let two = format!("{word} {}", words.get(i + 1).map_or("", String::as_str));
            let name = [word.as_str(), &two].into_iter().find(|name| table.contains_key(*name));
            command = Some(name.unwrap_or_default().to_owned());
            if name.is_some() {
                found.clear();
            }
        } else {
            value = false;
        }
    }
    (command.unwrap_or_default(), found)
}

#[test]
fn every_flag_of_every_command_is_called() {
    let table = table();
    assert_eq!(table.len(), 16, "{:?}", table.keys());
    assert!(table[""].len() > 45 && table["encrypt"].len() == 21 && table["completion"].is_empty(), "{table:?}");
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for call in calls() {
        // What ends in a usage error has not come to the flags.
        if !call.says.starts_with("? ") || call.code == 0 {
            let words = words(call.args.split(" <").next().unwrap());
            let variables = words.iter().take_while(|word| is_variable(word)).count();
            let (command, flags) = called(&words[variables..], &table);
            seen.entry(command).or_default().extend(flags);
        }
    }
    let mut missing = Vec::new();
    for (command, flags) in table.iter().filter(|(command, _)| !LATER.contains(&command.as_str())) {
        let Some(seen) = seen.get(command) else {
            missing.push(format!("{command}: no call"));
            continue;
        };
        missing.extend(flags.iter().flatten().filter(|flag| !seen.contains(*flag)).map(|flag| format!("{command} {flag}")));
    }
    assert!(missing.is_empty(), "{} not in calls.txt:\n{}", missing.len(), missing.join("\n"));
}

#[test]
fn every_variable_is_set_in_a_call() {
    let page = page();
    let section = page.split("\n## ").find(|section| section.starts_with("6. ")).unwrap();
    let recipients = page.lines().find(|line| line.starts_with("**KS**")).unwrap();
    let is_name = |word: &&str| word.len() > 3 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    let listed: BTreeSet<&str> =
        section.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(is_name).filter(|word| *word != "Help").collect();
    let of_flags: BTreeSet<&str> = recipients.split([' ', '`', ',', ')', ';', '.']).filter(|word| word.starts_with("SOPS_")).collect();
    assert!(listed.len() > 20 && of_flags.len() > 9, "{listed:?} {of_flags:?}");
    let set: BTreeSet<String> = calls()
        .iter()
        .flat_map(|call| words(call.args).into_iter().take_while(|word| is_variable(word)))
        .map(|word| word.split('=').next().unwrap().to_owned())
        .collect();
    let excused = |name: &&str| NOT_CALLED.iter().any(|(excused, _)| excused == name);
    let missing: Vec<&&str> = listed.union(&of_flags).filter(|name| !excused(name) && !set.contains(**name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let vain: Vec<&str> = NOT_CALLED.iter().map(|(name, _)| *name).filter(|name| !listed.contains(name) || set.contains(*name)).collect();
    assert!(vain.is_empty(), "not listed, or called by now: {vain:?}");
}

#[test]
fn the_list_is_that_of_sops() {
    let Some(program) = sops() else { return };
    for (command, flags) in table() {
        let done = Command::new(&program).args(command.split_whitespace()).arg("--help").env_clear().output().unwrap();
        let help = String::from_utf8(done.stdout).unwrap();
        let options = help.lines().skip_while(|line| !line.contains("OPTIONS:")).skip(1);
        let mut theirs = BTreeSet::new();
        for line in options.filter(|line| line.starts_with("   --")) {
            let names = line.trim().split("  ").next().unwrap().split(", ").map(|name| name.split(' ').next().unwrap().to_owned());
            theirs.insert(sorted(names.collect()));
        }
        theirs.retain(|names| !names.iter().any(|name| ["--help", "--version"].contains(&name.as_str())));
        assert_eq!(flags, theirs, "{command}");
    }
}

/// Scripts ask the help whether this `sops` has a flag.
#[test]
fn the_help_names_the_flags_of_the_older_form() {
    let help = String::from_utf8(crate::tools::Place::new().as_sops(["--help"]).stdout).unwrap();
    let (_, flags) = table().into_iter().find(|(command, _)| command.is_empty()).expect("the form without a command");
    for names in flags {
        let long = names.iter().find(|name| name.starts_with("--")).unwrap();
        assert!(help.contains(long.as_str()), "{long}: {help}");
    }
}
