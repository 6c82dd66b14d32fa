//! Edits of a text that know where everything went.

use zeroize::Zeroizing;

use crate::leaf::Span;

/// Replacements of spans of a text; applied in one pass, after which old offsets can be found in the new text.
#[derive(Default)]
pub(super) struct Patch {
    edits: Vec<Edit>,
    bytes: Zeroizing<Vec<u8>>,
}

#[derive(Clone, Copy)]
pub(super) struct Edit {
    pub old: Span,
    /// In the bytes of the patch: what comes before the token, and what behind it.
    before: Span,
    behind: Span,
    /// In the bytes of the tokens. They are most of a sealed text: a copy of each is one too many.
    token: Span,
    /// Where it begins in the new text; known once the patch is applied.
    pub new: u32,
}

impl Edit {
    pub(super) fn new_end(&self) -> u32 {
        self.new + (self.before.len() + self.token.len() + self.behind.len()) as u32
    }
}

impl Patch {
    /// For so many edits.
    pub(super) fn with_room(edits: usize) -> Self {
        Patch { edits: Vec::with_capacity(edits), ..Patch::default() }
    }

    /// Replaces `old` by what `write` appends. What it returns is passed on.
    pub(super) fn edit<T>(&mut self, old: Span, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let start = self.bytes.len();
        let result = write(&mut self.bytes);
        let end = self.bytes.len();
        self.edits.push(Edit { old, before: Span::new(start, end), behind: Span::new(end, end), token: Span::new(0, 0), new: 0 });
        result
    }

    /// Replaces `old` by a token, and what is written before and behind it. Returns the length of all.
    pub(super) fn put(&mut self, old: Span, token: Span, before: impl FnOnce(&mut Vec<u8>), behind: impl FnOnce(&mut Vec<u8>)) -> u32 {
        let start = self.bytes.len();
        before(&mut self.bytes);
        let middle = self.bytes.len();
        behind(&mut self.bytes);
        let behind = Span::new(middle, self.bytes.len());
        let edit = Edit { old, before: Span::new(start, middle), behind, token, new: 0 };
        self.edits.push(edit);
        edit.new_end()
    }

    /// The new text; `tokens` are those that were put.
    pub(super) fn apply(mut self, text: &[u8], tokens: &[u8]) -> (Vec<u8>, Moved) {
        if !self.edits.is_sorted_by_key(|e| (e.old.start, e.old.end)) {
            self.edits.sort_by_key(|e| (e.old.start, e.old.end));
        }
        let put: usize = self.edits.iter().map(|edit| edit.token.len()).sum();
        let mut out = Vec::with_capacity(text.len() + self.bytes.len() + put);
        let mut at = 0;
        for edit in &mut self.edits {
            debug_assert!(edit.old.start as usize >= at, "edits overlap");
            out.extend_from_slice(&text[at..(edit.old.start as usize).max(at)]);
            edit.new = out.len() as u32;
            out.extend_from_slice(&self.bytes[edit.before.range()]);
            out.extend_from_slice(&tokens[edit.token.range()]);
            out.extend_from_slice(&self.bytes[edit.behind.range()]);
            at = at.max(edit.old.end as usize);
        }
        out.extend_from_slice(&text[at..]);
        (out, Moved { edits: std::mem::take(&mut self.edits) })
    }
}

/// Where the places of the old text are in the new one.
pub(super) struct Moved {
    /// By place in the old text.
    pub edits: Vec<Edit>,
}

impl Moved {
    /// Where a place that is not inside an edit went: behind the edit that ends there. No edit is of an empty span.
    pub(super) fn place(&self, old: u32) -> u32 {
        match self.edits.partition_point(|e| e.old.end <= old).checked_sub(1).map(|i| &self.edits[i]) {
            Some(edit) => edit.new_end() + (old - edit.old.end),
            None => old,
        }
    }
}
