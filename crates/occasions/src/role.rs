//! Declares occasions as a kind of scope for grants, with the roles that people can have in it.

use identity::grant::{self, Scope, ScopeKind};
use identity::session::signed_in::SignedIn;
use platform::{StoreError, Tx};

use crate::id::OccasionId;
pub use crate::words::Role;

/// The kind of scope for roles in occasions. The scope's id is the occasion's id.
pub static OCCASION: ScopeKind = ScopeKind {
    name: "occasion",
    top: OWNER,
    below: &[COORDINATOR, OBSERVER],
    duties: &[],
    only: "host-token-one",
    home: "/admin",
    makes_hosts: true,
    invites_newcomers: true,
};

const OWNER: grant::Role = grant::Role::new("occasion_owner", "host-join-as-occasion-owner");
const COORDINATOR: grant::Role = grant::Role::new("coordinator", "host-join-as-coordinator");
const OBSERVER: grant::Role = grant::Role::new("observer", "host-join-as-observer");

impl From<Role> for grant::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Observer => OBSERVER,
            Role::Coordinator => COORDINATOR,
            Role::OccasionOwner => OWNER,
        }
    }
}

impl From<grant::Role> for Role {
    /// A role from another kind of scope counts as the lowest role in an occasion.
    fn from(role: grant::Role) -> Self {
        match role {
            OWNER => Self::OccasionOwner,
            COORDINATOR => Self::Coordinator,
            _ => Self::Observer,
        }
    }
}

pub fn scope(occasion: &OccasionId) -> Scope {
    OCCASION.scope(occasion)
}

/// Returns the role that `who` has in the occasion now.
pub(crate) fn of(
    tx: &mut Tx<'_>,
    who: &SignedIn,
    occasion: &OccasionId,
) -> Result<Option<Role>, StoreError> {
    let rank = grant::rank_in(tx, who, &scope(occasion))?;
    Ok(rank.map(Role::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_their_ranks_in_the_same_order() {
        for role in Role::ALL {
            let rank = grant::Role::from(*role);
            assert_eq!((rank.word(), Role::from(rank)), (role.word(), *role));
            for other in Role::ALL {
                let is_at_least = OCCASION.at_least(rank, (*other).into());
                assert_eq!(is_at_least, role >= other, "{rank} {other:?}");
            }
        }
    }
}
