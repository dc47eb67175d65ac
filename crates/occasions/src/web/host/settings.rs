//! What an occasion is: a page with one form for each section, so that no save can
//! discard what was typed into another form.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::Tx;
use web::{Problem, Text};

use super::desk::{Desk, Errand, Scene};
use super::frame::Place;
use super::say::{self, Says};
use super::settings_form::{groups, read, stored};
use super::sheet::{self, Control, Field, Group, Sheet};
use crate::hosting::locks::{self, Effect};
use crate::hosting::occasions;
use crate::hosting::{Leave, Refusal};
use crate::words::OccasionStatus::{self, Archived, Closed, Draft, Published};

/// The sections, as their addresses name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Texts,
    Basics,
    Languages,
    Look,
    Deadline,
    Switches,
    Contact,
    State,
}

impl Part {
    const ALL: [Self; 8] = [
        Self::Texts,
        Self::Deadline,
        Self::Look,
        Self::Switches,
        Self::Contact,
        Self::Languages,
        Self::Basics,
        Self::State,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Texts => "texts",
            Self::Basics => "basics",
            Self::Languages => "languages",
            Self::Look => "look",
            Self::Deadline => "deadline",
            Self::Switches => "switches",
            Self::Contact => "contact",
            Self::State => "state",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Texts => "host-texts",
            Self::Basics => "host-basics",
            Self::Languages => "host-field-languages",
            Self::Look => "host-look-title",
            Self::Deadline => "host-deadline",
            Self::Switches => "host-switches",
            Self::Contact => "host-contact",
            Self::State => "host-state",
        }
    }

    /// What a host needs to open and to save it.
    fn leave(self) -> Leave {
        match self {
            Self::Texts => Leave::Write,
            _ => Leave::Own,
        }
    }
}

#[derive(Template)]
#[template(path = "host/settings.html")]
struct Settings<'a> {
    text: &'a Text,
    says: Says<'a>,
    csrf: &'a str,
    done: Option<String>,
    sheet: &'a Sheet,
    /// The sections that this host may change, and the one on the page.
    parts: Vec<Part>,
    part: Part,
    version: &'a str,
    groups: Vec<Group>,
    /// What the deadline that was typed would do.
    effect: Option<String>,
    states: Vec<Move>,
    confirm: Option<Field>,
    card: String,
}

/// A way to another state.
struct Move {
    status: &'static str,
    words: &'static str,
    effect: &'static str,
    is_grave: bool,
}

/// `GET /admin/o/{slug}/settings`, which is the page of the texts, and
/// `GET /admin/o/{slug}/settings/{part}`.
pub(super) async fn show(desk: Desk) -> Result<Response, Problem> {
    let part = match desk.piece("part") {
        "" => Part::Texts,
        _ => part(&desk)?,
    };
    let (scene, ()) = desk.read(move |_, scene| scene.needs(part.leave())).await?;
    let sheet = Sheet::of(stored(&desk.says(&scene)));
    Ok(page(&desk, &scene, &sheet, part, None))
}

/// The section that the address names.
fn part(desk: &Desk) -> Result<Part, Problem> {
    let named = desk.piece("part");
    let found = Part::ALL.into_iter().find(|part| part.word() == named);
    found.ok_or_else(Problem::not_found)
}

fn page(desk: &Desk, scene: &Scene, sheet: &Sheet, part: Part, effect: Option<String>) -> Response {
    let (text, says) = (&desk.text, desk.says(scene));
    let slug = &scene.occasion.slug;
    let is_state = part == Part::State;
    let parts = Part::ALL.into_iter();
    let body = Settings {
        text,
        csrf: &desk.csrf,
        done: desk.done(),
        sheet,
        parts: parts.filter(|part| scene.may(part.leave())).collect(),
        part,
        version: sheet.form.text("version"),
        groups: groups(&says, sheet, part),
        effect,
        states: if is_state {
            moves(scene.occasion.status)
        } else {
            Vec::new()
        },
        confirm: is_state.then(|| {
            let label = text.with("host-type-name", [("name", slug.as_str().into())]);
            sheet.line("confirm", label)
        }),
        card: format!("/o/{slug}"),
        says: says.clone(),
    };
    desk.page(scene, Place::Settings, &text.say(part.title()), body)
}

/// Where the occasion may go from here.
fn moves(status: OccasionStatus) -> Vec<Move> {
    let one = |status: OccasionStatus, words, effect, is_grave| Move {
        status: status.word(),
        words,
        effect,
        is_grave,
    };
    let publish = || one(Published, "host-publish", "host-publish-effect", false);
    let archive = || {
        one(
            Archived,
            "host-archive-occasion",
            "host-archive-occasion-effect",
            true,
        )
    };
    match status {
        Draft => vec![publish(), archive()],
        Published => vec![
            one(Closed, "host-close", "host-close-effect", true),
            one(
                Draft,
                "host-withdraw-occasion",
                "host-withdraw-occasion-effect",
                true,
            ),
            archive(),
        ],
        Closed => vec![
            one(Published, "host-reopen", "host-reopen-effect", false),
            archive(),
        ],
        Archived => vec![one(
            Closed,
            "host-unarchive",
            "host-unarchive-effect",
            false,
        )],
    }
}

