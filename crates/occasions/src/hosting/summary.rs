//! The numbers on an occasion's overview page. Each number is counted from the list that it links
//! to, so the number and the list agree.

mod census;

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use platform::Tx;
use serde::Serialize;

use super::listing::People;
use super::listing::filter::Open;
use super::listing::people::Band;
use super::meals::{self, MealNumbers};
use super::permissions::{HostOf, Permission};
use super::{Refusal, occasions, sizes};
use crate::diet;
use crate::event::{self, SeatsTaken};
use crate::household::Places;
use crate::id::{EventId, GuestId};
use crate::occasion::Occasion;
use crate::rsvp::waitlist;
use crate::upload;
use crate::words::{Access, ReplyStatus, Response};
use census::{Census, GuestFacts, HouseholdFacts};

/// All counters of an occasion.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Summary {
    /// Whole days until the first event; negative in the past.
    pub days_to_event: Option<i32>,
    /// Whole days until the last day on which households can answer; negative in the past.
    pub days_to_deadline: Option<i32>,
    /// Counts of invitations.
    pub invitations: Invitations,
    /// All guests, counted by answer.
    pub guests: People,
    /// The guests who come, counted by age.
    pub coming: Coming,
    /// How many plus-ones there are, and how many are allowed.
    pub plus_ones: Places,
    /// Guests who said yes or no, in per mille of all guests; 0 without guests.
    pub response_per_mille: i64,
    /// Guests who said yes, in per mille of all guests; 0 without guests.
    pub attendance_per_mille: i64,
    /// The numbers of each event.
    pub events: Vec<EventNumbers>,
    /// The dietary requirements of guests who come or are not sure. Allergies come first.
    pub diets: Vec<DietNumbers>,
    /// How many of the guests who come or are not sure wrote a note about food.
    pub diet_notes: i64,
    /// Counts of problems that hosts should look at.
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
    /// Invitations closed by a deadline, or because the occasion is closed.
    pub closed: i64,
    /// Invitations locked by a host.
    pub locked: i64,
    /// Invitations that the household has never opened.
    pub never_opened: i64,
    /// Invitations with at least one answer: the sum of `partial` and `complete`.
    pub answered: i64,
    /// Invitations without any answer.
    pub unanswered: i64,
    /// Invitations with some answers, while others are missing or say "not sure".
    pub partial: i64,
    /// Invitations with at least one answer that is missing or says "not sure".
    pub pending: i64,
    /// Those of `pending` that need no invitation any more: households that have it, or that answered
    /// without a code.
    pub owing: i64,
    /// Invitations with at least one guest who comes.
    pub attending: i64,
    /// Invitations with at least one guest, on which all guests decline.
    pub declined: i64,
    /// Invitations on which no answer is missing or says "not sure".
    pub complete: i64,
}

/// The guests who come, counted by age.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Coming {
    /// Adults.
    pub adults: i64,
    /// Children.
    pub children: i64,
    /// Children by age: `0-2`, `3-6`, `7-12`, `13-17`, `unknown`.
    pub by_age: BTreeMap<&'static str, i64>,
}

/// The numbers of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EventNumbers {
    /// The event's key.
    pub key: String,
    /// The guests invited to the event, counted by their answer for it.
    pub guests: People,
    /// Number of seats; `None` if unlimited.
    pub capacity: Option<i64>,
    /// Free seats; negative if hosts have exceeded the limit. Guests who wait for approval take no
    /// seats.
    pub left: Option<i64>,
    /// How many guests said yes without a code and wait for approval; 0 if the event's seats are
    /// unlimited.
    pub unapproved: i64,
    /// Households on the waiting list. The field `waitlisted` of `guests` is the number of guests
    /// who wait.
    pub waiting_households: i64,
    /// The dietary requirements of the event's guests who come or are not sure.
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

/// Counts of problems that hosts should look at. Each count links to its list.
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
    /// Uploads that wait for a host's decision.
    pub uploads: i64,
}

/// A day in the chart of answers. The numbers are from the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Day {
    /// The date in the occasion's time zone.
    pub date: Date,
    /// Coming.
    pub yes: i64,
    /// Not coming.
    pub no: i64,
    /// Not sure.
    pub undecided: i64,
}

