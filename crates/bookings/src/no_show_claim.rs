//! Claims: one side of a session says that the other did not come.
//!
//! A member's claim moves no money until the provider agrees, is silent for the time that the
//! settings give, or an administrator decides. A provider's claim marks the session at once,
//! because then no money moves, and the member may object. While a claim is unsettled, the session
//! is not completed and its payout cannot be approved.

use identity::account::AccountId;
use identity::notification::NewNotification;
use identity::session::sudo;
use jiff::{SignedDuration, Timestamp};
use platform::audit::Entity;
use platform::jobs::{Done, Handler, Job, JobError, NewJob};
use platform::money::Money;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use site::proof::{Proof, Requester};
use site::resource::Parent as _;
use utoipa::ToSchema;
use web::problem::Argument;
use web::{Findings, Site};

use crate::booking::no_show::{Claim, ClaimId, ClaimState, of_booking};
use crate::booking::{self, Booking, Party, PartyTo, State};
use crate::codes::{CLAIM_CLOSED, CLAIM_SETTLED, OUTCOME_CONTESTED, OWN_CLAIM, PAYOUT_STATE};
use crate::decider::Decider;
use crate::feedback_criterion::Author;
use crate::outcome::{self, Outcome};
use crate::settings::{self, Administrator};
use crate::{Refusal, decider, feedback, member, notice, payout, provider, refund};

/// The kind of the job that settles a claim that nobody has answered.
pub(crate) const KIND: &str = "booking.claim";
/// The path of the administrators' list.
pub(crate) const PAGE: &str = "/admin/sessions/claims";
/// The maximum length of a text, in characters.
const TEXT: usize = 500;
/// The minimum length of the reason for a decision, in characters.
const SHORTEST: usize = 5;

/// The proof that a person is a party to the booking that a claim is about. The path parameter `id`
/// is the claim's id.
#[derive(Clone, Debug)]
pub struct PartyToClaim {
    pub party: PartyTo,
    pub claim: Claim,
}

impl Proof for PartyToClaim {
    type Refusal = Refusal;

    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        let id: ClaimId = requester.id("id")?;
        let found: Claim = tx.find(&id)?.ok_or(Refusal::NotFound)?;
        let (_, booking) = booking::lock(tx, &found.booking_id)?.ok_or(Refusal::NotFound)?;
        let claim = tx.load(&id)?;
        let party = PartyTo::of(tx, requester, booking)?;
        Ok(Self { party, claim })
    }
}

impl PartyToClaim {
    /// The latest claim about the session of a party.
    pub(crate) fn about(tx: &mut Tx<'_>, party: &PartyTo) -> Result<Self, Refusal> {
        let (_, booking) = booking::lock(tx, &party.booking.id)?.ok_or(Refusal::NotFound)?;
        let claim = of_booking(tx, &booking.id)?.ok_or(Refusal::NotFound)?;
        let party = PartyTo::of(tx, &party.requester, booking)?;
        Ok(Self { party, claim })
    }
}

/// A claim with the session that it is about, as administrators read it.
#[derive(Clone, Debug, Row, Serialize, ToSchema)]
#[schema(as = BookingClaimRecord)]
pub struct ClaimRecord {
    #[serde(flatten)]
    #[row(flatten)]
    pub claim: Claim,
    pub title: String,
    pub starts_at: Timestamp,
    pub provider: String,
    /// The member's name; null after the member's account was erased.
    pub member: Option<String>,
}

/// Lists the claims in this state, the oldest first. `after` is the last claim of the previous
/// page.
pub fn list(
    tx: &mut Tx<'_>,
    state: ClaimState,
    after: Option<&(Timestamp, ClaimId)>,
    rows: i64,
) -> Result<Vec<ClaimRecord>, StoreError> {
    sql!(
        "SELECT {c: Claim}, b.title AS title, b.starts_at AS starts_at,
             p.display_name AS provider, a.display_name AS member
         FROM claim c JOIN booking b ON b.id = c.booking_id
         JOIN provider p ON p.id = b.provider_id LEFT JOIN account a ON a.id = b.member_id
         WHERE c.state = :state
           AND (c.created_at > :at OR (c.created_at = :at AND c.id > :id))
         ORDER BY c.created_at, c.id LIMIT :rows",
        state,
        at = after.map_or(Timestamp::MIN, |(at, _)| *at),
        id = after.map_or("", |(_, id)| id.as_str()),
        rows
    )
    .all(tx)
}

