//! What is answered where there is nothing to tell.

use serde::Serialize;
use web::Json;

/// A word for programs.
#[derive(Debug, Serialize)]
pub(super) struct Message {
    message: &'static str,
}

/// It was done.
pub(super) const DONE: Json<Message> = Json(Message { message: "done" });

/// It was taken; whether anything comes of it, nobody is told.
pub(super) const ACCEPTED: Json<Message> = Json(Message {
    message: "accepted",
});
