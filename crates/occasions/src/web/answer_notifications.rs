//! The job that notifies hosts of new answers, by mail and on the site. Before each report, it
//! checks that the host still has a role in the occasion.

use identity::account;
use identity::grant;
use identity::notification::{self, NewNotification};
use platform::jobs::{Done, Handler};
use platform::mail::{Address, NewMail, Stream, suppression};
use platform::store::Row;
use platform::{StoreError, Tx, sql};
use web::language::COMPLETE;
use web::{Language, Site, Text};

use super::host::wording;
use crate::answer_notification::{self, Channel, Frequency, Unreported};
use crate::hosting::member_occasions;
use crate::id::InvitationId;
use crate::occasion::{self, Occasion};
use crate::role;

const NAMED: usize = 20;
const LATEST_ANSWERS: &str = "/invites?sort=replied";

/// Returns the job, which runs every minute.
pub fn each_minute(site: Site) -> Handler {
    Handler::each_minute("occasions.answers", move |_| {
        let site = site.clone();
        async move {
            let found = site.store.read(answer_notification::list).await?;
            site.store.write(answer_notification::tidy).await?;
            let mut failure = None;
            // If the report for one host fails, the other hosts still get their reports.
            for one in found {
                let with = site.clone();
                let tell = move |tx: &mut Tx<'_>| report(tx, &with, &one);
                failure = site.store.write(tell).await.err().or(failure);
            }
            failure.map_or_else(|| Ok(Done::nothing()), |error| Err(error.into()))
        }
    })
}

fn report(tx: &mut Tx<'_>, site: &Site, one: &Unreported) -> Result<(), StoreError> {
    let Unreported {
        account,
        occasion: id,
        channel,
        ..
    } = one;
    let occasion = occasion::load(tx, id)?;
    let choice = answer_notification::choice_of(tx, account, id)?;
    if !one.is_due(&choice, &occasion.zone(), tx.now()) {
        return Ok(());
    }
    let taken = answer_notification::take(tx, account, id, *channel)?;
    let is_host = grant::rank_of(tx, account, &role::scope(id))?.is_some();
    let frequency = choice.of(*channel);
    if !is_host || frequency == Frequency::Never {
        return Ok(());
    }
    let Some(account) = account::find(tx, account)? else {
        return Ok(());
    };
    let tag = COMPLETE.iter().find(|tag| **tag == account.locale);
    let text = site
        .catalogue
        .speak(&Language::of(tag.unwrap_or(&COMPLETE[0])));
    let households = find(tx, &taken)?;
    let report = Report {
        text: &text,
        site,
        occasion: &occasion,
        households: &households,
    };
    match channel {
        _ if households.is_empty() => Ok(()),
        Channel::Mail => report.mail(tx, &account),
        Channel::Site => report.notify(tx, &account, frequency),
    }
}

#[derive(Row)]
struct AnsweredHousehold {
    id: InvitationId,
    household: String,
    /// The number of guests who come to at least one event.
    yes: i64,
    /// The number of guests who declined all events.
    no: i64,
    size: i64,
}

/// Archived and deleted invitations are left out.
fn find(tx: &mut Tx<'_>, ids: &[InvitationId]) -> Result<Vec<AnsweredHousehold>, StoreError> {
    let mut found = Vec::new();
    for id in ids {
        let household: Option<AnsweredHousehold> = sql!(
            "SELECT invitation.id, invitation.household,
                 COUNT(CASE WHEN person.yes = 1 THEN 1 END) AS yes,
                 COUNT(CASE WHEN person.no = 1 THEN 1 END) AS no,
                 COUNT(person.guest) AS size
             FROM invitation
             LEFT JOIN (SELECT guest.id AS guest, guest.invitation,
                            MAX(CASE WHEN reply.status = 'yes' THEN 1 ELSE 0 END) AS yes,
                            MIN(CASE WHEN reply.status = 'no' THEN 1 ELSE 0 END) AS no
                        FROM guest JOIN reply ON reply.guest = guest.id
                        WHERE guest.invitation = :id
                        GROUP BY guest.id, guest.invitation) AS person
                 ON person.invitation = invitation.id
             WHERE invitation.id = :id AND invitation.archived_at IS NULL
             GROUP BY invitation.id, invitation.household",
            id
        )
        .maybe(tx)?;
        found.extend(household);
    }
    Ok(found)
}

