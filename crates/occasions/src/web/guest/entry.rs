//! The pages that need no code: the page on which guests type a code, and an occasion's public
//! page.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use identity::account::AccountId;
use identity::session::signed_in::SignedIn;
use jiff::Timestamp;
use platform::{StoreError, Tx};
use site::asking::Viewer;
use site::page_parts::Part;
use web::page::{Kind, Metadata, Page};
use web::state::{Label, MenuItem};
use web::{Facts, FirstItems, Form, Language, Problem, Site, Spoken, Text, Theme, Wishes, csrf};

use super::after;
use super::code_page::{self, TypedCode};
use super::event_time;
use super::frame::{keep_out_of_search, keep_private};
use super::gate::{CodeGate, Failure};
use super::language::speak;
use super::page_links;
use super::show;
use super::thanks;
use super::view::{Card, CodeEntry, CodeProblem, DaysLeft};
use crate::event::{self, Event};
use crate::id::OccasionId;
use crate::occasion::{self, Occasion};
use crate::occasion_page::{self, PageHead};
use crate::open_rsvp::{self, PublicWish};
use crate::phase::Phase;
use crate::refusal::Refusal;
use crate::role;
use crate::words::OccasionStatus;

/// Handles `GET /invite`. An invitation link without its code leads to this path.
pub(super) async fn show(
    State(site): State<Site>,
    Extension(gate): Extension<CodeGate>,
    wishes: Wishes,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let text = site.speak_public(&wishes);
    let mut body = code_page::form(&text, "/", gate.known(&site, &headers).await?);
    body.name = gate.asks_name(&site).await.then(String::new);
    Ok(code_page::page(&site, &text, body).await)
}

/// Handles `POST /`. The form either opens a household's page by its code, or makes the browser
/// forget a household.
pub(super) async fn open(
    State(site): State<Site>,
    Extension(gate): Extension<CodeGate>,
    facts: Facts,
    wishes: Wishes,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Problem> {
    let is_ours = csrf::check_sender(&headers, site.url());
    let typed = TypedCode::read(&form);
    let text = site.speak_public(&wishes);
    if let Some(code) = form.find("forget") {
        is_ours?;
        return gate.forget(&site, &headers, code, "/").await;
    }
    if let Err(problem) = is_ours {
        let mut body = code_page::form(&text, "/", Vec::new());
        typed.show_again(&mut body, CodeProblem::Elsewhere);
        return Ok((problem.status, code_page::page(&site, &text, body).await).into_response());
    }
    match gate.try_code(&site, &facts, &headers, &typed.given()).await {
        Ok(address) => Ok(Redirect::to(&address).into_response()),
        Err(Failure::Problem(problem)) => Err(problem),
        Err(Failure::Expired) => Ok(gate.to_thanks(&typed.given())),
        Err(failure) => {
            let known = gate.known(&site, &headers).await?;
            let mut body = code_page::form(&text, "/", known);
            typed.show_again(&mut body, code_page::problem(&failure));
            Ok(failure.dress(code_page::page(&site, &text, body).await))
        }
    }
}

#[derive(Template)]
#[template(path = "guest/first.html")]
struct FirstPart<'a> {
    text: &'a Text,
}

/// Builds the part of the site's home page in which guests type a code. Returns nothing if no
/// occasion is published.
pub(crate) fn first_parts(
    tx: &mut Tx<'_>,
    _: &Site,
    text: &Text,
    _: Option<&AccountId>,
) -> Result<Vec<Part>, StoreError> {
    if !occasion::is_any_published(tx)? {
        return Ok(Vec::new());
    }
    Ok(vec![Part::Below(Part::html(&FirstPart { text }))])
}

/// Returns the menu entry for the page on which guests type a code. Returns nothing if no occasion
/// is open to guests.
pub(crate) fn offers(tx: &mut Tx<'_>) -> Result<Vec<MenuItem>, StoreError> {
    let item = MenuItem {
        href: "/invite".to_owned(),
        label: Label::Message("code-title"),
    };
    Ok(occasion::is_any_published(tx)?
        .then_some(item)
        .into_iter()
        .collect())
}

/// The slug of the occasion that owns the requested host name.
#[derive(Clone)]
pub(crate) struct OwnSlug(pub(crate) Arc<str>);

/// Handles `GET /` under an occasion's own host name.
pub(crate) async fn own_card(
    State(site): State<Site>,
    Extension(gate): Extension<CodeGate>,
    Extension(OwnSlug(slug)): Extension<OwnSlug>,
    viewer: Viewer,
    wishes: Wishes,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let slug = Path((*slug).to_owned());
    let (site, gate) = (State(site), Extension(gate));
    card(site, gate, viewer, wishes, headers, slug, uri).await
}