/// Makes a member's claim that the provider did not come. The caller has checked the time. After
/// the provider's mark or feedback, and where the payout is being sent, administrators decide.
pub(crate) fn make(
    tx: &mut Tx<'_>,
    site: &Site,
    party: &PartyTo,
    note: &str,
) -> Result<(), Refusal> {
    let booking = &party.booking;
    if let Some(claim) = of_booking(tx, &booking.id)?
        && claim.state != ClaimState::Withdrawn
    {
        let is_same = claim.claimant == Party::Member && claim.state.is_unsettled();
        return if is_same {
            Ok(())
        } else {
            Err(CLAIM_CLOSED.into())
        };
    }
    if feedback::find(tx, &booking.id, Author::Member)?.is_some() {
        return Err(CLAIM_CLOSED.into());
    }
    let is_answered = booking.outcome_by.is_some()
        || feedback::find(tx, &booking.id, Author::Provider)?.is_some();
    let is_disputed = payout::hold_back(tx, &booking.id)? || is_answered;
    let state = if is_disputed {
        ClaimState::Disputed
    } else {
        ClaimState::Open
    };
    let claim = insert(tx, party, Party::Member, note, state)?;
    tell(tx, site, booking, &claim, Party::Provider)?;
    if is_disputed {
        tell_administrators(tx, site, booking)?;
    }
    Ok(())
}

/// Makes a provider's claim that the member did not come, once the session is marked so.
pub(crate) fn make_of_provider(
    tx: &mut Tx<'_>,
    site: &Site,
    party: &PartyTo,
    booking: &Booking,
    note: &str,
) -> Result<(), Refusal> {
    payout::hold_back(tx, &booking.id)?;
    let claim = insert(tx, party, Party::Provider, note, ClaimState::Open)?;
    tell(tx, site, booking, &claim, Party::Member)?;
    Ok(())
}

fn insert(
    tx: &mut Tx<'_>,
    party: &PartyTo,
    claimant: Party,
    note: &str,
    state: ClaimState,
) -> Result<Claim, Refusal> {
    let mut findings = Findings::default();
    let note = findings.text("/note", note, TEXT);
    findings.finish()?;
    let hours = SignedDuration::from_hours(settings::load(tx)?.claim_hours);
    let now = tx.now();
    let claim = Claim {
        id: tx.id(),
        booking_id: party.booking.id.clone(),
        claimant,
        note,
        answer_until: now + hours,
        answer: String::new(),
        answered_at: None,
        decided_by: None,
        reason: String::new(),
        state,
        created_at: now,
    };
    tx.insert(&claim)?;
    if state == ClaimState::Open {
        tx.enqueue(NewJob {
            key: Some(format!("{KIND} {}", claim.id)),
            run_at: Some(claim.answer_until),
            ..NewJob::new(KIND, json!({ "claim": claim.id }))
        })?;
    }
    record(tx, &party.requester, &claim)?;
    Ok(claim)
}

/// An answer to a claim.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BookingClaimAnswer)]
pub struct Answer {
    /// Whether the answering side agrees that it did not come.
    pub agrees: bool,
    /// What happened, up to 500 characters.
    #[serde(default)]
    pub answer: String,
}

/// Answers a claim, as the side that is said not to have come.
pub fn answer(
    tx: &mut Tx<'_>,
    site: &Site,
    by: &PartyToClaim,
    new: &Answer,
) -> Result<Claim, Refusal> {
    let PartyToClaim { party, claim } = by;
    if party.party != claim.other() {
        return Err(Refusal::Forbidden);
    }
    if claim.state != ClaimState::Open || tx.now() > claim.answer_until {
        return Err(CLAIM_SETTLED.into());
    }
    let mut findings = Findings::default();
    let text = findings.text("/answer", &new.answer, TEXT);
    findings.finish()?;
    let mut claim = Claim {
        answer: text,
        answered_at: Some(tx.now()),
        ..claim.clone()
    };
    claim.state = if new.agrees && holds(tx, &party.booking, &claim)? {
        ClaimState::Agreed
    } else {
        ClaimState::Disputed
    };
    tx.update(&claim)?;
    record(tx, &party.requester, &claim)?;
    tell(tx, site, &party.booking, &claim, claim.claimant)?;
    if claim.state == ClaimState::Disputed {
        tell_administrators(tx, site, &party.booking)?;
    }
    Ok(claim)
}

