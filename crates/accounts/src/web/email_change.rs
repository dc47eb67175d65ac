//! The page on which people confirm and change their own email address.

use std::sync::LazyLock;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use platform::mail::Address;
use platform::mail::suppression::{Cause, Place, Suppression};
use platform::{Secret, StoreError, Tx};
use serde::Deserialize;
use web::form_state::{self, Control, Field, FormState};
use web::{Facts, Network, Problem, Text, Wishes};

use super::message::Message;
use super::suppressed::cause_words;
use super::without_sign_in::{Entrance, Entry};

use identity::account;
use identity::person::email_change::{self, Confirmation};
use identity::person::suppressed;
use identity::person::verification::{self, ConfirmError};
use identity::session::signed_in::SignedIn;
use identity::session::sudo::Sudo;
use site::asking::{PageUser, Reader, Sender};
use site::call::{self, see_other};
use site::{Context, domains, frame};

const HERE: &str = "/me/email";

#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "email.html")]
struct EmailPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    email: &'a str,
    is_verified: bool,
    held: Vec<Suppression>,
    newsletters: Vec<Field>,
    field: Field,
    form_state: &'a FormState,
}

pub(super) async fn show(
    State(accounts): State<Context>,
    Query(done): Query<Done>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = accounts.site.speak(&wishes);
    let done = match done.done.as_deref() {
        Some("sent") => Some("account-address-sent"),
        Some("newsletters") => Some("account-newsletters-saved"),
        Some("subscribed") => Some("account-mail-subscribed"),
        _ => None,
    };
    page(&accounts, &text, reader.user(), done, &FormState::default()).await
}

async fn page(
    accounts: &Context,
    text: &Text,
    user: PageUser<'_>,
    done: Option<&'static str>,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let (account, keys) = (user.who.account().clone(), accounts.site.keys.clone());
    let offered = accounts.domains;
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let verified = account::verified_email(tx, &account.id)?;
        let mut held = suppressed::list_own(tx, &keys, &account)?;
        let mut newsletters = Vec::new();
        // Newsletters are sent only to confirmed email addresses, so only people with such an
        // address can choose them.
        for one in domains::newsletters(offered).filter(|_| verified.is_some()) {
            newsletters.push((one, one.is_sent(tx, &account.id, &held)?));
            held.retain(|held| !one.is_stopped_by(held));
        }
        Ok((verified, held, newsletters))
    };
    let (verified, held, newsletters) = accounts.site.store.read(look).await?;
    let control = Control::Line("email", "email");
    let field = form_state.field("email", text.say("account-address-new"), control);
    let newsletters = newsletters.into_iter().map(|(one, is_sent)| {
        let mut field = FormState::default().tick(one.name, text.say(one.label));
        if is_sent {
            "1".clone_into(&mut field.value);
        }
        field
    });
    let body = EmailPage {
        text,
        done,
        email: &user.who.account().email,
        is_verified: verified.is_some(),
        held,
        newsletters: newsletters.collect(),
        field: field.required(),
        form_state,
    };
    let title = text.say("account-address");
    frame::show(&accounts.site, text, user, HERE, &title, body).await
}

pub(super) async fn send_again(
    State(accounts): State<Context>,
    facts: Facts,
    sender: Sender,
) -> Result<Response, Problem> {
    verification::send_again(&accounts, sender.who.account(), facts.network()).await?;
    Ok(see_other("/me/email?done=sent"))
}

/// Mails a link that ends the suppression of the person's own email address. The link is mailed
/// despite the suppression.
pub(super) async fn receive(
    State(accounts): State<Context>,
    sender: Sender,
) -> Result<Response, Problem> {
    let (site, account) = (accounts.site.clone(), sender.who.account().clone());
    let change = move |tx: &mut Tx<'_>| suppressed::ask(tx, &site, &account);
    accounts.site.store.write(change).await?;
    Ok(see_other("/me/email?done=sent"))
}

