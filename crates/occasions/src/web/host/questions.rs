//! The hosts' pages for their own questions. The JSON API has the same operations.

use std::iter;

use ::web::form_state;
use ::web::{List, Problem, Spoken, Text};
use askama::Template;
use axum::response::Response;
use platform::Tx;
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{EditForm, Messages, PageResource, RowList};

use super::frame::Place;
use super::request::{HostRequest, PageContext};
use super::resource::{OWNS, READS, WRITES};
use super::wording::Wording;
use crate::hosting::questions::{CHOICE, MOST_CHOICES};
use crate::hosting::{HostOf, Permission, Refusal};
use crate::question::Question;
use crate::web::access::HostAccess;
use crate::words::QuestionKind;

impl ApiResource for Question {
    type View = Self;
    type Item = Self;
    const API: Description = Description {
        path: "/api/v1/occasions/{id}/questions",
        one: "/api/v1/occasions/{id}/questions/{key}",
        tag: "questions",
        list: "All questions, in the order they are shown.",
        show: "One question.",
        create: "Adds a question.",
        change: "Changes a question. Coordinators change its words.",
        remove: "Removes a question: 204. Where somebody has answered it, it is put away\n\
                 instead: 200 with what is left.",
        removal: &[204],
        body: "What hosts may set about a question; what is left out stays.",
    };
    const READS: HostAccess = READS;
    const WRITES: HostAccess = WRITES;
    const OWNS: HostAccess = OWNS;
    const DEACTIVATES: bool = true;

    fn view(self, _: &mut Tx<'_>, _: &HostOf) -> Result<Self, Refusal> {
        Ok(self)
    }
}

impl PageResource for Question {
    const PAGES: &'static str = "/settings/questions";
    const MESSAGES: Messages = Messages {
        list: "host-questions",
        new: "host-new-question",
        settings: "host-question-when",
        remove_title: "host-remove-question",
        remove: "host-remove-question",
        remove_effect: "host-remove-question-effect",
    };
    const CHOSEN: &'static [&'static str] = &["key", "position"];

    fn title(&self, req: &HostRequest, context: &PageContext) -> String {
        let wording = req.wording(context);
        wording.pick(&self.title).to_string()
    }

    fn arrange(
        req: &HostRequest,
        context: &PageContext,
        one: Option<&Self>,
        form: &mut EditForm<'_>,
    ) {
        let (text, wording) = (&req.text, req.wording(context));
        let (form_state, groups) = (form.form_state, &mut form.groups);
        let may_own = context.may(Permission::Own);
        let mut fields = groups.iter_mut().flat_map(|group| &mut group.fields);
        if let Some(asked_of) = fields.find(|field| field.name == "asked_of") {
            asked_of.show_as_radios(iter::repeat(String::new()));
        }
        // The form also lists events that the question names but that were deleted. Without them
        // the list could be empty, and an empty list means all events.
        let gone = one.into_iter().flat_map(|one| &one.events);
        let gone = gone.filter(|key| context.events.iter().all(|event| event.key != **key));
        let events = context.events.iter();
        let events = events.map(|event| (event.key.clone(), wording.event(event).to_string()));
        let events = events.chain(gone.map(|key| (key.clone(), key.clone())));
        let is_of_some = one.is_some_and(|one| !one.events.is_empty());
        if let Some(when) = groups.last_mut().filter(|_| may_own)
            && let Some(active) = when.fields.iter().position(|field| field.name == "active")
            && (context.events.len() > 1 || is_of_some)
        {
            let ticks = form_state.ticks("events", text.say("host-events"), events);
            let ticks = ticks.hint(text.say("host-question-events-hint"));
            when.fields.insert(active, ticks);
        }
        let most = if may_own {
            MOST_CHOICES
        } else {
            form_state::compact(&form_state.form, "choices").1
        };
        let legend = |n: usize| text.with("host-choice-n", [("n", n.into())]);
        let table = wording.table_form(form_state);
        let rows = table.rows("choices", CHOICE.fields, most, legend);
        let kind = QuestionKind::find(form_state.form.text("kind"));
        form.list = (most > 0).then(|| RowList {
            name: "choices",
            legend: text.say("host-field-choices").into(),
            hint: text.say("host-choices-hint").into(),
            rows,
            after: groups.len() - usize::from(may_own),
            is_open: kind.is_some_and(QuestionKind::takes_choices)
                || form_state.error("choices").is_some(),
        });
    }

    async fn list_page(
        req: &HostRequest,
        context: &PageContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let all = &list.items;
        let (text, wording) = (&req.text, req.wording(context));
        let body = Questions {
            text,
            done: req.done(),
            rows: all.iter().map(|question| row(&wording, question)).collect(),
            may_own: context.may(Permission::Own),
            wording: wording.clone(),
        };
        Ok(req.page(context, Place::Questions, &text.say("host-questions"), body))
    }
}

#[derive(Template)]
#[template(path = "host/questions.html")]
struct Questions<'a> {
    text: &'a Text,
    wording: Wording<'a>,
    done: Option<String>,
    rows: Vec<Row<'a>>,
    may_own: bool,
}

struct Row<'a> {
    href: String,
    title: Spoken<'a>,
    kind: String,
    of: String,
    about: Vec<String>,
}

fn row<'a>(wording: &Wording<'a>, question: &'a Question) -> Row<'a> {
    let say = |id: &str| wording.text.say(id).into_owned();
    let say_word = |field: &str, word: &str| {
        let message = Question::field(field).and_then(|field| field.kind.message(word));
        message.map(say).unwrap_or_default()
    };
    let about = [
        (!question.active, "host-question-away"),
        (question.required, "host-field-required"),
        (question.coming_only, "host-field-coming-only"),
        (question.hosts_only, "host-field-hosts-only"),
    ];
    let about = about.into_iter().filter(|(is_it, _)| *is_it);
    Row {
        href: wording.at(&format!("{}/{}", Question::PAGES, question.key)),
        title: wording.pick(&question.title),
        kind: say_word("kind", question.kind.word()),
        of: say_word("asked_of", question.asked_of.word()),
        about: about.map(|(_, id)| say(id)).collect(),
    }
}