/// Withdraws an unsettled claim, as its claimant. A session that a provider had marked as missed
/// then took place.
pub fn withdraw(tx: &mut Tx<'_>, site: &Site, by: &PartyToClaim) -> Result<Claim, Refusal> {
    let PartyToClaim { party, claim } = by;
    if party.party != claim.claimant {
        return Err(Refusal::Forbidden);
    }
    if !claim.state.is_unsettled() {
        return Err(CLAIM_SETTLED.into());
    }
    let claim = Claim {
        state: ClaimState::Withdrawn,
        ..claim.clone()
    };
    tx.update(&claim)?;
    if claim.claimant == Party::Provider {
        let by = Some(Party::Provider);
        outcome::end(tx, &party.booking, Outcome::Completed, by)?.ok_or(PAYOUT_STATE)?;
    } else {
        complete(tx, &party.booking)?;
    }
    record(tx, &party.requester, &claim)?;
    tell(tx, site, &party.booking, &claim, claim.other())?;
    Ok(claim)
}

/// An administrator's decision about a claim.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BookingClaimDecision)]
pub struct Decision {
    /// What became of the session. If the provider did not come, all is paid back.
    pub outcome: Outcome,
    /// The sum in minor units that is paid back although the session took place or the member
    /// missed it. If the provider did not come, 0 or all that is left of the payment.
    #[serde(default)]
    pub refund_minor: i64,
    /// The reason, 5–500 characters. Both sides read it.
    pub reason: String,
}

/// Whether a decision is refused because of its reason.
pub(crate) fn is_reason_short(reason: &str) -> bool {
    reason.trim().chars().count() < SHORTEST
}

/// Decides an unsettled claim, as an administrator. Who is one of the two sides decides only where no
/// administrator is outside.
pub fn decide(
    tx: &mut Tx<'_>,
    site: &Site,
    by: &Administrator,
    id: &ClaimId,
    new: &Decision,
) -> Result<Claim, Refusal> {
    let who = &by.requester().who;
    sudo::require::<Refusal>(tx, who)?;
    let found: Claim = tx.find(id)?.ok_or(Refusal::NotFound)?;
    let (order, booking) = booking::lock(tx, &found.booking_id)?.ok_or(Refusal::NotFound)?;
    let claim: Claim = tx.load(id)?;
    if !claim.state.is_unsettled() {
        return Err(CLAIM_SETTLED.into());
    }
    if !decider::of(tx, who, &booking)?.is_some_and(Decider::may_decide) {
        return Err(OWN_CLAIM.into());
    }
    let mut findings = Findings::default();
    let reason = findings.line("/reason", &new.reason, SHORTEST, TEXT);
    let part = if new.outcome == Outcome::NoShowProvider {
        0
    } else {
        new.refund_minor
    };
    let left = match &order {
        Some(order) if order.is_paid() => refund::left_of_order(tx, order)?,
        _ => 0,
    };
    match &order {
        Some(order) if part != new.refund_minor && new.refund_minor != left => {
            let all = Argument::Money(Money::new(left, order.currency));
            findings.add("/refund_minor", "claim_pays_all", [("sum", all)]);
        }
        Some(order) if !(0..=left).contains(&part) => {
            let most = Money::new(left, order.currency);
            crate::amount_range::add_amount_range(&mut findings, "/refund_minor", most);
        }
        None if new.refund_minor != 0 => findings.add("/refund_minor", "not_allowed", []),
        _ => {}
    }
    findings.finish()?;
    let claim = Claim {
        state: ClaimState::Decided,
        decided_by: Some(who.account().id.clone()),
        reason,
        ..claim
    };
    tx.update(&claim)?;
    let done = outcome::end(tx, &booking, new.outcome, Some(Party::Administrator))?;
    // A payout that is already sent stays; administrators correct it by hand.
    if done.is_none() && new.outcome != outcome_of(&booking) {
        return Err(PAYOUT_STATE.into());
    }
    let mut settled = Settled {
        outcome: Some(new.outcome),
        back: None,
    };
    if let Some(order) = order.filter(|_| part > 0) {
        let by = Some(&who.account().id);
        refund::request_part(tx, &order, part, &claim.reason, by)?;
        settled.back = Some(Money::new(part, order.currency));
    }
    let changes = json!([{"field": "outcome", "old": booking.state, "new": new.outcome},
        {"field": "refund_minor", "old": null, "new": part},
        {"field": "reason", "old": null, "new": claim.reason}]);
    let entity = Entity::new("booking", booking.id.to_string());
    by.record(tx, entity, "booking.claim_decided", changes)?;
    for party in [Party::Member, Party::Provider] {
        tell_settled(tx, site, &booking, &claim, party, settled)?;
    }
    Ok(claim)
}

