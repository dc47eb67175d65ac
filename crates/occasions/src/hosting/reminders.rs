//! Rules for automatic reminders. A rule has a number of days before the deadline, and an hour in
//! the occasion's time zone. At that time, each household that has not answered completely gets a
//! reminder, but only one for each rule and deadline.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use platform::jobs::{Done, Handler};
use platform::key::Key;
use platform::mail::sender_domain;
use platform::store::Row;
use platform::{Rows, Store, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::fields::{flag, hour, number};
use web::{Deadline, Field, Findings, Input, List, PageQuery};

use super::campaign::audience::{self, Household};
use super::campaign::{self, Campaign, CampaignId, CampaignState, sending};
use super::mail_text::{MailKind, MailText};
use super::resource::{Edit, History, Resource, history_of};
use super::{HostOf, Refusal};
use crate::id::{InvitationId, OccasionId};
use crate::occasion::{self, Occasion};
use crate::words::OccasionStatus;

platform::id!(RuleId, "When households are reminded.");

/// A reminder that is late by more than this, for example because of an outage, is not sent. This
/// is also the minimum time between two reminders to the same household.
const DAY: SignedDuration = SignedDuration::from_hours(24);
const PER_MINUTE: i64 = 60;

/// A rule that reminds households that have not answered completely.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
#[row(table = "reminder_rule")]
pub struct ReminderRule {
    /// The rule's id.
    pub id: RuleId,
    /// The reminder is sent this many days before a household's deadline, 0–90.
    pub days: i64,
    /// The hour at which the reminder is sent, such as `10:00`, in the occasion's time zone.
    #[row(rename = "at_hour")]
    pub hour: String,
    /// Whether the reminder also goes to the guests' own addresses.
    pub to_guests: bool,
    /// Whether the rule is active.
    pub active: bool,
    /// Increased by every change.
    pub version: i64,
}

impl Resource for ReminderRule {
    type Parent = HostOf;
    const FIELDS: &'static [Field] = ::web::fields! { ReminderRule:
        days: number(0, 90).label("host-reminder-days").hint("host-reminder-days-hint"),
        hour: hour().label("host-reminder-hour"),
        to_guests: flag().label("host-reminder-guests").hint("host-reminder-guests-hint"),
        active: flag().label("host-reminder-active"),
    };
    const HISTORY: History = history_of!("reminder_rule", named_by: "days");
    const LIMIT: Option<usize> = Some(5);

    site::row_of_table!();

    fn list(tx: &mut Tx<'_>, host: &HostOf, _: &PageQuery) -> Result<List<Self>, Refusal> {
        Ok(List::whole(of(tx, host.occasion())?))
    }

    fn blank(tx: &mut Tx<'_>, _: &HostOf, _: &Input, there: &[Self]) -> Result<Self, Refusal> {
        // A new rule starts with a usual number of days. If possible, no other rule has the same
        // number.
        let usual = [14, 3, 1].into_iter();
        let free = usual.filter(|days| there.iter().all(|rule| rule.days != *days));
        Ok(Self {
            id: tx.id(),
            days: free.take(1).sum::<i64>().max(1),
            hour: "10:00".to_owned(),
            to_guests: false,
            active: true,
            version: 1,
        })
    }

    fn validate(
        &mut self,
        tx: &mut Tx<'_>,
        edit: &Edit<'_, Self>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        if self.hour.is_empty() {
            findings.add("/hour", "required", []);
        }
        let others = of(tx, edit.parent.occasion())?;
        if others
            .iter()
            .any(|rule| rule.id != self.id && rule.days == self.days)
        {
            findings.add("/days", "not_unique", []);
        }
        Ok(())
    }

    fn insert(&mut self, tx: &mut Tx<'_>, edit: &Edit<'_, Self>) -> Result<(), Refusal> {
        sql!(
            "INSERT INTO reminder_rule (occasion, {ReminderRule}, created_at)
             VALUES (:occasion, {:ReminderRule}, :now)",
            occasion = edit.parent.occasion(),
            ReminderRule = self,
            now = tx.now()
        )
        .run(tx, Rows::Exactly(1))?;
        Ok(())
    }
}

