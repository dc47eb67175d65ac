//! The two faces of a [`Resource`]: the hosts' pages that list it, add one, change
//! and remove it, and the same operations as JSON.

use std::borrow::Cow;
use std::marker::PhantomData;

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, patch, post};
use serde_json::{Map, Value};
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use web::described::{self, Operation, Routes};
use web::fields::{self, Kind};
use web::json::Received;
use web::{Field, Input, Json, List, Problem, Site, Text};

use crate::hosting::resource::{self, Resource};
use crate::hosting::{Permission, Refusal};
use crate::token_scopes::{OCCASION_READ, OCCASION_WRITE};
use crate::web::api::host::call::{Call, Place as Entrance, answer};
use crate::web::api::host::change_response::{Receipt, Saved, Sees, Shown};
use crate::web::host::form_state::{self, Control, FormState, Group};
use crate::web::host::frame::Place;
use crate::web::host::request::{HostForm, HostRequest, PageContext};
use crate::web::host::wording::Wording;

/// What a resource shows of itself.
pub(crate) trait WebResource: Resource + ToSchema {
    /// Where its pages are, below the occasion's.
    const PAGES: &'static str;
    /// Where they are in the navigation.
    const PLACE: Place;
    /// The messages of its pages.
    const MESSAGES: Messages;
    /// What the API's description says.
    const API: Description;

    /// What one is called.
    fn title(&self, wording: &Wording<'_>) -> String;

    /// A message above the fields of one.
    fn note(&self) -> Option<&'static str>;

    /// The page that lists all.
    fn list_page(req: &HostRequest, context: &PageContext, all: &[Self]) -> Response;
}

/// Messages of the pages.
#[derive(Debug)]
pub(crate) struct Messages {
    /// All of them.
    pub(crate) list: &'static str,
    /// A new one.
    pub(crate) new: &'static str,
    /// The legend of all fields that are no texts.
    pub(crate) settings: &'static str,
    pub(crate) remove: &'static str,
    pub(crate) remove_effect: &'static str,
}

/// Sentences of the API's description.
#[derive(Debug)]
pub(crate) struct Description {
    pub(crate) path: &'static str,
    /// The tag of its operations.
    pub(crate) tag: &'static str,
    pub(crate) list: &'static str,
    pub(crate) create: &'static str,
    pub(crate) change: &'static str,
    pub(crate) remove: &'static str,
    /// What the body of a change holds.
    pub(crate) body: &'static str,
}

/// The addresses of the pages.
pub(crate) fn pages<R: WebResource>() -> Router<Site> {
    let at = R::PAGES;
    Router::new()
        .route(at, get(list_page::<R>))
        .route(
            &format!("{at}/new"),
            get(new_page::<R>).post(create_by_form::<R>),
        )
        .route(
            &format!("{at}/{{id}}"),
            get(edit_page::<R>).post(change_by_form::<R>),
        )
        .route(&format!("{at}/{{id}}/remove"), post(remove_by_form::<R>))
}

async fn list_page<R: WebResource>(req: HostRequest) -> Result<Response, Problem> {
    let (context, all) = req
        .read(|tx, context| {
            context.needs(Permission::Own)?;
            resource::list::<R>(tx, &context.host)
        })
        .await?;
    Ok(R::list_page(&req, &context, &all))
}

async fn new_page<R: WebResource>(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req
        .read(|_, context| context.needs(Permission::Own))
        .await?;
    let mut form = fields::form(R::FIELDS, &R::blank(&[]), 0);
    // What is left empty is chosen when it is saved, beside those that are there.
    form.remove(&["key", "position"]);
    Ok(edit_form::<R>(&req, &context, &FormState::of(form), None))
}

async fn edit_page<R: WebResource>(req: HostRequest) -> Result<Response, Problem> {
    let (context, one) = load::<R>(&req).await?;
    let form = fields::form(R::FIELDS, &one, one.version());
    Ok(edit_form(&req, &context, &FormState::of(form), Some(&one)))
}

async fn load<R: WebResource>(req: &HostRequest) -> Result<(PageContext, R), Refusal> {
    let key = req.piece("id").to_owned();
    req.read(move |tx, context| {
        context.needs(Permission::Own)?;
        resource::find(tx, &context.host, &key)
    })
    .await
}

async fn create_by_form<R: WebResource>(posted: HostForm) -> Result<Response, Problem> {
    let (input, list) = (Input::Form(posted.form.clone()), posted.req.at(R::PAGES));
    let done = posted
        .once(R::HISTORY.created, move |tx, host| {
            resource::create::<R>(tx, host, &input)?;
            Ok(format!("{list}?done=created"))
        })
        .await;
    answer_form::<R>(&posted, done, true).await
}

async fn change_by_form<R: WebResource>(posted: HostForm) -> Result<Response, Problem> {
    let (input, list) = (Input::Form(posted.form.clone()), posted.req.at(R::PAGES));
    let key = posted.req.piece("id").to_owned();
    let version = form_state::number(&posted.form, "version").unwrap_or_default();
    let done = posted
        .once(R::HISTORY.changed, move |tx, host| {
            resource::change::<R>(tx, host, &key, version, &input)?;
            Ok(format!("{list}?done=saved"))
        })
        .await;
    answer_form::<R>(&posted, done, false).await
}

async fn remove_by_form<R: WebResource>(posted: HostForm) -> Result<Response, Problem> {
    let (key, list) = (posted.req.piece("id").to_owned(), posted.req.at(R::PAGES));
    let done = posted
        .once(R::HISTORY.removed, move |tx, host| {
            let left = resource::remove::<R>(tx, host, &key)?;
            let done = left.map_or("removed", |_| "away");
            Ok(format!("{list}?done={done}"))
        })
        .await;
    Ok(done?)
}

/// What became of a form: on to the list, or the form again with what is wrong in it.
async fn answer_form<R: WebResource>(
    posted: &HostForm,
    done: Result<Response, Refusal>,
    is_new: bool,
) -> Result<Response, Problem> {
    let refusal = match done {
        Ok(response) => return Ok(response),
        Err(refusal) if form_state::is_about_form(&refusal) => refusal,
        Err(refusal) => return Err(refusal.into()),
    };
    let (req, form) = (&posted.req, &posted.form);
    let (context, stored) = if is_new {
        let (context, ()) = req
            .read(|_, context| context.needs(Permission::Own))
            .await?;
        (context, None)
    } else {
        let (context, stored) = load::<R>(req).await?;
        (context, Some(stored))
    };
    let is_clash = matches!(refusal, Refusal::VersionConflict(_));
    let problem = Problem::from(refusal);
    let form_state = match &stored {
        Some(stored) if is_clash => {
            let stored = fields::form(R::FIELDS, stored, stored.version());
            FormState::clashing(form, stored, "host-save", &req.text)
        }
        _ => FormState::refused(form.clone(), &problem, &req.text),
    };
    let page = edit_form(req, &context, &form_state, stored.as_ref());
    Ok((problem.status, page).into_response())
}

#[derive(Template)]
#[template(path = "host/resource.html")]
struct EditForm<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    form_state: &'a FormState,
    messages: Messages,
    title: String,
    note: Option<&'static str>,
    back: String,
    action: String,
    groups: Vec<Group>,
    /// Where a removal is sent.
    remove: Option<String>,
}

