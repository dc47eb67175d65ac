//! The form with which an account is created.

use platform::Secret;
use platform::mail::Address;
use web::form_state::{Control, Field, FormState};
use web::{Form, Problem, Site, Text};

use identity::account::{DisplayName, NewAccount};
use identity::credential::password::Password;
use identity::problem;
use site::without_sign_in::Entrance;

pub(super) fn new_account_fields(form_state: &FormState, text: &Text) -> Vec<Field> {
    let field = |name, control, label| {
        let field = form_state.field(name, text.say(label), control);
        field.required()
    };
    vec![
        field("name", Control::Line("text", "name"), "account-name"),
        field("email", Control::Line("email", "username"), "account-email"),
        field(
            "password",
            Control::Line("password", "new-password"),
            "account-password",
        )
        .hint(text.say("account-password-hint")),
    ]
}

/// Parses and validates the form of a new account. All errors are reported at once.
pub(super) fn new_account(
    form: &Form,
    site: &Site,
    entrance: &Entrance,
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
    let new = NewAccount {
        name,
        email,
        locale: entrance.locale.clone(),
        zone: entrance.zone(site),
    };
    Ok((new, password))
}
