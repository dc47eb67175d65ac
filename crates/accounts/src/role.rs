//! Roles and the places they hold in.

use std::fmt;
use std::str::FromStr;

use platform::store::{Bind, Column, Value};
use serde::{Deserialize, Serialize};

/// What somebody is to a place; within one place, the greater may more.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Of one occasion: sees, changes nothing.
    Observer,
    /// Of one occasion: works on invitations and guests.
    Coordinator,
    /// Of one occasion: everything there.
    OccasionOwner,
    /// Of the installation: people and settings.
    Admin,
    /// Of the installation: everything.
    Owner,
}

impl Role {
    const ALL: [Self; 5] = [
        Self::Observer,
        Self::Coordinator,
        Self::OccasionOwner,
        Self::Admin,
        Self::Owner,
    ];

    /// The word that is kept and shown in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Observer => "observer",
            Self::Coordinator => "coordinator",
            Self::OccasionOwner => "occasion_owner",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Whether there is such a role in `scope`.
    pub fn fits(self, scope: &Scope) -> bool {
        match scope {
            Scope::Site => self >= Self::Admin,
            Scope::Occasion(_) => self <= Self::OccasionOwner,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// There is no role of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a role")]
pub struct NotARole;

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        Self::ALL
            .into_iter()
            .find(|role| role.word() == text)
            .ok_or(NotARole)
    }
}

impl Bind for Role {
    fn bind(&self) -> Value<'_> {
        Value::Text(self.word())
    }
}

impl Column for Role {
    fn read(value: Value<'_>) -> Option<Self> {
        String::read(value)?.parse().ok()
    }
}

/// Where a role holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole installation.
    Site,
    /// One occasion, by id.
    Occasion(String),
}

impl Scope {
    /// The occasion with this id.
    pub fn occasion(id: impl fmt::Display) -> Self {
        Self::Occasion(id.to_string())
    }

    /// The word its kind is kept as.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Occasion(_) => "occasion",
        }
    }

    /// Which one; empty where there is only one.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Site => "",
            Self::Occasion(id) => id,
        }
    }

    /// The occasion whose log tells of it.
    pub(crate) fn audited(&self) -> Option<String> {
        match self {
            Self::Site => None,
            Self::Occasion(id) => Some(id.clone()),
        }
    }

    /// The role without which the place would be nobody's.
    pub(crate) fn top(&self) -> Role {
        match self {
            Self::Site => Role::Owner,
            Self::Occasion(_) => Role::OccasionOwner,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_have_words_and_places() {
        for role in Role::ALL {
            assert_eq!(role.word().parse(), Ok(role));
            assert_ne!(role.fits(&Scope::Site), role.fits(&Scope::occasion("x")));
        }
        assert_eq!("member".parse::<Role>(), Err(NotARole));
        assert!(Role::OccasionOwner > Role::Coordinator && Role::Coordinator > Role::Observer);
        assert!(None < Some(Role::Observer));
    }
}
