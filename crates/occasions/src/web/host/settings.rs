//! The settings of an occasion. Each section has its own form. So saving one section does not
//! change the others.

use askama::Template;
use axum::response::{IntoResponse as _, Redirect, Response};
use platform::Tx;
use serde_json::json;
use site::resource::is_one_of;
use site::resource::pages::PageResource as _;
use web::dates::days_between;
use web::form_state::{self, Control, Field, FormState, Group};
use web::{Form, Input, Problem, Text, fields};

use super::end::End;
use super::frame::Place;
use super::new_occasion::countries;
use super::publishing;
use super::request::{HostForm, HostRequest, PageContext};
use super::wording::{self, Wording};
use crate::gift::Gift;
use crate::hosting::locks::{self, Effect};
use crate::hosting::new_occasion;
use crate::hosting::occasions::{self, FIELDS};
use crate::hosting::{HostOf, Permission, Refusal};
use crate::occasion::Occasion;
use crate::retention::{self, Retention};
use crate::words::OccasionStatus::{self, Archived, Closed, Draft, Published};

web::words! {
    /// A section of the settings. Its name is part of its path.
    Part {
        Languages = "languages" => "host-field-languages",
        Deadline = "deadline" => "host-deadline",
        Switches = "switches" => "host-switches",
        Basics = "basics" => "host-basics",
        Contact = "contact" => "host-contact",
        State = "state" => "host-state",
        End = "end" => "host-end",
    }
}

impl Part {
    fn fields(self) -> Vec<web::Field> {
        let mut fields = FIELDS.to_vec();
        fields.retain(|field| field.section == self.label());
        fields
    }

    /// The menu's page for this section. Sections with the same one are on tabs.
    fn place(self) -> Place {
        match self {
            Self::Languages => Place::Words,
            Self::Deadline => Place::Deadline,
            Self::Switches => Place::Switches,
            Self::Basics | Self::Contact => Place::General,
            Self::State | Self::End => Place::State,
        }
    }

    fn page_title(self) -> &'static str {
        match self.place() {
            Place::General => "host-menu-general",
            Place::State => "host-menu-state",
            _ => self.label(),
        }
    }
}

#[derive(Template)]
#[template(path = "host/settings.html")]
struct Settings<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    form_state: &'a FormState,
    /// The message id of the page's title.
    title: &'static str,
    /// The tabs.
    parts: Vec<Part>,
    part: Part,
    version: &'a str,
    groups: Vec<Group>,
    /// Shown before the deadline is saved.
    effect: Option<String>,
    suggested: Option<Suggested>,
    end: Option<End>,
    states: Vec<Move>,
    /// What a removal of the occasion deletes.
    removal: Option<String>,
    confirm: Option<Field>,
    /// How long others may still see a public page that is withdrawn or archived.
    note: Option<String>,
}

/// A last day to answer that is set by one press.
struct Suggested {
    day: String,
    why: String,
    button: String,
}

impl Suggested {
    /// For occasions with a day and without a last day to answer that is still to come.
    fn of(wording: &Wording<'_>, context: &PageContext) -> Option<Self> {
        let (text, occasion) = (wording.text, &context.occasion);
        let is_set = occasion.rsvp_deadline.is_some_and(|at| at > context.now);
        if is_set || matches!(occasion.status, Closed | Archived) {
            return None;
        }
        let first = context.events.iter().map(|event| event.starts_at).min()?;
        let [today, first] = [context.now, first].map(|at| wording.local(at).date());
        let last = new_occasion::suggested(first, today)?;
        let day = text.date_short(last);
        let values = [
            ("day", day.clone().into()),
            ("left", days_between(today, last).into()),
            ("before", days_between(last, first).into()),
        ];
        Some(Self {
            day: last.to_string(),
            why: text.with("host-deadline-suggested", values),
            button: text.with("host-deadline-suggested-do", [("day", day.into())]),
        })
    }
}

struct Move {
    status: &'static str,
    words: &'static str,
    effect: String,
    is_grave: bool,
}

impl Move {
    /// Whether others then no longer see the occasion's public page as it was.
    fn takes_away(&self) -> bool {
        [Draft.word(), Archived.word()].contains(&self.status)
    }
}

