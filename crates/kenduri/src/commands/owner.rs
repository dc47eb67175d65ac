//! `kenduri owner`: changes accounts in ways that are possible only on the server itself.

use anyhow::Result;
use clap::{Args, Subcommand};
use operate::control_requests::{ControlRequest, ControlResponse, OwnerCreate};

use super::{Where, say, send};

/// Make owners of the installation, and remove lost second factors
#[derive(Debug, Subcommand)]
pub(super) enum Owner {
    Create(Create),
    ResetFactors(ResetFactors),
}

/// Make somebody an owner, and print a link that signs them in once
///
/// The link leads to the page that sets a password. If the address has an account already, that
/// account becomes an owner. Works whether Kenduri is running or not.
#[derive(Debug, Args)]
pub(super) struct Create {
    #[command(flatten)]
    place: Where,
    /// Their email address, which they sign in with
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// Their name, 2 to 50 characters
    #[arg(long)]
    name: String,
}

/// Remove the second factor and the passkeys of somebody who lost them
///
/// This takes effect at once, for anybody who has an account. They get a mail, and are signed out
/// everywhere. Works whether Kenduri is running or not.
#[derive(Debug, Args)]
pub(super) struct ResetFactors {
    #[command(flatten)]
    place: Where,
    /// The email address with which the person signs in
    #[arg(value_name = "ADDRESS")]
    email: String,
}

impl Owner {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Create(create) => create.run(),
            Self::ResetFactors(reset) => reset.run(),
        }
    }
}

impl Create {
    fn run(self) -> Result<()> {
        let order = ControlRequest::OwnerCreate(OwnerCreate {
            email: self.email.clone(),
            name: self.name,
        });
        if let ControlResponse::Owner { link } = send(order, &self.place)? {
            say(&format!(
                "{} is an owner. This link signs in once:\n{link}\n",
                self.email
            ))?;
        }
        Ok(())
    }
}

impl ResetFactors {
    fn run(self) -> Result<()> {
        let order = ControlRequest::FactorsReset {
            email: self.email.clone(),
        };
        if let ControlResponse::FactorsReset = send(order, &self.place)? {
            say(&format!(
                "{} no longer has a second factor or passkeys\n",
                self.email
            ))?;
        }
        Ok(())
    }
}
