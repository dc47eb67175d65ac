//! The public pages of countdowns.

use accounts::AccountId;
use accounts::domain::{Card, CardLine};
use accounts::profile::PublicProfile;
use accounts::slug;
use accounts::web::asking::Viewer;
use accounts::web::call::submission;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_LANGUAGE, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use platform::{StoreError, Tx};
use web::page::{self, Kind, Metadata, Page, Social, Written};
use web::state::{Label, MenuItem};
use web::{Form, Problem, Site, Text, Theme, Wishes, conditional};

use super::clock_view::ClockView;
use super::{moved, picture, words};
use crate::countdown::Visibility;
use crate::public::{self, Listed, Search, Shown, Viewing};

/// `GET /u/{account}/{countdown}`.
pub(super) async fn show(
    State(site): State<Site>,
    Path((account, countdown)): Path<(String, String)>,
    wishes: Wishes,
    uri: Uri,
    headers: HeaderMap,
    viewer: Viewer,
) -> Result<Response, Problem> {
    let csrf = viewer.csrf.clone();
    let viewing = viewing(&site, viewer, &uri)?;
    let key = viewing.key.clone();
    let asked = account.clone();
    let look = move |tx: &mut Tx<'_>| public::find(tx, &account, &countdown, &viewing);
    let shown = site.store.read(look).await?;
    let shown = shown.ok_or_else(Problem::not_found)?;
    let moved = moved::lead(&uri, (&asked, &shown.account), !shown.is_personal());
    moved.map_or_else(
        || countdown_page(&site, &wishes, (&headers, &key, &csrf), &shown),
        Ok,
    )
}

/// `GET /{account}/incident-timer`.
pub(super) async fn show_primary(
    State(site): State<Site>,
    Path(account): Path<String>,
    wishes: Wishes,
    uri: Uri,
    headers: HeaderMap,
    viewer: Viewer,
) -> Result<Response, Problem> {
    let csrf = viewer.csrf.clone();
    let viewing = viewing(&site, viewer, &uri)?;
    let asked = account.clone();
    let look = move |tx: &mut Tx<'_>| public::find_primary(tx, &account, &viewing);
    let shown = site.store.read(look).await?;
    let shown = shown.ok_or_else(Problem::not_found)?;
    let moved = moved::lead(&uri, (&asked, &shown.account), !shown.is_personal());
    moved.map_or_else(
        || countdown_page(&site, &wishes, (&headers, "", &csrf), &shown),
        Ok,
    )
}

fn viewing(site: &Site, viewer: Viewer, uri: &Uri) -> Result<Viewing, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    Ok(Viewing {
        who: viewer.who,
        key: query.text("k").to_owned(),
        keys: site.keys.clone(),
    })
}

/// An account with a public page, or a redirect from its former slug.
pub(super) async fn find_account(
    site: &Site,
    account: String,
    uri: &Uri,
) -> Result<Result<public::PublicAccount, Response>, Problem> {
    let asked = account.clone();
    let look = move |tx: &mut Tx<'_>| public::public_account(tx, &account);
    let found = site.store.read(look).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let moved = moved::lead(uri, (&asked, &found.slug), true);
    Ok(moved.map_or(Ok(found), Err))
}

/// `GET /u/{account}`. An account without public countdowns is not found.
pub(super) async fn account(
    State(site): State<Site>,
    Path(account): Path<String>,
    wishes: Wishes,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = match find_account(&site, account, &uri).await? {
        Ok(found) => found,
        Err(moved) => return Ok(moved),
    };
    let text = site.speak_public(&wishes);
    let body = ListPage {
        text: &text,
        title: &found.profile.display_name,
        profile: Some(&found.profile),
        search: None,
        rows: rows(&text, &found.countdowns, false),
    };
    list_page(&site, &text, &headers, &found.profile.display_name, body)
}

