//! The numbers on an occasion's overview page. Each number is counted from the list to which it
//! links, so that both agree.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use platform::{Tx, sql};
use serde::Serialize;

use super::listing::people::{self, Band, Person};
use super::listing::{self, InvitationFilter, InvitationRow, People};
use super::meals::{self, MealNumbers};
use super::permissions::{HostOf, Permission};
use super::{Refusal, occasions};
use crate::diet;
use crate::event::{self, SeatsTaken};
use crate::household::Places;
use crate::id::{EventId, GuestId};
use crate::occasion::Occasion;
use crate::words::{Access, GuestKind, ReplyStatus, Response};

/// All counters of an occasion.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Summary {
    /// Whole days until the first event; negative in the past.
    pub days_to_event: Option<i32>,
    /// Whole days until the last day to answer; negative in the past.
    pub days_to_deadline: Option<i32>,
    /// Counts of invitations.
    pub invitations: Invitations,
    /// All guests, by answer.
    pub guests: People,
    /// Guests who come, by age.
    pub coming: Coming,
    /// Plus-ones, and the number allowed.
    pub plus_ones: Places,
    /// Guests who said yes or no, in per mille of all guests; 0 without guests.
    pub response_per_mille: i64,
    /// Guests who said yes, in per mille of all guests; 0 without guests.
    pub attendance_per_mille: i64,
    /// Numbers of each event.
    pub events: Vec<EventNumbers>,
    /// Dietary requirements of the guests who come or are not sure, allergies first.
    pub diets: Vec<DietNumbers>,
    /// How many of these guests wrote a note about food.
    pub diet_notes: i64,
    /// Counts that hosts should look at.
    pub attention: Attention,
}

/// Counts of invitations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = InvitationNumbers)]
pub struct Invitations {
    /// All invitations that are not archived.
    pub total: i64,
    /// Invitations that may be answered now.
    pub open: i64,
    /// Invitations closed by a deadline or with the occasion.
    pub closed: i64,
    /// Invitations locked by a host.
    pub locked: i64,
    /// Invitations that no household ever opened.
    pub never_opened: i64,
    /// Invitations with at least one answer, namely `partial` and `complete`.
    pub answered: i64,
    /// Invitations without any answer.
    pub unanswered: i64,
    /// Invitations with some answers, and some missing or "not sure".
    pub partial: i64,
    /// Invitations with at least one answer missing or "not sure".
    pub pending: i64,
    /// Invitations with at least one guest who comes.
    pub attending: i64,
    /// Invitations with guests, all of whom decline.
    pub declined: i64,
    /// Invitations with every answer given.
    pub complete: i64,
}

/// Guests who come, by age.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Coming {
    /// Adults.
    pub adults: i64,
    /// Children.
    pub children: i64,
    /// Children by age: `0-2`, `3-6`, `7-12`, `13-17`, `unknown`.
    pub by_age: BTreeMap<&'static str, i64>,
}

/// An event's counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EventNumbers {
    /// The event's key.
    pub key: String,
    /// Guests invited to the event, by their answer for it.
    pub guests: People,
    /// Number of seats; `None` if unlimited.
    pub capacity: Option<i64>,
    /// Free seats; negative if hosts exceeded the limit. Guests who wait for approval hold no
    /// seats.
    pub left: Option<i64>,
    /// Guests who said yes without a code and wait for approval, where seats are limited.
    pub unapproved: i64,
    /// Dietary requirements of the event's guests who come or are not sure.
    pub diets: Vec<DietNumbers>,
    /// The meals that the event's guests chose.
    pub meals: Vec<MealNumbers>,
}

/// How many people have a dietary requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DietNumbers {
    /// The dietary requirement's key.
    pub key: String,
    /// Whether the dietary requirement is an allergy.
    pub allergy: bool,
    /// How many guests have the dietary requirement.
    pub people: i64,
}

/// Counts of problems that hosts should look at; each links to its list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Attention {
    /// Households that bring more people than allowed.
    pub over_allowance: i64,
    /// Households that wrote a note.
    pub notes: i64,
    /// Guests who wrote a note about food.
    pub diet_notes: i64,
    /// Households without an email address.
    pub without_email: i64,
}

/// A day on the answer curve, as of the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Day {
    /// The date in the occasion's zone.
    #[schema(value_type = String, format = "date")]
    pub date: Date,
    /// Coming.
    pub yes: i64,
    /// Not coming.
    pub no: i64,
    /// Not sure.
    pub undecided: i64,
}

