//! Go's `flag`, and what urfave/cli makes of it: which flags a command has under the name `sops`, and how words are read as flags, values and files.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use clap::{Arg, ArgAction, Command};

/// The legacy form's commands, in the order in which SOPS runs them: the last one's result is seen.
pub(super) const MODES: [(&str, &str); 3] = [("encrypt", "e"), ("decrypt", "d"), ("rotate", "r")];
/// Flags that SOPS has in the legacy form only.
const LEGACY_ONLY: [&str; 4] = ["encrypted-comment-regex", "unencrypted-comment-regex", "mac-only-encrypted", "set"];
/// Flags of ours that SOPS does not have there, though elsewhere. "": in the legacy form.
const NOT_THERE: [(&str, &str); 15] = [
    ("", "yes"),
    ("", "idempotent"),
    ("", "value-file"),
    ("", "value-stdin"),
    ("edit", "filename-override"),
    ("rotate", "ignore-mac"),
    ("set", "filename-override"),
    ("set", "in-place"),
    ("set", "output"),
    ("unset", "filename-override"),
    ("updatekeys", "decryption-order"),
    ("add", "decryption-order"),
    ("add", "ignore-mac"),
    ("delete", "decryption-order"),
    ("delete", "ignore-mac"),
];
/// Flags that may be given several times; of all others the last one counts.
const REPEATED: [&str; 2] = ["allow-env", "keyservice"];
/// Commands that may ask a key service, by SOPS's flags.
const KEY_SERVICE: [&str; 12] =
    ["encrypt", "decrypt", "rotate", "edit", "set", "unset", "exec-env", "exec-file", "publish", "updatekeys", "add", "delete"];
/// Their flags.
const KEY_SERVICE_FLAGS: [&str; 2] = ["enable-local-keyservice", "keyservice"];
/// SOPS's flag, and the commands that take it to no effect.
pub(super) const THRESHOLD: &str = "shamir-secret-sharing-threshold";
pub(super) const NO_EFFECT: [&str; 2] = ["set", "unset"];
/// They concern a network that we do not ask for versions.
pub(super) const IGNORED: [&str; 2] = ["disable-version-check", "check-for-updates"];
/// Flags that SOPS has nowhere.
pub(super) const OURS: [&str; 5] = ["strict", "require-witness", "write-through", "on-disk", "random"];
/// Flags with whole numbers behind them.
const NUMBERS: [&str; 2] = ["indent", THRESHOLD];

/// urfave/cli puts the flags of a command before its other words; a flag without `=` pulls the next word along that is no flag, even if it
/// takes no value.
pub(super) fn reordered(words: &[OsString], known: &Known) -> Vec<OsString> {
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
pub(super) fn parse(words: &[OsString], known: &Known) -> Result<(Flags, Vec<OsString>), String> {
    let mut flags = Flags::default();
    let mut forms: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
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
        forms.entry(long.to_owned()).or_default().insert(name.clone());
        if takes == Takes::Nothing {
            let value = value.map(|value| value.to_string_lossy().into_owned());
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
            Some(value) => value,
            None => rest.next().cloned().ok_or_else(|| format!("flag needs an argument: -{name}"))?,
        };
        let value = if NUMBERS.contains(&long) {
            let text = value.to_string_lossy();
            let number = go_int(&text).map_err(|why| format!("invalid value {text:?} for flag -{name}: {why}"))?;
            number.to_string().into()
        } else {
            value
        };
        let values = flags.0.entry(long.to_owned()).or_default();
        if takes == Takes::One {
            values.clear();
        }
        values.push(value);
    }
    if let Some((long, names)) = forms.iter().find(|(_, names)| names.len() > 1) {
        let short = names.iter().find(|name| *name != long).unwrap_or(long);
        return Err(format!("Cannot use two forms of the same flag: {short} {long}"));
    }
    Ok((flags, rest.cloned().collect()))
}

/// As `strconv.ParseInt` with base 0, in the words of Go's `flag`.
fn go_int(text: &str) -> Result<i64, &'static str> {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.strip_prefix('+').unwrap_or(text)), |digits| ("-", digits));
    let prefix = |names: [&str; 2]| names.into_iter().find_map(|name| digits.strip_prefix(name));
    let (base, digits) = match (prefix(["0x", "0X"]), prefix(["0o", "0O"]), prefix(["0b", "0B"])) {
        (Some(digits), ..) => (16, digits),
        (_, Some(digits), _) => (8, digits),
        (.., Some(digits)) => (2, digits),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return Err("parse error");
    }
    i64::from_str_radix(&format!("{sign}{digits}"), base).map_err(|_| "value out of range")
}

