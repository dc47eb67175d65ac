//! What an occasion is: sections on one page, each with its own save.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::Tx;
use web::{Form, Language, Problem, Text, Theme};

use super::desk::{Desk, Errand, Place, Scene};
use super::events::i18n;
use super::say::{self, Says};
use super::sheet::{self, Control, Field, Group, Sheet};
use crate::hosting::locks::{self, Effect};
use crate::hosting::occasions::{self, Change, Switch};
use crate::hosting::{Leave, Refusal, When};
use crate::occasion::{Contact, Occasion, Switches};
use crate::words::{OccasionKind, OccasionStatus, Tone};

/// The switches: word, field, words, consequence.
const SWITCHES: [(Switch, &str, &str, &str); 7] = [
    (Switch::Dietary, "switch.dietary", "host-switch-dietary", "host-switch-dietary-off"),
    (Switch::Notes, "switch.notes", "host-switch-notes", "host-switch-notes-off"),
    (Switch::Children, "switch.children", "host-switch-children", "host-switch-children-off"),
    (Switch::Undecided, "switch.undecided", "host-switch-undecided", "host-switch-undecided-off"),
    (
        Switch::PlusOneNameRequired,
        "switch.plus_one_name_required",
        "host-switch-names",
        "host-switch-names-on",
    ),
    (
        Switch::LateGiftsNotes,
        "switch.late_gifts_notes",
        "host-switch-late",
        "host-switch-late-off",
    ),
    (
        Switch::ConfirmationMail,
        "switch.confirmation_mail",
        "host-switch-mail",
        "host-switch-mail-off",
    ),
];

/// The sections, as their addresses name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
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
}

#[derive(Template)]
#[template(path = "host/settings.html")]
struct Settings<'a> {
    text: &'a Text,
    says: Says<'a>,
    csrf: &'a str,
    done: Option<String>,
    sheet: &'a Sheet,
    sections: Vec<Section>,
    /// What the deadline that was typed would do.
    effect: Option<String>,
    states: Vec<Move>,
    confirm: Option<Field>,
    version: i64,
    card: String,
}

struct Section {
    part: Part,
    version: String,
    groups: Vec<Group>,
}

/// A way to another state.
struct Move {
    status: &'static str,
    words: &'static str,
    effect: &'static str,
    is_grave: bool,
}

/// `GET /admin/o/{slug}/settings`.
pub(super) async fn show(desk: Desk) -> Result<Response, Problem> {
    let (scene, ()) = desk.read(|_, scene| scene.needs(Leave::Write)).await?;
    Ok(page(&desk, &scene, &Sheet::default(), None, None))
}

/// The page; `typed` is the section that was sent and stays as typed.
fn page(
    desk: &Desk,
    scene: &Scene,
    sheet: &Sheet,
    typed: Option<Part>,
    effect: Option<String>,
) -> Response {
    let (text, says) = (&desk.text, desk.says(scene));
    let plain = Sheet::of(stored(&says));
    let parts = Part::ALL.into_iter().filter(|part| match part {
        Part::State => false,
        Part::Texts => true,
        _ => scene.may(Leave::Own),
    });
    let sections = parts.map(|part| {
        let sheet = if typed == Some(part) { sheet } else { &plain };
        Section {
            part,
            version: sheet.form.text("version").to_owned(),
            groups: groups(&says, sheet, part),
        }
    });
    let may_own = scene.may(Leave::Own);
    let slug = &scene.occasion.slug;
    let body = Settings {
        text,
        csrf: &desk.csrf,
        done: desk.done(),
        sheet,
        sections: sections.collect(),
        effect,
        states: if may_own { moves(scene.occasion.status) } else { Vec::new() },
        confirm: may_own.then(|| {
            let state = if typed == Some(Part::State) { sheet } else { &plain };
            let label = text.with("host-type-name", [("name", slug.as_str().into())]);
            state.line("confirm", label)
        }),
        version: scene.occasion.version,
        card: format!("/o/{slug}"),
        says: says.clone(),
    };
    desk.page(scene, Place::Settings, &text.say("host-settings"), body)
}

