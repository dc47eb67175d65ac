//! The editors' pages.

use accounts::SignedIn;
use accounts::domain::Card;
use accounts::web::request::{FormPost, PageRequest};
use accounts::web::resource::pages::{EditForm, Messages, PageParent, PageResource};
use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use platform::{StoreError, Tx};
use web::fields::Kind as FieldKind;
use web::form_state::{Control, FormState, TableForm};
use web::{Field, Form, Link, List, Problem, Site, Text};

use super::public::Picture;
use crate::editing::PICTURE;
use crate::editor::{self, Editor};
use crate::post::{Kind, Post, State};
use crate::{Refusal, feed, image, markdown};

const HERE: &str = "/me/posts";
/// The states an editor may choose while the post was never public.
const BEFORE: &[(&str, &str)] = State::CHOICES.split_at(3).0;
/// The states an editor may choose once the post was public.
const AFTER: &[(&str, &str)] = State::CHOICES.split_at(2).1;

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
    const DONE: &'static [(&'static str, &'static str)] =
        &[("saved", "post-saved"), ("removed", "post-deleted")];
    const IS_SHOWN_AFTER: bool = true;

    fn title(&self, _: &PageRequest, _: &Editor) -> String {
        name(self)
    }

    fn shown(fields: &mut Vec<Field>, one: Option<&Self>, form: &Form, now: Timestamp) {
        let was_public = one.is_some_and(|post| post.was_public(now));
        let kind = one.map_or_else(|| kind_of(form), |post| post.kind);
        fields.retain(|field| match field.name {
            "title" | "slug" | "excerpt" => kind == Kind::Article,
            "published_at" => !was_public,
            _ => true,
        });
        for field in &mut *fields {
            if field.name == "state" {
                field.kind = FieldKind::Choice(if was_public { AFTER } else { BEFORE });
            }
        }
        if form.find("image").is_some() {
            fields.extend(PICTURE);
        }
    }

    /// Stores the uploaded picture and puts its key into the form. Only editors may upload.
    async fn prepare(posted: &mut FormPost) -> Result<(), Problem> {
        let is_picture = |name: &str| PICTURE.iter().any(|field| field.name == name);
        let mut typed: Vec<(String, String)> = posted
            .form
            .iter()
            .filter(|(name, _)| !is_picture(name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let (file, size) = if !posted.file.is_empty() {
            posted.req.read(|_, _: &Editor| Ok(())).await?;
            let image = image::FOLDER
                .upload(&posted.req.site, posted.file.clone(), "/image")
                .await?;
            let bytes = i64::try_from(image.bytes).unwrap_or(i64::MAX);
            (image.file, [image.width.into(), image.height.into(), bytes])
        } else if posted.form.is_ticked("image_remove") {
            typed.retain(|(name, _)| name != "image_alt");
            typed.push(("image_alt".to_owned(), String::new()));
            (String::new(), [0; 3])
        } else {
            posted.form = typed.into_iter().collect();
            return Ok(());
        };
        let [width, height, bytes] = size.map(|number| number.to_string());
        let values = [file, width, height, bytes];
        let said = PICTURE.iter().zip(values);
        typed.extend(said.map(|(field, value)| (field.name.to_owned(), value)));
        posted.form = typed.into_iter().collect();
        Ok(())
    }

    fn arrange(req: &PageRequest, _: &Editor, one: Option<&Self>, form: &mut EditForm<'_>) {
        let (text, now) = (&req.text, req.site.clock.now());
        let image = one.and_then(Picture::of);
        form.takes_file = true;
        for group in &mut form.groups {
            let is_table = |name: &str| PICTURE.iter().any(|field| field.name == name);
            group
                .fields
                .retain(|field| field.name != "kind" && !is_table(&field.name));
            if group.fields.iter().all(|field| field.name != "image_alt") {
                continue;
            }
            let label = text.say("post-image");
            let control = Control::Line("file", "off");
            let mut file = form.form_state.field("image", label, control);
            // Browsers clear file inputs when a form is shown again, so the editor must choose the
            // file anew.
            if !std::mem::take(&mut file.value).is_empty() && file.error.is_none() {
                file.error = Some(text.say("post-image-again").into_owned());
            }
            let hint = text.say("post-image-hint");
            group.fields.insert(0, file.hint(hint));
            if image.is_some() {
                let label = text.say("post-image-remove");
                let tick = form.form_state.tick("image_remove", label);
                group.fields.push(tick);
            }
        }
        let Some(one) = one else {
            let kind = kind_of(&form.form_state.form);
            form.hidden.push(("kind", kind.word().to_owned()));
            if kind == Kind::Note {
                form.title = text.say("post-new-note").into_owned();
            }
            return;
        };
        if one.was_public(now) {
            form.remove = None;
        }
        if one.state == State::Published {
            let page = text.say("post-page").into_owned();
            form.more = Some((feed::path(one), page));
        }
        let preview = Preview {
            text,
            image,
            html: markdown::html(&one.body, req.site.url().origin()),
        };
        form.below = preview.to_string();
    }

    async fn list_page(
        req: &PageRequest,
        _: &Editor,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let text = &req.text;
        let zone = editor::zone(&req.who);
        let rows = list.items.iter().map(|post| Row {
            href: format!("{HERE}/{}", post.id),
            title: name(post),
            state: post.state.label(),
            date: post
                .published_at
                .map(|at| text.moment_short(&at.to_zoned(zone.clone())))
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

/// What an editor begins on the page that they land on.
pub(crate) fn cards(
    tx: &mut Tx<'_>,
    _: &Site,
    who: &SignedIn,
    _: &Text,
) -> Result<Vec<Card>, StoreError> {
    if !editor::is_editor(tx, who)? {
        return Ok(Vec::new());
    }
    let links = [
        ("post-new-article", "/me/posts/new?kind=article"),
        ("post-new-note", "/me/posts/new?kind=note"),
        ("post-write", HERE),
    ];
    Ok(vec![Card {
        title: "post-articles",
        lines: Vec::new(),
        links: links.map(|(label, href)| Link { label, href }).into(),
        form: None,
    }])
}

#[derive(Template)]
#[template(path = "own/list.html")]
struct ListPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    rows: Vec<Row>,
    /// The address of the next page; empty on the last page.
    next: String,
}

struct Row {
    href: String,
    title: String,
    state: &'static str,
    date: String,
}

/// The post as readers see or will see it.
#[derive(Template)]
#[template(path = "own/preview.html")]
struct Preview<'a> {
    text: &'a Text,
    image: Option<Picture>,
    html: String,
}

/// The title of a post; for a note, its first words.
fn name(post: &Post) -> String {
    if post.title.is_empty() {
        post.excerpt()
    } else {
        post.title.clone()
    }
}

fn kind_of(form: &Form) -> Kind {
    Kind::find(form.text("kind")).unwrap_or(Kind::Article)
}
