//! One binary for all integration tests: a module per subject.
#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

mod config;
mod differences;
mod differential;
mod metadata;
mod recipients;

mod accept;
mod age_real;
mod age_report;
mod age_tty;
mod age_world;
mod architecture;
mod bad_input;
mod by_comments;
mod canary;
mod commands;
mod complete;
mod convert;
mod convert_random;
#[path = "../../formats/tests/it/cpu.rs"]
mod cpu;
mod crash;
mod dialects;
mod dialects_of_shells;
mod doctor;
mod edit;
mod edit_kept;
mod edit_keys;
mod edit_rule;
mod edit_signals;
mod edit_terminal;
mod exec;
mod exec_background;
mod exec_dotenv;
mod exec_group;
mod exec_pipe;
mod exec_words;
mod field;
mod files;
mod guard;
mod interop;
mod interop_anew;
mod interop_bytes;
mod interop_comments;
mod interop_config;
mod interop_ends;
mod interop_exits;
mod interop_flags;
mod interop_matrix;
mod interop_metadata;
mod interop_npm;
mod interop_pair;
mod interop_regex;
mod interop_set;
mod interop_shamir;
mod interop_untold;
mod later;
mod limits;
mod many_files;
mod messages;
mod newcomers;
mod next_command;
mod one_of_many;
mod own_tags;
mod planted_layout;
mod private_folder;
#[path = "../../formats/tests/it/random_tree.rs"]
mod random_tree;
mod reading;
mod references;
mod set;
mod tamper;
mod terminal;
mod tools;
mod wire_format;

#[path = "../../formats/tests/it/random/mod.rs"]
mod random;
mod round_trip;
mod trip;
mod warnings;
mod whole;