/// Where the occasion may go from here.
fn moves(status: OccasionStatus) -> Vec<Move> {
    let one = |status: OccasionStatus, words, effect, is_grave| Move {
        status: status.word(),
        words,
        effect,
        is_grave,
    };
    use OccasionStatus::{Archived, Closed, Draft, Published};
    let publish = || one(Published, "host-publish", "host-publish-effect", false);
    let archive = || one(Archived, "host-archive-occasion", "host-archive-occasion-effect", true);
    match status {
        Draft => vec![publish(), archive()],
        Published => vec![
            one(Closed, "host-close", "host-close-effect", true),
            one(Draft, "host-withdraw-occasion", "host-withdraw-occasion-effect", true),
            archive(),
        ],
        Closed => vec![one(Published, "host-reopen", "host-reopen-effect", false), archive()],
        Archived => vec![
            one(Closed, "host-unarchive", "host-unarchive-effect", false),
        ],
    }
}

/// `POST /admin/o/{slug}/settings/{part}`.
pub(super) async fn save(errand: Errand) -> Result<Response, Problem> {
    let (desk, form) = (&errand.desk, &errand.form);
    let part = Part::ALL.into_iter().find(|part| part.word() == desk.piece("part"));
    let part = part.ok_or_else(Problem::not_found)?;
    if part == Part::State {
        return set_state(&errand).await;
    }
    if part == Part::Deadline && !form.is_ticked("go") {
        return look_at_deadline(&errand).await;
    }
    let version = form.number("version").ok().flatten().unwrap_or_default();
    let change = read(part, form);
    let done = errand
        .once("POST /admin/settings", move |tx, host| {
            let saved = occasions::change(tx, host, version, &change)?;
            Ok(say::at(&saved.slug, "/settings?done=saved"))
        })
        .await;
    answer(&errand, part, done).await
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
            Ok(page(desk, &scene, &sheet, Some(Part::Deadline), Some(words)))
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
            Ok(say::at(&moved.slug, "/settings?done=saved"))
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
    let (scene, ()) = desk.read(|_, scene| scene.needs(Leave::Write)).await?;
    let is_clash = matches!(refusal, Refusal::VersionConflict(_));
    let problem = Problem::from(refusal);
    let mut sheet = if is_clash {
        Sheet::clashing(form, stored(&desk.says(&scene)), &desk.text)
    } else {
        Sheet::refused(form.clone(), &problem, &desk.text)
    };
    if problem.code == "slug_taken" {
        sheet.trouble = None;
        sheet.complain("slug", problem.detail(&desk.text));
    }
    let status: StatusCode = problem.status;
    Ok((status, page(desk, &scene, &sheet, Some(part), None)).into_response())
}

/// What is stored, as all sections together hold it.
fn stored(says: &Says<'_>) -> Form {
    let occasion: &Occasion = says.occasion;
    let details = &occasion.details;
    let field = |name: &str, value: String| (name.to_owned(), value);
    let mut fields = vec![
        field("version", occasion.version.to_string()),
        field("slug", occasion.slug.clone()),
        field("kind", occasion.kind.word().to_owned()),
        field("tone", details.tone.word().to_owned()),
        field("time_zone", details.time_zone.clone()),
        field("currency", details.currency.clone()),
        field("default_plus_ones", details.default_plus_ones.to_string()),
        field("default_children", details.default_children.to_string()),
        field("retention_days", details.retention_days.to_string()),
        field("default_language", details.default_language.clone()),
        field("theme.preset", details.theme.preset.to_string()),
        field(
            "theme.ground",
            details.theme.ground.map(|ground| ground.to_string()).unwrap_or_default(),
        ),
        field("rsvp_deadline", says.deadline_day(details.rsvp_deadline)),
        field("contact.name", details.contact.name.clone()),
        field("contact.email", details.contact.email.clone()),
        field("contact.phone", details.contact.phone.clone()),
    ];
    for (name, texts) in [
        ("hosts", &details.hosts),
        ("title", &details.title),
        ("kicker", &details.kicker),
        ("subtitle", &details.subtitle),
        ("welcome", &details.welcome),
        ("farewell", &details.farewell),
    ] {
        fields.extend(texts.iter().map(|(tag, words)| (format!("{name}.{tag}"), words.to_owned())));
    }
    let tags = details.languages.iter();
    fields.extend(tags.map(|tag| field("languages", tag.clone())));
    for (switch, name, ..) in SWITCHES {
        if is_on(switch, details.switches) {
            fields.push(field(name, "1".to_owned()));
        }
    }
    fields.into_iter().collect()
}

