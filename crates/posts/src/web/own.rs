//! The pages of editors.

use accounts::signed_in::SignedIn;
use accounts::web::asking::{FileSender, Reader, Sender};
use accounts::web::call::{id as parse, submission};
use accounts::web::frame;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use jiff::Timestamp;
use platform::Tx;
use platform::audit::RequestFacts;
use web::fields::{self, Kind as FieldKind};
use web::form_state::{self, Control, FormState, Group, TableForm};
use web::{Form, Input, Piece, Problem, Site, Text, Wishes, tags};

use super::public::Picture;
use crate::editor::{self, Editor};
use crate::image::{self, ImageChange};
use crate::post::{self, Kind, Post, PostId, State as PostState};
use crate::{Refusal, feed, markdown};

const HERE: &str = "/me/posts";
/// The states of a post that nobody could read yet.
const BEFORE: &[(&str, &str)] = PostState::CHOICES.split_at(3).0;
/// The states of one that was public.
const AFTER: &[(&str, &str)] = PostState::CHOICES.split_at(2).1;

#[derive(Template)]
#[template(path = "own/list.html")]
struct ListPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    rows: Vec<Row>,
    /// The address of the next page; empty: this is the last one.
    next: String,
}

struct Row {
    href: String,
    title: String,
    state: &'static str,
    date: String,
}

/// `GET /me/posts`.
pub(super) async fn list(
    State(site): State<Site>,
    uri: Uri,
    wishes: Wishes,
    reader: Reader,
    piece: Piece,
) -> Result<Response, Problem> {
    let text = site.speak(&wishes);
    let (enter, rows) = (editor::entrance(&reader.who, &reader.request), piece.rows());
    let after: Option<(Timestamp, PostId)> = piece.after()?;
    let look = move |tx: &mut Tx<'_>| -> Result<_, Refusal> {
        let editor = enter(tx)?;
        Ok(post::list(tx, &editor, after.as_ref(), rows)?)
    };
    let posts = site.store.read(look).await?;
    let list = piece.list(posts, |post| (post.updated_at, post.id.clone()));
    let zone = editor::zone(&reader.who);
    let rows = list.items.iter().map(|post| Row {
        href: at(&post.id),
        title: name(post),
        state: post.state.label(),
        date: post
            .published_at
            .map(|at| text.moment_short(&at.to_zoned(zone.clone())))
            .unwrap_or_default(),
    });
    let next = list.next_cursor;
    let body = ListPage {
        text: &text,
        done: done(&uri),
        rows: rows.collect(),
        next: next
            .map(|cursor| format!("{HERE}?cursor={cursor}"))
            .unwrap_or_default(),
    };
    let title = text.say("post-all");
    let who = (&reader.who, reader.csrf.as_str());
    frame::show(&site, &text, who, (HERE, &title), body).await
}

/// What a post is called: the first words of a note.
fn name(post: &Post) -> String {
    if post.title.is_empty() {
        post.excerpt()
    } else {
        post.title.clone()
    }
}

/// What was done on the page before.
fn done(uri: &Uri) -> Option<&'static str> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes());
    match query.unwrap_or_default().text("done") {
        "saved" => Some("post-saved"),
        "deleted" => Some("post-deleted"),
        _ => None,
    }
}

/// The address of a post's own page.
fn at(id: &PostId) -> String {
    format!("{HERE}/{id}")
}

/// Who is at a page, and what it needs of the request.
struct Asking<'a> {
    site: &'a Site,
    text: &'a Text,
    who: &'a SignedIn,
    csrf: &'a str,
    request: &'a RequestFacts,
}

impl<'a> Asking<'a> {
    fn reader(site: &'a Site, text: &'a Text, reader: &'a Reader) -> Self {
        Self {
            site,
            text,
            who: &reader.who,
            csrf: &reader.csrf,
            request: &reader.request,
        }
    }

    fn sender(site: &'a Site, text: &'a Text, sender: &'a Sender) -> Self {
        Self {
            site,
            text,
            who: &sender.who,
            csrf: &sender.csrf,
            request: &sender.request,
        }
    }

    /// What the form says of the picture; nobody but an editor has one kept.
    async fn image(&self, sent: &FileSender) -> Result<ImageChange, Problem> {
        if !sent.file.is_empty() {
            self.enter().await?;
            let image = image::FOLDER
                .upload(self.site, sent.file.clone(), "/image")
                .await?;
            return Ok(ImageChange::Set(image));
        }
        Ok(if sent.sender.form.is_ticked("image_remove") {
            ImageChange::Remove
        } else {
            ImageChange::Keep
        })
    }