/// Handles `GET /admin/o/{slug}/settings/{part}`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let part = part(&req)?;
    let (context, retention) = req.read(look_at(part)).await?;
    let form_state = FormState::of(stored(&context.occasion));
    Ok(page(&req, &context, &form_state, part, retention.into()))
}

fn look_at(
    part: Part,
) -> impl Fn(&mut Tx<'_>, &PageContext) -> Result<Option<Retention>, Refusal> + Send + 'static {
    move |tx, context| {
        context.host.needs(Permission::Own)?;
        let retention = || retention::show(tx, &context.host);
        (part == Part::End).then(retention).transpose()
    }
}

#[derive(Default)]
struct Beside {
    effect: Option<String>,
    retention: Option<Retention>,
}

impl From<Option<Retention>> for Beside {
    fn from(retention: Option<Retention>) -> Self {
        Self {
            effect: None,
            retention,
        }
    }
}

fn part(req: &HostRequest) -> Result<Part, Problem> {
    Part::find(req.piece("part")).ok_or_else(Problem::not_found)
}

fn page(
    req: &HostRequest,
    context: &PageContext,
    form_state: &FormState,
    part: Part,
    beside: Beside,
) -> Response {
    let (text, wording) = (&req.text, req.wording(context));
    let is_state = part == Part::State;
    let parts = Part::ALL.iter().copied();
    let body = Settings {
        text,
        done: req.done(),
        form_state,
        title: part.page_title(),
        parts: parts.filter(|one| one.place() == part.place()).collect(),
        part,
        version: form_state.form.text("version"),
        groups: shown(&wording, form_state, part),
        suggested: Suggested::of(&wording, context)
            .filter(|_| part == Part::Deadline && beside.effect.is_none()),
        effect: beside.effect,
        end: beside.retention.map(|found| End::new(text, &found)),
        states: if is_state {
            moves(text, context.occasion.status, || {
                publishing::effect(&req.site, &wording, context)
            })
        } else {
            Vec::new()
        },
        removal: (part == Part::End).then(|| {
            let sizes = context.sizes;
            let values = [
                ("households", sizes.invitations.into()),
                ("guests", sizes.guests.into()),
            ];
            text.with("host-remove-occasion-effect", values)
        }),
        confirm: (is_state || part == Part::End).then(|| {
            let name = match wording.hosts() {
                none if none.is_empty() => context.occasion.slug.as_str(),
                hosts => hosts.text,
            };
            let label = text.with("host-type-name", [("name", name.into())]);
            form_state.line("confirm", label)
        }),
        note: (context.occasion.status != Draft)
            .then(|| req.site.cache_note(text))
            .flatten(),
        wording: wording.clone(),
    };
    req.page(context, part.place(), &text.say(part.label()), body)
}

fn stored(occasion: &Occasion) -> Form {
    fields::form(FIELDS, occasion, occasion.version, &occasion.zone())
}

/// Without the heading, because the page already shows it.
fn shown(wording: &Wording<'_>, form_state: &FormState, part: Part) -> Vec<Group> {
    let table = wording.table_form(form_state);
    let mut groups = table.groups(&part.fields(), "");
    let say = |id: &str| wording.text.say(id).into_owned();
    for group in &mut groups {
        group.legend.clear();
        for field in &mut group.fields {
            match field.name.as_str() {
                "default_language" => {
                    field.control = Control::Select(wording::languages(wording.text));
                }
                "country" => {
                    let as_zone = (String::new(), say("host-field-country-as-zone"));
                    let all = [as_zone].into_iter().chain(countries(wording.text));
                    field.control = Control::Select(all.collect());
                }
                _ => {}
            }
        }
        if part == Part::Languages {
            let all = wording::languages(wording.text);
            let offered = form_state.ticks("languages", say("host-offered"), all);
            let offered = offered.hint(say("host-field-languages-hint"));
            group.fields.insert(0, offered);
        }
    }
    groups
}

fn moves(text: &Text, status: OccasionStatus, publishing: impl FnOnce() -> String) -> Vec<Move> {
    let one = |status: OccasionStatus, words, effect: &str, is_grave| Move {
        status: status.word(),
        words,
        effect: text.say(effect).into_owned(),
        is_grave,
    };
    let archive = || {
        one(
            Archived,
            "host-archive-occasion",
            "host-archive-occasion-effect",
            true,
        )
    };
    match status {
        Draft => {
            let publish = Move {
                status: Published.word(),
                words: "host-publish",
                effect: publishing(),
                is_grave: false,
            };
            vec![publish, archive()]
        }
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

/// Handles `POST /admin/o/{slug}/settings/{part}`.
pub(super) async fn save(posted: HostForm) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let part = part(req)?;
    match part {
        Part::State => return set_state(&posted).await,
        Part::End if form.is_ticked("remove") => return remove(&posted).await,
        Part::End if form.is_ticked("confirm") => return confirm_deletion(&posted).await,
        _ => {}
    }
    if part == Part::Deadline
        && !form.is_ticked("go")
        && let Some(asked) = ask_about_deadline(&posted).await?
    {
        return Ok(asked);
    }
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let input = Input::Form(form.clone(), part.fields());
    let text = req.text.clone();
    let done = posted
        .once(move |tx, host: &HostOf| {
            let old = occasions::load(tx, host)?;
            let saved = occasions::change(tx, host, version, &input)?;
            let now = tx.now();
            let place = first_changed(part, &stored(&old), &Wording::new(&text, &saved, now));
            let rest = format!("/settings/{}?done=saved{place}", part.word());
            Ok(wording::at(&saved.slug, &rest))
        })
        .await;
    answer(&posted, part, done).await
}

/// Handles `POST /admin/o/{slug}/settings/switches/{switch}`, the button on a page of something that
/// is off.
pub(super) async fn switch_on(posted: HostForm) -> Result<Response, Problem> {
    let switch = posted.req.piece("switch").to_owned();
    let page = match &*switch {
        "uploads" => Some("/uploads"),
        "gifts" => Some(Gift::PAGES),
        _ => None,
    };
    let to = page.map(|page| posted.req.at(&format!("{page}?done=saved")));
    let on = Input::from(json!({ "switches": { switch: true } }));
    let done = posted
        .once(move |tx, host: &HostOf| {
            let to = to.clone().ok_or(Refusal::NotFound)?;
            let version = occasions::load(tx, host)?.version;
            occasions::change(tx, host, version, &on)?;
            Ok(to)
        })
        .await;
    Ok(done?)
}

/// Removes the occasion for good, if its title was typed.
async fn remove(posted: &HostForm) -> Result<Response, Problem> {
    let req = &posted.req;
    let confirm = posted.form.text("confirm").trim().to_owned();
    let checked = req
        .write(move |tx, host| {
            let occasion = occasions::load(tx, host)?;
            check_named(&occasion, &confirm)?;
            Ok((host.actor(), occasion.id))
        })
        .await;
    let done = match checked {
        Err(refusal) => Err(refusal),
        Ok((actor, id)) if !retention::remove(&req.site, &id, actor.clone()).await? => {
            // A list is being written, or a file could not be deleted.
            Err(Refusal::WrongState)
        }
        Ok(_) => Ok(Redirect::to("/admin?done=removed").into_response()),
    };
    form_state::answer(done, async |problem| {
        let (context, retention) = req.read(look_at(Part::End)).await?;
        let stored = stored(&context.occasion);
        let form_state = FormState::refused(stored, &problem, &req.text);
        Ok(page(
            req,
            &context,
            &form_state,
            Part::End,
            retention.into(),
        ))
    })
    .await
}

/// Refuses what is neither the hosts' names nor the title or the web address of the occasion.
fn check_named(occasion: &Occasion, typed: &str) -> Result<(), Refusal> {
    let names = [&occasion.hosts, &occasion.title].into_iter();
    let names = names.flat_map(|texts| texts.iter().map(|(_, name)| name));
    if is_one_of(typed, names.chain([occasion.slug.as_str()])) {
        return Ok(());
    }
    let field = web::FieldProblem {
        pointer: "/confirm".to_owned(),
        code: "confirmation_wrong",
        values: Vec::new(),
    };
    Err(Refusal::Fields(vec![field]))
}

/// Even if the server could not yet deliver the warning mails to the owners.
async fn confirm_deletion(posted: &HostForm) -> Result<Response, Problem> {
    let to = posted.req.at("/settings/end?done=saved");
    let done = posted
        .once(move |tx, host: &HostOf| {
            retention::confirm(tx, host)?;
            Ok(to.clone())
        })
        .await;
    answer(posted, Part::End, done).await
}

/// As a URL fragment: the page then opens at this field.
fn first_changed(part: Part, old: &Form, new: &Wording<'_>) -> String {
    let new_form = FormState::of(stored(new.occasion));
    let fields = shown(new, &new_form, part);
    let mut fields = fields.iter().flat_map(|group| &group.fields);
    let changed = fields.find(|field| !old.all(&field.name).eq(new_form.form.all(&field.name)));
    changed.map_or_else(String::new, |field| format!("#{}", field.name))
}

/// Asks first if the deadline closes or opens answers for somebody.
async fn ask_about_deadline(posted: &HostForm) -> Result<Option<Response>, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let input = Input::Form(form.clone(), Part::Deadline.fields());
    let look = move |tx: &mut Tx<'_>, context: &PageContext| {
        context.host.needs(Permission::Own)?;
        let new = occasions::apply(&input, &context.occasion, false)?;
        occasions::check_deadline(tx, &context.occasion, &new)?;
        locks::effect_of_deadline(tx, &context.host, new.rsvp_deadline)
    };
    match req.read(look).await {
        Ok((_, effect)) if effect == Effect::default() => Ok(None),
        Ok((context, effect)) => {
            let words = effect_words(&req.text, effect);
            let form_state = FormState::of(form.clone());
            let beside = Beside {
                effect: Some(words),
                ..Beside::default()
            };
            let page = page(req, &context, &form_state, Part::Deadline, beside);
            Ok(Some(page))
        }
        Err(refusal) => {
            let refused = answer(posted, Part::Deadline, Err(refusal)).await?;
            Ok(Some(refused))
        }
    }
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

async fn set_state(posted: &HostForm) -> Result<Response, Problem> {
    let form = &posted.form;
    let wrong = |pointer: &str, code| Problem::fields().field(pointer, code, []);
    let status = OccasionStatus::find(form.text("status"))
        .ok_or_else(|| wrong("/status", "unknown_option"))?;
    let version = form.number("version").ok().flatten();
    let is_grave = !matches!(status, OccasionStatus::Published);
    let confirm = form.text("confirm").trim().to_owned();
    // Every page of the occasion has the publish button. Afterwards the host returns to the page on
    // which the button was pressed.
    let (back, place) = (form.text("back").to_owned(), posted.req.at("/"));
    let done = posted
        .once(move |tx, host: &HostOf| {
            let occasion = occasions::load(tx, host)?;
            if is_grave && occasion.status != OccasionStatus::Archived {
                check_named(&occasion, &confirm)?;
            }
            let moved = occasions::set_status(tx, host, version, status)?;
            let done = match status {
                Published => "published",
                _ => "saved",
            };
            if format!("{back}/").starts_with(&place) {
                return Ok(format!("{back}?done={done}"));
            }
            Ok(wording::at(
                &moved.slug,
                &format!("/settings/state?done={done}"),
            ))
        })
        .await;
    answer(posted, Part::State, done).await
}

async fn answer(
    posted: &HostForm,
    part: Part,
    done: Result<Response, Refusal>,
) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    form_state::answer(done, async |problem| {
        let (context, retention) = req.read(look_at(part)).await?;
        let stored = || stored(&context.occasion);
        let mut form_state = match problem.code {
            // The form for the occasion's status contains no typed values. So after a conflict, the
            // page shows the stored status.
            "version_conflict" if part == Part::State => {
                FormState::refused(stored(), &problem, &req.text)
            }
            _ => FormState::not_saved(form, stored, "host-save", &problem, &req.text),
        };
        if problem.code == "slug_taken" {
            form_state = form_state.at("slug");
        }
        Ok(page(req, &context, &form_state, part, retention.into()))
    })
    .await
}
