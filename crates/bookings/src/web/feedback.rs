//! The pages of feedback: the feedback of both sides of a session, the form in which a side gives
//! it, and the administrators' list of criteria.

use askama::Template;
use axum::response::Response;
use jiff::tz::TimeZone;
use platform::Tx;
use site::request::{FormPost, PageRequest};
use site::resource::pages::{Messages, PageResource};
use web::fields::{self, Input};
use web::form_state::{self, Control, FormState, Group};
use web::{List, Problem, Text};

use super::admin::{AdminContext, ListRow, list_page};
use super::frame::BookingPage as _;
use super::side::menu_of;
use super::slots::{FormPage, table_form};
use crate::booking::PartyTo;
use crate::feedback::{self, FIELDS, Feedback};
use crate::feedback_criterion::{self, Author, Criterion, Kind};
use crate::{Refusal, notice};

/// The feedback about a session, and the link to the reader's own form.
pub(super) struct SessionFeedback {
    all: Vec<Feedback>,
    /// The reader's side of the session; `None` for administrators.
    reader: Option<Author>,
    criteria: Vec<Criterion>,
    /// The path of the reader's form, and the message id of the link to it.
    form: Option<(String, &'static str)>,
}

impl SessionFeedback {
    pub(super) fn load(tx: &mut Tx<'_>, party: &PartyTo) -> Result<Self, Refusal> {
        let (all, now) = (feedback::list(tx, party)?, tx.roughly_now());
        let author = feedback::author_of(party.party);
        let own = all.iter().find(|one| Some(one.author) == author);
        let label = match (own, author) {
            (Some(own), _) => own.is_editable(now).then_some("feedback-change"),
            (None, Some(author)) => {
                let open = feedback::check_open(&party.booking, author, now);
                open.is_ok().then_some("feedback-give")
            }
            (None, None) => None,
        };
        let page = format!("{}/feedback", notice::page(&party.booking));
        Ok(Self {
            form: label.map(|label| (page, label)),
            criteria: feedback_criterion::list(tx)?,
            reader: author,
            all,
        })
    }

    fn label(&self, id: &str) -> Option<&str> {
        let known = self.criteria.iter().find(|one| one.id.as_str() == id)?;
        Some(&known.label)
    }

    pub(super) fn html(&self, text: &Text) -> String {
        let cards = self.all.iter().map(|one| Card {
            feedback: one,
            author: if self.reader == Some(one.author) {
                "own"
            } else {
                one.author.word()
            },
            scores: {
                let all = one.scores.iter();
                all.filter_map(|one| Some((self.label(&one.criterion)?, one.score)))
                    .collect()
            },
            answers: {
                let all = one.answers.iter();
                all.filter_map(|one| Some((self.label(&one.criterion)?, &*one.text)))
                    .collect()
            },
        });
        let html = Html {
            text,
            cards: cards.collect(),
            form: self.form.as_ref(),
        };
        html.to_string()
    }
}

struct Card<'a> {
    feedback: &'a Feedback,
    /// The keyword for the author in the message of the heading: `own`, `member` or `provider`.
    author: &'static str,
    scores: Vec<(&'a str, i64)>,
    answers: Vec<(&'a str, &'a str)>,
}

#[derive(Template)]
#[template(path = "own/feedback.html")]
struct Html<'a> {
    text: &'a Text,
    cards: Vec<Card<'a>>,
    form: Option<&'a (String, &'static str)>,
}

/// `GET /me/bookings/{id}/feedback`.
pub(super) async fn form(req: PageRequest) -> Result<Response, Problem> {
    page(&req, None).await
}

async fn page(req: &PageRequest, refused: Option<&FormState>) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>, party: &PartyTo| {
        let author = feedback::author_of(party.party).ok_or(Refusal::Forbidden)?;
        let old = feedback::find(tx, &party.booking.id, author)?;
        if old.is_none() {
            feedback::check_open(&party.booking, author, tx.roughly_now())?;
        }
        let mut criteria = feedback_criterion::list(tx)?;
        criteria.retain(|one| {
            let mut used = old.iter().flat_map(|old| old.criteria(one.kind));
            let is_used = used.any(|id| id == one.id.as_str());
            one.author == author && (one.active || is_used)
        });
        Ok((party.clone(), old, criteria))
    };
    let (party, old, criteria) = req.read(look).await?;
    let booking = &party.booking;
    let text = &req.text;
    let stored = match &old {
        Some(old) => fields::form(FIELDS, old, old.revisions, &TimeZone::UTC),
        None => form_state::form([("rating", "")]),
    };
    let stored = FormState::of(stored);
    let form_state = refused.unwrap_or(&stored);
    let mut groups = table_form(req, form_state).groups(FIELDS, "feedback-group");
    if let Some(rating) = groups
        .iter_mut()
        .flat_map(|group| &mut group.fields)
        .find(|field| field.name == "rating")
    {
        *rating = radios(text, form_state);
    }
    for (kind, legend) in [
        (Kind::Score, "feedback-scores"),
        (Kind::Text, "feedback-answers"),
    ] {
        let criteria = criteria.iter().filter(|one| one.kind == kind);
        let fields = criteria.enumerate().flat_map(|(index, one)| {
            criterion_fields(form_state, index, one, old.as_ref(), refused.is_some())
        });
        let fields: Vec<_> = fields.collect();
        if !fields.is_empty() {
            let legend = text.say(legend).into_owned();
            groups.push(Group { legend, fields });
        }
    }
    let title = text.say("feedback-title");
    let back = notice::page(booking);
    let action = format!("{back}/feedback");
    let body = FormPage {
        hint: booking.title.clone(),
        action: &action,
        back: &back,
        back_label: "slot-to-booking",
        version: old.map(|old| old.revisions),
        groups,
        ..FormPage::of(req, &title, form_state)
    };
    req.show(menu_of(party.party), &title, body).await
}

