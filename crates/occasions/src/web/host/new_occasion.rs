//! The page on which a new occasion begins. It asks what is celebrated, whose celebration it is and
//! on which day. All else is proposed, in one folded line where it can be changed.

use askama::Template;
use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use platform::audit::RequestFacts;
use platform::id::Id as _;
use platform::money::Currency;
use platform::{StoreError, Tx};
use serde_json::{Value, json};
use site::call::{form_once, see_other};
use site::frame;
use web::form_state::{self, Control, Field, FormError, FormState};
use web::{
    Form, Input, Language, Preset, Problem, Region, Site, Text, Wishes, ZoneWishes, dates, zone,
};

use super::card_so_far::{CardSoFar, SoFar};
use super::request::{HostForm, HostRequest};
use super::wording;
use crate::event::PlannedEvent;
use crate::hosting::new_occasion::{self, WrongDay};
use crate::hosting::{self, Refusal, occasions, resource};
use crate::id::OccasionId;
use crate::look;
use crate::occasion::Occasion;
use crate::words::OccasionKind;

#[derive(Template)]
#[template(path = "host/occasion_new.html")]
struct NewOccasion<'a> {
    text: &'a Text,
    submission: String,
    form_state: &'a FormState,
    kinds: Vec<Kind>,
    day: Field,
    day_unknown: Field,
    /// The line that says what is proposed.
    proposed: String,
    fields: Vec<Field>,
    is_open: bool,
    /// The zone of which the form knows, if the device has not told its own. A script then opens the
    /// page again.
    zone_hint: Option<String>,
    card: CardSoFar<'a>,
}

struct Kind {
    word: &'static str,
    name: String,
    /// What the card shows for this kind.
    look: Preset,
    kicker: String,
}

impl NewOccasion<'_> {
    fn is_chosen(&self, kind: &str) -> bool {
        self.form_state.form.text("kind") == kind
    }

    fn typed(&self, name: &str) -> &str {
        self.form_state.form.text(name)
    }

    fn error(&self) -> Option<&str> {
        self.form_state.error("first")
    }
}

/// Handles `GET /admin/new`.
pub(super) async fn show(
    zones: ZoneWishes,
    wishes: Wishes,
    req: HostRequest,
) -> Result<Response, Problem> {
    let (who, site) = (req.who.clone(), req.site.clone());
    let look = move |tx: &mut Tx<'_>| -> Result<bool, StoreError> {
        occasions::may_create(tx, &site, &who)
    };
    if !req.site.store.read(look).await? {
        return Err(Problem::not_found());
    }
    let offered: Vec<&str> = req.text.catalogue().languages().collect();
    let language = wishes.choose(&offered, None, &req.text.language().tag);
    let zone = proposed_zone(&req, &zones, &wishes);
    let form_state = FormState::of(form_state::form([
        ("kind", OccasionKind::Wedding.word()),
        ("time_zone", zone.as_ref().map_or("", zone::name)),
        ("default_language", language),
    ]));
    let facts = req.facts().await?;
    Ok(page(&req, &facts, &form_state, &zones, &wishes))
}

/// Returns the zone of the device, else the account's or the site's, unless it is UTC, else that of
/// the country which the browser's languages name.
fn proposed_zone(req: &HostRequest, zones: &ZoneWishes, wishes: &Wishes) -> Option<TimeZone> {
    let chosen = |found: &TimeZone| zone::name(found) != "UTC";
    let device = zones.asked.clone().or_else(|| zones.device.clone());
    device
        .or_else(|| zone::find(&req.who.account().time_zone).filter(chosen))
        .or_else(|| Some(req.site.settings.time_zone.clone()).filter(chosen))
        .or_else(|| zone::find(wishes.region()?.zone()?))
}

/// The home country and the currency that follow from a zone.
struct Proposal {
    country: Option<Region>,
    currency: Option<Currency>,
}

