//! What a domain shows on pages that belong to none: cards, and hints for those who sign in.

use web::Link;

/// A part of the page that people land on after signing in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The message that heads it.
    pub title: &'static str,
    /// What somebody has.
    pub lines: Vec<CardLine>,
    /// What they can begin or look at.
    pub links: Vec<Link>,
    /// A form with one field.
    pub form: Option<CardForm>,
}

/// A form with one field. Labels are messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CardForm {
    /// The address that the form is sent to.
    pub action: &'static str,
    /// The field's name.
    pub name: &'static str,
    /// The field's label.
    pub label: &'static str,
    /// The button's label.
    pub button: &'static str,
}

/// A line for something that the person has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardLine {
    /// The line's text.
    pub label: String,
    /// The line's address.
    pub href: String,
    /// A sentence about it.
    pub note: String,
}

/// A sentence below the sign-in form, with a link.
#[derive(Clone, Copy, Debug)]
pub struct SignInHint {
    /// The message.
    pub text: &'static str,
    /// The link's address.
    pub link: Link,
}
