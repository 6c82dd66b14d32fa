//! Comments on the walk: above, beside and behind what it meets. Where each belongs, `bound` and `comments` know.

use super::{Walk, is_block, is_empty, is_nothing, is_scalar};
use crate::leaf::{Comment, CommentId, Span, Step};
use crate::path::PathId;
use crate::yaml::bound::Bound;
use crate::yaml::parse::{Node, Tag, What};

impl Walk<'_> {
    /// Those that SOPS never sees come last in their container.
    pub(super) fn lose(&mut self, is: impl Fn(Bound) -> bool) {
        let lost = self.comments.held(is);
        self.frame().lost.extend(lost.into_iter().map(|found| found.span));
    }

    /// Puts what is left of a document's comments at its end.
    pub(super) fn flush_last(&mut self, before: u32) {
        self.flush(before, PathId::ROOT);
        self.bind(PathId::ROOT, |_| true);
        while let Some(found) = self.comments.next_before() {
            self.comment(found.span, PathId::ROOT, found.inline);
        }
    }

    /// Puts those into a container that have waited for what comes.
    pub(super) fn bind(&mut self, container: PathId, is: impl Fn(Bound) -> bool) {
        for found in self.comments.held(is) {
            self.comment(found.span, container, found.inline);
        }
    }

    /// A key, value or item comes: those that stand above it, and behind it. Unless it `takes` these, they are above it, too.
    pub(super) fn bind_all(&mut self, container: PathId, takes: bool) -> Vec<Span> {
        self.bind(container, |bound| bound.is_head() || bound == Bound::Line || bound == Bound::Foot && !takes);
        let feet = self.comments.held(|bound| bound == Bound::Foot);
        self.lose(|_| true);
        feet.into_iter().map(|found| found.span).collect()
    }

    /// Puts comments behind what began at this depth: now, or when it ends.
    pub(super) fn behind(&mut self, feet: Vec<Span>, depth: usize, container: PathId) {
        match self.stack.get_mut(depth) {
            Some(frame) => frame.behind = feet,
            None => feet.into_iter().for_each(|span| self.comment(span, container, false)),
        }
    }

    /// Puts the pending comments before `before` into a container.
    pub(super) fn flush(&mut self, before: u32, container: PathId) {
        let mut from = 0;
        while let Some(found) = self.comments.next_pending(&mut from, before) {
            self.comment(found.span, container, found.inline);
        }
    }

    pub(super) fn comment(&mut self, span: Span, container: PathId, inline: bool) {
        let id = CommentId(self.outline.comments.len() as u32);
        self.outline.comments.push(Comment { container, span, document: self.document, inline, empty: span.is_empty() });
        self.scanned.items.push(None);
        self.outline.steps.push(Step::Comment(id));
    }

    /// What stands above and beside an entry, and what goes behind it; `path` is the value's. Does the key take what goes behind it, or the entry before?
    pub(super) fn comments_of(&mut self, key: &Node<'_>, value: &Node<'_>, container: PathId, path: PathId, takes: bool) -> Vec<Span> {
        if !self.comments.any() {
            return Vec::new();
        }
        self.flush(key.span.start, container);
        let mut feet = self.bind_all(container, takes);
        let scalar = is_scalar(self.parsed, value);
        // SOPS has it inside the braces, even if nothing else is there.
        let empty = is_empty(self.parsed, value);
        let own = if empty { path } else { container };
        if (empty || !scalar)
            && let Some(span) = self.comments.on_line_before(self.behind_colon(key.span.end), value.span.start)
        {
            self.comment(span, container, true);
        }
        if empty {
            self.flush(value.span.end, own);
            self.bind(own, |_| true);
        } else if scalar {
            self.flush(value.span.start, own);
            feet.extend(if is_nothing(value) { Vec::new() } else { self.bind_all(own, true) });
        }
        if scalar
            && !is_block(value)
            && let Some(span) = self.comments.on_line(value.span.end)
        {
            self.comment(span, own, true);
        }
        feet
    }

    /// A key with `? ` has its colon on a line of its own.
    pub(super) fn behind_colon(&self, key_end: u32) -> u32 {
        let blanks = self.text[key_end as usize..].iter().take_while(|b| b" \t\r\n".contains(b)).count() as u32;
        if self.text.get((key_end + blanks) as usize) == Some(&b':') { key_end + blanks + 1 } else { key_end }
    }

    /// What stands above an item, and what goes behind it.
    pub(super) fn comments_of_item(&mut self, node: &Node<'_>, container: PathId) -> Vec<Span> {
        match node.what {
            // The dash keeps what stands above it only if the list or map begins directly behind it.
            What::Map { flow: false } | What::List { flow: false } if node.anchored || node.tag != Tag::None => {
                while let Some(found) = self.comments.next_own(node.span.start) {
                    self.comment(found.span, container, found.inline);
                }
            }
            What::Map { flow: false } | What::List { flow: false } => {
                self.bind(container, Bound::is_head);
                self.flush(node.span.start, container);
                self.bind(container, |bound| bound == Bound::Head);
            }
            What::Map { flow: true } | What::List { flow: true } => {
                self.flush(node.span.start, container);
                let empty = is_empty(self.parsed, node);
                self.lose(|bound| bound == Bound::Lost);
                self.bind(container, |bound| empty || bound.is_head());
            }
            What::Scalar(_) | What::Alias(_) => {
                self.flush(node.span.start, container);
                if !is_nothing(node) {
                    return self.bind_all(container, true);
                }
            }
        }
        Vec::new()
    }
}
