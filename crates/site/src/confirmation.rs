//! The page that asks for confirmation before an action that is hard to undo. The page contains the
//! fields of the original form, so it needs no script and works for every action.

use askama::Template;
use axum::response::Response;
use web::{Form, Problem, Site, Text, Value, csrf};

use crate::asking::PageUser;
use crate::frame;
use crate::request::{FormPost, PageRequest};

const SURE: &str = "sure";
/// The form field with a short description of the action, for the page on which people confirm
/// their identity. Every form that may lead there has it. A form with several buttons has one field
/// for each instead, named `ask.what.` and the button's value.
pub const WHAT: &str = "ask.what";
/// The form field with the label of the button on the page on which people confirm their identity.
pub const CONFIRM: &str = "ask.confirm";

/// The message ids of a question.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The question: "Block Aina?"
    pub title: &'static str,
    /// Sentences about the effects of the action, one per line.
    pub facts: &'static str,
    /// A sentence about how to undo the action.
    pub undo: &'static str,
    /// The verb on the button that confirms the action.
    pub button: &'static str,
    /// The button's label "Confirm and …", for people who must first confirm their identity.
    pub confirm: &'static str,
}

/// Whether the form was sent from the confirmation page.
pub fn is_sure(form: &Form) -> bool {
    form.is_ticked(SURE)
}

#[derive(Template)]
#[template(path = "question.html")]
struct QuestionPage<'a> {
    text: &'a Text,
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

/// A form whose sender is asked for confirmation.
#[derive(Clone, Copy, Debug)]
pub struct SentForm<'a> {
    /// The path to which the form was sent.
    pub address: &'a str,
    /// The path of the page with the form.
    pub here: &'a str,
    /// The path of that page's entry in the menu.
    pub menu: &'a str,
    pub form: &'a Form,
}

/// Asks for confirmation. The form's field `called` contains the name of the object, such as a
/// person. The form was sent to the path `address` from the page `here`.
pub async fn ask(
    posted: &FormPost,
    address: &str,
    here: &str,
    question: Question,
) -> Result<Response, Problem> {
    let values = [("called", posted.form.text("called").into())];
    ask_with(posted, address, here, question, &values).await
}

/// Like [`ask`], with `values` as arguments of the messages.
pub fn ask_with<'a>(
    posted: &'a FormPost,
    address: &'a str,
    here: &'a str,
    question: Question,
    values: &[(&'static str, Value<'_>)],
) -> impl Future<Output = Result<Response, Problem>> + Send + use<'a> {
    let sent = SentForm {
        address,
        here,
        menu: here,
        form: &posted.form,
    };
    ask_again(&posted.req, sent, question, values)
}

/// Like [`ask_with`], for a page whose entry in the menu its path does not say.
pub fn ask_again<'a>(
    req: &'a PageRequest,
    sent: SentForm<'a>,
    question: Question,
    values: &[(&'static str, Value<'_>)],
) -> impl Future<Output = Result<Response, Problem>> + Send + use<'a> {
    show(&req.site, &req.text, req.user(), sent, question, values)
}

/// Like [`ask_with`], for a form that is not a [`FormPost`].
pub fn show<'a>(
    site: &'a Site,
    text: &'a Text,
    user: PageUser<'a>,
    sent: SentForm<'a>,
    question: Question,
    values: &[(&'static str, Value<'_>)],
) -> impl Future<Output = Result<Response, Problem>> + Send + use<'a> {
    let say = |id| text.with(id, values);
    let (title, facts) = (say(question.title), say(question.facts));
    let (undo, confirm) = (say(question.undo), say(question.confirm));
    async move {
        let fields = sent.form.iter().filter(|(name, _)| *name != csrf::FIELD);
        let body = QuestionPage {
            text,
            what: title.trim_end_matches('?'),
            title: &title,
            confirm: &confirm,
            facts: facts
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .collect(),
            undo: &undo,
            button: question.button,
            address: sent.address,
            fields: fields.collect(),
            back: sent.here,
        };
        frame::show(site, text, user, sent.menu, &title, body).await
    }
}
