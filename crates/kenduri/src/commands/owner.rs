//! `kenduri owner create`: the first owner, or one more.

use anyhow::Result;
use clap::{Args, Subcommand};

use super::{Where, give, say};
use crate::control_requests::{ControlRequest, ControlResponse, OwnerCreate};

/// Make somebody an owner of the installation
#[derive(Debug, Subcommand)]
pub(super) enum Owner {
    Create(Create),
}

/// Make somebody an owner, and print a link that signs them in once
///
/// The link leads to the page that sets a password. If the address has an account already, that
/// account becomes an owner. Works whether Kenduri is running or not.
#[derive(Debug, Args)]
pub(super) struct Create {
    #[command(flatten)]
    place: Where,
    /// Their mail address, which they sign in with
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// Their name, 2 to 50 characters
    #[arg(long)]
    name: String,
}

impl Owner {
    pub(super) fn run(self) -> Result<()> {
        let Self::Create(create) = self;
        let order = ControlRequest::OwnerCreate(OwnerCreate {
            email: create.email.clone(),
            name: create.name,
        });
        if let ControlResponse::Owner { link } = give(order, &create.place)? {
            say(&format!(
                "{} is an owner. This link signs in once:\n{link}\n",
                create.email
            ))?;
        }
        Ok(())
    }
}
