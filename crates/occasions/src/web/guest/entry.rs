//! Pages that need no code: the one that asks for it, and an occasion's public page.

use accounts::AccountId;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use platform::{StoreError, Tx};
use site::part::Part;
use web::page::{Kind, Page};
use web::state::{Label, MenuItem};
use web::{Facts, Form, Language, Problem, Site, Text, Theme, Wishes, csrf};

use super::gate::{self, CodeGate, Credentials, Failure};
use super::request::GuestRequest;
use super::show;
use super::view::{Card, CodeEntry, CodeProblem, Farewell, Known, Typed};
use crate::event::{self, Event};
use crate::occasion::{self, Occasion};
use crate::open_rsvp::{self, PublicWish};
use crate::refusal::Refusal;
use crate::words::OccasionStatus;

/// `GET /invite`, also for a link that lost its code.
pub(super) async fn show(
    State(site): State<Site>,
    Extension(gate): Extension<CodeGate>,
    wishes: Wishes,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let text = site.speak_public(&wishes);
    let mut body = entry(&text, "/", gate.known(&site, &headers).await?);
    body.name = gate.asks_name(&site).await.then(String::new);
    Ok(ask(&site, &text, body).await)
}

/// `POST /`: opens a code, or forgets a household.
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
        let mut body = entry(&text, "/", Vec::new());
        typed.show_again(&mut body, CodeProblem::Elsewhere);
        return Ok((problem.status, ask(&site, &text, body).await).into_response());
    }
    match gate.try_code(&site, &facts, &headers, &typed.given()).await {
        Ok(address) => Ok(Redirect::to(&address).into_response()),
        Err(Failure::Problem(problem)) => Err(problem),
        Err(Failure::Expired) => Ok(farewell(&site, &wishes)),
        Err(failure) => {
            let known = gate.known(&site, &headers).await?;
            let mut body = entry(&text, "/", known);
            typed.show_again(&mut body, error(&failure));
            Ok(failure.dress(ask(&site, &text, body).await))
        }
    }
}

/// Shows the code page instead of a page behind a code, with what was `typed` into a
/// form that can no longer be saved.
pub(super) async fn ask_again(req: &GuestRequest, failure: Failure, typed: Vec<Typed>) -> Response {
    let text = req.site.speak_public(&req.wishes);
    let known = req.gate.known(&req.site, &req.headers).await;
    let mut body = entry(&text, "/", known.unwrap_or_default());
    // After a look-up, the response is the same for every code.
    let tried = match failure {
        Failure::NameRequired => req.given.code.clone(),
        _ => String::new(),
    };
    let tried = TypedCode {
        code: tried,
        name: req.given.name.clone().unwrap_or_default(),
    };
    tried.show_again(&mut body, error(&failure));
    body.kept = typed;
    let mut response = failure.dress(ask(&req.site, &text, body).await);
    gate::keep_private(&mut response);
    response
}

/// The code form as typed.
struct TypedCode {
    code: String,
    name: String,
}

impl TypedCode {
    fn read(form: &Form) -> Self {
        Self {
            code: form.text("code").to_owned(),
            name: form.text("name").to_owned(),
        }
    }

    fn given(&self) -> Credentials {
        Credentials::code(&self.code).with_name(Some(&self.name))
    }

    /// Shows the form again, with a field for the name if one is needed or was typed.
    fn show_again(self, entry: &mut CodeEntry<'_>, problem: CodeProblem) {
        if problem == CodeProblem::NameRequired || !self.name.is_empty() {
            entry.name = Some(self.name);
        }
        entry.typed = self.code;
        entry.problem = Some(problem);
    }
}

#[derive(Template)]
#[template(path = "guest/first.html")]
struct FirstPart<'a> {
    text: &'a Text,
}

/// The form for a code, for the site's first page; none without a published occasion.
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

/// The menu item of the code page, if guests can open any occasion.
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

fn entry<'a>(text: &'a Text, action: &str, known: Vec<Known>) -> CodeEntry<'a> {
    CodeEntry {
        text,
        action: action.to_owned(),
        typed: String::new(),
        name: None,
        problem: None,
        kept: Vec::new(),
        known,
        contact: None,
    }
}

/// The response to every code of an occasion that is over.
pub(super) fn farewell(site: &Site, wishes: &Wishes) -> Response {
    let text = site.speak_public(wishes);
    let body = Farewell { text: &text };
    let title = text.say("farewell-title");
    let mut response = web::page(Page {
        title: &title,
        body,
        text: &text,
        theme: Theme::PLAIN,
        kind: Kind::Plain {
            site,
            languages: &site.public_languages(),
        },
    });
    *response.status_mut() = StatusCode::GONE;
    gate::keep_private(&mut response);
    response
}

fn error(failure: &Failure) -> CodeProblem {
    match failure {
        Failure::Malformed => CodeProblem::Malformed,
        Failure::NameRequired => CodeProblem::NameRequired,
        Failure::TooMany { retry_after } => CodeProblem::TooMany {
            minutes: i64::from(retry_after.div_ceil(60)),
        },
        Failure::Unknown | Failure::Expired | Failure::Problem(_) => CodeProblem::Unknown,
    }
}

