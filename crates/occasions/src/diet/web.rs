//! The hosts' pages of food needs, and their addresses for programs.

use ::web::Text;
use askama::Template;
use axum::response::Response;

use super::{DietaryOption, is_built_in};
use crate::web::host::frame::Place;
use crate::web::host::request::{HostRequest, PageContext};
use crate::web::host::wording::Wording;
use crate::web::resource::{Description, Messages, WebResource};

impl WebResource for DietaryOption {
    const PAGES: &'static str = "/settings/diets";
    const PLACE: Place = Place::Diets;
    const MESSAGES: Messages = Messages {
        list: "host-food",
        new: "host-new-diet",
        settings: "host-question-when",
        remove: "host-remove-diet",
        remove_effect: "host-remove-diet-effect",
    };
    const API: Description = Description {
        path: "/api/v1/occasions/{id}/dietary-options",
        one: "/api/v1/occasions/{id}/dietary-options/{key}",
        tag: "dietary options",
        list: "All options, in the order they are shown.",
        show: "One option.",
        create: "Adds an option.",
        change: "Changes an option.",
        remove: "Removes an option: 204. Where somebody has it, it is put away instead: 200\n\
                 with what is left.",
        body: "What hosts may set about a dietary option; what is left out stays.",
    };

    fn title(&self, wording: &Wording<'_>) -> String {
        wording.diet(std::slice::from_ref(self), &self.key)
    }

    fn note(&self) -> Option<&'static str> {
        is_built_in(&self.key).then_some("host-diet-own-words")
    }

    fn list_page(req: &HostRequest, context: &PageContext, all: &[Self]) -> Response {
        let wording = req.wording(context);
        let row = |option: &Self| Row {
            href: wording.at(&format!("/settings/diets/{}", option.key)),
            words: option.title(&wording),
            is_allergy: option.allergy,
            is_away: !option.active,
        };
        let body = Diets {
            text: &req.text,
            done: req.done(),
            rows: all.iter().map(row).collect(),
            is_off: !context.occasion.switches.dietary,
            wording: wording.clone(),
        };
        req.page(context, Place::Diets, &req.text.say("host-food"), body)
    }
}

#[derive(Template)]
#[template(path = "host/diets.html")]
struct Diets<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    rows: Vec<Row>,
    is_off: bool,
}

struct Row {
    href: String,
    words: String,
    is_allergy: bool,
    is_away: bool,
}
