//! The page for writing a post.

use askama::Template;
use axum::body::Bytes;
use jiff::civil;
use platform::text_cleaning;
use site::request::{FormPost, PageRequest};
use site::resource::pages::{EditForm, Next};
use web::form_state::{Control, Field};
use web::picture_folder::{self, StoredPicture};
use web::{Form, Problem, Text};

use super::kind_of;
use crate::editing::PICTURE;
use crate::editor_role::{self, Editor};
use crate::post::{Post, State};
use crate::web::public::Picture;
use crate::{feed, image, markdown};

/// The form field of buttons that do not save the post, but show a preview or insert a picture.
const ACT: &str = "act";
/// The form field with the file name of a picture that was uploaded with an unsaved form.
const KEPT: &str = "image_kept";

/// Stores the pictures that were uploaded with a form, before the form is validated.
pub(super) async fn prepare(posted: &mut FormPost) -> Result<Next, Problem> {
    for field in PICTURE {
        posted.form.remove(&[field.name]);
    }
    if !posted.files.is_empty() {
        posted.req.read(|_, _: &Editor| Ok(())).await?;
    }
    keep_picture(posted).await?;
    put_into_text(posted).await?;
    Ok(match posted.form.text(ACT) {
        "" => Next::Save,
        _ => Next::Show,
    })
}

fn sender(posted: &FormPost) -> String {
    posted.req.who.account().id.to_string()
}

fn take(posted: &mut FormPost, field: &str) -> Option<Bytes> {
    let at = posted.files.iter().position(|file| file.field == field)?;
    Some(posted.files.swap_remove(at).bytes)
}

/// Determines the post's picture: the file uploaded with this form, the file uploaded with an
/// earlier form that was not saved, the stored picture, or none.
async fn keep_picture(posted: &mut FormPost) -> Result<(), Problem> {
    let (site, sender) = (posted.req.site.clone(), sender(posted));
    let kept = posted.form.text(KEPT).to_owned();
    if let Some(sent) = take(posted, "image") {
        let picture = image::FOLDER.upload(&site, &sender, sent, "/image").await?;
        posted.form.remove(&["image_remove"]);
        set(&mut posted.form, &picture);
    } else if posted.form.is_ticked("image_remove") {
        posted.form.set("image_alt", "");
        for field in PICTURE {
            let none = if field.name == "image" { "" } else { "0" };
            posted.form.set(field.name, none);
        }
    } else if let (true, Some((width, height))) =
        (image::is_name(&kept), picture_folder::dimensions(&kept))
    {
        let key = image::FOLDER.key(&kept).map_err(Problem::internal)?;
        let opened = site.files.open(&key).await.map_err(Problem::internal)?;
        // The picture was uploaded with an earlier form that was not saved within a day, so it has
        // been deleted.
        let Some(opened) = opened else {
            return Err(Problem::fields().field("/image", "required", []));
        };
        let bytes = opened.metadata().map_err(Problem::internal)?.len();
        let picture = StoredPicture {
            file: kept,
            width,
            height,
            bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
        };
        set(&mut posted.form, &picture);
    }
    Ok(())
}

fn set(form: &mut Form, picture: &StoredPicture) {
    form.set("image", picture.file.as_str());
    form.set("image_width", picture.width.to_string());
    form.set("image_height", picture.height.to_string());
    form.set("image_bytes", picture.bytes.to_string());
}

async fn put_into_text(posted: &mut FormPost) -> Result<(), Problem> {
    let (site, sender) = (posted.req.site.clone(), sender(posted));
    let Some(sent) = take(posted, "text_image") else {
        if posted.form.text(ACT) == "picture" {
            return Err(Problem::fields().field("/text_image", "required", []));
        }
        return Ok(());
    };
    let picture = image::FOLDER
        .upload(&site, &sender, sent, "/text_image")
        .await?;
    let form = &mut posted.form;
    let alt = text_cleaning::clean_line(form.text("text_image_alt"));
    let alt = alt
        .replace('\\', "\\\\")
        .replace('[', "\\[")
        .replace(']', "\\]");
    let written = format!("![{alt}]({})", image::path(&picture.file));
    let caret = form.text("caret").parse().ok();
    let body = with_paragraph(form.text("body"), caret, &written);
    form.set("body", body);
    form.remove(&["text_image_alt", "caret"]);
    Ok(())
}

