//! The entries of bookings in the menu for signed-in people.

use platform::{StoreError, Tx, sql};
use web::Site;
use web::state::Audience::{self, Administrators, Everybody};
use web::state::{MenuEntry, MenuPage, MenuPlace, Start};

use super::{money, own, public, slots};
use crate::to_do::counts;
use crate::{finding, no_show_claim, provider, settings};

const PROVIDERS: Audience = Audience::Some(provider::is_for);
const GIVEN: MenuPlace = MenuPlace::Duty("booking-given");

pub(crate) const ENTRIES: &[MenuEntry] = &[
    MenuEntry {
        place: MenuPlace::Personal,
        position: 5,
        label: "booking-menu",
        pages: &[MenuPage::new(
            "booking-menu",
            "/book",
            Audience::Some(is_offered_unseen),
        )],
        start: None,
        waits: None,
    },
    MenuEntry {
        place: MenuPlace::Personal,
        position: 10,
        label: "booking-mine",
        pages: &[
            MenuPage {
                below: &["/me/requests", "/me/reviews"],
                ..MenuPage::new("booking-menu-list", own::HERE, Everybody)
            },
            MenuPage::new("credit-mine", "/me/credits", Everybody),
            MenuPage::new("order-all", "/me/orders", Everybody),
        ],
        start: Some(member_start),
        waits: Some(counts::member),
    },
    MenuEntry {
        place: GIVEN,
        position: 10,
        label: "slot-mine",
        pages: &[
            MenuPage::new("slot-menu-week", slots::HERE, PROVIDERS),
            MenuPage::new("slot-bookings", "/me/slots/bookings", PROVIDERS),
            MenuPage::new("slot-menu-profile", "/me/slots/profile", PROVIDERS),
        ],
        start: Some(provider_start),
        waits: Some(counts::calendar),
    },
    MenuEntry {
        place: GIVEN,
        position: 20,
        label: "request-menu",
        pages: &[
            MenuPage::new("request-menu", "/me/slots/requests", PROVIDERS),
            MenuPage::new("review-menu", "/me/slots/reviews", PROVIDERS),
        ],
        start: None,
        waits: Some(counts::requests),
    },
    MenuEntry {
        place: GIVEN,
        position: 24,
        label: "offer-title",
        pages: &[MenuPage {
            below: &["/me/questions"],
            ..MenuPage::new("offer-title", "/me/offers", PROVIDERS)
        }],
        start: None,
        waits: None,
    },
    MenuEntry {
        place: GIVEN,
        position: 26,
        label: "hours-title",
        pages: &[MenuPage {
            below: &["/me/days"],
            ..MenuPage::new("hours-title", "/me/hours", PROVIDERS)
        }],
        start: None,
        waits: None,
    },
    MenuEntry {
        place: GIVEN,
        position: 30,
        label: "payout-menu",
        pages: &[MenuPage::new("payout-menu", "/me/slots/payouts", PROVIDERS)],
        start: None,
        waits: None,
    },
    MenuEntry {
        place: MenuPlace::Site,
        position: 50,
        label: "session-all",
        pages: &[
            MenuPage::new("session-menu-all", "/admin/sessions", Administrators),
            MenuPage::new("request-menu", "/admin/sessions/requests", Administrators),
            MenuPage::new("claim-all", no_show_claim::PAGE, Administrators),
            MenuPage::new("review-menu", "/admin/sessions/reviews", Administrators),
            MenuPage {
                below: &[
                    "/admin/sessions/types",
                    "/admin/sessions/levels",
                    "/admin/sessions/rubrics",
                ],
                ..MenuPage::new("entry-all", "/admin/sessions/catalogue", Administrators)
            },
            MenuPage::new("room-all", "/admin/rooms", Administrators),
            MenuPage::new(
                "booking-settings",
                "/admin/sessions/settings",
                Administrators,
            ),
            MenuPage::new("figures-title", "/admin/sessions/figures", Administrators),
        ],
        start: None,
        waits: Some(counts::sessions),
    },
    MenuEntry {
        place: MenuPlace::Site,
        position: 60,
        label: "money-menu",
        pages: &[
            MenuPage::new("money-overview", money::HERE, Administrators),
            MenuPage::new("order-all", "/admin/orders", Administrators),
            MenuPage::new("refund-all", "/admin/refunds", Administrators),
            MenuPage::new("finding-all", finding::PAGE, Administrators),
            MenuPage::new("plan-all", "/admin/plans", Administrators),
            MenuPage::new("payout-all", "/admin/payouts", Administrators),
            MenuPage::new("export-all", "/admin/orders/exports", Administrators),
        ],
        start: None,
        waits: Some(counts::money),
    },
];

/// Whether there is something to book that the public menu does not name, as only those who are
/// signed in see it.
fn is_offered_unseen(tx: &mut Tx<'_>, _: &Site, _: &str) -> Result<bool, StoreError> {
    Ok(!settings::load(tx)?.browse_public && public::is_offered(tx)?)
}

/// Members start with their bookings. Who has none starts with the times to book.
fn member_start(tx: &mut Tx<'_>, _: &Site, account: &str) -> Result<Option<Start>, StoreError> {
    let (has_booked,): (bool,) = sql!(
        "SELECT EXISTS (SELECT 1 FROM booking WHERE member_id = :account)",
        account
    )
    .one(tx)?;
    let href = if has_booked { own::HERE } else { "/book" };
    Ok(Some(Start {
        href: href.to_owned(),
        title: None,
        is_work: false,
    }))
}

fn provider_start(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &str,
) -> Result<Option<Start>, StoreError> {
    let start = Start {
        href: slots::HERE.to_owned(),
        title: None,
        is_work: true,
    };
    Ok(provider::is_for(tx, site, account)?.then_some(start))
}
