//! The wall of looks, and the page of one look with its colours. Miniatures are the real cover,
//! made smaller.

use askama::Template;
use axum::response::{IntoResponse as _, Redirect, Response};
use web::form_state::{self, Field, FormState};
use web::look::Color;
use web::{
    Form, Input, Language, Preset, Problem, Text, Theme, Way, Wishes, assets, fields, theme_accent,
};

use super::frame::{Place, keep_private};
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::{self, Wording};
use crate::hosting::HostOf;
use crate::hosting::occasions::{self, FIELDS};
use crate::look::{self, Mood};
use crate::occasion::Occasion;
use crate::web::guest;
use crate::web::guest::view::{Cover, Hosts};
use crate::words::OccasionKind;

/// The section of the settings.
pub(super) const SECTION: &str = "host-look-title";
pub(super) const PRESET: &str = "theme.preset";
pub(super) const WAY: &str = "theme.ground";
const ACCENT: &str = "theme.accent";
/// A colour input always sends a colour. Only this checkbox says whether it is used.
const ACCENT_OWN: &str = "accent_own";
const ACCENT_SHOWN: &str = "#7a1733";

#[derive(Template)]
#[template(path = "host/looks.html")]
struct Wall<'a> {
    text: &'a Text,
    wording: &'a Wording<'a>,
    /// The texts on the covers are in the occasion's first language.
    own: &'a Text,
    hosts: Hosts<'a>,
    style: &'static str,
    done: Option<String>,
    /// The link to the occasion with the look that it has.
    keep: String,
    moods: Vec<Chip>,
    suited: Vec<Miniature<'a>>,
    others: Vec<Miniature<'a>>,
}

struct Chip {
    href: String,
    label: &'static str,
    is_present: bool,
}

struct Miniature<'a> {
    theme: Theme,
    cover: Cover<'a>,
    about: String,
    count: String,
    is_present: bool,
    dots: Vec<(usize, String)>,
}

#[derive(Template)]
#[template(path = "host/look.html")]
struct OneLook<'a> {
    text: &'a Text,
    wording: &'a Wording<'a>,
    own: &'a Text,
    hosts: Hosts<'a>,
    style: &'static str,
    form_state: &'a FormState,
    done: Option<String>,
    preset: Preset,
    about: String,
    version: &'a str,
    ways: Vec<Colour<'a>>,
    accent: Vec<Field>,
    changed: Vec<String>,
}

/// One colour of a look, with the cover in it.
struct Colour<'a> {
    /// `None` if the look has only this one.
    way: Option<Way>,
    is_chosen: bool,
    theme: Theme,
    cover: Cover<'a>,
    dot: String,
}

/// Handles `GET /admin/o/{slug}/settings/look`. The query may name a [`Mood`].
pub(super) async fn wall(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let mood = match req.query.text("mood") {
        "" => None,
        word => Some(Mood::find(word).ok_or_else(Problem::not_found)?),
    };
    let occasion = &context.occasion;
    let own = in_its_language(&req, occasion);
    let wording = req.wording(&context);
    let (suited, others) = look::choices(occasion.kind);
    let shown = |looks: Vec<Preset>| {
        let looks = looks.into_iter();
        let looks = looks.filter(|look| mood.is_none_or(|mood| mood.looks().contains(look)));
        looks
            .map(|look| miniature(&req.text, &own, &context, look))
            .collect()
    };
    let body = Wall {
        text: &req.text,
        wording: &wording,
        hosts: guest::show::hosts(&own, occasion),
        style: assets::asset("looks.css"),
        done: req.done(),
        keep: req.text.with(
            "host-looks-keep",
            [(
                "look",
                req.text.say(occasion.theme.preset.label()).as_ref().into(),
            )],
        ),
        moods: if occasion.kind == OccasionKind::Memorial {
            Vec::new()
        } else {
            chips(&wording, mood)
        },
        suited: shown(suited),
        others: shown(others),
        own: &own,
    };
    Ok(req.page(&context, Place::Look, &req.text.say("host-looks"), body))
}

