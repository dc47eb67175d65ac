//! The list in the menu to which the page of a booking belongs.

use super::sessions;
use super::slots::bookings::BOOKINGS;
use crate::booking::Party;

/// Of members.
pub(super) const OWN: &str = "/me/bookings";

/// The page that lists the bookings of this side. The page of a booking belongs to its entry in the menu.
pub(super) const fn menu_of(party: Party) -> &'static str {
    match party {
        Party::Member => OWN,
        Party::Provider => BOOKINGS,
        Party::Administrator => sessions::ALL,
    }
}
