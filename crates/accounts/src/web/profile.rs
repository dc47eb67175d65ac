//! The page with a person's own profile.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::tz::TimeZone;
use platform::Tx;
use platform::audit::RequestFacts;
use serde::Deserialize;
use web::fields::{self, Input};
use web::form_state::{self, Control, FormState, Group, TableForm};
use web::{Problem, Text, Wishes};

use identity::person::profile::{self, Profile};
use identity::session::signed_in::SignedIn;
use site::asking::{PageUser, Reader, Sender};
use site::call::see_other;
use site::{Context, frame};

pub(super) const HERE: &str = site::addresses::PROFILE;

#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "profile.html")]
struct ProfilePage<'a> {
    text: &'a Text,
    done: bool,
    groups: Vec<Group>,
    form_state: &'a FormState,
}

pub(super) async fn show(
    State(accounts): State<Context>,
    Query(done): Query<Done>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = accounts.site.speak(&wishes);
    let id = reader.who.account().id.clone();
    let look = move |tx: &mut Tx<'_>| profile::find(tx, &id);
    let profile = accounts.site.store.read(look).await?;
    let form = fields::form(Profile::FIELDS, &profile, 0, &TimeZone::UTC);
    let (done, form_state) = (done.done.is_some(), FormState::of(form));
    page(&accounts, &text, reader.user(), done, &form_state).await
}

async fn page(
    accounts: &Context,
    text: &Text,
    user: PageUser<'_>,
    done: bool,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let table = TableForm {
        text,
        form_state,
        languages: &[],
        zone: "",
    };
    let mut groups = table.groups(Profile::FIELDS, "profile-public");
    for field in groups.iter_mut().flat_map(|group| &mut group.fields) {
        if let Control::Line(_, autocomplete) = &mut field.control {
            *autocomplete = match field.name.as_str() {
                "display_name" => "nickname",
                "real_name" => "name",
                "website" => "url",
                _ => "off",
            };
        }
    }
    let body = ProfilePage {
        text,
        done,
        groups,
        form_state,
    };
    let title = text.say("profile-title");
    frame::show(&accounts.site, text, user, HERE, &title, body).await
}

pub(super) async fn change(
    State(accounts): State<Context>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let input = Input::Form(sender.form.clone(), Profile::FIELDS.to_vec());
    let done = save(&accounts, &sender.who, input, None, &sender.request).await;
    let done = done.map(|()| see_other("/me/profile?done=1"));
    form_state::answer(done, async |problem| {
        let text = accounts.site.speak(&wishes);
        let form_state = FormState::refused(sender.form.clone(), &problem, &text);
        page(&accounts, &text, sender.user(), false, &form_state).await
    })
    .await
}

/// Stores the person's profile and, if one was sent, their slug.
pub async fn save(
    accounts: &Context,
    who: &SignedIn,
    input: Input,
    slug: Option<String>,
    request: &RequestFacts,
) -> Result<(), Problem> {
    let (who, request) = (who.clone(), request.clone());
    let change =
        move |tx: &mut Tx<'_>| profile::change(tx, &who, &input, slug.as_deref(), &request);
    Ok(accounts.site.store.write(change).await?)
}
