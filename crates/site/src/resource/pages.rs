//! A [`Resource`] as pages: the list, the form of a new one and of one that is there, and its
//! removal. A noun lists its items itself, and completes the form that its table makes.

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::Tx;
use web::fields::{self, Kind};
use web::form_state::{self, FormState, Group, TableForm};
use web::{Access, Field, Form, Input, List, Pages, Piece, Problem, Site, Text};

use super::{Parent, RefusalOf, Resource, TypedRemoval};

use crate::request::{FormPost, OfPage, PageRequest};

/// The parent of a list that has pages.
pub trait PageParent: Parent {
    /// What its pages take of a request.
    type Request: OfPage;
    /// What its pages know of it beside the proof.
    type Context: AsRef<Self> + Send + Sync + 'static;
    /// The message of the button that saves.
    const SAVE: &'static str;
    /// The message of the button that does not.
    const CANCEL: &'static str;

    /// Reads what its pages know of it.
    fn context(&self, tx: &mut Tx<'_>) -> Result<Self::Context, Self::Refusal>;

    /// The address of a page below its own.
    fn at(req: &Self::Request, rest: &str) -> String;

    /// The form of a table, in the languages and the zone of the parent.
    fn table<'a>(
        req: &'a Self::Request,
        context: &'a Self::Context,
        form_state: &'a FormState,
    ) -> TableForm<'a>;

    /// What is wrong with a form, for the top of its page.
    fn summary(text: &Text, form_state: &FormState) -> String {
        form_state.summary(text).to_string()
    }

    /// A page in its frame; `here` is the address of the list, below its own.
    fn page<B: Template + Send>(
        req: &Self::Request,
        context: &Self::Context,
        here: &str,
        title: &str,
        body: B,
    ) -> impl Future<Output = Result<Response, Problem>> + Send;
}

/// What the pages of a resource take of a request.
pub type RequestOf<R> = <<R as Resource>::Parent as PageParent>::Request;
/// What the pages of a resource know of its parent.
pub type ContextOf<R> = <<R as Resource>::Parent as PageParent>::Context;

/// A resource that has pages.
pub trait PageResource: Resource<Parent: PageParent> {
    /// Where they are, below the parent's.
    const PAGES: &'static str;
    /// Their messages.
    const MESSAGES: Messages;
    /// Fields that the form of a new one leaves empty: what is not typed is chosen when it is
    /// saved, beside those that are there.
    const CHOSEN: &'static [&'static str] = &[];
    /// Fields that have a page of their own.
    const ELSEWHERE: &'static [&'static str] = &[];
    /// Where the form of one is, below its address.
    const EDIT: &'static str = "";
    /// The message for the field in which its key is typed to remove it.
    const TYPED: &'static str = "";
    /// Where a removal is sent, below the address of one.
    const REMOVE: &'static str = "/remove";
    /// What the form says was done before: the word in `?done=`, and its message.
    const DONE: &'static [(&'static str, &'static str)] = &[];
    /// Whether saving leads to the one that was saved, and not to the list.
    const IS_SHOWN_AFTER: bool = false;

    /// What one is called.
    fn title(&self, req: &RequestOf<Self>, context: &ContextOf<Self>) -> String;

    /// The fields that a form shows and is read by.
    fn shown(_: &mut Vec<Field>, _one: Option<&Self>, _: &Form, _now: Timestamp) {}

    /// Does what a form needs before it is read, such as keeping the file that came along.
    fn prepare(
        _: &mut FormPost<RequestOf<Self>>,
    ) -> impl Future<Output = Result<(), Problem>> + Send {
        async { Ok(()) }
    }

    /// Completes the form that the table makes.
    fn arrange(
        _: &RequestOf<Self>,
        _: &ContextOf<Self>,
        _one: Option<&Self>,
        _form: &mut EditForm<'_>,
    ) {
    }

    /// The page of the list.
    fn list_page(
        req: &RequestOf<Self>,
        context: &ContextOf<Self>,
        list: List<Self>,
    ) -> impl Future<Output = Result<Response, Problem>> + Send;
}

