//! The forms that add a slot and change one.

use askama::Template;
use axum::response::Response;
use platform::money::Money;
use platform::{StoreError, Tx, sql};
use site::request::{FormContext, FormPost, PageRequest};
use web::dates;
use web::form_state::{self, Control, Field, FormState, Group, TableForm};
use web::{Form, Problem, Text, ZonedPage};

use super::{HERE, one, week_of};
use crate::choice::{self, Choices, Kind, Listed};
use crate::credit_kind::{self, CreditKind};
use crate::provider::Provider;
use crate::slot::{self, NewSlot, Place, Slot, SlotChange, SlotId};
use crate::web::frame::BookingPage as _;
use crate::web::{choices, words};
use crate::{Refusal, request, settings};

#[derive(Template)]
#[template(path = "slots/form.html")]
pub(in crate::web) struct FormPage<'a> {
    pub(in crate::web) text: &'a Text,
    pub(in crate::web) form: FormContext<'a>,
    pub(in crate::web) title: &'a str,
    pub(in crate::web) hint: String,
    pub(in crate::web) action: &'a str,
    pub(in crate::web) back: &'a str,
    /// The message id of the label of the link that leads back.
    pub(in crate::web) back_label: &'static str,
    pub(in crate::web) version: Option<i64>,
    pub(in crate::web) groups: Vec<Group>,
    pub(in crate::web) button: &'static str,
}

impl<'a> FormPage<'a> {
    /// A form without fields. It has a button that saves it, and a link back to the provider's
    /// slots.
    pub(in crate::web) fn of(
        req: &'a PageRequest,
        title: &'a str,
        form_state: &'a FormState,
    ) -> Self {
        Self {
            text: &req.text,
            form: req.form(&[], form_state),
            title,
            hint: String::new(),
            action: "",
            back: HERE,
            back_label: "slot-mine",
            version: None,
            groups: Vec::new(),
            button: "slot-save",
        }
    }
}

/// Builds the fields of a form from their declarations.
pub(in crate::web) fn table_form<'a>(
    req: &'a PageRequest,
    form_state: &'a FormState,
) -> TableForm<'a> {
    TableForm {
        text: &req.text,
        form_state,
        languages: &[],
        zone: &req.who.account().time_zone,
    }
}

pub(super) fn details(text: &Text, form_state: &FormState, offers: &Offers) -> Vec<Field> {
    let say = |id| text.say(id).into_owned();
    let places = Place::CHOICES
        .iter()
        .map(|(word, label)| ((*word).to_owned(), say(label)));
    let money = (String::new(), say("booking-by-money"));
    let kinds = offers.kinds.iter().filter(|kind| kind.active);
    let kinds = kinds.map(|kind| (kind.code.clone(), kind.label.clone()));
    let ways = std::iter::once(money).chain(kinds);
    let mut fields = vec![
        form_state.line("title", say("slot-title")).required(),
        form_state.number("minutes", say("slot-minutes")).required(),
        form_state
            .amount("price", say("slot-price"), &offers.currency)
            .hint(say("slot-price-hint")),
        form_state.select("credit_kind", say("booking-way"), ways),
        form_state.select("location_kind", say("slot-place"), places),
        form_state
            .line("location", say("slot-location"))
            .hint(text.with(
                "slot-location-hint",
                [("hosts", offers.hosts.as_str().into())],
            )),
        form_state
            .line("area", say("slot-area"))
            .hint(say("slot-area-hint")),
        form_state.lines("public_note", say("slot-public-note")),
        form_state.lines("prep_note", say("slot-prep-note")),
    ];
    fields.extend(choices::sets(text, form_state, &offers.listed));
    fields
}

pub(super) fn when(text: &Text, form_state: &FormState) -> Vec<Field> {
    vec![
        form_state.date("date", text.say("slot-date")).required(),
        form_state
            .field("time", text.say("slot-time"), Control::Line("time", "off"))
            .required(),
    ]
}

pub(super) fn read_slot(form: &Form, currency: &str) -> NewSlot {
    let currency = currency.parse().unwrap_or(platform::money::Currency::MYR);
    let typed = form.text("price").trim();
    let price = match typed {
        "" => Some(Money::new(0, currency)),
        typed => Money::parse(typed, currency),
    };
    let sets = choices::read_sets(form);
    NewSlot {
        session_types: sets.session_types,
        levels: sets.levels,
        entries: sets.entries,
        date: form.text("date").to_owned(),
        time: form.text("time").to_owned(),
        minutes: form.number("minutes").ok().flatten().unwrap_or(0),
        time_zone: None,
        title: form.text("title").to_owned(),
        public_note: form.text("public_note").to_owned(),
        prep_note: form.text("prep_note").to_owned(),
        location_kind: Place::find(form.text("location_kind")),
        location: form.text("location").trim().to_owned(),
        area: form.text("area").to_owned(),
        price_minor: price.map_or(-1, |price| price.minor),
        credit_kind: Some(form.text("credit_kind").to_owned()),
    }
}

