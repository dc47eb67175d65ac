//! Pages of domains that the site's owner may choose as the page at `/`.

use platform::{StoreError, Tx};

/// A domain's page that the site's owner may choose as the page at `/`.
#[derive(Clone, Copy, Debug)]
pub struct FirstPage {
    /// The keyword in the setting: the whole value, or the part before the colon.
    pub word: &'static str,
    /// The message id of the page's name.
    pub label: &'static str,
    /// A placeholder such as `SLUG` for the part after the colon in the setting; empty if there is
    /// no colon.
    pub argument: &'static str,
    /// Finds the page's path by the part after the colon in the setting. Returns `None` if the page
    /// is not public.
    pub find: fn(&mut Tx<'_>, &str) -> Result<Option<String>, StoreError>,
}

impl FirstPage {
    /// The syntax of the setting, such as `countries:CODE`.
    pub fn form(&self) -> String {
        match self.argument {
            "" => self.word.to_owned(),
            argument => format!("{}:{argument}", self.word),
        }
    }
}
