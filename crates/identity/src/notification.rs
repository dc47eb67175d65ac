//! Notifications on the site. Each is a row in the store, read or unread. People can choose to get
//! them by mail too.

use jiff::{SignedDuration, Timestamp};
use platform::mail::{Address, NewMail, Stream};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use web::{Language, Site};

use crate::account::{self, AccountId};
use crate::grant::{self, Role};

/// The scope of mails about notifications. The unsubscribe link in such a mail stops only mails of
/// this scope.
pub const SCOPE: &str = "notices";
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(180 * 24);
/// A notification is not sent if the account got an identical one within this period.
const SAME: SignedDuration = SignedDuration::from_hours(24);

/// A notification that has not been sent yet.
#[derive(Clone, Copy, Debug)]
pub struct NewNotification<'a> {
    /// The message id of the notification's text. The text may contain the argument `about`.
    pub kind: &'static str,
    /// The name or title that the text contains.
    pub about: &'a str,
    /// The path of the page on which the account's owner can act on the notification.
    pub href: &'a str,
}

#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Notification {
    pub id: String,
    /// The message id of the notification's text.
    pub kind: String,
    /// The name or title that the text contains.
    pub about: String,
    /// The path of the page on which the account's owner can act on the notification.
    pub href: String,
    pub created_at: Timestamp,
    pub read_at: Option<Timestamp>,
}

/// Notifies an account. Does nothing if the same notification is still unread or was sent within a
/// day.
pub fn tell(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &AccountId,
    new: NewNotification<'_>,
) -> Result<(), StoreError> {
    let NewNotification { kind, about, href } = new;
    let now = tx.now();
    let (told,): (i64,) = sql!(
        "SELECT COUNT(*) FROM notification
         WHERE account_id = :account AND kind = :kind AND about = :about AND href = :href
           AND (read_at IS NULL OR created_at > :recently)",
        account,
        kind,
        about,
        href,
        recently = now - SAME
    )
    .one(tx)?;
    if told > 0 {
        return Ok(());
    }
    insert(tx, account, new)?;
    if is_mailed(tx, account)? {
        mail(tx, site, account, new)?;
    }
    Ok(())
}

/// Notifies an account on the site, without sending mail. If the account has an equal unread
/// notification, that notification becomes the newest instead.
pub fn tell_on_site(
    tx: &mut Tx<'_>,
    account: &AccountId,
    new: NewNotification<'_>,
) -> Result<(), StoreError> {
    let NewNotification { kind, about, href } = new;
    let unread = sql!(
        "UPDATE notification SET created_at = :now
         WHERE account_id = :account AND kind = :kind AND about = :about AND href = :href
           AND read_at IS NULL",
        account,
        kind,
        about,
        href,
        now = tx.now()
    )
    .run(tx, Rows::Any)?;
    if unread > 0 {
        return Ok(());
    }
    insert(tx, account, new)
}