fn chips(wording: &Wording<'_>, present: Option<Mood>) -> Vec<Chip> {
    let all = Chip {
        href: wording.at("/settings/look"),
        label: "host-looks-all",
        is_present: present.is_none(),
    };
    let moods = Mood::ALL.iter().map(|mood| Chip {
        href: wording.at(&format!("/settings/look?mood={}", mood.word())),
        label: mood.label(),
        is_present: present == Some(*mood),
    });
    [all].into_iter().chain(moods).collect()
}

fn miniature<'a>(
    text: &Text,
    own: &Text,
    context: &'a PageContext,
    preset: Preset,
) -> Miniature<'a> {
    let present = context.occasion.theme;
    let is_present = present.preset == preset;
    let dots = preset.ways().iter().map(|way| dot(preset, Some(*way)));
    let mut dots: Vec<String> = dots.collect();
    if dots.is_empty() {
        dots.push(dot(preset, None));
    }
    Miniature {
        theme: Theme {
            way: present.way.filter(|_| is_present),
            ..Theme::of(preset)
        },
        cover: cover(own, context, preset.word()),
        about: text.say(&about(preset)).into_owned(),
        count: text.with("host-look-colours", [("n", dots.len().into())]),
        is_present,
        dots: dots
            .into_iter()
            .enumerate()
            .map(|(place, color)| (8 + place * 18, color))
            .collect(),
    }
}

fn about(preset: Preset) -> String {
    format!("host-look-hint-{}", preset.word())
}

/// What stands for a colour: the ground of the cover, or the accent colour if the ground is pale.
pub(super) fn dot(preset: Preset, way: Option<Way>) -> String {
    let theme = Theme {
        way,
        ..Theme::of(preset)
    };
    let [look, _] = theme.palettes();
    let is_pale = look.ground.contrast(Color([0xff; 3])) < 1.5;
    if is_pale { look.accent } else { look.ground }.hex()
}

pub(super) fn cover<'a>(own: &Text, context: &'a PageContext, id: &str) -> Cover<'a> {
    let mut cover = Cover {
        id: format!("c-{id}"),
        heading: "p",
        ..guest::show::cover(own, &context.occasion, context.events.iter())
    };
    if context.events.is_empty() && context.cancelled.is_empty() {
        cover.date = own.say("date-to-follow").into_owned();
    }
    cover
}

pub(super) fn in_its_language(req: &HostRequest, occasion: &Occasion) -> Text {
    let language = Language::of(&occasion.default_language);
    req.site.catalogue.speak(&language)
}

/// Handles `GET /admin/o/{slug}/settings/look/{look}`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let preset = Preset::find(req.piece("look")).ok_or_else(Problem::not_found)?;
    let form_state = FormState::of(stored(&context.occasion));
    Ok(page(&req, &context, &form_state, preset))
}

fn page(
    req: &HostRequest,
    context: &PageContext,
    form_state: &FormState,
    preset: Preset,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let own = in_its_language(req, &context.occasion);
    let typed = Way::find(form_state.form.text(WAY));
    let typed = typed.filter(|way| preset.ways().contains(way));
    let chosen = typed.or_else(|| preset.ways().first().copied());
    let ways = preset.ways().iter().map(|way| Some(*way));
    let ways = ways.chain(preset.ways().is_empty().then_some(None));
    let body = OneLook {
        text,
        wording: &wording,
        hosts: guest::show::hosts(&own, &context.occasion),
        style: assets::asset("looks.css"),
        done: req.done(),
        version: form_state.form.text("version"),
        ways: ways
            .map(|way| Colour {
                is_chosen: way == chosen,
                theme: Theme {
                    way,
                    ..Theme::of(preset)
                },
                cover: cover(&own, context, way.map_or("only", Way::word)),
                dot: dot(preset, way),
                way,
            })
            .collect(),
        accent: accent_fields(&wording, form_state),
        changed: changed_accent(text, context.occasion.theme),
        about: text.say(&about(preset)).into_owned(),
        form_state,
        preset,
        own: &own,
    };
    req.page(context, Place::Look, &text.say(preset.label()), body)
}

