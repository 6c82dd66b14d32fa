//! Go's regular expressions on Rust's engine.
