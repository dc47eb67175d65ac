//! "More", the last tab of a phone: everything there is to go to.

use askama::Template;
use axum::response::Response;
use web::page::Section;
use web::{Problem, Text};

use super::desk::Desk;
use super::frame::Place;

#[derive(Template)]
#[template(path = "host/more.html")]
struct More<'a> {
    text: &'a Text,
    csrf: &'a str,
    name: &'a str,
    sections: Vec<Section>,
}

/// `GET /admin/o/{slug}/more`.
pub(super) async fn show(desk: Desk) -> Result<Response, Problem> {
    let (scene, ()) = desk.read(|_, _| Ok(())).await?;
    let body = More {
        text: &desk.text,
        csrf: &desk.csrf,
        name: &desk.who.account().display_name,
        sections: desk.places(&scene),
    };
    let title = desk.text.say("shell-more");
    Ok(desk.page(&scene, Place::More, &title, body))
}
