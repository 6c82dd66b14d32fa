//! One binary for all integration tests: a module per subject.

mod config;
mod metadata;

mod architecture;
mod commands;
mod interop;
mod tools;