/// Where a countdown is that stands at the first page of the site, while everybody may see it.
pub(crate) fn first_page(tx: &mut Tx<'_>, which: &str) -> Result<Option<String>, StoreError> {
    let Some((account, countdown)) = which.split_once('/') else {
        return Ok(None);
    };
    public::path_of_public(tx, account, countdown)
}

/// The main countdown of whose site it is, on its first page.
pub(crate) fn first_cards(
    tx: &mut Tx<'_>,
    site: &Site,
    text: &Text,
    account: Option<&AccountId>,
) -> Result<Vec<Card>, StoreError> {
    let slug = match account {
        Some(account) => slug::find(tx, account)?,
        None => None,
    };
    let viewing = Viewing {
        who: None,
        key: String::new(),
        keys: site.keys.clone(),
    };
    let shown = match slug {
        Some(slug) => public::find_primary(tx, &slug, &viewing)?,
        None => None,
    };
    let card = shown.filter(|shown| !shown.is_hidden).map(|shown| Card {
        title: "countdown-directory",
        lines: vec![CardLine {
            note: shown
                .clock
                .map_or_else(String::new, |clock| words::days(text, clock.days)),
            href: shown.path(),
            label: shown.countdown.title,
        }],
        links: Vec::new(),
        form: None,
    });
    Ok(card.into_iter().collect())
}

/// What the menu leads to.
pub(crate) fn offers(tx: &mut Tx<'_>) -> Result<Vec<MenuItem>, StoreError> {
    let (_, total) = public::directory(tx, &Search::read(&Form::default()))?;
    let item = MenuItem {
        href: "/countdowns".to_owned(),
        label: Label::Message("countdown-directory"),
    };
    Ok((total > 0).then_some(item).into_iter().collect())
}

/// `GET /countdowns`.
pub(super) async fn directory(
    State(site): State<Site>,
    wishes: Wishes,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let search = Search::read(&query);
    let look = {
        let search = search.clone();
        move |tx: &mut Tx<'_>| public::directory(tx, &search)
    };
    let (all, total) = site.store.read(look).await?;
    let text = site.speak_public(&wishes);
    let title = text.say("countdown-directory");
    let pages = (total + search.page_size - 1) / search.page_size;
    let to = |page: i64| (1..=pages).contains(&page).then(|| address(&search, page));
    let body = ListPage {
        text: &text,
        title: &title,
        profile: None,
        search: Some(SearchView {
            words: &search.words,
            before: to(search.page - 1),
            next: to(search.page + 1),
        }),
        rows: rows(&text, &all, true),
    };
    list_page(&site, &text, &headers, &title, body)
}

fn address(search: &Search, page: i64) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !search.words.is_empty() {
        query.append_pair("search", &search.words);
    }
    query.append_pair("page", &page.to_string());
    query.append_pair("page_size", &search.page_size.to_string());
    format!("/countdowns?{}", query.finish())
}

#[derive(Template)]
#[template(path = "countdowns.html")]
struct ListPage<'a> {
    text: &'a Text,
    title: &'a str,
    /// The account's profile, on an account's page.
    profile: Option<&'a PublicProfile>,
    /// The search form, on the directory.
    search: Option<SearchView<'a>>,
    rows: Vec<Row>,
}

struct SearchView<'a> {
    words: &'a str,
    before: Option<String>,
    next: Option<String>,
}

struct Row {
    href: String,
    title: String,
    /// The account's name, in a list with several accounts.
    by: Option<String>,
    figure: String,
}

fn rows(text: &Text, all: &[Listed], is_of_many: bool) -> Vec<Row> {
    let row = |one: &Listed| Row {
        href: words::path(&one.account, &one.countdown.slug),
        title: one.countdown.title.clone(),
        by: is_of_many.then(|| one.name.clone()),
        figure: words::days(text, one.clock.days),
    };
    all.iter().map(row).collect()
}

