//! The page that asks before something is done that is not easily undone. Its form is the one that was
//! sent, with the answer: without script, and the same for all of them.

use askama::Template;
use axum::response::Response;
use web::{Form, Problem, Site, Text, Value, csrf};

use crate::frame;
use crate::request::FormPost;
use identity::session::signed_in::SignedIn;

/// The answer.
const SURE: &str = "sure";
/// What will be done, in a few words: for the page that asks for a proof.
pub const WHAT: &str = "ask.what";
/// What the button of that page says.
pub const CONFIRM: &str = "ask.confirm";

/// What is asked, by its messages.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The question: "Block Aina?"
    pub title: &'static str,
    /// What happens: a sentence a line.
    pub facts: &'static str,
    /// What can be undone.
    pub undo: &'static str,
    /// The verb.
    pub button: &'static str,
    /// "Confirm and …", where a proof has to come first.
    pub confirm: &'static str,
}

/// Whether the form was sent from the page of its question.
pub fn is_sure(form: &Form) -> bool {
    form.is_ticked(SURE)
}

#[derive(Template)]
#[template(path = "question.html")]
struct QuestionPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    title: &'a str,
    what: &'a str,
    confirm: &'a str,
    facts: Vec<&'a str>,
    undo: &'a str,
    button: &'static str,
    address: &'a str,
    fields: Vec<(&'a str, &'a str)>,
    back: &'a str,
}

/// Asks before a form is carried out; its field `called` says what it is about. It was sent to
/// `address`, from the page `here`.
pub async fn ask(
    posted: &FormPost,
    (address, here): (&str, &str),
    question: Question,
) -> Result<Response, Problem> {
    let (req, form) = (&posted.req, &posted.form);
    let values = [("called", form.text("called").into())];
    let who = (&req.who, req.csrf.as_str());
    show(
        &req.site,
        &req.text,
        who,
        (address, here, form),
        question,
        &values,
    )
    .await
}

/// Asks. `values` fill in the messages; the form was sent to `address`, from the page `here`.
pub fn show<'a>(
    site: &'a Site,
    text: &'a Text,
    who: (&'a SignedIn, &'a str),
    (address, here, form): (&'a str, &'a str, &'a Form),
    question: Question,
    values: &[(&'static str, Value<'_>)],
) -> impl Future<Output = Result<Response, Problem>> + Send + use<'a> {
    let say = |id| text.with(id, values);
    let (title, facts) = (say(question.title), say(question.facts));
    let (undo, confirm) = (say(question.undo), say(question.confirm));
    async move {
        let fields = form.iter().filter(|(name, _)| *name != csrf::FIELD);
        let body = QuestionPage {
            text,
            csrf: who.1,
            what: title.trim_end_matches('?'),
            title: &title,
            confirm: &confirm,
            facts: facts
                .lines()
                .filter(|line| !line.trim().is_empty())
                .collect(),
            undo: &undo,
            button: question.button,
            address,
            fields: fields.collect(),
            back: here,
        };
        frame::show(site, text, who, (here, &title), body).await
    }
}