/// The code page. If the site has only one occasion, the page wears its theme, so that
/// a guest who mistyped a code does not think it is the wrong site.
async fn ask(site: &Site, text: &Text, body: CodeEntry<'_>) -> Response {
    let theme = site.store.read(occasion::find_only_theme).await;
    web::page(Page {
        title: &body.title(),
        body,
        text,
        // If the theme cannot be read, a plain page is better than none.
        theme: theme.ok().flatten().unwrap_or(Theme::PLAIN),
        kind: Kind::Plain {
            site,
            languages: &site.public_languages(),
        },
    })
}

/// `GET /o/{slug}`.
pub(super) async fn card(
    State(site): State<Site>,
    Extension(gate): Extension<CodeGate>,
    wishes: Wishes,
    headers: HeaderMap,
    Path(slug): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let public = match find(&site, &slug).await? {
        Found::Here(public) => public,
        Found::Moved(slug) => return Ok(moved(&slug, &uri)),
    };
    let known = gate.known(&site, &headers).await?;
    let asks_name = gate.asks_name(&site).await;
    Ok(show_card(&site, &wishes, &public, |entry| {
        entry.known = known;
        entry.name = asks_name.then(String::new);
    }))
}

/// `POST /o/{slug}`: like `POST /`, on the occasion's own page.
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
    let Found::Here(public) = find(&site, &slug).await? else {
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
        Err(Failure::Expired) => Ok(farewell(&site, &wishes)),
        Err(failure) => {
            let page = show_card(&site, &wishes, &public, |entry| {
                typed.show_again(entry, error(&failure));
            });
            Ok(failure.dress(page))
        }
    }
}

/// What anybody may know about an occasion.
pub(super) struct Public {
    pub(super) occasion: Occasion,
    pub(super) events: Vec<Event>,
    /// Approved notes, if hosts show them.
    wishes: Vec<PublicWish>,
}

pub(super) enum Found {
    Here(Box<Public>),
    Moved(String),
}

pub(super) async fn find(site: &Site, slug: &str) -> Result<Found, Problem> {
    let wanted = slug.to_owned();
    let found = site
        .store
        .read(move |tx| {
            let Some(id) = occasion::find_by_slug(tx, &wanted)? else {
                return Ok(None);
            };
            let occasion = occasion::load(tx, &id)?;
            let events = event::list(tx, &id)?;
            let wishes = if occasion.switches.public_wishes {
                open_rsvp::public_wishes(tx, &id)?
            } else {
                Vec::new()
            };
            Ok::<_, StoreError>(Some(Public {
                occasion,
                events,
                wishes,
            }))
        })
        .await?;
    let public = found.ok_or_else(Problem::not_found)?;
    if public.occasion.status == OccasionStatus::Archived {
        return Err(Refusal::Expired.problem());
    }
    if public.occasion.slug != slug {
        return Ok(Found::Moved(public.occasion.slug));
    }
    Ok(Found::Here(Box::new(public)))
}

pub(super) fn moved(slug: &str, uri: &Uri) -> Response {
    let query = uri
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    Redirect::permanent(&format!("/o/{slug}{query}")).into_response()
}

fn show_card(
    site: &Site,
    wishes: &Wishes,
    public: &Public,
    fill: impl FnOnce(&mut CodeEntry<'_>),
) -> Response {
    let occasion = &public.occasion;
    let text = show::speak(site, wishes, occasion, None);
    let mut entry = entry(&text, &format!("/o/{}", occasion.slug), Vec::new());
    entry.contact = show::contact(occasion);
    fill(&mut entry);
    let preparing = occasion.status == OccasionStatus::Draft;
    let switches = occasion.switches;
    let takes_open = occasion.status == OccasionStatus::Published && switches.open_rsvp;
    let body = Card {
        text: &text,
        theme: occasion.theme,
        hosts: show::hosts(&text, occasion),
        cover: show::cover(&text, occasion, public.events.iter()),
        preparing,
        host: false,
        welcome: show::welcome(&text, occasion),
        events: if switches.open_rsvp {
            show::open_events(&text, occasion, &public.events)
        } else {
            Vec::new()
        },
        answer: takes_open.then(|| format!("/o/{}/rsvp", occasion.slug)),
        wishes: &public.wishes,
        entry,
    };
    let title = body.title();
    let tags = occasion.languages.iter();
    let languages: Vec<Language> = tags.map(|tag| Language::of(tag)).collect();
    let theme = if preparing {
        Theme::PLAIN
    } else {
        occasion.theme
    };
    let mut response = web::page(Page {
        title: &title,
        body,
        text: &text,
        theme,
        kind: Kind::Public {
            languages: &languages,
        },
    });
    super::gate::keep_out_of_search(&mut response);
    response
}
