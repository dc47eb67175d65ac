//! The page of a countdown's owners.

use accounts::account::AccountId;
use accounts::grant::Member;
use accounts::invite::Invite;
use accounts::web::asking::{Reader, Sender};
use accounts::web::call::{id as parse, see_other};
use accounts::web::{frame, shared};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use platform::Tx;
use platform::id::Id as _;
use web::form_state::{self, FormState};
use web::{Problem, Site, Text, Wishes};

use super::{Asking, HERE, at, done};
use crate::Refusal;
use crate::co_owners;
use crate::countdown::{self, Countdown, CountdownId, OwnerOf};

#[derive(Template)]
#[template(path = "own/co_owners.html")]
struct OwnersPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    done: Option<&'static str>,
    form_state: &'a FormState,
    countdown: &'a Countdown,
    /// The link that was just made; shown this once.
    link: Option<&'a str>,
    owners: &'a [Member],
    /// Under whose name it is found.
    named_after: &'a AccountId,
    invites: Vec<Open>,
}

/// An invite that nobody has taken yet.
struct Open {
    id: String,
    until: String,
}

struct Loaded {
    countdown: Countdown,
    named_after: AccountId,
    owners: Vec<Member>,
    invites: Vec<Invite>,
}

/// `GET /me/countdowns/{id}/owners`.
pub(in crate::web) async fn show(
    State(site): State<Site>,
    Path(id): Path<String>,
    uri: Uri,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = site.speak(&wishes);
    let asking = Asking::reader(&site, &text, &reader);
    page(
        &asking,
        &parse(&id)?,
        done(&uri),
        None,
        &FormState::default(),
    )
    .await
}

async fn page(
    asking: &Asking<'_>,
    id: &CountdownId,
    done: Option<&'static str>,
    link: Option<&str>,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let text = asking.text;
    let look = |tx: &mut Tx<'_>, owner: &OwnerOf| {
        Ok(Loaded {
            countdown: owner.countdown().clone(),
            named_after: countdown::account_of(tx, &owner.countdown().id)?,
            owners: co_owners::list(tx, owner)?,
            invites: co_owners::list_invites(tx, owner)?,
        })
    };
    let loaded = asking.read(id, look).await?;
    let zone = loaded.countdown.zone();
    let open = |invite: &Invite| Open {
        id: invite.id.clone(),
        until: text.moment_short(&invite.expires_at.to_zoned(zone.clone())),
    };
    let body = OwnersPage {
        text,
        csrf: asking.csrf,
        done,
        form_state,
        link,
        owners: &loaded.owners,
        named_after: &loaded.named_after,
        invites: loaded.invites.iter().map(open).collect(),
        countdown: &loaded.countdown,
    };
    let (who, title) = ((asking.who, asking.csrf), text.say("countdown-owners"));
    frame::show(asking.site, text, who, (HERE, &title), body).await
}

/// `POST /me/countdowns/{id}/owners/invite`: a link, shown this once.
pub(in crate::web) async fn invite(
    State(site): State<Site>,
    Path(id): Path<String>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let id: CountdownId = parse(&id)?;
    let enter = countdown::entrance(&sender.who, &id, &sender.request);
    let change = move |tx: &mut Tx<'_>| {
        let owner = enter(tx)?;
        co_owners::invite(tx, &owner)
    };
    let made = site.store.write(change).await;
    let text = site.speak(&wishes);
    let asking = Asking::sender(&site, &text, &sender);
    match made {
        Ok(secret) => {
            let path = format!("/admin/join/{}", secret.reveal());
            let link = site.url().join(&path);
            page(&asking, &id, None, Some(&link), &FormState::default()).await
        }
        Err(refusal) => refused(&asking, &id, refusal).await,
    }
}

/// `POST /me/countdowns/{id}/owners/withdraw`.
pub(in crate::web) async fn withdraw(
    State(site): State<Site>,
    Path(id): Path<String>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let invite = sender.form.text("invite").to_owned();
    let change = move |tx: &mut Tx<'_>, owner: &OwnerOf| co_owners::withdraw(tx, owner, &invite);
    write(&site, &parse(&id)?, &wishes, &sender, change).await
}

/// `POST /me/countdowns/{id}/owners/remove`: somebody else, or oneself.
pub(in crate::web) async fn remove(
    State(site): State<Site>,
    Path(id): Path<String>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let account = AccountId::from_text(sender.form.text("account").to_owned());
    let change = move |tx: &mut Tx<'_>, owner: &OwnerOf| co_owners::remove(tx, owner, &account);
    write(&site, &parse(&id)?, &wishes, &sender, change).await
}

async fn write<F>(
    site: &Site,
    id: &CountdownId,
    wishes: &Wishes,
    sender: &Sender,
    change: F,
) -> Result<Response, Problem>
where
    F: Fn(&mut Tx<'_>, &OwnerOf) -> Result<(), Refusal> + Send + 'static,
{
    let enter = countdown::entrance(&sender.who, id, &sender.request);
    let change = move |tx: &mut Tx<'_>| {
        let owner = enter(tx)?;
        change(tx, &owner)
    };
    if let Err(refusal) = site.store.write(change).await {
        let text = site.speak(wishes);
        return refused(&Asking::sender(site, &text, sender), id, refusal).await;
    }
    // Who left finds their other ones.
    let is_me = sender.form.text("account") == sender.who.account().id.as_str();
    let onward = if is_me {
        format!("{HERE}?done=saved")
    } else {
        at(id, "/owners?done=saved")
    };
    Ok(see_other(&shared::after(&sender.form, &onward)))
}

async fn refused(
    asking: &Asking<'_>,
    id: &CountdownId,
    refusal: Refusal,
) -> Result<Response, Problem> {
    form_state::answer(Err(refusal), async |problem| {
        let form_state = FormState::refused(web::Form::default(), &problem, asking.text);
        page(asking, id, None, None, &form_state).await
    })
    .await
}
