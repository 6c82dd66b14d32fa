//! What a person can do, one file each; nothing here prints, reads argv, or exits.

pub mod change;
pub mod complete;
pub mod consent;
pub mod decrypt;
pub mod disk;
pub mod encrypt;
pub mod extract;
pub mod filestatus;
pub mod groups;
pub mod init;
pub mod keygen;
pub mod many;
pub mod recipients;
pub mod rotate;
pub mod rules;
pub mod set;
pub mod several;
pub mod target;
pub mod tour;
pub mod trust;
pub mod updatekeys;
