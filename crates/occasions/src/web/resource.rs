//! The two faces of a [`Resource`]: the hosts' pages that list it, add one, change
//! and remove it, and the same operations as JSON.

use std::borrow::Cow;
use std::marker::PhantomData;

use accounts::Callers::Tokens;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post};
use platform::Tx;
use utoipa::openapi::path::HttpMethod;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use web::described::{self, Operation, Routes};
use web::fields::{self, Kind};
use web::form_state::{self, FormState, Group};
use web::json::{Members, Received};
use web::{Access, Field, Form, Input, Json, List, Pages, Problem, Site, Text};

use crate::hosting::Permission::{Own, See};
use crate::hosting::resource::{self, Resource};
use crate::hosting::{HostOf, Refusal};
use crate::token_scopes::{OCCASION_READ, OCCASION_WRITE};
use crate::web::access::{HostAccess, may};
use crate::web::api::host::call::{Call, Place as Entrance, answer};
use crate::web::api::host::change_response::{Receipt, Saved, Sees, Shown};
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
    /// Fields that the form of a new one leaves empty: what is not typed is chosen when it is
    /// saved, beside those that are there.
    const CHOSEN: &'static [&'static str] = &["key", "position"];

    /// Fields that have a page of their own.
    const ELSEWHERE: &'static [&'static str] = &[];

    /// What one is called.
    fn title(&self, wording: &Wording<'_>) -> String;

    /// A message above the fields of one.
    fn note(&self) -> Option<&'static str> {
        None
    }

    /// The address of another page of one, and what it is called.
    fn more(&self, _: &Wording<'_>) -> Option<(String, String)> {
        None
    }

    /// Whether its page offers to remove it.
    fn may_be_removed(&self, _: &PageContext) -> bool {
        true
    }

    /// Completes the groups that the table makes, and returns the list that belongs among them.
    fn arrange(
        _: &HostRequest,
        _: &PageContext,
        _: &FormState,
        _one: Option<&Self>,
        _: &mut [Group],
    ) -> Option<RowList> {
        None
    }

    /// The page that lists all.
    fn list_page(req: &HostRequest, context: &PageContext, all: &[Self]) -> Response;
}

/// A list in a form.
pub(crate) struct RowList {
    pub(crate) name: &'static str,
    pub(crate) legend: String,
    pub(crate) hint: String,
    pub(crate) rows: Vec<Group>,
    /// How many groups come before it.
    pub(crate) after: usize,
    pub(crate) is_open: bool,
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
    /// The path of one of them.
    pub(crate) one: &'static str,
    /// The tag of its operations.
    pub(crate) tag: &'static str,
    pub(crate) list: &'static str,
    pub(crate) show: &'static str,
    pub(crate) create: &'static str,
    pub(crate) change: &'static str,
    pub(crate) remove: &'static str,
    /// What the body of a change holds.
    pub(crate) body: &'static str,
}

/// The addresses of the pages.
pub(crate) fn pages<R: WebResource>() -> Pages<Site, HostAccess> {
    Pages::default()
        .get("", R::WRITERS, list_page::<R>)
        .get("/new", Own, new_page::<R>)
        .post("/new", Own, create_by_form::<R>)
        .get("/{id}", R::WRITERS, edit_page::<R>)
        .post("/{id}", R::WRITERS, change_by_form::<R>)
        .post("/{id}/remove", Own, remove_by_form::<R>)
}

async fn list_page<R: WebResource>(req: HostRequest) -> Result<Response, Problem> {
    let (context, all) = req
        .read(|tx, context| resource::list::<R>(tx, &context.host))
        .await?;
    Ok(R::list_page(&req, &context, &all))
}

async fn new_page<R: WebResource>(req: HostRequest) -> Result<Response, Problem> {
    let (context, blank) = req.read(|tx, _| Ok(R::blank(tx, &[]))).await?;
    let mut form = stored(&context, &blank);
    form.remove(R::CHOSEN);
    Ok(edit_form::<R>(&req, &context, &FormState::of(form), None))
}

async fn edit_page<R: WebResource>(req: HostRequest) -> Result<Response, Problem> {
    let (context, one) = load::<R>(&req).await?;
    let form = stored(&context, &one);
    Ok(edit_form(&req, &context, &FormState::of(form), Some(&one)))
}

/// The one that the path names.
pub(crate) async fn load<R: Resource>(req: &HostRequest) -> Result<(PageContext, R), Refusal> {
    let address = req.piece("id").to_owned();
    req.read(move |tx, context| resource::find(tx, &context.host, &address))
        .await
}

/// What is stored, as the form holds it.
pub(crate) fn stored<R: Resource>(context: &PageContext, one: &R) -> Form {
    fields::form(R::FIELDS, one, one.version(), &context.occasion.zone())
}

/// The fields that a form shows to this host.
fn shown<R: WebResource>(may_own: bool, is_new: bool) -> Vec<Field> {
    let here = R::FIELDS.iter().copied();
    let here = here.filter(|field| !R::ELSEWHERE.contains(&field.name));
    let is_shown = |field: &Field| (is_new || !field.is_fixed) && (may_own || field.is_wording);
    here.filter(is_shown).collect()
}

