//! The six selection rules of SOPS, as they are spelled (`docs/sops-config.md`, section 4); what they cover is decided in [`super::policy`].

/// Which of the six.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum RuleKind {
    UnencryptedSuffix,
    EncryptedSuffix,
    UnencryptedRegex,
    EncryptedRegex,
    UnencryptedCommentRegex,
    EncryptedCommentRegex,
}

impl RuleKind {
    /// All, in SOPS's order.
    pub const ALL: [RuleKind; 6] = [
        RuleKind::UnencryptedSuffix,
        RuleKind::EncryptedSuffix,
        RuleKind::UnencryptedRegex,
        RuleKind::EncryptedRegex,
        RuleKind::UnencryptedCommentRegex,
        RuleKind::EncryptedCommentRegex,
    ];

    /// The field's name in metadata and configuration; with dashes, the flag's.
    pub fn name(self) -> &'static str {
        match self {
            RuleKind::UnencryptedSuffix => "unencrypted_suffix",
            RuleKind::EncryptedSuffix => "encrypted_suffix",
            RuleKind::UnencryptedRegex => "unencrypted_regex",
            RuleKind::EncryptedRegex => "encrypted_regex",
            RuleKind::UnencryptedCommentRegex => "unencrypted_comment_regex",
            RuleKind::EncryptedCommentRegex => "encrypted_comment_regex",
        }
    }

    /// Does the rule go by comments, not by names? Then a comment that is changed, moved or removed changes what is covered.
    pub fn is_of_comments(self) -> bool {
        matches!(self, RuleKind::UnencryptedCommentRegex | RuleKind::EncryptedCommentRegex)
    }
}

/// A selection rule: at most one a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Which.
    pub kind: RuleKind,
    /// The suffix or the regex; never empty.
    pub text: String,
}

/// `encrypted_regex "^pw"`, for messages.
impl std::fmt::Display for Selection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.kind.name(), self.text)
    }
}

impl Selection {
    /// What holds where nothing is said: `unencrypted_suffix: _unencrypted`.
    pub fn default_rule() -> Self {
        Selection { kind: RuleKind::UnencryptedSuffix, text: "_unencrypted".to_owned() }
    }

    /// The rule in force where this is said.
    pub fn in_force(said: Option<&Selection>) -> Self {
        said.cloned().unwrap_or_else(Self::default_rule)
    }
}