    async fn load(&self, id: &PostId) -> Result<Post, Refusal> {
        let (enter, id) = (editor::entrance(self.who, self.request), id.clone());
        let look = move |tx: &mut Tx<'_>| {
            let editor = enter(tx)?;
            post::find(tx, &editor, &id)
        };
        self.site.store.read(look).await
    }

    /// Refuses who is no editor.
    async fn enter(&self) -> Result<(), Refusal> {
        let enter = editor::entrance(self.who, self.request);
        let look = move |tx: &mut Tx<'_>| enter(tx).map(drop);
        self.site.store.read(look).await
    }

    /// What is stored, as the form holds it.
    fn stored(&self, post: &Post) -> Form {
        let zone = editor::zone(self.who);
        let mut form = fields::form(Post::FIELDS, post, post.version, &zone);
        form.remove(&["tags"]);
        let tags = post.tags.join(", ");
        form_state::form(form.iter().chain([("tags", tags.as_str())]))
    }
}

/// The fields that the form of a post shows.
fn shown(kind: Kind, old: Option<&Post>, now: Timestamp) -> Vec<web::Field> {
    let was_public = old.is_some_and(|post| post.was_public(now));
    let all = Post::FIELDS.iter().copied();
    let shown = all.filter(|field| match field.name {
        "kind" => old.is_none(),
        "title" | "slug" | "excerpt" => kind == Kind::Article,
        "published_at" => !was_public,
        _ => true,
    });
    let with_states = shown.map(|field| match field.name {
        "state" => web::Field {
            kind: FieldKind::Choice(if was_public { AFTER } else { BEFORE }),
            ..field
        },
        _ => field,
    });
    with_states.collect()
}

/// What was typed: commas part the tags.
fn read(form: &Form, shown: Vec<web::Field>) -> Input {
    let typed = form.iter().flat_map(|(name, value)| {
        let values: Vec<&str> = match name {
            "tags" => tags::split(value).collect(),
            _ => vec![value],
        };
        values.into_iter().map(move |value| (name, value))
    });
    Input::Form(form_state::form(typed), shown)
}

#[derive(Template)]
#[template(path = "own/form.html")]
struct FormPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    done: Option<&'static str>,
    form_state: &'a FormState,
    title: &'a str,
    action: String,
    /// Sent along for a new one.
    kind: &'static str,
    groups: Vec<Group>,
    /// Where a deletion is sent; empty: there is nothing to delete, or no more.
    delete: String,
    /// Where everybody reads it; empty: nowhere.
    public_path: String,
    /// Its picture, if it has one.
    image: Option<Picture>,
    /// What readers see or will see.
    preview: String,
}

/// `GET /me/posts/new`.
pub(super) async fn new(
    State(site): State<Site>,
    uri: Uri,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = site.speak(&wishes);
    let asking = Asking::reader(&site, &text, &reader);
    asking.enter().await?;
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    form_page(&asking, None, kind_of(&query), &FormState::default(), None).await
}

fn kind_of(form: &Form) -> Kind {
    Kind::find(form.text("kind")).unwrap_or(Kind::Article)
}

/// `POST /me/posts/new`.
pub(super) async fn create(
    State(site): State<Site>,
    wishes: Wishes,
    sent: FileSender,
) -> Result<Response, Problem> {
    let (sender, text) = (&sent.sender, site.speak(&wishes));
    let asking = Asking::sender(&site, &text, sender);
    let kind = kind_of(&sender.form);
    let enter = editor::entrance(&sender.who, &sender.request);
    let input = read(&sender.form, shown(kind, None, site.clock.now()));
    let done = async {
        let image = asking.image(&sent).await?;
        let change = move |tx: &mut Tx<'_>, editor: &Editor| {
            let made = post::create(tx, editor, &input, &image)?;
            Ok::<_, Refusal>(format!("{}?done=saved", at(&made.id)))
        };
        let once = sender.once(&site, "POST /me/posts/new", enter, change);
        once.await.map_err(Problem::from)
    };
    form_state::answer(done.await, async |problem| {
        let mut form_state = FormState::refused(sender.form.clone(), &problem, &text);
        ask_again(&mut form_state, &sent, &text);
        form_page(&asking, None, kind, &form_state, None).await
    })
    .await
}

/// `GET /me/posts/{id}`.
pub(super) async fn edit(
    State(site): State<Site>,
    Path(id): Path<String>,
    uri: Uri,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = site.speak(&wishes);
    let asking = Asking::reader(&site, &text, &reader);
    let post = asking.load(&parse(&id)?).await?;
    let form_state = FormState::of(asking.stored(&post));
    form_page(&asking, Some(&post), post.kind, &form_state, done(&uri)).await
}

