//! What a person can do, one file each; nothing here prints, reads argv, or exits. A rule of SOPS's format is below this floor ([`crate::sealed_file`],
//! [`crate::metadata`], [`crate::seal`]); a rule of a command is here, how it is typed in the command line.
//!
//! | to learn | read |
//! | --- | --- |
//! | how a file is changed in place, by every command that does | [`change`]; several files or none: [`several`] |
//! | what configuration and flags say of a file | [`rules`] |
//! | when recipients count as vouched for, and who is asked | [`trust`], [`consent`] |
//! | which file, of which format, and where to | [`target`]; of many paths and folders: [`many`] |
//! | what a program gets that is given plaintext | [`variables`], [`dialect`], [`child`], [`user`] |
//! | what stays of an edit when all goes wrong | [`keeper`], [`rescue`] |

pub mod accept;
mod agreed;
mod anew;
pub mod background;
pub mod before;
mod branch;
pub mod change;
pub mod child;
pub mod complete;
pub mod consent;
mod counted;
mod danger;
pub mod decrypt;
pub mod dialect;
pub mod disk;
pub mod doctor;
pub mod edit;
pub mod editor;
pub mod encrypt;
pub mod example;
pub mod exec_env;
pub mod exec_file;
mod exported;
pub mod extract;
mod feeding;
pub mod filestatus;
mod flattened;
mod folded;
pub mod groups;
pub mod init;
pub mod keeper;
pub mod keygen;
pub mod many;
mod message;
mod otherwise;
mod own_key;
pub mod random;
pub mod recipients;
pub mod repository;
pub mod rescue;
pub mod rotate;
pub mod rules;
pub mod set;
pub mod several;
pub mod target;
pub mod tour;
pub mod trust;
pub mod uncovered;
pub mod unset;
mod updated;
pub mod updatekeys;
pub mod user;
pub mod variables;