fn edit_form<R: WebResource>(
    req: &HostRequest,
    context: &PageContext,
    form_state: &FormState,
    one: Option<&R>,
) -> Response {
    let wording = req.wording(context);
    let back = wording.at(R::PAGES);
    let (title, action) = match one {
        None => (req.text.say(R::MESSAGES.new).into(), format!("{back}/new")),
        Some(one) => (one.title(&wording), format!("{back}/{}", one.key())),
    };
    let body = EditForm {
        text: &req.text,
        csrf: &req.csrf,
        submission: req.submission(),
        messages: R::MESSAGES,
        note: one.and_then(R::note),
        groups: groups::<R>(&wording, form_state, one.is_none()),
        remove: one.map(|_| format!("{action}/remove")),
        title: title.clone(),
        back,
        action,
        form_state,
    };
    req.page(context, R::PLACE, &title, body)
}

/// A group for each text in several languages, then one for all other fields.
fn groups<R: WebResource>(
    wording: &Wording<'_>,
    form_state: &FormState,
    is_new: bool,
) -> Vec<Group> {
    let say = |id: &str| wording.text.say(id).into_owned();
    let tags = &wording.occasion.details.languages;
    let shown = R::FIELDS.iter().filter(|field| is_new || !field.is_fixed);
    let (mut groups, mut others) = (Vec::new(), Vec::new());
    for Field {
        name,
        kind,
        label,
        hint,
        ..
    } in shown
    {
        let control = match kind {
            Kind::Texts(limits) => {
                let control = || {
                    if limits.lines {
                        Control::Lines
                    } else {
                        Control::Line("text", "off")
                    }
                };
                let mut group = form_state.texts(name, say(label), tags, control);
                if let (Some(first), Some(hint)) = (group.fields.first_mut(), hint) {
                    first.hint = Some(say(hint));
                }
                groups.push(group);
                continue;
            }
            Kind::Key => Control::Line("text", "off"),
            Kind::Flag => Control::Tick,
            Kind::Number(..) => Control::Number,
        };
        let mut field = form_state.field(name, say(label), control);
        field.hint = hint.map(say);
        others.push(field);
    }
    groups.push(Group {
        legend: say(R::MESSAGES.settings),
        fields: others,
    });
    groups
}