/// `POST /me/posts/{id}`.
pub(super) async fn change(
    State(site): State<Site>,
    Path(id): Path<String>,
    wishes: Wishes,
    sent: FileSender,
) -> Result<Response, Problem> {
    let id: PostId = parse(&id)?;
    let (sender, text) = (&sent.sender, site.speak(&wishes));
    let asking = Asking::sender(&site, &text, sender);
    let enter = editor::entrance(&sender.who, &sender.request);
    let version = form_state::number(&sender.form, "version").unwrap_or_default();
    let (form, one) = (sender.form.clone(), id.clone());
    let done = async {
        let image = asking.image(&sent).await?;
        let change = move |tx: &mut Tx<'_>, editor: &Editor| {
            let old = post::find(tx, editor, &one)?;
            let input = read(&form, shown(old.kind, Some(&old), tx.now()));
            post::change(tx, editor, &one, version, &input, &image)?;
            Ok::<_, Refusal>(format!("{}?done=saved", at(&one)))
        };
        let once = sender.once(&site, "POST /me/posts", enter, change);
        once.await.map_err(Problem::from)
    };
    form_state::answer(done.await, async |problem| {
        let post = asking.load(&id).await?;
        let stored = asking.stored(&post);
        let mut form_state =
            FormState::not_saved(&sender.form, || stored, "post-save", &problem, &text);
        ask_again(&mut form_state, &sent, &text);
        form_page(&asking, Some(&post), post.kind, &form_state, None).await
    })
    .await
}

/// `POST /me/posts/{id}/delete`.
pub(super) async fn delete(
    State(site): State<Site>,
    Path(id): Path<String>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let id: PostId = parse(&id)?;
    let enter = editor::entrance(&sender.who, &sender.request);
    let one = id.clone();
    let change = move |tx: &mut Tx<'_>, editor: &Editor| {
        post::delete(tx, editor, &one)?;
        Ok(format!("{HERE}?done=deleted"))
    };
    let done = sender
        .once(&site, "POST /me/posts/delete", enter, change)
        .await;
    form_state::answer(done, async |problem| {
        let text = site.speak(&wishes);
        let asking = Asking::sender(&site, &text, &sender);
        let post = asking.load(&id).await?;
        let form_state = FormState::refused(asking.stored(&post), &problem, &text);
        form_page(&asking, Some(&post), post.kind, &form_state, None).await
    })
    .await
}

/// A browser does not send the same file again by itself.
fn ask_again(form_state: &mut FormState, sent: &FileSender, text: &Text) {
    if !sent.file.is_empty() && form_state.error("image").is_none() {
        form_state.complain("image", text.say("post-image-again").into_owned());
    }
}

async fn form_page(
    asking: &Asking<'_>,
    one: Option<&Post>,
    kind: Kind,
    form_state: &FormState,
    done: Option<&'static str>,
) -> Result<Response, Problem> {
    let (text, now) = (asking.text, asking.site.clock.now());
    let table = TableForm {
        text,
        form_state,
        languages: &[],
        zone: &asking.who.account().time_zone,
    };
    let mut fields = shown(kind, one, now);
    fields.retain(|field| field.name != "kind");
    let mut groups = table.groups(&fields, "post-section-text");
    if let Some(group) = groups.first_mut() {
        let tags = form_state.line("tags", text.say("post-tags"));
        group.fields.push(tags.hint(text.say("post-tags-hint")));
    }
    let image = one.and_then(Picture::of);
    let mut of_image = groups.iter_mut().filter(|group| {
        let mut fields = group.fields.iter();
        fields.any(|field| field.name == "image_alt")
    });
    if let Some(group) = of_image.next() {
        let file = form_state.field(
            "image",
            text.say("post-image"),
            Control::Line("file", "off"),
        );
        group
            .fields
            .insert(0, file.hint(text.say("post-image-hint")));
        if image.is_some() {
            let label = text.say("post-image-remove");
            group.fields.push(form_state.tick("image_remove", label));
        }
    }
    let title = match (one, kind) {
        (Some(one), _) => name(one),
        (None, Kind::Article) => text.say("post-new-article").into_owned(),
        (None, Kind::Note) => text.say("post-new-note").into_owned(),
    };
    let is_published = one.is_some_and(|one| one.state == PostState::Published);
    let body = FormPage {
        text,
        csrf: asking.csrf,
        submission: submission(&asking.site.random),
        done,
        form_state,
        title: &title,
        action: one.map_or_else(|| format!("{HERE}/new"), |one| at(&one.id)),
        kind: if one.is_none() { kind.word() } else { "" },
        groups,
        delete: one
            .filter(|one| !one.was_public(now))
            .map(|one| format!("{}/delete", at(&one.id)))
            .unwrap_or_default(),
        public_path: one
            .filter(|_| is_published)
            .map(feed::path)
            .unwrap_or_default(),
        image,
        preview: one
            .map(|one| markdown::html(&one.body, asking.site.url().origin()))
            .unwrap_or_default(),
    };
    let who = (asking.who, asking.csrf);
    frame::show(asking.site, text, who, (HERE, &title), body).await
}
