//! The pages of requests: a member's own requests, those for a provider's slots, and all of them.

use askama::Template;
use axum::response::Response;
use identity::session::signed_in::Confirmed;
use platform::Tx;
use platform::money::Money;
use site::proof::Requester;
use site::request::{FormContext, FormPost, PageRequest};
use web::form_state::{self, Field, FormState};
use web::{Form, PageQuery, Problem, Text};

use super::calendar_purpose::Purpose;
use super::frame::BookingPage as _;
use super::{answers, brief, choices, own, words};
use crate::booking::Party;
use crate::brief::Brief;
use crate::browse::{self, Filter, computed_time};
use crate::choice::{self, Choice};
use crate::codes::{PREFERRED_INVALID, QUOTA_EXHAUSTED};
use crate::credit_kind::Labels;
use crate::request::view::{self, Before, RequestView};
use crate::request::{self, ASKED, NewRequest, OWN, PartyToRequest, RequestState};
use crate::slot::SlotId;
use crate::{Refusal, offer_question, settings};

const ALL: &str = "/admin/sessions/requests";
const DONE: &[(&str, &str)] = &[
    ("made", "request-was-made"),
    ("confirm", "request-was-confirmed"),
    ("decline", "request-was-declined"),
    ("withdraw", "request-was-withdrawn"),
];
const MOST: u32 = 200;
/// The value of the field `after` that makes the form offer the first slots again.
const FIRST: &str = "first";

#[derive(Template)]
#[template(path = "requests.html")]
struct ListPage<'a> {
    text: &'a Text,
    form: FormContext<'a>,
    title: &'static str,
    is_own: bool,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    request: RequestView,
    tag: &'static str,
    until: String,
    slots: Vec<(String, String)>,
    choices: Vec<(&'static str, String)>,
}

/// `GET /me/requests`.
pub(super) async fn own(req: PageRequest) -> Result<Response, Problem> {
    page(&req, Party::Member, &FormState::default()).await
}

/// `GET /me/slots/requests`.
pub(super) async fn asked(req: PageRequest) -> Result<Response, Problem> {
    page(&req, Party::Provider, &FormState::default()).await
}

/// `GET /admin/sessions/requests`.
pub(super) async fn all(req: PageRequest) -> Result<Response, Problem> {
    page(&req, Party::Administrator, &FormState::default()).await
}

const fn address(party: Party) -> &'static str {
    match party {
        Party::Member => OWN,
        Party::Provider => ASKED,
        Party::Administrator => ALL,
    }
}

async fn page(
    req: &PageRequest,
    party: Party,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let paging = req.page_query()?.under(&party);
    let (before, limit): (Option<Before>, i64) = (paging.after()?, paging.rows());
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        let found = view::list(tx, who, party, before.as_ref(), limit)?;
        Ok::<_, Refusal>((found, choice::listed(tx)?, Labels::load(tx)?))
    };
    let ((found, listed, labels), text) = (req.read(look).await?, &req.text);
    let found = paging.list(found, |one| (one.created_at, one.id.clone()));
    let zone = words::zone(&req.site, Some(&req.who));
    let rows = found.items.into_iter().map(|request| Row {
        tag: match request.state {
            RequestState::Pending => "wait",
            RequestState::Confirmed => "yes",
            _ => "",
        },
        until: match request.state {
            RequestState::Pending => {
                let until = words::moment(text, &zone, request.expires_at);
                text.with("request-until", [("when", until.into())])
            }
            _ => String::new(),
        },
        slots: request
            .slots
            .iter()
            .map(|one| {
                let price = Money::new(one.price_minor, one.currency);
                let kind = one.credit_kind.as_deref().map(|code| labels.label(code));
                let price = words::price(text, price, kind);
                let when = words::moment_at(text, &zone, one.place_zone.as_ref(), one.starts_at);
                (when, what(&[&one.title, &one.provider, &price]))
            })
            .collect(),
        choices: choices::chosen(&listed, &request.choice),
        request,
    });
    let title = match party {
        Party::Member => "request-mine",
        Party::Provider => "request-asked",
        Party::Administrator => "request-all",
    };
    let body = ListPage {
        text,
        form: req.form(DONE, form_state),
        title,
        is_own: party == Party::Member,
        rows: rows.collect(),
        next: found
            .next_cursor
            .map(|cursor| format!("{}?cursor={cursor}", address(party))),
    };
    req.show(address(party), &text.say(title), body).await
}

