//! Forms as pages show them: fields with their complaints, and the summary on
//! top that leads to them.

use std::borrow::Cow;

use platform::Secret;
use platform::mail::Address;
use web::{Form, Problem, Site, Text};

use super::problem;
use crate::account::{DisplayName, NewAccount};
use crate::password::Password;

/// One field and the words around it.
pub(super) struct Field<'a> {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) autocomplete: &'static str,
    pub(super) label: Cow<'a, str>,
    pub(super) hint: Option<Cow<'a, str>>,
    pub(super) value: &'a str,
    pub(super) complaint: Option<String>,
}

/// What is wrong with a form: the field, and the words.
#[derive(Default)]
pub(super) struct Complaints(Vec<(String, String)>);

impl Complaints {
    /// What a problem says about fields; what it says about none of them stands
    /// at the field `first`.
    pub(super) fn of(problem: &Problem, first: &str, text: &Text) -> Self {
        if problem.errors.is_empty() {
            return Self(vec![(first.to_owned(), problem.detail(text))]);
        }
        let errors = problem.errors.iter();
        Self(
            errors
                .map(|error| {
                    (
                        error.pointer.trim_start_matches('/').to_owned(),
                        error.detail(text),
                    )
                })
                .collect(),
        )
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter()
    }

    pub(super) fn find(&self, field: &str) -> Option<String> {
        self.0
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, words)| words.clone())
    }
}

/// The fields of a new account, filled with what was typed but for the password.
pub(super) fn new_account_fields<'a>(
    text: &'a Text,
    form: &'a Form,
    complaints: &Complaints,
) -> Vec<Field<'a>> {
    let field = |name, kind, autocomplete, label, hint: Option<&'static str>| Field {
        name,
        kind,
        autocomplete,
        label: text.say(label),
        hint: hint.map(|id| text.say(id)),
        value: if kind == "password" {
            ""
        } else {
            form.text(name)
        },
        complaint: complaints.find(name),
    };
    vec![
        field("name", "text", "name", "account-name", None),
        field("email", "email", "username", "account-email", None),
        field(
            "password",
            "password",
            "new-password",
            "account-password",
            Some("account-password-hint"),
        ),
    ]
}

/// Reads a new account out of its form; every mistake is named at once.
pub(super) fn new_account(
    form: &Form,
    site: &Site,
    text: &Text,
) -> Result<(NewAccount, Password), Problem> {
    let mut wrong = Problem::fields();
    let name: Result<DisplayName, _> = form.text("name").parse();
    if let Err(error) = name {
        wrong = problem::name(wrong, "/name", error);
    }
    let email: Result<Address, _> = form.text("email").parse();
    if email.is_err() {
        wrong = wrong.field("/email", "email_invalid", []);
    }
    let known = [form.text("email"), form.text("name"), &site.settings.name];
    let password = Password::choose(&Secret::new(form.text("password")), &known);
    if let Err(weakness) = password {
        wrong = problem::password(wrong, "/password", weakness);
    }
    let (Ok(name), Ok(email), Ok(password)) = (name, email, password) else {
        return Err(wrong);
    };
    let zone = site.settings.time_zone.iana_name().unwrap_or("UTC");
    let new = NewAccount {
        name,
        email,
        locale: text.language().tag.to_string(),
        time_zone: zone.to_owned(),
    };
    Ok((new, password))
}
