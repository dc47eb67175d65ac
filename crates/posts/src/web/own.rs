//! The editors' pages.

mod form;
pub(super) mod question;

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use platform::Tx;
use site::request::{FormPost, PageRequest};
use site::resource::pages::{EditForm, Messages, Next, PageParent, PageResource};
use web::form_state::{FormState, TableForm};
use web::{Field, Form, List, Problem, Text};

use crate::Refusal;
use crate::editing::PICTURE;
use crate::editor_role::{self, Editor};
use crate::post::{Kind, Post, State};
use crate::web::public::name;

pub(super) const HERE: &str = "/me/posts";

impl PageParent for Editor {
    type Request = PageRequest;
    type Context = Self;
    const SAVE: &'static str = "post-save";
    const CANCEL: &'static str = "post-cancel";

    fn context(&self, _: &mut Tx<'_>) -> Result<Self, Refusal> {
        Ok(self.clone())
    }

    fn at(_: &PageRequest, rest: &str) -> String {
        rest.to_owned()
    }

    fn table<'a>(req: &'a PageRequest, _: &'a Self, form_state: &'a FormState) -> TableForm<'a> {
        TableForm {
            text: &req.text,
            form_state,
            languages: &[],
            zone: &req.who.account().time_zone,
        }
    }

    async fn page<B: Template + Send>(
        req: &PageRequest,
        _: &Self,
        here: &str,
        title: &str,
        body: B,
    ) -> Result<Response, Problem> {
        req.page(here, title, body).await
    }
}

impl AsRef<Self> for Editor {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl PageResource for Post {
    const PAGES: &'static str = HERE;
    const REMOVE: &'static str = "/delete";
    const MESSAGES: Messages = Messages {
        list: "post-all",
        new: "post-new-article",
        settings: "post-section-text",
        remove_title: "post-delete-title",
        remove: "post-delete",
        remove_effect: "post-delete-effect",
    };
    const DONE: &'static [(&'static str, &'static str)] = &[
        ("saved", "post-saved"),
        ("removed", "post-deleted"),
        ("withdrawn", "post-was-withdrawn"),
    ];
    const IS_SHOWN_AFTER: bool = true;

    fn title(&self, _: &PageRequest, _: &Editor) -> String {
        name(self)
    }

    fn shown(fields: &mut Vec<Field>, one: Option<&Self>, form: &Form, now: Timestamp) {
        let was_public = one.is_some_and(|post| post.was_public(now));
        let kind = one.map_or_else(|| kind_of(form), |post| post.kind);
        fields.retain(|field| match field.name {
            "title" | "slug" | "excerpt" => kind != Kind::Note,
            "tags" => kind != Kind::Page,
            "published_at" => !was_public,
            // The new state is the value of the button that sends the form.
            "state" => form.find("state").is_some(),
            _ => true,
        });
        if form.find("image").is_some() {
            fields.extend(PICTURE);
        }
    }

    async fn prepare(posted: &mut FormPost) -> Result<Next, Problem> {
        form::prepare(posted).await
    }

    fn arrange(req: &PageRequest, _: &Editor, one: Option<&Self>, form: &mut EditForm<'_>) {
        let kind = one.map_or_else(|| kind_of(&form.form_state.form), |post| post.kind);
        if one.is_none() {
            form.hidden.push(("kind", kind.word().to_owned()));
            let label = match kind {
                Kind::Article => "post-new-article",
                Kind::Note => "post-new-note",
                Kind::Page => "post-new-page",
            };
            form.title = req.text.say(label).into_owned();
        }
    }

    fn body(req: &PageRequest, _: &Editor, one: Option<&Self>, form: EditForm<'_>) -> String {
        form::page(req, one, form)
    }

    async fn list_page(
        req: &PageRequest,
        _: &Editor,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let text = &req.text;
        let zone = editor_role::zone(&req.who);
        let rows = list.items.iter().map(|post| Row {
            href: format!("{HERE}/{}", post.id),
            title: name(post),
            kind: post.kind.label(),
            state: post.state.label(),
            is_public: post.state == State::Published,
            date: post
                .published_at
                .map(|at| text.moment_short_in(&zone, at))
                .unwrap_or_default(),
        });
        let next = list.next_cursor.as_ref();
        let body = ListPage {
            text,
            done: req.done(Self::DONE),
            rows: rows.collect(),
            next: next
                .map(|cursor| format!("{HERE}?cursor={cursor}"))
                .unwrap_or_default(),
        };
        req.page(HERE, &text.say("post-all"), body).await
    }
}

#[derive(Template)]
#[template(path = "own/list.html")]
struct ListPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    rows: Vec<Row>,
    /// The path of the list's next page; empty on the last page.
    next: String,
}

struct Row {
    href: String,
    title: String,
    kind: &'static str,
    state: &'static str,
    is_public: bool,
    date: String,
}

fn kind_of(form: &Form) -> Kind {
    Kind::find(form.text("kind")).unwrap_or(Kind::Article)
}
