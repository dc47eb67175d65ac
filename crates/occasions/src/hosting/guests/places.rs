//! Households of which hosts know only the number: they name nobody, and each of their places is a guest
//! without a name.

use platform::{StoreError, Tx, sql};

use super::{Contact, Planned, write_contact};
use crate::guest::{self, Guest, Reply};
use crate::hosting::Refusal;
use crate::hosting::permissions::HostOf;
use crate::household::{GUEST_LIMIT, Household};
use crate::id::{EventId, GuestId, InvitationId};
use crate::invitation::Details;
use crate::size_limits;
use crate::words::{ActedBy, GuestKind, Source};

/// The guests with whom a household begins that names nobody: one for each that it may bring. So it is
/// asked, counted and reminded like any other household.
pub fn unnamed(tx: &mut Tx<'_>, details: &Details, invited: &[EventId]) -> Vec<Guest> {
    let places = (0..details.plus_ones + details.children).take(GUEST_LIMIT);
    let guests = (0_i64..).zip(places).map(|(position, place)| Guest {
        id: tx.id(),
        kind: GuestKind::PlusOne,
        is_child: place >= details.plus_ones,
        added_by: ActedBy::Host,
        position,
        replies: invited
            .iter()
            .map(|event| (event.clone(), Reply::PENDING))
            .collect(),
        ..Guest::default()
    });
    guests.collect()
}

/// What makes the people of a household that names nobody as many as it may bring.
enum Step {
    /// The guest at this index becomes a child, or an adult.
    Regard(usize, bool),
    Remove(usize),
    /// The guest at this index is no longer beyond the allowance.
    Allow(usize),
    /// A child is missing, or an adult.
    Add(bool),
}

impl Step {
    /// Returns the next step. Only guests in `free` go or change.
    fn next(guests: &[Guest], details: &Details, free: &[GuestId]) -> Option<Self> {
        if details.plus_ones + details.children == 0 {
            return None;
        }
        let within = guests.iter().filter(|one| !one.beyond_allowance);
        let (young, grown): (Vec<&Guest>, Vec<&Guest>) = within.partition(|one| one.is_child);
        let over = |there: &[&Guest], allowed: i64| {
            i64::try_from(there.len()).unwrap_or(i64::MAX) - allowed
        };
        let (adults, young) = (
            over(&grown, details.plus_ones),
            over(&young, details.children),
        );
        let last = |is_child: bool| {
            guests.iter().rposition(|one| {
                one.is_child == is_child
                    && !one.beyond_allowance
                    && is_spare(guests, one)
                    && free.contains(&one.id)
            })
        };
        let adult = (adults > 0).then(|| last(false)).flatten();
        let surplus = adult.or_else(|| (young > 0).then(|| last(true)).flatten());
        let mut all = guests.iter();
        let beyond = all.position(|one| one.beyond_allowance);
        if let Some(at) = surplus.filter(|_| adults.min(young) < 0) {
            Some(Self::Regard(at, young < 0))
        } else if let Some(at) = surplus {
            Some(Self::Remove(at))
        } else if let Some(at) = beyond.filter(|_| adults + young < 0) {
            Some(Self::Allow(at))
        } else {
            let has_room = adults + young < 0 && guests.len() < GUEST_LIMIT;
            has_room.then_some(Self::Add(young < 0))
        }
    }
}

/// Whether nobody has said more of the guest than a list says of each of them.
fn is_spare(guests: &[Guest], one: &Guest) -> bool {
    let same = guests
        .iter()
        .filter(|other| other.diet_note == one.diet_note);
    let is_of_all = same.count() > 1;
    let without = || Guest {
        diet_note: String::new(),
        ..one.clone()
    };
    one.is_place() || (is_of_all && without().is_place())
}