pub fn load(tx: &mut Tx<'_>, host: &HostOf) -> Result<Summary, Refusal> {
    host.needs(Permission::See)?;
    let occasion = occasions::load(tx, host)?;
    let now = tx.now();
    let lines = listing::all_invitations(tx, host, &InvitationFilter::default())?;
    let everybody = people::all_people(tx, host, &people::GuestFilter::default())?;
    let options = diet::list(tx, &occasion.id)?;
    let known: Vec<(String, bool)> = options
        .into_iter()
        .map(|option| (option.key, option.allergy))
        .collect();
    let all = event::list(tx, &occasion.id)?;
    let taken: HashMap<EventId, SeatsTaken> =
        event::seats_taken(tx, &occasion.id)?.into_iter().collect();
    let answers = Answers::load(tx, &occasion, &everybody)?;
    let meals = meals::load(tx, &occasion.id)?;
    let events = all
        .iter()
        .map(|one| {
            let invited = answers.of(&one.id);
            let guests = count(invited);
            let capacity = one.capacity;
            let unapproved = taken.get(&one.id).map_or(0, |taken| taken.unapproved);
            EventNumbers {
                key: one.key.clone(),
                guests,
                capacity,
                left: capacity.map(|seats| seats - (guests.yes - unapproved)),
                unapproved,
                diets: count_diets(invited, &known),
                meals: meals.count(&one.key, &coming(invited)),
            }
        })
        .collect();
    let overall: Vec<Answer<'_>> = everybody
        .iter()
        .map(|person| (person.status, person))
        .collect();
    let guests = People {
        partial: number(everybody.iter().filter(|person| person.is_partial)),
        ..count(&overall)
    };
    let eating = || everybody.iter().filter(|person| person.is_eating());
    let diet_notes = number(eating().filter(|person| !person.diet_note.is_empty()));
    let first = all.iter().map(|event| event.starts_at).min();
    let deadline = occasion.rsvp_deadline;
    Ok(Summary {
        days_to_event: first.map(|at| occasions::days_until(&occasion, now, at)),
        days_to_deadline: deadline.map(|at| occasions::days_until_deadline(&occasion, now, at)),
        invitations: count_invitations(&lines),
        guests,
        coming: count_ages(&everybody),
        plus_ones: count_plus_ones(tx, host, &everybody)?,
        response_per_mille: per_mille(guests.yes + guests.no, guests.total),
        attendance_per_mille: per_mille(guests.yes, guests.total),
        events,
        diets: count_diets(&overall, &known),
        diet_notes,
        attention: Attention {
            over_allowance: number(lines.iter().filter(|line| line.is_over_allowance)),
            notes: number(lines.iter().filter(|line| line.has_note)),
            diet_notes,
            without_email: number(lines.iter().filter(|line| !line.has_email)),
        },
    })
}

/// Returns the answers over time, with an entry for each day from the first answer to today. The
/// last day equals [`Summary::guests`].
pub fn curve(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<Day>, Refusal> {
    host.needs(Permission::See)?;
    let occasion = occasions::load(tx, host)?;
    let everybody = people::all_people(tx, host, &people::GuestFilter::default())?;
    Ok(draw_curve(&occasion, tx.now(), &everybody))
}

fn draw_curve(occasion: &Occasion, now: Timestamp, everybody: &[Person]) -> Vec<Day> {
    let zone = occasion.zone();
    let day_of = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let mut by_day: BTreeMap<Date, Day> = BTreeMap::new();
    for person in everybody {
        let Some(answered_at) = person.answered_at else {
            continue;
        };
        let date = day_of(answered_at);
        let day = by_day.entry(date).or_insert(Day {
            date,
            yes: 0,
            no: 0,
            undecided: 0,
        });
        match person.status {
            ReplyStatus::Yes => day.yes += 1,
            ReplyStatus::No => day.no += 1,
            ReplyStatus::Undecided => day.undecided += 1,
            ReplyStatus::Pending | ReplyStatus::Waitlisted => {}
        }
    }
    let Some(first) = by_day.keys().next().copied() else {
        return Vec::new();
    };
    let last = day_of(now).max(by_day.keys().last().copied().unwrap_or(first));
    let mut curve: Vec<Day> = Vec::new();
    let mut date = first;
    while date <= last {
        let (yes, no, undecided) = curve
            .last()
            .map_or((0, 0, 0), |day| (day.yes, day.no, day.undecided));
        let more = by_day.get(&date);
        curve.push(Day {
            date,
            yes: yes + more.map_or(0, |day| day.yes),
            no: no + more.map_or(0, |day| day.no),
            undecided: undecided + more.map_or(0, |day| day.undecided),
        });
        let Ok(next) = date.checked_add(1.day()) else {
            break;
        };
        date = next;
    }
    curve
}

fn number<T>(list: impl Iterator<Item = T>) -> i64 {
    i64::try_from(list.count()).unwrap_or(i64::MAX)
}

fn per_mille(part: i64, whole: i64) -> i64 {
    if whole == 0 { 0 } else { part * 1_000 / whole }
}

type Answer<'p> = (ReplyStatus, &'p Person);

/// The replies of the invited guests, by event.
struct Answers<'p>(BTreeMap<EventId, Vec<Answer<'p>>>);