fn radios(text: &Text, form_state: &FormState) -> form_state::Field {
    let choices = (1..=5).map(|rating| {
        let label = text.with("feedback-rating-words", [("rating", rating.into())]);
        (rating.to_string(), label)
    });
    let mut field = form_state.select("rating", text.say("feedback-rating"), choices);
    field.show_as_radios(std::array::from_fn::<_, 5, _>(|_| String::new()));
    field.required()
}

/// `index` is the criterion's position among the criteria of its kind.
fn criterion_fields(
    form_state: &FormState,
    index: usize,
    one: &Criterion,
    old: Option<&Feedback>,
    is_refused: bool,
) -> [form_state::Field; 2] {
    let list = match one.kind {
        Kind::Score => "scores",
        Kind::Text => "answers",
    };
    let name = |field: &str| format!("{list}.{index}.{field}");
    let mut id = form_state.field(&name("criterion"), "", Control::Hidden);
    let is_moved = std::mem::replace(&mut id.value, one.id.to_string()) != id.value;
    let (mut said, stored) = match one.kind {
        Kind::Score => {
            let choices = (0..=5).map(|score| (score.to_string(), score.to_string()));
            let choices = std::iter::once((String::new(), String::new())).chain(choices);
            let score = form_state.select(&name("score"), one.label.clone(), choices);
            let mut all = old.iter().flat_map(|old| &old.scores);
            let stored = all.find(|score| score.criterion == one.id.as_str());
            (score.required(), stored.map(|one| one.score.to_string()))
        }
        Kind::Text => {
            let answer = form_state.field(&name("text"), one.label.clone(), Control::Lines);
            let mut all = old.iter().flat_map(|old| &old.answers);
            let stored = all.find(|answer| answer.criterion == one.id.as_str());
            (answer, stored.map(|one| one.text.clone()))
        }
    };
    if !is_refused {
        said.value = stored.unwrap_or_default();
    } else if is_moved {
        // The criteria have changed since the form was opened, so the value belongs to another
        // criterion.
        said.value.clear();
    }
    [id, said]
}

/// `POST /me/bookings/{id}/feedback`.
pub(super) async fn save(posted: FormPost) -> Result<Response, Problem> {
    let input = Input::Form(posted.form.clone(), FIELDS.to_vec());
    let (site, revision) = (
        posted.req.site.clone(),
        form_state::number(&posted.form, "version"),
    );
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        if let Some(revision) = revision {
            let author = feedback::author_of(party.party).ok_or(Refusal::Forbidden)?;
            let old = feedback::find(tx, &party.booking.id, author)?.ok_or(Refusal::NotFound)?;
            feedback::change(tx, party, &old, revision, &input)?;
        } else {
            feedback::give(tx, &site, party, &input)?;
        }
        Ok::<_, Refusal>(format!("{}?done=marked", notice::page(&party.booking)))
    };
    posted
        .save(change, async |req, form_state| {
            page(req, Some(form_state)).await
        })
        .await
}

impl PageResource for Criterion {
    const PAGES: &'static str = "/admin/sessions/rubrics";
    const MESSAGES: Messages = Messages {
        list: "criterion-all",
        new: "criterion-new",
        settings: "criterion-settings",
        remove_title: "criterion-remove",
        remove: "criterion-remove",
        remove_effect: "criterion-remove-effect",
    };
    const DONE: &'static [(&'static str, &'static str)] =
        &[("saved", "slot-saved"), ("removed", "criterion-removed")];
    const CHOSEN: &'static [&'static str] = &["position"];

    fn title(&self, _: &PageRequest, _: &AdminContext) -> String {
        self.label.clone()
    }

    async fn list_page(
        req: &PageRequest,
        _: &AdminContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let text = &req.text;
        let row = |one: Self| ListRow {
            id: one.id.to_string(),
            name: one.label,
            note: format!(
                "{} · {}",
                text.say(one.kind.label()),
                text.say(one.author.label())
            ),
            side: String::new(),
            is_active: one.active,
        };
        list_page(req, ("criterion-first", "plan-away"), list, row).await
    }
}
