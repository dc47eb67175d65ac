//! A [`Resource`] as pages: the list, the form for a new or a stored item, and the removal. The
//! resource's own code renders the list and completes the form that is generated from its fields.

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::Tx;
use web::fields::{self, Kind};
use web::form_state::{self, FormState, Group, TableForm};
use web::{Access, Field, Form, Input, List, PageQuery, Pages, Problem, Site, Text};

use super::{Parent, RefusalOf, Resource, TypedRemoval};

use crate::request::{FormPost, OfPage};

/// The parent of a list that has pages.
pub trait PageParent: Parent {
    type Request: OfPage;
    /// Further data that the pages need, such as the navigation.
    type Context: AsRef<Self> + Send + Sync + 'static;
    /// The message id of the save button's label.
    const SAVE: &'static str;
    /// The message id of the cancel button's label.
    const CANCEL: &'static str;

    /// Reads the further data that the pages need.
    fn context(&self, tx: &mut Tx<'_>) -> Result<Self::Context, Self::Refusal>;

    /// Joins the parent's path and `rest`.
    fn at(req: &Self::Request, rest: &str) -> String;

    /// Returns a builder for forms in the parent's languages and time zone.
    fn table<'a>(
        req: &'a Self::Request,
        context: &'a Self::Context,
        form_state: &'a FormState,
    ) -> TableForm<'a>;

    fn summary(text: &Text, form_state: &FormState) -> String {
        form_state.summary(text).to_string()
    }

    /// Renders a page in its frame. `here` is the path of the list, relative to the parent's path.
    fn page<B: Template + Send>(
        req: &Self::Request,
        context: &Self::Context,
        here: &str,
        title: &str,
        body: B,
    ) -> impl Future<Output = Result<Response, Problem>> + Send;
}

pub type RequestOf<R> = <<R as Resource>::Parent as PageParent>::Request;
/// The type of the further data that a resource's pages need.
pub type ContextOf<R> = <<R as Resource>::Parent as PageParent>::Context;

pub trait PageResource: Resource<Parent: PageParent> {
    /// The path of the pages, relative to the parent's path.
    const PAGES: &'static str;
    const MESSAGES: Messages;
    const CHOSEN: &'static [&'static str] = &[];
    /// The names of fields that are edited on other pages and are therefore not in the item's form.
    const ELSEWHERE: &'static [&'static str] = &[];
    /// The path of an item's form, relative to the item's path.
    const EDIT: &'static str = "";
    /// The message id of a label for a text field. People type an item's title into this field to
    /// confirm the item's removal.
    const TYPED: &'static str = "";
    /// The path that removes an item, relative to the item's path.
    const REMOVE: &'static str = "/remove";
    const DONE: &'static [(&'static str, &'static str)] = &[];
    /// The path, relative to the parent's path, to which the browser is redirected with the item's
    /// address after the item was deactivated. `None` for the list.
    const AFTER_DEACTIVATION: Option<&'static str> = None;
    /// Whether the browser is redirected to the item's page after saving, instead of to the list.
    const IS_SHOWN_AFTER: bool = false;
    /// The value of the query parameter `done` when the browser is redirected to a new item's page.
    const BEGUN: &'static str = "saved";

    fn title(&self, req: &RequestOf<Self>, context: &ContextOf<Self>) -> String;

    /// The value of the query parameter `done` after a change.
    fn changed(
        _: &mut Tx<'_>,
        _: &Self::Parent,
        _old: &Self,
        _one: &Self,
    ) -> Result<&'static str, RefusalOf<Self>> {
        Ok("saved")
    }

    /// Changes a blank item to what a person most likely wants, before the form shows it.
    fn propose(&mut self) {}

    /// Changes which of the fields a form shows and reads.
    fn shown(_: &mut Vec<Field>, _one: Option<&Self>, _: &Form, _now: Timestamp) {}

    /// Completes the form values of a stored or a new item.
    fn fill(_: &ContextOf<Self>, _: &mut Form) {}

    /// Processes a form before its fields are read. For example, it stores uploaded files.
    fn prepare(
        _: &mut FormPost<RequestOf<Self>>,
    ) -> impl Future<Output = Result<Next, Problem>> + Send {
        async { Ok(Next::Save) }
    }

    /// Completes the form that was generated from the fields.
    fn arrange(
        _: &RequestOf<Self>,
        _: &ContextOf<Self>,
        _one: Option<&Self>,
        _form: &mut EditForm<'_>,
    ) {
    }

    /// Renders the page with the form, in its frame.
    fn body(
        _: &RequestOf<Self>,
        _: &ContextOf<Self>,
        _one: Option<&Self>,
        form: EditForm<'_>,
    ) -> String {
        form.to_string()
    }

    fn list_page(
        req: &RequestOf<Self>,
        context: &ContextOf<Self>,
        list: List<Self>,
    ) -> impl Future<Output = Result<Response, Problem>> + Send;
}

