//! Hints where a file cannot be read or written.

use std::path::Path;

use leafcrypt_formats::Format;

use super::hint::shell;
use crate::files::{self, ReadError, WriteError};
use crate::manners::LEAFCRYPT;
use crate::sealed_file::SealedFile;
use crate::world::World;

pub(super) fn read_hint(path: &str, error: &ReadError) -> Option<String> {
    Some(match error {
        ReadError::NotFound => "ls shows what is there".to_owned(),
        ReadError::Directory => format!("name a file in it: ls {} shows what is there", shell(path)),
        ReadError::Special => "only files and pipes are read: copy it into a file first".to_owned(),
        ReadError::TooLarge { .. } => "split the file".to_owned(),
        ReadError::Denied => format!("ls -l {} shows who may read it", shell(path)),
        ReadError::Os(_) => return None,
    })
}

pub(super) fn write_hint(path: &str, error: &WriteError) -> Option<String> {
    let there = Path::new(path).exists();
    let text = match error {
        WriteError::ReadOnlyFolder { folder } if !there => {
            return Some(format!("ls -ld {} shows who may write there", shell(&folder.display().to_string())));
        }
        WriteError::ReadOnlySystem { folder } => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            return Some(format!("findmnt -T {} shows what is mounted there", shell(&folder.display().to_string())));
        }
        WriteError::Denied => return Some(format!("ls -l {} shows who may write it", shell(path))),
        WriteError::NotFound { folder } => return Some(format!("mkdir -p {}", shell(&folder.display().to_string()))),
        WriteError::Directory => return Some(format!("name a file in it: {}/FILE", shell(path.trim_end_matches('/')))),
        WriteError::NoSpace => {
            let folder = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            return Some(format!("df -h {} shows how full the disk is", shell(&folder.display().to_string())));
        }
        WriteError::Exists | WriteError::NotRegular => return Some(format!("ls -l {} shows what it is", shell(path))),
        WriteError::HardLinks { .. } => {
            "--write-through writes into the file, so that all its names have the new text; a crash meanwhile may tear it"
        }
        WriteError::MountPoint | WriteError::Sticky | WriteError::ReadOnlyFolder { .. } => {
            "--write-through writes into a file that is there, instead of replacing it; a crash meanwhile may tear it"
        }
        WriteError::Changed => "run the command again, on what the file is now",
        WriteError::Locked => "run the command again when the other one has ended",
        WriteError::NoLock => "let XDG_STATE_HOME name a folder of yours on a local disk",
        WriteError::ForeignLink => "name the file itself",
        WriteError::NotSynced => "look at the disk, and run the command again",
        _ => return None,
    };
    Some(text.to_owned())
}

/// As `sops`: is it a file of our own, under the name of one?
pub(super) fn is_toml(path: &str, world: &World<'_>) -> bool {
    let is_one = |text: Vec<u8>| SealedFile::parse(Format::Toml, &text, &LEAFCRYPT).is_ok();
    let is_meant = !world.manners.knows_toml && Format::of_name(path, true) == Format::Toml && !is_stream(path);
    is_meant && files::read_text(Path::new(path)).is_ok_and(is_one)
}

/// Is it a file, and nothing in it?
pub(super) fn is_empty(path: &str) -> bool {
    files::facts(Path::new(path)).is_ok_and(|facts| facts.is_some_and(|facts| facts.kind == files::Kind::File && facts.len == 0))
}

/// Is it a pipe or the like, which nothing can be sealed in?
pub(super) fn is_stream(path: &str) -> bool {
    files::facts(Path::new(path)).is_ok_and(|facts| facts.is_some_and(|facts| facts.kind != files::Kind::File))
}
