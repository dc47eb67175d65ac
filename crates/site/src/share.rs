//! What people share with others, and can end.

use web::Form;

use crate::addresses;

/// Something that somebody shares with others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The message that says what it is.
    pub kind: &'static str,
    /// What tells it from others of its kind.
    pub label: String,
    /// The address of the form that ends it. It leads back by
    /// [`after_ending`].
    pub end: String,
    /// What that form sends.
    pub fields: Vec<(&'static str, String)>,
}

/// Where a form leads that ended something shared: back to the list of these if it was sent from
/// there.
pub fn after_ending(form: &Form, otherwise: &str) -> String {
    match form.text("from") {
        "shared" => format!("{}?done=ended", addresses::SHARED),
        _ => otherwise.to_owned(),
    }
}