/// Adds a notification, and deletes the account's old ones.
fn insert(
    tx: &mut Tx<'_>,
    account: &AccountId,
    new: NewNotification<'_>,
) -> Result<(), StoreError> {
    let NewNotification { kind, about, href } = new;
    let now = tx.now();
    sql!(
        "DELETE FROM notification WHERE account_id = :account AND created_at < :oldest",
        account,
        oldest = now - KEPT_FOR
    )
    .run(tx, Rows::Any)?;
    sql!(
        "INSERT INTO notification (id, account_id, kind, about, href, created_at)
         VALUES (:id, :account, :kind, :about, :href, :now)",
        id = platform::id::generate_random(tx.random()),
        account,
        kind,
        about,
        href,
        now
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Notifies everybody who has at least the rank `least` in the installation.
pub fn tell_site(
    tx: &mut Tx<'_>,
    site: &Site,
    least: Role,
    new: NewNotification<'_>,
) -> Result<(), StoreError> {
    for member in grant::list_ranked(tx, least)? {
        tell(tx, site, &member.account, new)?;
    }
    Ok(())
}

fn mail(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &AccountId,
    new: NewNotification<'_>,
) -> Result<(), StoreError> {
    let account = account::find(tx, account)?;
    let Some((account, Ok(to))) = account.map(|one| (one.clone(), one.email.parse::<Address>()))
    else {
        return Ok(());
    };
    let text = site.catalogue.speak(&Language::of(&account.locale));
    let said = text.with(new.kind, [("about", new.about.into())]);
    let values = [
        ("site", site.settings.name.as_str().into()),
        ("said", said.into()),
        ("address", site.url().join(new.href).into()),
        ("name", account.display_name.as_str().into()),
    ];
    tx.send_mail(NewMail {
        to_name: account.display_name.clone(),
        scope: Some(SCOPE.to_owned()),
        subject: text.with("notification-mail-subject", &values),
        text: text.with("notification-mail-text", &values),
        ..NewMail::new(to, Stream::Notification)
    })
    .map(drop)
}

/// The sort key of the list of notifications: when it was created, and its id.
pub type Before = (Timestamp, String);

/// Lists at most `rows` of the account's notifications before `before`, newest first.
pub fn list(
    tx: &mut Tx<'_>,
    account: &AccountId,
    before: Option<&Before>,
    rows: i64,
) -> Result<Vec<Notification>, StoreError> {
    sql!(
        "SELECT {Notification} FROM notification
         WHERE account_id = :account
           AND (created_at < :at OR (created_at = :at AND id < :id))
         ORDER BY created_at DESC, id DESC LIMIT :rows",
        account,
        at = before.map_or(Timestamp::MAX, |(at, _)| *at),
        id = before.map_or("", |(_, id)| id.as_str()),
        rows
    )
    .all(tx)
}

pub fn count_unread(tx: &mut Tx<'_>, account: &AccountId) -> Result<i64, StoreError> {
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM notification WHERE account_id = :account AND read_at IS NULL",
        account
    )
    .one(tx)?;
    Ok(count)
}

/// Marks all notifications created up to `until` as read.
pub fn read_all(tx: &mut Tx<'_>, account: &AccountId, until: Timestamp) -> Result<(), StoreError> {
    sql!(
        "UPDATE notification SET read_at = :now
         WHERE account_id = :account AND read_at IS NULL AND created_at <= :until",
        now = tx.now(),
        account,
        until
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Marks one of the account's notifications as read, and returns whether it exists.
pub fn read(tx: &mut Tx<'_>, account: &AccountId, id: &str) -> Result<bool, StoreError> {
    let count = sql!(
        "UPDATE notification SET read_at = COALESCE(read_at, :now)
         WHERE account_id = :account AND id = :id",
        now = tx.now(),
        account,
        id
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(count == 1)
}

/// Deletes all notifications of the account.
pub fn clear(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM notification WHERE account_id = :account",
        account
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

/// Whether the account also receives notifications by mail.
pub fn is_mailed(tx: &mut Tx<'_>, account: &AccountId) -> Result<bool, StoreError> {
    let found: Option<(AccountId,)> = sql!(
        "SELECT account_id FROM notification_by_mail WHERE account_id = :account",
        account
    )
    .maybe(tx)?;
    Ok(found.is_some())
}

/// Stores whether the account receives notifications by mail.
pub fn choose_mail(
    tx: &mut Tx<'_>,
    account: &AccountId,
    is_wanted: bool,
) -> Result<(), StoreError> {
    if is_wanted {
        sql!(
            "INSERT INTO notification_by_mail (account_id) VALUES (:account)
             ON CONFLICT DO NOTHING",
            account
        )
        .run(tx, Rows::AtMostOne)?;
    } else {
        sql!(
            "DELETE FROM notification_by_mail WHERE account_id = :account",
            account
        )
        .run(tx, Rows::AtMostOne)?;
    }
    Ok(())
}

pub(crate) fn export(tx: &mut Tx<'_>, account: &AccountId) -> Result<Value, StoreError> {
    let all = list(tx, account, None, i64::MAX)?.into_iter().map(|one| {
        json!({
            "kind": one.kind, "about": one.about, "href": one.href,
            "created_at": one.created_at, "read_at": one.read_at,
        })
    });
    Ok(all.collect())
}

pub(crate) fn erase(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    choose_mail(tx, account, false)?;
    clear(tx, account)
}
