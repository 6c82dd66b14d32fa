//! What a document may be at most (docs/threat-model.md, R8). Checked before anything is allocated for it.

/// The limits of a scan. All can be lowered by the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text.
    pub text: usize,
    /// Nesting of containers.
    pub depth: usize,
    /// Leaves and nulls, those that aliases expand to included.
    pub leaves: usize,
    /// Bytes of a key's name.
    pub key: usize,
    /// Aliases may expand to this many times the bytes of the text.
    pub expansion: usize,
    /// Or to this many bytes, where that is more: a small file with one anchor for many places is no bomb.
    pub expanded: usize,
    /// And to this many nodes.
    pub alias_nodes: usize,
    /// Comments.
    pub comments: usize,
    /// Comments in a row where a value could still come (YAML): its parser holds them all back until it knows.
    pub comments_held: usize,
    /// Bytes of the paths of all leaves together. A token is bound to its path, so that is what sealing and opening have to work through.
    pub paths: usize,
}

impl Limits {
    /// For plaintext of a structured format.
    pub const PLAIN: Limits = Limits {
        text: 128 << 20,
        depth: 512,
        leaves: 1_000_000,
        key: 64 << 10,
        expansion: 10,
        expanded: 16 << 20,
        alias_nodes: 1_000_000,
        comments: 1_000_000,
        comments_held: 100_000,
        paths: 1 << 30,
    };
    /// For sealed text: half as much again.
    pub const SEALED: Limits = Limits { text: 192 << 20, ..Limits::PLAIN };
    /// Plaintext of a binary file, bytes.
    pub const BINARY_PLAIN: usize = 1 << 30;
    /// Sealed text of a binary file, bytes.
    pub const BINARY_SEALED: usize = 3 << 29;
}