/// Inserts `new` into the text as a paragraph at the caret, or at the end. `caret` is in UTF-16
/// units, as browsers count.
fn with_paragraph(text: &str, caret: Option<usize>, new: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let mut left = caret.unwrap_or(usize::MAX);
    let at = text.char_indices().find(|(_, c)| {
        let is_there = left == 0;
        left = left.saturating_sub(c.len_utf16());
        is_there
    });
    let (before, after) = text.split_at(at.map_or(text.len(), |(at, _)| at));
    let (before, after) = (before.trim_end(), after.trim_start());
    let gap = if before.is_empty() { "" } else { "\n\n" };
    format!("{before}{gap}{new}\n\n{after}")
}

#[derive(Template)]
#[template(path = "own/editor.html")]
struct EditorPage<'a> {
    text: &'a Text,
    form: EditForm<'a>,
    /// The key under which the browser's local storage keeps the typed text.
    keep: String,
    is_unsaved: bool,
    preview: Option<Preview>,
    /// The title field; `None` for a note.
    title: Option<Field>,
    body: Option<Field>,
    text_image: Field,
    text_image_alt: Field,
    picture: Option<Picture>,
    kept: String,
    image: Field,
    image_alt: Option<Field>,
    image_remove: Option<Field>,
    /// The fields that are collapsed because they are seldom changed.
    more: Vec<Folded>,
    status: String,
    page: Option<String>,
    /// The state that the post gets if the form is sent without a button.
    state: State,
    buttons: Vec<Button>,
    withdraw: Option<String>,
    delete: Option<String>,
}

struct Preview {
    title: String,
    html: String,
}

struct Folded {
    field: Field,
    value: String,
    is_open: bool,
}

struct Button {
    label: String,
    state: State,
    is_main: bool,
    /// The page's script shows it if the chosen day is in the future. Empty if it never changes.
    later: String,
}

pub(super) fn page(req: &PageRequest, one: Option<&Post>, mut form: EditForm<'_>) -> String {
    let (text, now) = (&req.text, req.site.clock.now());
    let (form_state, typed) = (form.form_state, &form.form_state.form);
    let kind = one.map_or_else(|| kind_of(typed), |post| post.kind);
    let was_public = one.is_some_and(|post| post.was_public(now));
    let stored = one.map_or("", |post| &post.image);
    let file = typed.find("image").filter(|file| !file.is_empty());
    let picture = file.and_then(|file| Picture::at(file, typed.text("image_alt")));
    let picture = picture.or_else(|| one.and_then(Picture::of));
    let file_field = |name: &str, label: &str| {
        form_state.field(name, text.say(label), Control::Line("file", "off"))
    };
    let image_alt = form.take("image_alt").map(|mut alt| {
        alt.control = Control::Lines;
        if alt.error.is_some() && alt.value.is_empty() {
            alt.error = Some(text.say("post-image-alt-missing").into_owned());
        }
        alt
    });
    let later = later(req, typed.text("published_at"));
    let more = ["published_at", "excerpt", "tags", "slug"];
    let more = more
        .into_iter()
        .filter_map(|name| Some(folded(text, form.take(name)?)));
    let more = more.collect();
    let preview = (typed.text(ACT) == "preview").then(|| Preview {
        title: typed.text("title").to_owned(),
        html: markdown::html(typed.text("body"), req.site.url().origin()),
    });
    let id = one.map_or_else(
        || format!("new-{}", kind.word()),
        |post| post.id.to_string(),
    );
    let at = |rest: &str| one.map(|post| format!("{}/{}/{rest}", super::HERE, post.id));
    let body = EditorPage {
        text,
        keep: format!("{}/{id}", req.who.account().id),
        is_unsaved: !form_state.is_fine() || form_state.is_clash() || !typed.text(ACT).is_empty(),
        preview,
        title: form.take("title"),
        body: form.take("body"),
        text_image: file_field("text_image", "post-text-image"),
        text_image_alt: form_state.line("text_image_alt", text.say("post-image-alt")),
        kept: file
            .filter(|file| *file != stored)
            .unwrap_or_default()
            .to_owned(),
        image: file_field(
            "image",
            if picture.is_some() {
                "post-image-other"
            } else {
                "post-image"
            },
        )
        .hint(text.say("post-image-hint")),
        image_remove: picture
            .is_some()
            .then(|| form_state.tick("image_remove", text.say("post-image-remove"))),
        image_alt,
        picture,
        more,
        status: one.map(|post| status(req, post)).unwrap_or_default(),
        page: one
            .filter(|post| post.state == State::Published)
            .map(feed::path),
        state: one.map_or(State::Draft, |post| post.state),
        buttons: buttons(text, one, was_public, later),
        withdraw: at("withdraw").filter(|_| one.is_some_and(|post| post.state == State::Published)),
        delete: at("delete").filter(|_| !was_public),
        form,
    };
    body.to_string()
}

