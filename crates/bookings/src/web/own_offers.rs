//! The pages and the JSON list of what a provider offers in their hours.

use askama::Template;
use axum::response::Response;
use platform::Tx;
use site::request::{FormPost, PageRequest};
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{
    EditForm, LOOK, Messages, Next, PageParent as _, PageResource, RowList,
};
use web::fields::Unit;
use web::form_state::{self, Field, FormState, Group, TableForm};
use web::{Form, List, Problem, Text};

use super::frame::BookingPage as _;
use super::offered_times::{COUNTED, PublicLink, asks, public_link};
use super::provider_context::{ProviderContext, provided};
use super::slots::table_form;
use super::{choices, words};
use crate::Refusal;
use crate::browse::computed_time;
use crate::class_dates::{self, ClosedTimes};
use crate::offer::{LENGTH, LENGTHS, Offer};
use crate::offer_question::OfferQuestion;
use crate::provider::Provider;
use crate::schedule::Schedule;

/// The minutes from one start to the next that the form offers. 0 is none.
const STEPS: [i64; 6] = [0, 15, 20, 30, 45, 60];

impl ApiResource for Offer {
    provided!();

    const API: Description = Description {
        path: "/api/v1/me/offers",
        one: "/api/v1/me/offers/{id}",
        tag: "offers",
        list: "What a provider offers in their hours: first what can be booked, in its order.",
        show: "One offer.",
        create: "Offers a session at the times that the hours leave free.",
        change: "Changes an offer. Sessions that are booked stay as they are.",
        remove: "Removes an offer: 204. One of which a time was ever booked or asked for is deactivated:\n\
                 200 with what is left.",
        removal: &[204],
        body: "What may be set of an offer; what is left out stays.",
    };
    const DEACTIVATES: bool = true;
}

#[derive(Template)]
#[template(path = "slots/offers.html")]
struct OffersPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    has_hours: bool,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    title: String,
    /// The lengths with their prices.
    lengths: String,
    hours: String,
    is_active: bool,
    /// Whether dates can be added to it.
    takes_dates: bool,
    /// Which other sessions lose times to it.
    closes: Vec<String>,
    /// How many times it has.
    times: String,
    link: Option<PublicLink>,
}

const DONE: &[(&str, &str)] = &[
    ("saved", "slot-saved"),
    ("created", "offer-added"),
    ("away", "slot-saved"),
    ("removed", "offer-removed"),
];

impl PageResource for Offer {
    const PAGES: &'static str = "/me/offers";
    const MESSAGES: Messages = Messages {
        list: "offer-title",
        new: "offer-new",
        settings: "offer-session",
        remove_title: "offer-remove",
        remove: "offer-remove",
        remove_effect: "offer-remove-effect",
    };
    const DONE: &'static [(&'static str, &'static str)] = DONE;
    const CHOSEN: &'static [&'static str] = &["position"];

    fn title(&self, _: &PageRequest, _: &ProviderContext) -> String {
        self.title.clone()
    }

    fn fill(context: &ProviderContext, form: &mut Form) {
        if form.text("lengths.0.minutes").is_empty() {
            let (count, unit) = Unit::Minutes.say(context.rules.proposed_length());
            form.set("lengths.0.minutes", count.to_string());
            form.set("lengths.0.minutes.unit", unit.word());
        }
    }

    async fn prepare(posted: &mut FormPost) -> Result<Next, Problem> {
        posted.form = with_lengths(&posted.form);
        if !posted.form.text(LOOK).is_empty() {
            return Ok(Next::Show);
        }
        if form_state::number(&posted.form, "seats").is_some_and(|seats| seats > 1) {
            let look = |tx: &mut Tx<'_>, provider: &Provider| provider.context(tx);
            let context = posted.req.read(look).await?;
            if asks(&context, &posted.form) {
                posted.form.set(LOOK, "class");
                return Ok(Next::Show);
            }
        }
        Ok(Next::Save)
    }

    fn arrange(
        req: &PageRequest,
        context: &ProviderContext,
        one: Option<&Self>,
        form: &mut EditForm<'_>,
    ) {
        let (text, form_state) = (&req.text, form.form_state);
        for field in form.groups.iter_mut().flat_map(|group| &mut group.fields) {
            match field.name.as_str() {
                "schedule_id" => *field = hours_field(text, form_state, context),
                "step_minutes" => *field = step_field(text, form_state),
                "credit_kind" => *field = way_field(text, form_state, context, one),
                "location" => {
                    let hosts = context.rules.meeting_hosts.join(", ");
                    let hosts = [("hosts", hosts.into())];
                    field.hint = Some(text.with("slot-location-hint", hosts));
                }
                _ => {}
            }
        }
        if let Some(group) = form.groups.first_mut() {
            group
                .fields
                .extend(choices::sets(text, form_state, &context.listed));
        }
        form.more = one.map(|one| {
            let href = format!("{}#offer-{}", OfferQuestion::PAGES, one.id);
            (href, text.say("offer-question-title").into_owned())
        });
        let typed = context.typed_offer(&with_lengths(&form_state.form));
        form.effects = vec![context.say_times(text, &typed)];
        form.effects.retain(|said| !said.is_empty());
        if form_state.form.text(LOOK) == "class" {
            form.effects
                .push(text.say("offered-times-sure").into_owned());
        }
        if typed.is_class() {
            let counted = context.count(&typed).all;
            form.hidden.push((COUNTED, counted.to_string()));
        }
        let table = table_form(req, form_state);
        form.list = Some(RowList {
            name: "lengths",
            legend: text.say("offer-lengths").into_owned(),
            hint: text.say("offer-lengths-hint").into_owned(),
            rows: lengths(&table, text),
            after: 1,
            is_open: true,
        });
    }

    async fn list_page(
        req: &PageRequest,
        context: &ProviderContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let look = |tx: &mut Tx<'_>, provider: &Provider| {
            let closed = class_dates::closed_times(tx, &provider.profile.id)?;
            Ok::<_, Refusal>((closed, computed_time::sessions(tx)?))
        };
        let (closed, sessions) = req.read(look).await?;
        let text = &req.text;
        let body = OffersPage {
            text,
            done: req.done(DONE),
            has_hours: !context.hours.is_empty(),
            rows: list
                .items
                .into_iter()
                .map(|one| Row {
                    link: public_link(req.site.url(), &sessions, &one.id),
                    ..row(text, context, &closed, one)
                })
                .collect(),
        };
        req.show(Self::PAGES, &text.say("offer-title"), body).await
    }
}