struct Report<'a> {
    text: &'a Text,
    site: &'a Site,
    occasion: &'a Occasion,
    households: &'a [AnsweredHousehold],
}

impl Report<'_> {
    fn hosts(&self) -> &str {
        let picked = self
            .occasion
            .hosts
            .pick(self.text.language(), &self.occasion.default_language);
        picked.text
    }

    fn path(&self, rest: &str) -> String {
        wording::at(&self.occasion.slug, rest)
    }

    fn link(&self, rest: &str) -> String {
        self.site.url().join(&self.path(rest))
    }

    /// A daily report, or a report about more than [`NAMED`] households, becomes a single notice.
    fn notify(
        &self,
        tx: &mut Tx<'_>,
        account: &account::Account,
        frequency: Frequency,
    ) -> Result<(), StoreError> {
        if frequency == Frequency::Daily || self.households.len() > NAMED {
            let new = NewNotification {
                kind: "host-notice-answers",
                about: self.hosts(),
                href: &self.path(LATEST_ANSWERS),
            };
            return notification::tell_on_site(tx, &account.id, new);
        }
        for one in self.households.iter().rev() {
            let new = NewNotification {
                kind: "host-notice-answer",
                about: &one.household,
                href: &self.path(&format!("/invites/{}", one.id)),
            };
            notification::tell_on_site(tx, &account.id, new)?;
        }
        Ok(())
    }

    /// Only to a confirmed address that is not suppressed, if the occasion may send mail.
    fn mail(&self, tx: &mut Tx<'_>, account: &account::Account) -> Result<(), StoreError> {
        let confirmed = account::verified_email(tx, &account.id)?;
        let to = confirmed.and_then(|email| email.parse::<Address>().ok());
        let Some(to) = to else {
            return Ok(());
        };
        let scope = answer_notification::mail_scope(&self.occasion.id);
        let key = self.site.keys.key(suppression::PURPOSE);
        let stream = Stream::Notification;
        if suppression::find_for(tx, &key, &to, stream, Some(&scope))?.is_some()
            || !member_occasions::sends_mail(tx, &self.occasion.id)?
        {
            return Ok(());
        }
        for one in self.households {
            answer_notification::mailed(tx, &account.id, &self.occasion.id, &one.id)?;
        }
        let text = self.text;
        let subject = match self.households {
            [one] => text.with(
                "host-heard-subject-one",
                [
                    ("household", one.household.as_str().into()),
                    ("hosts", self.hosts().into()),
                ],
            ),
            all => text.with(
                "host-heard-subject",
                [("n", all.len().into()), ("hosts", self.hosts().into())],
            ),
        };
        let more = self.households.len().saturating_sub(NAMED);
        let mut lines: Vec<String> = self
            .households
            .iter()
            .take(NAMED)
            .map(|one| self.line(one))
            .collect();
        if more > 0 {
            lines.push(text.with("host-heard-more", [("n", more.into())]));
        }
        let values = [
            ("name", account.display_name.as_str().into()),
            ("hosts", self.hosts().into()),
            ("households", lines.join("\n\n").into()),
            ("list", self.link(LATEST_ANSWERS).into()),
            ("settings", self.link("/notifications").into()),
        ];
        tx.send_mail(NewMail {
            to_name: account.display_name.clone(),
            scope: Some(scope),
            subject,
            text: text.with("host-heard-text", values),
            ..NewMail::new(to, stream)
        })
        .map(drop)
    }

    fn line(&self, one: &AnsweredHousehold) -> String {
        let figures = [
            ("host-heard-yes", one.yes),
            ("host-heard-no", one.no),
            ("host-heard-open", one.size - one.yes - one.no),
        ];
        let figures = figures.into_iter().filter(|(_, n)| *n > 0);
        let figures: Vec<String> = figures
            .map(|(id, n)| self.text.with(id, [("n", n.into())]))
            .collect();
        let figures = figures.join(&self.text.say("list-comma"));
        let link = self.link(&format!("/invites/{}", one.id));
        if figures.is_empty() {
            return format!("{}\n{link}", one.household);
        }
        format!("{}: {figures}\n{link}", one.household)
    }
}
