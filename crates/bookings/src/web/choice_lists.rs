//! The administrators' pages and JSON lists of session types, levels and the catalogue.

use axum::response::Response;
use site::request::PageRequest;
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{Messages, PageResource};
use web::{List, Problem};

use super::admin::{AdminContext, ListRow, list_page};
use super::api::administered;
use crate::catalogue::CatalogueEntry;
use crate::choice_list::{Level, SessionType};

pub(super) const DONE: &[(&str, &str)] = &[
    ("saved", "slot-saved"),
    ("away", "slot-saved"),
    ("removed", "choice-removed"),
];

impl PageResource for SessionType {
    const PAGES: &'static str = "/admin/sessions/types";
    const MESSAGES: Messages = Messages {
        list: "session-type-all",
        new: "session-type-new",
        settings: "session-type-settings",
        remove_title: "choice-remove",
        remove: "choice-remove",
        remove_effect: "choice-remove-effect",
    };
    const DONE: &'static [(&'static str, &'static str)] = DONE;
    const CHOSEN: &'static [&'static str] = &["position"];

    fn title(&self, _: &PageRequest, _: &AdminContext) -> String {
        self.label.clone()
    }

    async fn list_page(
        req: &PageRequest,
        _: &AdminContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let row = |one: Self| ListRow {
            id: one.id.to_string(),
            name: one.label,
            note: one.code,
            side: String::new(),
            is_active: one.active,
        };
        list_page(req, ("session-type-first", "choice-away"), list, row).await
    }
}

impl ApiResource for SessionType {
    administered!();

    const API: Description = Description {
        path: "/api/v1/admin/session-types",
        one: "/api/v1/admin/session-types/{id}",
        tag: "session-types",
        list: "All session types: the active ones first, in their order.",
        show: "One session type.",
        create: "Adds a session type.",
        change: "Changes a session type. Its code stays.",
        remove: "Removes a session type: 204. One that was ever used is deactivated: 200 with\n\
                 what is left.",
        removal: &[204],
        body: "What may be set of a session type; what is left out stays.",
    };
}

impl PageResource for Level {
    const PAGES: &'static str = "/admin/sessions/levels";
    const MESSAGES: Messages = Messages {
        list: "level-all",
        new: "level-new",
        settings: "level-settings",
        remove_title: "choice-remove",
        remove: "choice-remove",
        remove_effect: "choice-remove-effect",
    };
    const DONE: &'static [(&'static str, &'static str)] = DONE;
    const CHOSEN: &'static [&'static str] = &["position"];

    fn title(&self, _: &PageRequest, _: &AdminContext) -> String {
        self.label.clone()
    }

    async fn list_page(
        req: &PageRequest,
        _: &AdminContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let row = |one: Self| ListRow {
            id: one.id.to_string(),
            name: one.label,
            note: one.code,
            side: String::new(),
            is_active: one.active,
        };
        list_page(req, ("level-first", "choice-away"), list, row).await
    }
}

impl ApiResource for Level {
    administered!();

    const API: Description = Description {
        path: "/api/v1/admin/levels",
        one: "/api/v1/admin/levels/{id}",
        tag: "levels",
        list: "All levels: the active ones first, in their order.",
        show: "One level.",
        create: "Adds a level.",
        change: "Changes a level. Its code stays.",
        remove: "Removes a level: 204. One that was ever used is deactivated: 200 with what is\n\
                 left.",
        removal: &[204],
        body: "What may be set of a level; what is left out stays.",
    };
}

impl PageResource for CatalogueEntry {
    const PAGES: &'static str = "/admin/sessions/catalogue";
    const MESSAGES: Messages = Messages {
        list: "entry-all",
        new: "entry-new",
        settings: "entry-settings",
        remove_title: "choice-remove",
        remove: "choice-remove",
        remove_effect: "choice-remove-effect",
    };
    const DONE: &'static [(&'static str, &'static str)] = DONE;

    fn title(&self, _: &PageRequest, _: &AdminContext) -> String {
        self.name.clone()
    }

    async fn list_page(
        req: &PageRequest,
        _: &AdminContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let row = |one: Self| ListRow {
            id: one.id.to_string(),
            name: one.name,
            note: one.slug,
            side: one.category,
            is_active: one.active,
        };
        list_page(req, ("entry-first", "choice-away"), list, row).await
    }
}

impl ApiResource for CatalogueEntry {
    administered!();

    const API: Description = Description {
        path: "/api/v1/admin/catalogue",
        one: "/api/v1/admin/catalogue/{id}",
        tag: "catalogue",
        list: "All entries of the catalogue: the active ones first, by category and name.",
        show: "One entry of the catalogue.",
        create: "Adds an entry to the catalogue.",
        change: "Changes an entry of the catalogue. Its slug stays.",
        remove: "Removes an entry of the catalogue: 204. One that was ever used is deactivated:\n\
                 200 with what is left.",
        removal: &[204],
        body: "What may be set of an entry; what is left out stays.",
    };
}
