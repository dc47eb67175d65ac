//! The reasons for refusing a request about occasions, each with its HTTP status and error code.

use axum::http::StatusCode;
use identity::session::signed_in::ScopeMissing;
use identity::session::sudo::SudoRequired;
use identity::session::token::TokenScope;
use jiff::{SignedDuration, Timestamp};
use platform::StoreError;
use platform::idempotency::Reused;
use serde_json::Value;
use web::sheet::read::Unreadable;
use web::{Argument, FieldProblem, Problem};

use crate::household::{GUEST_LIMIT, Places};
use crate::invitation_snapshot::{Closed, InvitationSnapshot};
use crate::occasion::Occasion;

/// Why a request was refused. A refused request saves nothing.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The object does not exist, or is hidden from the caller.
    #[error("not found, or hidden from the caller")]
    NotFound,
    /// The version in the request is outdated.
    #[error("the version is stale")]
    VersionConflict(Current),
    /// The request contains no version, but must contain the version that the client has read.
    #[error("the version is missing")]
    VersionRequired,
    /// The idempotency key was used for another request before.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Some fields of the request are invalid.
    #[error("{} fields are invalid", .0.len())]
    Fields(Vec<FieldProblem>),
    /// There were too many attempts. The value is the number of seconds until the next attempt is
    /// allowed.
    #[error("too many tries")]
    RateLimited(u32),
    #[error("the limit of {0} is reached")]
    LimitReached(i64),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A reason that is shared with other parts of Kenduri.
    #[error(transparent)]
    Shared(site::refusal::Refusal),

    /// The code is unknown, the occasion is a draft, or the invitation is archived.
    #[error("no invitation has this code")]
    InvitationNotFound,
    #[error("the occasion has ended")]
    Expired,
    /// The deadline has passed. The value contains the deadline and the hosts' contact, for the
    /// response.
    #[error("the deadline has passed")]
    DeadlinePassed(Box<InvitationSnapshot>),
    /// A host has locked the household's answers.
    #[error("the invitation is locked")]
    Locked(Box<InvitationSnapshot>),
    /// The occasion is closed, so guests can only read.
    #[error("the occasion is closed")]
    OccasionClosed(Box<InvitationSnapshot>),
    /// The hosts have switched this feature off.
    #[error("this part is switched off")]
    FeatureDisabled,
    /// Some fields of an answer are invalid.
    #[error("{} fields of the answer are invalid", .0.len())]
    Answers(Vec<FieldProblem>),
    /// No guest on this invitation has the id.
    #[error("no such guest on this invitation")]
    GuestNotFound,
    /// The household tried to remove a guest whom the hosts had named.
    #[error("a named guest cannot be removed")]
    NamedGuest,
    /// The household may not bring so many guests.
    #[error("no place is left for another guest")]
    PlusOneLimit(Places),
    /// The household may not bring so many children.
    #[error("no place is left for another child")]
    ChildrenLimit(Places),
    /// An invitation cannot contain so many guests.
    #[error("an invitation holds {GUEST_LIMIT} guests")]
    GuestLimit,
    /// The event has fewer free seats than the household needs.
    #[error("{event} has {left} seats left")]
    EventFull {
        event: String,
        /// The number of the event's free seats.
        left: i64,
    },

    /// Other households have reserved all pieces of the gift, or the gift is no longer offered.
    #[error("the gift is taken")]
    GiftTaken,
    /// The household wants too many pieces of the gift. The value is the maximum number of pieces
    /// for the household.
    #[error("only {0} pieces of the gift are left")]
    GiftQuantity(i64),
    /// Only a household with a guest who comes may reserve gifts.
    #[error("nobody of the household comes")]
    GiftNeedsAttendance,
    /// The hosts have already received the gift.
    #[error("the gift was given already")]
    GiftAlreadyGiven,

    /// The type of the file is not supported.
    #[error("the file is of another type")]
    UploadType,
    /// The invitation already has the maximum number of uploads.
    #[error("an invitation holds {0} uploads")]
    UploadLimit(usize),
    /// The upload would exceed the occasion's quota for uploads.
    #[error("the quota of the occasion's uploads is used up")]
    UploadQuota,

    /// A host's file is no picture that can be read.
    #[error("the file is no picture")]
    PictureType,
    /// A host's file is a picture in the format of iPhones.
    #[error("the file is a HEIC picture")]
    PictureHeic,

    /// This occasion accepts no answers without a code.
    #[error("this occasion asks for a code")]
    CodeRequired,
    /// The answer without a code is for too many people. The value is the maximum number.
    #[error("an answer without a code brings at most {0}")]
    PartySize(i64),
    /// Too many answers without a code wait for approval.
    #[error("too many answers wait for approval")]
    TooManyWaiting,
    /// The event has too few free seats for this answer without a code.
    #[error("{event} has {left} seats left for answers without a code")]
    NoSeats {
        /// The event's key.
        event: String,
        /// How many seats answers without a code may still take.
        left: i64,
    },

    /// The host's role does not allow the action.
    #[error("this role may not do that")]
    Forbidden,
    #[error("the token has no scope {0}")]
    ScopeRequired(TokenScope),
    /// The action is not allowed with a token.
    #[error("a token may not do that")]
    TokenNotPermitted,
    /// The action requires that the caller has confirmed their identity within the last 10 minutes.
    #[error(transparent)]
    SudoRequired(#[from] SudoRequired),
    /// Another occasion has this slug.
    #[error("another occasion has this slug")]
    SlugTaken,
    /// Another invitation has this code, or had it in the last 24 months.
    #[error("another invitation has this code")]
    CodeTaken,
    /// The household names nobody, so its allowance is the number of those who are invited.
    #[error("the household names nobody, so its allowance is its number")]
    NamesNobody,
    /// The code that the host chose is an ordinary word or a name.
    #[error("the code is easy to guess")]
    CodeGuessable,
    /// The host tried too many codes. The value is the number of seconds until the next attempt is
    /// allowed.
    #[error("too many codes were guessed")]
    Guessing(u32),
    /// An occasion must keep at least one event.
    #[error("the last event cannot be deleted")]
    LastEvent,
    /// An occasion must keep at least one owner.
    #[error("the last owner cannot leave")]
    LastOwner,
    /// Too many exports are waiting already.
    #[error("{0} exports are waiting already")]
    ExportsWaiting(i64),
    /// The paging cursor belongs to another list.
    #[error("the cursor is invalid")]
    CursorInvalid,
    /// The question has answers, and the change would alter what they mean.
    #[error("the question has answers")]
    QuestionInUse,
    /// The uploaded file contains no list that Kenduri can read.
    #[error(transparent)]
    File(#[from] Unreadable),
    /// Campaigns cannot be sent while the occasion is a draft or archived.
    #[error("the occasion is not published")]
    NotPublished,
    /// The site's administrators have not allowed this occasion to send mail.
    #[error("the site has not let this occasion send mail")]
    MailNotAllowed,
    /// The DNS records of the sender domain were not found.
    #[error("the domain of the site's mail lacks its DNS records")]
    SenderUnverified,
    /// Something makes it impossible to send, or hosts were not asked about it. The value is its
    /// keyword.
    #[error("{0} stands in the way of sending")]
    SendingOff(&'static str),
    /// No household would get the message.
    #[error("nobody would get the message")]
    NobodyToReach,
    /// The action is not allowed in the object's current state.
    #[error("the present state does not allow it")]
    WrongState,
}

/// The stored record, for the response to a request with an outdated version.
#[derive(Debug)]
pub enum Current {
    Occasion(Box<Occasion>),
    /// An item of a list. Callers who may not see the whole item get only the receipt.
    Resource {
        whole: Value,
        /// The item's id or key, and its version.
        receipt: Value,
    },
    Invitation(Box<InvitationSnapshot>),
}

impl Refusal {
    /// Converts the refusal to an error response. The caller may add stored data to the response,
    /// because only the caller knows what the client may see.
    pub(crate) fn problem(self) -> Problem {
        use StatusCode as S;
        let new = Problem::new;
        match self {
            Self::NotFound => Problem::not_found(),
            Self::VersionConflict(_) => new(S::CONFLICT, "version_conflict"),
            Self::VersionRequired => new(S::PRECONDITION_REQUIRED, "version_required"),
            Self::KeyReused => new(S::UNPROCESSABLE_ENTITY, "idempotency_key_reused"),
            Self::Fields(fields) => of_fields(None, fields),
            Self::RateLimited(seconds) => wait("rate_limited", seconds),
            Self::LimitReached(limit) => new(S::CONFLICT, "limit_reached").with("limit", limit),
            Self::Store(error) => error.into(),
            Self::Shared(refusal) => refusal.into(),

            Self::InvitationNotFound => new(S::NOT_FOUND, "invitation_not_found"),
            Self::Expired => new(S::GONE, "invitation_expired"),
            Self::DeadlinePassed(snapshot) => {
                let problem = new(S::LOCKED, "rsvp_deadline_passed");
                match snapshot.closes_at() {
                    Some(at) => problem.with("day", last_day(at, &snapshot.occasion)),
                    None => problem,
                }
            }
            Self::Locked(_) => new(S::LOCKED, "invitation_locked"),
            Self::OccasionClosed(_) => new(S::LOCKED, "occasion_closed"),
            Self::FeatureDisabled => new(S::NOT_FOUND, "feature_disabled"),
            Self::Answers(fields) => of_fields(common_code(&fields), fields),
            Self::GuestNotFound => new(S::NOT_FOUND, "guest_not_found"),
            Self::NamedGuest => new(S::FORBIDDEN, "named_guest"),
            Self::PlusOneLimit(places) => no_place("plus_one_limit", places),
            Self::ChildrenLimit(places) => no_place("children_limit", places),
            Self::GuestLimit => new(S::CONFLICT, "guest_limit").with("limit", GUEST_LIMIT),
            Self::EventFull { event, left } => new(S::CONFLICT, "event_full")
                .with("event", event)
                .with("left", left),

            Self::GiftTaken => new(S::CONFLICT, "gift_taken").with("available", 0),
            Self::GiftQuantity(left) => new(S::CONFLICT, "gift_quantity").with("left", left),
            Self::GiftNeedsAttendance => new(S::CONFLICT, "gift_needs_attendance"),
            Self::GiftAlreadyGiven => new(S::CONFLICT, "gift_already_given"),

            Self::UploadType => new(S::UNSUPPORTED_MEDIA_TYPE, "upload_type"),
            Self::UploadLimit(limit) => new(S::CONFLICT, "upload_limit").with("limit", limit),
            Self::UploadQuota => new(S::INSUFFICIENT_STORAGE, "upload_quota"),
            Self::PictureType => new(S::UNSUPPORTED_MEDIA_TYPE, "picture_type"),
            Self::PictureHeic => new(S::UNSUPPORTED_MEDIA_TYPE, "picture_heic"),

            Self::CodeRequired => new(S::UNPROCESSABLE_ENTITY, "code_required"),
            Self::PartySize(limit) => {
                new(S::UNPROCESSABLE_ENTITY, "party_size").with("limit", limit)
            }
            Self::TooManyWaiting | Self::NoSeats { .. } => new(S::CONFLICT, "open_full"),

            Self::Forbidden => new(S::FORBIDDEN, "forbidden"),
            Self::ScopeRequired(scope) => ScopeMissing(scope).into(),
            Self::TokenNotPermitted => new(S::FORBIDDEN, "token_not_permitted"),
            Self::SudoRequired(error) => error.into(),
            Self::SlugTaken => new(S::CONFLICT, "slug_taken"),
            Self::CodeTaken => new(S::CONFLICT, "code_taken"),
            Self::NamesNobody => new(S::CONFLICT, "names_nobody"),
            Self::CodeGuessable => new(S::UNPROCESSABLE_ENTITY, "code_guessable"),
            Self::Guessing(seconds) => wait("too_many_attempts", seconds),
            Self::LastEvent => new(S::CONFLICT, "last_event"),
            Self::LastOwner => new(S::CONFLICT, "last_owner"),
            Self::ExportsWaiting(limit) => new(S::CONFLICT, "exports_waiting").with("limit", limit),
            Self::CursorInvalid => new(S::BAD_REQUEST, "cursor_invalid"),
            Self::QuestionInUse => new(S::CONFLICT, "question_in_use"),
            Self::File(why) => of_file(why),
            Self::NotPublished => new(S::CONFLICT, "occasion_not_published"),
            Self::MailNotAllowed => new(S::CONFLICT, "mail_not_allowed"),
            Self::SenderUnverified => new(S::CONFLICT, "sender_unverified"),
            Self::SendingOff(kind) => new(S::CONFLICT, "sending_off").with("obstacle", kind),
            Self::NobodyToReach => new(S::CONFLICT, "nobody_to_reach"),
            Self::WrongState => new(S::CONFLICT, "wrong_state"),
        }
    }
}

fn of_file(why: Unreadable) -> Problem {
    let refused = |code| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code);
    match why {
        Unreadable::TooLarge => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large"),
        Unreadable::TooManyRows => refused("file_too_many_rows"),
        Unreadable::TooManyColumns => refused("file_too_many_columns"),
        Unreadable::NotText => refused("file_not_text"),
        Unreadable::UnclosedQuote(line) => refused("file_unclosed_quote").with("line", line),
        Unreadable::BadWorkbook => refused("file_bad_workbook"),
        Unreadable::Empty => refused("file_empty"),
    }
}

fn of_fields(code: Option<&'static str>, fields: Vec<FieldProblem>) -> Problem {
    let mut problem = match code {
        Some(code) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code),
        None => Problem::fields(),
    };
    problem.errors = fields;
    problem
}

