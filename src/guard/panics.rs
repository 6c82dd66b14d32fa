//! A panic is a bug, and what it says may hold a value: print where, not what, and abort (R7, R9).

use std::io::Write;
use std::panic;
use std::process;

/// Sets the hook.
pub fn tell_where_only() {
    panic::set_hook(Box::new(|info| {
        let at = info.location().map_or_else(|| "an unknown place".to_owned(), |at| format!("{}:{}:{}", at.file(), at.line(), at.column()));
        // Standard error may be closed; there is nobody else to tell.
        let _ = writeln!(std::io::stderr(), "internal error at {at}; this is a bug, please report it (no value is part of this message)");
        process::abort();
    }));
}