/// Empty parts, such as the name of a hidden provider, are left out.
fn what(parts: &[&str]) -> String {
    let parts = parts.iter().filter(|part| !part.is_empty());
    parts.copied().collect::<Vec<&str>>().join(" · ")
}

#[derive(Template)]
#[template(path = "request_form.html")]
struct NewPage<'a> {
    text: &'a Text,
    form: FormContext<'a>,
    /// A link to the calendar of each session whose times can be added, with the session's title.
    calendars: Vec<(String, String)>,
    /// Empty while nothing is chosen and no single time is offered.
    fields: Vec<Field>,
    later: Option<String>,
    /// Whether the selections leave out the first slots.
    is_later: bool,
}

/// `GET /me/requests/new`, with the slots that are chosen already in the query.
pub(super) async fn new(req: PageRequest) -> Result<Response, Problem> {
    let chosen = named(&req.query).chain(req.query.find("slot")).take(5);
    let chosen = (1..).zip(chosen);
    let chosen = chosen.map(|(number, slot)| (format!("slot_{number}"), slot.to_owned()));
    form_page(&req, &FormState::of(chosen.collect())).await
}

fn named(form: &Form) -> impl Iterator<Item = &str> {
    let slots = (1..=5).map(|number| form.text(&format!("slot_{number}")));
    slots.filter(|slot| !slot.is_empty())
}

/// Offers the slots already chosen, and at most [`MOST`] single times after the cursor in the field
/// `after`. Times of sessions are chosen in their calendars.
async fn form_page(req: &PageRequest, form_state: &FormState) -> Result<Response, Problem> {
    let after = form_state.form.text("after");
    let after = if after == FIRST { "" } else { after };
    let mut paging = PageQuery::of([("cursor", after)])?;
    paging.limit = MOST;
    let (rows, filter) = (
        paging.rows(),
        Filter {
            after: paging.after()?,
            is_single: true,
            ..Filter::default()
        },
    );
    let chosen = named(&form_state.form).filter_map(|slot| slot.parse().ok());
    let chosen: Vec<SlotId> = chosen.collect();
    let look = move |tx: &mut Tx<'_>, _: &Requester| {
        let mut kept = Vec::new();
        for slot in &chosen {
            kept.extend(browse::find(tx, slot)?);
        }
        let most = settings::load(tx)?.request_slots;
        let offered = browse::list(tx, &filter, rows)?;
        let questions = request::questions(tx, kept.iter().map(|one| &one.slot))?;
        let mut sessions = computed_time::sessions(tx)?;
        // Nobody asks for a class.
        sessions.retain(|one| !one.is_class());
        let asked = (choice::listed(tx)?, questions);
        Ok::<_, Refusal>((most, kept, offered, sessions, asked))
    };
    let (most, kept, offered, sessions, (listed, questions)) = req.read(look).await?;
    let offered = paging.list(offered, |one| (one.slot.starts_at, one.slot.id.clone()));
    let (text, title) = (&req.text, req.text.say("request-new"));
    let zone = words::zone(&req.site, Some(&req.who));
    let label = |one: &browse::Offered| {
        let place = one.slot.place_zone();
        let when = words::moment_at(text, &zone, place.as_ref(), one.slot.starts_at);
        let price = words::price(text, one.slot.price(), one.credit_label.as_deref());
        what(&[&when, &one.slot.title, &one.provider, &price])
    };
    let most = usize::try_from(most).unwrap_or_default();
    // Without single times, there are as many fields as times that were chosen in calendars.
    let has_others = sessions.is_empty() || !offered.items.is_empty() || !after.is_empty();
    let shown = if has_others {
        most
    } else {
        named(&form_state.form).count().min(most)
    };
    let mut chosen: Vec<SlotId> = Vec::new();
    for one in &kept {
        if !chosen.contains(&one.slot.id) {
            chosen.push(one.slot.id.clone());
        }
    }
    let calendars = sessions.iter().filter(|_| chosen.len() < most);
    let calendars = calendars.map(|session| {
        let calendar = Purpose::Ask(chosen.clone()).calendar(&session.slug);
        (calendar, session.offer.title.clone())
    });
    let mut all = kept;
    all.extend(offered.items);
    all.sort_by(|one, other| {
        let key = |one: &browse::Offered| (one.slot.starts_at, one.slot.id.to_string());
        key(one).cmp(&key(other))
    });
    all.dedup_by(|one, other| one.slot.id == other.slot.id);
    let none = (String::new(), text.say("request-no-slot").into_owned());
    let choices = all.iter().map(|one| (one.slot.id.to_string(), label(one)));
    let choices: Vec<_> = std::iter::once(none).chain(choices).collect();
    let slots = (1..=shown).map(|number| {
        let label = text.with("request-slot", [("number", number.into())]);
        let field = form_state.select(&format!("slot_{number}"), label, choices.clone());
        if number == 1 { field.required() } else { field }
    });
    let asked = choices::selects(text, form_state, &listed, "choice-none");
    let track = choices::track(text, form_state, &listed, &[]);
    let asked = asked.into_iter().chain(track);
    let asked = asked.chain(answers::fields(text, form_state, &questions));
    let brief = brief::fields(text, form_state, text.say("booking-own-note").into_owned());
    let body = NewPage {
        text,
        form: req.form(&[], form_state),
        calendars: calendars.collect(),
        fields: if shown == 0 {
            Vec::new()
        } else {
            slots.chain(asked).chain(brief).collect()
        },
        later: offered.next_cursor,
        is_later: !after.is_empty(),
    };
    req.show(own::HERE, &title, body).await
}

