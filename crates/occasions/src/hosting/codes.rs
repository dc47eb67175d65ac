//! Sets and replaces the codes of invitations, on behalf of hosts.

use jiff::SignedDuration;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;

use super::history::{self, Ending};
use super::permissions::{HostOf, Permission};
use super::{Refusal, portals};
use crate::code::{self, CodeKey};
use crate::id::InvitationId;
use crate::invitation;
use crate::invitation_snapshot::InvitationSnapshot;
use web::Findings;

/// The maximum number of codes that an account may try to set in one hour.
pub const TRIES: i64 = 20;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A code that a host chose. Only [`try_by_hand`] can create this value, so the attempt has always
/// been counted.
#[derive(Clone, Debug)]
pub struct Chosen {
    shown: String,
    key: CodeKey,
    insists: bool,
}

/// Counts a host's attempt to choose a code. Attempts are limited, because the error "taken"
/// reveals that another household has this code. Call this function in its own transaction.
/// Otherwise a later failure would undo the count.
pub fn try_by_hand(
    tx: &mut Tx<'_>,
    host: &HostOf,
    typed: &str,
    insists: bool,
) -> Result<Chosen, Refusal> {
    host.needs(Permission::Invite)?;
    let Ok(key) = CodeKey::parse(typed) else {
        let mut fields = Findings::default();
        fields.add("/code", "code_malformed", []);
        fields.finish()?;
        return Err(Refusal::NotFound);
    };
    let now = tx.now();
    let hour_ago = now - HOUR;
    let counted = sql!(
        "INSERT INTO code_try (account, started_at, tries) VALUES (:account, :now, 1)
         ON CONFLICT (account) DO UPDATE SET
             tries = CASE WHEN code_try.started_at <= :hour_ago THEN 1
                          ELSE code_try.tries + 1 END,
             started_at = CASE WHEN code_try.started_at <= :hour_ago THEN excluded.started_at
                               ELSE code_try.started_at END
         WHERE code_try.started_at <= :hour_ago OR code_try.tries < :tries",
        account = host.account(),
        now,
        hour_ago,
        tries = TRIES
    )
    .run(tx, Rows::AtMostOne)?;
    if counted == 0 {
        let (started_at,): (jiff::Timestamp,) = sql!(
            "SELECT started_at FROM code_try WHERE account = :account",
            account = host.account()
        )
        .one(tx)?;
        let left = (started_at + HOUR).duration_since(now).as_secs();
        return Err(Refusal::RateLimited(
            u32::try_from(left.max(1)).unwrap_or(u32::MAX),
        ));
    }
    Ok(Chosen {
        shown: code::display_form(typed),
        key,
        insists,
    })
}

impl Chosen {
    /// Returns the code as it is displayed, and the key for look-ups. Refuses a code that is easy
    /// to guess.
    pub(super) fn checked<'n>(
        &self,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<(&str, &CodeKey), Refusal> {
        if !self.insists && code::is_guessable(&self.key, names) {
            return Err(Refusal::CodeGuessable);
        }
        Ok((&self.shown, &self.key))
    }
}

/// Gives an invitation another code. The old code stops working for everybody. The codes of
/// invitations that were merged into this one stop working too. Browsers that remember the
/// household need the new code.
pub fn replace(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &InvitationId,
    version: Option<i64>,
    chosen: Option<&Chosen>,
) -> Result<InvitationSnapshot, Refusal> {
    host.needs(Permission::Own)?;
    host.needs_person()?;
    let mut snapshot = portals::lock(tx, host, id, version)?;
    let household = &mut snapshot.household;
    let (shown, key) = match chosen {
        Some(chosen) => {
            let names = household.guests.iter().map(|guest| guest.name.as_str());
            let name = household.invitation.details.household.as_str();
            let (shown, key) = chosen.checked(names.chain([name]))?;
            if is_taken(tx, key)? {
                return Err(Refusal::CodeTaken);
            }
            (shown.to_owned(), key.clone())
        }
        None => draw(tx)?,
    };
    let Ok(old) = CodeKey::parse(&household.invitation.code) else {
        return Err(Refusal::WrongState);
    };
    let now = tx.now();
    sql!(
        "INSERT INTO retired_code (code_key, retired_at) VALUES (:old, :now)
         ON CONFLICT (code_key) DO UPDATE SET retired_at = excluded.retired_at",
        old,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    sql!(
        "UPDATE invitation SET code = :shown, code_key = :key, access_epoch = access_epoch + 1
         WHERE id = :id",
        id,
        shown,
        key
    )
    .run(tx, Rows::Exactly(1))
    .map_err(code_taken)?;
    sql!(
        "UPDATE invitation SET alias_ended_at = :now
         WHERE merged_into = :id AND alias_ended_at IS NULL",
        id,
        now
    )
    .run(tx, Rows::Any)?;
    household.invitation.code = shown;
    household.invitation.access_epoch += 1;
    let ending = Ending {
        action: "invitation.code_replaced",
        what: "edited",
        changes: json!([{"field": "code", "old": "***", "new": "***"}]),
        moves_seats: false,
    };
    history::finish_invitation(tx, host, household, ending)?;
    Ok(snapshot)
}

fn draw(tx: &mut Tx<'_>) -> Result<(String, CodeKey), StoreError> {
    let (live,): (u64,) = tx.one(
        sql!("SELECT COUNT(*) FROM invitation WHERE archived_at IS NULL"),
        &[],
    )?;
    for _ in 0..64 {
        let shown = code::draw(tx.random(), code::length_for(live));
        if let Ok(key) = CodeKey::parse(&shown)
            && !is_taken(tx, &key)?
        {
            return Ok((shown, key));
        }
    }
    Err(StoreError::Busy)
}

fn is_taken(tx: &mut Tx<'_>, key: &CodeKey) -> Result<bool, StoreError> {
    let found: Option<(InvitationId,)> =
        sql!("SELECT id FROM invitation WHERE code_key = :key", key).maybe(tx)?;
    Ok(found.is_some() || invitation::is_retired(tx, key)?)
}

/// Another invitation may have got the code after the check.
fn code_taken(error: StoreError) -> Refusal {
    match error.constraint() {
        Some("invitation_code_taken") => Refusal::CodeTaken,
        _ => Refusal::Store(error),
    }
}
