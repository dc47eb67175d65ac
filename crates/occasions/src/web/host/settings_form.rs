//! The sections of the settings as forms: what they hold, and what is read from
//! them.

use std::collections::BTreeMap;

use web::{Form, Language, Theme};

use super::events::i18n;
use super::form_state::{self, Control, Field, FormState, Group};
use super::settings::Part;
use super::wording::{self, Wording};
use crate::hosting::When;
use crate::hosting::occasions::{OccasionChange, Switch};
use crate::occasion::{Contact, Occasion, Switches};
use crate::words::{OccasionKind, Tone};

/// The switches: word, field, words, consequence.
const SWITCHES: [(Switch, &str, &str, &str); 10] = [
    (
        Switch::Dietary,
        "switch.dietary",
        "host-switch-dietary",
        "host-switch-dietary-off",
    ),
    (
        Switch::Notes,
        "switch.notes",
        "host-switch-notes",
        "host-switch-notes-off",
    ),
    (
        Switch::Children,
        "switch.children",
        "host-switch-children",
        "host-switch-children-off",
    ),
    (
        Switch::Undecided,
        "switch.undecided",
        "host-switch-undecided",
        "host-switch-undecided-off",
    ),
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
    (
        Switch::OpenRsvp,
        "switch.open_rsvp",
        "host-switch-open",
        "host-switch-open-on",
    ),
    (
        Switch::PublicWishes,
        "switch.public_wishes",
        "host-switch-wishes",
        "host-switch-wishes-on",
    ),
    (
        Switch::AskName,
        "switch.ask_name",
        "host-switch-ask-name",
        "host-switch-ask-name-on",
    ),
];

/// What is stored, as all sections together hold it.
pub(super) fn stored(wording: &Wording<'_>) -> Form {
    let occasion: &Occasion = wording.occasion;
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
        field("open_party_limit", details.open_party_limit.to_string()),
        field("retention_days", details.retention_days.to_string()),
        field("default_language", details.default_language.clone()),
        field("theme.preset", details.theme.preset.to_string()),
        field(
            "theme.ground",
            details
                .theme
                .ground
                .map(|ground| ground.to_string())
                .unwrap_or_default(),
        ),
        field("rsvp_deadline", wording.deadline_day(details.rsvp_deadline)),
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
        fields.extend(
            texts
                .iter()
                .map(|(tag, words)| (format!("{name}.{tag}"), words.to_owned())),
        );
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
        Switch::OpenRsvp => switches.open_rsvp,
        Switch::PublicWishes => switches.public_wishes,
        Switch::AskName => switches.ask_name,
    }
}

/// What was typed into the form of one section.
pub(super) fn read(part: Part, form: &Form) -> OccasionChange {
    let text = |name: &str| Some(form.text(name).to_owned());
    let texts = |name: &str| Some(i18n(form, name));
    match part {
        Part::Texts => OccasionChange {
            hosts: texts("hosts"),
            title: texts("title"),
            kicker: texts("kicker"),
            subtitle: texts("subtitle"),
            welcome: texts("welcome"),
            farewell: texts("farewell"),
            ..OccasionChange::default()
        },
        Part::Basics => OccasionChange {
            slug: text("slug"),
            kind: OccasionKind::find(form.text("kind")),
            tone: Tone::find(form.text("tone")),
            time_zone: text("time_zone"),
            currency: text("currency"),
            default_plus_ones: form_state::number(form, "default_plus_ones"),
            default_children: form_state::number(form, "default_children"),
            open_party_limit: form_state::number(form, "open_party_limit"),
            retention_days: form_state::number(form, "retention_days"),
            ..OccasionChange::default()
        },
        Part::Languages => OccasionChange {
            languages: Some(form.all("languages").map(str::to_owned).collect()),
            default_language: text("default_language"),
            ..OccasionChange::default()
        },
        Part::Look => OccasionChange {
            theme: form.text("theme.preset").parse().ok().map(|preset| Theme {
                preset,
                ground: form.text("theme.ground").parse().ok(),
            }),
            ..OccasionChange::default()
        },
        Part::Deadline => OccasionChange {
            rsvp_deadline: Some(form_state::some(form, "rsvp_deadline").map(When)),
            ..OccasionChange::default()
        },
        Part::Switches => OccasionChange {
            switches: Some(
                SWITCHES
                    .into_iter()
                    .map(|(switch, name, ..)| (switch, form.is_ticked(name)))
                    .collect::<BTreeMap<_, _>>(),
            ),
            ..OccasionChange::default()
        },
        Part::Contact => OccasionChange {
            contact: Some(Contact {
                name: form.text("contact.name").to_owned(),
                email: form.text("contact.email").to_owned(),
                phone: form.text("contact.phone").to_owned(),
            }),
            ..OccasionChange::default()
        },
        Part::State => OccasionChange::default(),
    }
}