pub fn load(tx: &mut Tx<'_>, host: &HostOf) -> Result<Summary, Refusal> {
    let (occasion, census) = take(tx, host)?;
    summarize(tx, &occasion, &census)
}

/// Returns the answers over time: one entry for each day, from the first answer to today. The last
/// entry equals [`Summary::guests`].
pub fn curve(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<Day>, Refusal> {
    let (occasion, census) = take(tx, host)?;
    Ok(draw_curve(&occasion, tx.now(), &census.guests))
}

/// Returns what [`load`] and [`curve`] return, but reads the data only once.
pub fn load_with_curve(tx: &mut Tx<'_>, host: &HostOf) -> Result<(Summary, Vec<Day>), Refusal> {
    let (occasion, census) = take(tx, host)?;
    let curve = draw_curve(&occasion, tx.now(), &census.guests);
    Ok((summarize(tx, &occasion, &census)?, curve))
}

/// The numbers above the list of invitations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListNumbers {
    pub invitations: Invitations,
    /// Answers without a code that wait for approval.
    pub waiting: i64,
}

pub fn of_list(tx: &mut Tx<'_>, host: &HostOf) -> Result<ListNumbers, Refusal> {
    let (occasion, Census { households, .. }) = take(tx, host)?;
    let open = households.iter().map(|household| household.row.open);
    let is_waiting = |open: &Option<Open>| matches!(open, Some(Open::Waiting | Open::Duplicate));
    Ok(ListNumbers {
        invitations: count_invitations(&households, sizes::owing(tx, &occasion.id)?),
        waiting: number(open.filter(is_waiting)),
    })
}

fn take(tx: &mut Tx<'_>, host: &HostOf) -> Result<(Occasion, Census), Refusal> {
    host.needs(Permission::See)?;
    let occasion = occasions::load(tx, host)?;
    let census = census::take(tx, &occasion)?;
    Ok((occasion, census))
}

fn summarize(tx: &mut Tx<'_>, occasion: &Occasion, census: &Census) -> Result<Summary, Refusal> {
    let now = tx.now();
    let Census { households, guests } = census;
    let options = diet::list(tx, &occasion.id)?;
    let known: Vec<(String, bool)> = options
        .into_iter()
        .map(|option| (option.key, option.allergy))
        .collect();
    let all = event::list(tx, &occasion.id)?;
    let taken: HashMap<EventId, SeatsTaken> =
        event::seats_taken(tx, &occasion.id)?.into_iter().collect();
    let waiting = waitlist::count(tx, &occasion.id)?;
    let meals = meals::load(tx, &occasion.id)?;
    let answers = by_event(guests);
    let events = all
        .iter()
        .map(|one| {
            let invited = answers.get(&one.id).map_or(&[][..], Vec::as_slice);
            // For a single event, no answer is partial.
            let guests = census::count(invited.iter().map(|(status, _)| (*status, false)));
            let capacity = one.capacity;
            let SeatsTaken {
                confirmed,
                unapproved,
            } = taken.get(&one.id).copied().unwrap_or_default();
            EventNumbers {
                key: one.key.clone(),
                guests,
                capacity,
                left: capacity.map(|seats| seats - confirmed),
                unapproved,
                waiting_households: waiting.get(&one.id).map_or(0, |one| one.households),
                diets: count_diets(invited, &known),
                meals: meals.count(&one.key, &coming(invited)),
            }
        })
        .collect();
    let overall: Vec<Answer<'_>> = guests.iter().map(|guest| (guest.status, guest)).collect();
    let eating = guests.iter().filter(|guest| guest.is_eating());
    let diet_notes = number(eating.filter(|guest| guest.row.has_diet_note));
    let first = all.iter().map(|event| event.starts_at).min();
    let deadline = occasion.rsvp_deadline;
    let people = census::count(guests.iter().map(|guest| (guest.status, guest.is_partial)));
    Ok(Summary {
        days_to_event: first.map(|at| occasions::days_until(occasion, now, at)),
        days_to_deadline: deadline.map(|at| occasions::days_until_deadline(occasion, now, at)),
        invitations: count_invitations(households, sizes::owing(tx, &occasion.id)?),
        guests: people,
        coming: count_ages(guests),
        plus_ones: count_plus_ones(census),
        response_per_mille: per_mille(people.yes + people.no, people.total),
        attendance_per_mille: per_mille(people.yes, people.total),
        events,
        diets: count_diets(&overall, &known),
        diet_notes,
        attention: Attention {
            over_allowance: number(households.iter().filter(|one| one.is_over_allowance)),
            notes: number(households.iter().filter(|one| one.row.has_note)),
            diet_notes,
            without_email: number(households.iter().filter(|one| !one.row.has_email)),
            uploads: upload::waiting(tx, &occasion.id)?,
        },
    })
}

