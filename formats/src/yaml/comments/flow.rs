//! The same in brackets.

use super::events::{Parser, State};
use super::nodes::Found;
use super::scan::Kind;

impl Parser<'_> {
    pub(super) fn flow_entry(&mut self, first: bool) -> Option<Option<State>> {
        let mut token = self.peek()?;
        if first {
            token = self.next()?;
        }
        let end = Kind::FlowEnd { map: false };
        if token.kind != end && !first {
            (token.kind == Kind::FlowEntry).then_some(())?;
            token = self.next()?;
        }
        if token.kind == Kind::Key {
            self.nodes.start(token.start, true, false, Found::default());
            self.skip();
            return Some(Some(State::PairKey));
        }
        if token.kind != end {
            self.states.push(State::FlowEntry { first: false });
            return self.node(false, false);
        }
        self.flow_end()
    }

    pub(super) fn flow_end(&mut self) -> Option<Option<State>> {
        let found = self.take();
        self.nodes.end(found);
        self.skip();
        self.pop()
    }

    pub(super) fn flow_key(&mut self, first: bool) -> Option<Option<State>> {
        let mut token = self.peek()?;
        if first {
            token = self.next()?;
        }
        let end = Kind::FlowEnd { map: true };
        if token.kind != end && !first {
            (token.kind == Kind::FlowEntry).then_some(())?;
            token = self.next()?;
        }
        if token.kind == end {
            return self.flow_end();
        }
        if token.kind != Kind::Key {
            self.states.push(State::NoFlowValue);
            return self.node(false, false);
        }
        let next = self.next()?;
        if matches!(next.kind, Kind::Value | Kind::FlowEntry | Kind::FlowEnd { map: true }) {
            self.nothing(next.start);
            return Some(Some(State::FlowValue));
        }
        self.states.push(State::FlowValue);
        self.node(false, false)
    }

    /// The value of a pair in brackets, and what comes after it.
    pub(super) fn flow_value(&mut self, end: Kind, then: State) -> Option<Option<State>> {
        let token = self.peek()?;
        if token.kind == Kind::Value {
            let next = self.next()?;
            if next.kind != Kind::FlowEntry && next.kind != end {
                self.states.push(then);
                return self.node(false, false);
            }
        }
        self.nothing(token.start);
        Some(Some(then))
    }

    pub(super) fn pair_key(&mut self) -> Option<Option<State>> {
        let token = self.peek()?;
        if matches!(token.kind, Kind::Value | Kind::FlowEntry | Kind::FlowEnd { map: false }) {
            self.nothing(token.start);
            self.skip();
            return Some(Some(State::PairValue));
        }
        self.states.push(State::PairValue);
        self.node(false, false)
    }
}