impl Proposal {
    fn of(req: &HostRequest, typed: Option<&TimeZone>, wishes: &Wishes) -> Self {
        let of_zone = |zone: &TimeZone| Region::of_zone(zone::name(zone));
        let country = typed
            .and_then(of_zone)
            .or_else(|| wishes.region())
            .or_else(|| of_zone(&req.site.settings.time_zone));
        Self {
            country,
            currency: country.and_then(Region::currency),
        }
    }
}

fn page(
    req: &HostRequest,
    facts: &frame::Facts,
    form_state: &FormState,
    zones: &ZoneWishes,
    wishes: &Wishes,
) -> Response {
    let text = &req.text;
    let form = &form_state.form;
    let zone = zone::find(form.text("time_zone"));
    let proposal = Proposal::of(req, zone.as_ref(), wishes);
    let own = in_its_language(&req.site, form);
    let kinds = OccasionKind::ALL.iter().map(|kind| Kind {
        word: kind.word(),
        name: text.say(kind.label()).into_owned(),
        look: look::usual(*kind, &own.language().tag),
        kicker: kicker(&own, *kind),
    });
    let so_far = so_far(&own, form);
    let fields = fields(text, form_state, zone.as_ref(), &proposal);
    let body = NewOccasion {
        text,
        submission: req.submission(),
        kinds: kinds.collect(),
        card: CardSoFar::of(text, &own, &so_far),
        day: form_state.date("day", text.say("host-new-day")),
        day_unknown: form_state.tick("day_unknown", text.say("host-new-day-unknown")),
        proposed: proposed(text, form, zone.as_ref(), &proposal),
        is_open: zone.is_none() || fields.iter().any(|field| field.error.is_some()),
        fields,
        zone_hint: (!zones.has_cookie).then(|| match form.text("time_zone") {
            "" => "UTC".to_owned(),
            zone => zone.to_owned(),
        }),
        form_state,
    };
    req.plain_page(&text.say("host-new-occasion"), facts, body)
}

/// The texts of the occasion's first language.
fn in_its_language(site: &Site, form: &Form) -> Text {
    let tag = form_state::some(form, "default_language").unwrap_or_else(|| "en".to_owned());
    site.catalogue.speak(&Language::of(&tag))
}

fn names(form: &Form) -> Vec<&str> {
    let names = ["first", "second"].map(|name| form.text(name).trim());
    names.into_iter().filter(|name| !name.is_empty()).collect()
}

fn so_far(own: &Text, form: &Form) -> SoFar {
    let kind = OccasionKind::find(form.text("kind")).unwrap_or(OccasionKind::Other);
    let names = names(form);
    let day = form.text("day").trim().parse::<Date>().ok();
    SoFar {
        kind,
        names: if names.is_empty() {
            "…".to_owned()
        } else {
            names.join(" & ")
        },
        kicker: kicker(own, kind),
        date: match day.filter(|_| !form.is_ticked("day_unknown")) {
            Some(day) => [own.date(day), day.to_string()],
            None => [own.say("date-to-follow").into_owned(), String::new()],
        },
    }
}

