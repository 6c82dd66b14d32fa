//! An error as the number SOPS scripts expect (`docs/sops-cli.md`, section 2). The same under both names.

use leafcrypt_formats::SyntaxClass;

use crate::config::ConfigError;
use crate::error::{Ended, Error, NotStarted};
use crate::files::ReadError;
use crate::sealed_file::{OpenError, SealError, SealedError};

/// SOPS's exit codes, as far as they are used here; and those of shells for a program that cannot be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Exit {
    Generic = 1,
    CouldNotReadInput = 2,
    CouldNotWriteOutput = 3,
    ErrorDumpingTree = 4,
    BadEncryptionContext = 6,
    InvalidSetFormat = 7,
    ConflictingParameters = 8,
    ErrorEncryptingTree = 23,
    ErrorDecryptingTree = 25,
    NoKeysToChange = 49,
    MacMismatch = 51,
    InvalidTreePath = 91,
    NeedAtLeastOneDocument = 92,
    NoFileSpecified = 100,
    DuplicateKeyType = 112,
    NotExecutable = 126,
    NoSuchProgram = 127,
    CouldNotRetrieveKey = 128,
    FileHasNotBeenModified = 200,
    NoEditorFound = 201,
    FileAlreadyEncrypted = 203,
}

/// The number of an error.
pub fn of(error: &Error) -> Exit {
    match error {
        Error::NoFile => Exit::NoFileSpecified,
        // encrypt and decrypt of a file that is not there: SOPS's 100.
        Error::Read { source: ReadError::NotFound, .. } => Exit::NoFileSpecified,
        Error::Read { .. } | Error::NothingToChange { .. } => Exit::CouldNotReadInput,
        Error::NoKeysToChange { .. } => Exit::NoKeysToChange,
        Error::Write { .. } | Error::Unmerged { .. } => Exit::CouldNotWriteOutput,
        Error::PlainSyntax { source, .. } => plain(source.class),
        Error::Sealed { source, .. } => sealed(source),
        Error::Open { source, .. } | Error::Complete { source, .. } => open(source),
        Error::Seal { source, .. } => seal(source),
        Error::NewKey { .. } => Exit::CouldNotRetrieveKey,
        Error::Conflict(_) | Error::InPlaceOfNothing | Error::Nameless => Exit::ConflictingParameters,
        Error::BadExtractPath(_) => Exit::InvalidTreePath,
        Error::BadSetPath { .. } | Error::BadSetValue | Error::NotHeld { .. } | Error::SetList | Error::TooManyDigits { .. } => {
            Exit::InvalidSetFormat
        }
        Error::SetRefused { .. } => Exit::InvalidSetFormat,
        Error::Print { .. } | Error::PrintAlone { .. } | Error::NoData { .. } | Error::Unholdable { .. } => Exit::ErrorDumpingTree,
        Error::BadContext => Exit::BadEncryptionContext,
        Error::DuplicateOrder { .. } => Exit::DuplicateKeyType,
        Error::AlreadySealed { .. } | Error::Reserved { .. } => Exit::FileAlreadyEncrypted,
        Error::Config(e) => config(e),
        Error::EditorLost { .. } | Error::NoRoot { .. } => Exit::CouldNotReadInput,
        Error::NotModified => Exit::FileHasNotBeenModified,
        Error::Editor { .. } => Exit::NoEditorFound,
        Error::Rescued { source, .. } | Error::NoDashes { source, .. } | Error::Threshold { source, .. } => of(source),
        Error::Start { why: NotStarted::Missing, .. } => Exit::NoSuchProgram,
        Error::Start { why: NotStarted::NotExecutable, .. } => Exit::NotExecutable,
        Error::Resolve { .. }
        | Error::Key { .. }
        | Error::NoKeys
        | Error::NotThere { .. }
        | Error::NotSet { .. }
        | Error::Random(_)
        | Error::WouldBeClear { .. }
        | Error::Uncovers { .. }
        | Error::Moved { .. }
        | Error::ClearByComment { .. }
        | Error::SeenByAll { .. }
        | Error::CommentElsewhere { .. }
        | Error::NotConfirmed { .. }
        | Error::Unanswered { .. }
        | Error::NobodyLeft { .. }
        | Error::TooFewGroups(_)
        | Error::NoConfig { .. }
        | Error::NoPlace { .. }
        | Error::NoMemory { .. }
        | Error::Variable { .. }
        | Error::Whole { .. }
        | Error::Dangerous { .. }
        | Error::Nested { .. }
        | Error::Start { why: NotStarted::Other, .. }
        | Error::Child { .. }
        | Error::Several { .. }
        | Error::Exists { .. }
        | Error::OwnIdentity { .. }
        | Error::LostBlock { .. }
        | Error::NoIdentityFile { .. }
        | Error::Later(_)
        | Error::Unwell { .. }
        | Error::WhichIdentity { .. }
        | Error::Status(_)
        | Error::Audit(_)
        | Error::Usage(_) => Exit::Generic,
    }
}

