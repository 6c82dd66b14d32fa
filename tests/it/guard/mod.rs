//! The process itself (docs/threat-model.md, R7, R10, R11; P13 to P16): what it allows others, what it was started with and gives back, what it leaves.

mod children;
mod hardened;
mod inherited;
mod memory;
mod panics;
mod places;
mod streams;