/// `POST /me/requests/new`: creates the request, or shows the form with other slots.
pub(super) async fn create(posted: FormPost) -> Result<Response, Problem> {
    if !posted.form.text("after").is_empty() {
        return form_page(&posted.req, &FormState::of(posted.form.clone())).await;
    }
    let chosen = named(&posted.form).map(str::parse);
    let (choice, brief) = (Choice::read(&posted.form), Brief::read(&posted.form));
    let new = NewRequest {
        session_type: choice.session_type,
        level: choice.level,
        entry: choice.entry,
        track: choice.track,
        slot_ids: chosen
            .collect::<Result<_, _>>()
            .map_err(|_| Problem::not_found())?,
        answers: offer_question::read(&posted.form),
        topics: brief.topics,
        note: brief.note,
        shows_email: brief.shows_email,
    };
    let site = posted.req.site.clone();
    let change = move |tx: &mut Tx<'_>, member: &Confirmed| {
        request::create(tx, &site, member, &new)?;
        Ok::<_, Refusal>(format!("{OWN}?done=made"))
    };
    form_state::answer(posted.once(change).await, async |mut problem| {
        for error in &mut problem.errors {
            if error.code == PREFERRED_INVALID.code {
                "/slot_1".clone_into(&mut error.pointer);
            }
        }
        let form_state = FormState::refused(posted.form.clone(), &problem, &posted.req.text);
        form_page(&posted.req, &form_state).await
    })
    .await
}

/// `POST /me/requests/{id}/{step}`: the step is `confirm`, `decline` or `withdraw`.
pub(super) async fn decide(posted: FormPost) -> Result<Response, Problem> {
    let req = &posted.req;
    let step = match req.piece("step") {
        "confirm" => "confirm",
        "decline" => "decline",
        "withdraw" => "withdraw",
        _ => return Err(Problem::not_found()),
    };
    let look = |_: &mut Tx<'_>, party: &PartyToRequest| Ok::<_, Refusal>(party.party);
    let party = req.read(look).await?;
    let slot: Option<SlotId> = posted.form.text("slot").parse().ok();
    let (site, chosen) = (req.site.clone(), slot.clone());
    let change = move |tx: &mut Tx<'_>, party: &PartyToRequest| {
        match (step, &chosen) {
            ("confirm", Some(slot)) => request::confirm(tx, &site, party, slot)?,
            ("confirm", None) => return Err(PREFERRED_INVALID.into()),
            ("decline", _) => request::decline(tx, &site, party)?,
            _ => request::withdraw(tx, party)?,
        };
        Ok::<_, Refusal>(format!("{}?done={step}", address(party.party)))
    };
    form_state::answer(posted.once(change).await, async |problem| {
        if let Some(slot) = slot
            .clone()
            .filter(|_| problem.code == QUOTA_EXHAUSTED.code)
        {
            let site = req.site.clone();
            let change = move |tx: &mut Tx<'_>, party: &PartyToRequest| {
                request::tell_no_credit(tx, &site, party, &slot)
            };
            req.write(change).await?;
        }
        let form_state = FormState::refused(posted.form.clone(), &problem, &req.text);
        page(req, party, &form_state).await
    })
    .await
}
