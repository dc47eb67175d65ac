//! The times around events during which the server is neither restarted nor upgraded.

use jiff::Timestamp;
use platform::{StoreError, Tx, sql};
use site::freeze::Occurrence;

use crate::occasion::Switches;

/// Returns the events that are not over, in occasions whose `freeze` switch is on. Occasions that
/// members created are left out, unless the site's staff has taken them over or allowed them to
/// send mail.
pub(crate) fn freezes(tx: &mut Tx<'_>) -> Result<Vec<Occurrence>, StoreError> {
    let events: Vec<(String, Timestamp, Timestamp)> = sql!(
        "SELECT o.switches, e.starts_at, e.ends_at
         FROM event e JOIN occasion o ON o.id = e.occasion
         WHERE e.day_known = 1 AND e.cancelled_at IS NULL AND e.ends_at > :now
             AND o.status IN ('published', 'closed') AND (o.by_staff = 1 OR o.sends_mail = 1)",
        now = tx.now()
    )
    .all(tx)?;
    let asked = events.into_iter().filter(|(switches, _, _)| {
        let switches = serde_json::from_str::<Switches>(switches);
        switches.is_ok_and(|switches| switches.freeze)
    });
    Ok(asked
        .map(|(_, from, until)| Occurrence { from, until })
        .collect())
}
