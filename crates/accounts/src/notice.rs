//! The mail that tells people of a sign-in with a browser they have not used
//! before.

use platform::mail::{Address, NewMail, Stream};
use platform::{StoreError, Tx};
use web::{Language, Site};

use crate::account::Account;
use crate::client::{self, Client};

/// Writes the mail to the account's owner, in the language they read.
pub(crate) fn new_sign_in(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &Account,
    client: &Client,
) -> Result<(), StoreError> {
    let Ok(to) = account.email.parse::<Address>() else {
        return Ok(());
    };
    let text = site.catalogue.speak(&Language::of(&account.locale));
    let zone = jiff::tz::TimeZone::get(&account.time_zone);
    let zone = zone.unwrap_or_else(|_| site.settings.time_zone.clone());
    let moment = text.moment(&tx.now().to_zoned(zone));
    let browser = client::describe(&client.user_agent);
    let values = [
        ("name", account.display_name.as_str().into()),
        ("site", site.settings.name.as_str().into()),
        ("time", moment.as_str().into()),
        ("zone", account.time_zone.as_str().into()),
        (
            "browser",
            if browser.is_empty() { "none" } else { &browser }.into(),
        ),
        ("network", client.network().into()),
        ("address", site.url().join("/me/security").into()),
    ];
    tx.send_mail(NewMail {
        to,
        to_name: account.display_name.clone(),
        sender_name: None,
        reply_to: None,
        stream: Stream::Security,
        scope: None,
        subject: text.with("mail-sign-in-subject", &values),
        text: text.with("mail-sign-in-text", &values),
        html: None,
    })?;
    Ok(())
}
