//! Numbers with their country code beside each stored number, for search and for duplicates. They are
//! written wherever a number is saved. A job reads those that an older program saved, and all numbers
//! of an occasion whose home country changed.

use platform::jobs::{Done, Handler};
use platform::store::Row;
use platform::{Platform, Rows, StoreError, Tx, sql};

use super::Phone;
use crate::id::{GuestId, InvitationId, OccasionId};
use crate::occasion;

const BATCH: u32 = 500;

/// Stores the number of an invitation. The caller has just written `typed`, and no number beside it.
pub(crate) fn note_of_invitation(
    tx: &mut Tx<'_>,
    id: &InvitationId,
    typed: Option<&str>,
) -> Result<(), StoreError> {
    let Some(typed) = typed else { return Ok(()) };
    let (country, zone): (String, String) = sql!(
        "SELECT country, time_zone FROM occasion
         WHERE id = (SELECT occasion FROM invitation WHERE id = :id)",
        id
    )
    .one(tx)?;
    sql!(
        "UPDATE invitation SET phone_e164 = :e164 WHERE id = :id",
        e164 = read(typed, &country, &zone),
        id
    )
    .run_later(tx, Rows::Exactly(1))
}

/// Like [`note_of_invitation`], for a guest's own number.
pub(crate) fn note_of_guest(
    tx: &mut Tx<'_>,
    id: &GuestId,
    typed: Option<&str>,
) -> Result<(), StoreError> {
    let Some(typed) = typed else { return Ok(()) };
    let (country, zone): (String, String) = sql!(
        "SELECT occasion.country, occasion.time_zone FROM guest
         JOIN invitation ON invitation.id = guest.invitation
         JOIN occasion ON occasion.id = invitation.occasion WHERE guest.id = :id",
        id
    )
    .one(tx)?;
    sql!(
        "UPDATE guest SET phone_e164 = :e164 WHERE id = :id",
        e164 = read(typed, &country, &zone),
        id
    )
    .run_later(tx, Rows::Exactly(1))
}

fn read(typed: &str, country: &str, zone: &str) -> String {
    let phone = Phone::read(typed, occasion::country_of(country, zone));
    phone.e164.unwrap_or_default()
}

/// Forgets how the occasion's numbers were read, because its home country changed. The job reads them
/// again.
pub(crate) fn read_again(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    sql!(
        "UPDATE invitation SET phone_e164 = NULL
         WHERE occasion = :occasion AND phone_e164 IS NOT NULL",
        occasion
    )
    .run(tx, Rows::Any)?;
    sql!(
        "UPDATE guest SET phone_e164 = NULL
         WHERE phone_e164 IS NOT NULL
           AND invitation IN (SELECT id FROM invitation WHERE occasion = :occasion)",
        occasion
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

#[derive(Row)]
struct Stored {
    id: String,
    phone: String,
    phone_e164: Option<String>,
    country: String,
    time_zone: String,
}

impl Stored {
    fn read(&self) -> String {
        read(&self.phone, &self.country, &self.time_zone)
    }
}

/// The daily job that reads numbers.
pub fn job(platform: Platform) -> Handler {
    Handler::each_day("occasions.read_phones", move |_| {
        let platform = platform.clone();
        async move {
            read_stored(&platform).await?;
            Ok(Done::nothing())
        }
    })
}

/// Runs [`job`] once.
pub async fn read_stored(platform: &Platform) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let from = after.clone();
        let look = move |tx: &mut Tx<'_>| of_invitations(tx, &from);
        let some = platform.store.read(look).await?;
        let Some(last) = some.last() else { break };
        after.clone_from(&last.id);
        write(platform, some, write_invitation).await?;
    }
    after.clear();
    loop {
        let from = after.clone();
        let look = move |tx: &mut Tx<'_>| of_guests(tx, &from);
        let some = platform.store.read(look).await?;
        let Some(last) = some.last() else { break };
        after.clone_from(&last.id);
        write(platform, some, write_guest).await?;
    }
    Ok(())
}

fn of_invitations(tx: &mut Tx<'_>, after: &str) -> Result<Vec<Stored>, StoreError> {
    sql!(
        "SELECT invitation.id, invitation.phone, invitation.phone_e164, occasion.country,
                occasion.time_zone
         FROM invitation JOIN occasion ON occasion.id = invitation.occasion
         WHERE invitation.id > :after AND invitation.phone IS NOT NULL
         ORDER BY invitation.id LIMIT :most",
        after,
        most = BATCH
    )
    .all(tx)
}

fn of_guests(tx: &mut Tx<'_>, after: &str) -> Result<Vec<Stored>, StoreError> {
    sql!(
        "SELECT guest.id, guest.phone, guest.phone_e164, occasion.country, occasion.time_zone
         FROM guest JOIN invitation ON invitation.id = guest.invitation
         JOIN occasion ON occasion.id = invitation.occasion
         WHERE guest.id > :after AND guest.phone IS NOT NULL
         ORDER BY guest.id LIMIT :most",
        after,
        most = BATCH
    )
    .all(tx)
}

/// Writes those that differ. A number that was changed meanwhile is left to who changed it.
async fn write(
    platform: &Platform,
    some: Vec<Stored>,
    one: fn(&mut Tx<'_>, &Stored) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let differs = |stored: &Stored| stored.phone_e164.as_ref() != Some(&stored.read());
    let stale: Vec<Stored> = some.into_iter().filter(differs).collect();
    if stale.is_empty() {
        return Ok(());
    }
    let all = move |tx: &mut Tx<'_>| stale.iter().try_for_each(|stored| one(tx, stored));
    platform.store.write(all).await
}

fn write_invitation(tx: &mut Tx<'_>, stored: &Stored) -> Result<(), StoreError> {
    sql!(
        "UPDATE invitation SET phone_e164 = :e164 WHERE id = :id AND phone = :typed",
        e164 = stored.read(),
        id = stored.id,
        typed = stored.phone
    )
    .run_later(tx, Rows::AtMostOne)
}

fn write_guest(tx: &mut Tx<'_>, stored: &Stored) -> Result<(), StoreError> {
    sql!(
        "UPDATE guest SET phone_e164 = :e164 WHERE id = :id AND phone = :typed",
        e164 = stored.read(),
        id = stored.id,
        typed = stored.phone
    )
    .run_later(tx, Rows::AtMostOne)
}