/// `POST /admin/o/{slug}/settings/{part}`.
pub(super) async fn save(errand: Errand) -> Result<Response, Problem> {
    let (desk, form) = (&errand.desk, &errand.form);
    let part = part(desk)?;
    if part == Part::State {
        return set_state(&errand).await;
    }
    if part == Part::Deadline && !form.is_ticked("go") {
        return look_at_deadline(&errand).await;
    }
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let change = read(part, form);
    let text = desk.text.clone();
    let done = errand
        .once("POST /admin/settings", move |tx, host| {
            let old = occasions::load(tx, host)?;
            let saved = occasions::change(tx, host, version, &change)?;
            let now = tx.now();
            let says = |occasion| Says::new(&text, occasion, now);
            let place = first_changed(part, &says(&old), &says(&saved));
            let rest = format!("/settings/{}?done=saved{place}", part.word());
            Ok(say::at(&saved.slug, &rest))
        })
        .await;
    answer(&errand, part, done).await
}

/// The first field of the form that a save changed, as the fragment of an address:
/// the page opens there again.
fn first_changed(part: Part, old: &Says<'_>, new: &Says<'_>) -> String {
    let (before, after) = (stored(old), Sheet::of(stored(new)));
    let fields = groups(new, &after, part);
    let mut fields = fields.iter().flat_map(|group| &group.fields);
    let changed = fields.find(|field| !before.all(&field.name).eq(after.form.all(&field.name)));
    changed.map_or_else(String::new, |field| format!("#{}", field.name))
}

/// What a deadline would do, before it does it.
async fn look_at_deadline(errand: &Errand) -> Result<Response, Problem> {
    let (desk, form) = (&errand.desk, &errand.form);
    let typed = sheet::some(form, "rsvp_deadline");
    let look = move |tx: &mut Tx<'_>, scene: &Scene| {
        scene.needs(Leave::Own)?;
        let deadline = match &typed {
            Some(typed) => Some(say::end_of_day(typed, &scene.occasion.zone()).ok_or_else(no_day)?),
            None => None,
        };
        locks::effect_of_deadline(tx, &scene.host, deadline)
    };
    match desk.read(look).await {
        Ok((scene, effect)) => {
            let words = effect_words(&desk.text, effect);
            let sheet = Sheet::of(form.clone());
            Ok(page(desk, &scene, &sheet, Part::Deadline, Some(words)))
        }
        Err(refusal) => answer(errand, Part::Deadline, Err(refusal)).await,
    }
}

fn no_day() -> Refusal {
    Refusal::Fields(vec![web::FieldProblem {
        pointer: "/rsvp_deadline".to_owned(),
        code: "date_invalid",
        values: Vec::new(),
    }])
}

fn effect_words(text: &Text, effect: Effect) -> String {
    let closes = || text.with("host-effect-closes", [("n", effect.closes.into())]);
    let reopens = || text.with("host-effect-reopens", [("n", effect.reopens.into())]);
    match (effect.closes, effect.reopens) {
        (0, 0) => text.say("host-effect-none").into_owned(),
        (_, 0) => closes(),
        (0, _) => reopens(),
        _ => format!("{} {}", closes(), reopens()),
    }
}

async fn set_state(errand: &Errand) -> Result<Response, Problem> {
    let form = &errand.form;
    let wrong = |pointer: &str, code| Problem::fields().field(pointer, code, []);
    let status = OccasionStatus::find(form.text("status"))
        .ok_or_else(|| wrong("/status", "unknown_option"))?;
    let version = form.number("version").ok().flatten();
    let is_grave = !matches!(status, OccasionStatus::Published);
    let confirm = form.text("confirm").trim().to_owned();
    let done = errand
        .once("POST /admin/settings/state", move |tx, host| {
            let occasion = occasions::load(tx, host)?;
            if is_grave && occasion.status != OccasionStatus::Archived && confirm != occasion.slug {
                let field = web::FieldProblem {
                    pointer: "/confirm".to_owned(),
                    code: "confirmation_wrong",
                    values: Vec::new(),
                };
                return Err(Refusal::Fields(vec![field]));
            }
            let moved = occasions::set_status(tx, host, version, status)?;
            let done = match status {
                Published => "published",
                _ => "saved",
            };
            Ok(say::at(
                &moved.slug,
                &format!("/settings/state?done={done}"),
            ))
        })
        .await;
    answer(errand, Part::State, done).await
}

async fn answer(
    errand: &Errand,
    part: Part,
    done: Result<Response, Refusal>,
) -> Result<Response, Problem> {
    let refusal = match done {
        Ok(response) => return Ok(response),
        Err(refusal) if sheet::is_about_form(&refusal) => refusal,
        Err(refusal) => return Err(refusal.into()),
    };
    let (desk, form) = (&errand.desk, &errand.form);
    let (scene, ()) = desk.read(move |_, scene| scene.needs(part.leave())).await?;
    let is_clash = matches!(refusal, Refusal::VersionConflict(_));
    let problem = Problem::from(refusal);
    let stored = || stored(&desk.says(&scene));
    let mut sheet = match part {
        // The form holds nothing to keep: the page offers what is possible now.
        Part::State if is_clash => {
            let mut sheet = Sheet::of(stored());
            sheet.trouble = Some(problem.detail(&desk.text));
            sheet
        }
        Part::Deadline if is_clash => {
            Sheet::clashing(form, stored(), "host-see-effect", &desk.text)
        }
        _ if is_clash => Sheet::clashing(form, stored(), "host-save", &desk.text),
        _ => Sheet::refused(form.clone(), &problem, &desk.text),
    };
    if problem.code == "slug_taken" {
        sheet.trouble = None;
        sheet.complain("slug", problem.detail(&desk.text));
    }
    let status: StatusCode = problem.status;
    Ok((status, page(desk, &scene, &sheet, part, None)).into_response())
}
