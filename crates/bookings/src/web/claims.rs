//! Claims on pages: a card on the page of a booking, and the list of administrators.

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::Tx;
use platform::money::Currency;
use site::request::{FormContext, PageRequest};
use web::form_state::{Field, FormState};
use web::{Problem, Text};

use super::frame::BookingPage as _;
use super::slots::HERE;
use super::words;
use crate::Refusal;
use crate::booking::no_show::{Claim, ClaimId, ClaimState};
use crate::booking::{Booking, Party};
use crate::decider::Decider;
use crate::no_show_claim::{self, PAGE};
use crate::outcome::Outcome;
use crate::settings::Administrator;

/// The claim about a session, as one of its parties or an administrator reads it.
#[derive(Template)]
#[template(path = "own/claim.html")]
pub(super) struct ClaimCard<'a> {
    text: &'a Text,
    claim: &'a Claim,
    sentences: Vec<String>,
    /// The fields of the answer, for the side that is said not to have come.
    answer: Vec<Field>,
    may_withdraw: bool,
    decision: Vec<Field>,
}

/// What a card is about, and who reads it.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) claim: &'a Claim,
    pub(super) booking: &'a Booking,
    pub(super) party: Party,
    /// What the reader is to the session as an administrator.
    pub(super) decider: Option<Decider>,
    pub(super) zone: &'a TimeZone,
    /// The currency of what was paid; `None` if nothing was.
    pub(super) currency: Option<Currency>,
}

impl<'a> ClaimCard<'a> {
    pub(super) fn of(text: &'a Text, form_state: &FormState, about: About<'a>) -> Self {
        let About {
            claim,
            booking,
            party,
            decider,
            zone,
            currency,
        } = about;
        let until = words::moment(text, zone, claim.answer_until);
        let outcome = no_show_claim::outcome_of(booking);
        let values = [
            ("outcome", outcome.word().into()),
            ("claimant", claim.claimant.word().into()),
            ("reader", party.word().into()),
            ("until", until.as_str().into()),
        ];
        let mut sentences = vec![text.with("claim-says", &values)];
        let rest = match claim.state {
            ClaimState::Open if party == claim.other() => "claim-please-answer",
            ClaimState::Open => "claim-waits",
            ClaimState::Disputed => "claim-is-disputed",
            ClaimState::Agreed => "claim-was-agreed",
            ClaimState::Lapsed => "claim-was-lapsed",
            ClaimState::Decided => "claim-was-decided",
            ClaimState::Withdrawn => "claim-was-withdrawn",
        };
        sentences.push(text.with(rest, &values));
        match decider.filter(|_| claim.state.is_unsettled()) {
            Some(Decider::Side) => sentences.push(text.say("claim-own").into_owned()),
            Some(Decider::SideAlone) => sentences.push(text.say("claim-own-alone").into_owned()),
            Some(Decider::Outside) | None => {}
        }
        let is_open = claim.state == ClaimState::Open;
        let choices = [("no", "claim-took-place"), ("yes", "claim-agree")];
        let choices = choices.map(|(word, label)| (word.to_owned(), text.with(label, &values)));
        let mut side = form_state.select("agrees", text.say("claim-answer"), choices);
        side.show_as_radios([String::new(), String::new()]);
        let answer = if is_open && party == claim.other() {
            vec![
                side.required(),
                form_state
                    .lines("answer", text.say("claim-happened"))
                    .hint(text.say("claim-happened-hint")),
            ]
        } else {
            Vec::new()
        };
        let outcomes = Outcome::ALL.iter().filter(|one| {
            // Whoever is not said to be missing came.
            **one == Outcome::Completed || **one != missed(claim.claimant)
        });
        let outcomes = outcomes.map(|one| {
            let label = match one {
                Outcome::Completed => "claim-took-place",
                Outcome::NoShowMember => "claim-decide-member",
                Outcome::NoShowProvider => "claim-decide-provider",
            };
            (one.word().to_owned(), text.with(label, &values))
        });
        let mut decision = Vec::new();
        if claim.state.is_unsettled() && decider.is_some_and(Decider::may_decide) {
            let mut outcome = form_state.select("outcome", text.say("claim-decision"), outcomes);
            let hints = vec![String::new(); 3];
            outcome.show_as_radios(hints);
            decision.push(outcome.required());
            if let Some(currency) = currency {
                let label = text.say("claim-refund");
                let amount = form_state.amount("refund_minor", label, currency.code());
                decision.push(amount.hint(text.say("claim-refund-hint")));
            }
            let reason = form_state.lines("reason", text.say("booking-reason"));
            decision.push(reason.hint(text.say("claim-reason-hint")).required());
        }
        Self {
            may_withdraw: claim.state.is_unsettled() && party == claim.claimant,
            text,
            claim,
            sentences,
            answer,
            decision,
        }
    }
}

fn missed(party: Party) -> Outcome {
    match party {
        Party::Member | Party::Administrator => Outcome::NoShowMember,
        Party::Provider => Outcome::NoShowProvider,
    }
}

#[derive(Template)]
#[template(path = "sessions/claims.html")]
struct ListPage<'a> {
    text: &'a Text,
    form: FormContext<'a>,
    /// For each state, the path of its page, its label, and whether the page shows this state.
    states: Vec<(String, &'static str, bool)>,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    href: String,
    title: String,
    about: String,
    note: String,
}

/// `GET /admin/sessions/claims`.
pub(super) async fn list(req: PageRequest) -> Result<Response, Problem> {
    let shown = ClaimState::find(req.query.text("state")).unwrap_or(ClaimState::Disputed);
    let paging = req.page_query()?;
    let after: Option<(Timestamp, ClaimId)> = paging.after()?;
    let rows = paging.rows();
    let look = move |tx: &mut Tx<'_>, _: &Administrator| {
        Ok::<_, Refusal>(no_show_claim::list(tx, shown, after.as_ref(), rows)?)
    };
    let found = paging.list(req.read(look).await?, |one| {
        (one.claim.created_at, one.claim.id.clone())
    });
    let (text, zone) = (&req.text, words::zone(&req.site, Some(&req.who)));
    let next = found
        .next_cursor
        .map(|cursor| format!("{PAGE}?state={}&cursor={cursor}", shown.word()));
    let rows = found.items.into_iter().map(|one| {
        let when = words::moment(text, &zone, one.starts_at);
        let sides = [Some(one.provider), one.member, Some(when)];
        let sides: Vec<String> = sides
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect();
        Row {
            href: format!("/me/bookings/{}", one.claim.booking_id),
            title: one.title,
            about: sides.join(" · "),
            note: one.claim.note,
        }
    });
    let states = ClaimState::ALL.iter().map(|state| {
        let href = format!("{PAGE}?state={}", state.word());
        (href, state.label(), *state == shown)
    });
    let form_state = FormState::default();
    let body = ListPage {
        text,
        form: req.form(&[], &form_state),
        states: states.collect(),
        rows: rows.collect(),
        next,
    };
    req.show(HERE, &text.say("claim-all"), body).await
}
