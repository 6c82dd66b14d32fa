//! One per command: the world as backends see it, and a memo of what is dear. Nothing in this crate is static.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::outside::Outside;

/// A command's session.
pub struct Session {
    outside: Arc<dyn Outside>,
    memo: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl Session {
    /// A session in a world.
    pub fn new(outside: Arc<dyn Outside>) -> Self {
        Session { outside, memo: Mutex::new(HashMap::new()) }
    }

    /// The world.
    pub fn outside(&self) -> &dyn Outside {
        &*self.outside
    }

    /// The world, to be held by another session.
    pub fn shared_outside(&self) -> Arc<dyn Outside> {
        Arc::clone(&self.outside)
    }

    /// Forgets all that: identities are not held beside a program that runs for weeks (`docs/threat-model.md`, P16).
    pub fn forget(&self) {
        self.memo.lock().expect("no holder of the memo panics").clear();
    }

    /// What a backend made once for this command, by its type: identities, clients, passphrases. Made on first use.
    pub fn memo<T: Any + Send + Sync + Default>(&self) -> Arc<T> {
        let mut memo = self.memo.lock().expect("no holder of the memo panics");
        let slot = memo.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default()));
        Arc::clone(slot).downcast::<T>().expect("the slot is of its type")
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}
