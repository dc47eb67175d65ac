//! Who may come in: by network, by name and password, or by what somebody else
//! says who is asked.
//!
//! Everything that a route's `access` names must hold, in this order: address,
//! password, the server that is asked, the app's own sign-in.

mod basic;
mod networks;
mod subrequest;
mod users;
mod verified_passwords;

use std::fmt::{self, Display};
use std::sync::Arc;

use http::HeaderName;

pub use basic::Basic;
pub use networks::Networks;
pub use subrequest::Ask;
pub use users::{BadUsers, Users};

pub(crate) use basic::{Denied, Passwords};
pub(crate) use subrequest::vouch;

/// What a refused request reports to the limit of its route, if it counts that.
pub(crate) const WRONG_PASSWORD: &str = "wrong-password";

/// Who may come in.
#[derive(Debug)]
pub struct Access {
    /// Whose addresses.
    pub networks: Networks,
    /// Who knows a name and its password.
    pub basic: Option<Arc<Basic>>,
    /// Whom another server lets in.
    pub ask: Option<Ask>,
    /// Who is signed in to the app, in the app's own word.
    pub sign_in: Option<Arc<str>>,
}

impl Access {
    /// Whether the app must run for anybody to come in.
    pub fn needs_app(&self) -> bool {
        self.sign_in.is_some()
    }

    /// Whether it tells people apart, and not only where they are.
    pub fn knows_people(&self) -> bool {
        self.basic.is_some() || self.ask.is_some() || self.sign_in.is_some()
    }

    /// The upstream that is asked, if one is.
    pub fn asks(&self) -> Option<&str> {
        self.ask.as_ref().map(|ask| &*ask.upstream)
    }

    /// Headers that the server that is asked gives the request.
    pub(crate) fn copies(&self) -> impl Iterator<Item = &HeaderName> {
        self.ask.iter().flat_map(|ask| &ask.copy)
    }

    /// Goes on counting wrong passwords where another one stands.
    pub(crate) fn go_on_from(&self, other: &Self) {
        if let (Some(basic), Some(other)) = (&self.basic, &other.basic) {
            basic.go_on_from(other);
        }
    }
}

impl Display for Access {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut options = Vec::new();
        if self.networks.names_any() {
            options.push("address".to_owned());
        }
        if self.basic.is_some() {
            options.push("password".to_owned());
        }
        if let Some(ask) = &self.ask {
            options.push(format!("{}{}", ask.upstream, ask.path));
        }
        if let Some(who) = &self.sign_in {
            options.push(format!("sign-in of {who}"));
        }
        write!(out, "access by {}", options.join(" and "))
    }
}
