//! Feedback. After a session, the member and the provider can each give feedback once.

use std::collections::BTreeSet;

use identity::account::AccountId;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::audit::Entity;
use platform::mail::Stream;
use platform::store::{IdSet, Row};
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use site::proof::{Proof, Requester};
use utoipa::ToSchema;
use web::fields::{choice, line, lines, number, rows};
use web::{Field, Findings, Input, MailMessages, Site};

use crate::booking::{self, Booking, BookingId, Party, PartyTo, State};
use crate::codes::{FEEDBACK_CLOSED, FEEDBACK_EXISTS, FEEDBACK_TOO_EARLY};
use crate::feedback_criterion::{self, Author, Kind};
use crate::provider::ProviderId;
use crate::{Refusal, notice};

platform::id!(FeedbackId, random, "What one side says about a session.");

/// Feedback may be given until this long after a session's end.
const OPEN: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The author may change feedback until this long after giving it.
const EDITABLE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long after a session's end its feedback is hidden from a side that has written none.
const ALONE: SignedDuration = SignedDuration::from_hours(14 * 24);
/// A provider's mean rating is public once there are this many ratings.
const PUBLIC: i64 = 3;

web::words! {
    /// Whether the author recommends the other side.
    #[schema(as = FeedbackVerdict)]
    Verdict {
        /// The author recommends the other side.
        Recommended = "recommended" => "feedback-recommended",
        /// The author recommends the other side with reservations.
        WithReservations = "with_reservations" => "feedback-with-reservations",
        /// The author does not recommend the other side.
        NotRecommended = "not_recommended" => "feedback-not-recommended",
    }
}

/// The score for one criterion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FeedbackScore)]
pub struct Score {
    /// The criterion's id.
    pub criterion: String,
    /// From 0 to 5.
    pub score: i64,
}

/// The answer in words to one criterion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FeedbackAnswer)]
pub struct Answer {
    /// The criterion's id.
    pub criterion: String,
    /// What the author answers, up to 4,000 characters.
    pub text: String,
}

/// What one side says about a session.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "feedback")]
pub struct Feedback {
    /// The feedback's id.
    pub id: FeedbackId,
    /// The booking of the session.
    pub booking_id: BookingId,
    /// The side that wrote it.
    pub author: Author,
    /// The rating, from 1 to 5.
    pub rating: i64,
    /// Whether the author recommends the other side.
    pub verdict: Option<Verdict>,
    /// What the other side reads, up to 4,000 characters.
    pub text: String,
    /// What only the author and administrators read, up to 2,000 characters; empty for others.
    pub private_note: String,
    /// The scores by criterion.
    #[row(json)]
    pub scores: Vec<Score>,
    /// The answers in words by criterion; an empty one is left out.
    #[row(json)]
    pub answers: Vec<Answer>,
    /// How often the author has changed it.
    pub revisions: i64,
    /// When it was written.
    pub created_at: Timestamp,
}

/// The fields that the author writes.
pub const FIELDS: &[Field] = web::fields! { Feedback:
    rating: number(1, 5).label("feedback-rating").required(),
    verdict: choice().or("feedback-no-verdict").label("feedback-verdict"),
    scores: rows(web::part! { Score:
        criterion: line(64).required(),
        score: number(0, 5).required(),
    }, 40).label("feedback-scores"),
    answers: rows(web::part! { Answer:
        criterion: line(64).required(),
        text: lines(4_000),
    }, 40).label("feedback-answers"),
    text: lines(4_000).label("feedback-text").hint("feedback-text-hint"),
    private_note: lines(2_000).label("feedback-private").hint("feedback-private-hint").secret(),
};

impl Feedback {
    /// The ids of the criteria that the feedback answers with a score or in words, depending on
    /// `kind`.
    pub(crate) fn criteria(&self, kind: Kind) -> Vec<&str> {
        match kind {
            Kind::Score => self.scores.iter().map(|one| &*one.criterion).collect(),
            Kind::Text => self.answers.iter().map(|one| &*one.criterion).collect(),
        }
    }

    /// Whether its author may still change it.
    pub(crate) fn is_editable(&self, now: Timestamp) -> bool {
        now <= self.created_at + EDITABLE
    }
}

/// The side that a party to a booking writes for; `None` for administrators.
pub(crate) fn author_of(party: Party) -> Option<Author> {
    match party {
        Party::Member => Some(Author::Member),
        Party::Provider => Some(Author::Provider),
        Party::Administrator => None,
    }
}

/// Refuses feedback before a session's end, more than 30 days after it, and from a side that cannot
/// judge the session.
pub(crate) fn check_open(booking: &Booking, author: Author, now: Timestamp) -> Result<(), Refusal> {
    let is_held = match booking.state {
        // The booking of a session that has ended stays confirmed until a job completes it.
        State::Confirmed | State::Completed => true,
        State::NoShowMember => author == Author::Provider,
        _ => false,
    };
    if booking.is_active() && now < booking.ends_at {
        return Err(FEEDBACK_TOO_EARLY.into());
    }
    if !is_held || now > booking.ends_at + OPEN {
        return Err(FEEDBACK_CLOSED.into());
    }
    Ok(())
}

