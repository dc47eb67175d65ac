//! The page *Look and photo*: the look's colour and the photo on the cover, beside the invitation
//! as guests will see it.

use askama::Template;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use platform::Tx;
use web::form_state::{self, Control, Field, FormState, Group};
use web::uploaded_image::{self, Focus};
use web::{Form, Input, Preset, Problem, Text, Theme, Way, assets, picture_folder};

use super::frame::{Place, keep_private};
use super::looks::{self, PRESET, WAY};
use super::preview;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::Wording;
use crate::cover::{self, OnPages};
use crate::hosting::HostOf;
use crate::hosting::occasions::{self, FIELDS};
use crate::look;
use crate::occasion::Occasion;
use crate::web::guest;
use crate::web::guest::view::{Cover, Hosts};

/// What the photo shows, in words.
pub(super) const ALT: &str = "cover_alt";
/// How many looks the page shows; all are on the wall.
const LOOKS: usize = 5;

#[derive(Template)]
#[template(path = "host/photo.html")]
struct Page<'a> {
    text: &'a Text,
    wording: &'a Wording<'a>,
    own: &'a Text,
    hosts: Hosts<'a>,
    style: &'static str,
    form_state: &'a FormState,
    done: Option<String>,
    version: &'a str,
    preset: Preset,
    looks: Vec<(Theme, Cover<'a>)>,
    ways: Vec<Colour>,
    accent: Vec<Field>,
    changed: Vec<String>,
    photo: Option<Stored>,
    file: Field,
    alt: Vec<Group>,
}

struct Colour {
    way: Way,
    dot: String,
    is_chosen: bool,
}

/// The photo that is there.
struct Stored {
    /// Only of a photo that can be cut anew: the whole of it, and what must stay of it.
    whole: Option<Whole>,
    /// The photo as it is on the cover.
    shown: OnPages,
}

struct Whole {
    address: String,
    parts: Vec<(u8, String, bool)>,
}

/// Handles `GET /admin/o/{slug}/settings/cover`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let form_state = FormState::of(stored(&context.occasion));
    Ok(page(&req, &context, &form_state))
}

fn page(req: &HostRequest, context: &PageContext, form_state: &FormState) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let occasion = &context.occasion;
    let own = looks::in_its_language(req, occasion);
    let preset = occasion.theme.preset;
    let table = wording.table_form(form_state);
    let file = form_state.field(
        "file",
        text.say(if occasion.cover.is_empty() {
            "host-photo-add"
        } else {
            "host-photo-change"
        }),
        Control::Line("file", "off"),
    );
    let body = Page {
        text,
        wording: &wording,
        hosts: guest::show::hosts(&own, occasion),
        style: assets::asset("looks.css"),
        done: req.done(),
        version: form_state.form.text("version"),
        looks: some_looks(&own, context),
        ways: colours(form_state, occasion.theme),
        accent: looks::accent_fields(&wording, form_state),
        changed: looks::changed_accent(text, occasion.theme),
        photo: photo(text, &wording, form_state),
        file: file.hint(text.say("host-photo-file-hint")),
        alt: table.groups(&fields_where(|field| field.name == ALT), ""),
        form_state,
        preset,
        own: &own,
    };
    req.page(context, Place::Look, &text.say("host-menu-look"), body)
}

/// The present look, and those that suit the occasion best.
fn some_looks<'a>(own: &Text, context: &'a PageContext) -> Vec<(Theme, Cover<'a>)> {
    let present = context.occasion.theme;
    let (suited, _) = look::choices(context.occasion.kind);
    let others = suited.into_iter().filter(|look| *look != present.preset);
    let others = others.map(Theme::of).take(LOOKS - 1);
    let all = [present].into_iter().chain(others);
    all.map(|theme| (theme, looks::cover(own, context, theme.preset.word())))
        .collect()
}

