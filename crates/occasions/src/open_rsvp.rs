//! Answers without a code. A visitor to the public page enters a name, and says whether and with
//! how many people they come. Each accepted answer creates an invitation, whose code can be used
//! for later changes.

use jiff::{SignedDuration, Timestamp};
use platform::idempotency::{self, Stored};
use platform::mail::Address;
use platform::news::NewNews;
use platform::{Rows, StoreError, Tx, sql, text_cleaning};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use web::{Argument, FieldProblem, FirstItems};

use crate::answer::Answers;
use crate::code::CodeKey;
use crate::event;
use crate::guest::{Guest, Reply};
use crate::household;
use crate::household_change::HouseholdChange;
use crate::household_plan::{self, HouseholdPlan};
use crate::id::{InvitationId, OccasionId};
use crate::invitation::{self, Details, Invitation};
use crate::invitation_snapshot::{self, InvitationSnapshot};
use crate::occasion::{self, Occasion};
use crate::phone;
use crate::refusal::Refusal;
use crate::rsvp::{self, Recognised, Save};
use crate::single_answer::{Answer, IncomingAnswer, Outcome};
use crate::size_limits;
use crate::snapshot::{self, OccasionSnapshot};
use crate::words::{ActedBy, GuestKind, OccasionStatus, ReplyStatus};

/// The maximum number of people that hosts can allow in one answer.
pub const PARTY_LIMIT: i64 = 20;
/// How many answers of an occasion can wait for approval at the same time. The limit keeps answers
/// without a code from using up the occasion's limit of invitations.
pub const WAITING_LIMIT: i64 = 500;
/// The maximum number of answers from one network per hour.
pub const TRIES: i64 = 5;
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// The maximum length of a name, in characters.
pub const NAME_LIMIT: usize = 100;
/// The maximum length of a telephone number, in characters.
pub const PHONE_LIMIT: usize = 32;
/// The maximum length of an email address, in characters.
pub const EMAIL_LIMIT: usize = 254;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Respondent {
    /// The name of the person who answers, as typed, 1–100 characters.
    pub name: String,
    /// The email address as typed; may be empty.
    pub email: String,
    /// The telephone number as typed, up to 32 characters; may be empty.
    pub phone: String,
    /// The language in which the person read the form.
    pub language: Option<String>,
    /// The client's network. The hourly limit applies to each network.
    pub network: String,
}

impl Respondent {
    fn cleaned(&self) -> Self {
        Self {
            name: text_cleaning::clean_line(&self.name),
            email: text_cleaning::clean_line(&self.email),
            phone: text_cleaning::clean_line(&self.phone),
            ..self.clone()
        }
    }
}