/// The name of the button that shows [`EditForm::effects`], and of the form's value with which a page
/// was shown for them.
pub const LOOK: &str = "look";

/// The step after [`PageResource::prepare`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Save,
    /// The form is shown again, with the typed values.
    Show,
}

#[derive(Clone, Copy, Debug)]
pub struct Messages {
    pub list: &'static str,
    pub new: &'static str,
    /// The message id of the legend above the fields that are not free text.
    pub settings: &'static str,
    /// The message id of the heading above the section for removing the item.
    pub remove_title: &'static str,
    /// The message id of the remove button's label.
    pub remove: &'static str,
    /// The message id of a sentence that explains the effect of a removal.
    pub remove_effect: &'static str,
}

/// A list of nested records in a form, with a row for each.
#[derive(Debug)]
pub struct RowList {
    /// The name of the field that contains the list.
    pub name: &'static str,
    /// The heading of the list.
    pub legend: String,
    /// An explanation below the heading.
    pub hint: String,
    /// The stored rows, followed by empty rows for additions.
    pub rows: Vec<Group>,
    /// The number of field groups before the list.
    pub after: usize,
    /// Whether the list is expanded.
    pub is_open: bool,
}

/// The page with an item's form.
#[derive(Debug, Template)]
#[template(path = "resource.html")]
pub struct EditForm<'a> {
    pub text: &'a Text,
    pub submission: String,
    /// The form's values and errors.
    pub form_state: &'a FormState,
    /// The summary of errors, as HTML.
    pub summary: String,
    pub messages: Messages,
    /// The message id of the save button's label.
    pub save: &'static str,
    cancel: &'static str,
    /// The message id of a sentence that confirms the previous action.
    pub done: Option<&'static str>,
    pub title: String,
    /// Whether the form has a file field.
    pub takes_file: bool,
    /// The names and values of hidden fields.
    pub hidden: Vec<(&'static str, String)>,
    /// Additional HTML below the form.
    pub below: String,
    /// The message id of a note above the fields.
    pub note: Option<&'static str>,
    /// What saving would do, a sentence each, above the buttons. A press of `look` says it anew for what
    /// is typed, without saving.
    pub effects: Vec<String>,
    /// The path and label of another page about the item.
    pub more: Option<(String, String)>,
    /// The target path of the form's cancel button.
    pub back: String,
    pub action: String,
    pub groups: Vec<Group>,
    /// The HTML of the fields, if the resource's own code arranges them.
    pub arranged: String,
    /// A list of nested records among the fields.
    pub list: Option<RowList>,
    /// The path that removes the item, and the field in which people type the item's title. `None` if
    /// the page offers no removal.
    pub remove: Option<(String, Option<form_state::Field>)>,
    /// A sentence after the one that explains the effect of the removal.
    pub remove_note: Option<String>,
    /// The path and label of the page to visit before the removal.
    pub before_removal: Option<(String, String)>,
    version: i64,
}

impl EditForm<'_> {
    /// Removes a field that the resource's own code arranges, and returns it.
    pub fn take(&mut self, name: &str) -> Option<form_state::Field> {
        self.groups.iter_mut().find_map(|group| {
            let at = group.fields.iter().position(|field| field.name == name)?;
            Some(group.fields.remove(at))
        })
    }
}

