//! The pages that hosts wrote for their guests. They have the occasion's theme, and are in the
//! guest's language.

use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use web::page::{Kind, Metadata, Page};
use web::{Language, Problem, Share, Site, Text, Wishes, markdown};

use super::entry::{self, SlugLookup};
use super::frame::{guest_page, keep_out_of_search};
use super::language::speak;
use super::page_links::{invited_links, links};
use super::request::{EarlyResponse, GuestRequest};
use super::show::{self, Reading};
use super::view::InfoPage;
use crate::id::OccasionId;
use crate::occasion::Occasion;
use crate::occasion_page::{self, OccasionPage};
use crate::words::OccasionStatus;

/// Handles `GET /o/{slug}/pages/{key}`.
pub(super) async fn show(
    State(site): State<Site>,
    wishes: Wishes,
    Path((slug, key)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, Problem> {
    let public = match entry::find(&site, &slug).await? {
        SlugLookup::Here(public) => public,
        SlugLookup::Moved(slug) => return Ok(entry::moved(&format!("{slug}/pages/{key}"), &uri)),
    };
    let occasion = &public.occasion;
    if occasion.status == OccasionStatus::Draft {
        return Err(Problem::not_found());
    }
    let page = load(&site, &occasion.id, key, false).await?;
    let text = speak(&site, &wishes, occasion, None);
    let home = format!("/o/{}", occasion.slug);
    let mut pages = public.pages;
    pages.retain(|head| head.key != page.key);
    let body = InfoPage {
        pages: links(&text, occasion, &pages),
        contact: show::contact(occasion),
        ..body(&site, &text, occasion, &page, home)
    };
    let title = body.title();
    let languages: Vec<Language> = occasion
        .languages
        .iter()
        .map(|tag| Language::of(tag))
        .collect();
    let share = share(&site, &text, occasion, &page, public.events.iter());
    let page = Page {
        title: &title,
        body,
        text: &text,
        theme: occasion.theme,
        kind: Kind::Public {
            languages: &languages,
        },
    };
    let metadata = Metadata {
        share: Some(&share),
        ..Metadata::default()
    };
    let written = web::page::write_with(&page, metadata).map_err(Problem::internal)?;
    let mut response = axum::response::IntoResponse::into_response(written);
    keep_out_of_search(&mut response);
    Ok(response)
}

/// Handles `GET /invite/{code}/pages/{key}`.
pub(super) async fn show_invited(
    req: GuestRequest,
    Path((_, key)): Path<(String, String)>,
) -> Result<Response, EarlyResponse> {
    let snapshot = req.look().await?;
    let occasion = &snapshot.occasion;
    let page = load(&req.site, &occasion.id, key, snapshot.is_invited()).await?;
    let text = req.text(&snapshot);
    let body = InfoPage {
        pages: invited_links(&text, &snapshot, &page.key),
        frame: Some(Reading::new(&text, &snapshot).frame()),
        ..body(&req.site, &text, occasion, &page, snapshot.link(""))
    };
    let title = body.title();
    let response = guest_page(&text, &snapshot, &title, body);
    Ok(req.remember_household(&snapshot, response))
}

async fn load(
    site: &Site,
    occasion: &OccasionId,
    key: String,
    is_invited: bool,
) -> Result<OccasionPage, Problem> {
    let occasion = occasion.clone();
    let look = move |tx: &mut platform::Tx<'_>| occasion_page::find(tx, &occasion, &key);
    let found = site.store.read(look).await?;
    let seen = found.filter(|page| page.audience.includes(is_invited));
    seen.ok_or_else(Problem::not_found)
}

fn body<'a>(
    site: &Site,
    text: &'a Text,
    occasion: &'a Occasion,
    page: &OccasionPage,
    home: String,
) -> InfoPage<'a> {
    let words = page.body.pick(text.language(), &occasion.default_language);
    InfoPage {
        text,
        home,
        hosts: show::hosts(text, occasion),
        title: page.title(text, &occasion.default_language),
        html: markdown::html(words.text, site.url().origin(), |_| None),
        other: words.other,
        pages: Vec::new(),
        contact: None,
        made_with: occasion.switches.made_with,
        frame: None,
    }
}

fn share<'a>(
    site: &Site,
    text: &Text,
    occasion: &'a Occasion,
    page: &OccasionPage,
    events: impl Iterator<Item = &'a crate::event::Event>,
) -> Share {
    let title = page.title(text, &occasion.default_language);
    let whole = show::share(site, text, occasion, events);
    Share {
        title: format!("{} – {}", title.spoken(), whole.title),
        url: site
            .url()
            .join(&format!("/o/{}/pages/{}", occasion.slug, page.key)),
        ..whole
    }
}
