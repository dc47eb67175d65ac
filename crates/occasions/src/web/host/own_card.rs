//! The card on a host's start page. It lists the host's occasions.

use identity::session::signed_in::SignedIn;
use platform::{StoreError, Tx, sql};
use site::own_card::{Begin, OwnCard, OwnLine, Side};
use web::{Site, Text};

use super::wording::Wording;
use crate::event;
use crate::hosting::occasions;
use crate::id::OccasionId;
use crate::words::{OccasionStatus, ReplyStatus};

/// Builds the card with the host's two newest occasions. It has a button for a new occasion if the
/// host may create one.
pub(crate) fn find(
    tx: &mut Tx<'_>,
    site: &Site,
    who: &SignedIn,
    text: &Text,
) -> Result<Vec<OwnCard>, StoreError> {
    let may_create = occasions::may_create(tx, site, who)?;
    let (all, now) = (occasions::list(tx, who)?, tx.now());
    if all.is_empty() && !may_create {
        return Ok(Vec::new());
    }
    let count = all.len();
    let mut lines = Vec::new();
    for (occasion, _) in all.into_iter().take(2) {
        let wording = Wording::new(text, &occasion, now);
        let events = event::list(tx, &occasion.id)?;
        let side = if occasion.status == OccasionStatus::Published {
            let (coming, guests) = coming(tx, &occasion.id)?;
            let unit = text.with("host-card-coming", [("guests", guests.into())]);
            Side::Figure(text.number(coming), unit)
        } else {
            let class = match occasion.status {
                OccasionStatus::Draft => "maybe",
                _ => "",
            };
            Side::Tag(class, text.say(occasion.status.label()).into_owned())
        };
        lines.push(OwnLine {
            label: wording.hosts().to_string(),
            href: wording.at(""),
            note: wording.countdown_to(&events),
            side,
        });
    }
    let begin = Begin {
        title: "host-begin",
        text: "host-begin-text",
        href: "/admin/new",
        icon: "M2 4h12v8.5H2zM2 7h12",
    };
    Ok(vec![OwnCard {
        title: "host-occasions-yours",
        lines,
        all: (count, "/admin"),
        begins: may_create.then_some(begin).into_iter().collect(),
    }])
}

/// Returns the number of guests who come to at least one event, and the number of all guests.
fn coming(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(i64, i64), StoreError> {
    sql!(
        "SELECT COUNT(DISTINCT r.guest), COUNT(DISTINCT g.id) FROM guest g
         JOIN invitation i ON i.id = g.invitation AND i.archived_at IS NULL
         LEFT JOIN reply r ON r.guest = g.id AND r.status = :yes
         WHERE i.occasion = :occasion",
        yes = ReplyStatus::Yes,
        occasion
    )
    .one(tx)
}
