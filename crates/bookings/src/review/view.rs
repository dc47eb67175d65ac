//! The view of a review for its member, its reviewer and administrators.

use identity::account::{self, AccountId};
use identity::grant;
use jiff::Timestamp;
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use site::proof::Requester;
use utoipa::ToSchema;
use web::uploaded_document::DocumentType;

use super::{Assessment, PartyToReview, Review, ReviewId, ReviewMode, ReviewState};
use crate::Refusal;
use crate::booking::{self, Booking, BookingId, Party};
use crate::codes::ROLE_REQUIRED;
use crate::provider::{self, PROVIDER};
use crate::settings::is_administrator;

/// The session in which a document is reviewed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ReviewSession)]
pub struct SessionView {
    /// The booking's id.
    pub id: BookingId,
    pub title: String,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub time_zone: String,
    pub state: booking::State,
}

impl From<Booking> for SessionView {
    fn from(booking: Booking) -> Self {
        Self {
            id: booking.id,
            title: booking.title,
            starts_at: booking.starts_at,
            ends_at: booking.ends_at,
            time_zone: booking.time_zone,
            state: booking.state,
        }
    }
}

/// The file that a reviewer has attached for the member.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ReviewReference)]
pub struct ReferenceView {
    pub file_name: String,
    pub file_type: DocumentType,
    /// The size of the file in bytes.
    pub bytes: i64,
    /// Whether the caller can download the file. It is deleted together with the document.
    pub has_file: bool,
}

/// A review as its parties read it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = DocumentReview)]
pub struct ReviewView {
    pub id: ReviewId,
    pub state: ReviewState,
    pub mode: ReviewMode,
    /// The session in which the document is reviewed; null for a written review.
    pub booking: Option<SessionView>,
    /// The member's name; empty for providers who have not taken the review.
    pub member: String,
    /// The name of the provider who has taken the review, or in whose session it takes place.
    pub reviewer: String,
    /// The document's name; empty for providers who have not taken the review.
    pub file_name: String,
    pub file_type: DocumentType,
    /// The size of the document in bytes.
    pub bytes: i64,
    /// Whether the caller can download the document.
    pub has_file: bool,
    /// What the document is for.
    pub goal: String,
    /// What the reviewer should look at.
    pub focus: String,
    /// The member's note; empty for providers who have not taken the review.
    pub note: String,
    /// What the reviewer says, once the review is completed.
    pub assessment: Option<Assessment>,
    /// The reviewer's file; null if there is none.
    pub reference: Option<ReferenceView>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
}

impl ReviewView {
    /// A review as `requester` sees it.
    pub fn of(tx: &mut Tx<'_>, requester: &Requester, review: Review) -> Result<Self, Refusal> {
        let party = PartyToReview::of(tx, requester, review)?;
        Self::of_party(tx, party)
    }

    pub(crate) fn of_party(tx: &mut Tx<'_>, party: PartyToReview) -> Result<Self, Refusal> {
        let may_read = party.may_read();
        let has_reference = party.reference().is_some();
        let review = party.review;
        let member = match &review.member_id {
            Some(member) if may_read => account::find(tx, member)?,
            _ => None,
        };
        let reviewer = match &review.reviewer_id {
            Some(reviewer) => provider::find(tx, reviewer)?.display_name,
            None => String::new(),
        };
        let (mode, session) = (review.mode(), &review.booking_id);
        let session = match session {
            Some(booking) => booking::find(tx, booking)?.map(SessionView::from),
            None => None,
        };
        let file = review.reference;
        let reference = file.reference_type.filter(|_| may_read);
        let reference = reference.map(|file_type| ReferenceView {
            file_name: file.reference_name,
            file_type,
            bytes: file.reference_bytes,
            has_file: has_reference,
        });
        let shown = |text: String| if may_read { text } else { String::new() };
        Ok(Self {
            id: review.id,
            state: review.state,
            mode,
            booking: session,
            member: member.map(|one| one.display_name).unwrap_or_default(),
            reviewer,
            has_file: may_read && !review.file.is_empty(),
            file_name: shown(review.file_name),
            file_type: review.file_type,
            bytes: review.bytes,
            goal: review.goal,
            focus: review.focus,
            note: shown(review.note),
            assessment: (review.state == ReviewState::Completed).then_some(review.assessment),
            reference,
            created_at: review.created_at,
            started_at: review.started_at,
            completed_at: review.completed_at,
        })
    }
}