/// Undoes the person's unsubscription.
pub(super) async fn subscribe(
    State(accounts): State<Context>,
    sender: Sender,
) -> Result<Response, Problem> {
    let place: Place = call::id(sender.form.text("id"))?;
    let (keys, account) = (accounts.site.keys.clone(), sender.who.account().clone());
    let request = sender.request.clone();
    let change =
        move |tx: &mut Tx<'_>| suppressed::subscribe(tx, &keys, &account, &place, &request);
    let done: Result<bool, StoreError> = accounts.site.store.write(change).await;
    done?;
    Ok(see_other("/me/email?done=subscribed"))
}

/// Stores which newsletters the person subscribes to.
pub(super) async fn choose_newsletters(
    State(accounts): State<Context>,
    sender: Sender,
) -> Result<Response, Problem> {
    let (keys, domains) = (accounts.site.keys.clone(), accounts.domains);
    let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        let account = sender.who.account();
        // Newsletters require an active account with a confirmed email address.
        if !account::lock(tx, &account.id)? || account::verified_email(tx, &account.id)?.is_none() {
            return Ok(());
        }
        domains::newsletters(domains).try_for_each(|one| {
            let is_wanted = sender.form.is_ticked(one.name);
            one.choose(tx, &keys, account, is_wanted, &sender.request)
        })
    };
    accounts.site.store.write(change).await?;
    Ok(see_other("/me/email?done=newsletters"))
}

pub(super) async fn ask(
    State(accounts): State<Context>,
    wishes: Wishes,
    facts: Facts,
    sender: Sender,
) -> Result<Response, Problem> {
    let email = sender.form.text("email");
    let done = mail_link(&accounts, &sender.who, email, facts.network()).await;
    let done = done.map(|()| see_other("/me/email?done=sent"));
    form_state::answer(done, async |problem| {
        let text = accounts.site.speak(&wishes);
        let form_state = FormState::refused(sender.form.clone(), &problem, &text).at("email");
        page(&accounts, &text, sender.user(), None, &form_state).await
    })
    .await
}

/// Mails a confirmation link to the account's new email address.
pub(super) async fn mail_link(
    accounts: &Context,
    who: &SignedIn,
    email: &str,
    network: Network,
) -> Result<(), Problem> {
    let sudo = Sudo::check(who.clone(), accounts.site.clock.now())?;
    let email: Address = email
        .parse()
        .map_err(|_| Problem::fields().field("/email", "email_invalid", []))?;
    Ok(email_change::ask(accounts, &sudo, &email, network).await?)
}

/// The page behind a confirmation link or an undo link.
#[derive(Template)]
#[template(path = "email_change.html")]
pub(super) struct LinkPage<'a> {
    text: &'a Text,
    title: &'static str,
    words: String,
    password: Option<Field>,
    form_state: &'a FormState,
}

impl<'a> LinkPage<'a> {
    /// The page for a link that requires no password. The person only has to press a button.
    pub(super) fn new(text: &'a Text, title: &'static str, words: String) -> LinkPage<'a> {
        static UNTOUCHED: LazyLock<FormState> = LazyLock::new(FormState::default);
        LinkPage {
            text,
            title,
            words,
            password: None,
            form_state: &UNTOUCHED,
        }
    }
}

pub(super) async fn look(
    State(accounts): State<Context>,
    Path(link): Path<String>,
    entrance: Entrance,
) -> Result<Response, Problem> {
    link_page(&accounts, link, entrance, &FormState::default()).await
}

async fn link_page(
    accounts: &Context,
    link: String,
    entrance: Entrance,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let link = Secret::new(link);
    let look = move |tx: &mut Tx<'_>| email_change::find(tx, &link);
    let shown = accounts.site.store.read(look).await?;
    let shown = shown.ok_or(ConfirmError::LinkGone)?;
    let text = entrance.text.clone();
    let control = Control::Line("password", "current-password");
    let password = form_state.field("password", text.say("account-password"), control);
    let is_proven = shown.is_proven(entrance.who.as_ref());
    let page = LinkPage {
        text: &text,
        title: "account-change",
        words: text.with("account-change-text", [("email", shown.to.as_str().into())]),
        password: (!is_proven).then(|| password.required()),
        form_state,
    };
    Ok(entrance.show(&accounts.site, "account-change", page))
}

