//! Responses without data.

use serde::Serialize;
use web::Json;

/// A response with a keyword for the front end.
#[derive(Debug, Serialize)]
pub(super) struct Message {
    message: &'static str,
}

pub(super) const DONE: Json<Message> = Json(Message { message: "done" });

/// The request was accepted. The response does not reveal whether it has any effect.
pub(super) const ACCEPTED: Json<Message> = Json(Message {
    message: "accepted",
});