/// The latest `rows` of a member's reviews that were not cancelled, and how many there are.
pub(crate) fn own(
    tx: &mut Tx<'_>,
    member: &AccountId,
    rows: i64,
) -> Result<(Vec<Review>, usize), StoreError> {
    let first = sql!(
        "SELECT {Review} FROM review WHERE member_id = :member AND state <> 'cancelled'
         ORDER BY created_at DESC, id LIMIT :rows",
        member,
        rows
    )
    .all(tx)?;
    let (count,): (u64,) = sql!(
        "SELECT COUNT(*) FROM review WHERE member_id = :member AND state <> 'cancelled'",
        member
    )
    .one(tx)?;
    Ok((first, usize::try_from(count).unwrap_or(usize::MAX)))
}

/// The first `rows` of the reviews that a provider has taken, followed by those that the provider
/// can take, the oldest first, and how many there are. `account` is the provider's account.
pub(crate) fn to_write(
    tx: &mut Tx<'_>,
    account: &AccountId,
    rows: i64,
) -> Result<(Vec<Review>, usize), StoreError> {
    let first = sql!(
        "SELECT {r: Review} FROM review r LEFT JOIN provider p ON p.id = r.reviewer_id
         WHERE r.state IN ('in_review', 'pending') AND p.account_id = :account
            OR r.state = 'pending' AND r.reviewer_id IS NULL AND r.member_id <> :account
         ORDER BY CASE WHEN r.state = 'in_review' THEN 0 ELSE 1 END, r.created_at, r.id
         LIMIT :rows",
        account,
        rows
    )
    .all(tx)?;
    let count = count_to_write(tx, account)?;
    Ok((first, usize::try_from(count).unwrap_or(usize::MAX)))
}

/// Counts the documents that wait for a provider.
pub(crate) fn count_to_write(tx: &mut Tx<'_>, account: &AccountId) -> Result<i64, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM review r LEFT JOIN provider p ON p.id = r.reviewer_id
         WHERE r.state IN ('in_review', 'pending') AND p.account_id = :account
            OR r.state = 'pending' AND r.reviewer_id IS NULL AND r.member_id <> :account",
        account
    )
    .one(tx)?;
    Ok(count)
}

/// The sort key of lists of reviews: when a document was submitted, and the review's id.
pub type Before = (Timestamp, ReviewId);

/// Lists at most `rows` reviews before `before`, newest first. A member gets their own reviews, a
/// provider gets those that they can take or have taken, and an administrator gets all.
pub fn list(
    tx: &mut Tx<'_>,
    requester: &Requester,
    party: Party,
    before: Option<&Before>,
    rows: i64,
) -> Result<Vec<ReviewView>, Refusal> {
    let who = &requester.who;
    if party == Party::Administrator && !(who.is_in_browser() && is_administrator(tx, who)?) {
        return Err(Refusal::Forbidden);
    }
    if party == Party::Provider && !grant::may_in_site(tx, who, PROVIDER)? {
        return Err(ROLE_REQUIRED.into());
    }
    let found: Vec<Review> = sql!(
        "SELECT {r: Review} FROM review r LEFT JOIN provider p ON p.id = r.reviewer_id
         WHERE ((:party = 'member' AND r.member_id = :account)
             OR :party = 'administrator'
             OR (:party = 'provider' AND (p.account_id = :account
                 OR r.state = 'pending' AND r.reviewer_id IS NULL AND r.member_id <> :account)))
           AND (r.created_at < :at OR (r.created_at = :at AND r.id < :id))
         ORDER BY r.created_at DESC, r.id DESC LIMIT :rows",
        party,
        account = who.account().id,
        at = before.map_or(Timestamp::MAX, |(at, _)| *at),
        id = before.map_or("", |(_, id)| id.as_str()),
        rows
    )
    .all(tx)?;
    let views = found.into_iter();
    views
        .map(|one| ReviewView::of(tx, requester, one))
        .collect()
}