fn is_on(switch: Switch, switches: Switches) -> bool {
    match switch {
        Switch::Dietary => switches.dietary,
        Switch::Notes => switches.notes,
        Switch::Children => switches.children,
        Switch::Undecided => switches.undecided,
        Switch::PlusOneNameRequired => switches.plus_one_name_required,
        Switch::LateGiftsNotes => switches.late_gifts_notes,
        Switch::ConfirmationMail => switches.confirmation_mail,
    }
}

/// What was typed into one section.
fn read(part: Part, form: &Form) -> Change {
    let text = |name: &str| Some(form.text(name).to_owned());
    let texts = |name: &str| Some(i18n(form, name));
    match part {
        Part::Texts => Change {
            hosts: texts("hosts"),
            title: texts("title"),
            kicker: texts("kicker"),
            subtitle: texts("subtitle"),
            welcome: texts("welcome"),
            farewell: texts("farewell"),
            ..Change::default()
        },
        Part::Basics => Change {
            slug: text("slug"),
            kind: OccasionKind::find(form.text("kind")),
            tone: Tone::find(form.text("tone")),
            time_zone: text("time_zone"),
            currency: text("currency"),
            default_plus_ones: sheet::number(form, "default_plus_ones"),
            default_children: sheet::number(form, "default_children"),
            retention_days: sheet::number(form, "retention_days"),
            ..Change::default()
        },
        Part::Languages => Change {
            languages: Some(form.all("languages").map(str::to_owned).collect()),
            default_language: text("default_language"),
            ..Change::default()
        },
        Part::Look => Change {
            theme: form.text("theme.preset").parse().ok().map(|preset| Theme {
                preset,
                ground: form.text("theme.ground").parse().ok(),
            }),
            ..Change::default()
        },
        Part::Deadline => Change {
            rsvp_deadline: Some(sheet::some(form, "rsvp_deadline").map(When)),
            ..Change::default()
        },
        Part::Switches => Change {
            switches: Some(
                SWITCHES
                    .into_iter()
                    .map(|(switch, name, ..)| (switch, form.is_ticked(name)))
                    .collect::<BTreeMap<_, _>>(),
            ),
            ..Change::default()
        },
        Part::Contact => Change {
            contact: Some(Contact {
                name: form.text("contact.name").to_owned(),
                email: form.text("contact.email").to_owned(),
                phone: form.text("contact.phone").to_owned(),
            }),
            ..Change::default()
        },
        Part::State => Change::default(),
    }
}

fn groups(says: &Says<'_>, sheet: &Sheet, part: Part) -> Vec<Group> {
    let say = |id: &str| says.text.say(id).into_owned();
    let one = |fields: Vec<Field>| {
        vec![Group {
            legend: String::new(),
            fields,
        }]
    };
    match part {
        Part::Texts => text_groups(says, sheet),
        Part::Basics => one(basic_fields(says, sheet)),
        Part::Languages => {
            let all: Vec<(String, String)> = says
                .text
                .catalogue()
                .languages()
                .map(|tag| (tag.to_owned(), Language::of(tag).name.into_owned()))
                .collect();
            one(vec![
                sheet
                    .ticks("languages", say("host-offered"), all.clone())
                    .hint(say("host-field-languages-hint")),
                sheet.select("default_language", say("host-field-default-language"), all),
            ])
        }
        Part::Look => one(look_fields(says, sheet)),
        Part::Deadline => one(vec![
            sheet
                .date("rsvp_deadline", say("host-field-deadline"))
                .hint(say("host-field-deadline-hint")),
        ]),
        Part::Switches => {
            let fields = SWITCHES.into_iter().map(|(_, name, words, effect)| {
                sheet.tick(name, say(words)).hint(say(effect))
            });
            one(fields.collect())
        }
        Part::Contact => one(vec![
            sheet
                .line("contact.name", say("host-field-name"))
                .hint(say("host-contact-hint")),
            sheet.field("contact.phone", say("host-field-phone"), Control::Line("tel", "off")),
            sheet.field("contact.email", say("host-field-email"), Control::Line("email", "off")),
        ]),
        Part::State => Vec::new(),
    }
}

