//! Lists the guests with dietary requirements for the kitchen. Each guest is listed with the events
//! at which the guest eats.

use std::collections::{BTreeMap, BTreeSet};

use platform::{Tx, sql};

use super::listing::people::Person;
use super::meals::{self, Meals};
use super::permissions::{HostOf, Permission};
use super::{Refusal, occasions};
use crate::diet::DietaryOption;
use crate::event::Event;
use crate::id::{EventId, GuestId};

/// The events at which each guest eats. A guest eats at an event if the guest comes or is not sure.
pub type Eating = BTreeMap<GuestId, BTreeSet<EventId>>;

/// A guest with dietary requirements.
#[derive(Clone, Debug)]
pub struct Eater<'a> {
    pub person: &'a Person,
    /// The events at which the guest eats, in display order.
    pub events: Vec<&'a Event>,
    /// The keys of the guest's dietary options that are allergies.
    pub allergies: Vec<&'a str>,
    /// The keys of the guest's other dietary options.
    pub others: Vec<&'a str>,
}

impl Eater<'_> {
    pub fn eats_at(&self, event: &Event) -> bool {
        self.events.iter().any(|one| one.id == event.id)
    }
}

pub fn eating(tx: &mut Tx<'_>, host: &HostOf) -> Result<Eating, Refusal> {
    host.needs(Permission::SeeAnswers)?;
    let occasion = occasions::load(tx, host)?;
    let rows: Vec<(GuestId, EventId)> = sql!(
        "SELECT reply.guest, reply.event FROM event JOIN reply ON reply.event = event.id
         WHERE event.occasion = :occasion
           AND (reply.status = 'yes'
                OR (reply.status = 'undecided' AND CAST(:undecided AS BIGINT) = 1))",
        occasion = occasion.id,
        undecided = occasion.switches.undecided
    )
    .all(tx)?;
    let mut eating = Eating::new();
    for (guest, event) in rows {
        eating.entry(guest).or_default().insert(event);
    }
    Ok(eating)
}

pub fn meals(tx: &mut Tx<'_>, host: &HostOf) -> Result<Meals, Refusal> {
    host.needs(Permission::SeeAnswers)?;
    meals::load(tx, host.occasion())
}

/// Lists the guests in `people` whose requirements the kitchen must know. Guests with allergies
/// come first. Within each group, guests who eat at the same events are next to each other.
/// Otherwise guests stay in the order of `people`.
pub fn eaters<'a>(
    people: &'a [Person],
    events: &'a [Event],
    options: &[DietaryOption],
    eating: &Eating,
) -> Vec<Eater<'a>> {
    let is_allergy = |key: &&str| {
        let option = options.iter().find(|option| option.key == *key);
        option.is_some_and(|option| option.allergy)
    };
    let mut eaters: Vec<(Vec<usize>, Eater<'a>)> = people
        .iter()
        .filter(|person| !person.diets.is_empty() || !person.diet_note.is_empty())
        .filter_map(|person| {
            let here = eating.get(&person.id)?;
            let (places, events) = events
                .iter()
                .enumerate()
                .filter(|(_, event)| here.contains(&event.id))
                .unzip();
            let diets = person.diets.iter().map(String::as_str);
            let (allergies, others) = diets.partition(is_allergy);
            let eater = Eater {
                person,
                events,
                allergies,
                others,
            };
            Some((places, eater))
        })
        .collect();
    eaters.sort_by(|(one, first), (other, second)| {
        let order = first.allergies.is_empty().cmp(&second.allergies.is_empty());
        order.then_with(|| one.cmp(other))
    });
    eaters.into_iter().map(|(_, eater)| eater).collect()
}
