//! Roles and the scopes they hold in. Each domain declares its kinds of scopes and their roles; the
//! installation's own are here.

pub mod token_scope;

use std::fmt;

use platform::store::{Bind, Value};
use serde::{Deserialize, Serialize, Serializer};

use crate::domain::Domain;

/// What somebody is in a scope, as its kind declares it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Role {
    word: &'static str,
    label: &'static str,
}

impl Role {
    /// The role that is stored and sent as `word`. The message `label` describes it to people who
    /// are invited.
    pub const fn new(word: &'static str, label: &'static str) -> Self {
        Self { word, label }
    }

    /// The word that is kept and shown in the API.
    pub fn word(self) -> &'static str {
        self.word
    }

    /// The message that describes it.
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

/// A kind of scope. In one scope a person has at most one rank, and beside it any duties.
#[derive(Debug, PartialEq, Eq)]
pub struct ScopeKind {
    /// The word that is kept.
    pub name: &'static str,
    /// The rank that no scope is without: its owners'.
    pub top: Role,
    /// The other ranks, the greatest first.
    pub below: &'static [Role],
    /// What people may be beside their rank, or without one.
    pub duties: &'static [Role],
    /// The message that says of a token that it reaches one of these alone.
    pub only: &'static str,
    /// The page where somebody finds what they joined.
    pub home: &'static str,
    /// Whether who has a rank in it is a host, whom services beside the app may be opened to. Nobody
    /// may give themselves such a rank.
    pub makes_hosts: bool,
    /// Whether its invites make accounts, and members of those that wait for their address to be
    /// confirmed.
    pub invites_newcomers: bool,
}

/// The whole installation. Domains declare more duties in it ([`site_duties`]).
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
/// One account. Nobody holds a rank in it.
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
/// Of the installation: everything.
pub const OWNER: Role = Role::new("owner", "account-role-owner");
/// Of the installation: people and settings.
pub const ADMIN: Role = Role::new("admin", "account-role-admin");
/// Of an account: sees what its owner shows to trusted contacts. Of the installation: sees what
/// anybody shows to theirs.
pub const TRUSTED_CONTACT: Role = Role::new("trusted_contact", "account-role-trusted-contact");

impl ScopeKind {
    /// The scope of this kind with this id.
    pub fn scope(&'static self, id: impl fmt::Display) -> Scope {
        Scope {
            kind: self,
            id: id.to_string(),
        }
    }

    /// Whether `rank` is `least` or a greater one.
    pub fn at_least(&self, rank: Role, least: Role) -> bool {
        let place = |of: Role| self.ranks().position(|one| one == of);
        place(least).is_some_and(|least| place(rank).is_some_and(|rank| rank <= least))
    }

    /// Whether `role` is one of the ranks.
    pub(crate) fn is_rank(&self, role: Role) -> bool {
        self.ranks().any(|rank| rank == role)
    }

    /// The ranks, the greatest first.
    pub(crate) fn ranks(&self) -> impl Iterator<Item = Role> {
        std::iter::once(self.top).chain(self.below.iter().copied())
    }

    /// Whether scopes of this kind have this role. Who holds a duty of the installation as a value
    /// has it from the domain that declares it.
    pub(crate) fn has(&self, role: Role) -> bool {
        self.role(role.word) == Some(role) || *self == SITE && !self.is_rank(role)
    }

    /// The rank or the duty with this word.
    pub(crate) fn role(&self, word: &str) -> Option<Role> {
        let mut roles = self.ranks().chain(self.duties.iter().copied());
        roles.find(|role| role.word == word)
    }
}

/// The duties in the installation: those that domains declare, and its own.
pub(crate) fn site_duties(domains: &[Domain]) -> Vec<Role> {
    let declared = domains.iter().flat_map(|domain| domain.site_duties);
    declared.chain(SITE.duties).copied().collect()
}

/// Where a role holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    kind: &'static ScopeKind,
    id: String,
}

impl Scope {
    /// The whole installation.
    pub fn site() -> Self {
        SITE.scope("")
    }

    /// What kind it is.
    pub fn kind(&self) -> &'static ScopeKind {
        self.kind
    }

    /// Which one; empty where there is only one.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its name, to be kept.
    pub fn name(&self) -> ScopeName {
        ScopeName {
            kind: self.kind.name.to_owned(),
            id: self.id.clone(),
        }
    }

    /// The scope whose log tells of it; `None`: the installation's.
    pub(crate) fn audited(&self) -> Option<String> {
        (!self.id.is_empty()).then(|| self.id.clone())
    }
}

/// A scope as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopeName {
    /// The name of its kind.
    pub kind: String,
    /// Which one.
    pub id: String,
}

impl ScopeName {
    /// The scope, if its kind is the installation's or declared by a domain.
    pub(crate) fn find(&self, domains: &[Domain]) -> Option<Scope> {
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
        const PARKS: Domain = Domain {
            scope_kinds: &[&PARK],
            ..crate::DOMAIN
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
