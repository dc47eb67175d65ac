//! The form of a countdown. It shows the kind first, then the fields that this kind needs. All
//! other fields are collapsed, with their current values beside the heading.

use std::collections::HashMap;

use askama::Template;
use form_urlencoded::Serializer;
use jiff::ToSpan as _;
use jiff::civil::date;
use site::dates::Date;
use site::request::PageRequest;
use site::resource::pages::EditForm;
use web::form_state::{Control, Field};
use web::{Form, Text};

use super::{HERE, KeeperContext, typed_dates};
use crate::countdown::{Countdown, Kind, Visibility};

/// Converts the form's values to the format that the table of a countdown's fields declares.
pub(super) fn prepare(text: &Text, form: &mut Form) {
    for name in ["target", "since"] {
        if let Some(day) = form.find(name) {
            let (day, kept) = typed_dates::parts(day);
            let time = form.text(&format!("{name}_time"));
            let time = if time.is_empty() { kept } else { time };
            let moment = typed_dates::moment(text, day, time);
            set(form, name, moment);
        }
    }
    let is_new = form.find("kind").is_some();
    let is_public = form.text("visibility") == Visibility::Public.word();
    if is_new && form.text("kind") == Kind::Since.word() {
        form.remove(&["target"]);
    }
    if !is_public {
        form.remove(&["listed"]);
    } else if is_new {
        set(form, "listed", "1".to_owned());
    }
}

fn set(form: &mut Form, name: &str, value: String) {
    form.remove(&[name]);
    *form = form
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .chain([(name.to_owned(), value)])
        .collect();
}

#[derive(Template)]
#[template(path = "own/form.html")]
struct Arranged<'a> {
    text: &'a Text,
    /// Keyword, and whether it is selected. Empty for an existing countdown.
    kinds: Vec<(&'static str, bool)>,
    /// Links that fill in the form of a new countdown, each with its URL and label.
    presets: Vec<(&'static str, String)>,
    title: Field,
    since: Option<DayAndTime>,
    until: Option<DayAndTime>,
    follows: Option<Field>,
    visibility: Field,
    /// How long others may still see a public countdown that becomes less visible.
    note: Option<String>,
    listed: Option<Field>,
    folds: Vec<Fold>,
}

struct DayAndTime {
    name: &'static str,
    legend: &'static str,
    time_label: &'static str,
    hint: String,
    day: String,
    time: String,
    error: Option<String>,
    stored: Option<String>,
}

impl DayAndTime {
    fn of(name: &'static str, field: Field) -> Self {
        let (day, time) = typed_dates::parts(&field.value);
        Self {
            name,
            legend: "",
            time_label: "",
            hint: String::new(),
            day: day.to_owned(),
            // The field for a time takes no offset.
            time: time.get(..5).unwrap_or(time).to_owned(),
            error: field.error,
            stored: field.stored,
        }
    }
}

struct Fold {
    title: &'static str,
    state: String,
    is_until: bool,
    is_open: bool,
    fields: Vec<Field>,
}

/// Arranges the fields that the table declares.
pub(super) fn arrange(
    req: &PageRequest,
    context: &KeeperContext,
    one: Option<&Countdown>,
    form: &mut EditForm<'_>,
) {
    let text = &req.text;
    let groups = std::mem::take(&mut form.groups).into_iter();
    let fields = groups.flat_map(|group| group.fields);
    let mut fields: HashMap<String, Field> =
        fields.map(|field| (field.name.clone(), field)).collect();
    let mut take = |name: &str| fields.remove(name);
    let (Some(mut title), Some(mut visibility)) = (take("title"), take("visibility")) else {
        return;
    };
    let follows = take("follows").and_then(|field| offer_dates(text, context, one, field));
    title.hint = Some(text.say("countdown-title-hint").into_owned());
    // Without a title, the countdown gets the name of the date that it follows.
    title.is_required = follows.is_none();
    let hints = Visibility::ALL
        .iter()
        .map(|one| text.say(seen_hint(*one)).into_owned());
    visibility.show_as_radios(hints.collect::<Vec<_>>());
    let mut listed = take("listed");
    if let (None, Control::Radios(choices)) = (one, &mut visibility.control) {
        // A new public countdown is in the directory from the start, so the form does not have this
        // field.
        listed = None;
        choices.reverse();
        for (word, label, _) in choices {
            if *word == Visibility::Public.word() {
                *label = text.say("countdown-public-listed").into_owned();
            }
        }
    }
    if one.is_some_and(|one| one.visibility == Visibility::Public) {
        form.remove_note = req.site.cache_note(text);
    }
    let chosen = Kind::find(form.form_state.form.text("kind")).unwrap_or(Kind::Since);
    let is_until = one.is_none_or(|one| one.kind == Kind::Until);
    let zone = one.map_or(&req.who.account().time_zone, |one| &one.time_zone);
    let now = req.site.clock.now().to_zoned(super::zone_of(zone));
    let in_zone = |message| text.with(message, [("zone", place(zone).into())]);
    // If the person leaves the field empty, the countdown starts now.
    let begin = || {
        let mut field = form.form_state.line("since", "");
        if form.form_state.form.find("since").is_none() {
            field.value = now.strftime("%Y-%m-%dT%H:%M").to_string();
        }
        field
    };
    let since = one.is_none().then(|| DayAndTime {
        legend: "countdown-counting-since",
        time_label: "countdown-time",
        hint: in_zone("countdown-since-hint"),
        ..DayAndTime::of("since", begin())
    });
    let until = take("target")
        .filter(|_| is_until)
        .map(|target| DayAndTime {
            legend: "countdown-counting-until",
            time_label: "countdown-time-optional",
            hint: in_zone("countdown-until-hint"),
            ..DayAndTime::of("target", target)
        });
    let mut day_counting = take("day_counting");
    if let (None, Some(field)) = (one, &mut day_counting) {
        // An empty choice is added, because each kind of countdown has its own default.
        if let Control::Select(choices) = &mut field.control {
            choices.insert(
                0,
                (String::new(), text.say("countdown-days-usual").into_owned()),
            );
        }
    }
    let slug = take("slug");
    let address = slug
        .as_ref()
        .map_or_else(String::new, |slug| slug.value.clone());
    let again = ["repeat", "after", "leap_day"].map(&mut take);
    let look = ["show_phrase", "show_notes", "show_stats"].map(&mut take);
    let is_primary = take("is_primary");
    let time_zone = take("time_zone");
    let fold = |title, state, fields: Vec<Option<Field>>| {
        let fields: Vec<Field> = fields.into_iter().flatten().collect();
        Fold {
            title,
            state,
            is_until: title == "countdown-fold-again",
            is_open: fields
                .iter()
                .any(|field| field.error.is_some() || field.stored.is_some()),
            fields,
        }
    };
    let mut folds = vec![
        fold("countdown-fold-look", shown_words(text, &look), look.into()),
        fold(
            "countdown-fold-zone",
            place(zone),
            vec![time_zone, day_counting],
        ),
        fold(
            "countdown-fold-address",
            if address.is_empty() {
                text.say("countdown-slug-made").into_owned()
            } else {
                address
            },
            vec![slug, is_primary],
        ),
    ];
    if is_until {
        let state = again[0].as_ref().map_or_else(String::new, chosen_label);
        folds.insert(0, fold("countdown-fold-again", state, again.into()));
    }
    let arranged = Arranged {
        text,
        kinds: match one {
            None => vec![
                (Kind::Since.word(), chosen == Kind::Since),
                (Kind::Until.word(), chosen == Kind::Until),
            ],
            Some(_) => Vec::new(),
        },
        presets: one.map_or_else(|| presets(text, now.date().year()), |_| Vec::new()),
        title,
        since,
        until,
        follows,
        visibility,
        note: form.remove_note.clone(),
        listed,
        folds,
    };
    form.arranged = arranged.to_string();
    if one.is_none() {
        form.save = "countdown-start";
    }
}

fn presets(text: &Text, year: i16) -> Vec<(&'static str, String)> {
    let next = date(year, 1, 1).saturating_add(1.year()).to_string();
    let preset = |label, title, fields: &[(&str, &str)]| {
        let mut query = Serializer::new(String::new());
        query
            .extend_pairs(fields)
            .append_pair("title", &text.say(title));
        (label, format!("{HERE}/new?{}", query.finish()))
    };
    vec![
        preset(
            "countdown-preset-new-year",
            "countdown-preset-new-year-title",
            &[("kind", "until"), ("target", &next), ("repeat", "yearly")],
        ),
        preset(
            "countdown-preset-birthday",
            "countdown-preset-birthday-title",
            &[("kind", "until"), ("repeat", "yearly")],
        ),
        preset(
            "countdown-preset-without",
            "countdown-preset-without-title",
            &[("kind", "since")],
        ),
    ]
}

/// The city in the name of a time zone, such as “Kuala Lumpur” for `Asia/Kuala_Lumpur`.
fn place(zone: &str) -> String {
    zone.rsplit('/').next().unwrap_or(zone).replace('_', " ")
}

fn seen_hint(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Private => "countdown-private-hint",
        Visibility::Trusted => "countdown-trusted-hint",
        Visibility::Unlisted => "countdown-unlisted-hint",
        Visibility::Public => "countdown-public-hint",
    }
}

