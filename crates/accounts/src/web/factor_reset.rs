//! The pages on which people keep their second factors although an administrator has requested the
//! removal. People reach these pages through the mailed link or in a session.

use axum::extract::{Path, State};
use axum::response::Response;
use platform::{Secret, Tx};
use web::Problem;

use super::email_change::LinkPage;
use super::message::Message;
use super::without_sign_in::{Entrance, Entry};

use identity::people::factor_reset;
use identity::problem::gone;
use site::Context;
use site::asking::Sender;
use site::call::see_other;

/// The path of the form with which a signed-in person keeps their second factors.
pub(super) const KEEP: &str = site::addresses::KEEP_FACTORS;

pub(super) async fn look(
    State(accounts): State<Context>,
    Path(link): Path<String>,
    entrance: Entrance,
) -> Result<Response, Problem> {
    let link = Secret::new(link);
    let look = move |tx: &mut Tx<'_>| factor_reset::is_link(tx, &link);
    if !accounts.site.store.read(look).await? {
        return Err(gone());
    }
    let text = entrance.text.clone();
    let words = text.say("account-factors-keep-text").into_owned();
    let page = LinkPage::new(&text, "account-factors-keep", words);
    Ok(entrance.show(&accounts.site, "account-factors-keep", page))
}

pub(super) async fn keep_with_link(
    State(accounts): State<Context>,
    Path(link): Path<String>,
    entry: Entry,
) -> Result<Response, Problem> {
    let (link, entrance) = (Secret::new(link), entry.entrance);
    let request = entrance.client.request.clone();
    let change = move |tx: &mut Tx<'_>| factor_reset::keep_with_link(tx, &link, &request);
    if !accounts.site.store.write(change).await? {
        return Err(gone());
    }
    let message = Message {
        title: "account-factors-kept",
        words: "account-factors-kept-text",
        onward: Some(("/login", "account-sign-in")),
    };
    Ok(message.show(&accounts.site, entrance))
}

pub(super) async fn keep(
    State(accounts): State<Context>,
    sender: Sender,
) -> Result<Response, Problem> {
    let change = move |tx: &mut Tx<'_>| factor_reset::keep(tx, &sender.who, &sender.request);
    if accounts.site.store.write(change).await? {
        Ok(see_other("/me/security?done=kept"))
    } else {
        Ok(see_other("/me/security"))
    }
}