/// Handles `GET /o/{slug}`.
pub(super) async fn card(
    State(site): State<Site>,
    Extension(gate): Extension<CodeGate>,
    viewer: Viewer,
    wishes: Wishes,
    headers: HeaderMap,
    Path(slug): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let public = match find_also_archived(&site, &slug).await? {
        SlugLookup::Here(public) if public.occasion.status == OccasionStatus::Archived => {
            let Public {
                occasion,
                events,
                cancelled,
                ..
            } = *public;
            let events = [&events[..], &cancelled[..]];
            return Ok(thanks::of_occasion(&site, &wishes, &occasion, events));
        }
        SlugLookup::Here(public) => public,
        SlugLookup::Moved(slug) => return Ok(moved(&slug, &uri)),
    };
    if public.occasion.status == OccasionStatus::Draft
        && is_host(&site, viewer.who, &public.occasion.id).await?
    {
        let mut page = show_card_to(true, &site, &wishes, &public, |_| {});
        keep_private(&mut page);
        return Ok(page);
    }
    let known = gate.known(&site, &headers).await?;
    let asks_name = gate.asks_name(&site).await;
    Ok(show_card(&site, &wishes, &public, |entry| {
        entry.known = known;
        entry.name = asks_name.then(String::new);
    }))
}

/// Whether the visitor is a host of the occasion, who sees its draft as guests will.
async fn is_host(
    site: &Site,
    who: Option<SignedIn>,
    occasion: &OccasionId,
) -> Result<bool, Problem> {
    let Some(who) = who else {
        return Ok(false);
    };
    let occasion = occasion.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<bool, StoreError> {
        Ok(role::of(tx, &who, &occasion)?.is_some())
    };
    Ok(site.store.read(look).await?)
}

/// Handles `POST /o/{slug}`. Does the same as `POST /`, but for the form on an occasion's public
/// page.
pub(super) async fn open_at(
    State(site): State<Site>,
    Extension(gate): Extension<CodeGate>,
    facts: Facts,
    wishes: Wishes,
    headers: HeaderMap,
    Path(slug): Path<String>,
    form: Form,
) -> Result<Response, Problem> {
    let is_ours = csrf::check_sender(&headers, site.url());
    let SlugLookup::Here(public) = find(&site, &slug).await? else {
        return Err(Problem::not_found());
    };
    if let Some(code) = form.find("forget") {
        is_ours?;
        return gate
            .forget(&site, &headers, code, &format!("/o/{slug}"))
            .await;
    }
    let typed = TypedCode::read(&form);
    if let Err(problem) = is_ours {
        let page = show_card(&site, &wishes, &public, |entry| {
            typed.show_again(entry, CodeProblem::Elsewhere);
        });
        return Ok((problem.status, page).into_response());
    }
    match gate.try_code(&site, &facts, &headers, &typed.given()).await {
        Ok(address) => Ok(Redirect::to(&address).into_response()),
        Err(Failure::Problem(problem)) => Err(problem),
        Err(Failure::Expired) => Ok(gate.to_thanks(&typed.given())),
        Err(failure) => {
            let page = show_card(&site, &wishes, &public, |entry| {
                typed.show_again(entry, code_page::problem(&failure));
            });
            Ok(failure.dress(page))
        }
    }
}

/// The data that an occasion's public page shows.
pub(super) struct Public {
    pub(super) occasion: Occasion,
    pub(super) events: Vec<Event>,
    pub(super) cancelled: Vec<Event>,
    /// The pages that guests may see.
    pub(super) pages: Vec<PageHead>,
    /// Empty if the occasion does not show them.
    wishes: FirstItems<PublicWish>,
}

impl Public {
    fn of_day(&self) -> Option<&Event> {
        event::of_public_day(
            &self.events,
            &self.cancelled,
            self.occasion.switches.open_rsvp,
        )
    }
}

pub(super) enum SlugLookup {
    Here(Box<Public>),
    Moved(String),
}

/// Finds an occasion by its slug. Returns [`Refusal::Expired`] if the occasion is archived.
pub(super) async fn find(site: &Site, slug: &str) -> Result<SlugLookup, Problem> {
    match find_also_archived(site, slug).await? {
        SlugLookup::Here(public) if public.occasion.status == OccasionStatus::Archived => {
            Err(Refusal::Expired.problem())
        }
        found => Ok(found),
    }
}

async fn find_also_archived(site: &Site, slug: &str) -> Result<SlugLookup, Problem> {
    let wanted = slug.to_owned();
    let found = site
        .store
        .read(move |tx| {
            let Some(id) = occasion::find_by_slug(tx, &wanted)? else {
                return Ok(None);
            };
            let occasion = occasion::load(tx, &id)?;
            let events = event::list(tx, &id)?;
            let cancelled = event::cancelled(tx, &id)?;
            let pages = occasion_page::heads(tx, &id)?;
            let wishes = if occasion.switches.public_wishes {
                open_rsvp::public_wishes(tx, &id)?
            } else {
                FirstItems::default()
            };
            Ok::<_, StoreError>(Some(Public {
                occasion,
                events,
                cancelled,
                pages,
                wishes,
            }))
        })
        .await?;
    let public = found.ok_or_else(Problem::not_found)?;
    if public.occasion.slug != slug {
        return Ok(SlugLookup::Moved(public.occasion.slug));
    }
    Ok(SlugLookup::Here(Box::new(public)))
}

