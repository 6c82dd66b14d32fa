//! Files: read within limits; written whole or not at all, keeping what belongs to the file (docs/threat-model.md, R5, P6 to P8; `docs/sealed-file.md`,
//! section 6); owner-only folders in memory for what must have a name for a while (R3, R4). What stands in them is
//! [`crate::sealed_file`]'s affair; signals that come meanwhile are [`crate::guard`]'s; the folders are removed by `flows/keeper.rs` when we are killed.
//!
//! | to learn | read |
//! | --- | --- |
//! | how a file is read, and how much of it | `read.rs`; whose it is: `opened.rs` |
//! | how it is written, whole or not at all | `write.rs`: where to (`target.rs`), one at a time (`lock.rs`), the new file (`temp.rs`), what it keeps (`keep.rs`), onto the disk (`sync.rs`); what is no file: `stream.rs` |
//! | where plaintext stands that must have a name | `private.rs`, `named_pipe.rs`; how it goes: `own.rs` |
//! | where sealed text stays that no disk takes | `lasting.rs` |
//! | folders, and all files below them | `folders.rs`, `walk.rs` |

mod folders;
mod keep;
mod lasting;
mod lock;
mod named_pipe;
mod opened;
mod own;
mod private;
mod read;
mod stream;
mod sync;
mod target;
mod temp;
mod walk;
mod write;

pub use folders::{current_folder, make_private_folders, remove_folders, user};
pub use lasting::{lasting_in_memory, tidy_memory};
pub use named_pipe::NamedPipe;
pub use opened::{Opened, open_once, real_folder};
pub use own::shred;
pub use private::{PrivateDir, make_private_dir, read_private, remove_private_dir, sweep_private_dirs};
pub use read::{Facts, Kind, ReadError, facts, is_descriptor, is_link, is_same, may_hold, read, read_stdin, read_text, read_within};
pub use stream::Stream;
pub use temp::is_left_over;
pub use walk::{Below, files_below};
pub use write::{Claim, WriteError, WriteHow, can_write, remove, write};

/// What the system says of an error, as Go has it: "no such file or directory". Rust's words for its kinds ("entity not found", "uncategorized error") say
/// nothing to a person.
pub fn in_words(error: &std::io::Error) -> String {
    let Some(number) = error.raw_os_error() else { return error.kind().to_string() };
    let text = std::io::Error::from_raw_os_error(number).to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn errors_in_words() {
        let said = |number| super::in_words(&std::io::Error::from_raw_os_error(number));
        assert_eq!(said(rustix::io::Errno::NOEXEC.raw_os_error()), "exec format error");
        assert_eq!(said(rustix::io::Errno::NOENT.raw_os_error()), "no such file or directory");
        let (read, write) =
            (super::ReadError::Os(rustix::io::Errno::LOOP.raw_os_error()), super::WriteError::Os(rustix::io::Errno::IO.raw_os_error()));
        assert_eq!(read.to_string(), "cannot be read: too many levels of symbolic links");
        assert!(!write.to_string().contains("os error"), "{write}");
        assert_eq!(super::in_words(&std::io::ErrorKind::InvalidData.into()), "invalid data");
    }
}
