//! Reviews of documents. A member submits a document and pays with a credit; a provider takes the
//! review and writes what is good about the document and what can be better.

pub(crate) mod call;
pub mod files;
pub(crate) mod leaving;
pub mod view;

use identity::account::AccountId;
use identity::grant;
use identity::session::signed_in::Confirmed;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::audit::{Entity, Entry};
use platform::mail::Stream;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use site::proof::{Proof, Requester};
use utoipa::ToSchema;
use web::fields::{lines, number};
use web::uploaded_document::DocumentType;
use web::{Field, Findings, Input, MailMessages, Site};

use crate::booking::{BookingId, Party};
use crate::codes::{REVIEW_CALL_NOT_ALLOWED, REVIEW_SETTLED, TOO_MANY_REVIEWS};
use crate::credit::{self, LotId};
use crate::credit_kind::DOCUMENT_REVIEW;
use crate::provider::{self, PROVIDER, Provider, ProviderId};
use crate::settings::{self, is_administrator};
use crate::{Refusal, gateway, member, membership, notice};

use self::files::{Document, Reference};

platform::id!(ReviewId, random, "One review of a document.");

/// The paths of two pages: a member's own reviews, and the reviews that providers can take.
pub(crate) const OWN: &str = "/me/reviews";
pub(crate) const ASKED: &str = "/me/slots/reviews";
/// The maximum length of a document's name, in characters.
pub(crate) const NAME: usize = 120;
/// The maximum lengths of what a member writes, in characters.
pub(crate) const GOAL: usize = 200;
pub(crate) const FOCUS: usize = 500;
pub(crate) const NOTE: usize = 2_000;

web::words! {
    /// The state of a review.
    ReviewState {
        /// No provider has taken it yet.
        Pending = "pending" => "review-pending",
        /// A provider reads the document.
        InReview = "in_review" => "review-in-review",
        /// The member can read the assessment.
        Completed = "completed" => "review-completed",
        /// The member or an administrator has cancelled it.
        Cancelled = "cancelled" => "review-cancelled",
    }
}

web::words! {
    /// How a document is reviewed.
    ReviewMode {
        /// The provider writes to the member.
        Written = "written" => "review-mode-written",
        /// The provider also talks to the member, in a session that the member has booked.
        Call = "call" => "review-mode-call",
    }
}

/// What a reviewer says about a document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[schema(as = ReviewAssessment)]
pub struct Assessment {
    /// The score of the whole document, from 0 to 100.
    pub score_overall: i64,
    /// The score of the document's content, from 0 to 100.
    pub score_content: i64,
    /// The score of the document's structure, from 0 to 100.
    pub score_structure: i64,
    /// The score of the document's language, from 0 to 100.
    pub score_language: i64,
    /// What is good, up to 4,000 characters.
    pub strengths: String,
    /// What can be better, up to 4,000 characters.
    pub improvements: String,
    /// What to do next, up to 4,000 characters.
    pub recommendations: String,
}

/// The fields that the reviewer writes.
pub const FIELDS: &[Field] = web::fields! { Assessment:
    score_overall: number(0, 100).label("review-score-overall").required(),
    score_content: number(0, 100).label("review-score-content").required(),
    score_structure: number(0, 100).label("review-score-structure").required(),
    score_language: number(0, 100).label("review-score-language").required(),
    strengths: lines(4_000).label("review-strengths"),
    improvements: lines(4_000).label("review-improvements"),
    recommendations: lines(4_000).label("review-recommendations"),
};

/// The review of a document.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Review {
    pub id: ReviewId,
    /// The member who submitted the document; `None` after the member's account was erased.
    pub member_id: Option<AccountId>,
    pub state: ReviewState,
    /// The document's name in the file store; empty once the document is deleted.
    pub file: String,
    /// The document's name on the member's device.
    pub file_name: String,
    pub file_type: DocumentType,
    /// The size of the document in bytes.
    pub bytes: i64,
    /// The SHA-256 of the document, in hexadecimal digits.
    pub sha256: String,
    /// What the document is for.
    pub goal: String,
    /// What the reviewer should look at.
    pub focus: String,
    pub note: String,
    /// The lot of the credit that paid for the review.
    pub credit_lot_id: LotId,
    /// The provider who has taken the review. For a review in a call, this is the provider of the
    /// session, who is known from the beginning.
    pub reviewer_id: Option<ProviderId>,
    /// The booking of the session in which the document is reviewed; `None` for a written review.
    pub booking_id: Option<BookingId>,
    /// Empty until the review is completed.
    #[row(flatten)]
    pub assessment: Assessment,
    #[row(flatten)]
    pub reference: Reference,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
}

impl Review {
    pub(crate) fn page(&self) -> String {
        format!("{OWN}/{}", self.id)
    }