pub(super) fn moved(slug: &str, uri: &Uri) -> Response {
    let query = uri
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    Redirect::permanent(&format!("/o/{slug}{query}")).into_response()
}

/// Renders the public page for the hosts' preview, in a theme that they have not saved yet.
pub(crate) fn in_theme(
    site: &Site,
    wishes: &Wishes,
    occasion: Occasion,
    events: Vec<Event>,
    theme: Theme,
) -> Response {
    let public = Public {
        occasion: Occasion {
            theme,
            status: OccasionStatus::Published,
            ..occasion
        },
        events,
        cancelled: Vec::new(),
        pages: Vec::new(),
        wishes: FirstItems::default(),
    };
    show_card(site, wishes, &public, |_| {})
}

/// Later events do not count, because perhaps only a few guests are invited to them.
fn days_left(text: &Text, public: &Public, now: Timestamp) -> Option<DaysLeft> {
    let first = public.of_day()?;
    let zone = public.occasion.zone();
    let [today, day] = [now, first.starts_at].map(|at| at.to_zoned(zone.clone()).date());
    if day < today {
        return None;
    }
    show::days_left(text, &public.occasion, first, now)
}

fn show_card(
    site: &Site,
    wishes: &Wishes,
    public: &Public,
    fill: impl FnOnce(&mut CodeEntry<'_>),
) -> Response {
    show_card_to(false, site, wishes, public, fill)
}

/// `is_host` is whether a draft is shown to its host.
fn show_card_to(
    is_host: bool,
    site: &Site,
    wishes: &Wishes,
    public: &Public,
    fill: impl FnOnce(&mut CodeEntry<'_>),
) -> Response {
    let occasion = &public.occasion;
    let text = speak(site, wishes, occasion, None);
    let mut entry = code_page::form(&text, &format!("/o/{}", occasion.slug), Vec::new());
    entry.contact = show::contact(occasion);
    fill(&mut entry);
    let preparing = occasion.status == OccasionStatus::Draft;
    let now = site.clock.now();
    let phase = Phase::at(occasion.status, &public.events, &occasion.zone(), now);
    let is_over = phase == Phase::After && !preparing;
    let switches = occasion.switches;
    let takes_open = occasion.status == OccasionStatus::Published
        && switches.open_rsvp
        && !is_over
        && !public.events.is_empty();
    let is_any_open = public.events.iter().any(|event| event.open_to_all);
    let shows_events = !is_over && (switches.open_rsvp || is_any_open);
    let kicker = text.say(after::kicker(occasion.kind));
    let mut cover = show::cover(&text, occasion, public.of_day().into_iter());
    if public.events.is_empty() && public.cancelled.is_empty() {
        cover.date = text.say("date-to-follow").into_owned();
    }
    if is_over {
        cover.kicker = Some(Spoken::plain(&kicker));
    }
    let first = public.of_day().filter(|_| is_over);
    let since = first.and_then(|event| thanks::days_since(&text, occasion, event.starts_at, now));
    let body = Card {
        text: &text,
        theme: occasion.theme,
        hosts: show::hosts(&text, occasion),
        cover,
        preparing,
        host: is_host.then(|| format!("/admin/o/{}", occasion.slug)),
        thanks: is_over.then(|| show::pick(&text, occasion, &occasion.farewell)),
        since,
        days_left: days_left(&text, public, now).filter(|_| !is_over),
        welcome: show::welcome(&text, occasion),
        events: if shows_events {
            show::open_events(&text, occasion, [&public.events, &public.cancelled])
        } else {
            Vec::new()
        },
        cancelled: event::cancelled::for_all(&public.events, &public.cancelled)
            .into_iter()
            .map(|event| event_time::cancelled(&text, occasion, event))
            .collect(),
        // The pages of a draft are not there yet.
        pages: if preparing {
            Vec::new()
        } else {
            page_links::links(&text, occasion, &public.pages)
        },
        answer: takes_open.then(|| format!("/o/{}/rsvp", occasion.slug)),
        wishes: &public.wishes,
        made_with: occasion.switches.made_with,
        entry,
    };
    let title = body.title();
    let tags = occasion.languages.iter();
    let languages: Vec<Language> = tags.map(|tag| Language::of(tag)).collect();
    let theme = if preparing && !is_host {
        Theme::PLAIN
    } else {
        occasion.theme
    };
    let share =
        (!preparing).then(|| show::share(site, &text, occasion, public.of_day().into_iter()));
    let page = Page {
        title: &title,
        body,
        text: &text,
        theme,
        kind: Kind::Public {
            languages: &languages,
        },
    };
    let metadata = Metadata {
        share: share.as_ref(),
        ..Metadata::default()
    };
    let written = web::page::write_with(&page, metadata).map_err(Problem::internal);
    let mut response = written.into_response();
    keep_out_of_search(&mut response);
    response
}