fn fields_of_look() -> Vec<web::Field> {
    let mut fields = FIELDS.to_vec();
    fields.retain(|field| field.section == SECTION);
    fields
}

pub(super) fn stored(occasion: &Occasion) -> Form {
    let form = fields::form(FIELDS, occasion, occasion.version, &occasion.zone());
    let own = occasion.theme.accent.is_some();
    let own = own.then(|| (ACCENT_OWN.to_owned(), "1".to_owned()));
    let fields = form
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    form_state::form(fields.chain(own))
}

pub(super) fn accent_fields(wording: &Wording<'_>, form_state: &FormState) -> Vec<Field> {
    let table = wording.table_form(form_state);
    let groups = table.groups(&fields_of_look(), "");
    let mut all = groups.into_iter().flat_map(|group| group.fields);
    let own = form_state.tick(ACCENT_OWN, wording.text.say("host-accent-own"));
    let mut accent = all.find(|field| field.name == ACCENT);
    if let Some(field) = &mut accent
        && field.value.is_empty()
    {
        ACCENT_SHOWN.clone_into(&mut field.value);
    }
    [own].into_iter().chain(accent).collect()
}

pub(super) fn changed_accent(text: &Text, theme: Theme) -> Vec<String> {
    let colors = theme_accent::colors(theme).into_iter().flatten();
    let all = ["host-accent-light", "host-accent-dark"]
        .into_iter()
        .zip(colors);
    let changed = all.filter(|(_, own)| own.accent.is_changed);
    changed
        .map(|(message, own)| text.with(message, [("color", own.accent.color.hex().into())]))
        .collect()
}

pub(super) fn with_own_accent(form: &Form) -> Form {
    let is_own = form.is_ticked(ACCENT_OWN);
    let fields = form.iter().filter(|(name, _)| is_own || *name != ACCENT);
    form_state::form(fields)
}

/// Handles `POST /admin/o/{slug}/settings/look`.
pub(super) async fn choose(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &with_own_accent(&posted.form));
    if form.is_ticked("see") {
        let typed = [PRESET, WAY, ACCENT].map(|name| (name, form.text(name)));
        let page = wording::address(&req.at("/settings/preview/page"), typed);
        return Ok(Redirect::to(&page).into_response());
    }
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let input = Input::Form(form.clone(), fields_of_look());
    let done = posted
        .once(move |tx, host: &HostOf| {
            let saved = occasions::change(tx, host, version, &input)?;
            let look = saved.theme.preset.word();
            let rest = format!("/settings/look/{look}?done=saved");
            Ok(wording::at(&saved.slug, &rest))
        })
        .await;
    form_state::answer(done, async |problem| {
        let (context, ()) = req.read(|_, _| Ok(())).await?;
        let stored = || stored(&context.occasion);
        let form_state = FormState::not_saved(form, stored, "host-look-use", &problem, &req.text);
        let typed = Preset::find(form.text(PRESET));
        let preset = typed.unwrap_or(context.occasion.theme.preset);
        Ok(page(req, &context, &form_state, preset))
    })
    .await
}

/// Handles `GET /admin/o/{slug}/settings/preview/page`. Shows the public page in the theme that the
/// query describes.
pub(super) async fn preview(req: HostRequest, wishes: Wishes) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let theme = Theme {
        preset: Preset::find(req.query.text(PRESET)).unwrap_or_default(),
        way: Way::find(req.query.text(WAY)),
        accent: Color::parse(req.query.text(ACCENT)),
    };
    let PageContext {
        occasion, events, ..
    } = context;
    let mut page = guest::in_theme(&req.site, &wishes, occasion, events, theme);
    keep_private(&mut page);
    Ok(page)
}
