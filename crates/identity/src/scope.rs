//! Roles, and the scopes in which people can have them. Each domain declares kinds of scopes with
//! their roles. This module declares the kinds that belong to no domain: the installation and the
//! account.

pub mod domain;
pub mod token_scope;

use std::fmt;

use platform::store::{Bind, Value};
use serde::{Deserialize, Serialize, Serializer};

use crate::scope::domain::DomainAccounts;

/// A role that people can have in scopes of a certain kind. [`ScopeKind`] declares these roles.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Role {
    word: &'static str,
    label: &'static str,
}

impl Role {
    /// Creates a role that is stored and sent as `word`. The message `label` describes the role to
    /// invited people.
    pub const fn new(word: &'static str, label: &'static str) -> Self {
        Self { word, label }
    }

    /// The role's name in the store and in the API.
    pub fn word(self) -> &'static str {
        self.word
    }

    /// The id of the message that describes the role.
    pub fn label(self) -> &'static str {
        self.label
    }
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word)
    }
}

impl Serialize for Role {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word)
    }
}

impl Bind for Role {
    fn bind(&self) -> Value<'_> {
        Value::Text(self.word)
    }
}

/// A kind of scope. In each scope, a person has at most one rank, and may have any number of
/// duties.
#[derive(Debug, PartialEq, Eq)]
pub struct ScopeKind {
    /// The stored name.
    pub name: &'static str,
    /// The highest rank, the owner's. At least one account always has it.
    pub top: Role,
    /// The ranks below the highest, highest first.
    pub below: &'static [Role],
    /// Roles that people may have in addition to a rank or without one.
    pub duties: &'static [Role],
    /// The id of the message which says that a token is limited to one scope of this kind.
    pub only: &'static str,
    /// The path of the page that lists a person's scopes of this kind.
    pub home: &'static str,
    /// Whether a rank in a scope of this kind makes the person a host of the site. Hosts may get
    /// access to upstream services that run beside the app. Must be false for kinds in which people
    /// can grant themselves a rank.
    pub makes_hosts: bool,
    /// Whether an invite to a scope of this kind may be accepted with a new account, or with an
    /// account whose email address is unconfirmed.
    pub invites_newcomers: bool,
}

/// The whole installation. Domains declare further duties in it ([`site_duties`]).
pub static SITE: ScopeKind = ScopeKind {
    name: "site",
    top: OWNER,
    below: &[ADMIN],
    duties: &[TRUSTED_CONTACT],
    only: "",
    home: "/me",
    makes_hosts: true,
    invites_newcomers: true,
};
/// The scope of a single account. Nobody has a rank in it.
pub static ACCOUNT: ScopeKind = ScopeKind {
    name: "account",
    top: OWNER,
    below: &[],
    duties: &[TRUSTED_CONTACT],
    only: "",
    home: "/me",
    makes_hosts: false,
    invites_newcomers: false,
};
/// The role with all rights in the installation.
pub const OWNER: Role = Role::new("owner", "account-role-owner");
/// The role that manages people and settings of the installation.
pub const ADMIN: Role = Role::new("admin", "account-role-admin");
/// The role of people who may see content for trusted contacts: in an account's scope, the content
/// of that account; in the installation, the content of all accounts.
pub const TRUSTED_CONTACT: Role = Role::new("trusted_contact", "account-role-trusted-contact");

impl ScopeKind {
    pub fn scope(&'static self, id: impl fmt::Display) -> Scope {
        Scope {
            kind: self,
            id: id.to_string(),
        }
    }

    /// Whether `rank` is equal to `least` or higher.
    pub fn at_least(&self, rank: Role, least: Role) -> bool {
        let place = |of: Role| self.ranks().position(|one| one == of);
        place(least).is_some_and(|least| place(rank).is_some_and(|rank| rank <= least))
    }

    pub(crate) fn is_rank(&self, role: Role) -> bool {
        self.ranks().any(|rank| rank == role)
    }

    /// The ranks, highest first.
    pub(crate) fn ranks(&self) -> impl Iterator<Item = Role> {
        std::iter::once(self.top).chain(self.below.iter().copied())
    }

    /// Whether scopes of this kind have this role. In the installation, any role that is not a rank
    /// counts as a duty, because this function does not know the duties that domains declare.
    pub(crate) fn has(&self, role: Role) -> bool {
        self.role(role.word) == Some(role) || *self == SITE && !self.is_rank(role)
    }

    /// The role with this name in the store.
    pub fn role(&self, word: &str) -> Option<Role> {
        let mut roles = self.ranks().chain(self.duties.iter().copied());
        roles.find(|role| role.word == word)
    }
}

/// The duties in the installation, including those that domains declare.
pub fn site_duties(domains: &[DomainAccounts]) -> Vec<Role> {
    let declared = domains.iter().flat_map(|domain| domain.site_duties);
    declared.chain(SITE.duties).copied().collect()
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    kind: &'static ScopeKind,
    id: String,
}

impl Scope {
    pub fn site() -> Self {
        SITE.scope("")
    }

    pub fn kind(&self) -> &'static ScopeKind {
        self.kind
    }

    /// The scope's id; empty if there is only one scope of its kind.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The scope's name in the store.
    pub fn name(&self) -> ScopeName {
        ScopeName {
            kind: self.kind.name.to_owned(),
            id: self.id.clone(),
        }
    }

    /// The scope's id for the audit log; `None` for the installation itself.
    pub(crate) fn audited(&self) -> Option<String> {
        (!self.id.is_empty()).then(|| self.id.clone())
    }
}

/// A scope's name in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeName {
    pub kind: String,
    pub id: String,
}

impl ScopeName {
    /// Finds the scope, if it is the installation or if a domain declares its kind.
    pub fn find(&self, domains: &[DomainAccounts]) -> Option<Scope> {
        let declared = domains.iter().flat_map(|domain| domain.scope_kinds);
        let mut all = declared.copied().chain([&SITE]);
        let kind = all.find(|kind| kind.name == self.kind)?;
        Some(kind.scope(&self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUIDE: Role = Role::new("guide", "");

    #[test]
    fn a_rank_is_compared_with_those_of_its_own_kind_alone() {
        assert!(SITE.at_least(OWNER, ADMIN) && SITE.at_least(ADMIN, ADMIN));
        assert!(!SITE.at_least(ADMIN, OWNER));
        assert!(!SITE.at_least(GUIDE, ADMIN) && !SITE.at_least(OWNER, GUIDE));
    }

    #[test]
    fn a_kept_name_is_a_scope_where_its_kind_is_declared() {
        static PARK: ScopeKind = ScopeKind {
            name: "park",
            top: GUIDE,
            below: &[],
            duties: &[],
            only: "",
            home: "",
            makes_hosts: false,
            invites_newcomers: true,
        };
        const PARKS: DomainAccounts = DomainAccounts {
            scope_kinds: &[&PARK],
            ..DomainAccounts::new("parks")
        };
        let name = PARK.scope(7).name();
        let kept = serde_json::to_string(&name).unwrap();
        assert_eq!(kept, r#"{"kind":"park","id":"7"}"#);
        assert_eq!(serde_json::from_str::<ScopeName>(&kept).unwrap(), name);
        assert_eq!(name.find(&[PARKS]), Some(PARK.scope(7)));
        assert_eq!(name.find(&[]), None);
        assert_eq!(Scope::site().name().find(&[]), Some(Scope::site()));
    }
}
