//! The question before something that people sign in with is taken away.

use axum::response::Response;
use web::{Problem, Wishes};

use crate::Accounts;
use site::addresses::SECURITY;
use site::asking::Sender;
use site::question::{self, Question};

/// Asks before a form of the page is carried out; the form says what it is about.
pub(super) async fn ask(
    accounts: &Accounts,
    wishes: &Wishes,
    sender: &Sender,
    (address, question): (&str, Question),
) -> Result<Response, Problem> {
    let text = accounts.site.speak(wishes);
    let who = (&sender.who, sender.csrf.as_str());
    let values = [("called", sender.form.text("called").into())];
    let sent = (address, SECURITY, &sender.form);
    question::show(&accounts.site, &text, who, sent, question, &values).await
}
