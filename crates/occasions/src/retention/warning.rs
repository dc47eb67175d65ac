//! The mails that warn an occasion's owners before the occasion is deleted.

use identity::account;
use identity::grant;
use identity::notification::{self, NewNotification};
use jiff::Timestamp;
use jiff::civil::Date;
use platform::mail::{Address, NewMail, Stream};
use platform::{Rows, StoreError, Tx, sql};
use web::{Language, Site};

use crate::gallery;
use crate::id::OccasionId;
use crate::occasion::Occasion;
use crate::role::{self, Role};

/// Sends the first or second warning to every owner, by mail and as a notice on the site.
pub(super) fn send(
    tx: &mut Tx<'_>,
    site: &Site,
    occasion: &Occasion,
    number: i64,
    day: Date,
) -> Result<(), StoreError> {
    let members = grant::list(tx, &role::scope(&occasion.id))?.into_iter();
    let has_pictures = !gallery::is_empty(tx, &occasion.id)?;
    let owners = members.filter(|member| Role::from(member.role) == Role::OccasionOwner);
    for owner in owners {
        let Some(account) = account::find(tx, &owner.account)? else {
            continue;
        };
        let text = site.catalogue.speak(&Language::of(&account.locale));
        let title = occasion
            .title
            .pick(text.language(), &occasion.default_language);
        let end = format!("/admin/o/{}/settings/end", occasion.slug);
        let told = NewNotification {
            kind: "host-notice-deletion",
            about: title.text,
            href: &end,
        };
        notification::tell(tx, site, &owner.account, told)?;
        let Ok(to) = account.email.parse::<Address>() else {
            continue;
        };
        let mut copies = site
            .url()
            .join(&format!("/admin/o/{}/reports", occasion.slug));
        if has_pictures {
            let pictures = format!("/admin/o/{}/uploads?state=approved", occasion.slug);
            let pictures = [("address", site.url().join(&pictures).into())];
            copies += "\n\n";
            copies += &text.with("host-mail-deletion-pictures", pictures);
        }
        let values = [
            ("title", title.text.into()),
            ("day", text.date(day).into()),
            ("name", account.display_name.as_str().into()),
            ("site", site.settings.name.as_str().into()),
            ("export", copies.into()),
            ("address", site.url().join(&end).into()),
        ];
        let mail = tx.send_mail(NewMail {
            to_name: account.display_name.clone(),
            scope: Some(occasion.id.to_string()),
            subject: text.with("host-mail-deletion-subject", &values),
            text: text.with("host-mail-deletion-text", &values),
            ..NewMail::new(to, Stream::Transactional)
        })?;
        sql!(
            "INSERT INTO deletion_warning (mail, occasion, number)
             VALUES (:mail, :occasion, :number)",
            mail,
            occasion = occasion.id,
            number
        )
        .run(tx, Rows::Exactly(1))?;
    }
    Ok(())
}

/// Returns when a mail server first accepted one of these warnings. A mail in the site's own
/// mailbox does not count.
pub(super) fn left_at(
    tx: &mut Tx<'_>,
    id: &OccasionId,
    number: i64,
) -> Result<Option<Timestamp>, StoreError> {
    let (left,): (Option<Timestamp>,) = sql!(
        "SELECT MIN(mail.changed_at) FROM deletion_warning
         JOIN mail ON mail.id = deletion_warning.mail
         WHERE deletion_warning.occasion = :id AND deletion_warning.number = :number
           AND mail.state = 'sent' AND mail.mailbox_at IS NULL",
        id,
        number
    )
    .one(tx)?;
    Ok(left)
}

/// Returns whether at least one of these warnings is still waiting to leave the server.
pub(super) fn is_waiting(
    tx: &mut Tx<'_>,
    id: &OccasionId,
    number: i64,
) -> Result<bool, StoreError> {
    let (waiting,): (i64,) = sql!(
        "SELECT COUNT(*) FROM deletion_warning
         JOIN mail ON mail.id = deletion_warning.mail
         WHERE deletion_warning.occasion = :id AND deletion_warning.number = :number
           AND mail.state IN ('queued', 'sending', 'deferred')",
        id,
        number
    )
    .one(tx)?;
    Ok(waiting > 0)
}

/// Withdraws the announcement of a deletion. Called when the day of the deletion has changed.
pub(super) fn withdraw(tx: &mut Tx<'_>, id: &OccasionId) -> Result<(), StoreError> {
    sql!("DELETE FROM deletion_warning WHERE occasion = :id", id).run(tx, Rows::Any)?;
    sql!("DELETE FROM occasion_deletion WHERE occasion = :id", id).run(tx, Rows::AtMostOne)?;
    Ok(())
}