/// The proof that a person is a party to the booking that some feedback is about. The path
/// parameter `id` is the id of the feedback.
#[derive(Clone, Debug)]
pub struct PartyToFeedback {
    pub party: PartyTo,
    pub feedback: Feedback,
}

impl Proof for PartyToFeedback {
    type Refusal = Refusal;

    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        let id: FeedbackId = requester.id("id")?;
        let found: Option<(BookingId,)> =
            sql!("SELECT booking_id FROM feedback WHERE id = :id", id).maybe(tx)?;
        let (booking,) = found.ok_or(Refusal::NotFound)?;
        let (_, booking) = booking::lock(tx, &booking)?.ok_or(Refusal::NotFound)?;
        let feedback = tx.load(&id)?;
        let party = PartyTo::of(tx, requester, booking)?;
        Ok(Self { party, feedback })
    }
}

pub(crate) fn find(
    tx: &mut Tx<'_>,
    booking: &BookingId,
    author: Author,
) -> Result<Option<Feedback>, StoreError> {
    sql!(
        "SELECT {Feedback} FROM feedback WHERE booking_id = :booking AND author = :author",
        booking,
        author
    )
    .maybe(tx)
}

/// Which of these sessions have feedback by this side.
pub(crate) fn given<'a>(
    tx: &mut Tx<'_>,
    bookings: impl Iterator<Item = &'a BookingId>,
    author: Author,
) -> Result<BTreeSet<BookingId>, StoreError> {
    let mut given = BTreeSet::new();
    for set in IdSet::of(bookings.map(BookingId::as_str)) {
        let found: Vec<(BookingId,)> = sql!(
            "SELECT booking_id FROM feedback WHERE author = :author AND booking_id IN ({:IdSet})",
            author,
            IdSet = set
        )
        .all(tx)?;
        given.extend(found.into_iter().map(|(booking,)| booking));
    }
    Ok(given)
}

/// Whether a side reads what the other says: once both have written, or after [`ALONE`], so that
/// neither answers the other's rating.
fn is_shown(all: &[Feedback], reader: Author, booking: &Booking, now: Timestamp) -> bool {
    all.iter().any(|one| one.author == reader) || now > booking.ends_at + ALONE
}

/// Lists what both sides say about a session, as one of its parties reads it.
pub fn list(tx: &mut Tx<'_>, party: &PartyTo) -> Result<Vec<Feedback>, StoreError> {
    let mut all: Vec<Feedback> = sql!(
        "SELECT {Feedback} FROM feedback WHERE booking_id = :id ORDER BY author",
        id = party.booking.id
    )
    .all(tx)?;
    if let Some(reader) = author_of(party.party) {
        if !is_shown(&all, reader, &party.booking, tx.roughly_now()) {
            all.retain(|one| one.author == reader);
        }
        for one in all.iter_mut().filter(|one| one.author != reader) {
            one.private_note.clear();
        }
    }
    Ok(all)
}

/// Lists the feedback entries by providers, newest first. For a provider, these are the
/// entries that the provider wrote. For a member, they are the entries about the member, without
/// private notes.
pub fn list_of_providers(
    tx: &mut Tx<'_>,
    account: &AccountId,
    reader: Party,
) -> Result<Vec<Feedback>, StoreError> {
    let mut all: Vec<Feedback> = sql!(
        "SELECT {f: Feedback} FROM feedback f JOIN booking b ON b.id = f.booking_id
         JOIN provider p ON p.id = b.provider_id
         WHERE f.author = 'provider'
           AND (:reader = 'provider' AND p.account_id = :account
                OR :reader = 'member' AND b.member_id = :account
                   AND (b.ends_at < :alone
                        OR EXISTS (SELECT 1 FROM feedback own
                                   WHERE own.booking_id = b.id AND own.author = 'member')))
         ORDER BY f.created_at DESC, f.id",
        account,
        reader,
        alone = tx.roughly_now() - ALONE
    )
    .all(tx)?;
    if reader == Party::Member {
        for one in &mut all {
            one.private_note.clear();
        }
    }
    Ok(all)
}

/// Gives feedback as one side of a booking, and notifies the other side.
pub fn give(
    tx: &mut Tx<'_>,
    site: &Site,
    party: &PartyTo,
    input: &Input,
) -> Result<Feedback, Refusal> {
    let author = author_of(party.party).ok_or(Refusal::Forbidden)?;
    let (booking, now) = (&party.booking, tx.now());
    if find(tx, &booking.id, author)?.is_some() {
        return Err(FEEDBACK_EXISTS.into());
    }
    check_open(booking, author, now)?;
    let other = other_side(tx, booking, author)?;
    let blank = Feedback {
        id: tx.id(),
        booking_id: booking.id.clone(),
        author,
        rating: 0,
        verdict: None,
        text: String::new(),
        private_note: String::new(),
        scores: Vec::new(),
        answers: Vec::new(),
        revisions: 0,
        created_at: now,
    };
    let new = read(tx, &blank, true, input)?;
    tx.insert(&new)?;
    record(tx, party, &new)?;
    let place = booking::place_zone(tx, booking)?;
    notice::tell_of_time(
        tx,
        site,
        Some(&other),
        Stream::Notification,
        &booking.title,
        notice::TimedNotice {
            messages: MailMessages {
                subject: "feedback-notice-arrived",
                text: "feedback-said-arrived",
            },
            at: booking.starts_at,
            place: place.as_ref(),
            href: &notice::page(booking),
        },
    )?;
    Ok(new)
}

