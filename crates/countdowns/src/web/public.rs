//! The public pages of countdowns.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_LANGUAGE, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use identity::account::AccountId;
use identity::person::slug;
use platform::{StoreError, Tx};
use site::asking::Viewer;
use site::call::submission;
use site::moved_slugs;
use site::page_parts::{Part, PublicPage};
use web::page::{self, Kind, Metadata, Page, Written};
use web::share::Share;
use web::state::{Label, MenuItem};
use web::{Form, Problem, Site, Text, Theme, Wishes, conditional, shared};

use super::clock_view::ClockView;
use super::runs::{self, Run, Strip};
use super::{picture, sharing, words};
use crate::clock::{Clock, State as ClockState};
use crate::countdown::Visibility;
use crate::public::{self, CountdownView, Listed, Past, Search, Viewing};

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
    let look = move |tx: &mut Tx<'_>| {
        let shown = public::find(tx, &account, &countdown, &viewing)?;
        with_past(tx, shown)
    };
    let found = site.store.read(look).await?;
    let (shown, past) = found.ok_or_else(Problem::not_found)?;
    let moved = moved_slugs::lead(&uri, &asked, &shown.account, !shown.is_personal());
    moved.map_or_else(
        || countdown_page(&site, &wishes, &headers, &key, &csrf, &shown, &past),
        Ok,
    )
}

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
    let look = move |tx: &mut Tx<'_>| {
        let shown = public::find_primary(tx, &account, &viewing)?;
        with_past(tx, shown)
    };
    let found = site.store.read(look).await?;
    let (shown, past) = found.ok_or_else(Problem::not_found)?;
    let moved = moved_slugs::lead(&uri, &asked, &shown.account, !shown.is_personal());
    moved.map_or_else(
        || countdown_page(&site, &wishes, &headers, "", &csrf, &shown, &past),
        Ok,
    )
}

fn with_past(
    tx: &mut Tx<'_>,
    shown: Option<CountdownView>,
) -> Result<Option<(CountdownView, Past)>, StoreError> {
    let Some(shown) = shown else { return Ok(None) };
    let past = Past::load(tx, &shown)?;
    Ok(Some((shown, past)))
}

fn viewing(site: &Site, viewer: Viewer, uri: &Uri) -> Result<Viewing, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    Ok(Viewing {
        who: viewer.who,
        key: query.text("k").to_owned(),
        keys: site.keys.clone(),
    })
}

/// The path of the countdown that the site's owner has chosen as the first page; `None` if the
/// countdown is not public.
pub(crate) fn first_page(tx: &mut Tx<'_>, which: &str) -> Result<Option<String>, StoreError> {
    let Some((account, countdown)) = which.split_once('/') else {
        return Ok(None);
    };
    public::path_of_public(tx, account, countdown)
}

#[derive(Template)]
#[template(path = "first.html")]
struct FirstPart<'a> {
    text: &'a Text,
    shown: &'a CountdownView,
    clock: ClockView,
    has_directory: bool,
}

/// The site owner's main countdown, for the site's first page.
pub(crate) fn first_parts(
    tx: &mut Tx<'_>,
    site: &Site,
    text: &Text,
    account: Option<&AccountId>,
) -> Result<Vec<Part>, StoreError> {
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
    let Some(shown) = shown.filter(|shown| !shown.is_hidden) else {
        return Ok(Vec::new());
    };
    let Some(clock) = shown.clock else {
        return Ok(Vec::new());
    };
    let part = FirstPart {
        text,
        clock: ClockView::of(text, &shown.countdown, &clock, shown.now),
        has_directory: !offers(tx)?.is_empty(),
        shown: &shown,
    };
    Ok(vec![Part::Now(Part::html(&part))])
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPart<'a> {
    text: &'a Text,
    rows: Vec<Row>,
}

/// A person's public countdowns, for their own page.
pub(crate) fn person_parts(
    tx: &mut Tx<'_>,
    _: &Site,
    text: &Text,
    account: &AccountId,
) -> Result<Vec<Part>, StoreError> {
    let rows = rows(text, &public::of_account(tx, account)?, false);
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let part = PersonPart { text, rows };
    Ok(vec![Part::Latest(Part::html(&part))])
}

/// The pages of public countdowns and of their owners, for the sitemap.
pub(crate) fn pages(tx: &mut Tx<'_>) -> Result<Vec<PublicPage>, StoreError> {
    let page = |path: String, changed_at| PublicPage { path, changed_at };
    let mut all = Vec::new();
    if !offers(tx)?.is_empty() {
        all.push(page("/countdowns".to_owned(), None));
    }
    for (account, countdown, changed_at) in public::all_public(tx)? {
        all.push(page(format!("/u/{account}"), None));
        all.push(page(words::path(&account, &countdown), Some(changed_at)));
    }
    Ok(all)
}