fn text_groups(says: &Says<'_>, sheet: &Sheet) -> Vec<Group> {
    let tags = &says.occasion.details.languages;
    let line = || Control::Line("text", "off");
    let all: [(&str, &str, bool); 6] = [
        ("hosts", "host-field-hosts", false),
        ("title", "host-field-title", false),
        ("kicker", "host-field-kicker", false),
        ("subtitle", "host-field-subtitle", false),
        ("welcome", "host-field-welcome", true),
        ("farewell", "host-field-farewell", true),
    ];
    all.into_iter()
        .map(|(name, id, is_long)| {
            let legend = says.text.say(id);
            if is_long {
                sheet.texts(name, legend, tags, || Control::Lines)
            } else {
                sheet.texts(name, legend, tags, line)
            }
        })
        .collect()
}

fn basic_fields(says: &Says<'_>, sheet: &Sheet) -> Vec<Field> {
    let say = |id: &str| says.text.say(id).into_owned();
    let kinds = OccasionKind::ALL
        .iter()
        .map(|kind| (kind.word().to_owned(), say(say::kind(*kind))));
    let tones = Tone::ALL.iter().map(|tone| {
        let id = match tone {
            Tone::Formal => "host-tone-formal",
            Tone::Casual => "host-tone-casual",
            Tone::Fun => "host-tone-fun",
        };
        (tone.word().to_owned(), say(id))
    });
    vec![
        sheet
            .line("slug", say("host-field-slug"))
            .hint(say("host-field-slug-hint")),
        sheet.select("kind", say("host-field-kind"), kinds),
        sheet
            .select("tone", say("host-field-tone"), tones)
            .hint(say("host-field-tone-hint")),
        sheet
            .line("time_zone", say("host-field-time-zone"))
            .hint(say("host-field-time-zone-hint")),
        sheet.line("currency", say("host-field-currency")),
        sheet
            .number("default_plus_ones", say("host-field-plus-ones"))
            .hint(say("host-field-for-new")),
        sheet
            .number("default_children", say("host-field-children"))
            .hint(say("host-field-for-new")),
        sheet
            .number("retention_days", say("host-field-retention"))
            .hint(say("host-field-retention-hint")),
    ]
}

fn look_fields(says: &Says<'_>, sheet: &Sheet) -> Vec<Field> {
    let say = |id: &str| says.text.say(id).into_owned();
    let presets = [
        ("songket", "host-look-songket", "host-look-songket-hint"),
        ("letterpress", "host-look-letterpress", "host-look-letterpress-hint"),
        ("plain", "host-look-plain", "host-look-plain-hint"),
    ];
    let presets = presets.map(|(word, id, hint)| (word.to_owned(), say(id), say(hint)));
    let grounds = [
        ("", "host-ground-usual"),
        ("maroon", "host-ground-maroon"),
        ("zamrud", "host-ground-zamrud"),
        ("nila", "host-ground-nila"),
        ("terung", "host-ground-terung"),
        ("arang", "host-ground-arang"),
    ];
    let grounds = grounds.map(|(word, id)| (word.to_owned(), say(id)));
    vec![
        sheet.field("theme.preset", say("host-style"), Control::Radios(presets.into())),
        sheet
            .select("theme.ground", say("host-field-ground"), grounds)
            .hint(say("host-field-ground-hint")),
    ]
}