/// Messages of the pages.
#[derive(Clone, Copy, Debug)]
pub struct Messages {
    /// All of them.
    pub list: &'static str,
    /// A new one.
    pub new: &'static str,
    /// The legend of all fields that are no texts.
    pub settings: &'static str,
    /// The heading above the removal of one.
    pub remove_title: &'static str,
    /// The button that removes one.
    pub remove: &'static str,
    /// What that does.
    pub remove_effect: &'static str,
}

/// A list in a form.
#[derive(Debug)]
pub struct RowList {
    /// Its field.
    pub name: &'static str,
    /// Its heading.
    pub legend: String,
    /// A sentence that helps.
    pub hint: String,
    /// What is there, and empty ones for more.
    pub rows: Vec<Group>,
    /// How many groups come before it.
    pub after: usize,
    /// Whether it is shown unfolded.
    pub is_open: bool,
}

/// The page with the form of one.
#[derive(Debug, Template)]
#[template(path = "resource.html")]
pub struct EditForm<'a> {
    /// The language of the page.
    pub text: &'a Text,
    csrf: &'a str,
    submission: String,
    /// The values and findings.
    pub form_state: &'a FormState,
    summary: String,
    messages: Messages,
    save: &'static str,
    cancel: &'static str,
    done: Option<&'static str>,
    /// Its heading.
    pub title: String,
    /// Whether a file is sent along.
    pub takes_file: bool,
    /// What else is sent along: names and values.
    pub hidden: Vec<(&'static str, String)>,
    /// HTML below the form.
    pub below: String,
    /// A message above the fields.
    pub note: Option<&'static str>,
    /// The address of another page of it, and what that is called.
    pub more: Option<(String, String)>,
    /// The page that is left for the form.
    pub back: String,
    action: String,
    /// The fields.
    pub groups: Vec<Group>,
    /// A list among them.
    pub list: Option<RowList>,
    /// Where a removal is sent, with what has to be typed for it; none: it is not offered.
    pub remove: Option<(String, Option<form_state::Field>)>,
    /// The version that is stored.
    version: i64,
}

/// The addresses of the pages.
pub fn pages<R, A>() -> Pages<Site, A>
where
    R: PageResource,
    A: Access + From<super::PermissionOf<R>>,
{
    let (writers, owners) = (|| A::from(R::WRITERS), || A::from(R::Parent::OWN));
    Pages::default()
        .get("", writers(), list_page::<R>)
        .get("/new", owners(), new_page::<R>)
        .post("/new", owners(), create::<R>)
        .get(&format!("/{{id}}{}", R::EDIT), writers(), edit_page::<R>)
        .post(&format!("/{{id}}{}", R::EDIT), writers(), change::<R>)
        .post(&format!("/{{id}}{}", R::REMOVE), owners(), remove::<R>)
}

type Read<R, T> = Result<(ContextOf<R>, T), RefusalOf<R>>;

/// Reads what a page shows, with what it knows of the parent.
async fn read<R: PageResource, T: Send + 'static>(
    req: &RequestOf<R>,
    look: impl Fn(&mut Tx<'_>, &R::Parent) -> Result<T, RefusalOf<R>> + Send + 'static,
) -> Read<R, T> {
    let look = move |tx: &mut Tx<'_>, parent: &R::Parent| {
        let found = look(tx, parent)?;
        Ok((parent.context(tx)?, found))
    };
    req.as_ref().read(look).await
}

/// The one that the path names.
pub async fn load<R: PageResource>(req: &RequestOf<R>) -> Read<R, R> {
    let address = req.as_ref().address().to_owned();
    read::<R, R>(req, move |tx, parent| R::find(tx, parent, &address)).await
}

/// What is stored, as the form holds it.
pub fn stored<R: Resource>(zone: &TimeZone, one: &R) -> Form {
    fields::form(R::FIELDS, one, one.version(), zone)
}

