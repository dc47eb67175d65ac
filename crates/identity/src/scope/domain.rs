//! A domain's declarations about accounts: its roles, and the data that it stores about people.

use platform::{StoreError, Tx};
use serde_json::Value;

use crate::account::AccountId;
use crate::scope::token_scope::TokenScope;
use crate::scope::{Role, Scope, ScopeKind};

/// A domain's declarations about accounts.
#[derive(Clone, Copy, Debug)]
pub struct DomainAccounts {
    /// The name of the domain's section in an export of a person's data.
    pub name: &'static str,
    /// The kinds of scopes in which people have roles.
    pub scope_kinds: &'static [&'static ScopeKind],
    /// Whether a rank in this scope makes the person a host of the site. People cannot give such a
    /// rank to themselves.
    pub makes_host: fn(&mut Tx<'_>, &Scope) -> Result<bool, StoreError>,
    /// The duties in the installation that the domain declares.
    pub site_duties: &'static [Role],
    /// The title of the scope, shown in invites.
    pub scope_title: fn(&mut Tx<'_>, &Scope) -> Result<Option<String>, StoreError>,
    pub token_scopes: &'static [TokenScope],
    /// The data stored about a person, for an export; null if there is none. Never contains hashes,
    /// sealed secrets or data about others.
    pub export: fn(&mut Tx<'_>, &AccountId) -> Result<Value, StoreError>,
    /// The names of the matters that a person must settle before their account can be erased. Locks
    /// the rows on which the result depends.
    pub obligations: fn(&mut Tx<'_>, &AccountId) -> Result<Vec<String>, StoreError>,
    /// Ends at once everything that cannot continue without a person who asked for their account's
    /// erasure.
    pub leave: fn(&mut Tx<'_>, &AccountId) -> Result<(), StoreError>,
    /// Erases the data stored about a person, and all references to the account.
    pub erase: fn(&mut Tx<'_>, &AccountId) -> Result<(), StoreError>,
}

/// All domains of a program, in dependency order.
pub type Domains = &'static [DomainAccounts];

impl DomainAccounts {
    /// A domain that stores nothing about people.
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