/// Makes the people of a household that names nobody as many as it may bring. Who is named, has
/// answered or has contact data stays.
pub(crate) fn fit_places(
    tx: &mut Tx<'_>,
    host: &HostOf,
    household: &mut Household,
) -> Result<(), Refusal> {
    let details = household.invitation.details.clone();
    let mut free: Vec<GuestId> = free(tx, &household.invitation.id)?;
    while let Some(step) = Step::next(&household.guests, &details, &free) {
        match step {
            Step::Regard(at, is_child) => {
                household.guests[at].is_child = is_child;
                guest::update(tx, &household.guests[at])?;
            }
            Step::Remove(at) => guest::remove(tx, &household.guests.remove(at).id)?,
            Step::Allow(at) => {
                household.guests[at].beyond_allowance = false;
                guest::update(tx, &household.guests[at])?;
            }
            Step::Add(is_child) => {
                size_limits::check_guests(tx, host.occasion(), 1)?;
                let one = Details {
                    plus_ones: i64::from(!is_child),
                    children: i64::from(is_child),
                    ..Details::default()
                };
                let positions = household.guests.iter().map(|one| one.position + 1);
                let position = positions.max().unwrap_or_default();
                for new in unnamed(tx, &one, &household.events) {
                    let new = Guest { position, ..new };
                    guest::insert(tx, &household.invitation.id, &new, Source::Web)?;
                    free.push(new.id.clone());
                    household.guests.push(new);
                }
            }
        }
    }
    Ok(())
}

/// Takes from `guests` whom a household that names nobody may no longer bring. Who is named, has
/// answered or has contact data stays.
pub fn drop_places(
    tx: &mut Tx<'_>,
    invitation: &InvitationId,
    details: &Details,
    guests: &mut Vec<Guest>,
) -> Result<(), StoreError> {
    let free = free(tx, invitation)?;
    loop {
        match Step::next(guests, details, &free) {
            Some(Step::Regard(at, is_child)) => guests[at].is_child = is_child,
            Some(Step::Remove(at)) => {
                guests.remove(at);
            }
            Some(Step::Allow(at)) => guests[at].beyond_allowance = false,
            Some(Step::Add(_)) | None => return Ok(()),
        }
    }
}

/// The guests without a name of whom nothing else is stored that would be lost with them.
fn free(tx: &mut Tx<'_>, invitation: &InvitationId) -> Result<Vec<GuestId>, StoreError> {
    let found: Vec<(GuestId,)> = sql!(
        "SELECT id FROM guest
         WHERE invitation = :invitation AND name = '' AND email IS NULL AND phone IS NULL
           AND child_age IS NULL
           AND NOT EXISTS (SELECT 1 FROM cancelled_reply AS aside WHERE aside.guest = guest.id
               AND (aside.status <> 'pending' OR aside.seat_until IS NOT NULL))",
        invitation
    )
    .all(tx)?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Gives the new guest's name and data to one of those of whom hosts knew only the number. Returns
/// whether there is one for the same events.
pub(super) fn take_place(
    tx: &mut Tx<'_>,
    household: &mut Household,
    new: &Planned,
) -> Result<bool, StoreError> {
    let is_alike = |place: &Guest| {
        place.name.is_empty()
            && place.is_child == new.guest.is_child
            && place.replies.keys().eq(new.guest.replies.keys())
    };
    let mut places = household.guests.iter_mut();
    let Some(place) = places.find(|place| is_alike(place)) else {
        return Ok(false);
    };
    if new.guest.name.is_empty() {
        return Ok(false);
    }
    place.name.clone_from(&new.guest.name);
    place.child_age = new.guest.child_age.or(place.child_age);
    if !new.guest.diets.is_empty() || !new.guest.diet_note.is_empty() {
        place.diets.clone_from(&new.guest.diets);
        place.diet_note.clone_from(&new.guest.diet_note);
    }
    guest::update(tx, place)?;
    if new.contact != Contact::default() {
        write_contact(tx, &place.id, &new.contact)?;
    }
    Ok(true)
}
