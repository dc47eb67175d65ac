//! What the parties and administrators say about the outcome of a session, on its page.

use axum::response::Response;
use platform::Tx;
use platform::money::Money;
use site::confirmation::{self, Question, SentForm};
use site::proof::Proof as _;
use site::request::FormPost;
use web::form_state::{self, FormState};
use web::{Form, Problem, Site, Text, Value};

use super::own::{Loaded, load, page, page_with_claim};
use super::side::menu_of;
use super::slots::bookings::BOOKINGS;
use crate::booking::{Party, PartyTo, no_show};
use crate::codes::CLAIM_UNDECIDED;
use crate::no_show_claim::{self, Answer, Decision, PartyToClaim};
use crate::order::Order;
use crate::outcome::Outcome;
use crate::settings::Administrator;
use crate::{Refusal, notice, order, outcome_mark};

const MARK: Question = Question {
    title: "outcome-question",
    facts: "outcome-facts",
    undo: "outcome-undo",
    button: "outcome-do",
    confirm: "outcome-do",
};

/// Handles `POST /me/bookings/{id}/outcome`. For every outcome except that the session took place,
/// the page first asks for a confirmation.
pub(super) async fn mark(posted: FormPost) -> Result<Response, Problem> {
    let req = &posted.req;
    let said = Outcome::find(posted.form.text("outcome")).ok_or_else(Problem::not_found)?;
    let is_of_list = posted.form.text("back") == "list";
    if said != Outcome::Completed && !confirmation::is_sure(&posted.form) {
        let loaded = load(req).await?;
        let here = notice::page(&loaded.booking);
        let address = format!("{here}/outcome");
        let back = if is_of_list { BOOKINGS } else { &here };
        let values = [
            ("title", loaded.booking.title.as_str().into()),
            ("outcome", said.word().into()),
            ("by", loaded.party.word().into()),
            (
                "answered",
                i64::from(loaded.booking.outcome_by.is_some()).into(),
            ),
        ];
        let sent = SentForm {
            address: &address,
            here: back,
            menu: menu_of(loaded.party),
            form: &posted.form,
        };
        return confirmation::ask_again(req, sent, MARK, &values).await;
    }
    let (site, note) = (req.site.clone(), posted.form.text("note").to_owned());
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        // The page may be older than the claim.
        let claim = no_show::of_booking(tx, &party.booking.id)?;
        let is_unsettled = claim.is_some_and(|claim| claim.state.is_unsettled());
        if party.party == Party::Administrator && is_unsettled {
            return Err(CLAIM_UNDECIDED.into());
        }
        let done = outcome_mark::mark(tx, &site, party, said, &note)?;
        let page = notice::page(&done);
        let page = if is_of_list { BOOKINGS } else { &page };
        Ok::<_, Refusal>(format!("{page}?done=marked"))
    };
    posted.save(change, page).await
}

const DECIDE: Question = Question {
    title: "claim-decide-question",
    facts: "claim-decide-facts",
    undo: "claim-decide-undo",
    button: "claim-decide",
    confirm: "claim-decide",
};

/// What a decision that is not sure yet says, for the question; `None` if it is refused at once.
fn decided(
    text: &Text,
    loaded: &Loaded,
    form: &Form,
) -> Option<[(&'static str, Value<'static>); 3]> {
    loaded.decider.filter(|one| one.may_decide())?;
    let new = decision(form, loaded.order.as_ref()).ok()?;
    let left = loaded.left();
    let most = left.map_or(0, |left| left.minor);
    let sum = match new.outcome {
        Outcome::NoShowProvider if new.refund_minor == 0 => most,
        _ => new.refund_minor,
    };
    let is_part = new.outcome == Outcome::NoShowProvider && sum != most;
    if is_part || !(0..=most).contains(&sum) || no_show_claim::is_reason_short(&new.reason) {
        return None;
    }
    let money = match left.filter(|_| sum > 0) {
        Some(left) => text.money(Money::new(sum, left.currency)),
        None if loaded.is_by_credit() => "credit".to_owned(),
        None => "none".to_owned(),
    };
    Some([
        ("outcome", new.outcome.word().into()),
        ("money", money.into()),
        ("reason", new.reason.into()),
    ])
}

/// `POST /me/bookings/{id}/claim/{step}`: answers or withdraws a claim, as one of the two sides, or
/// decides it, as an administrator.
pub(super) async fn settle_claim(posted: FormPost) -> Result<Response, Problem> {
    let (site, form) = (posted.req.site.clone(), posted.form.clone());
    let step: Step = match posted.req.piece("step") {
        "answer" => answer,
        "withdraw" => withdraw,
        "decide" => decide,
        _ => return Err(Problem::not_found()),
    };
    if posted.req.piece("step") == "decide" && !confirmation::is_sure(&posted.form) {
        let loaded = load(&posted.req).await?;
        if let Some(values) = decided(&posted.req.text, &loaded, &posted.form) {
            let here = notice::page(&loaded.booking);
            let (address, back) = (format!("{here}/claim/decide"), format!("{here}#claim"));
            return confirmation::ask_with(&posted, &address, &back, DECIDE, &values).await;
        }
    }
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        step(tx, &site, party, &form)?;
        Ok::<_, Refusal>(format!("{}?done=marked", notice::page(&party.booking)))
    };
    posted
        .save(change, async |req, form_state| {
            page_with_claim(req, &FormState::default(), form_state).await
        })
        .await
}

type Step = fn(&mut Tx<'_>, &Site, &PartyTo, &Form) -> Result<(), Refusal>;

fn required(pointer: &str) -> Refusal {
    Refusal::Problem(Problem::fields().field(pointer, "required", []))
}

fn answer(tx: &mut Tx<'_>, site: &Site, party: &PartyTo, form: &Form) -> Result<(), Refusal> {
    let new = Answer {
        agrees: match form.text("agrees") {
            "yes" => true,
            "no" => false,
            _ => return Err(required("/agrees")),
        },
        answer: form.text("answer").to_owned(),
    };
    let by = PartyToClaim::about(tx, party)?;
    no_show_claim::answer(tx, site, &by, &new)?;
    Ok(())
}

fn withdraw(tx: &mut Tx<'_>, site: &Site, party: &PartyTo, _: &Form) -> Result<(), Refusal> {
    let by = PartyToClaim::about(tx, party)?;
    no_show_claim::withdraw(tx, site, &by)?;
    Ok(())
}

fn decide(tx: &mut Tx<'_>, site: &Site, party: &PartyTo, form: &Form) -> Result<(), Refusal> {
    let by = Administrator::enter(tx, &party.requester)?;
    let PartyToClaim { party, claim } = PartyToClaim::about(tx, party)?;
    let order = match &party.booking.order_id {
        Some(order) => order::find(tx, order)?,
        None => None,
    };
    let decision = decision(form, order.as_ref())?;
    no_show_claim::decide(tx, site, &by, &claim.id, &decision)?;
    Ok(())
}

fn decision(form: &Form, order: Option<&Order>) -> Result<Decision, Problem> {
    let outcome = Outcome::find(form.text("outcome"));
    let outcome = outcome.ok_or_else(|| Problem::fields().field("/outcome", "required", []))?;
    let refund_minor = match (order, form_state::some(form, "refund_minor")) {
        (_, None) => 0,
        (Some(order), Some(_)) => form_state::amount(form, "refund_minor", order.currency)?.minor,
        (None, Some(_)) => {
            return Err(Problem::fields().field("/refund_minor", "not_allowed", []));
        }
    };
    Ok(Decision {
        outcome,
        refund_minor,
        reason: form.text("reason").to_owned(),
    })
}
