//! Items that people share with others and can stop sharing.

use web::Form;

use crate::addresses;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The message id of a name for this kind of share.
    pub kind: &'static str,
    /// The label that distinguishes this share from other shares of the same kind.
    pub label: String,
    /// The path of the form that ends the sharing. Afterwards, the form redirects to the path from
    /// [`after_ending`].
    pub end: String,
    /// The hidden fields that the form submits.
    pub fields: Vec<(&'static str, String)>,
}

/// The path to which the browser is redirected after a form has ended a share. Returns the list of
/// shares if the form was sent from that list, and `otherwise` if not.
pub fn after_ending(form: &Form, otherwise: &str) -> String {
    match form.text("from") {
        "shared" => format!("{}?done=ended", addresses::SHARED),
        _ => otherwise.to_owned(),
    }
}