fn later(req: &PageRequest, typed: &str) -> Option<String> {
    let zone = editor_role::zone(&req.who);
    let at = typed.parse::<civil::DateTime>().ok()?;
    let at = at.to_zoned(zone).ok()?;
    let is_later = at.timestamp() > req.site.clock.now();
    is_later.then(|| req.text.weekday_and_day(&at))
}

fn folded(text: &Text, field: Field) -> Folded {
    let value = match (field.name.as_str(), field.value.as_str()) {
        ("published_at", "") => text.say("post-when-at-once").into_owned(),
        ("excerpt", "") => text.say("post-excerpt-first").into_owned(),
        ("slug", "") => text.say("post-slug-of-title").into_owned(),
        ("slug", slug) => format!("…/{slug}"),
        ("published_at", at) => at.replace('T', " "),
        (_, value) => value.to_owned(),
    };
    Folded {
        is_open: field.error.is_some() || field.stored.is_some(),
        value,
        field,
    }
}

fn status(req: &PageRequest, post: &Post) -> String {
    let at = req
        .text
        .moment_short_in(&editor_role::zone(&req.who), post.updated_at);
    let state = req.text.say(post.state.label());
    req.text
        .with("post-status", [("state", state.into()), ("at", at.into())])
}

fn buttons(
    text: &Text,
    one: Option<&Post>,
    was_public: bool,
    later: Option<String>,
) -> Vec<Button> {
    let button = |label: &str, state, is_main| Button {
        label: text.say(label).into_owned(),
        state,
        is_main,
        later: String::new(),
    };
    if was_public {
        return match one.map(|post| post.state) {
            Some(State::Withdrawn) => vec![
                button("post-save", State::Withdrawn, false),
                button("post-publish-again", State::Published, true),
            ],
            _ => vec![button("post-save", State::Published, true)],
        };
    }
    let on = |day: &str| text.with("post-publish-on", [("day", day.into())]);
    let mut publish = button("post-publish", State::Published, true);
    publish.later = on("{day}");
    if let Some(day) = later {
        publish.label = on(&day);
    }
    vec![button("post-save-draft", State::Draft, false), publish]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_becomes_a_paragraph_where_the_caret_is() {
        for (text, caret, expected) in [
            ("", None, "P\n\n"),
            ("One", None, "One\n\nP\n\n"),
            ("One\r\n\r\nTwo", Some(4), "One\n\nP\n\nTwo"),
            ("One two", Some(3), "One\n\nP\n\ntwo"),
            ("One", Some(0), "P\n\nOne"),
            // This character takes two UTF-16 units.
            ("🌧 rain", Some(2), "🌧\n\nP\n\nrain"),
            ("One", Some(99), "One\n\nP\n\n"),
        ] {
            assert_eq!(
                with_paragraph(text, caret, "P"),
                expected,
                "{text:?} {caret:?}"
            );
        }
    }
}