pub(crate) fn offers(tx: &mut Tx<'_>) -> Result<Vec<MenuItem>, StoreError> {
    let (_, total) = public::directory(tx, &Search::read(&Form::default()))?;
    let item = MenuItem {
        href: "/countdowns".to_owned(),
        label: Label::Message("countdown-directory"),
    };
    Ok((total > 0).then_some(item).into_iter().collect())
}

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
        search: SearchView {
            words: &search.words,
            before: to(search.page - 1),
            next: to(search.page + 1),
        },
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
    search: SearchView<'a>,
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
    /// The owner's name; `None` if all countdowns in the list have the same owner.
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
    let about = [("site", site.settings.name.as_str().into())];
    let description = text.with("countdown-directory-about", about);
    let share = Share::new(site, title, &description, "/countdowns");
    let written = plain(site, text, title, body, Some(&share))?;
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
    shown: &'a CountdownView,
    share: Option<&'a Share>,
    is_public: bool,
    clock: Option<ClockView>,
    stats: Vec<(&'static str, String)>,
    is_record: bool,
    /// The drawing of the last year's weeks; `None` if there are no runs to show.
    strip: Option<Strip>,
    runs: Vec<Run>,
    earlier: Option<String>,
    calendar: Option<String>,
    hiding: Option<Hiding<'a>>,
    live: Option<String>,
}

impl CountdownPage<'_> {
    /// A single run without a note would only repeat the countdown's figure.
    fn tells_of_runs(&self) -> bool {
        self.runs.len() > 1 || self.runs.iter().any(|run| !run.note.is_empty())
    }
}

struct Hiding<'a> {
    csrf: &'a str,
    submission: String,
}

fn countdown_page(
    site: &Site,
    wishes: &Wishes,
    headers: &HeaderMap,
    key: &str,
    csrf: &str,
    shown: &CountdownView,
    past: &Past,
) -> Result<Response, Problem> {
    let text = site.speak_public(wishes);
    let is_public = !shown.is_hidden && shown.countdown.visibility == Visibility::Public;
    let has_form = shown.is_own && shown.phrase.is_some();
    // A page that is not visible to everybody is not cached.
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
    let (countdown, has_stats) = (&shown.countdown, shown.countdown.show_stats);
    let mut runs = runs::runs(&text, countdown, &past.entries, None, shown.now);
    if !has_stats {
        for run in &mut runs {
            run.length.clear();
        }
    }
    let has_runs = has_stats && shown.summary.count > 1;
    let first = shown.summary.first.filter(|_| has_runs);
    // Everybody who has the link may share the countdown, but other sites get a preview only of
    // public countdowns.
    let is_shared = is_public || (!shown.is_hidden && !key.is_empty());
    let clock = shown.clock.filter(|_| is_shared);
    let share = clock.map(|clock| share(site, &text, shown, &clock, key));
    let body = CountdownPage {
        text: &text,
        share: share.as_ref(),
        is_public,
        clock: shown.clock.map(|clock| {
            ClockView::of(&text, countdown, &clock, shown.now).with_ring(
                countdown,
                &clock,
                shown.created_at,
            )
        }),
        stats: if has_stats {
            words::statistics(&text, &shown.summary, shown.now)
        } else {
            Vec::new()
        },
        is_record: has_stats && shown.summary.at(shown.now).is_record,
        strip: first.map(|first| runs::strip(&text, countdown, first, &past.year, shown.now)),
        earlier: earlier(&text, shown, runs.len()),
        runs,
        calendar: shown
            .clock
            .filter(|clock| clock.state == ClockState::Upcoming && !shown.is_personal())
            .map(|_| words::with_key(format!("{}/day.ics", shown.path()), key)),
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
    let preview = share.as_ref().filter(|_| is_public);
    let written = plain(site, &text, &shown.countdown.title, body, preview)?;
    let mut page = written.into_response();
    if !is_public {
        shared::keep_private(&mut page);
    }
    if shown.countdown.visibility != Visibility::Public {
        let noindex = HeaderValue::from_static("noindex");
        page.headers_mut().insert("x-robots-tag", noindex);
    }
    Ok(match tag {
        Some(tag) => conditional::revalidated(headers, &tag, page),
        None => page,
    })
}

/// A sentence such as “12 earlier runs are not listed.”
fn earlier(text: &Text, shown: &CountdownView, listed: usize) -> Option<String> {
    let listed = i64::try_from(listed).unwrap_or(i64::MAX);
    let more = shown.summary.count - listed;
    (listed > 0 && more > 0).then(|| text.with("countdown-runs-earlier", [("n", more.into())]))
}

/// The preview data of a countdown. `key` is the key of its private link; empty if the countdown is
/// public.
pub(super) fn share(
    site: &Site,
    text: &Text,
    shown: &CountdownView,
    clock: &Clock,
    key: &str,
) -> Share {
    let view = ClockView::of(text, &shown.countdown, clock, shown.now);
    let title = &shown.countdown.title;
    let image = picture::address(site, text, shown, clock);
    sharing::share(site, title, view.sentence(), &shown.path(), key, image)
}

fn plain<B: Template>(
    site: &Site,
    text: &Text,
    title: &str,
    body: B,
    share: Option<&Share>,
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
        share,
        ..Metadata::default()
    };
    page::write_with(&page, metadata).map_err(Problem::internal)
}