fn outcome(claim: &Claim) -> Outcome {
    match claim.claimant {
        Party::Member => Outcome::NoShowProvider,
        Party::Provider | Party::Administrator => Outcome::NoShowMember,
    }
}

/// The outcome that a booking's state says; a confirmed session takes place.
pub(crate) fn outcome_of(booking: &Booking) -> Outcome {
    match booking.state {
        State::NoShowMember => Outcome::NoShowMember,
        State::NoShowProvider => Outcome::NoShowProvider,
        _ => Outcome::Completed,
    }
}

/// Withdraws a provider's own unsettled claim, if they now say that the session took place. Refuses
/// every other outcome while a claim is unsettled.
pub(crate) fn correct(tx: &mut Tx<'_>, party: &PartyTo, outcome: Outcome) -> Result<(), Refusal> {
    let claim = of_booking(tx, &party.booking.id)?;
    let Some(claim) = claim.filter(|claim| claim.state.is_unsettled()) else {
        return Ok(());
    };
    if (claim.claimant, outcome) != (Party::Provider, Outcome::Completed) {
        return Err(OUTCOME_CONTESTED.into());
    }
    let claim = Claim {
        state: ClaimState::Withdrawn,
        ..claim
    };
    tx.update(&claim)?;
    Ok(record(tx, &party.requester, &claim)?)
}

/// Settles the claim about a session whose outcome an administrator has marked.
pub(crate) fn settle_by_mark(tx: &mut Tx<'_>, party: &PartyTo) -> Result<(), StoreError> {
    let claim = of_booking(tx, &party.booking.id)?;
    if let Some(claim) = claim.filter(|claim| claim.state.is_unsettled()) {
        let claim = Claim {
            state: ClaimState::Decided,
            decided_by: Some(party.requester.who.account().id.clone()),
            ..claim
        };
        tx.update(&claim)?;
        record(tx, &party.requester, &claim)?;
    }
    Ok(())
}

/// `false` if the payout is already being sent, so that an administrator has to decide.
fn holds(tx: &mut Tx<'_>, booking: &Booking, claim: &Claim) -> Result<bool, StoreError> {
    if booking.state == outcome(claim).state() {
        return Ok(true);
    }
    if payout::is_decided(tx, &booking.id)? {
        return Ok(false);
    }
    let done = outcome::end(tx, booking, outcome(claim), Some(claim.claimant))?;
    Ok(done.is_some())
}