fn colours(form_state: &FormState, theme: Theme) -> Vec<Colour> {
    let ways = theme.preset.ways();
    let typed = Way::find(form_state.form.text(WAY)).filter(|way| ways.contains(way));
    let chosen = typed.or_else(|| ways.first().copied());
    let all = ways.iter().map(|way| Colour {
        way: *way,
        dot: looks::dot(theme.preset, Some(*way)),
        is_chosen: chosen == Some(*way),
    });
    all.collect()
}

fn photo(text: &Text, wording: &Wording<'_>, form_state: &FormState) -> Option<Stored> {
    let shown = cover::on_pages(wording.occasion)?;
    let whole = cover::focus(wording.occasion).map(|stored| {
        let chosen = Focus::find(form_state.form.text("focus")).unwrap_or(stored);
        let parts = Focus::ALL.into_iter().map(|part| {
            let name = text.say(&format!("host-photo-part-{}", part.number()));
            (part.number(), name.into_owned(), part == chosen)
        });
        Whole {
            address: wording.at("/settings/cover/small"),
            parts: parts.collect(),
        }
    });
    Some(Stored { whole, shown })
}

fn fields_where(is_wanted: impl Fn(&web::Field) -> bool) -> Vec<web::Field> {
    FIELDS
        .iter()
        .filter(|field| is_wanted(field))
        .copied()
        .collect()
}

fn fields_of_page() -> Vec<web::Field> {
    fields_where(|field| field.section == looks::SECTION || field.name == ALT)
}

fn stored(occasion: &Occasion) -> Form {
    let focus = cover::focus(occasion).map(|focus| focus.number().to_string());
    let focus = focus.map(|number| ("focus".to_owned(), number));
    let fields = looks::stored(occasion);
    let fields = fields
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    form_state::form(fields.chain(focus))
}

/// The form as far as it is about fields. The look is not changed on this page.
fn input(form: &Form, look: Preset) -> Input {
    let form = looks::with_own_accent(form);
    let others = form.iter().filter(|(name, _)| *name != PRESET);
    let form = form_state::form(others.chain([(PRESET, look.word())]));
    Input::Form(form, fields_of_page())
}

/// Handles `POST /admin/o/{slug}/settings/cover`.
pub(super) async fn save(posted: HostForm) -> Result<Response, Problem> {
    let done = try_save(&posted).await;
    let req = &posted.req;
    form_state::answer(done, async |problem| {
        let (context, ()) = req.read(|_, _| Ok(())).await?;
        let stored = || stored(&context.occasion);
        let form_state =
            FormState::not_saved(&posted.form, stored, "host-save", &problem, &req.text);
        Ok(page(req, &context, &form_state))
    })
    .await
}

async fn try_save(posted: &HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    // The host's permission is checked before the picture is decoded, because decoding is slow.
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let input = input(form, context.occasion.theme.preset);
    let is_typed_well = occasions::apply(&input, &context.occasion, false);
    let cover = match (is_typed_well, cover(posted, &context.occasion).await) {
        (Ok(_), Ok(cover)) => cover,
        (Ok(_), Err(problem)) => return Err(problem),
        (Err(refusal), Ok(_)) => return Err(refusal.into()),
        (Err(refusal), Err(mut problem)) => {
            let others = Problem::from(refusal);
            problem.errors.extend(others.errors.iter().cloned());
            return Err(problem);
        }
    };
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let to = req.at("/settings/cover?done=saved");
    let change = move |tx: &mut Tx<'_>, host: &HostOf| {
        occasions::change(tx, host, version, &input)?;
        if let Some(cover) = &cover {
            occasions::set_cover(tx, host, cover)?;
        }
        Ok(to.clone())
    };
    Ok(posted.once(change).await?)
}

