//! Pages of domains that the site's owner may choose as the page at `/`.

use platform::{StoreError, Tx};

/// A domain's page that the site's owner may choose as the page at `/`.
#[derive(Clone, Copy, Debug)]
pub struct FirstPage {
    /// The keyword that chooses this page in the setting. It is the setting's whole value or the
    /// text before the colon.
    pub word: &'static str,
    /// The message id of the page's name.
    pub label: &'static str,
    /// A placeholder, such as `SLUG`, for the text after the colon in the setting. Empty if the
    /// setting has no colon.
    pub argument: &'static str,
    /// Finds the page's path by the text after the colon in the setting. Returns `None` if the page
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
