//! Access control by network, by password, by an authorization server, or by the app's sign-in. All
//! conditions in a route's `access` must hold, and are checked in this order.

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

/// The outcome of a request with a wrong password. It is reported to the route's rate limit.
pub(crate) const WRONG_PASSWORD: &str = "wrong-password";

#[derive(Debug)]
pub struct Access {
    pub networks: Networks,
    pub basic: Option<Arc<Basic>>,
    pub ask: Option<Ask>,
    /// A keyword that the app defines; `None` if no sign-in is required.
    pub sign_in: Option<Arc<str>>,
}

impl Access {
    /// Whether requests need the app's permission.
    pub fn needs_app(&self) -> bool {
        self.sign_in.is_some()
    }

    /// Whether access depends on the user, not only on the client's IP address.
    pub fn knows_people(&self) -> bool {
        self.basic.is_some() || self.ask.is_some() || self.sign_in.is_some()
    }

    pub fn asks(&self) -> Option<&str> {
        self.ask.as_ref().map(|ask| &*ask.upstream)
    }

    /// The headers that the edge copies into the request from the authorization server's response.
    pub(crate) fn copies(&self) -> impl Iterator<Item = &HeaderName> {
        self.ask.iter().flat_map(|ask| &ask.copy)
    }

    /// Takes over the counts of wrong passwords from `other`.
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
