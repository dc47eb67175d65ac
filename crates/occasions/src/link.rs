//! Links to invitations. A code is short, so that people can type it. This also means that it can
//! be guessed. So a link also contains `k`, a signature of the code. Only this installation can
//! make the signature, so only somebody who has the link can send the right `k`.

use platform::key::{self, Key};
use platform::{StoreError, Tx, secret};

use crate::code::{self, CodeKey};

pub const PARAMETER: &str = "k";
/// The length of `k`: 10 characters from an alphabet of 31, which is about 49 bits.
const LENGTH: usize = 10;

/// The key that signs links. It is stored in the database and never changes, because links are on
/// printed cards. `None` if there is no key yet, because Kenduri has never opened the store.
#[derive(Clone, Debug)]
pub struct LinkKey(Option<Key>);

impl LinkKey {
    pub fn load(tx: &mut Tx<'_>) -> Result<Self, StoreError> {
        key::printed(tx, "links").map(Self)
    }

    fn check(&self, code: &CodeKey) -> Option<String> {
        let mac = self.0.as_ref()?.mac(&[code.as_str()]);
        let symbols = mac.iter().take(LENGTH).map(|byte| code::symbol(*byte));
        Some(symbols.collect())
    }

    /// Whether `check` is the right `k` for the invitation with this code.
    pub fn is_right(&self, code: &CodeKey, check: &str) -> bool {
        let right = self.check(code);
        right.is_some_and(|right| secret::same(right.as_bytes(), check.as_bytes()))
    }

    /// Computes the parameter `k` for a code in its displayed form.
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

    /// Returns the link to a page below the invitation's page. `below` is a path such as
    /// `/confirmation`.
    pub fn below(&self, code: &str, below: &str) -> String {
        format!("/invite/{code}{below}{}", self.query(code))
    }

    /// Like [`Self::below`], with one more parameter in the query.
    pub fn below_with(&self, code: &str, below: &str, name: &str, value: &str) -> String {
        let address = self.below(code, below);
        let mark = if address.contains('?') { '&' } else { '?' };
        format!("{address}{mark}{name}={value}")
    }
}
