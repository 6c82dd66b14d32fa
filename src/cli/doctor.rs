//! `leafcrypt doctor`

use std::path::PathBuf;
use std::sync::Arc;

use leafcrypt_kms::{Quiet, Session, without_private_keys};

use super::Context;
use super::decrypt::Order;
use super::shared::format_of;
use super::{hint, later, print, screen};
use crate::error::Error;
use crate::flows::doctor::{self, Doctor, State};
use crate::flows::rules::Given;
use crate::flows::target::{Done, Types};
use crate::sealed_file::OpenHow;

/// Say which keys, configuration and programs there are, what is broken, and how to mend it
///
/// Nothing is changed, nobody is asked, and nothing leaves the machine: a file is opened by keys that need no passphrase, plugin, command, gpg or network;
/// for others it is said what they would ask. Exit 1 where something is broken.
#[derive(Debug, clap::Args)]
#[command(after_help = super::examples::DOCTOR)]
pub(super) struct Args {
    /// Files and folders: which of them could be opened, by which key, and which should be sealed and are not
    paths: Vec<PathBuf>,
    /// For programs
    #[arg(long)]
    json: bool,
    /// Type of the files, instead of the one their names tell
    #[arg(long, value_name = "yaml|json|dotenv|ini|toml|binary")]
    input_type: Option<String>,
    #[command(flatten)]
    order: Order,
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        let (order, wrong_order) = match self.order.read(context) {
            Err(error) if self.order.decryption_order.is_none() => (Vec::new(), Some(("SOPS_DECRYPTION_ORDER", error))),
            read => (read?, None),
        };
        let services = later::refuse_key_services(context).err().map(|error| ("key services", error));
        let doctor = Doctor {
            paths: self.paths.clone(),
            types: Types { input: format_of(self.input_type.as_deref(), context.world.manners)?, ..Types::default() },
            given: Given { config: context.config(), ..Given::default() },
            how: OpenHow { order: &order, require_witness: context.variables.require_witness, ..OpenHow::default() },
            quiet: Session::new(Arc::new(Quiet::new(context.world.session.shared_outside()))),
            runtime: context.variables.runtime.clone(),
            stops: wrong_order.into_iter().chain(services).collect(),
            wrong: &context.variables.wrong,
            recipients: context.variables.keys.clone(),
            hint: &|error| hint::of(error, &context.world),
        };
        let checks = doctor.run(&context.world);
        let text = if self.json { doctor::as_json(&checks) } else { coloured(&doctor::as_text(&checks)) };
        // What it prints is pasted into tickets.
        let text = without_private_keys(&text).into_owned();
        let failed = checks.iter().filter(|check| check.state == State::Fail).count();
        if failed == 0 {
            return Ok(Done { stdout: Some(text.into_bytes()), note: None });
        }
        // What was found is the result all the same.
        print(text.as_bytes());
        Err(Error::Unwell { failed })
    }
}

/// On a terminal the states stand out.
fn coloured(text: &str) -> String {
    if !screen::colours(&std::io::stdout()) {
        return text.to_owned();
    }
    let line = |line: &str| {
        let style = match line.split(' ').next() {
            Some("ok") => screen::GOOD,
            Some("warn") => screen::ODD,
            Some("fail") => screen::BAD,
            _ => return line.to_owned(),
        };
        let (state, rest) = line.split_at(line.find(' ').unwrap_or(line.len()));
        format!("{style}{state}{style:#}{rest}")
    };
    text.split_inclusive('\n').map(line).collect()
}
