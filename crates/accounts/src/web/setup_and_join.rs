//! The pages on which the first owner and invited people create an account.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use platform::{Secret, StoreError, Tx};
use web::form_state::{self, Field, FormState};
use web::{Form, Network, Problem, Site, Text};

use super::after_sign_in_or_out::{START, begun_at};
use super::new_account_form::{new_account, new_account_fields};
use super::without_sign_in::{Entrance, Entry};

use identity::grant::Role;
use identity::people::invite::{self, Invite, TakeError};
use identity::people::setup::{self, SetupError};
use identity::person::registration::Registration;
use identity::session::{self, Begun, Method, Stay};
use site::Context;
use site::call::see_other;

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage<'a> {
    text: &'a Text,
    fields: Vec<Field>,
    form_state: &'a FormState,
}

pub(super) async fn setup(
    State(accounts): State<Context>,
    Path(secret): Path<String>,
    entrance: Entrance,
) -> Result<Response, Problem> {
    check_setup(&accounts, secret).await?;
    Ok(setup_page(&accounts.site, entrance, &FormState::default()))
}

pub(super) async fn set_up(
    State(accounts): State<Context>,
    Path(secret): Path<String>,
    entry: Entry,
) -> Result<Response, Problem> {
    check_setup(&accounts, secret.clone()).await?;
    let Entry { entrance, form, .. } = entry;
    let done = try_set_up(&accounts, &entrance, &form, Secret::new(secret)).await;
    let done = done.map(|begun| begun_at(&accounts, &begun, START));
    form_state::answer(done, async |problem| {
        let form_state = FormState::refused(form, &problem, &entrance.text).at("email");
        Ok(setup_page(&accounts.site, entrance, &form_state))
    })
    .await
}

async fn check_setup(accounts: &Context, secret: String) -> Result<(), Problem> {
    let key = Secret::new(secret);
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> { setup::is_open(tx, &key) };
    if accounts.site.store.read(look).await? {
        Ok(())
    } else {
        Err(Problem::not_found())
    }
}

async fn try_set_up(
    accounts: &Context,
    entrance: &Entrance,
    form: &Form,
    key: Secret,
) -> Result<Begun, Problem> {
    let (new, password) = new_account(form, &accounts.site, entrance)?;
    let hash = accounts.hasher.hash(&password).await?;
    let client = entrance.client.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<_, SetupError> {
        setup::finish(tx, &key, &new, &hash, &client)
    };
    Ok(accounts.site.store.write(change).await?)
}

fn setup_page(site: &Site, entrance: Entrance, form_state: &FormState) -> Response {
    let text = entrance.text.clone();
    let page = SetupPage {
        text: &text,
        fields: new_account_fields(form_state, &text),
        form_state,
    };
    entrance.show(site, "account-setup", page)
}

#[derive(Template)]
#[template(path = "join.html")]
struct JoinPage<'a> {
    text: &'a Text,
    by: &'a str,
    title: Option<&'a str>,
    role: Role,
    address: &'a str,
    who: Option<&'a str>,
    /// The fields for a new account; `None` if the invite cannot create one.
    fields: Option<Vec<Field>>,
    can_register: bool,
    form_state: &'a FormState,
}

impl JoinPage<'_> {
    fn invites(&self) -> String {
        let role = self.text.say(self.role.label());
        let (name, role) = (("name", self.by.into()), ("role", role.into()));
        match self.title {
            Some(title) => {
                let values = [name, role, ("title", title.into())];
                self.text.with("account-join-to", values)
            }
            None => self.text.with("account-join-by", [name, role]),
        }
    }

    fn without_account(&self) -> String {
        let values = [("name", self.by.into())];
        self.text.with("account-join-without", values)
    }

    fn signed_in(&self, name: &str) -> String {
        self.text.with("account-join-as", [("name", name.into())])
    }
}