pub(super) fn groups(wording: &Wording<'_>, form_state: &FormState, part: Part) -> Vec<Group> {
    let say = |id: &str| wording.text.say(id).into_owned();
    let one = |fields: Vec<Field>| {
        vec![Group {
            legend: String::new(),
            fields,
        }]
    };
    match part {
        Part::Texts => text_groups(wording, form_state),
        Part::Basics => one(basic_fields(wording, form_state)),
        Part::Languages => {
            let all: Vec<(String, String)> = wording
                .text
                .catalogue()
                .languages()
                .map(|tag| (tag.to_owned(), Language::of(tag).name.into_owned()))
                .collect();
            one(vec![
                form_state
                    .ticks("languages", say("host-offered"), all.clone())
                    .hint(say("host-field-languages-hint")),
                form_state.select("default_language", say("host-field-default-language"), all),
            ])
        }
        Part::Look => one(look_fields(wording, form_state)),
        Part::Deadline => one(vec![
            form_state
                .date("rsvp_deadline", say("host-field-deadline"))
                .hint(say("host-field-deadline-hint")),
        ]),
        Part::Switches => {
            let fields = SWITCHES.into_iter().map(|(_, name, words, effect)| {
                form_state.tick(name, say(words)).hint(say(effect))
            });
            one(fields.collect())
        }
        Part::Contact => one(vec![
            form_state
                .line("contact.name", say("host-field-name"))
                .hint(say("host-contact-hint")),
            form_state.field(
                "contact.phone",
                say("host-field-phone"),
                Control::Line("tel", "off"),
            ),
            form_state.field(
                "contact.email",
                say("host-field-email"),
                Control::Line("email", "off"),
            ),
        ]),
        Part::State => Vec::new(),
    }
}

fn text_groups(wording: &Wording<'_>, form_state: &FormState) -> Vec<Group> {
    let tags = &wording.occasion.details.languages;
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
            let legend = wording.text.say(id);
            if is_long {
                form_state.texts(name, legend, tags, || Control::Lines)
            } else {
                form_state.texts(name, legend, tags, line)
            }
        })
        .collect()
}

fn basic_fields(wording: &Wording<'_>, form_state: &FormState) -> Vec<Field> {
    let say = |id: &str| wording.text.say(id).into_owned();
    let kinds = OccasionKind::ALL
        .iter()
        .map(|kind| (kind.word().to_owned(), say(wording::kind(*kind))));
    let tones = Tone::ALL.iter().map(|tone| {
        let id = match tone {
            Tone::Formal => "host-tone-formal",
            Tone::Casual => "host-tone-casual",
            Tone::Fun => "host-tone-fun",
        };
        (tone.word().to_owned(), say(id))
    });
    vec![
        form_state
            .line("slug", say("host-field-slug"))
            .hint(say("host-field-slug-hint")),
        form_state.select("kind", say("host-field-kind"), kinds),
        form_state
            .select("tone", say("host-field-tone"), tones)
            .hint(say("host-field-tone-hint")),
        form_state
            .line("time_zone", say("host-field-time-zone"))
            .hint(say("host-field-time-zone-hint")),
        form_state.line("currency", say("host-field-currency")),
        form_state
            .number("default_plus_ones", say("host-field-plus-ones"))
            .hint(say("host-field-for-new")),
        form_state
            .number("default_children", say("host-field-children"))
            .hint(say("host-field-for-new")),
        form_state.number("open_party_limit", say("host-field-open-party")),
        form_state
            .number("retention_days", say("host-field-retention"))
            .hint(say("host-field-retention-hint")),
    ]
}

fn look_fields(wording: &Wording<'_>, form_state: &FormState) -> Vec<Field> {
    let say = |id: &str| wording.text.say(id).into_owned();
    let presets = [
        ("songket", "host-look-songket", "host-look-songket-hint"),
        (
            "letterpress",
            "host-look-letterpress",
            "host-look-letterpress-hint",
        ),
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
        form_state.field(
            "theme.preset",
            say("host-style"),
            Control::Radios(presets.into()),
        ),
        form_state
            .select("theme.ground", say("host-field-ground"), grounds)
            .hint(say("host-field-ground-hint")),
    ]
}
