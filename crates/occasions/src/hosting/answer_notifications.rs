//! Reads and changes a host's choice of notifications about answers. An unsubscribe link in a mail
//! also changes the choice.

use identity::account::{self, Account};
use identity::person::suppressed;
use platform::key::Keyring;
use platform::mail::suppression;
use platform::{StoreError, Tx};
use web::{Findings, Input};

use super::{HostOf, Permission, Refusal};
use crate::answer_notification::{self, Choice, FIELDS, Frequency};
use crate::occasion;

/// Returns the host's choice. `by_mail` is `Never` if the host has unsubscribed through a link in a
/// mail.
pub fn load(tx: &mut Tx<'_>, keys: &Keyring, host: &HostOf) -> Result<Choice, Refusal> {
    host.needs(Permission::See)?;
    let mut choice = answer_notification::choice_of(tx, host.account(), host.occasion())?;
    if choice.by_mail != Frequency::Never
        && let Some(account) = account::find(tx, host.account())?
        && !unsubscriptions(tx, keys, host, &account)?.is_empty()
    {
        choice.by_mail = Frequency::Never;
    }
    Ok(choice)
}

/// Changes the host's choice. If the host now chooses mail, an earlier unsubscription is removed.
pub fn change(
    tx: &mut Tx<'_>,
    keys: &Keyring,
    host: &HostOf,
    input: &Input,
) -> Result<Choice, Refusal> {
    let old = load(tx, keys, host)?;
    let zone = occasion::load(tx, host.occasion())?.zone();
    let mut findings = Findings::default();
    let new = input.apply(FIELDS, &old, false, &zone, &mut findings);
    if new.hour.is_empty() {
        findings.add("/hour", "required", []);
    }
    findings.finish()?;
    if new.by_mail != Frequency::Never
        && let Some(account) = account::find(tx, host.account())?
    {
        for one in unsubscriptions(tx, keys, host, &account)? {
            let request = host.request();
            suppression::remove(tx, &one.place, host.actor(), request.as_ref())?;
        }
    }
    answer_notification::choose(tx, host.account(), host.occasion(), &new)?;
    Ok(new)
}

fn unsubscriptions(
    tx: &mut Tx<'_>,
    keys: &Keyring,
    host: &HostOf,
    account: &Account,
) -> Result<Vec<suppression::Suppression>, StoreError> {
    let mut found = suppressed::list_own(tx, keys, account)?;
    found.retain(|one| answer_notification::is_stopped_by(one, host.occasion()));
    Ok(found)
}