/// The code that all field errors share, if the whole response can also have it.
fn common_code(fields: &[FieldProblem]) -> Option<&'static str> {
    ["event_not_invited", "dietary_note_required"]
        .into_iter()
        .find(|code| fields.iter().all(|field| field.code == *code))
}

fn wait(code: &'static str, seconds: u32) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, code)
        .with("minutes", seconds.div_ceil(60))
        .retry_after(seconds)
}

fn no_place(code: &'static str, places: Places) -> Problem {
    Problem::new(StatusCode::CONFLICT, code)
        .with("allowed", places.allowed)
        .with("used", places.used)
}

fn last_day(closed_at: Timestamp, occasion: &Occasion) -> Argument {
    let last = closed_at - SignedDuration::from_millis(1);
    Argument::Day(last.to_zoned(occasion.zone()))
}

impl From<site::refusal::Refusal> for Refusal {
    fn from(refusal: site::refusal::Refusal) -> Self {
        use site::refusal::Refusal as Of;
        match refusal {
            Of::NotFound => Self::NotFound,
            Of::VersionConflict(stored) => Self::VersionConflict(Current::Resource {
                whole: stored.whole,
                receipt: stored.receipt,
            }),
            Of::KeyReused => Self::KeyReused,
            Of::Fields(found) => Self::Fields(found),
            Of::LimitReached(limit) => Self::LimitReached(limit),
            Of::Forbidden => Self::Forbidden,
            Of::Store(error) => Self::Store(error),
            other => Self::Shared(other),
        }
    }
}

impl From<Reused> for Refusal {
    fn from(_: Reused) -> Self {
        Self::KeyReused
    }
}

impl From<Vec<FieldProblem>> for Refusal {
    fn from(findings: Vec<FieldProblem>) -> Self {
        Self::Fields(findings)
    }
}

impl From<Closed> for Refusal {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::NotFound => Self::InvitationNotFound,
            Closed::Expired => Self::Expired,
            Closed::Store(error) => Self::Store(error),
        }
    }
}
