//! The administrators' pages and JSON list of rooms.

use axum::response::Response;
use site::request::PageRequest;
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{Messages, PageResource};
use web::{List, Problem};

use super::admin::{AdminContext, ListRow, list_page};
use super::api::administered;
use crate::room::Room;

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

    fn title(&self, _: &PageRequest, _: &AdminContext) -> String {
        self.name.clone()
    }

    async fn list_page(
        req: &PageRequest,
        _: &AdminContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let row = |room: Self| ListRow {
            id: room.id.to_string(),
            name: room.name,
            note: room.url,
            side: String::new(),
            is_active: room.active,
        };
        list_page(req, ("room-first", "room-away"), list, row).await
    }
}

impl ApiResource for Room {
    administered!();

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
}
