//! Changing a person's own password, for the page and the JSON API.

use platform::Secret;
use web::Problem;

use identity::client::Client;
use identity::credential::password::Password;
use identity::problem;
use identity::session::Stay;
use identity::session::signed_in::SignedIn;
use identity::sign_in::own_password::{self, Change};
use site::Context;

/// What a person typed to change a password.
pub struct TypedPasswords {
    pub current: Secret,
    pub new: Secret,
}

/// Changes a person's password after checking the current password. `pointer` names the field to
/// which errors in the new password are assigned.
pub async fn renew_password(
    accounts: &Context,
    who: &SignedIn,
    client: Client,
    passwords: TypedPasswords,
    pointer: &str,
) -> Result<(Secret, Stay), Problem> {
    let account = who.account();
    let known = [
        account.email.as_str(),
        &account.display_name,
        &accounts.site.settings.name,
    ];
    let new = Password::choose(&passwords.new, &known)
        .map_err(|weakness| problem::password(Problem::fields(), pointer, weakness))?;
    let change = Change {
        current: passwords.current,
        new,
        client,
    };
    Ok(own_password::change(accounts, who, change).await?)
}
