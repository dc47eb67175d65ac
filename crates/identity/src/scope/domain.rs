//! What identity has to know of a domain: what people may be in it, and what it keeps of them.

use platform::{StoreError, Tx};
use serde_json::Value;

use crate::account::AccountId;
use crate::scope::token_scope::TokenScope;
use crate::scope::{Role, Scope, ScopeKind};

/// What identity has to know of a domain.
#[derive(Clone, Copy, Debug)]
pub struct DomainAccounts {
    /// The name of its part in the copy of somebody's data.
    pub name: &'static str,
    /// In what people have roles, and which.
    pub scope_kinds: &'static [&'static ScopeKind],
    /// Whether a rank in a scope of its kinds makes a host of the site; nobody gives themselves
    /// such a rank.
    pub makes_host: fn(&mut Tx<'_>, &Scope) -> Result<bool, StoreError>,
    /// The duties that it declares in the installation.
    pub site_duties: &'static [Role],
    /// What the scope is called where somebody is invited to it.
    pub scope_title: fn(&mut Tx<'_>, &Scope) -> Result<Option<String>, StoreError>,
    /// What programs may be allowed to do.
    pub token_scopes: &'static [TokenScope],
    /// What it keeps of a person, for the copy of their data; null: nothing. Never hashes, sealed
    /// secrets or what is others'.
    pub export: fn(&mut Tx<'_>, &AccountId) -> Result<Value, StoreError>,
    /// What somebody has to settle before their account can be erased, by its name. It locks what
    /// others could change about that.
    pub obligations: fn(&mut Tx<'_>, &AccountId) -> Result<Vec<String>, StoreError>,
    /// Ends at once what goes on without a person who asks for their account to be erased.
    pub leave: fn(&mut Tx<'_>, &AccountId) -> Result<(), StoreError>,
    /// Erases what it keeps of a person, and lets go of the account.
    pub erase: fn(&mut Tx<'_>, &AccountId) -> Result<(), StoreError>,
}

/// All domains of a program, in the order of their dependencies.
pub type Domains = &'static [DomainAccounts];

impl DomainAccounts {
    /// A domain that keeps nothing of people.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            scope_kinds: &[],
            makes_host: |_, _| Ok(true),
            site_duties: &[],
            scope_title: |_, _| Ok(None),
            token_scopes: &[],
            export: |_, _| Ok(Value::Null),
            obligations: |_, _| Ok(Vec::new()),
            leave: |_, _| Ok(()),
            erase: |_, _| Ok(()),
        }
    }
}