/// Stores the cuts that the form asks for, and returns what the occasion then says of its photo;
/// `None` if that stays as it is.
async fn cover(posted: &HostForm, occasion: &Occasion) -> Result<Option<String>, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    if form.is_ticked("remove") {
        return Ok(Some(String::new()));
    }
    if let Some(sent) = posted.files.first() {
        let sender = req.who.account().id.as_str();
        let sent = sent.bytes.clone();
        let folder = cover::FOLDER;
        let uploaded = folder.upload_source(&req.site, sender, sent, "/file", cover::CUTS);
        let (name, focus) = uploaded.await?;
        return Ok(Some(picture_folder::focused_stem(&name, focus)));
    }
    let (Some((name, old)), Some(new)) = (
        picture_folder::focus_of(&occasion.cover),
        typed_focus(form)?,
    ) else {
        return Ok(None);
    };
    if new == old {
        return Ok(None);
    }
    let folder = cover::FOLDER;
    folder.cut_anew(&req.site, name, new, cover::CUTS).await?;
    Ok(Some(picture_folder::focused_stem(name, new)))
}

fn typed_focus(form: &Form) -> Result<Option<Focus>, Problem> {
    let typed = form.text("focus");
    if typed.is_empty() {
        return Ok(None);
    }
    let unknown = || Problem::fields().field("/focus", "unknown_option", []);
    Focus::find(typed).map(Some).ok_or_else(unknown)
}

/// Handles `GET /admin/o/{slug}/settings/cover/small`: the whole photo in a small size, on which
/// hosts choose what must stay.
pub(super) async fn small(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let stem = &context.occasion.cover;
    let (name, _) = picture_folder::focus_of(stem).ok_or_else(Problem::not_found)?;
    let file = picture_folder::small_file(name);
    let (media_type, bytes) = cover::FOLDER.load(&req.site, &file).await?;
    let mut response = ([(CONTENT_TYPE, media_type)], bytes).into_response();
    keep_private(&mut response);
    Ok(response)
}

/// Handles `GET /admin/o/{slug}/settings/cover/preview/page`: the invitation as it is stored.
pub(super) async fn preview(req: HostRequest) -> Result<Response, Problem> {
    show_invitation(&req, None).await
}

/// Handles `POST /admin/o/{slug}/settings/cover/preview/page`: the invitation as it would be if the form
/// were saved. Nothing is saved.
pub(super) async fn preview_typed(posted: HostForm) -> Result<Response, Problem> {
    show_invitation(&posted.req, Some(&posted.form)).await
}

/// Shows the invitation of a household that does not exist.
async fn show_invitation(req: &HostRequest, form: Option<&Form>) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let typed = match form {
        Some(form) => {
            let input = input(form, context.occasion.theme.preset);
            occasions::apply(&input, &context.occasion, false)?
        }
        None => context.occasion.clone(),
    };
    let focus = form.map(typed_focus).transpose()?.flatten();
    let photo = cut_for_preview(req, &typed, focus).await?;
    let language = typed.default_language.clone();
    preview::made_up(req, typed, &language, photo).await
}

/// The photo, cut around a part that is not saved yet; `None` if the stored cuts do.
async fn cut_for_preview(
    req: &HostRequest,
    occasion: &Occasion,
    focus: Option<Focus>,
) -> Result<Option<OnPages>, Problem> {
    let stored = picture_folder::focus_of(&occasion.cover);
    let (Some((name, old)), Some(new)) = (stored, focus) else {
        return Ok(None);
    };
    if old == new {
        return Ok(None);
    }
    let file = picture_folder::small_file(name);
    let (_, small) = cover::FOLDER.load(&req.site, &file).await?;
    let cuts = cover::in_look(occasion.theme.preset);
    let cut = uploaded_image::cut_around(small.into(), new, cuts).await;
    let cut = cut.and_then(|cuts| cuts.into_iter().next());
    let shown = cover::on_pages(occasion);
    Ok(shown.zip(cut).map(|(shown, cut)| OnPages {
        address: web::uploaded_image::as_address(&cut),
        srcset: String::new(),
        ..shown
    }))
}
