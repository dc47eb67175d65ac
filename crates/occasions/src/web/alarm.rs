//! The mail that tells owners that codes are being guessed (§8.2): to everybody
//! who owns an occasion whose codes are alive, once a day at most.

use accounts::account::{self, Account, AccountId};
use accounts::grant::{self, Role, Scope};
use jiff::SignedDuration;
use platform::jobs::{Done, Handler};
use platform::limits::guess::USED_UP;
use platform::mail::{Address, NewMail, Stream};
use platform::{Rows, StoreError, Tx, sql};
use web::{Language, Site};

use crate::occasion::OccasionId;

const AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// Runs the jobs that a used-up budget of guesses leaves behind.
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
            write(tx, site, &account)?;
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
        let members = grant::list(tx, &Scope::occasion(&occasion))?;
        let found = members
            .into_iter()
            .filter(|member| member.role == Role::OccasionOwner);
        owners.extend(found.map(|member| member.account));
    }
    owners.sort_unstable();
    owners.dedup();
    Ok(owners)
}

/// Whether this owner has heard nothing for a day; now they have.
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

fn write(tx: &mut Tx<'_>, site: &Site, account: &Account) -> Result<(), StoreError> {
    let Ok(to) = account.email.parse::<Address>() else {
        return Ok(());
    };
    let text = site.catalogue.speak(&Language::of(&account.locale));
    let values = [
        ("name", account.display_name.as_str().into()),
        ("site", site.settings.name.as_str().into()),
        ("address", site.url().join("/admin").into()),
    ];
    tx.send_mail(NewMail {
        to,
        to_name: account.display_name.clone(),
        sender_name: None,
        reply_to: None,
        stream: Stream::Security,
        scope: None,
        subject: text.with("mail-guessing-subject", &values),
        text: text.with("mail-guessing-text", &values),
        html: None,
    })?;
    Ok(())
}
