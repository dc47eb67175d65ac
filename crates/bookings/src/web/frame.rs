//! The frame of the pages of bookings. If the site is in test mode, each page begins with a notice
//! that no real money moves.

use std::fmt::Display;

use askama::Template;
use axum::response::Response;
use site::request::PageRequest;
use web::{Problem, Site, Text};

use crate::gateway;

/// A page's content, below the notice about test money.
#[derive(Template)]
#[template(path = "frame.html")]
pub(super) struct Framed<'a, B: Display> {
    text: &'a Text,
    is_test: bool,
    body: B,
}

pub(super) fn framed<'a, B: Display>(site: &Site, text: &'a Text, body: B) -> Framed<'a, B> {
    Framed {
        text,
        is_test: gateway::is_test(site),
        body,
    }
}

pub(super) trait BookingPage {
    /// `here` is the path of the page's navigation entry.
    async fn show<B: Display>(&self, here: &str, title: &str, body: B)
    -> Result<Response, Problem>;
}

impl BookingPage for PageRequest {
    async fn show<B: Display>(
        &self,
        here: &str,
        title: &str,
        body: B,
    ) -> Result<Response, Problem> {
        let body = framed(&self.site, &self.text, body);
        self.page(here, title, body).await
    }
}