pub(super) async fn join(
    State(accounts): State<Context>,
    Path(secret): Path<String>,
    entrance: Entrance,
) -> Result<Response, Problem> {
    let shown = load_invite(&accounts, secret.clone()).await?;
    let address = shown.invite.address.iter();
    let form_state = FormState::of(
        address
            .map(|only| ("email".to_owned(), only.clone()))
            .collect(),
    );
    Ok(join_page(&accounts, entrance, &secret, &shown, &form_state))
}

pub(super) async fn accept(
    State(accounts): State<Context>,
    Path(secret): Path<String>,
    entry: Entry,
) -> Result<Response, Problem> {
    load_invite(&accounts, secret.clone()).await?;
    let Entry {
        entrance,
        network,
        form,
    } = entry;
    if let Some(who) = entrance.who.clone() {
        let (secret, domains) = (Secret::new(secret), accounts.domain_accounts);
        let change = move |tx: &mut Tx<'_>| -> Result<Invite, TakeError> {
            invite::take_as(tx, domains, &secret, &who)
        };
        let invite = accounts.site.store.write(change).await?;
        return Ok(see_other(invite.scope.kind().home));
    }
    let done = try_join(
        &accounts,
        &entrance,
        network,
        &form,
        Secret::new(secret.clone()),
    )
    .await;
    let done = done.map(|begun| begun_at(&accounts, &begun, START));
    form_state::answer(done, async |problem| {
        let shown = load_invite(&accounts, secret.clone()).await?;
        let form_state = FormState::refused(form, &problem, &entrance.text).at("email");
        Ok(join_page(&accounts, entrance, &secret, &shown, &form_state))
    })
    .await
}

async fn load_invite(accounts: &Context, secret: String) -> Result<invite::InviteDetails, Problem> {
    let (secret, domains) = (Secret::new(secret), accounts.domain_accounts);
    let look =
        move |tx: &mut Tx<'_>| -> Result<_, StoreError> { invite::find(tx, domains, &secret) };
    let shown = accounts.site.store.read(look).await?;
    Ok(shown.ok_or(TakeError::Gone)?)
}

async fn try_join(
    accounts: &Context,
    entrance: &Entrance,
    network: Network,
    form: &Form,
    secret: Secret,
) -> Result<Begun, Problem> {
    let (new, password) = new_account(form, &accounts.site, entrance)?;
    let store = &accounts.site.store;
    let counted = accounts.limits.join::<TakeError>(store, network).await?;
    let hash = match accounts.hasher.hash(&password).await {
        Ok(hash) => hash,
        Err(busy) => {
            counted.give_back_to(store).await?;
            return Err(busy.into());
        }
    };
    let (client, domains) = (entrance.client.clone(), accounts.domain_accounts);
    let change = move |tx: &mut Tx<'_>| -> Result<_, TakeError> {
        let (id, _) = invite::take_new(tx, domains, &secret, &new, &hash)?;
        let begun = session::begin(tx, &id, Method::Beginning, Stay::Visit, &client)?;
        counted.give_back(tx)?;
        begun.ok_or(TakeError::Gone)
    };
    Ok(store.write(change).await?)
}

fn join_page(
    accounts: &Context,
    entrance: Entrance,
    secret: &str,
    shown: &invite::InviteDetails,
    form_state: &FormState,
) -> Response {
    let text = entrance.text.clone();
    let invites_newcomers = shown.admits_newcomers;
    let who = entrance
        .who
        .as_ref()
        .map(|who| who.account().display_name.clone());
    let page = JoinPage {
        text: &text,
        by: &shown.by.display_name,
        title: shown.title.as_deref(),
        role: shown.invite.role,
        address: &format!("/admin/join/{secret}"),
        who: who.as_deref(),
        fields: invites_newcomers.then(|| new_account_fields(form_state, &text)),
        can_register: !invites_newcomers && accounts.policy.registration == Registration::Open,
        form_state,
    };
    entrance.show(&accounts.site, "account-join", page)
}