fn shown_words(text: &Text, fields: &[Option<Field>]) -> String {
    let words = fields.iter().flatten().filter(|field| field.is_ticked());
    let words = words.map(|field| match field.name.as_str() {
        "show_phrase" => text.say("countdown-shows-phrase"),
        "show_notes" => text.say("countdown-shows-notes"),
        _ => text.say("countdown-shows-stats"),
    });
    words.collect::<Vec<_>>().join(", ")
}

fn chosen_label(field: &Field) -> String {
    let Control::Select(choices) = &field.control else {
        return String::new();
    };
    let chosen = choices.iter().find(|(value, _)| *value == field.value);
    chosen.map_or_else(String::new, |(_, label)| label.clone())
}

fn name_date(context: &KeeperContext, date: &Date) -> String {
    let alike = context.dates.iter().filter(|one| one.label == date.label);
    if alike.count() > 1 {
        format!("{}, {}", date.label, date.at.replace('T', " "))
    } else {
        date.label.clone()
    }
}

fn offer_dates(
    text: &Text,
    context: &KeeperContext,
    one: Option<&Countdown>,
    mut field: Field,
) -> Option<Field> {
    let followed = one.map_or("", |one| one.follows.as_str());
    let mut choices = vec![(
        String::new(),
        text.say("countdown-follows-none").into_owned(),
    )];
    let is_own = |one: &Countdown| context.own.iter().any(|(id,)| *id == one.id);
    if one.is_none_or(is_own) {
        let known = context.dates.iter();
        choices.extend(known.map(|date| (date.id.clone(), name_date(context, date))));
    }
    if choices.iter().all(|(id, _)| id != followed) {
        let other = text.say("countdown-follows-other").into_owned();
        choices.push((followed.to_owned(), other));
    }
    let is_offered = choices.len() > 1 && one.is_none_or(|one| one.kind == Kind::Until);
    field.control = Control::Select(choices);
    is_offered.then_some(field)
}