fn proposed(text: &Text, form: &Form, zone: Option<&TimeZone>, proposal: &Proposal) -> String {
    let language = Language::of(form.text("default_language"));
    let currency = form.text("currency").parse().ok().or(proposal.currency);
    let parts = [
        Some(language.name.into_owned()),
        zone.map(|zone| text.with("host-new-zone", [("place", dates::place(zone).into())])),
        currency.map(|currency| text.currency_sign(currency)),
        form_state::some(form, "slug").map(|slug| format!("/{slug}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(" · ")
}

/// The fields in which a host may change what is proposed. Empty ones stay as proposed.
fn fields(
    text: &Text,
    form_state: &FormState,
    zone: Option<&TimeZone>,
    proposal: &Proposal,
) -> Vec<Field> {
    let say = |id: &str| text.say(id).into_owned();
    let from = |id: &str, value: Option<String>| match value {
        Some(value) => text.with(id, [("value", value.into())]),
        None => String::new(),
    };
    let currency = proposal.currency.map(|one| one.to_string());
    let currencies = Currency::all_in_use()
        .into_iter()
        .map(|one| one.to_string());
    let currencies = currencies.map(|code| (code.clone(), code));
    let as_zone = (String::new(), from("host-new-as-zone", currency));
    let countries = countries(text);
    let country = proposal.country.and_then(|country| {
        let mut all = countries.iter();
        let found = all.find(|(code, _)| code == country.code);
        found.map(|(_, name)| name.clone())
    });
    let as_country = (String::new(), from("host-new-as-zone", country));
    let chosen = zone.map(|zone| zone::name(zone).to_owned());
    let languages = wording::languages(text);
    vec![
        form_state.select(
            "default_language",
            say("host-field-default-language"),
            languages,
        ),
        form_state.select(
            "time_zone",
            say("host-field-time-zone"),
            zone_choices(chosen, form_state.form.text("time_zone")),
        ),
        form_state.select(
            "currency",
            say("host-field-currency"),
            [as_zone].into_iter().chain(currencies),
        ),
        form_state.select(
            "country",
            say("host-field-country"),
            [as_country].into_iter().chain(countries),
        ),
        form_state
            .line("slug", say("host-field-slug"))
            .hint(say("host-new-slug-hint")),
        form_state
            .line("title", say("host-field-title"))
            .hint(say("host-new-title-hint")),
        form_state
            .field(
                "deadline",
                say("host-field-deadline"),
                Control::Line("date", "off"),
            )
            .hint(say("host-new-deadline-hint")),
    ]
}

/// All zones of countries. Without a chosen one, the list begins with an empty line; a name that is
/// no zone stays in it.
fn zone_choices(chosen: Option<String>, typed: &str) -> Vec<(String, String)> {
    let of_countries = Region::all().flat_map(Region::zones).map(str::to_owned);
    let mut names: Vec<String> = of_countries.collect();
    names.extend(chosen);
    names.push(typed.to_owned());
    names.sort_unstable();
    names.dedup();
    let named = names.into_iter().map(|name| {
        let label = name.replace('_', " ");
        (name, label)
    });
    named.collect()
}

/// Returns the countries by name, each with its code.
pub(super) fn countries(text: &Text) -> Vec<(String, String)> {
    let all = text.say("host-countries");
    let lines = all.lines().filter_map(|line| line.trim().split_once(' '));
    let mut all: Vec<_> = lines
        .map(|(code, name)| (code.to_owned(), name.to_owned()))
        .collect();
    all.sort_unstable_by_key(|(_, name)| platform::text_cleaning::fold(name));
    all
}

/// Handles `POST /admin/new`.
pub(super) async fn create(
    zones: ZoneWishes,
    wishes: Wishes,
    posted: HostForm,
) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let plan = Plan::of(req, form, &wishes);
    let (who, request, site) = (req.who.clone(), req.origin(), req.site.clone());
    let (key, wrong) = (posted.key.clone(), plan.wrong.clone());
    let made = if wrong.is_empty() {
        let change = move |tx: &mut Tx<'_>| {
            form_once(tx, key.as_ref(), |tx| {
                make(tx, &site, &who, &plan, &request)
            })
        };
        req.site.store.write(change).await
    } else {
        Err(plan.other_findings(platform::id::generate(
            req.site.clock.now(),
            &req.site.random,
        )))
    };
    let done = made.map(|to| see_other(&to)).map_err(at_own_fields);
    form_state::answer(done, async |problem| {
        let mut form_state = if problem.errors.is_empty() && !wrong.is_empty() {
            FormState::of(form.clone())
        } else {
            FormState::refused(form.clone(), &problem, &req.text)
        };
        if problem.code == "slug_taken" {
            form_state = form_state.at("slug");
        }
        for FormError { field, words } in wrong {
            form_state.complain(&field, words);
        }
        let facts = req.facts().await?;
        Ok(page(req, &facts, &form_state, &zones, &wishes))
    })
    .await
}

/// What a form asks for, with all that it leaves open.
struct Plan {
    /// Without its address.
    occasion: Value,
    event: Value,
    /// The address that was typed.
    slug: Option<String>,
    /// The address that the names make.
    address: String,
    year: i16,
    /// The errors that only this page knows.
    wrong: Vec<FormError>,
}

impl Plan {
    fn of(req: &HostRequest, form: &Form, wishes: &Wishes) -> Self {
        let text = &req.text;
        let mut wrong = Vec::new();
        let kind = OccasionKind::find(form.text("kind")).unwrap_or(OccasionKind::Other);
        let names = names(form);
        if names.is_empty() {
            wrong.push(error("first", text.say("host-new-nobody")));
        }
        let typed_zone = form.text("time_zone");
        let zone = zone::find(typed_zone);
        if typed_zone.is_empty() {
            wrong.push(error("time_zone", text.say("host-new-no-zone")));
        }
        let proposal = Proposal::of(req, zone.as_ref(), wishes);
        let zone = zone.unwrap_or(TimeZone::UTC);
        let today = req.site.clock.now().to_zoned(zone.clone()).date();
        let day = day(text, form, today, &mut wrong);
        let deadline = deadline(text, form, day, today, &mut wrong);
        let guests = in_its_language(&req.site, form);
        let tag = form_state::some(form, "default_language").unwrap_or_else(|| "en".to_owned());
        let title = form_state::some(form, "title").unwrap_or_else(|| title(&guests, kind, &names));
        let country = form_state::some(form, "country");
        let country = country.or_else(|| Some(proposal.country?.code.to_owned()));
        let zone_name = if typed_zone.is_empty() {
            "UTC"
        } else {
            typed_zone
        };
        let in_language = |words: &str| json!({ tag.as_str(): words });
        let mut occasion = json!({
            "kind": kind,
            "hosts": in_language(&names.join(" & ")),
            "title": in_language(&title),
            "kicker": in_language(&kicker(&guests, kind)),
            "time_zone": zone_name,
            "country": country,
            "languages": [&tag],
            "default_language": &tag,
            "rsvp_deadline": deadline.and_then(|last| dates::end_of_day(last, &zone)),
        });
        let currency = form_state::some(form, "currency");
        let currency = currency.or_else(|| proposal.currency.map(|one| one.to_string()));
        if let Some(currency) = currency {
            occasion["currency"] = currency.into();
        }
        let midnight = day.and_then(|day| day.to_zoned(zone.clone()).ok());
        let event = json!({
            "name": in_language(&guests.say(&event_name(kind))),
            "day_known": midnight.is_some(),
            "starts_at": midnight.map(|midnight| midnight.timestamp()),
            "hour_known": false,
            "open_to_all": false,
        });
        let year = day.unwrap_or(today).year();
        Self {
            occasion,
            event,
            slug: form_state::some(form, "slug"),
            address: new_occasion::address(&names, kind, year),
            year,
            wrong,
        }
    }

    /// Returns the errors that the rules of occasions find, so that people read all of them at once.
    /// `id` is an id that nothing has.
    fn other_findings(&self, id: String) -> Refusal {
        let mut occasion = self.occasion.clone();
        occasion["slug"] = self.slug.as_deref().unwrap_or("new").into();
        if self.wrong.iter().any(|one| one.field == "first") {
            for name in ["hosts", "title"] {
                occasion[name] = json!({ "en": "-" });
            }
            occasion["languages"] = json!(["en"]);
            occasion["default_language"] = "en".into();
        }
        let blank = Occasion::blank(OccasionId::from_text(id));
        let found = occasions::apply(&Input::from(occasion), &blank, true);
        found.err().unwrap_or(Refusal::Fields(Vec::new()))
    }
}

fn error(field: &str, words: impl Into<String>) -> FormError {
    FormError {
        field: field.to_owned(),
        words: words.into(),
    }
}

fn day(text: &Text, form: &Form, today: Date, wrong: &mut Vec<FormError>) -> Option<Date> {
    let is_unknown = form.is_ticked("day_unknown");
    let typed = form.text("day").trim();
    let mut say = |words: String| wrong.push(error("day", words));
    if typed.is_empty() {
        if !is_unknown {
            say(text.say("host-new-no-day").into_owned());
        }
        return None;
    }
    if is_unknown {
        say(text.say("host-new-day-and-unknown").into_owned());
        return None;
    }
    let Ok(day) = typed.parse::<Date>() else {
        say(text.say("host-new-no-day").into_owned());
        return None;
    };
    match new_occasion::check_day(day, today) {
        Ok(()) => {}
        Err(WrongDay::Over(later)) => {
            let later = text.date_plain(later);
            say(text.with("host-new-day-over", [("day", later.into())]));
        }
        Err(WrongDay::Far(years)) => {
            say(text.with("host-new-day-far", [("n", i64::from(years).into())]));
        }
    }
    Some(day)
}

fn deadline(
    text: &Text,
    form: &Form,
    day: Option<Date>,
    today: Date,
    wrong: &mut Vec<FormError>,
) -> Option<Date> {
    let Some(typed) = form_state::some(form, "deadline") else {
        return day.and_then(|day| new_occasion::answer_by(day, today));
    };
    let found = typed.parse::<Date>().ok();
    let message = match found {
        None => "host-new-deadline-unread",
        Some(_) if form.is_ticked("day_unknown") => "host-new-deadline-without-day",
        Some(last) if last < today => "host-new-deadline-over",
        Some(last) if day.is_some_and(|day| last > day) => "host-new-deadline-late",
        Some(_) => return found,
    };
    wrong.push(error("deadline", text.say(message)));
    None
}

fn title(text: &Text, kind: OccasionKind, names: &[&str]) -> String {
    let names = match names {
        [one, other] => {
            let both = [("one", (*one).into()), ("other", (*other).into())];
            text.with("new-names", both)
        }
        names => names.join(" "),
    };
    text.with(
        &format!("new-title-{}", kind.word()),
        [("names", names.into())],
    )
}

/// The line above the names; empty where the names say enough.
fn kicker(text: &Text, kind: OccasionKind) -> String {
    match kind {
        OccasionKind::Company | OccasionKind::Other => String::new(),
        kind => text
            .say(&format!("new-kicker-{}", kind.word()))
            .into_owned(),
    }
}

fn event_name(kind: OccasionKind) -> String {
    let name = match kind {
        OccasionKind::Wedding => "reception",
        OccasionKind::Anniversary | OccasionKind::Company => "dinner",
        OccasionKind::Memorial => "service",
        _ => "party",
    };
    format!("new-event-{name}")
}

fn make(
    tx: &mut Tx<'_>,
    site: &Site,
    who: &identity::session::signed_in::SignedIn,
    plan: &Plan,
    request: &RequestFacts,
) -> Result<String, Refusal> {
    let slug = match &plan.slug {
        Some(typed) => typed.clone(),
        None => occasions::free_slug(tx, &plan.address, &plan.year.to_string())?,
    };
    let mut occasion = plan.occasion.clone();
    occasion["slug"] = slug.into();
    let id = occasions::create(tx, site, who, &Input::from(occasion), Some(request.clone()))?;
    let host = hosting::enter(tx, who, &id, Some(request.clone()))?;
    resource::create::<PlannedEvent>(tx, &host, &Input::from(plan.event.clone()))?;
    let occasion = occasions::load(tx, &host)?;
    Ok(wording::at(&occasion.slug, "/settings/look?done=created"))
}

/// Moves errors about what is made of a field to that field.
fn at_own_fields(refusal: Refusal) -> Refusal {
    let Refusal::Fields(mut fields) = refusal else {
        return refusal;
    };
    for field in &mut fields {
        let member = field.pointer.split('/').nth(1).unwrap_or_default();
        let own = match member {
            "hosts" => "first",
            "title" | "name" | "kicker" => "title",
            "languages" => "default_language",
            "rsvp_deadline" => "deadline",
            "starts_at" | "ends_at" => "day",
            member => member,
        };
        field.pointer = format!("/{own}");
    }
    Refusal::Fields(fields)
}