    /// Whether the member waits for the reviewer.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, ReviewState::Pending | ReviewState::InReview)
    }

    pub fn mode(&self) -> ReviewMode {
        match self.booking_id {
            Some(_) => ReviewMode::Call,
            None => ReviewMode::Written,
        }
    }
}

/// A document that is already in the file store, and what its member writes about it.
#[derive(Clone, Debug)]
pub struct NewReview {
    pub document: Document,
    pub goal: String,
    pub focus: String,
    pub note: String,
    /// The id of the booking in whose session the document is reviewed; empty for a written review.
    pub booking: String,
}

impl NewReview {
    /// Returns a text by which a repeated submission is recognized.
    pub fn said(&self) -> String {
        let said = [
            &self.goal,
            &self.focus,
            &self.note,
            &self.document.sha256,
            &self.document.file_name,
            &self.booking,
        ];
        said.map(String::as_str).join("\n")
    }
}

/// The proof that a person may see the review whose id is the path parameter `id`. For a change,
/// the review is locked.
#[derive(Clone, Debug)]
pub struct PartyToReview {
    requester: Requester,
    pub party: Party,
    /// True for the provider who has taken the review, or for whom it is reserved.
    pub is_reviewer: bool,
    pub review: Review,
}

impl PartyToReview {
    fn of(tx: &mut Tx<'_>, requester: &Requester, review: Review) -> Result<Self, Refusal> {
        let (who, account) = (&requester.who, &requester.who.account().id);
        let is_provider = grant::may_in_site(tx, who, PROVIDER)?;
        let (own,): (i64,) = sql!(
            "SELECT COUNT(*) FROM provider WHERE account_id = :account AND id = :reviewer",
            account,
            reviewer = review.reviewer_id
        )
        .one(tx)?;
        let is_reviewer = is_provider && own > 0;
        let party = if review.member_id.as_ref() == Some(account) {
            Party::Member
        } else if who.is_in_browser() && is_administrator(tx, who)? {
            Party::Administrator
        } else if is_reviewer
            || is_provider && review.state == ReviewState::Pending && review.reviewer_id.is_none()
        {
            Party::Provider
        } else {
            return Err(Refusal::NotFound);
        };
        Ok(Self {
            requester: requester.clone(),
            party,
            is_reviewer,
            review,
        })
    }

    /// Whether the person may read the document and the member's note. A provider may read them
    /// only after taking the review.
    pub fn may_read(&self) -> bool {
        self.party != Party::Provider
            || self.is_reviewer && self.review.state != ReviewState::Pending
    }

    /// Whether the person may take the review, if they are a provider.
    pub(crate) fn may_start(&self) -> bool {
        self.party != Party::Member
            && self.review.state == ReviewState::Pending
            && (self.is_reviewer || self.review.reviewer_id.is_none())
    }

    pub fn may_cancel(&self) -> bool {
        match self.review.state {
            ReviewState::Pending => self.party != Party::Provider,
            ReviewState::InReview => self.party == Party::Administrator,
            ReviewState::Completed | ReviewState::Cancelled => false,
        }
    }
}

impl Proof for PartyToReview {
    type Refusal = Refusal;

    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        let review = find(tx, &requester.id("id")?)?.ok_or(Refusal::NotFound)?;
        Self::of(tx, requester, review)
    }

    fn enter_to_change(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        let review = lock(tx, &requester.id("id")?)?.ok_or(Refusal::NotFound)?;
        Self::of(tx, requester, review)
    }
}

/// The proof that a person may offer sessions, and the id of the review that they want to take.
/// That id is the path parameter `id`.
#[derive(Clone, Debug)]
pub struct Taker {
    requester: Requester,
    provider: Provider,
    review: ReviewId,
}

impl Proof for Taker {
    type Refusal = Refusal;

    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        Ok(Self {
            requester: requester.clone(),
            provider: Provider::enter(tx, requester)?,
            review: requester.id("id")?,
        })
    }

    fn enter_to_change(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        Ok(Self {
            requester: requester.clone(),
            provider: Provider::enter_to_change(tx, requester)?,
            review: requester.id("id")?,
        })
    }
}

fn find(tx: &mut Tx<'_>, id: &ReviewId) -> Result<Option<Review>, StoreError> {
    sql!("SELECT {Review} FROM review WHERE id = :id", id).maybe(tx)
}

