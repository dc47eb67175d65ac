//! The pages and the JSON list of the questions that a provider's offers ask.

use askama::Template;
use axum::response::Response;
use site::request::{FormPost, PageRequest};
use site::resource::api::{ApiResource, Description};
use site::resource::pages::{EditForm, Messages, Next, PageResource};
use web::{Form, List, Problem, Text};

use super::frame::BookingPage as _;
use super::provider_context::{ProviderContext, provided};
use crate::offer_question::OfferQuestion;

impl ApiResource for OfferQuestion {
    provided!();

    const API: Description = Description {
        path: "/api/v1/me/questions",
        one: "/api/v1/me/questions/{id}",
        tag: "offer-questions",
        list: "The questions that a provider's offers ask, by offer.",
        show: "One question.",
        create: "Adds a question to the booking form of an offer, which asks up to 10.",
        change: "Changes a question. Answers keep the question as it was asked.",
        remove: "Removes a question. Its answers stay.",
        removal: &[204],
        body: "What may be set of a question; what is left out stays.",
    };
}

#[derive(Template)]
#[template(path = "slots/questions.html")]
struct QuestionsPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    offers: Vec<OfferRow>,
}

struct OfferRow {
    id: String,
    title: String,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    label: String,
    /// How it is answered, and whether it must be.
    kind: String,
    is_active: bool,
}

const DONE: &[(&str, &str)] = &[
    ("saved", "slot-saved"),
    ("created", "slot-saved"),
    ("removed", "offer-question-removed"),
];

impl PageResource for OfferQuestion {
    const PAGES: &'static str = "/me/questions";
    const MESSAGES: Messages = Messages {
        list: "offer-question-title",
        new: "offer-question-new",
        settings: "offer-question-one",
        remove_title: "offer-question-remove",
        remove: "offer-question-remove",
        remove_effect: "offer-question-remove-effect",
    };
    const DONE: &'static [(&'static str, &'static str)] = DONE;
    const CHOSEN: &'static [&'static str] = &["position"];

    fn title(&self, _: &PageRequest, _: &ProviderContext) -> String {
        self.label.clone()
    }

    async fn prepare(posted: &mut FormPost) -> Result<Next, Problem> {
        posted.form = with_options(&posted.form);
        Ok(Next::Save)
    }

    fn arrange(
        req: &PageRequest,
        context: &ProviderContext,
        _: Option<&Self>,
        form: &mut EditForm<'_>,
    ) {
        let (text, form_state) = (&req.text, form.form_state);
        let offers = context.offers.iter();
        let offers = offers.map(|one| (one.id.to_string(), one.title.clone()));
        for field in form.groups.iter_mut().flat_map(|group| &mut group.fields) {
            if field.name == "offer_id" {
                let label = text.say("offer-question-offer");
                *field = form_state.select("offer_id", label, offers.clone());
            }
        }
        let mut options = form_state
            .lines("options", text.say("offer-question-options"))
            .hint(text.say("offer-question-options-hint"));
        let typed: Vec<&str> = form_state.form.all("options").collect();
        options.value = typed.join("\n");
        if let Some(group) = form.groups.first_mut() {
            let kind = group.fields.iter().position(|field| field.name == "kind");
            let after = kind.map_or(group.fields.len(), |kind| kind + 1);
            group.fields.insert(after, options);
        }
    }

    async fn list_page(
        req: &PageRequest,
        context: &ProviderContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let text = &req.text;
        let rows_of = |offer: &str| {
            let own = list.items.iter().filter(|one| one.offer_id == offer);
            own.map(|one| row(text, one)).collect::<Vec<Row>>()
        };
        let offers = context.offers.iter().map(|offer| {
            let row = OfferRow {
                id: offer.id.to_string(),
                title: offer.title.clone(),
                rows: rows_of(offer.id.as_str()),
            };
            (offer.active, row)
        });
        let offers = offers.filter(|(is_active, offer)| *is_active || !offer.rows.is_empty());
        let body = QuestionsPage {
            text,
            done: req.done(DONE),
            offers: offers.map(|(_, offer)| offer).collect(),
        };
        req.show(Self::PAGES, &text.say("offer-question-title"), body)
            .await
    }
}

fn row(text: &Text, one: &OfferQuestion) -> Row {
    let required = one.is_required.then(|| text.say("offer-question-required"));
    let kind = [Some(text.say(one.kind.label())), required];
    let kind: Vec<_> = kind.into_iter().flatten().collect();
    Row {
        id: one.id.to_string(),
        label: one.label.clone(),
        kind: kind.join(" · "),
        is_active: one.active,
    }
}

/// Each line of the options is one of them.
fn with_options(form: &Form) -> Form {
    let fields = form.iter().flat_map(|(name, value)| {
        let parts: Vec<&str> = match name {
            "options" => value.lines().collect(),
            _ => vec![value],
        };
        let parts = parts.into_iter();
        parts.map(move |part| (name.to_owned(), part.to_owned()))
    });
    fields.collect()
}
