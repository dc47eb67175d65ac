//! The hosts' pages for the occasion's dietary options. The JSON API has the same operations.

use ::web::{List, Problem, Text};
use askama::Template;
use axum::response::Response;
use platform::Tx;
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{EditForm, Messages, PageResource};

use super::frame::Place;
use super::request::{HostRequest, PageContext};
use super::resource::{OWNS, READS};
use super::wording::Wording;
use crate::diet::{DietaryOption, is_built_in};
use crate::hosting::{HostOf, Refusal};
use crate::web::access::HostAccess;

impl ApiResource for DietaryOption {
    type View = Self;
    type Item = Self;
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
        removal: &[204],
        body: "What hosts may set about a dietary option; what is left out stays.",
    };
    const READS: HostAccess = READS;
    const WRITES: HostAccess = OWNS;
    const DEACTIVATES: bool = true;

    fn view(self, _: &mut Tx<'_>, _: &HostOf) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl PageResource for DietaryOption {
    const PAGES: &'static str = "/settings/diets";
    const MESSAGES: Messages = Messages {
        list: "host-food",
        new: "host-new-diet",
        settings: "host-question-when",
        remove_title: "host-remove-diet",
        remove: "host-remove-diet",
        remove_effect: "host-remove-diet-effect",
    };
    const CHOSEN: &'static [&'static str] = &["key", "position"];

    fn title(&self, req: &HostRequest, context: &PageContext) -> String {
        let wording = req.wording(context);
        wording.diet(std::slice::from_ref(self), &self.key)
    }

    fn arrange(_: &HostRequest, _: &PageContext, one: Option<&Self>, form: &mut EditForm<'_>) {
        let is_built_in = one.is_some_and(|one| is_built_in(&one.key));
        form.note = is_built_in.then_some("host-diet-own-words");
    }

    async fn list_page(
        req: &HostRequest,
        context: &PageContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let all = &list.items;
        let wording = req.wording(context);
        let row = |option: &Self| Row {
            href: wording.at(&format!("/settings/diets/{}", option.key)),
            words: option.title(req, context),
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
        Ok(req.page(context, Place::Diets, &req.text.say("host-food"), body))
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
