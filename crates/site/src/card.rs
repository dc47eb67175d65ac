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
    /// Where it is sent.
    pub action: &'static str,
    /// The field's name.
    pub name: &'static str,
    /// The field's label.
    pub label: &'static str,
    /// What the button says.
    pub button: &'static str,
}

/// Something that somebody has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardLine {
    /// What it is called.
    pub label: String,
    /// Where it is.
    pub href: String,
    /// What is to be said of it.
    pub note: String,
}

/// A sentence below the sign-in form, and where it leads.
#[derive(Clone, Copy, Debug)]
pub struct SignInHint {
    /// The message.
    pub text: &'static str,
    /// What it leads to.
    pub link: Link,
}