/// A child's own status; killed by a signal: 128 and its number, as `sops` 255.
pub fn of_child(ended: Ended, sops: bool) -> u8 {
    match ended {
        Ended::Code(code) => u8::try_from(code).unwrap_or(u8::MAX),
        Ended::Signal(_) if sops => u8::MAX,
        Ended::Signal(signal) => u8::try_from(128 + signal).unwrap_or(u8::MAX),
    }
}

fn config(error: &ConfigError) -> Exit {
    match error {
        ConfigError::FlagConflict => Exit::ConflictingParameters,
        ConfigError::YamlIndent | ConfigError::JsonIndent | ConfigError::WideIndent => Exit::ErrorDumpingTree,
        _ => Exit::Generic,
    }
}

fn plain(class: SyntaxClass) -> Exit {
    match class {
        SyntaxClass::NoDocument => Exit::NeedAtLeastOneDocument,
        SyntaxClass::NotWalked => Exit::ErrorEncryptingTree,
        SyntaxClass::Syntax | SyntaxClass::OutsideModel | SyntaxClass::Dialect | SyntaxClass::Limit => Exit::CouldNotReadInput,
        SyntaxClass::NoContent | SyntaxClass::ByteOrderMark | SyntaxClass::Conflict | SyntaxClass::SealedAs(_) => Exit::CouldNotReadInput,
    }
}

fn sealed(error: &SealedError) -> Exit {
    match error {
        SealedError::NotSealed(_) | SealedError::Syntax(_) | SealedError::Metadata(_) => Exit::Generic,
    }
}

fn open(error: &OpenError) -> Exit {
    match error {
        OpenError::NoKeyOpens(_) => Exit::CouldNotRetrieveKey,
        OpenError::Leaf { .. } | OpenError::Leaves { .. } => Exit::ErrorDecryptingTree,
        OpenError::MacMissing
        | OpenError::MacMismatch
        | OpenError::MacUnreadable(_)
        | OpenError::OwnTags
        | OpenError::Unreadable
        | OpenError::Witness(_) => Exit::MacMismatch,
        OpenError::Unwritable(_) => Exit::ErrorDumpingTree,
        OpenError::Regex(_) | OpenError::Metadata(_) | OpenError::Date(_) => Exit::Generic,
    }
}

fn seal(error: &SealError) -> Exit {
    match error {
        SealError::Syntax(e) => plain(e.class),
        SealError::AlreadySealed => Exit::FileAlreadyEncrypted,
        SealError::CommentMatches { .. }
        | SealError::DoubtfulComment { .. }
        | SealError::RepeatedComment { .. }
        | SealError::CommentOfAlias { .. }
        | SealError::AtAlias { .. }
        | SealError::LaidBare { .. }
        | SealError::FootInClear { .. } => Exit::ErrorEncryptingTree,
        SealError::Unwritable(_)
        | SealError::NotFaithful { .. }
        | SealError::Astray
        | SealError::Strays(_)
        | SealError::TooLarge { .. } => Exit::ErrorDumpingTree,
        SealError::Regex(_)
        | SealError::NothingCovered { .. }
        | SealError::NoRecipient { .. }
        | SealError::Unusable { .. }
        | SealError::Wrap(_)
        | SealError::Random(_)
        | SealError::Date(_) => Exit::Generic,
    }
}
