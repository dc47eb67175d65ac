//! What a provider writes to everybody who comes to a date of a class.

use identity::notification::{self, NewNotification};
use jiff::SignedDuration;
use platform::mail::Stream;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Findings, Problem, Site};

use crate::booking::{self, Booking, State};
use crate::codes::{CLASS_MESSAGE_SENT, NOBODY_COMES, NOT_A_CLASS, TOO_MANY_CLASS_MESSAGES};
use crate::provider::Provider;
use crate::slot::{self, Slot, SlotId};
use crate::{Refusal, notice};

const PURPOSE: &str = "bookings.class-message";
/// The maximum length of a message, in characters.
const TEXT: usize = 2_000;
/// How many messages go to a date within [`WHILE`].
const MOST: i64 = 5;
const WHILE: SignedDuration = SignedDuration::from_hours(24);

/// A message to everybody who comes to a date of a class.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewClassMessage)]
pub struct NewClassMessage {
    /// The text, 1–2,000 characters without formatting.
    pub text: String,
}

/// A message that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ClassMessageSent)]
pub struct ClassMessageSent {
    /// How many members get it. Each booking gets one mail.
    pub mails: usize,
}

/// The confirmed bookings of a date.
pub(crate) fn readers(tx: &mut Tx<'_>, slot: &SlotId) -> Result<Vec<Booking>, StoreError> {
    let mut all = booking::list_of_slot(tx, slot)?;
    all.retain(|one| one.is_class && one.state == State::Confirmed);
    Ok(all)
}

/// Mails the text to each member who has confirmed seats. The same text is sent once to a date. The
/// caller holds the provider's lock.
pub fn send(
    tx: &mut Tx<'_>,
    site: &Site,
    provider: &Provider,
    id: &SlotId,
    new: &NewClassMessage,
) -> Result<ClassMessageSent, Refusal> {
    let slot = slot::own(tx, provider, id)?;
    if !slot.is_class() {
        return Err(NOT_A_CLASS.into());
    }
    let mut findings = Findings::default();
    let text = findings.text("/text", &new.text, TEXT);
    if text.is_empty() {
        findings.add("/text", "required", []);
    }
    findings.finish()?;
    let readers = readers(tx, id)?;
    if readers.is_empty() {
        return Err(NOBODY_COMES.into());
    }
    let now = tx.now();
    let (sent,): (i64,) = sql!(
        "SELECT COUNT(*) FROM class_message WHERE slot_id = :id AND sent_at > :since",
        id,
        since = now - WHILE
    )
    .one(tx)?;
    if sent >= MOST {
        let problem = Problem::from(TOO_MANY_CLASS_MESSAGES).with("limit", MOST);
        return Err(Refusal::Problem(problem));
    }
    let is_new = sql!(
        "INSERT INTO class_message (slot_id, signature, sent_at) VALUES (:id, :signature, :now)
         ON CONFLICT (slot_id, signature) DO NOTHING",
        id,
        signature = site.keys.key(PURPOSE).sign(&[id.as_str(), &text]),
        now
    )
    .run(tx, Rows::AtMostOne)?;
    if is_new == 0 {
        return Err(CLASS_MESSAGE_SENT.into());
    }
    let from = provider.profile.display_name.as_str();
    let mut mails = 0;
    for booking in &readers {
        mails += usize::from(tell(tx, site, &slot, from, booking, &text)?);
    }
    slot::record(tx, provider, &slot, "slot.class_written")?;
    Ok(ClassMessageSent { mails })
}

/// Returns `false` if the member's account is gone.
fn tell(
    tx: &mut Tx<'_>,
    site: &Site,
    slot: &Slot,
    from: &str,
    booking: &Booking,
    text: &str,
) -> Result<bool, StoreError> {
    let Some(reader) = notice::reader(tx, site, booking.member_id.as_ref())? else {
        return Ok(false);
    };
    let (words, place) = (&reader.text, slot.place_zone());
    let when = notice::moment_at(words, &reader.zone, place.as_ref(), slot.starts_at);
    let short = words.subject_in(place.as_ref().unwrap_or(&reader.zone), slot.starts_at);
    let values = [
        ("title", slot.title.as_str().into()),
        ("when", short.into()),
        ("with", notice::named(words, from).into_owned().into()),
    ];
    let subject = words.with("class-mail-subject", &values);
    let (said, answer) = (
        words.with("class-mail-said", &values),
        words.with("class-mail-answer", &values),
    );
    let about = format!("{}, {when}", slot.title);
    let href = notice::page(booking);
    let address = site.url().join(&href);
    let name = &site.settings.name;
    let body = format!("{said}\n\n“{text}”\n\n{about}\n\n{answer}\n\n{address}\n\n{name}\n");
    notice::send(tx, &reader, Stream::Transactional, subject, body)?;
    let told = NewNotification {
        kind: "class-notice-message",
        about: &about,
        href: &href,
    };
    notification::tell(tx, site, &reader.account.id, told)?;
    Ok(true)
}
