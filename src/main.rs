//! Hands argv to the command line, and turns its answer into an exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    leafcrypt::start();
    ExitCode::from(leafcrypt::cli::run(std::env::args_os().collect()))
}