#[derive(Template)]
#[template(source = "{{ self.0|safe }}", ext = "html")]
struct Body(String);

/// The routes of a resource's pages.
pub fn pages<R, A>() -> Pages<Site, A>
where
    R: PageResource,
    A: Access + From<super::PermissionOf<R>>,
{
    let (writers, owners) = (|| A::from(R::WRITERS), || A::from(R::OWNERS));
    Pages::default()
        .get("", A::from(R::READERS), list_page::<R>)
        .get("/new", owners(), new_page::<R>)
        .post("/new", owners(), create::<R>)
        .get(&format!("/{{id}}{}", R::EDIT), writers(), edit_page::<R>)
        .post(&format!("/{{id}}{}", R::EDIT), writers(), change::<R>)
        .post(&format!("/{{id}}{}", R::REMOVE), owners(), remove::<R>)
}

type Read<R, T> = Result<(ContextOf<R>, T), RefusalOf<R>>;

/// Reads the data for a page in one transaction: the parent's context and the result of `look`.
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

pub async fn load<R: PageResource>(req: &RequestOf<R>) -> Read<R, R> {
    let address = req.as_ref().address().to_owned();
    read::<R, R>(req, move |tx, parent| R::find(tx, parent, &address)).await
}

/// The form values of a stored item.
pub fn stored<R: Resource>(zone: &TimeZone, one: &R) -> Form {
    fields::form(R::FIELDS, one, one.version(), zone)
}

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

/// Where the browser is redirected to; `changed` is `None` for a new item.
fn after<R: PageResource>(list: &str, one: &R, changed: Option<&str>) -> String {
    match (R::IS_SHOWN_AFTER, changed) {
        (true, done) => format!("{list}/{}?done={}", one.address(), done.unwrap_or(R::BEGUN)),
        (false, done) => format!("{list}?done={}", done.unwrap_or("created")),
    }
}

fn compacted<R: Resource>(form: Form) -> Form {
    let lists = R::FIELDS.iter();
    let lists = lists.filter(|field| matches!(field.kind, Kind::Rows(..)));
    lists.fold(form, |form, list| form_state::compact(&form, list.name).0)
}

async fn list_page<R: PageResource>(req: RequestOf<R>) -> Result<Response, Problem> {
    let paging = if R::IS_LONG {
        req.as_ref().page_query()?
    } else {
        PageQuery::default()
    };
    let list = read::<R, _>(&req, move |tx, parent| R::list(tx, parent, &paging));
    let (context, list) = list.await.map_err(Into::into)?;
    R::list_page(&req, &context, list).await
}

async fn new_page<R: PageResource>(req: RequestOf<R>) -> Result<Response, Problem> {
    let input = Input::Form(req.as_ref().query.clone(), Vec::new());
    let look = move |tx: &mut Tx<'_>, parent: &R::Parent| {
        let mut blank = R::blank(tx, parent, &input, &[])?;
        blank.propose();
        Ok(stored(&parent.zone(tx)?, &blank))
    };
    let (context, mut form) = read::<R, _>(&req, look).await.map_err(Into::into)?;
    R::fill(&context, &mut form);
    form.remove(R::CHOSEN);
    edit_form::<R>(&req, &context, &FormState::of(form), None).await
}

async fn edit_page<R: PageResource>(req: RequestOf<R>) -> Result<Response, Problem> {
    let (context, one, form) = load_form::<R>(&req).await?;
    edit_form(&req, &context, &FormState::of(form), Some(&one)).await
}

async fn load_form<R: PageResource>(
    req: &RequestOf<R>,
) -> Result<(ContextOf<R>, R, Form), Problem> {
    let address = req.as_ref().address().to_owned();
    let look = move |tx: &mut Tx<'_>, parent: &R::Parent| {
        let one = R::find(tx, parent, &address)?;
        let form = stored(&parent.zone(tx)?, &one);
        Ok((one, form))
    };
    let (context, (one, mut form)) = read::<R, _>(req, look).await.map_err(Into::into)?;
    R::fill(&context, &mut form);
    Ok((context, one, form))
}

