//! The page "More" with all navigation links. The last tab on phones opens it.

use askama::Template;
use axum::response::Response;
use web::page::Section;
use web::{Problem, Text};

use super::frame::Place;
use super::request::HostRequest;

#[derive(Template)]
#[template(path = "host/more.html")]
struct More<'a> {
    text: &'a Text,
    name: &'a str,
    sections: Vec<Section>,
}

/// Handles `GET /admin/o/{slug}/more`.
pub(super) async fn show(req: HostRequest) -> Result<Response, Problem> {
    let (context, ()) = req.read(|_, _| Ok(())).await?;
    let body = More {
        text: &req.text,
        name: &req.who.account().display_name,
        sections: req.places(&context),
    };
    let title = req.text.say("shell-more");
    Ok(req.page(&context, Place::More, &title, body))
}
