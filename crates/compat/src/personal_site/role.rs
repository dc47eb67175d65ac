//! The roles that can be granted through this API, under their names on the older personal site.
//! The older site's other roles are derived from the account's data.

use axum::http::StatusCode;
use identity::account::AccountId;
use identity::grant::TRUSTED_CONTACT;
use identity::people::{self, Acting, PeopleError};
use platform::Tx;
use utoipa as _; // of `words!`
use web::Problem;

web::words! {
    /// A role that administrators grant.
    Role {
        /// Administers the installation.
        Admin = "admin",
        /// Sees content that people share with the site's trusted contacts.
        TrustedContact = "trusted-contact",
    }
}

impl Role {
    /// Parses the name of a role.
    pub(super) fn read(word: &str) -> Result<Self, Problem> {
        let unknown = || Problem::new(StatusCode::BAD_REQUEST, "role_unknown");
        Self::find(word).ok_or_else(unknown)
    }

    /// Grants the role to a person, or revokes it.
    pub(super) fn set(
        self,
        tx: &mut Tx<'_>,
        by: &Acting,
        id: &AccountId,
        is_given: bool,
    ) -> Result<(), PeopleError> {
        if self == Self::Admin {
            return people::set_admin(tx, by, id, is_given);
        }
        let wanted: &[_] = if is_given { &[TRUSTED_CONTACT] } else { &[] };
        people::set_duties(tx, by, id, &[TRUSTED_CONTACT], wanted)
    }
}
