//! Aliases that stand for something covered: what they stand for is written in their place.

use super::Sealer;
use super::hints::{Repair, TokenSite};
use crate::leaf::{LeafId, Step};
use crate::value::Value;
use crate::yaml::detail::AliasSite;
use crate::yaml::print::{self, Place, Style};

impl Sealer<'_> {
    pub(super) fn aliases(&mut self) {
        if self.scanned.aliases.is_empty() {
            return;
        }
        let mut covered = vec![0u32];
        for number in 0..self.document.leaves().len() as u32 {
            let here = u32::from(self.tokens.of_leaf(LeafId(number)).is_some());
            covered.push(covered[number as usize] + here);
        }
        let any = |range: &std::ops::Range<u32>| covered[range.end as usize] > covered[range.start as usize];
        for alias in &self.scanned.aliases {
            if any(&alias.target) || any(&alias.leaves) {
                let mut patch = std::mem::take(&mut self.patch);
                patch.edit(alias.span, |out| self.expand(out, alias));
                self.patch = patch;
                self.repairs.push(Repair { old: alias.span, kind: 1, style: None });
            }
        }
    }

    /// What an alias stands for, on one line.
    fn expand(&mut self, out: &mut Vec<u8>, alias: &AliasSite) {
        let start = out.len();
        let place = Place { column: 0, parent: 0, flow: true, key: false };
        if let Some(name) = &alias.key {
            let style = if alias.flow { Style::Double } else { Style::Plain };
            print::scalar(out, &Value::text(name), style, &Place { key: true, flow: alias.flow, ..place });
            return;
        }
        let steps = &self.document.steps()[alias.steps.start as usize..alias.steps.end as usize];
        let scalar = steps.len() == 1;
        let mut fresh = true;
        for &step in steps {
            if matches!(step, Step::Document | Step::Comment(_)) {
                continue;
            }
            let ends = matches!(step, Step::MapEnd | Step::ListEnd);
            if !fresh && !ends {
                out.extend_from_slice(b", ");
            }
            fresh = matches!(step, Step::MapStart(_) | Step::ListStart(_) | Step::Key(_));
            match step {
                Step::MapStart(_) => out.push(b'{'),
                Step::MapEnd => out.push(b'}'),
                Step::ListStart(_) => out.push(b'['),
                Step::ListEnd => out.push(b']'),
                Step::Key(path) => {
                    let name = Value::text(self.document.paths().name(path).unwrap_or_default());
                    print::scalar(out, &name, Style::Double, &place);
                    out.extend_from_slice(b": ");
                }
                Step::EmptyMap(_) => out.extend_from_slice(b"{}"),
                Step::EmptyList(_) => out.extend_from_slice(b"[]"),
                Step::Null(_) => out.extend_from_slice(b"null"),
                Step::Leaf(id) => match self.tokens.of_leaf(id) {
                    Some(token) => {
                        let from = (out.len() - start) as u32;
                        let quote: &[u8] = if scalar && !alias.flow { b"" } else { b"\"" };
                        out.extend_from_slice(quote);
                        out.extend_from_slice(token);
                        out.extend_from_slice(quote);
                        self.sites.push(TokenSite { old: alias.span, from, to: (out.len() - start) as u32 });
                    }
                    None => print::scalar(out, &self.document.value(id), Style::Double, &place),
                },
                Step::Document | Step::Comment(_) => {}
            }
        }
    }
}