/// A form without the rows that were emptied.
fn compacted<R: Resource>(form: Form) -> Form {
    let lists = R::FIELDS.iter();
    let lists = lists.filter(|field| matches!(field.kind, Kind::Rows(..)));
    lists.fold(form, |form, list| form_state::compact(&form, list.name).0)
}

async fn create_by_form<R: WebResource>(mut posted: HostForm) -> Result<Response, Problem> {
    posted.form = compacted::<R>(posted.form);
    let (form, list) = (posted.form.clone(), posted.req.at(R::PAGES));
    let done = posted
        .once(R::HISTORY.created, move |tx, host| {
            let input = Input::Form(form.clone(), shown::<R>(true, true));
            resource::create::<R>(tx, host, &input)?;
            Ok(format!("{list}?done=created"))
        })
        .await;
    answer_form::<R>(&posted, done).await
}

async fn change_by_form<R: WebResource>(mut posted: HostForm) -> Result<Response, Problem> {
    posted.form = compacted::<R>(posted.form);
    let (form, list) = (posted.form.clone(), posted.req.at(R::PAGES));
    let address = posted.req.piece("id").to_owned();
    let version = form_state::number(&posted.form, "version").unwrap_or_default();
    let done = posted
        .once(R::HISTORY.changed, move |tx, host| {
            let shown = shown::<R>(host.may(Own), false);
            let input = Input::Form(form.clone(), shown);
            resource::change::<R>(tx, host, &address, version, &input)?;
            Ok(format!("{list}?done=saved"))
        })
        .await;
    answer_form::<R>(&posted, done).await
}

async fn remove_by_form<R: WebResource>(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let list = req.at(R::PAGES);
    let confirmed = R::TYPED_REMOVAL.then(|| {
        let version = form_state::number(form, "version").unwrap_or_default();
        (version, form.text("confirm").trim().to_owned())
    });
    let address = req.piece("id").to_owned();
    let done = posted
        .once(R::HISTORY.removed, move |tx, host| {
            let confirmed = confirmed.as_ref().map(|(seen, typed)| (*seen, &**typed));
            let left = resource::remove::<R>(tx, host, &address, confirmed)?;
            let done = left.map_or("removed", |_| "away");
            Ok(format!("{list}?done={done}"))
        })
        .await;
    form_state::answer(done, async |problem| {
        let (context, one) = load::<R>(req).await?;
        let form_state = FormState::refused(stored(&context, &one), &problem, &req.text);
        Ok(edit_form(req, &context, &form_state, Some(&one)))
    })
    .await
}

/// What became of a form: on to the list, or the form again with what is wrong in it.
async fn answer_form<R: WebResource>(
    posted: &HostForm,
    done: Result<Response, Refusal>,
) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    form_state::answer(done, async |problem| {
        // The form of a new one names none.
        if req.piece("id").is_empty() {
            let (context, ()) = req.read(|_, _| Ok(())).await?;
            let form_state = FormState::refused(form.clone(), &problem, &req.text);
            return Ok(edit_form::<R>(req, &context, &form_state, None));
        }
        let (context, one) = load::<R>(req).await?;
        let stored = || stored(&context, &one);
        let form_state = FormState::not_saved(form, stored, "host-save", &problem, &req.text);
        Ok(edit_form(req, &context, &form_state, Some(&one)))
    })
    .await
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
    /// Another page of it, and what that is called.
    more: Option<(String, String)>,
    back: String,
    action: String,
    groups: Vec<Group>,
    list: Option<RowList>,
    /// Where a removal is sent, with what has to be typed for it.
    remove: Option<(String, Option<form_state::Field>)>,
    /// The version that is stored.
    version: i64,
}

fn edit_form<R: WebResource>(
    req: &HostRequest,
    context: &PageContext,
    form_state: &FormState,
    one: Option<&R>,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let back = wording.at(R::PAGES);
    let (title, action) = match one {
        None => (text.say(R::MESSAGES.new).into(), format!("{back}/new")),
        Some(one) => (one.title(&wording), format!("{back}/{}", one.address())),
    };
    let may_own = context.may(Own);
    let confirm = |one: &R| {
        let label = text.with("host-type-name", [("name", one.key().into())]);
        form_state.line("confirm", label)
    };
    let shown = shown::<R>(may_own, one.is_none());
    let table = wording.table_form(form_state);
    let mut groups = table.groups(&shown, R::MESSAGES.settings);
    let body = EditForm {
        text,
        csrf: &req.csrf,
        submission: req.submission(),
        messages: R::MESSAGES,
        note: one.and_then(R::note),
        more: one.and_then(|one| one.more(&wording)),
        list: R::arrange(req, context, form_state, one, &mut groups),
        groups,
        remove: one
            .filter(|one| may_own && one.may_be_removed(context))
            .map(|one| {
                let confirm = R::TYPED_REMOVAL.then(|| confirm(one));
                (format!("{action}/remove"), confirm)
            }),
        version: one.map_or(0, R::version),
        title: title.clone(),
        back,
        action,
        form_state,
    };
    req.page(context, R::PLACE, &title, body)
}

