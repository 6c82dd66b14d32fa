//! `leafcrypt decrypt`

use std::path::Path;

use super::Context;
use super::shared::{Files, To};
use crate::error::Error;
use crate::files::{self, ReadError};
use crate::flows::decrypt::Decrypt;
use crate::flows::many;
use crate::flows::rules::{self, Given};
use crate::flows::target::{Done, Input, Types};
use crate::sealed_file::OpenHow;

/// Open a file, or one value of it; with -i several files
#[derive(Debug, clap::Args)]
#[command(after_help = super::examples::DECRYPT)]
pub(super) struct Args {
    #[command(flatten)]
    files: Files,
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
    /// The same for a command in which SOPS looks at no order, not even at a wrong one.
    pub(super) fn order_of_ours(&self, context: &Context<'_>) -> Result<Vec<String>, Error> {
        if context.world.manners.sops_messages { Ok(Vec::new()) } else { self.order(context) }
    }

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
        let types = self.files.types.read(world.manners)?;
        let Some(many) = self.files.many("decrypt", &self.to, world.manners)? else { return self.one(self.files.input(), types, context) };
        if self.extract.is_some() {
            return Err(Error::Usage("--extract is for one file".to_owned()));
        }
        let mut one = |path: &Path| self.one(Input::File(path.to_owned()), types.clone(), context).map(drop);
        many::each(many, &types, "decrypting", world, &mut one)?;
        Ok(Done { stdout: None, note: None })
    }

    fn one(&self, input: Input, types: Types, context: &Context<'_>) -> Result<Done, Error> {
        let world = &context.world;
        let output = self.to.output(&input)?;
        // Of several faults SOPS tells that there is no such file.
        if let (Input::File(path), true) = (&input, world.manners.sops_messages)
            && matches!(files::facts(path), Ok(None))
        {
            return Err(Error::Read { path: input.name(), source: ReadError::NotFound });
        }
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
