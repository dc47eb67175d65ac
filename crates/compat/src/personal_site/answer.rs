//! Responses without data.

use serde::Serialize;
use web::Json;

/// A response with one word for programs.
#[derive(Debug, Serialize)]
pub(super) struct Message {
    message: &'static str,
}

/// The action was done.
pub(super) const DONE: Json<Message> = Json(Message { message: "done" });

/// The request was accepted; the response does not reveal whether it has any effect.
pub(super) const ACCEPTED: Json<Message> = Json(Message {
    message: "accepted",
});
