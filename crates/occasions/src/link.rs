//! Links to invitations. Besides the code, which is short enough to type, a link carries `k`: a
//! check of the code that only the installation's key can make. A request with the right `k`
//! therefore comes from a real link, not from somebody who guesses codes.

use platform::key::{self, Key};
use platform::{StoreError, Tx, secret};

use crate::code::{self, CodeKey};

/// The query parameter.
pub const PARAMETER: &str = "k";
/// Length of a check: 10 of 31 symbols make 49 bits.
const LENGTH: usize = 10;

/// The key that signs all links. It stays in the store, because links are printed.
#[derive(Clone, Debug)]
pub struct LinkKey(Option<Key>);

impl LinkKey {
    /// Reads the key; a store that no program has opened yet has none.
    pub fn load(tx: &mut Tx<'_>) -> Result<Self, StoreError> {
        key::printed(tx, "links").map(Self)
    }

    /// The `k` of a link to the invitation with this code.
    fn check(&self, code: &CodeKey) -> Option<String> {
        let mac = self.0.as_ref()?.mac(&[code.as_str()]);
        let symbols = mac.iter().take(LENGTH).map(|byte| code::symbol(*byte));
        Some(symbols.collect())
    }

    /// Whether `check` came from a link to the invitation with this code.
    pub fn is_right(&self, code: &CodeKey, check: &str) -> bool {
        let right = self.check(code);
        right.is_some_and(|right| secret::same(right.as_bytes(), check.as_bytes()))
    }

    /// The `k` for a code in its display form.
    pub fn check_of(&self, code: &str) -> Option<String> {
        self.check(&CodeKey::parse(code).ok()?)
    }

    /// The query `?k=…` for this code.
    fn query(&self, code: &str) -> String {
        let check = self.check_of(code);
        check.map_or_else(String::new, |check| format!("?{PARAMETER}={check}"))
    }

    /// The address of the invitation with this code, with its `k`.
    pub fn to(&self, code: &str) -> String {
        self.below(code, "")
    }

    /// An address below it, such as `/confirmation`.
    pub fn below(&self, code: &str, below: &str) -> String {
        format!("/invite/{code}{below}{}", self.query(code))
    }
}