/// The fields that a form shows to somebody.
fn shown<R: PageResource>(
    may_own: bool,
    one: Option<&R>,
    form: &Form,
    now: Timestamp,
) -> Vec<Field> {
    let is_shown = |field: &&Field| {
        !R::ELSEWHERE.contains(&field.name)
            && (one.is_none() || !field.is_fixed)
            && (may_own || field.is_wording)
    };
    let mut fields = R::FIELDS.iter().filter(is_shown).copied().collect();
    R::shown(&mut fields, one, form, now);
    fields
}

/// Where a form leads that was saved.
fn after<R: PageResource>(list: &str, one: &R, done: &str) -> String {
    if R::IS_SHOWN_AFTER {
        format!("{list}/{}?done=saved", one.address())
    } else {
        format!("{list}?done={done}")
    }
}

/// A form without the rows that were emptied.
fn compacted<R: Resource>(form: Form) -> Form {
    let lists = R::FIELDS.iter();
    let lists = lists.filter(|field| matches!(field.kind, Kind::Rows(..)));
    lists.fold(form, |form, list| form_state::compact(&form, list.name).0)
}

async fn list_page<R: PageResource>(req: RequestOf<R>) -> Result<Response, Problem> {
    let piece = if R::IS_LONG {
        req.as_ref().piece_of_list()?
    } else {
        Piece::default()
    };
    let list = read::<R, _>(&req, move |tx, parent| R::list(tx, parent, &piece));
    let (context, list) = list.await.map_err(Into::into)?;
    R::list_page(&req, &context, list).await
}

async fn new_page<R: PageResource>(req: RequestOf<R>) -> Result<Response, Problem> {
    let input = Input::Form(req.as_ref().query.clone(), Vec::new());
    let look = move |tx: &mut Tx<'_>, parent: &R::Parent| {
        let blank = R::blank(tx, parent, &input, &[])?;
        Ok(stored(&parent.zone(tx)?, &blank))
    };
    let (context, mut form) = read::<R, _>(&req, look).await.map_err(Into::into)?;
    form.remove(R::CHOSEN);
    edit_form::<R>(&req, &context, &FormState::of(form), None).await
}

async fn edit_page<R: PageResource>(req: RequestOf<R>) -> Result<Response, Problem> {
    let (context, one, form) = load_form::<R>(&req).await?;
    edit_form(&req, &context, &FormState::of(form), Some(&one)).await
}

/// The one that the path names, and what its form holds.
async fn load_form<R: PageResource>(
    req: &RequestOf<R>,
) -> Result<(ContextOf<R>, R, Form), Problem> {
    let address = req.as_ref().address().to_owned();
    let look = move |tx: &mut Tx<'_>, parent: &R::Parent| {
        let one = R::find(tx, parent, &address)?;
        let form = stored(&parent.zone(tx)?, &one);
        Ok((one, form))
    };
    let (context, (one, form)) = read::<R, _>(req, look).await.map_err(Into::into)?;
    Ok((context, one, form))
}

async fn create<R: PageResource>(mut posted: FormPost<RequestOf<R>>) -> Result<Response, Problem> {
    posted.form = compacted::<R>(posted.form);
    let prepared = R::prepare(&mut posted).await;
    let (form, list) = (posted.form.clone(), R::Parent::at(&posted.req, R::PAGES));
    let change = move |tx: &mut Tx<'_>, parent: &R::Parent| {
        let shown = shown::<R>(true, None, &form, tx.now());
        let one = super::create::<R>(tx, parent, &Input::Form(form.clone(), shown))?;
        Ok(after(&list, &one, "created"))
    };
    let done = match prepared {
        Ok(()) => posted.once(change).await.map_err(Into::into),
        Err(problem) => Err(problem),
    };
    let (req, form) = (&posted.req, &posted.form);
    form_state::answer(done, async |problem| {
        let (context, ()) = read::<R, _>(req, |_, _| Ok(())).await.map_err(Into::into)?;
        let form_state = FormState::refused(form.clone(), &problem, &req.as_ref().text);
        edit_form::<R>(req, &context, &form_state, None).await
    })
    .await
}

