//! The setting that determines who must have a second factor.

use platform::{StoreError, Tx};

use crate::account::AccountId;
use crate::credential::passkey;
use crate::credential::second_factor::is_enrolled;
use crate::grant::{self, Scope};

/// The accounts that must have a second factor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequireMfaFor {
    #[default]
    None,
    /// The owners and administrators of the installation.
    Admins,
    All,
}

impl RequireMfaFor {
    /// Whether the account is required to have a second factor but has none. A passkey counts as a
    /// second factor.
    pub fn is_unmet(self, tx: &mut Tx<'_>, account: &AccountId) -> Result<bool, StoreError> {
        let is_required = match self {
            Self::None => false,
            Self::Admins => grant::rank_of(tx, account, &Scope::site())?.is_some(),
            Self::All => true,
        };
        Ok(is_required && !is_enrolled(tx, account)? && passkey::list(tx, account)?.is_empty())
    }
}
