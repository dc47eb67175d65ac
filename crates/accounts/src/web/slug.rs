//! The page on which people choose their own slug. The slug is their name in public URLs.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::tz::TimeZone;
use platform::Tx;
use platform::audit::RequestFacts;
use serde::Deserialize;
use web::form_state::{self, Control, Field, FormState};
use web::{Problem, Text, Wishes};

use identity::person::slug_change::{self, Alias, Slugs};
use identity::problem::email_unverified;
use identity::session::signed_in::{self, SignedIn};
use site::asking::{PageUser, Reader, Sender};
use site::call::see_other;
use site::{Context, frame};

pub(super) const HERE: &str = site::addresses::SLUG;

#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "slug.html")]
struct SlugPage<'a> {
    text: &'a Text,
    zone: TimeZone,
    done: bool,
    slugs: Slugs,
    field: Field,
    form_state: &'a FormState,
}

impl SlugPage<'_> {
    fn alias(&self, alias: &Alias) -> String {
        let until = self.text.moment_short_in(&self.zone, alias.until);
        let values = [
            ("slug", alias.slug.as_str().into()),
            ("until", until.into()),
        ];
        self.text.with("slug-alias", values)
    }
}

pub(super) async fn show(
    State(accounts): State<Context>,
    Query(done): Query<Done>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = accounts.site.speak(&wishes);
    let (done, form_state) = (done.done.is_some(), FormState::default());
    page(&accounts, &text, reader.user(), done, &form_state).await
}

async fn page(
    accounts: &Context,
    text: &Text,
    user: PageUser<'_>,
    done: bool,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let id = user.who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| slug_change::find(tx, &id);
    let slugs = accounts.site.store.read(look).await?;
    let control = Control::Line("text", "off");
    let field = form_state.field("slug", text.say("slug-new"), control);
    let body = SlugPage {
        text,
        zone: accounts.site.settings.time_zone.clone(),
        done,
        slugs,
        field: field.required(),
        form_state,
    };
    let title = text.say("slug-title");
    frame::show(&accounts.site, text, user, HERE, &title, body).await
}

pub(super) async fn change(
    State(accounts): State<Context>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let wanted = sender.form.text("slug").trim().to_owned();
    let done = rename(&accounts, &sender.who, wanted, &sender.request).await;
    let done = done.map(|()| see_other("/me/slug?done=1"));
    form_state::answer(done, async |problem| {
        let text = accounts.site.speak(&wishes);
        let form_state = FormState::refused(sender.form.clone(), &problem, &text).at("slug");
        page(&accounts, &text, sender.user(), false, &form_state).await
    })
    .await
}

pub(super) async fn rename(
    accounts: &Context,
    who: &SignedIn,
    wanted: String,
    request: &RequestFacts,
) -> Result<(), Problem> {
    let (who, request) = (who.clone(), request.clone());
    let change = move |tx: &mut Tx<'_>| -> Result<(), Problem> {
        let confirmed = signed_in::confirmed(tx, &who)?.ok_or_else(email_unverified)?;
        Ok(slug_change::change(tx, &confirmed, &wanted, &request)?)
    };
    accounts.site.store.write(change).await
}