pub(super) async fn confirm(
    State(accounts): State<Context>,
    Path(link): Path<String>,
    entry: Entry,
) -> Result<Response, Problem> {
    let Entry {
        entrance,
        form,
        network,
    } = entry;
    let asked = Confirmation {
        link: Secret::new(link.clone()),
        who: entrance.who.clone(),
        password: Secret::new(form.text("password")),
        network,
        client: entrance.client.clone(),
    };
    match email_change::confirm(&accounts, asked).await {
        Ok(()) => {
            let message = Message {
                title: "account-changed",
                words: "account-changed-text",
                onward: Some((HERE, "account-verified-onward")),
            };
            Ok(message.show(&accounts.site, entrance))
        }
        Err(ConfirmError::LinkGone) => Err(ConfirmError::LinkGone.into()),
        Err(error) => {
            form_state::answer(Err(error), async |problem: Problem| {
                let state = FormState::refused(form, &problem, &entrance.text).at("password");
                link_page(&accounts, link, entrance, &state).await
            })
            .await
        }
    }
}

pub(super) async fn look_back(
    State(accounts): State<Context>,
    Path(link): Path<String>,
    entrance: Entrance,
) -> Result<Response, Problem> {
    let link = Secret::new(link);
    let look = move |tx: &mut Tx<'_>| email_change::find_undo(tx, &link);
    let old = accounts.site.store.read(look).await?;
    let old = old.ok_or(ConfirmError::LinkGone)?;
    let text = entrance.text.clone();
    let page = LinkPage {
        text: &text,
        title: "account-undo",
        words: text.with("account-undo-text", [("email", old.as_str().into())]),
        password: None,
        form_state: &FormState::default(),
    };
    Ok(entrance.show(&accounts.site, "account-undo", page))
}

pub(super) async fn undo(
    State(accounts): State<Context>,
    Path(link): Path<String>,
    entry: Entry,
) -> Result<Response, Problem> {
    let (link, entrance) = (Secret::new(link), entry.entrance);
    let client = entrance.client.clone();
    let domains = accounts.domain_accounts;
    let change = move |tx: &mut Tx<'_>| email_change::undo(tx, domains, &link, &client);
    accounts.site.store.write(change).await?;
    let message = Message {
        title: "account-undone",
        words: "account-undone-text",
        onward: Some(("/forgot", "account-reset")),
    };
    Ok(message.show(&accounts.site, entrance))
}

pub(super) async fn look_at_receiving(
    State(accounts): State<Context>,
    Path(link): Path<String>,
    entrance: Entrance,
) -> Result<Response, Problem> {
    let link = Secret::new(link);
    let look = move |tx: &mut Tx<'_>| suppressed::find(tx, &link);
    let address = accounts.site.store.read(look).await?;
    let address = address.ok_or(ConfirmError::LinkGone)?;
    let text = entrance.text.clone();
    let email = [("email", address.as_str().into())];
    let page = LinkPage {
        text: &text,
        title: "account-receive",
        words: text.with("account-receive-text", email),
        password: None,
        form_state: &FormState::default(),
    };
    Ok(entrance.show(&accounts.site, "account-receive", page))
}

pub(super) async fn confirm_receiving(
    State(accounts): State<Context>,
    Path(link): Path<String>,
    entry: Entry,
) -> Result<Response, Problem> {
    let (link, entrance) = (Secret::new(link), entry.entrance);
    let (keys, request) = (accounts.site.keys.clone(), entrance.client.request.clone());
    let change = move |tx: &mut Tx<'_>| suppressed::confirm(tx, &keys, &link, &request);
    accounts.site.store.write(change).await?;
    let message = Message {
        title: "account-received",
        words: "account-received-text",
        onward: None,
    };
    Ok(message.show(&accounts.site, entrance))
}