fn draw_curve(occasion: &Occasion, now: Timestamp, guests: &[GuestFacts]) -> Vec<Day> {
    let zone = occasion.zone();
    let day_of = |at: Timestamp| at.to_zoned(zone.clone()).date();
    let mut by_day: BTreeMap<Date, Day> = BTreeMap::new();
    for guest in guests {
        let Some(answered_at) = guest.answered_at else {
            continue;
        };
        let date = day_of(answered_at);
        let day = by_day.entry(date).or_insert(Day {
            date,
            yes: 0,
            no: 0,
            undecided: 0,
        });
        match guest.status {
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

type Answer<'g> = (ReplyStatus, &'g GuestFacts);

fn by_event(guests: &[GuestFacts]) -> HashMap<&EventId, Vec<Answer<'_>>> {
    let mut by_event: HashMap<&EventId, Vec<Answer<'_>>> = HashMap::new();
    for guest in guests {
        for (event, status) in &guest.replies {
            by_event.entry(event).or_default().push((*status, guest));
        }
    }
    by_event
}

fn coming<'g>(answers: &[Answer<'g>]) -> Vec<&'g GuestId> {
    let coming = answers
        .iter()
        .filter(|(status, _)| *status == ReplyStatus::Yes);
    coming.map(|(_, guest)| &guest.row.id).collect()
}

fn count_invitations(households: &[HouseholdFacts], owing: i64) -> Invitations {
    let of = |wanted: fn(&HouseholdFacts) -> bool| {
        number(households.iter().filter(|household| wanted(household)))
    };
    Invitations {
        total: number(households.iter()),
        open: of(|household| household.access == Access::Open),
        closed: of(|household| household.access == Access::Closed),
        locked: of(|household| household.access == Access::Locked),
        never_opened: of(|household| !household.row.is_opened),
        answered: of(|household| household.response != Response::Unanswered),
        unanswered: of(|household| household.response == Response::Unanswered),
        partial: of(|household| household.response == Response::Partial),
        pending: of(|household| household.is_unsettled),
        owing,
        attending: of(|household| household.people.yes > 0),
        declined: of(|household| {
            household.people.total > 0 && household.people.no == household.people.total
        }),
        complete: of(|household| household.response == Response::Complete),
    }
}

fn count_ages(guests: &[GuestFacts]) -> Coming {
    let coming = || {
        let coming = guests
            .iter()
            .filter(|guest| guest.status == ReplyStatus::Yes);
        coming.map(|guest| &guest.row)
    };
    let mut by_age: BTreeMap<&'static str, i64> =
        Band::ALL.iter().map(|band| (band.word(), 0)).collect();
    for child in coming().filter(|guest| guest.is_child) {
        *by_age.entry(Band::of(child.age).word()).or_default() += 1;
    }
    Coming {
        adults: number(coming().filter(|guest| !guest.is_child)),
        children: number(coming().filter(|guest| guest.is_child)),
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
            people: number(eating().filter(|(_, guest)| guest.row.diets.contains(key))),
        })
        .filter(|diet| diet.people > 0)
        .collect();
    // The sort is stable. So the hosts' order stays the same within the allergies, and within the
    // other options.
    counted.sort_by_key(|diet| !diet.allergy);
    counted
}

/// Counts the places besides those who are invited. In a household that names nobody, no place is one.
fn count_plus_ones(census: &Census) -> Places {
    let rows = census.households.iter();
    let rows = rows.filter(|household| !household.names_nobody);
    Places {
        allowed: rows
            .clone()
            .map(|one| one.row.plus_ones + one.row.children)
            .sum(),
        used: rows.map(|household| household.brought).sum(),
    }
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
