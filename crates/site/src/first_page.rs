//! The pages that may stand at `/`, as domains declare them.

use platform::{StoreError, Tx};

/// A page of a domain that may stand at `/`.
#[derive(Clone, Copy, Debug)]
pub struct FirstPage {
    /// What it is set as: the word, or the word before a colon.
    pub word: &'static str,
    /// The message that names it.
    pub label: &'static str,
    /// What stands behind the colon, for people: `SLUG`; empty: there is no colon.
    pub argument: &'static str,
    /// Its address, by what stands behind the colon; `None`: it is not public.
    pub find: fn(&mut Tx<'_>, &str) -> Result<Option<String>, StoreError>,
}

impl FirstPage {
    /// How it is written: `countries:CODE`.
    pub fn form(&self) -> String {
        match self.argument {
            "" => self.word.to_owned(),
            argument => format!("{}:{argument}", self.word),
        }
    }
}