/// The addresses for programs.
pub(crate) fn api<R: WebResource, A: Routes<Site>>() -> A {
    let one = format!("{}/{{key}}", R::API.path);
    let saved = || described::schema_of::<Saved<R>, R>();
    let body = || described::schema::<ChangeOf<R>>();
    let operation = |method, id, summary| Operation::new(method, id, summary, R::API.tag);
    A::default()
        .routes(described::listed(
            R::API.path.to_owned(),
            MethodRouter::new().get(list::<R>).post(create::<R>),
            move || {
                vec![
                    operation(HttpMethod::Get, "list", R::API.list)
                        .responds(200, described::schema_of::<List<R>, R>()),
                    operation(HttpMethod::Post, "create", R::API.create)
                        .takes(body())
                        .responds(201, saved())
                        .also(&[409]),
                ]
            },
        ))
        .routes(described::listed(
            one,
            patch(change::<R>).delete(remove::<R>),
            move || {
                vec![
                    operation(HttpMethod::Patch, "change", R::API.change)
                        .takes(body())
                        .responds(200, saved())
                        .also(&[409, 428]),
                    operation(HttpMethod::Delete, "remove", R::API.remove)
                        .responds(200, saved())
                        .also(&[204]),
                ]
            },
        ))
}

async fn list<R: WebResource>(
    call: Call,
    Path(occasion): Path<String>,
) -> Result<Json<List<R>>, Problem> {
    let place = Entrance::occasion(&occasion)?;
    let items = call.read(OCCASION_READ, place, resource::list::<R>).await?;
    Ok(Json(List {
        total: i64::try_from(items.len()).ok(),
        items,
        next_cursor: None,
        previous_cursor: None,
    }))
}

async fn create<R: WebResource>(
    call: Call,
    Path(occasion): Path<String>,
    body: Received<Map<String, Value>>,
) -> Result<Response, Problem> {
    let who = call.who(OCCASION_WRITE)?;
    let place = Entrance::occasion(&occasion)?;
    let (input, _) = Input::of_json(body.value)?;
    let created = StatusCode::CREATED;
    call.once(
        who,
        place,
        Permission::Own,
        &body.bytes,
        created,
        move |tx, host| {
            let one = resource::create::<R>(tx, host, &input)?;
            Ok(Saved::of(one, Sees::of(host)))
        },
    )
    .await
}

async fn change<R: WebResource>(
    call: Call,
    Path((occasion, key)): Path<(String, String)>,
    Json(body): Json<Map<String, Value>>,
) -> Result<Response, Problem> {
    let who = call.who(OCCASION_WRITE)?;
    let (input, version) = Input::of_json(body)?;
    let version = call.version(version)?;
    let changed = call
        .write(who, Entrance::occasion(&occasion)?, move |tx, host| {
            let one = resource::change::<R>(tx, host, &key, version, &input)?;
            Ok(Saved::of(one, Sees::of(host)))
        })
        .await?;
    Ok(answer(StatusCode::OK, &changed))
}

async fn remove<R: WebResource>(
    call: Call,
    Path((occasion, key)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let who = call.who(OCCASION_WRITE)?;
    let left = call
        .write(who, Entrance::occasion(&occasion)?, move |tx, host| {
            let left = resource::remove::<R>(tx, host, &key)?;
            Ok(left.map(|one| Saved::of(one, Sees::of(host))))
        })
        .await?;
    Ok(match left {
        Some(left) => answer(StatusCode::OK, &left),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

impl<R: Resource> Shown for R {
    fn receipt(&self) -> Receipt {
        Receipt::of_key(self.key(), self.version())
    }
}

/// The body of a change, in the API's description.
struct ChangeOf<R>(PhantomData<R>);

impl<R: WebResource> PartialSchema for ChangeOf<R> {
    fn schema() -> RefOr<Schema> {
        fields::schema::<R>(R::FIELDS, R::API.body)
    }
}

impl<R: WebResource> ToSchema for ChangeOf<R> {
    fn name() -> Cow<'static, str> {
        format!("{}Change", R::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push(("I18n".to_owned(), web::I18n::schema()));
    }
}