/// The options and hints that a form shows in addition to its values.
pub(super) struct Offers {
    currency: String,
    listed: Vec<Listed>,
    kinds: Vec<CreditKind>,
    hosts: String,
}

fn offers(tx: &mut Tx<'_>) -> Result<Offers, StoreError> {
    let rules = settings::load(tx)?;
    Ok(Offers {
        currency: rules.currency,
        listed: choice::listed(tx)?,
        kinds: credit_kind::all(tx)?,
        hosts: rules.meeting_hosts.join(", "),
    })
}

/// Returns the forms' initial values, which are those of the provider's newest slot.
pub(super) async fn begin(req: &PageRequest) -> Result<(Form, Offers), Refusal> {
    let look = |tx: &mut Tx<'_>, provider: &Provider| {
        let last: Option<Slot> = sql!(
            "SELECT {Slot} FROM slot WHERE provider_id = :id AND deleted_at IS NULL
             ORDER BY created_at DESC, id LIMIT 1",
            id = provider.profile.id
        )
        .maybe(tx)?;
        let form = match last {
            None => form_state::form([("minutes", "60")]),
            Some(last) => form_of(&last, &choice::of_slot(tx, last.sets())?),
        };
        Ok::<_, Refusal>((form, offers(tx)?))
    };
    req.read(look).await
}

/// The values of a slot in a form, without its day and time.
fn form_of(slot: &Slot, sets: &Choices) -> Form {
    let minutes = slot.ends_at.duration_since(slot.starts_at).as_mins();
    let mut fields = vec![
        ("title", slot.title.clone()),
        ("minutes", minutes.to_string()),
        ("price", slot.price().decimal()),
        ("credit_kind", slot.credit_kind.clone().unwrap_or_default()),
        ("location_kind", slot.location_kind.word().to_owned()),
        ("location", slot.location_secret.clone()),
        ("area", slot.area.clone()),
        ("public_note", slot.public_note.clone()),
        ("prep_note", slot.prep_note.clone()),
    ];
    for kind in Kind::ALL {
        let set = sets.of(*kind).iter().cloned();
        fields.extend(set.map(|code| (kind.set().0, code)));
    }
    form_state::form(fields)
}

/// `GET /me/slots/new`.
pub(in crate::web) async fn new(req: PageRequest) -> Result<Response, Problem> {
    let (mut form, _) = begin(&req).await?;
    for name in ["date", "time"] {
        form.set(name, req.query.text(name).to_owned());
    }
    new_page(&req, &FormState::of(form)).await
}

/// The line that names the zone in which new times are typed, and what writes them.
pub(super) fn zoned(req: &PageRequest) -> (String, ZonedPage<'_>) {
    let zone = words::zone(&req.site, Some(&req.who));
    ZonedPage::new(&req.text, ZonedPage::LINE, &zone, req.site.clock.now())
}

async fn new_page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let (_, offers) = begin(req).await?;
    let (text, title) = (&req.text, req.text.say("slot-new"));
    let body = FormPage {
        hint: zoned(req).0,
        action: "/me/slots/new",
        groups: vec![
            Group {
                legend: text.say("slot-group-when").into_owned(),
                fields: when(text, form_state),
            },
            Group {
                legend: text.say("slot-group-what").into_owned(),
                fields: details(text, form_state, &offers),
            },
        ],
        button: "slot-add",
        ..FormPage::of(req, &title, form_state)
    };
    req.show(HERE, &title, body).await
}

/// `POST /me/slots/new`.
pub(in crate::web) async fn create(posted: FormPost) -> Result<Response, Problem> {
    let form = posted.form.clone();
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let currency = settings::load(tx)?.currency;
        let made = slot::create(tx, provider, &read_slot(&form, &currency))?;
        Ok::<_, Refusal>(week_of(&made, "added"))
    };
    form_state::answer(posted.once(change).await, async |problem| {
        let problem = at_form(problem);
        let form_state = FormState::refused(posted.form.clone(), &problem, &posted.req.text);
        new_page(&posted.req, &form_state).await
    })
    .await
}