/// The name of a word that begins as a flag does, and what stands behind its `=`: bytes, for it may name a file.
pub(super) fn name_of(word: &OsString) -> Option<(String, Option<OsString>)> {
    let bytes = word.as_bytes();
    let name = bytes.strip_prefix(b"--").or_else(|| bytes.strip_prefix(b"-")).filter(|_| word != "-" && word != "--")?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // The first byte begins the name, whatever it is.
    match name.get(1..).and_then(|rest| rest.iter().position(|b| *b == b'=')) {
        Some(at) => Some((text(&name[..=at]), Some(OsString::from_vec(name[at + 2..].to_vec())))),
        None => Some((text(name), None)),
    }
}

/// Flags with their values by long name.
#[derive(Default)]
pub(super) struct Flags(pub BTreeMap<String, Vec<OsString>>);

impl Flags {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn take(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }

    /// As clap reads them.
    pub(super) fn into_words(self) -> Vec<OsString> {
        let mut words = Vec::new();
        for (name, values) in self.0.into_iter().filter(|(name, _)| !IGNORED.contains(&name.as_str())) {
            if values.is_empty() {
                words.push(format!("--{name}").into());
            }
            // An empty value is none, but of keys, where it puts out the variable of their kind, and of the file of `groups`.
            let stays = name == "file" || leafcrypt_kms::BACKENDS.iter().any(|backend| backend.names().flag == name);
            for value in values.iter().filter(|value| stays || !value.is_empty()) {
                let mut word = OsString::from(format!("--{name}="));
                word.push(value);
                words.push(word);
            }
        }
        words
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

/// The flags of the legacy form that clap knows: those of the program, and of the commands that the form stands for. Some are there for several of these.
pub(super) fn legacy_args(root: &Command) -> impl Iterator<Item = &Arg> {
    let commands = MODES.iter().map(|(mode, _)| *mode).chain(["set", "edit"]);
    let of = |name| root.find_subcommand(name).into_iter().flat_map(Command::get_arguments);
    let is_there = |arg: &&Arg| arg.get_long().is_some_and(|long| !NOT_THERE.contains(&("", long)));
    root.get_arguments().chain(commands.flat_map(of)).filter(is_there)
}

/// The flags of a command: long name and what it takes, by every name.
pub(super) struct Known(BTreeMap<String, (String, Takes)>);

impl Known {
    /// Those of a command, without what counts for all of them: SOPS has that before the command only.
    pub(super) fn of(command: &Command, root: &Command) -> Self {
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
        known.without(name);
        if name == "set" {
            known.add_names("value-file", None);
        }
        if NO_EFFECT.contains(&name) {
            known.0.insert(THRESHOLD.to_owned(), (THRESHOLD.to_owned(), Takes::One));
        }
        known
    }

    /// Those of the legacy form: [`legacy_args`], and what says which command is meant.
    pub(super) fn legacy(root: &Command) -> Self {
        let mut known = Known(BTreeMap::new());
        known.add(legacy_args(root), false);
        MODES.into_iter().for_each(|(mode, short)| known.add_names(mode, Some(short)));
        known.add_names("help", Some("h"));
        known.add_names("version", Some("v"));
        IGNORED.into_iter().for_each(|name| known.add_names(name, None));
        known
    }

    /// Takes away what SOPS does not have in this command.
    fn without(&mut self, command: &str) {
        self.0.retain(|_, (long, _)| !NOT_THERE.contains(&(command, long.as_str())));
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

    /// The long names, each once, in order.
    pub(super) fn long(&self) -> BTreeSet<&str> {
        self.0.values().map(|(long, _)| long.as_str()).collect()
    }

    /// The flags that begin so, as they are typed.
    pub(super) fn beginning(&self, typed: &str) -> Vec<String> {
        let name = typed.trim_start_matches('-');
        let long_only = typed.starts_with("--");
        let names = self.0.keys().filter(|known| known.starts_with(name) && !(long_only && known.chars().count() == 1));
        names.map(|known| if known.chars().count() == 1 { format!("-{known}") } else { format!("--{known}") }).collect()
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
