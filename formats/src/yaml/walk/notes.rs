//! Comments on the walk, in the order of SOPS's store. Where each belongs, `comments` knows.

use super::{Walk, is_scalar};
use crate::leaf::{Comment, CommentId, Span, Step};
use crate::path::PathId;
use crate::yaml::comments::{Of, Whose};

impl Walk<'_> {
    /// Puts comments of a node into a container.
    pub(super) fn put(&mut self, whose: Whose, of: Of, container: PathId) {
        for span in self.comments.take(whose, of) {
            self.comment(span, container, of == Of::Line);
        }
    }

    /// Those above a node, and behind it.
    pub(super) fn put_above(&mut self, node: u32, container: PathId) {
        if !self.comments.any() {
            return;
        }
        let inline = is_scalar(self.parsed, self.node(node));
        for of in [Of::Head, Of::Line] {
            for span in self.comments.take(Whose::Node(node), of) {
                self.comment(span, container, inline && of == Of::Line);
            }
        }
    }

    /// Those below a node. Those that SOPS never sees come last in the container, where they govern nothing.
    pub(super) fn put_below(&mut self, node: u32, container: PathId) {
        self.put(Whose::Node(node), Of::Foot, container);
        let lost = self.comments.take(Whose::Node(node), Of::Lost);
        match self.stack.last_mut() {
            Some(frame) => frame.lost.extend(lost),
            None => self.lost.extend(lost),
        }
    }

    pub(super) fn put_lost(&mut self, lost: Vec<Span>, container: PathId) {
        lost.into_iter().for_each(|span| self.comment(span, container, false));
    }

    pub(super) fn comment(&mut self, span: Span, container: PathId, inline: bool) {
        let id = CommentId(self.outline.comments.len() as u32);
        self.outline.comments.push(Comment { container, span, document: self.document, inline, empty: span.is_empty() });
        self.scanned.items.push(None);
        self.outline.steps.push(Step::Comment(id));
    }
}