/// Moves an error about the price to the form's field for the price, which contains whole units of
/// the currency.
pub(super) fn at_form(mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        if error.pointer == "/price_minor" {
            "/price".clone_into(&mut error.pointer);
            error.code = "price_invalid";
        }
    }
    problem
}

struct Edited {
    slot: Slot,
    sets: Choices,
    offers: Offers,
}

fn currency_of(tx: &mut Tx<'_>, slot: &Slot) -> Result<String, StoreError> {
    Ok(match slot.price_minor {
        0 => settings::load(tx)?.currency,
        _ => slot.currency.to_string(),
    })
}

async fn edited(req: &PageRequest) -> Result<Edited, Refusal> {
    let id: SlotId = req.id("id")?;
    let look = move |tx: &mut Tx<'_>, provider: &Provider| {
        let slot = slot::own(tx, provider, &id)?;
        let sets = choice::of_slot(tx, slot.sets())?;
        let mut offers = offers(tx)?;
        offers.currency = currency_of(tx, &slot)?;
        // The slot may keep inactive items and kinds that it already has.
        for one in &mut offers.listed {
            one.active |= sets.of(one.kind).contains(&one.code);
        }
        for kind in &mut offers.kinds {
            kind.active |= slot.credit_kind.as_ref() == Some(&kind.code);
        }
        Ok::<_, Refusal>(Edited { slot, sets, offers })
    };
    req.read(look).await
}

impl Edited {
    fn form(&self) -> Form {
        let mut form = form_of(&self.slot, &self.sets);
        let start = self.slot.starts_at.to_zoned(self.slot.zone());
        form.set("date", start.date().to_string());
        form.set("time", start.strftime("%H:%M").to_string());
        form.set("version", self.slot.version.to_string());
        form
    }
}

/// `GET /me/slots/{id}/edit`.
pub(in crate::web) async fn edit(req: PageRequest) -> Result<Response, Problem> {
    let edited = edited(&req).await?;
    edit_page(&req, &edited, &FormState::of(edited.form())).await
}

/// If the slot is held or booked, shows only the field for the note.
async fn edit_page(
    req: &PageRequest,
    edited: &Edited,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let Edited { slot, offers, .. } = edited;
    let (text, title) = (&req.text, req.text.say("slot-edit"));
    let page = one::page_of(slot);
    let action = format!("{page}/edit");
    let zone = dates::zone_name(&slot.zone(), slot.starts_at);
    let group = |legend, fields| Group {
        legend: text.say(legend).into_owned(),
        fields,
    };
    let body = FormPage {
        hint: if slot.is_free() {
            text.with("slot-edit-zone", [("zone", zone.into())])
        } else {
            text.say("slot-edit-locked").into_owned()
        },
        action: &action,
        back: &page,
        back_label: "slot-one",
        version: form_state.form.number("version").ok().flatten(),
        groups: if slot.is_free() {
            vec![
                group("slot-group-when", when(text, form_state)),
                group("slot-group-what", details(text, form_state, offers)),
            ]
        } else {
            let note = form_state.lines("prep_note", text.say("slot-prep-note"));
            vec![group("slot-group-what", vec![note])]
        },
        button: "slot-save",
        ..FormPage::of(req, &title, form_state)
    };
    req.show(HERE, &title, body).await
}

/// `POST /me/slots/{id}/edit`.
pub(in crate::web) async fn change(posted: FormPost) -> Result<Response, Problem> {
    let id: SlotId = posted.req.id("id")?;
    let form = posted.form.clone();
    let version = form.number("version").ok().flatten().unwrap_or(-1);
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let slot = slot::own(tx, provider, &id)?;
        let change = if form.find("title").is_some() {
            SlotChange::from(read_slot(&form, &currency_of(tx, &slot)?))
        } else {
            SlotChange {
                prep_note: Some(form.text("prep_note").to_owned()),
                ..SlotChange::default()
            }
        };
        let slot = request::change_slot_and_notify(tx, provider, &id, Some(version), &change)?;
        Ok::<_, Refusal>(week_of(&slot, "saved"))
    };
    form_state::answer(posted.once(change).await, async |problem| {
        let edited = edited(&posted.req).await?;
        let (problem, text) = (at_form(problem), &posted.req.text);
        let stored = || edited.form();
        let form_state = FormState::not_saved(&posted.form, stored, "slot-save", &problem, text);
        edit_page(&posted.req, &edited, &form_state).await
    })
    .await
}
