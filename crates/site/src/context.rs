//! What the routes of domains are made with.

use std::ops::{Deref, DerefMut};

use axum::extract::FromRef;
use platform::mail::{CallbackKey, SnsTopic};
use web::Site;

use crate::domain::{self, Domains};

/// What the routes of domains are made with. It leads to what identity works with.
#[derive(Clone)]
pub struct Context {
    identity: identity::Accounts,
    /// What signs the callbacks of the mail's provider; none: there are none.
    pub mail_callbacks: Option<CallbackKey>,
    /// By which topic Amazon SES says what became of mails.
    pub ses_topic: Option<SnsTopic>,
    /// What the program consists of.
    pub domains: Domains,
}

impl Context {
    /// For a site on this machine.
    pub fn new(site: Site, domains: Domains) -> Self {
        Self {
            identity: identity::Accounts::new(site, Vec::leak(domain::for_identity(domains))),
            mail_callbacks: None,
            ses_topic: None,
            domains,
        }
    }
}

impl Deref for Context {
    type Target = identity::Accounts;

    fn deref(&self) -> &Self::Target {
        &self.identity
    }
}

impl DerefMut for Context {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.identity
    }
}

impl FromRef<Context> for Site {
    fn from_ref(context: &Context) -> Self {
        context.site.clone()
    }
}