fn lock(tx: &mut Tx<'_>, id: &ReviewId) -> Result<Option<Review>, StoreError> {
    sql!(
        "SELECT {Review} FROM review WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)
}

fn record(
    tx: &mut Tx<'_>,
    requester: &Requester,
    review: &ReviewId,
    old: Option<ReviewState>,
    new: ReviewState,
) -> Result<(), StoreError> {
    tx.record(Entry {
        actor: requester.who.actor(),
        action: "booking.review",
        entity: Entity::new("review", review.to_string()),
        scope: None,
        changes: json!([{"field": "state", "old": old, "new": new}]),
        request: Some(requester.request.clone()),
    })
}

/// The proof that a person has confirmed their address and may submit documents.
#[derive(Clone, Debug)]
pub struct Submitter {
    requester: Requester,
    member: Confirmed,
}

impl Proof for Submitter {
    type Refusal = Refusal;

    fn enter(tx: &mut Tx<'_>, requester: &Requester) -> Result<Self, Refusal> {
        Ok(Self {
            requester: requester.clone(),
            member: Confirmed::enter(tx, requester)?,
        })
    }
}

/// Submits a document for review. It costs a credit. A review in a call needs a plan that allows
/// calls, and a suitable booking.
pub fn create(
    tx: &mut Tx<'_>,
    site: &Site,
    by: &Submitter,
    new: &NewReview,
) -> Result<Review, Refusal> {
    let account = &by.member.who().account().id;
    // All code locks bookings before members.
    let booking = call::lock(tx, &new.booking)?;
    member::lock(tx, account)?;
    let rules = settings::load(tx)?;
    let mut findings = Findings::default();
    let goal = findings.line("/goal", &new.goal, 1, GOAL);
    let focus = findings.text("/focus", &new.focus, FOCUS);
    let note = findings.text("/note", &new.note, NOTE);
    let minutes = rules.review_call_minutes;
    let call = booking.filter(|one| call::suits(one, account, minutes, tx.now()));
    let is_call = !new.booking.is_empty();
    let is_free = match &call {
        Some(one) => call::review_of(tx, &one.id)?.is_none(),
        None => !is_call,
    };
    if !is_free {
        let values = [("minutes", minutes.into())];
        findings.add("/booking_id", "review_booking_unsuitable", values);
    }
    findings.finish()?;
    let now = tx.now();
    let (today,): (i64,) = sql!(
        "SELECT COUNT(*) FROM review WHERE member_id = :account AND created_at > :since",
        account,
        since = now - SignedDuration::from_hours(24)
    )
    .one(tx)?;
    if today >= rules.review_day_limit {
        return Err(TOO_MANY_REVIEWS.into());
    }
    let id: ReviewId = tx.id();
    let mode = gateway::mode(site);
    membership::check(tx, account, DOCUMENT_REVIEW, mode)?;
    let by_credit = is_call && !membership::allows_calls(tx, account, mode)?;
    let Some(lot) = credit::take_for_review(tx, account, mode, id.as_str(), by_credit)? else {
        if by_credit && credit::reviews_left(tx, account, mode)? > 0 {
            return Err(REVIEW_CALL_NOT_ALLOWED.into());
        }
        return Err(credit::no_review_left(tx, account, mode)?.into());
    };
    let document = new.document.clone();
    let review = Review {
        id,
        member_id: Some(account.clone()),
        state: ReviewState::Pending,
        file: document.file,
        file_name: document.file_name,
        file_type: document.file_type,
        bytes: document.bytes,
        sha256: document.sha256,
        goal,
        focus,
        note,
        credit_lot_id: lot,
        reviewer_id: call.as_ref().map(|one| one.provider_id.clone()),
        booking_id: call.map(|one| one.id),
        assessment: Assessment::default(),
        reference: Reference::default(),
        created_at: now,
        started_at: None,
        completed_at: None,
    };
    sql!(
        "INSERT INTO review ({Review}) VALUES ({:Review})",
        Review = review
    )
    .run(tx, Rows::Exactly(1))?;
    record(tx, &by.requester, &review.id, None, review.state)?;
    ask(tx, site, &review)?;
    Ok(review)
}

/// For a review in a call, only the provider of the session.
fn ask(tx: &mut Tx<'_>, site: &Site, review: &Review) -> Result<(), StoreError> {
    if let Some(reviewer) = &review.reviewer_id {
        let messages = MailMessages {
            subject: "review-notice-submitted",
            text: "review-said-call",
        };
        return match provider::account_of(tx, reviewer)? {
            Some(reviewer) => tell(tx, site, &reviewer, messages, review),
            None => Ok(()),
        };
    }
    for reviewer in reviewers(tx)? {
        if Some(&reviewer) != review.member_id.as_ref() {
            let messages = MailMessages {
                subject: "review-notice-submitted",
                text: "review-said-submitted",
            };
            tell(tx, site, &reviewer, messages, review)?;
        }
    }
    Ok(())
}

fn reviewers(tx: &mut Tx<'_>) -> Result<Vec<AccountId>, StoreError> {
    let mut all = grant::list_who_may_in_site(tx, PROVIDER)?;
    let active: Vec<(AccountId,)> = tx.all(
        sql!("SELECT account_id FROM provider WHERE is_paused = 0 AND account_id IS NOT NULL"),
        &[],
    )?;
    all.retain(|one| active.iter().any(|(known,)| known == one));
    Ok(all)
}

fn tell(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &AccountId,
    messages: MailMessages,
    review: &Review,
) -> Result<(), StoreError> {
    notice::tell_of_time(
        tx,
        site,
        Some(account),
        Stream::Transactional,
        &review.goal,
        notice::TimedNotice {
            messages,
            at: review.created_at,
            place: None,
            href: &review.page(),
        },
    )
}

/// Takes a review as its reviewer. If several providers try, the first one gets it; a review in a
/// call can only be taken by the provider of the session. If the provider has already taken it,
/// nothing changes.
pub fn start(tx: &mut Tx<'_>, by: &Taker) -> Result<Review, Refusal> {
    let old = lock(tx, &by.review)?.ok_or(Refusal::NotFound)?;
    if old.member_id.as_ref() == Some(&by.requester.who.account().id) {
        return Err(Refusal::Forbidden);
    }
    let is_own = old.reviewer_id.as_ref() == Some(&by.provider.profile.id);
    if is_own && old.state == ReviewState::InReview {
        return Ok(old);
    }
    let is_others = old.reviewer_id.is_some() && !is_own;
    if old.state != ReviewState::Pending || is_others {
        return Err(REVIEW_SETTLED.into());
    }
    let new = Review {
        state: ReviewState::InReview,
        reviewer_id: Some(by.provider.profile.id.clone()),
        started_at: Some(tx.now()),
        ..old
    };
    sql!(
        "UPDATE review SET {Review = :Review} WHERE id = :id AND state = 'pending'",
        Review = new,
        id = new.id
    )
    .run(tx, Rows::Exactly(1))?;
    let old = Some(ReviewState::Pending);
    record(tx, &by.requester, &new.id, old, new.state)?;
    Ok(new)
}

/// Completes a review with the reviewer's assessment and perhaps a file, and tells the member.
pub fn complete(
    tx: &mut Tx<'_>,
    site: &Site,
    party: &PartyToReview,
    input: &Input,
    file: Option<&Document>,
) -> Result<Review, Refusal> {
    if !party.is_reviewer {
        return Err(Refusal::Forbidden);
    }
    let old = &party.review;
    if old.state != ReviewState::InReview {
        return Err(REVIEW_SETTLED.into());
    }
    let mut findings = Findings::default();
    let blank = Assessment::default();
    let assessment = input.apply(FIELDS, &blank, true, &TimeZone::UTC, &mut findings);
    findings.finish()?;
    let new = Review {
        state: ReviewState::Completed,
        completed_at: Some(tx.now()),
        assessment,
        reference: file.map(Reference::from).unwrap_or_default(),
        ..old.clone()
    };
    sql!(
        "UPDATE review SET {Review = :Review} WHERE id = :id AND state = 'in_review'",
        Review = new,
        id = old.id
    )
    .run(tx, Rows::Exactly(1))?;
    record(tx, &party.requester, &old.id, Some(old.state), new.state)?;
    if let Some(member) = &old.member_id {
        let messages = MailMessages {
            subject: "review-notice-done",
            text: "review-said-done",
        };
        tell(tx, site, member, messages, &new)?;
    }
    Ok(new)
}

/// Cancels a review. The member can do this until a provider has taken it, and an administrator
/// until it is completed. The credit is returned only if no provider had taken the review. A review
/// that is already cancelled does not change.
pub fn cancel(tx: &mut Tx<'_>, party: &PartyToReview) -> Result<Review, Refusal> {
    let old = &party.review;
    if party.party == Party::Provider {
        return Err(Refusal::Forbidden);
    }
    if old.state == ReviewState::Cancelled {
        return Ok(old.clone());
    }
    if !party.may_cancel() {
        return Err(REVIEW_SETTLED.into());
    }
    let new = end(tx, old, party.party == Party::Administrator)?;
    record(tx, &party.requester, &old.id, Some(old.state), new.state)?;
    Ok(new)
}

/// If `is_replaced` is true, a credit whose lot has expired is replaced.
fn end(tx: &mut Tx<'_>, old: &Review, is_replaced: bool) -> Result<Review, StoreError> {
    sql!(
        "UPDATE review SET state = 'cancelled', file = '' WHERE id = :id AND state = :state",
        id = old.id,
        state = old.state
    )
    .run(tx, Rows::Exactly(1))?;
    files::FOLDER.remove(tx, &old.file)?;
    if old.state == ReviewState::Pending {
        credit::give_back(tx, &old.credit_lot_id, old.id.as_str(), is_replaced)?;
    }
    Ok(Review {
        state: ReviewState::Cancelled,
        file: String::new(),
        ..old.clone()
    })
}
