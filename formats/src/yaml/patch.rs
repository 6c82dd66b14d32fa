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
    /// In the bytes of the patch.
    start: u32,
    end: u32,
    /// Where it begins in the new text; known once the patch is applied.
    pub new: u32,
}

impl Edit {
    pub(super) fn new_end(&self) -> u32 {
        self.new + (self.end - self.start)
    }
}

impl Patch {
    /// Replaces `old` by what `write` appends. What it returns is passed on.
    pub(super) fn edit<T>(&mut self, old: Span, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let start = self.bytes.len() as u32;
        let result = write(&mut self.bytes);
        self.edits.push(Edit { old, start, end: self.bytes.len() as u32, new: 0 });
        result
    }

    /// The new text.
    pub(super) fn apply(mut self, text: &[u8]) -> (Vec<u8>, Moved) {
        if !self.edits.is_sorted_by_key(|e| (e.old.start, e.old.end)) {
            self.edits.sort_by_key(|e| (e.old.start, e.old.end));
        }
        let mut out = Vec::with_capacity(text.len() + self.bytes.len());
        let mut at = 0;
        for edit in &mut self.edits {
            debug_assert!(edit.old.start as usize >= at, "edits overlap");
            out.extend_from_slice(&text[at..(edit.old.start as usize).max(at)]);
            edit.new = out.len() as u32;
            out.extend_from_slice(&self.bytes[edit.start as usize..edit.end as usize]);
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
