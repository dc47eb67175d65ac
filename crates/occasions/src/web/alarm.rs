//! The mail that warns hosts that somebody is guessing codes. It goes to every owner of an occasion
//! with working codes, at most once a day.

use identity::account::{self, AccountId};
use identity::grant;
use identity::security_mail::SecurityMail;
use jiff::SignedDuration;
use platform::jobs::{Done, Handler};
use platform::limits::guess::USED_UP;
use platform::{Rows, StoreError, Tx, sql};
use web::Site;

use crate::id::OccasionId;
use crate::role::{self, Role};

const AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// Returns the handler of the job that runs when the budget for wrong codes is used up.
pub fn alarms(site: Site) -> Handler {
    Handler::new(USED_UP, move |_| {
        let site = site.clone();
        async move { Ok(Done::with(move |tx| ring(tx, &site))) }
    })
}

fn ring(tx: &mut Tx<'_>, site: &Site) -> Result<(), StoreError> {
    for id in owners(tx)? {
        let Some(account) = account::find(tx, &id)? else {
            continue;
        };
        if is_due(tx, &id)? {
            let notice = SecurityMail {
                subject: "mail-guessing-subject",
                text: "mail-guessing-text",
                at: tx.now(),
                path: "/admin",
                values: Vec::new(),
            };
            notice.send(tx, site, &account)?;
        }
    }
    Ok(())
}

fn owners(tx: &mut Tx<'_>) -> Result<Vec<AccountId>, StoreError> {
    let live: Vec<(OccasionId,)> = tx.all(
        sql!("SELECT id FROM occasion WHERE status IN ('published', 'closed')"),
        &[],
    )?;
    let mut owners = Vec::new();
    for (occasion,) in live {
        let members = grant::list(tx, &role::scope(&occasion))?;
        let found = members
            .into_iter()
            .filter(|member| Role::from(member.role) == Role::OccasionOwner);
        owners.extend(found.map(|member| member.account));
    }
    owners.sort_unstable();
    owners.dedup();
    Ok(owners)
}

/// Also records that a warning is sent now, so it is due only once in 24 hours.
fn is_due(tx: &mut Tx<'_>, id: &AccountId) -> Result<bool, StoreError> {
    let now = tx.now();
    let told = tx.run(
        sql!(
            "INSERT INTO guess_alarm (account, told_at) VALUES ($1, $2)
             ON CONFLICT (account) DO UPDATE SET told_at = excluded.told_at
             WHERE guess_alarm.told_at <= $3"
        ),
        &[id, &now, &(now - AGAIN)],
        Rows::AtMostOne,
    )?;
    Ok(told == 1)
}