/// Saves an answer without a code: creates an invitation with its guests and answers.
pub fn answer(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    respondent: &Respondent,
    incoming: &IncomingAnswer,
) -> Result<Outcome, Refusal> {
    occasion::hold(tx, occasion)?.ok_or(Refusal::NotFound)?;
    let occasion_snapshot = snapshot::load(tx, occasion)?;
    check_occasion(&occasion_snapshot)?;
    if incoming.answer.says_something() && !occasion_snapshot.occasion.switches.notes {
        return Err(Refusal::FeatureDisabled);
    }
    let respondent = respondent.cleaned();
    let likeness = Likeness::of(&respondent);
    // Only requests with the same name and contact are compared.
    let owner = format!("open/{occasion}/{}", likeness.first);
    let key = match rsvp::recognise(tx, incoming.repeat.as_ref(), &owner)? {
        Recognised::Answered(stored) => return Ok(Outcome::from_json(&stored.body)?),
        Recognised::New(key) => key,
    };
    check_access(tx, &occasion_snapshot, &respondent)?;
    check_fields(&occasion_snapshot.occasion, &respondent, incoming)?;
    let party = party(&occasion_snapshot.occasion, incoming)?;
    count_try(tx, &respondent.network)?;
    size_limits::check_invitation(tx, occasion, party)?;
    check_waiting(tx, occasion)?;
    event::lock_limited(tx, occasion)?;
    let id = invitation::insert_with_new_code(
        tx,
        occasion,
        &details(&occasion_snapshot.occasion, &respondent),
    )?;
    for event in event::for_all(&occasion_snapshot.events, &occasion_snapshot.cancelled) {
        household::invite(tx, &id, &event.id)?;
    }
    sql!("UPDATE invitation SET unapproved = 1 WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
    let made = invitation::find(tx, &id)?.ok_or(Refusal::NotFound)?;
    let snapshot = invitation_snapshot::load(tx, occasion_snapshot, made)?;
    let outcome = add_guests(tx, snapshot, &respondent, party, incoming)?;
    mark(tx, occasion, &id, &likeness)?;
    mark_same_number(tx, occasion, &id)?;
    if let Some(key) = key {
        let stored = Stored {
            status: 201,
            body: outcome.to_json(),
        };
        idempotency::keep(tx, &key, &stored)?;
    }
    Ok(outcome)
}

/// Nobody is asked before the occasion has an event.
fn check_occasion(snapshot: &OccasionSnapshot) -> Result<(), Refusal> {
    let occasion = &snapshot.occasion;
    match occasion.status {
        OccasionStatus::Draft => return Err(Refusal::NotFound),
        OccasionStatus::Archived => return Err(Refusal::Expired),
        OccasionStatus::Published | OccasionStatus::Closed => {}
    }
    if occasion.switches.open_rsvp && !snapshot.events.is_empty() {
        Ok(())
    } else {
        Err(Refusal::CodeRequired)
    }
}

fn check_access(
    tx: &mut Tx<'_>,
    occasion_snapshot: &OccasionSnapshot,
    respondent: &Respondent,
) -> Result<(), Refusal> {
    let blank = Invitation {
        id: tx.id(),
        occasion: occasion_snapshot.occasion.id.clone(),
        details: details(&occasion_snapshot.occasion, respondent),
        note_version: 1,
        access_epoch: 1,
        version: 1,
        is_unapproved: true,
        ..Invitation::default()
    };
    let snapshot = invitation_snapshot::load(tx, occasion_snapshot.clone(), blank)?;
    rsvp::check_access(&snapshot, &HouseholdChange::default())
}

fn check_fields(
    occasion: &Occasion,
    clean: &Respondent,
    incoming: &IncomingAnswer,
) -> Result<(), Refusal> {
    let mut wrong = incoming.wrong.clone();
    let mut add = |pointer: &str, code, values: &[(&'static str, Argument)]| {
        wrong.push(FieldProblem::new(pointer, code, values));
    };
    if clean.name.is_empty() {
        add("/name", "required", &[]);
    }
    for (pointer, text, most) in [
        ("/name", &clean.name, NAME_LIMIT),
        ("/email", &clean.email, EMAIL_LIMIT),
        ("/phone", &clean.phone, PHONE_LIMIT),
    ] {
        if text_cleaning::length(text) > most {
            add(pointer, "too_long", &[("max", most.into())]);
        }
    }
    if phone::has_lost_digits(&clean.phone) {
        add("/phone", "phone_digits_lost", &[]);
    }
    if !clean.email.is_empty() && clean.email.parse::<Address>().is_err() {
        add("/email", "email_invalid", &[]);
    }
    if incoming
        .answer
        .party
        .is_some_and(|party| !(1..=PARTY_LIMIT).contains(&party))
    {
        let values = [("min", 1.into()), ("max", PARTY_LIMIT.into())];
        add("/guests", "out_of_range", &values);
    }
    if text_cleaning::length(&text_cleaning::clean(&incoming.answer.wish)) > rsvp::NOTE_LIMIT {
        add("/message", "too_long", &[("max", rsvp::NOTE_LIMIT.into())]);
    }
    // "Not sure" is accepted only if the hosts offer it.
    let is_offered = |status| status != ReplyStatus::Undecided || occasion.switches.undecided;
    match &incoming.answer.replies {
        None if !is_offered(incoming.answer.attending) => add("/attending", "not_allowed", &[]),
        None => {}
        Some(replies) => {
            for (event, status) in replies {
                if !is_offered(*status) {
                    add(&format!("/events/{event}"), "not_allowed", &[]);
                }
            }
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Fields(wrong))
    }
}

/// There is one guest if the person who answers declines.
fn party(occasion: &Occasion, incoming: &IncomingAnswer) -> Result<usize, Refusal> {
    let limit = occasion.open_party_limit;
    let party = incoming.answer.party.unwrap_or(1);
    if incoming.answer.attending == ReplyStatus::No {
        return Ok(1);
    }
    if party > limit {
        return Err(Refusal::PartySize(limit));
    }
    Ok(usize::try_from(party).unwrap_or(1).max(1))
}

/// Hashes for recognizing a person who answers twice. Names and contact data are only compared, so
/// hashes are enough.
struct Likeness {
    /// A hash of the name and the email address. If there is no email address, the telephone number
    /// takes its place. If both are missing, it is a hash of the name alone.
    first: String,
    /// A hash of the name and the telephone number, if the answer also contains an email address.
    phone: Option<String>,
}

impl Likeness {
    fn of(respondent: &Respondent) -> Self {
        let by = |contact: &str| {
            let words = format!("{}\n{contact}", text_cleaning::fold(&respondent.name));
            text_cleaning::hexadecimal(&Sha256::digest(words))
        };
        let digits: String = respondent
            .phone
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        if respondent.email.is_empty() {
            return Self {
                first: by(&digits),
                phone: None,
            };
        }
        Self {
            first: by(&text_cleaning::fold(&respondent.email)),
            phone: (!digits.is_empty()).then(|| by(&digits)),
        }
    }
}

/// If a later check refuses the answer, the count is rolled back.
fn count_try(tx: &mut Tx<'_>, network: &str) -> Result<(), Refusal> {
    let now = tx.now();
    let hour_ago = now - HOUR;
    sql!("DELETE FROM open_try WHERE at <= :hour_ago", hour_ago).run(tx, Rows::Any)?;
    let lately: Vec<(Timestamp,)> = sql!(
        "SELECT at FROM open_try WHERE network = :network AND at > :hour_ago
         ORDER BY at DESC LIMIT :limit",
        network,
        hour_ago,
        limit = TRIES
    )
    .all(tx)?;
    if let Some((oldest,)) = lately.get(usize::try_from(TRIES - 1).unwrap_or(0)) {
        let left = (*oldest + HOUR).duration_since(now);
        let seconds = u32::try_from(left.as_secs() + 1).unwrap_or(u32::MAX);
        return Err(Refusal::RateLimited(seconds.max(1)));
    }
    sql!(
        "INSERT INTO open_try (network, at) VALUES (:network, :now)",
        network,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// The caller must hold the occasion's lock.
fn check_waiting(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), Refusal> {
    let (waiting,): (i64,) = sql!(
        "SELECT COUNT(*) FROM invitation
         WHERE occasion = :occasion AND unapproved = 1 AND archived_at IS NULL",
        occasion
    )
    .one(tx)?;
    if waiting < WAITING_LIMIT {
        Ok(())
    } else {
        Err(Refusal::TooManyWaiting)
    }
}

/// A later change may add guests, up to the limit for answers without a code.
fn details(occasion: &Occasion, respondent: &Respondent) -> Details {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let offered = &occasion.languages;
    Details {
        household: respondent.name.clone(),
        email: some(&respondent.email),
        phone: some(&respondent.phone),
        language: respondent
            .language
            .clone()
            .filter(|tag| offered.contains(tag)),
        plus_ones: occasion.open_party_limit - 1,
        ..Details::default()
    }
}

/// Saves the answers like those of an invited household.
fn add_guests(
    tx: &mut Tx<'_>,
    mut snapshot: InvitationSnapshot,
    respondent: &Respondent,
    party: usize,
    incoming: &IncomingAnswer,
) -> Result<Outcome, Refusal> {
    let note = text_cleaning::clean(&incoming.answer.wish);
    let note = (!note.is_empty()).then_some(note);
    let invitation = &snapshot.household.invitation;
    let key = CodeKey::parse(&invitation.code).map_err(|_| Refusal::NotFound)?;
    let code = invitation.code.clone();
    let save = Save {
        key,
        change: HouseholdChange::default(),
        source: incoming.source,
        repeat: None,
        request: incoming.request.clone(),
        needs_version: false,
    };
    let guests: Vec<Guest> = (0..party)
        .map(|at| person(tx, &snapshot, respondent, at, &incoming.answer))
        .collect();
    rsvp::check_seats(&snapshot, &guests).map_err(|refusal| match refusal {
        Refusal::EventFull { event, left } => Refusal::NoSeats { event, left },
        other => other,
    })?;
    let changes = household_plan::differences(&[], &guests, &snapshot.events, &snapshot.questions);
    let plan = HouseholdPlan {
        guests,
        answers: Answers::new(),
        changes,
    };
    tell_of_new(tx, &snapshot)?;
    rsvp::write(tx, &save, &mut snapshot, plan, note)?;
    let outcome = Outcome::of(&snapshot, incoming.answer.attending, true);
    Ok(Outcome {
        code: Some(code),
        ..outcome
    })
}

/// The first guest is the person who answers. The others have no names yet.
fn person(
    tx: &mut Tx<'_>,
    snapshot: &InvitationSnapshot,
    respondent: &Respondent,
    at: usize,
    answer: &Answer,
) -> Guest {
    let reply = |key: &str| {
        let status = match &answer.replies {
            None => Some(answer.attending),
            Some(replies) => replies.get(key).copied(),
        };
        status.map_or(Reply::PENDING, |status| Reply::at(status, snapshot.now))
    };
    Guest {
        id: tx.id(),
        name: if at == 0 {
            respondent.name.clone()
        } else {
            String::new()
        },
        kind: if at == 0 {
            GuestKind::Named
        } else {
            GuestKind::PlusOne
        },
        added_by: ActedBy::Household,
        position: i64::try_from(at).unwrap_or(i64::MAX),
        replies: snapshot
            .invited_events()
            .map(|event| (event.id.clone(), reply(&event.key)))
            .collect(),
        ..Guest::default()
    }
}

/// The news of its answers is published later.
fn tell_of_new(tx: &mut Tx<'_>, snapshot: &InvitationSnapshot) -> Result<(), StoreError> {
    let invitation = &snapshot.household.invitation;
    tx.publish(NewNews {
        scope: snapshot.occasion.id.to_string(),
        name: "invitation",
        payload: json!({
            "id": invitation.id,
            "what": "created",
            "version": invitation.version,
        }),
    })
}

/// A duplicate has the name and contact of an earlier answer, even of one that was merged since.
fn mark(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    id: &InvitationId,
    likeness: &Likeness,
) -> Result<(), StoreError> {
    let now = tx.now();
    sql!(
        "INSERT INTO open_answer
             (invitation, occasion, likeness, phone_likeness, is_duplicate, created_at)
         SELECT :id, :occasion, :name, :phone,
             CASE WHEN EXISTS (SELECT 1 FROM invitation WHERE id IN (
                          SELECT invitation FROM open_answer
                          WHERE occasion = :occasion AND likeness IN (:name, :phone)
                          UNION ALL SELECT invitation FROM open_answer
                          WHERE occasion = :occasion AND phone_likeness IN (:name, :phone))
                      AND (archived_at IS NULL OR merged_into IS NOT NULL))
                  THEN 1 ELSE 0 END,
             :now",
        id,
        occasion,
        name = likeness.first,
        phone = likeness.phone,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Also marks a duplicate whose number was typed in another way, such as without its country code.
fn mark_same_number(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    id: &InvitationId,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE open_answer SET is_duplicate = 1
         WHERE invitation = :id AND is_duplicate = 0
           AND EXISTS (SELECT 1 FROM open_answer other
               JOIN invitation theirs ON theirs.id = other.invitation
               JOIN invitation mine ON mine.id = :id
               WHERE other.occasion = :occasion AND other.invitation <> :id
                 AND theirs.phone_e164 = mine.phone_e164 AND mine.phone_e164 <> ''
                 AND theirs.sort_name = mine.sort_name
                 AND (theirs.archived_at IS NULL OR theirs.merged_into IS NOT NULL))",
        id,
        occasion
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// Data that is stored only about invitations that were created by answers without a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Whether an earlier answer had the same name and contact.
    pub is_duplicate: bool,
    /// When a host approved the answer. A change to the note resets this to `None`.
    pub approved_at: Option<Timestamp>,
}

/// Returns the [`Mark`] of an invitation, or `None` if a host created the invitation.
pub fn find_mark(tx: &mut Tx<'_>, id: &InvitationId) -> Result<Option<Mark>, StoreError> {
    let found: Option<(bool, Option<Timestamp>)> = sql!(
        "SELECT open_answer.is_duplicate,
                CASE WHEN invitation.note_version = open_answer.approved_note_version
                     THEN open_answer.approved_at END
         FROM open_answer JOIN invitation ON invitation.id = open_answer.invitation
         WHERE open_answer.invitation = :id",
        id
    )
    .maybe(tx)?;
    Ok(found.map(|(is_duplicate, approved_at)| Mark {
        is_duplicate,
        approved_at,
    }))
}

/// A wish on the occasion's public page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicWish {
    pub name: String,
    pub text: String,
}

const WISHES_SHOWN: i64 = 100;

/// Returns the newest wishes that hosts have approved, newest first. If a guest changes a wish, a host
/// must approve it again.
pub fn public_wishes(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<FirstItems<PublicWish>, StoreError> {
    let found = FirstItems::read(WISHES_SHOWN, |rows| {
        sql!(
            "SELECT invitation.household, invitation.note FROM open_answer
             JOIN invitation ON invitation.id = open_answer.invitation
             WHERE open_answer.occasion = :occasion AND open_answer.approved_at IS NOT NULL
               AND invitation.note_version = open_answer.approved_note_version
               AND invitation.archived_at IS NULL AND invitation.note <> ''
             ORDER BY open_answer.created_at DESC, invitation.id DESC LIMIT :rows",
            occasion,
            rows
        )
        .all(tx)
    })?;
    Ok(found.map(|(name, text)| PublicWish { name, text }))
}
