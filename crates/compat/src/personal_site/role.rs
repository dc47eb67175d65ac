//! Roles that are given here, in the older words. The others follow from the account itself, and
//! nobody gives them.

use axum::http::StatusCode;
use identity::account::AccountId;
use identity::grant::TRUSTED_CONTACT;
use identity::people::{self, Acting, PeopleError};
use platform::Tx;
use utoipa as _; // of `words!`
use web::Problem;

web::words! {
    /// A role that administrators give.
    Role {
        /// Administers the installation.
        Admin = "admin",
        /// Sees what is shown to trusted contacts of the site.
        TrustedContact = "trusted-contact",
    }
}

impl Role {
    /// The role of this word.
    pub(super) fn read(word: &str) -> Result<Self, Problem> {
        let unknown = || Problem::new(StatusCode::BAD_REQUEST, "role_unknown");
        Self::find(word).ok_or_else(unknown)
    }

    /// Gives it to somebody, or takes it away.
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
