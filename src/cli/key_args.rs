//! The key flags, made from BACKENDS, with the selectors and what else decides how a new file is sealed.

use clap::{Arg, ArgAction, ArgMatches, Command};
use leafcrypt_kms::{BACKENDS, Beside};

use super::Context;
use crate::error::Error;
use crate::flows::rules::Given;
use crate::seal::selection::RuleKind;

/// Headings of `--help`.
const KEYS: &str = "Keys (instead of those of the creation rule)";
const SELECTION: &str = "Selection (at most one)";

/// Keys by kind, as typed.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyFlags(Vec<(leafcrypt_kms::Kind, String)>);

impl clap::FromArgMatches for KeyFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = KeyFlags::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0 = BACKENDS
            .iter()
            .map(|b| b.names())
            .filter_map(|names| {
                // What is given twice adds up, as a comma list does.
                let lists: Vec<&str> =
                    matches.get_many::<String>(names.flag)?.map(String::as_str).filter(|list| !list.is_empty()).collect();
                Some((names.kind, lists.join(",")))
            })
            .collect();
        Ok(())
    }
}

impl clap::Args for KeyFlags {
    fn augment_args(command: Command) -> Command {
        BACKENDS.iter().map(|b| b.names()).fold(command, |command, names| {
            let mut arg = Arg::new(names.flag).long(names.flag).value_name("KEYS").action(ArgAction::Append).help_heading(KEYS);
            arg = arg.help(format!("{} keys, separated by commas [env: {}]", names.title, names.variable));
            if let Some(short) = names.short {
                arg = arg.short(short);
            }
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// Everything that decides how a new file is sealed.
#[derive(Debug, clap::Args)]
pub(super) struct Sealing {
    #[command(flatten)]
    keys: KeyFlags,
    /// AWS profile of the KMS keys given here
    #[arg(long, value_name = "NAME", help_heading = KEYS)]
    aws_profile: Option<String>,
    /// AWS encryption context of the KMS keys given here: k:v,k:v
    #[arg(long, value_name = "PAIRS", help_heading = KEYS)]
    encryption_context: Option<String>,
    /// How many key groups must open
    #[arg(long, value_name = "N", allow_negative_numbers = true, help_heading = KEYS)]
    shamir_secret_sharing_threshold: Option<i64>,
    /// Leave clear what has a name with this ending on its path
    #[arg(long, value_name = "TEXT", help_heading = SELECTION)]
    unencrypted_suffix: Option<String>,
    /// Seal only what has a name with this ending on its path
    #[arg(long, value_name = "TEXT", help_heading = SELECTION)]
    encrypted_suffix: Option<String>,
    /// Leave clear what has a name on its path in which this is found
    #[arg(long, value_name = "REGEX", help_heading = SELECTION)]
    unencrypted_regex: Option<String>,
    /// Seal only what has a name on its path in which this is found
    #[arg(long, value_name = "REGEX", help_heading = SELECTION)]
    encrypted_regex: Option<String>,
    /// Leave clear what stands under a comment in which this is found
    #[arg(long, value_name = "REGEX", help_heading = SELECTION)]
    unencrypted_comment_regex: Option<String>,
    /// Seal only what stands under a comment in which this is found
    #[arg(long, value_name = "REGEX", help_heading = SELECTION)]
    encrypted_comment_regex: Option<String>,
    /// Let the MAC cover sealed values only
    #[arg(long, help_heading = "MAC")]
    mac_only_encrypted: bool,
}

impl Sealing {
    /// Flags and variables meet: a flag beats its own variable, variables of other kinds add up.
    pub(super) fn given(&self, context: &Context<'_>) -> Result<Given, Error> {
        let (mut keys, mut variables) = (self.keys.0.clone(), Vec::new());
        for (kind, text) in &context.variables.keys {
            if !keys.iter().any(|(given, _)| given == kind) {
                keys.push((*kind, text.clone()));
                variables.push(leafcrypt_kms::backend(*kind).names().variable);
            }
        }
        let texts = [
            (RuleKind::UnencryptedSuffix, &self.unencrypted_suffix),
            (RuleKind::EncryptedSuffix, &self.encrypted_suffix),
            (RuleKind::UnencryptedRegex, &self.unencrypted_regex),
            (RuleKind::EncryptedRegex, &self.encrypted_regex),
            (RuleKind::UnencryptedCommentRegex, &self.unencrypted_comment_regex),
            (RuleKind::EncryptedCommentRegex, &self.encrypted_comment_regex),
        ];
        let selectors = texts.into_iter().filter_map(|(kind, text)| Some((kind, text.clone().filter(|t| !t.is_empty())?))).collect();
        let beside = Beside { context: pairs(self.encryption_context.as_deref())?, profile: self.aws_profile.clone().unwrap_or_default() };
        Ok(Given {
            config: context.config(),
            keys,
            variables,
            beside,
            threshold: self.shamir_secret_sharing_threshold.unwrap_or_default(),
            selectors,
            mac_only_encrypted: self.mac_only_encrypted,
            indent: context.global.indent,
        })
    }
}

impl Context<'_> {
    /// `--config`, else `SOPS_CONFIG`.
    pub(super) fn config(&self) -> Option<std::path::PathBuf> {
        self.global.config.clone().filter(|p| !p.as_os_str().is_empty()).or_else(|| self.variables.config.clone())
    }
}

/// `k:v,k:v`, each pair with exactly one colon (`docs/sops-keys.md`, section 1).
pub(super) fn pairs(text: Option<&str>) -> Result<Vec<(String, String)>, Error> {
    let Some(text) = text.filter(|t| !t.is_empty()) else { return Ok(Vec::new()) };
    let mut pairs = Vec::new();
    for pair in text.split(',') {
        match pair.split(':').collect::<Vec<_>>()[..] {
            [key, value] => pairs.push((key.to_owned(), value.to_owned())),
            _ => return Err(Error::BadContext),
        }
    }
    pairs.sort();
    Ok(pairs)
}
