//! What people share with others, and can stop sharing.

use web::Form;

use crate::addresses;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The message that names the kind.
    pub kind: &'static str,
    /// The text that distinguishes this share from others of its kind.
    pub label: String,
    /// The path of the form that ends the sharing. Afterwards, it redirects by [`after_ending`].
    pub end: String,
    /// The fields which that form sends.
    pub fields: Vec<(&'static str, String)>,
}

/// The path that follows a form which ended a share: the list of shares if the form was sent from
/// there, and `otherwise` in all other cases.
pub fn after_ending(form: &Form, otherwise: &str) -> String {
    match form.text("from") {
        "shared" => format!("{}?done=ended", addresses::SHARED),
        _ => otherwise.to_owned(),
    }
}
