//! Links to invitations. A code is short enough to type. In addition, a link carries `k`, a
//! signature for the code that only the installation's key can make. A request with the right `k`
//! therefore comes from a real link, not from somebody who guesses codes.

use platform::key::{self, Key};
use platform::{StoreError, Tx, secret};

use crate::code::{self, CodeKey};

pub const PARAMETER: &str = "k";
/// The length of `k`, 10 symbols out of 31 or about 49 bits.
const LENGTH: usize = 10;

/// The key that signs all links. It is stored in the database and never changes, because links are
/// printed.
#[derive(Clone, Debug)]
pub struct LinkKey(Option<Key>);

impl LinkKey {
    /// Reads the key. A store that Kenduri has never opened has no key.
    pub fn load(tx: &mut Tx<'_>) -> Result<Self, StoreError> {
        key::printed(tx, "links").map(Self)
    }

    /// Computes the `k` of a link to the invitation with this code.
    fn check(&self, code: &CodeKey) -> Option<String> {
        let mac = self.0.as_ref()?.mac(&[code.as_str()]);
        let symbols = mac.iter().take(LENGTH).map(|byte| code::symbol(*byte));
        Some(symbols.collect())
    }

    /// Returns whether `check` is the `k` of a link to the invitation with this code.
    pub fn is_right(&self, code: &CodeKey, check: &str) -> bool {
        let right = self.check(code);
        right.is_some_and(|right| secret::same(right.as_bytes(), check.as_bytes()))
    }

    /// Computes the `k` for a code in its display form.
    pub fn check_of(&self, code: &str) -> Option<String> {
        self.check(&CodeKey::parse(code).ok()?)
    }

    fn query(&self, code: &str) -> String {
        let check = self.check_of(code);
        check.map_or_else(String::new, |check| format!("?{PARAMETER}={check}"))
    }

    pub fn to(&self, code: &str) -> String {
        self.below(code, "")
    }

    /// Returns the link to a page below the invitation's, such as `/confirmation`.
    pub fn below(&self, code: &str, below: &str) -> String {
        format!("/invite/{code}{below}{}", self.query(code))
    }
}