async fn create<R: PageResource>(mut posted: FormPost<RequestOf<R>>) -> Result<Response, Problem> {
    posted.form = compacted::<R>(posted.form);
    let prepared = R::prepare(&mut posted).await;
    let (form, list) = (posted.form.clone(), R::Parent::at(&posted.req, R::PAGES));
    let change = move |tx: &mut Tx<'_>, parent: &R::Parent| {
        let shown = shown::<R>(true, None, &form, tx.now());
        let one = super::create::<R>(tx, parent, &Input::Form(form.clone(), shown))?;
        Ok(after(&list, &one, None))
    };
    let done = match prepared {
        Ok(Next::Save) => posted.once(change).await.map_err(Into::into),
        Ok(Next::Show) => {
            let (req, form_state) = (&posted.req, FormState::of(posted.form));
            let (context, ()) = read::<R, _>(req, |_, _| Ok(())).await.map_err(Into::into)?;
            return edit_form::<R>(req, &context, &form_state, None).await;
        }
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
        let shown = shown(parent.may(R::OWNERS), Some(&old), &form, tx.now());
        let input = Input::Form(form.clone(), shown);
        let one = super::change::<R>(tx, parent, &address, version, &input)?;
        let done = R::changed(tx, parent, &old, &one)?;
        Ok(after(&list, &one, Some(done)))
    };
    let done = match prepared {
        Ok(Next::Save) => posted.once(change).await.map_err(Into::into),
        Ok(Next::Show) => {
            let (context, one, _) = load_form::<R>(&posted.req).await?;
            let form_state = FormState::of(posted.form);
            return edit_form(&posted.req, &context, &form_state, Some(&one)).await;
        }
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
    let away = R::AFTER_DEACTIVATION.map_or_else(
        || list.clone(),
        |away| R::Parent::at(req, &format!("{away}/{address}")),
    );
    let version = form_state::number(form, "version").unwrap_or_default();
    let typed = form.text("confirm").trim().to_owned();
    let change = move |tx: &mut Tx<'_>, parent: &R::Parent| {
        let left = super::remove::<R>(tx, parent, &address, Some((version, &typed)))?;
        Ok(match left {
            None => format!("{list}?done=removed"),
            Some(_) => format!("{away}?done=away"),
        })
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
    let text = &req.as_ref().text;
    let back = R::Parent::at(req, R::PAGES);
    let at = |one: &R, rest| format!("{back}/{}{rest}", one.address());
    let (title, action) = match one {
        None => (text.say(R::MESSAGES.new).into(), format!("{back}/new")),
        Some(one) => (one.title(req, context), at(one, R::EDIT)),
    };
    let may_own = context.as_ref().may(R::OWNERS);
    let confirm = |one: &R| {
        let label = text.with(R::TYPED, [("name", one.title(req, context).into())]);
        form_state.line("confirm", label)
    };
    let now = req.as_ref().site.clock.now();
    let shown = shown(may_own, one, &form_state.form, now);
    let table = R::Parent::table(req, context, form_state);
    let mut form = EditForm {
        text,
        submission: req.as_ref().submission(),
        summary: R::Parent::summary(text, form_state),
        messages: R::MESSAGES,
        save: R::Parent::SAVE,
        cancel: R::Parent::CANCEL,
        note: None,
        effects: Vec::new(),
        more: None,
        list: None,
        groups: table.groups(&shown, R::MESSAGES.settings),
        arranged: String::new(),
        remove: one.filter(|_| may_own).map(|one| {
            let is_typed = R::TYPED_REMOVAL != TypedRemoval::Nobody;
            (at(one, R::REMOVE), is_typed.then(|| confirm(one)))
        }),
        remove_note: None,
        before_removal: None,
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
    let body = Body(R::body(req, context, one, form));
    R::Parent::page(req, context, R::PAGES, &title, body).await
}