/// Changes feedback, as its author. `revision` is the value of `revisions` that the author saw.
pub fn change(
    tx: &mut Tx<'_>,
    party: &PartyTo,
    old: &Feedback,
    revision: i64,
    input: &Input,
) -> Result<Feedback, Refusal> {
    if author_of(party.party) != Some(old.author) {
        return Err(Refusal::Forbidden);
    }
    if old.revisions != revision {
        return Err(crate::refusal::conflict(old));
    }
    if !old.is_editable(tx.now()) {
        return Err(FEEDBACK_CLOSED.into());
    }
    other_side(tx, &party.booking, old.author)?;
    let mut new = read(tx, old, false, input)?;
    new.revisions += 1;
    tx.update(&new)?;
    record(tx, party, &new)?;
    Ok(new)
}

/// Feedback about an erased account is refused, because no later erasure would find the text.
fn other_side(tx: &mut Tx<'_>, booking: &Booking, author: Author) -> Result<AccountId, Refusal> {
    let other = match author {
        Author::Member => Party::Provider,
        Author::Provider => Party::Member,
    };
    let other = notice::account_of(tx, booking, other)?;
    other.ok_or_else(|| FEEDBACK_CLOSED.into())
}

fn read(tx: &mut Tx<'_>, old: &Feedback, is_new: bool, input: &Input) -> Result<Feedback, Refusal> {
    let mut findings = Findings::default();
    let mut new = input.apply(FIELDS, old, is_new, &TimeZone::UTC, &mut findings);
    let all = feedback_criterion::list(tx)?;
    for (list, kind) in [("scores", Kind::Score), ("answers", Kind::Text)] {
        let (used, criteria) = (old.criteria(kind), new.criteria(kind));
        for (index, id) in criteria.iter().enumerate() {
            let is_offered = all.iter().any(|one| {
                let is_asked = one.active || used.contains(id);
                one.id.as_str() == *id && (one.author, one.kind) == (old.author, kind) && is_asked
            });
            if !is_offered || criteria[..index].contains(id) {
                findings.add(&format!("/{list}/{index}/criterion"), "unknown_option", []);
            }
        }
    }
    findings.finish()?;
    new.answers.retain(|one| !one.text.is_empty());
    Ok(new)
}

/// Not the text, because the log outlives accounts.
fn record(tx: &mut Tx<'_>, party: &PartyTo, new: &Feedback) -> Result<(), StoreError> {
    let entity = Entity::new("booking", party.booking.id.to_string());
    let changes = json!([{"field": "feedback", "new": new.revisions}]);
    party
        .requester
        .record(tx, entity, "booking.feedback", changes)
}

/// The mean of the members' ratings of a provider, in tenths, and their number; `None` if there are
/// fewer than [`PUBLIC`].
pub(crate) fn rating(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
) -> Result<Option<(i64, i64)>, StoreError> {
    let (count, sum): (i64, i64) = sql!(
        "SELECT COUNT(*), CAST(COALESCE(SUM(f.rating), 0) AS BIGINT)
         FROM feedback f JOIN booking b ON b.id = f.booking_id
         WHERE b.provider_id = :provider AND f.author = 'member'",
        provider
    )
    .one(tx)?;
    Ok((count >= PUBLIC).then(|| ((sum * 20 + count) / (count * 2), count)))
}

/// Exports the feedback that an account's owner wrote, and the feedback about them.
pub(crate) fn export(tx: &mut Tx<'_>, account: &AccountId) -> Result<Value, StoreError> {
    let all: Vec<Feedback> = sql!(
        "SELECT {f: Feedback} FROM feedback f JOIN booking b ON b.id = f.booking_id
         JOIN provider p ON p.id = b.provider_id
         WHERE b.member_id = :account OR p.account_id = :account ORDER BY f.created_at, f.id",
        account
    )
    .all(tx)?;
    let mut copies = Vec::new();
    for mut one in all {
        let booking = booking::find(tx, &one.booking_id)?;
        let is_member = booking.is_some_and(|one| one.member_id.as_ref() == Some(account));
        if is_member != (one.author == Author::Member) {
            one.private_note.clear();
        }
        copies.push(one);
    }
    Ok(json!(copies))
}

/// Erases the texts of the feedback that an account's owner wrote or received. The ratings remain.
pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "UPDATE feedback SET text = '', private_note = '', answers = '[]'
         WHERE booking_id IN
             (SELECT b.id FROM booking b JOIN provider p ON p.id = b.provider_id
              WHERE b.member_id = :account OR p.account_id = :account)",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}