impl<'p> Answers<'p> {
    fn load(
        tx: &mut Tx<'_>,
        occasion: &Occasion,
        everybody: &'p [Person],
    ) -> Result<Self, Refusal> {
        let people: HashMap<&GuestId, &Person> = everybody
            .iter()
            .map(|person| (&person.id, person))
            .collect();
        let replies: Vec<(GuestId, EventId, ReplyStatus)> = sql!(
            "SELECT reply.guest, reply.event, reply.status
             FROM event JOIN reply ON reply.event = event.id
             WHERE event.occasion = :occasion",
            occasion = occasion.id
        )
        .all(tx)?;
        let mut by_event: BTreeMap<EventId, Vec<Answer<'p>>> = BTreeMap::new();
        for (guest, event, status) in replies {
            // Guests of archived invitations are not in the map.
            if let Some(person) = people.get(&guest) {
                let shown = effective_status(occasion, status);
                by_event.entry(event).or_default().push((shown, person));
            }
        }
        Ok(Self(by_event))
    }

    fn of(&self, event: &EventId) -> &[Answer<'p>] {
        self.0.get(event).map_or(&[], Vec::as_slice)
    }
}

/// Returns the reply that counts. If the hosts have switched "not sure" off, an undecided guest
/// counts as not having answered.
fn effective_status(occasion: &Occasion, status: ReplyStatus) -> ReplyStatus {
    match status {
        ReplyStatus::Undecided if !occasion.switches.undecided => ReplyStatus::Pending,
        other => other,
    }
}

fn count(answers: &[Answer<'_>]) -> People {
    let of = |wanted| number(answers.iter().filter(|(status, _)| *status == wanted));
    People {
        total: number(answers.iter()),
        yes: of(ReplyStatus::Yes),
        no: of(ReplyStatus::No),
        undecided: of(ReplyStatus::Undecided),
        pending: of(ReplyStatus::Pending),
        // A guest's answer to a single event is never partial.
        partial: 0,
        waitlisted: of(ReplyStatus::Waitlisted),
    }
}

/// The guests who said yes.
fn coming<'p>(answers: &[Answer<'p>]) -> Vec<&'p GuestId> {
    let coming = answers
        .iter()
        .filter(|(status, _)| *status == ReplyStatus::Yes);
    coming.map(|(_, person)| &person.id).collect()
}

fn count_invitations(lines: &[InvitationRow]) -> Invitations {
    let of = |wanted: fn(&InvitationRow) -> bool| number(lines.iter().filter(|line| wanted(line)));
    Invitations {
        total: number(lines.iter()),
        open: of(|line| line.access == Access::Open),
        closed: of(|line| line.access == Access::Closed),
        locked: of(|line| line.access == Access::Locked),
        never_opened: of(|line| line.last_opened_at.is_none()),
        answered: of(|line| line.response != Response::Unanswered),
        unanswered: of(|line| line.response == Response::Unanswered),
        partial: of(|line| line.response == Response::Partial),
        pending: of(|line| line.unsettled > 0),
        attending: of(|line| line.people.yes > 0),
        declined: of(|line| line.people.total > 0 && line.people.no == line.people.total),
        complete: of(|line| line.response == Response::Complete),
    }
}

fn count_ages(people: &[Person]) -> Coming {
    let coming = || {
        people
            .iter()
            .filter(|person| person.status == ReplyStatus::Yes)
    };
    let mut by_age: BTreeMap<&'static str, i64> =
        Band::ALL.iter().map(|band| (band.word(), 0)).collect();
    for child in coming().filter(|person| person.is_child) {
        *by_age.entry(Band::of(child.age).word()).or_default() += 1;
    }
    Coming {
        adults: number(coming().filter(|person| !person.is_child)),
        children: number(coming().filter(|person| person.is_child)),
        by_age,
    }
}

fn count_diets(answers: &[Answer<'_>], known: &[(String, bool)]) -> Vec<DietNumbers> {
    let eating = || {
        answers
            .iter()
            .filter(|(status, _)| matches!(status, ReplyStatus::Yes | ReplyStatus::Undecided))
    };
    let mut counted: Vec<DietNumbers> = known
        .iter()
        .map(|(key, allergy)| DietNumbers {
            key: key.clone(),
            allergy: *allergy,
            people: number(eating().filter(|(_, person)| person.diets.contains(key))),
        })
        .filter(|diet| diet.people > 0)
        .collect();
    // The sort is stable, so allergies and other options each keep the hosts' order.
    counted.sort_by_key(|diet| !diet.allergy);
    counted
}

fn count_plus_ones(tx: &mut Tx<'_>, host: &HostOf, people: &[Person]) -> Result<Places, Refusal> {
    let (allowed,): (i64,) = sql!(
        "SELECT CAST(COALESCE(SUM(plus_ones + children), 0) AS BIGINT) FROM invitation
         WHERE occasion = :occasion AND archived_at IS NULL",
        occasion = host.occasion()
    )
    .one(tx)?;
    let used = number(
        people
            .iter()
            .filter(|person| person.kind == GuestKind::PlusOne),
    );
    Ok(Places { allowed, used })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_guests_no_rate_divides_by_zero() {
        assert_eq!(per_mille(0, 0), 0);
        assert_eq!(per_mille(2, 3), 666);
    }
}
