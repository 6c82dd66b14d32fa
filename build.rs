//! How the program is linked. Starting it is mostly page faults, so it has as few pages to touch as can be (docs/decisions/0007-linking.md).
// A build has an environment and programs of its own; the rule is for the product.
#![allow(clippy::disallowed_methods)]

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |name: &str| env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    if target("OS") != "linux" || target("ENV") != "gnu" || env::var_os("CARGO_FEATURE_CLI").is_none() {
        return;
    }
    // Another machine's linker is none that we could ask.
    if env::var_os("HOST") != env::var_os("TARGET") {
        return;
    }
    // At a fixed address: ten thousand pointers are right when the program is built.
    println!("cargo:rustc-link-arg-bins=-no-pie");
    // The unwinder in the program: one shared library less to find, map and relocate.
    if there("libgcc_eh.a") {
        println!("cargo:rustc-link-lib=gcc_eh");
    }
}

/// Does the compiler that links have this library?
fn there(library: &str) -> bool {
    let found = Command::new("cc").arg(format!("-print-file-name={library}")).output();
    found.is_ok_and(|found| Path::new(String::from_utf8_lossy(&found.stdout).trim()).is_absolute())
}
