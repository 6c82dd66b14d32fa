//! `leafcrypt decrypt`

use super::Context;
use super::shared::{File, To};
use crate::error::Error;
use crate::flows::decrypt::Decrypt;
use crate::flows::rules::{self, Given};
use crate::flows::target::Done;
use crate::sealed_file::OpenHow;

/// Open a file, or one value of it
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    file: File,
    #[command(flatten)]
    to: To,
    /// Only what stands at this path: '["a"]["b"][0]'
    #[arg(long, value_name = "PATH")]
    extract: Option<String>,
    #[command(flatten)]
    opening: Opening,
}

/// How files are opened.
#[derive(Debug, clap::Args)]
pub(super) struct Opening {
    /// Do not check the MAC
    #[arg(long)]
    pub ignore_mac: bool,
    /// Refuse a file whose comments were changed outside leafcrypt
    #[arg(long)]
    pub strict: bool,
    /// Refuse a file that does not prove that nobody changed it outside leafcrypt [env: LEAFCRYPT_REQUIRE_WITNESS]
    #[arg(long)]
    pub require_witness: bool,
    #[command(flatten)]
    pub order: Order,
}

/// Which keys are tried first.
#[derive(Debug, clap::Args)]
pub(super) struct Order {
    /// Kinds of key in the order to try them, separated by commas [env: SOPS_DECRYPTION_ORDER]
    #[arg(long, value_name = "KINDS")]
    pub decryption_order: Option<String>,
}

impl Order {
    /// The order that was given, none if it was not.
    pub(super) fn read(&self, context: &Context<'_>) -> Result<Vec<String>, Error> {
        let text = self.decryption_order.as_ref().filter(|t| !t.is_empty()).or(context.variables.order.as_ref());
        let order: Vec<String> = text.map(|t| t.split(',').map(str::to_owned).collect()).unwrap_or_default();
        let known = |kind: &String| leafcrypt_kms::Kind::ALL.iter().any(|known| known.name() == kind);
        if let Some(kind) = order.iter().find(|kind| !known(kind)).filter(|_| context.world.manners.strict_types) {
            let all: Vec<&str> = leafcrypt_kms::Kind::ALL.iter().map(|kind| kind.name()).collect();
            return Err(Error::Usage(format!("{kind:?} is no kind of key that --decryption-order knows: {}", all.join(", "))));
        }
        match order.iter().enumerate().find(|(i, kind)| order[..*i].contains(kind)) {
            Some((_, kind)) => Err(Error::DuplicateOrder { kind: kind.clone() }),
            None => Ok(order),
        }
    }
}

impl Opening {
    /// As [`Order::read`].
    pub(super) fn order(&self, context: &Context<'_>) -> Result<Vec<String>, Error> {
        self.order.read(context)
    }

    pub(super) fn how<'a>(&self, order: &'a [String], context: &Context<'_>) -> OpenHow<'a> {
        let require_witness = self.require_witness || context.variables.require_witness;
        OpenHow { ignore_mac: self.ignore_mac, strict: self.strict, require_witness, order, ..OpenHow::default() }
    }
}

impl Args {
    pub(super) fn run(&self, context: &Context<'_>) -> Result<Done, Error> {
        let world = &context.world;
        let input = self.file.input();
        let output = self.to.output(&input)?;
        let types = self.file.types(world.manners)?;
        let order = self.opening.order(context)?;
        let given = Given { config: context.config(), indent: context.global.indent, ..Given::default() };
        let config = rules::load_if_trusted(types.name_of(&input).as_deref(), &given, world)?;
        let how = self.opening.how(&order, context);
        let flow = Decrypt {
            input,
            output,
            types,
            extract: self.extract.clone(),
            how,
            indent: &|format| rules::indent(format, &given, config.as_ref()),
        };
        flow.run(world)
    }
}
