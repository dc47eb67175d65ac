//! The card of a person's countdowns on the page after signing in.

use identity::session::signed_in::SignedIn;
use platform::{StoreError, Tx};
use site::own_card::{Begin, OwnCard, OwnLine, Side};
use web::{Site, Text};

use super::own::{HERE, at};
use super::words;
use crate::{countdown, entry};

/// Makes the card with the person's first countdowns.
pub(crate) fn find(
    tx: &mut Tx<'_>,
    _: &Site,
    who: &SignedIn,
    text: &Text,
) -> Result<Vec<OwnCard>, StoreError> {
    let all = countdown::list(tx, who)?;
    let count = all.len();
    let mut lines = Vec::new();
    for one in all.into_iter().take(2) {
        let newest = entry::newest(tx, &one.id)?;
        let clock = one.clock(newest, tx.now());
        let note = clock.as_ref().map(|clock| {
            let instant = clock.anchor.to_zoned(one.zone());
            words::anchor(text, &one, clock.state, &instant)
        });
        let side = clock.map_or(Side::Nothing, |clock| {
            Side::Figure(text.number(clock.days), words::unit(text, clock.days))
        });
        lines.push(OwnLine {
            href: at(&one.id, ""),
            note: note.unwrap_or_default(),
            side,
            label: one.title,
        });
    }
    Ok(vec![OwnCard {
        title: "countdown-yours",
        lines,
        all: (count, HERE),
        begins: vec![Begin {
            title: "countdown-begin",
            text: "countdown-begin-text",
            href: "/me/countdowns/new",
            icon: "M8 4.5V8l2.5 1.5M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0",
        }],
    }])
}
