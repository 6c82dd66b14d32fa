//! Which identities are at hand, for `doctor`: every place of SOPS's table, and the plugins that they need. Commands are not run.

use std::ffi::OsString;

use super::identities::{Held, Keyring, NOWHERE, Source};
use super::lines::Lines;
use super::report::{bad_lines, shown};
use crate::diagnose::{Diagnosis, Health};
use crate::session::Session;

const COMMANDS: [&str; 2] = ["SOPS_AGE_SSH_PRIVATE_KEY_CMD", "SOPS_AGE_KEY_CMD"];

pub(super) fn diagnose(session: &Session) -> Diagnosis {
    let ring = session.memo::<Keyring>();
    let mut diagnosis = Diagnosis::default();
    let sources: Vec<&Source> = ring.ssh_files(session).iter().chain(ring.at_hand(session)).collect();
    sources.iter().for_each(|source| tell(source, &mut diagnosis));
    let commands: Vec<&str> = COMMANDS.into_iter().filter(|name| session.outside().env(name).is_some()).collect();
    for name in &commands {
        diagnosis.add(Health::Ok, format!("age: {name}"), "a command, run when a file asks for it; not here", None);
    }
    // One that is there and unusable is told already.
    let unusable = |source: &&Source| matches!(source.held, Held::Unreadable(_) | Held::Spoilt(_) | Held::Folder);
    if diagnosis.keys == 0 && commands.is_empty() && !sources.iter().any(unusable) {
        let places: Vec<String> = sources.iter().map(|source| shown(source)).collect();
        diagnosis.add(Health::Warn, "age", format!("no identity in {}", places.join(", ")), Some("leafcrypt keygen"));
    }
    plugins(&sources, session, &mut diagnosis);
    diagnosis
}

fn tell(source: &Source, diagnosis: &mut Diagnosis) {
    let name = format!("age: {}", shown(source));
    // What nobody named is only tried.
    let named = !source.place.contains('/');
    let broken = if named { Health::Fail } else { Health::Warn };
    match &source.held {
        Held::Nothing | Held::Unasked => {}
        Held::Folder => diagnosis.add(broken, name, "a folder where a file of identities should be", Some("name a file in it")),
        Held::Unreadable(why) if why.ends_with("permission denied") => {
            let path = source.path.as_ref().map_or_else(|| source.place.clone(), |path| path.display().to_string());
            diagnosis.add(broken, name, why, Some(&format!("ls -l {path} shows who may read it")));
        }
        // Nobody has set it up, and nobody misses it where a variable holds the key, as in a container.
        Held::Unreadable(why) if source.place == NOWHERE && why.contains("$HOME") => {
            diagnosis.add(Health::Warn, name, why, Some("export HOME=FOLDER, or SOPS_AGE_KEY_FILE=FILE"));
        }
        Held::Unreadable(why) if source.place == NOWHERE => {
            diagnosis.add(broken, name, why, Some("correct or unset XDG_CONFIG_HOME"));
        }
        Held::Unreadable(why) | Held::Spoilt(why) => {
            let fix = if named { format!("correct or unset {}", source.place) } else { format!("correct or move away {}", source.place) };
            diagnosis.add(broken, name, why, Some(&fix));
        }
        Held::Ssh(key) => {
            diagnosis.keys += 1;
            let closed = if key.locked() { ", closed by a passphrase" } else { "" };
            diagnosis.add(Health::Ok, name, format!("{}{closed}", key.public()), None);
        }
        Held::Locked(file) if file.lines().is_none() => {
            diagnosis.keys += 1;
            diagnosis.add(Health::Ok, name, "identities closed by a passphrase, which is asked for when a file needs one", None);
        }
        Held::Lines(_) | Held::Locked(_) => {
            let Some(lines) = source.lines() else { return };
            diagnosis.keys += lines.natives.len() + lines.plugins.len();
            match lines.len() {
                0 => diagnosis.add(Health::Warn, name.clone(), "no identity in it", Some("leafcrypt keygen")),
                _ => diagnosis.add(Health::Ok, name.clone(), listed(lines), None),
            }
            for fault in bad_lines(source) {
                diagnosis.add(Health::Warn, name.clone(), fault, Some("correct that line, or take it out"));
            }
        }
    }
}

/// Public keys, and for what has none here the program that knows it.
fn listed(lines: &Lines) -> String {
    let natives = lines.natives.iter().map(|native| native.recipient().to_owned());
    let plugins = lines.plugins.iter().map(|plugin| format!("an identity of age-plugin-{}", plugin.name));
    let hybrid = (lines.hybrid > 0).then(|| format!("{} hybrid, which this build cannot use", lines.hybrid));
    natives.chain(plugins).chain(hybrid).collect::<Vec<_>>().join(", ")
}

fn plugins(sources: &[&Source], session: &Session, diagnosis: &mut Diagnosis) {
    let mut wanted: Vec<String> = Vec::new();
    for plugin in sources.iter().filter_map(|source| source.lines()).flat_map(|lines| &lines.plugins) {
        let name = format!("age-plugin-{}", plugin.name);
        if !wanted.contains(&name) {
            wanted.push(name);
        }
    }
    for name in &wanted {
        if session.outside().program(&OsString::from(name)).is_none() {
            let fix = format!("install {name} in a folder of PATH");
            diagnosis.add(Health::Fail, format!("age: {name}"), "an identity needs it, and it is not to be found", Some(&fix));
        }
    }
    for path in session.outside().programs("age-plugin-") {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        diagnosis.add(Health::Ok, format!("age: {name}"), path.display().to_string(), None);
    }
}