fn list_page(
    site: &Site,
    text: &Text,
    headers: &HeaderMap,
    title: &str,
    body: ListPage<'_>,
) -> Result<Response, Problem> {
    let written = plain(site, text, title, body, None)?;
    let tag = written.tag();
    Ok(conditional::revalidated(
        headers,
        &tag,
        written.into_response(),
    ))
}

#[derive(Template)]
#[template(path = "countdown.html")]
struct CountdownPage<'a> {
    text: &'a Text,
    shown: &'a Shown,
    clock: Option<ClockView>,
    stats: Vec<(&'static str, String)>,
    entries: Vec<(String, &'a str)>,
    /// The button that hides the phrase, for the owner.
    hiding: Option<Hiding<'a>>,
    /// The address of the event stream.
    live: Option<String>,
}

/// The hidden fields of the form that hides a phrase.
struct Hiding<'a> {
    csrf: &'a str,
    submission: String,
}

fn countdown_page(
    site: &Site,
    wishes: &Wishes,
    (headers, key, csrf): (&HeaderMap, &str, &str),
    shown: &Shown,
) -> Result<Response, Problem> {
    let text = site.speak_public(wishes);
    let is_public = !shown.is_hidden && shown.countdown.visibility == Visibility::Public;
    let has_form = shown.is_own && shown.phrase.is_some();
    // A page that only some people may see is not cached.
    let is_kept = is_public && !has_form;
    let language = &*text.language().tag;
    let tag = is_kept.then(|| {
        let page = format!("{} {}", shown.tag(language), site.menu.version());
        conditional::tag(page.as_bytes())
    });
    if let Some(tag) = &tag {
        let head = [
            (CONTENT_LANGUAGE, language),
            (VARY, "Accept-Language, Cookie"),
        ];
        let response = conditional::revalidated(headers, tag, head.into_response());
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(response);
        }
    }
    let zone = shown.countdown.zone();
    let entries = shown.entries.iter().map(|entry| {
        let at = entry.reset_at.to_zoned(zone.clone());
        (text.moment_short(&at), entry.note.as_str())
    });
    let body = CountdownPage {
        text: &text,
        clock: shown
            .clock
            .map(|clock| ClockView::of(&text, &shown.countdown, &clock, shown.now)),
        stats: if shown.countdown.show_stats {
            words::statistics(&text, &shown.summary, shown.now)
        } else {
            Vec::new()
        },
        entries: entries.collect(),
        live: (!shown.is_personal()).then(|| {
            let path = format!("{}/events?since={}", shown.path(), shown.revision);
            words::with_key(path, key)
        }),
        hiding: has_form.then(|| Hiding {
            csrf,
            submission: submission(&site.random),
        }),
        shown,
    };
    let description = body.clock.as_ref().map(ClockView::sentence);
    let url = site.url().join(&shown.path());
    let image = shown.clock.filter(|_| is_public);
    let image = image.map(|clock| picture::address(site, &text, shown, &clock));
    let social = description.as_ref().zip(image.as_ref());
    let social = social.map(|(description, image)| Social {
        title: &shown.countdown.title,
        description,
        url: &url,
        image,
    });
    let written = plain(site, &text, &shown.countdown.title, body, social)?;
    let mut page = written.into_response();
    if shown.countdown.visibility != Visibility::Public {
        let noindex = HeaderValue::from_static("noindex");
        page.headers_mut().insert("x-robots-tag", noindex);
    }
    Ok(match tag {
        Some(tag) => conditional::revalidated(headers, &tag, page),
        None => page,
    })
}

fn plain<B: Template>(
    site: &Site,
    text: &Text,
    title: &str,
    body: B,
    social: Option<Social<'_>>,
) -> Result<Written, Problem> {
    let page = Page {
        title: &format!("{title} – {}", site.settings.name),
        body,
        text,
        theme: Theme::PLAIN,
        kind: Kind::Plain {
            site,
            languages: &site.public_languages(),
        },
    };
    let metadata = Metadata {
        social,
        ..Metadata::default()
    };
    page::write_with(&page, metadata).map_err(Problem::internal)
}
