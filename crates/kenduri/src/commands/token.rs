//! `kenduri token create`: creates API tokens.

use anyhow::Result;
use clap::{Args, Subcommand};
use identity::session::token::{DEFAULT_DAYS, TokenScope};
use operate::control_requests::{ControlRequest, ControlResponse, TokenCreate};

use super::{Where, say, send};
use crate::domains::DOMAINS;

/// Make tokens for programs that use the API
#[derive(Debug, Subcommand)]
pub(super) enum Token {
    Create(Create),
}

/// Make an API token for one occasion, and print it once
///
/// A program sends it as `Authorization: Bearer TOKEN`. The token allows what its scopes allow, and
/// never more than its account may do. Works whether Kenduri is running or not.
#[derive(Debug, Args)]
pub(super) struct Create {
    #[command(flatten)]
    place: Where,
    /// The occasion, named by the last part of its address /o/SLUG
    #[arg(long, value_name = "SLUG")]
    occasion: String,
    /// What the token may do: profile:read, occasion:read, occasion:write, rsvps:read, rsvps:write;
    /// may be repeated
    #[arg(long, value_name = "SCOPE", required = true, value_delimiter = ',', value_parser = scope)]
    scope: Vec<String>,
    /// The account to which the token belongs, by email address [default: the owner, if there is
    /// only one]
    #[arg(long, value_name = "ADDRESS")]
    account: Option<String>,
    /// A name by which to recognise the token
    #[arg(long, default_value = "command line")]
    name: String,
    /// How many days the token is valid, 1 to 366
    #[arg(long, default_value_t = DEFAULT_DAYS)]
    days: u16,
}

fn scope(word: &str) -> Result<String, &'static str> {
    let found = TokenScope::find_all(&site::domains::for_identity(DOMAINS), &[word]);
    found.map_err(
        |_| "not a scope that a token can have; `kenduri token create --help` names them",
    )?;
    Ok(word.to_owned())
}

impl Token {
    pub(super) fn run(self) -> Result<()> {
        let Self::Create(create) = self;
        let order = ControlRequest::TokenCreate(TokenCreate {
            occasion: create.occasion,
            scopes: create.scope,
            account: create.account,
            name: create.name,
            days: create.days,
        });
        if let ControlResponse::Token { token, .. } = send(order, &create.place)? {
            say(&format!("{token}\n"))?;
        }
        Ok(())
    }
}