async fn change<R: PageResource>(mut posted: FormPost<RequestOf<R>>) -> Result<Response, Problem> {
    posted.form = compacted::<R>(posted.form);
    let prepared = R::prepare(&mut posted).await;
    let (form, list) = (posted.form.clone(), R::Parent::at(&posted.req, R::PAGES));
    let address = posted.req.as_ref().address().to_owned();
    let version = form_state::number(&form, "version").unwrap_or_default();
    let change = move |tx: &mut Tx<'_>, parent: &R::Parent| {
        let old = R::find(tx, parent, &address)?;
        let shown = shown(parent.may(R::Parent::OWN), Some(&old), &form, tx.now());
        let input = Input::Form(form.clone(), shown);
        let one = super::change::<R>(tx, parent, &address, version, &input)?;
        Ok(after(&list, &one, "saved"))
    };
    let done = match prepared {
        Ok(()) => posted.once(change).await.map_err(Into::into),
        Err(problem) => Err(problem),
    };
    let (req, form) = (&posted.req, &posted.form);
    form_state::answer(done, async |problem| {
        let (context, one, stored) = load_form::<R>(req).await?;
        let text = &req.as_ref().text;
        let save = R::Parent::SAVE;
        let form_state = FormState::not_saved(form, || stored, save, &problem, text);
        edit_form(req, &context, &form_state, Some(&one)).await
    })
    .await
}

async fn remove<R: PageResource>(posted: FormPost<RequestOf<R>>) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let (list, address) = (
        R::Parent::at(req, R::PAGES),
        req.as_ref().address().to_owned(),
    );
    let version = form_state::number(form, "version").unwrap_or_default();
    let typed = form.text("confirm").trim().to_owned();
    let change = move |tx: &mut Tx<'_>, parent: &R::Parent| {
        let left = super::remove::<R>(tx, parent, &address, Some((version, &typed)))?;
        let done = left.map_or("removed", |_| "away");
        Ok(format!("{list}?done={done}"))
    };
    form_state::answer(posted.once(change).await, async |problem| {
        let (context, one, stored) = load_form::<R>(req).await?;
        let form_state = FormState::refused(stored, &problem, &req.as_ref().text);
        edit_form(req, &context, &form_state, Some(&one)).await
    })
    .await
}

async fn edit_form<R: PageResource>(
    req: &RequestOf<R>,
    context: &ContextOf<R>,
    form_state: &FormState,
    one: Option<&R>,
) -> Result<Response, Problem> {
    let PageRequest { text, csrf, .. } = req.as_ref();
    let back = R::Parent::at(req, R::PAGES);
    let at = |one: &R, rest| format!("{back}/{}{rest}", one.address());
    let (title, action) = match one {
        None => (text.say(R::MESSAGES.new).into(), format!("{back}/new")),
        Some(one) => (one.title(req, context), at(one, R::EDIT)),
    };
    let may_own = context.as_ref().may(R::Parent::OWN);
    let confirm = |one: &R| {
        let label = text.with(R::TYPED, [("name", one.key().into())]);
        form_state.line("confirm", label)
    };
    let now = req.as_ref().site.clock.now();
    let shown = shown(may_own, one, &form_state.form, now);
    let table = R::Parent::table(req, context, form_state);
    let mut form = EditForm {
        text,
        csrf,
        submission: req.as_ref().submission(),
        summary: R::Parent::summary(text, form_state),
        messages: R::MESSAGES,
        save: R::Parent::SAVE,
        cancel: R::Parent::CANCEL,
        note: None,
        more: None,
        list: None,
        groups: table.groups(&shown, R::MESSAGES.settings),
        remove: one.filter(|_| may_own).map(|one| {
            let is_typed = R::TYPED_REMOVAL != TypedRemoval::Nobody;
            (at(one, R::REMOVE), is_typed.then(|| confirm(one)))
        }),
        version: one.map_or(0, R::version),
        done: req.as_ref().done(R::DONE),
        takes_file: false,
        hidden: Vec::new(),
        below: String::new(),
        title,
        back,
        action,
        form_state,
    };
    R::arrange(req, context, one, &mut form);
    let title = form.title.clone();
    R::Parent::page(req, context, R::PAGES, &title, form).await
}
