//! The administrators' pages and JSON list of rooms.

use axum::response::Response;
use platform::Tx;
use site::Callers::{self, People};
use site::request::PageRequest;
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{Messages, PageResource};
use web::{List, Problem};

use super::admin::{ListPage, ListRow};
use crate::Refusal;
use crate::room::Room;
use crate::settings::Administrator;

impl PageResource for Room {
    const PAGES: &'static str = "/admin/rooms";
    const MESSAGES: Messages = Messages {
        list: "room-all",
        new: "room-new",
        settings: "room-settings",
        remove_title: "room-remove",
        remove: "room-remove",
        remove_effect: "room-remove-effect",
    };
    const DONE: &'static [(&'static str, &'static str)] = &[
        ("saved", "slot-saved"),
        ("away", "slot-saved"),
        ("removed", "room-removed"),
    ];

    fn title(&self, _: &PageRequest, _: &Administrator) -> String {
        self.name.clone()
    }

    async fn list_page(
        req: &PageRequest,
        _: &Administrator,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let rows = list.items.into_iter().map(|room| ListRow {
            id: room.id.to_string(),
            name: room.name,
            note: room.url,
            side: String::new(),
            is_active: room.active,
        });
        let body = ListPage {
            text: &req.text,
            done: req.done(Self::DONE),
            path: Self::PAGES,
            messages: Self::MESSAGES,
            empty: "room-first",
            away: "room-away",
            rows: rows.collect(),
        };
        req.page(Self::PAGES, &req.text.say("room-all"), body).await
    }
}

impl ApiResource for Room {
    type View = Self;
    type Item = Self;
    const API: Description = Description {
        path: "/api/v1/admin/rooms",
        one: "/api/v1/admin/rooms/{id}",
        tag: "rooms",
        list: "All rooms: the active ones first, by name.",
        show: "One room.",
        create: "Adds a room.",
        change: "Changes a room. Bookings that reserved it get the new link.",
        remove: "Removes a room: 204. One that a booking ever reserved is deactivated: 200\n\
                 with what is left.",
        removal: &[204],
        body: "What may be set of a room; what is left out stays.",
    };
    const READS: Callers = People;
    const WRITES: Callers = People;
    const DEACTIVATES: bool = true;

    fn view(self, _: &mut Tx<'_>, _: &Administrator) -> Result<Self, Refusal> {
        Ok(self)
    }
}