/// Lists the rules of an occasion, the earliest reminder first.
pub fn of(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<ReminderRule>, StoreError> {
    sql!(
        "SELECT {ReminderRule} FROM reminder_rule WHERE occasion = :occasion
         ORDER BY days DESC, id",
        occasion
    )
    .all(tx)
}

/// Returns the handler of the job that runs every minute and sends due reminders and campaigns.
pub fn each_minute(store: Store, key: Key) -> Handler {
    Handler::each_minute("occasions.reminders", move |_| {
        let (store, key) = (store.clone(), key.clone());
        async move {
            store.write(sending::queue_due).await?;
            let occasions = store.read(with_rules).await?;
            for occasion in occasions {
                // A write would make others wait, although almost always nothing is due.
                let id = occasion.clone();
                let is_due = store.read(move |tx| is_any_due(tx, &id)).await?;
                if is_due {
                    let key = key.clone();
                    store.write(move |tx| remind(tx, &key, &occasion)).await?;
                }
            }
            Ok(Done::nothing())
        }
    })
}

fn with_rules(tx: &mut Tx<'_>) -> Result<Vec<OccasionId>, StoreError> {
    let found: Vec<(OccasionId,)> = tx.all(
        sql!(
            "SELECT DISTINCT occasion FROM reminder_rule
             JOIN occasion ON occasion.id = reminder_rule.occasion
             WHERE active = 1 AND occasion.status = 'published'"
        ),
        &[],
    )?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// The hour is local time on that day, even if the clocks change before the deadline.
fn moment(rule: &ReminderRule, deadline: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let day = Deadline::of(&deadline.to_zoned(zone.clone())).day();
    let day = day.checked_sub(rule.days.days()).ok()?;
    occasion::at_hour(day, &rule.hour, zone)
}

/// When households whose deadline is the occasion's are next reminded by itself, the earliest first.
pub fn upcoming(tx: &mut Tx<'_>, occasion: &Occasion) -> Result<Vec<Timestamp>, StoreError> {
    let Some(deadline) = occasion.rsvp_deadline else {
        return Ok(Vec::new());
    };
    let (now, zone) = (tx.now(), occasion.zone());
    let rules = of(tx, &occasion.id)?.into_iter().filter(|rule| rule.active);
    let moments = rules.filter_map(|rule| moment(&rule, deadline, &zone));
    let mut coming: Vec<Timestamp> = moments.filter(|at| *at > now).collect();
    coming.sort_unstable();
    Ok(coming)
}

struct Due {
    rule: ReminderRule,
    deadline: Timestamp,
    is_too_late: bool,
}

/// Lists the rules of an occasion whose time has come, whether or not they have reminded.
fn list_due(tx: &mut Tx<'_>, occasion: &Occasion) -> Result<Vec<Due>, StoreError> {
    let id = &occasion.id;
    if !super::member_occasions::sends_mail(tx, id)? || sender_domain::is_unverified(tx)? {
        return Ok(Vec::new());
    }
    let now = tx.now();
    let rules = of(tx, id)?;
    if occasion.status != OccasionStatus::Published {
        return Ok(Vec::new());
    }
    let deadlines: Vec<(Timestamp,)> = sql!(
        "SELECT DISTINCT COALESCE(deadline_override, CAST(:deadline AS BIGINT)) AS deadline
         FROM invitation
         WHERE occasion = :id AND archived_at IS NULL
           AND COALESCE(deadline_override, CAST(:deadline AS BIGINT)) > :now",
        id,
        deadline = occasion.rsvp_deadline,
        now
    )
    .all(tx)?;
    let mut all = Vec::new();
    for rule in rules.iter().filter(|rule| rule.active) {
        for (deadline,) in &deadlines {
            let due = moment(rule, *deadline, &occasion.zone());
            if let Some(due) = due.filter(|due| *due <= now) {
                all.push(Due {
                    rule: rule.clone(),
                    deadline: *deadline,
                    is_too_late: now >= due + DAY,
                });
            }
        }
    }
    Ok(all)
}

fn is_any_due(tx: &mut Tx<'_>, id: &OccasionId) -> Result<bool, StoreError> {
    let occasion = occasion::load(tx, id)?;
    for due in list_due(tx, &occasion)? {
        if !owing(tx, &occasion, &due)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn remind(tx: &mut Tx<'_>, key: &Key, id: &OccasionId) -> Result<(), StoreError> {
    let occasion = occasion::load(tx, id)?;
    for due in list_due(tx, &occasion)? {
        let owing = owing(tx, &occasion, &due)?;
        let campaign = if due.is_too_late || owing.is_empty() {
            None
        } else {
            write_campaign(tx, key, id, &due.rule, &owing)?
        };
        note(tx, &due, &owing, campaign.as_ref())?;
    }
    Ok(())
}

fn owing(tx: &mut Tx<'_>, occasion: &Occasion, due: &Due) -> Result<Vec<Household>, StoreError> {
    sql!(
        "SELECT {invitation: Household} FROM invitation
         WHERE invitation.occasion = :id AND archived_at IS NULL
           AND (email IS NOT NULL
                OR :to_guests = 1
                   AND EXISTS (SELECT 1 FROM guest WHERE guest.invitation = invitation.id
                                                     AND guest.email IS NOT NULL))
           AND COALESCE(deadline_override, CAST(:usual AS BIGINT)) = :deadline
           AND EXISTS (SELECT 1 FROM guest JOIN reply ON reply.guest = guest.id
                       WHERE guest.invitation = invitation.id
                         AND (reply.status = 'pending'
                              OR (reply.status = 'undecided' AND :may_be_undecided = 0)))
           AND NOT EXISTS (SELECT 1 FROM reminder_sent
                           WHERE reminder_sent.invitation = invitation.id
                             AND ((rule = :rule AND reminder_sent.deadline = :deadline)
                                  OR (campaign IS NOT NULL AND at > :lately)))
           AND NOT EXISTS (SELECT 1 FROM handed
                           WHERE handed.invitation = invitation.id AND handed.kind = 'reminder'
                             AND handed.state = 'handed' AND handed.at > :lately)
         ORDER BY invitation.sort_name, invitation.id",
        id = occasion.id,
        usual = occasion.rsvp_deadline,
        deadline = due.deadline,
        may_be_undecided = occasion.switches.undecided,
        to_guests = due.rule.to_guests,
        rule = due.rule.id,
        lately = tx.now() - DAY
    )
    .all(tx)
}

fn write_campaign(
    tx: &mut Tx<'_>,
    key: &Key,
    occasion: &OccasionId,
    rule: &ReminderRule,
    owing: &[Household],
) -> Result<Option<CampaignId>, StoreError> {
    let text: Option<MailText> = sql!(
        "SELECT {MailText} FROM mail_text WHERE occasion = :occasion AND kind = 'reminder'",
        occasion
    )
    .maybe(tx)?;
    let (subject, body) = text
        .map(|text| (text.subject, text.body))
        .unwrap_or_default();
    let now = tx.now();
    let campaign = Campaign {
        id: tx.id(),
        kind: MailKind::Reminder,
        about: String::new(),
        state: CampaignState::Sending,
        subject,
        body,
        audience: None,
        to_guests: rule.to_guests,
        per_minute: PER_MINUTE,
        due_at: now,
        created_at: now,
        started_at: Some(now),
        finished_at: None,
    };
    campaign::insert(tx, occasion, &campaign, None, Some(rule.id.as_str()))?;
    let found = audience::recipients(tx, key, occasion, owing, rule.to_guests)?;
    sending::add(tx, &campaign.id, &found)?;
    Ok(Some(campaign.id))
}

/// A reminder to one household. `campaign` is `None` if it was too late for a reminder.
#[derive(Row)]
struct ReminderSent {
    rule: RuleId,
    invitation: InvitationId,
    deadline: Timestamp,
    campaign: Option<CampaignId>,
    at: Timestamp,
}

fn note(
    tx: &mut Tx<'_>,
    due: &Due,
    households: &[Household],
    campaign: Option<&CampaignId>,
) -> Result<(), StoreError> {
    let at = tx.now();
    let sent: Vec<_> = households
        .iter()
        .map(|household| ReminderSent {
            rule: due.rule.id.clone(),
            invitation: household.id.clone(),
            deadline: due.deadline,
            campaign: campaign.cloned(),
            at,
        })
        .collect();
    sql!(
        "INSERT INTO reminder_sent ({ReminderSent}) VALUES {(:ReminderSent), ...}
         ON CONFLICT (rule, invitation, deadline) DO NOTHING",
        ReminderSent = sent
    )
    .insert_new(tx)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_leaves_at_its_hour_also_across_clock_changes() {
        let rule = |days, hour: &str| ReminderRule {
            id: "01970000-0000-7000-8000-000000000001".parse().unwrap(),
            days,
            hour: hour.to_owned(),
            to_guests: false,
            active: true,
            version: 1,
        };
        let zone = TimeZone::get("Europe/Rome").unwrap();
        // The deadline is the end of 1 April. Summer time began on 29 March.
        let deadline: Timestamp = "2026-04-01T22:00:00Z".parse().unwrap();
        for (days, hour, due) in [
            (1, "10:00", "2026-03-31T08:00:00Z"),
            (7, "10:00", "2026-03-25T09:00:00Z"),
            (3, "02:30", "2026-03-29T01:30:00Z"),
            (0, "09:15", "2026-04-01T07:15:00Z"),
        ] {
            let due: Timestamp = due.parse().unwrap();
            assert_eq!(moment(&rule(days, hour), deadline, &zone), Some(due));
        }
    }
}
