//! The links on an invitation page to the household's other pages.

use super::show::Reading;
use super::view::Tile;
use crate::guest::Guest;

impl Reading<'_> {
    pub(super) fn tiles(&self) -> Vec<Tile> {
        let switches = self.occasion().switches;
        let say = |id| self.text.say(id).into_owned();
        let mut tiles = Vec::new();
        if self.portal.takes_answers() && switches.dietary {
            let guests = &self.portal.household.guests;
            let some = |guest: &&Guest| !guest.diets.is_empty() || !guest.diet_note.is_empty();
            let state = match guests.iter().filter(some).count() {
                0 => say("tile-none"),
                n => self.text.with("tile-diets", [("n", n.into())]),
            };
            tiles.push(Tile {
                address: self.portal.link("/dietary"),
                title: say("tile-dietary"),
                state,
            });
        }
        if self.portal.takes_notes() && switches.notes {
            let written = !self.portal.household.invitation.note.is_empty();
            tiles.push(Tile {
                address: self.portal.link("/notes"),
                title: say("tile-note"),
                state: say(if written {
                    "tile-note-written"
                } else {
                    "tile-none"
                }),
            });
        }
        if self.portal.gift_lists().contains(&true) {
            tiles.push(Tile {
                address: self.portal.link("/gifts"),
                title: say("gift-title"),
                state: say("gift-tile"),
            });
        }
        if self.portal.has_uploads() && self.portal.takes_notes() {
            tiles.push(Tile {
                address: self.portal.link("/uploads"),
                title: say("upload-title"),
                state: say("upload-tile"),
            });
        }
        if self.portal.has_gallery() {
            tiles.push(Tile {
                address: self.portal.link("/gallery"),
                title: say("gallery-title"),
                state: say("gallery-tile"),
            });
        }
        tiles
    }
}