/// Completes a session that was not completed only because of a claim.
fn complete(tx: &mut Tx<'_>, booking: &Booking) -> Result<(), StoreError> {
    let after = SignedDuration::from_mins(settings::load(tx)?.complete_minutes);
    if booking.state == State::Confirmed && booking.ends_at + after <= tx.now() {
        outcome::end(tx, booking, Outcome::Completed, None)?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct Payload {
    claim: ClaimId,
}

/// The job that settles claims that nobody has answered in time: silence counts for the claimant.
pub(crate) fn job(site: &Site) -> Handler {
    Handler::with(KIND, site, |site: Site, job: Job| async move {
        let Payload { claim: id } = job.read()?;
        let write = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            let Some(found): Option<Claim> = tx.find(&id)? else {
                return Ok(());
            };
            let Some((_, booking)) = booking::lock(tx, &found.booking_id)? else {
                return Ok(());
            };
            let mut claim: Claim = tx.load(&id)?;
            if claim.state != ClaimState::Open {
                return Ok(());
            }
            claim.state = if holds(tx, &booking, &claim)? {
                ClaimState::Lapsed
            } else {
                ClaimState::Disputed
            };
            tx.update(&claim)?;
            for party in [Party::Member, Party::Provider] {
                tell(tx, &site, &booking, &claim, party)?;
            }
            if claim.state == ClaimState::Disputed {
                tell_administrators(tx, &site, &booking)?;
            }
            Ok(())
        };
        Ok::<_, JobError>(Done::with(write))
    })
}

fn tell(
    tx: &mut Tx<'_>,
    site: &Site,
    booking: &Booking,
    claim: &Claim,
    party: Party,
) -> Result<(), StoreError> {
    tell_settled(tx, site, booking, claim, party, Settled::default())
}

#[derive(Clone, Copy, Default)]
struct Settled {
    outcome: Option<Outcome>,
    /// What goes back to the member although the session counts.
    back: Option<Money>,
}

fn tell_settled(
    tx: &mut Tx<'_>,
    site: &Site,
    booking: &Booking,
    claim: &Claim,
    party: Party,
    settled: Settled,
) -> Result<(), StoreError> {
    let (subject, said) = match (claim.state, claim.claimant == party) {
        (ClaimState::Open, _) => ("claim-mail-open", "claim-said-open"),
        (ClaimState::Disputed, _) => ("claim-mail-disputed", "claim-said-disputed"),
        (ClaimState::Agreed, _) => ("claim-mail-settled", "claim-said-agreed"),
        (ClaimState::Lapsed, _) => ("claim-mail-settled", "claim-said-lapsed"),
        (ClaimState::Decided, _) => ("claim-mail-settled", "claim-said-decided"),
        (ClaimState::Withdrawn, _) => ("claim-mail-withdrawn", "claim-said-withdrawn"),
    };
    let account = notice::account_of(tx, booking, party)?;
    let with = match party {
        Party::Member => provider::find(tx, &booking.provider_id)?.display_name,
        Party::Provider | Party::Administrator => member::name(tx, booking.member_id.as_ref())?,
    };
    let quoted = match claim.state {
        ClaimState::Open => &claim.note,
        ClaimState::Decided => &claim.reason,
        _ => &claim.answer,
    };
    let outcome = settled.outcome.map_or("none", Outcome::word);
    let values = [
        ("claimant", claim.claimant.word().into()),
        ("outcome", outcome.into()),
    ];
    let said = notice::ClaimTold {
        subject,
        said,
        booking,
        until: claim.answer_until,
        quoted,
        with: &with,
        back: settled.back,
    };
    notice::tell_of_claim(tx, site, account.as_ref(), said, &values)
}

fn tell_administrators(tx: &mut Tx<'_>, site: &Site, booking: &Booking) -> Result<(), StoreError> {
    let told = NewNotification {
        kind: "claim-notice-disputed",
        about: &booking.title,
        href: PAGE,
    };
    notice::tell_administrators(tx, site, told)
}

fn record(tx: &mut Tx<'_>, by: &Requester, claim: &Claim) -> Result<(), StoreError> {
    let entity = Entity::new("booking", claim.booking_id.to_string());
    // The log outlives accounts, so it does not contain the texts.
    let changes = json!([{"field": "claim", "old": null, "new": claim.state}]);
    by.record(tx, entity, "booking.claim", changes)
}

/// Exports the claims about the sessions of an account's owner.
pub(crate) fn export(tx: &mut Tx<'_>, account: &AccountId) -> Result<Value, StoreError> {
    let all: Vec<Claim> = sql!(
        "SELECT {c: Claim} FROM claim c JOIN booking b ON b.id = c.booking_id
         JOIN provider p ON p.id = b.provider_id
         WHERE b.member_id = :account OR p.account_id = :account ORDER BY c.created_at, c.id",
        account
    )
    .all(tx)?;
    Ok(json!(all))
}

/// Erases the texts of the claims about the sessions of an account's owner.
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE claim SET note = '', answer = '', reason = ''
         WHERE booking_id IN
             (SELECT b.id FROM booking b JOIN provider p ON p.id = b.provider_id
              WHERE b.member_id = :account OR p.account_id = :account)",
        account
    )
    .run(tx, Rows::Any)?;
    sql!(
        "UPDATE claim SET decided_by = NULL WHERE decided_by = :account",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}
