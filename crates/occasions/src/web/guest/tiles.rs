//! The links on an invitation page to the household's other pages.

use super::show::Reading;
use super::view::Tile;
use crate::guest::Guest;

impl Reading<'_> {
    pub(super) fn tiles(&self) -> Vec<Tile> {
        let switches = self.occasion().switches;
        let say = |id| self.text.say(id).into_owned();
        let mut tiles = Vec::new();
        if self.snapshot.takes_answers() && switches.dietary {
            let guests = &self.snapshot.household.guests;
            let some = |guest: &&Guest| !guest.diets.is_empty() || !guest.diet_note.is_empty();
            let state = match guests.iter().filter(some).count() {
                0 => say("tile-none"),
                n => self.text.with("tile-diets", [("n", n.into())]),
            };
            tiles.push(Tile {
                address: self.snapshot.link("/dietary"),
                title: say("tile-dietary"),
                state,
            });
        }
        if self.snapshot.takes_notes() && switches.notes {
            let written = !self.snapshot.household.invitation.note.is_empty();
            tiles.push(Tile {
                address: self.snapshot.link("/notes"),
                title: say("tile-note"),
                state: say(if written {
                    "tile-note-written"
                } else {
                    "tile-none"
                }),
            });
        }
        if self.snapshot.gift_lists().contains(&true) {
            tiles.push(Tile {
                address: self.snapshot.link("/gifts"),
                title: say("gift-title"),
                state: say("gift-tile"),
            });
        }
        if self.snapshot.may_upload() {
            tiles.push(Tile {
                address: self.snapshot.link("/uploads"),
                title: say("upload-title"),
                state: say("upload-tile"),
            });
        }
        if self.snapshot.has_gallery() {
            tiles.push(Tile {
                address: self.snapshot.link("/gallery"),
                title: say("gallery-title"),
                state: say("gallery-tile"),
            });
        }
        tiles
    }
}
