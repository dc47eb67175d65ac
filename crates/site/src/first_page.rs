//! The pages that domains declare and that an owner may choose for `/`.

use platform::{StoreError, Tx};

/// A page of a domain that an owner may choose for `/`.
#[derive(Clone, Copy, Debug)]
pub struct FirstPage {
    /// The page's keyword in the setting, which is the whole value or the part before the colon.
    pub word: &'static str,
    /// The message with the page's name.
    pub label: &'static str,
    /// A placeholder for the part after the colon, such as `SLUG`; empty if the setting has no
    /// colon.
    pub argument: &'static str,
    /// Finds the page's path from the part after the colon; `None` if the page is not public.
    pub find: fn(&mut Tx<'_>, &str) -> Result<Option<String>, StoreError>,
}

impl FirstPage {
    /// The form of the setting, such as `countries:CODE`.
    pub fn form(&self) -> String {
        match self.argument {
            "" => self.word.to_owned(),
            argument => format!("{}:{argument}", self.word),
        }
    }
}