/// The addresses for programs.
pub(crate) fn api<R: WebResource, A: Routes<Site>>() -> A {
    let saved = || described::schema_of::<Saved<R>, R>();
    let body = || described::schema::<ChangeOf<R>>();
    let operation = |method, id, summary| Operation::new(method, id, summary, R::API.tag);
    let sees = may(See, Tokens(&[OCCASION_READ]));
    let writes = may(R::WRITERS, Tokens(&[OCCASION_WRITE]));
    let owns = may(Own, Tokens(&[OCCASION_WRITE]));
    A::default()
        .routes(described::listed(
            R::API.path.to_owned(),
            sees.declare(get(list::<R>))
                .merge(owns.declare(post(create::<R>))),
            move || {
                vec![
                    operation(HttpMethod::Get, "list", R::API.list)
                        .responds(200, described::schema_of::<List<R>, R>())
                        .access(sees),
                    operation(HttpMethod::Post, "create", R::API.create)
                        .takes(body())
                        .responds(201, saved())
                        .also(&[409])
                        .access(owns),
                ]
            },
        ))
        .routes(described::listed(
            R::API.one.to_owned(),
            sees.declare(get(show::<R>))
                .merge(writes.declare(patch(change::<R>)))
                .merge(owns.declare(delete(remove::<R>))),
            move || {
                let removal = operation(HttpMethod::Delete, "remove", R::API.remove);
                vec![
                    operation(HttpMethod::Get, "show", R::API.show)
                        .responds(200, described::schema::<R>())
                        .access(sees),
                    operation(HttpMethod::Patch, "change", R::API.change)
                        .takes(body())
                        .responds(200, saved())
                        .also(&[409, 428])
                        .access(writes),
                    if R::TYPED_REMOVAL {
                        removal.asks("confirm").also(&[204, 409, 422, 428])
                    } else {
                        removal.responds(200, saved()).also(&[204])
                    }
                    .access(owns),
                ]
            },
        ))
}

async fn list<R: WebResource>(
    call: Call,
    Path(occasion): Path<String>,
) -> Result<Json<List<R>>, Problem> {
    let place = Entrance::occasion(&occasion)?;
    let items = call.read(place, resource::list::<R>).await?;
    Ok(Json(List {
        total: i64::try_from(items.len()).ok(),
        items,
        next_cursor: None,
        previous_cursor: None,
    }))
}

async fn show<R: WebResource>(
    call: Call,
    Path((occasion, address)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let place = Entrance::occasion(&occasion)?;
    let find = move |tx: &mut Tx<'_>, host: &HostOf| resource::find::<R>(tx, host, &address);
    let one = call.read(place, find).await?;
    Ok(answer(StatusCode::OK, &one))
}

async fn create<R: WebResource>(
    call: Call,
    Path(occasion): Path<String>,
    body: Received<Members>,
) -> Result<Response, Problem> {
    let place = Entrance::occasion(&occasion)?;
    let (input, _) = Input::of_json(body.value)?;
    let created = StatusCode::CREATED;
    call.once(place, &body.bytes, created, move |tx, host| {
        let one = resource::create::<R>(tx, host, &input)?;
        Ok(Saved::of(one, Sees::of(host)))
    })
    .await
}

async fn change<R: WebResource>(
    call: Call,
    Path((occasion, address)): Path<(String, String)>,
    Json(body): Json<Members>,
) -> Result<Response, Problem> {
    let (input, version) = Input::of_json(body)?;
    let version = call.version(version)?;
    let changed = call
        .write(Entrance::occasion(&occasion)?, move |tx, host| {
            let one = resource::change::<R>(tx, host, &address, version, &input)?;
            Ok(Saved::of(one, Sees::of(host)))
        })
        .await?;
    Ok(answer(StatusCode::OK, &changed))
}

async fn remove<R: WebResource>(
    call: Call,
    Path((occasion, address)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let confirmed = if R::TYPED_REMOVAL {
        let version = call.version(None)?;
        Some((version, call.query().text("confirm").to_owned()))
    } else {
        None
    };
    let left = call
        .write(Entrance::occasion(&occasion)?, move |tx, host| {
            let confirmed = confirmed.as_ref().map(|(seen, typed)| (*seen, &**typed));
            let left = resource::remove::<R>(tx, host, &address, confirmed)?;
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
        if R::ADDRESS == "id" {
            Receipt::of_id(&self.address(), self.version())
        } else {
            Receipt::of_key(self.address(), self.version())
        }
    }
}

/// The body of a change, in the API's description.
struct ChangeOf<R>(PhantomData<R>);

impl<R: WebResource> PartialSchema for ChangeOf<R> {
    fn schema() -> RefOr<Schema> {
        fields::schema::<R>(R::FIELDS, R::OPTIONS, R::API.body)
    }
}

impl<R: WebResource> ToSchema for ChangeOf<R> {
    fn name() -> Cow<'static, str> {
        format!("{}Change", R::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push(("I18n".to_owned(), web::I18n::schema()));
        schemas.push(("When".to_owned(), web::When::schema()));
        R::schemas(schemas);
    }
}