fn row(text: &Text, context: &ProviderContext, closed: &[ClosedTimes], offer: Offer) -> Row {
    let lengths = offer.lengths.iter().map(|length| {
        let price = words::price(text, offer.price(length), label(context, &offer));
        format!("{}, {price}", words::length_of(text, length.minutes))
    });
    let mut lengths: Vec<String> = lengths.collect();
    if offer.is_class() {
        lengths.push(text.with("class-seats", [("count", offer.seats.into())]));
    }
    let mut hours = context.hours.iter();
    let hours = hours.find(|one| one.id.as_str() == offer.schedule_id);
    Row {
        id: offer.id.to_string(),
        takes_dates: offer.active && offer.is_class(),
        closes: closes(text, closed, &offer),
        times: context.say_times(text, &offer),
        link: None,
        lengths: lengths.join(" · "),
        hours: hours.map_or_else(String::new, |one| one.name.clone()),
        is_active: offer.active,
        title: offer.title,
    }
}

/// What a class takes of the times of other sessions.
fn closes(text: &Text, closed: &[ClosedTimes], offer: &Offer) -> Vec<String> {
    let say = |message, is_all: bool| {
        let of_class = closed.iter();
        let of_class = of_class.filter(|one| one.class == offer.id && one.is_all == is_all);
        let titles: Vec<&str> = of_class.map(|one| one.title.as_str()).collect();
        let titles = titles.join(&*text.say("hours-comma"));
        (!titles.is_empty()).then(|| text.with(message, [("titles", titles.into())]))
    };
    let said = [say("offer-closes-all", true), say("offer-closes", false)];
    said.into_iter().flatten().collect()
}

fn label<'a>(context: &'a ProviderContext, offer: &Offer) -> Option<&'a str> {
    let mut kinds = context.kinds.iter();
    let kind = kinds.find(|kind| Some(&kind.code) == offer.credit_kind.as_ref());
    kind.map(|kind| kind.label.as_str())
}

fn hours_field(text: &Text, form_state: &FormState, context: &ProviderContext) -> Field {
    let hours = context.hours.iter();
    let hours = hours.map(|one: &Schedule| (one.id.to_string(), one.name.clone()));
    form_state
        .select("schedule_id", text.say("offer-hours"), hours)
        .required()
}

fn step_field(text: &Text, form_state: &FormState) -> Field {
    let own = form_state.form.number("step_minutes").ok().flatten();
    let own = own.filter(|own| !STEPS.contains(own));
    let steps = STEPS.into_iter().chain(own).map(|step| {
        let label = match step {
            0 => text.say("offer-step-none").into_owned(),
            step => text.with(
                "offer-step-every",
                [("length", words::length_of(text, step).into())],
            ),
        };
        (step.to_string(), label)
    });
    form_state.select("step_minutes", text.say("offer-step"), steps)
}

fn way_field(
    text: &Text,
    form_state: &FormState,
    context: &ProviderContext,
    one: Option<&Offer>,
) -> Field {
    let own = one.and_then(|one| one.credit_kind.as_ref());
    let money = (String::new(), text.say("booking-by-money").into_owned());
    let kinds = context.kinds.iter();
    let kinds = kinds.filter(|kind| kind.active || Some(&kind.code) == own);
    let kinds = kinds.map(|kind| (kind.code.clone(), kind.label.clone()));
    form_state.select(
        "credit_kind",
        text.say("booking-way"),
        std::iter::once(money).chain(kinds),
    )
}

/// The rows of lengths: those that are filled in, and one more.
fn lengths(table: &TableForm<'_>, text: &Text) -> Vec<Group> {
    let count = form_state::compact(&table.form_state.form, "lengths").1;
    let mut rows = table.rows("lengths", LENGTH.fields, LENGTHS, |row| {
        text.with("offer-length-row", [("n", row.into())])
    });
    rows.truncate(count + 1);
    rows
}

/// Leaves out the rows of lengths in which only the unit is chosen.
fn with_lengths(form: &Form) -> Form {
    let is_empty = |row: &str| {
        let mut typed = ["minutes", "price_minor"].iter();
        typed.all(|name| {
            form.text(&format!("lengths.{row}.{name}"))
                .trim()
                .is_empty()
        })
    };
    let kept = form.iter().filter(|(name, _)| {
        let rest = name.strip_prefix("lengths.");
        let row = rest.and_then(|rest| rest.split('.').next());
        row.is_none_or(|row| !is_empty(row))
    });
    let kept: Form = kept
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    form_state::compact(&kept, "lengths").0
}
