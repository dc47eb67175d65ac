//! Public pages of the site as a whole: the first page, people's own pages, the icon and the
//! portrait, and the files for search engines.
//!
//! The owner chooses the page at `/` among the first pages that domains declare; it is then
//! requested inside the same router. If that page is not public, `/` consists of the parts that
//! each domain offers, and a job notifies the owners.

use std::fmt::Write as _;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Uri, uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Router};
use platform::{StoreError, Tx};
use web::page::{self, Kind, Metadata, Page, Written};
use web::share::{Share, ShareKind};
use web::state::Visit;
use web::{Problem, Site, Text, Theme, Wishes, card_picture, conditional, dates, qr_code};

use identity::person::profile::{self, PublicProfile};
use identity::person::slug::{self, Named};
use identity::session::signed_in;
use site::look::{self, Look, PICTURES};
use site::page_parts::{Part, PublicPage, Tile};
use site::{Context, cookies, domain, moved_slugs};

/// The routes of the whole site. If an owner has chosen a domain's page as the first page, the
/// handler of `/` passes the request on to these routes.
#[derive(Clone)]
pub(super) struct Inside(pub(super) Router);

/// Runs before each request is handled. Refreshes the cached frame of public pages if that is due,
/// and looks up the signed-in person.
pub(super) async fn visit(
    State(accounts): State<Arc<Context>>,
    request: Request,
    next: Next,
) -> Response {
    let site = &accounts.site;
    if site.menu.is_due(site.clock.now()) {
        let domains = accounts.domains;
        let look = move |tx: &mut Tx<'_>| look::frame(tx, domains);
        match site.store.read(look).await {
            Ok(frame) => site.menu.set(frame, site.clock.now()),
            Err(error) => {
                tracing::warn!(%error, "cannot read what public pages show, so they stay as they were; if this goes on, check the store's disk or database server");
            }
        }
    }
    let path = request.uri().path();
    let is_page = [Method::GET, Method::HEAD, Method::POST].contains(request.method())
        && !["/api/", "/assets/"]
            .iter()
            .any(|other| path.starts_with(other));
    let visit = Visit {
        path: path.to_owned(),
        name: if is_page {
            name(site, request.headers()).await
        } else {
            None
        },
        preview: None,
    };
    visit.answer(next.run(request)).await
}

async fn name(site: &Site, headers: &HeaderMap) -> Option<String> {
    let secret = cookies::session(headers, site.url())?;
    let look = move |tx: &mut Tx<'_>| signed_in::by_session(tx, &secret);
    let visit = site.store.read(look).await.ok().flatten()?;
    Some(visit.who.account().display_name.clone())
}

#[derive(Default)]
struct Parts {
    now: Vec<String>,
    latest: Vec<String>,
    tiles: Vec<Tile>,
    below: Vec<String>,
}

impl Parts {
    fn add(&mut self, parts: Vec<Part>) {
        for part in parts {
            match part {
                Part::Now(html) => self.now.push(html),
                Part::Latest(html) => self.latest.push(html),
                Part::Tile(tile) => self.tiles.push(tile),
                Part::Below(html) => self.below.push(html),
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.now.is_empty()
            && self.latest.is_empty()
            && self.tiles.is_empty()
            && self.below.is_empty()
    }
}

#[derive(Template)]
#[template(path = "first.html")]
struct FirstPage<'a> {
    text: &'a Text,
    look: &'a Look,
    title: &'a str,
    introduction: Vec<&'a str>,
    profile: Option<&'a PublicProfile>,
    parts: &'a Parts,
}

/// `GET /`: if an owner has chosen a domain's page, passes the request on to that page. Otherwise
/// renders the first page from the content that the domains contribute.
pub(super) async fn first(
    State(accounts): State<Context>,
    Extension(inside): Extension<Inside>,
    wishes: Wishes,
    mut request: Request,
) -> Result<Response, Problem> {
    let domains = accounts.domains;
    let find = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let look = look::find(tx)?;
        look::first_page(tx, domains, &look)
    };
    match accounts.site.store.read(find).await? {
        Some(path) => {
            *request.uri_mut() = with_path(request.uri(), &path)?;
            Ok(web::ask_inside(inside.0, request).await)
        }
        None => site_page(&accounts, &wishes, None).await,
    }
}

fn with_path(uri: &Uri, path: &str) -> Result<Uri, Problem> {
    let mut parts = uri::Parts::default();
    let path = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    parts.path_and_query = Some(path.parse().map_err(Problem::internal)?);
    Uri::from_parts(parts).map_err(Problem::internal)
}

/// Renders the first page from the content that the domains contribute. `unsaved` is a look that an
/// owner previews.
pub(super) async fn site_page(
    accounts: &Context,
    wishes: &Wishes,
    unsaved: Option<Look>,
) -> Result<Response, Problem> {
    let site = &accounts.site;
    let text = site.speak_public(wishes);
    let (domains, here, language) = (accounts.domains, site.clone(), text.clone());
    let find = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let look = match &unsaved {
            Some(look) => look.clone(),
            None => look::find(tx)?,
        };
        let account = look::account(tx, &look)?;
        let mut parts = Parts::default();
        for domain in domains {
            let account = account.as_ref();
            parts.add((domain.first_parts)(tx, &here, &language, account)?);
        }
        let profile = match &account {
            Some(account) => profile::find_public(tx, account)?,
            None => None,
        };
        Ok((look, profile, parts))
    };
    let (look, profile, parts) = site.store.read(find).await?;
    let name = site.settings.name.as_str();
    let of_profile = profile.as_ref().map_or("", |profile| profile.bio.as_str());
    let introduction = match look.introduction.as_str() {
        "" => of_profile,
        words => words,
    };
    let title = match look.sentence.as_str() {
        "" => name,
        words => words,
    };
    let share = Share::new(
        site,
        name,
        if title == name { introduction } else { title },
        "/",
    );
    let body = FirstPage {
        text: &text,
        look: &look,
        title,
        introduction: introduction
            .split("\n\n")
            .filter(|one| !one.is_empty())
            .collect(),
        profile: profile.as_ref().filter(|one| !one.website.is_empty()),
        parts: &parts,
    };
    Ok(public_page(site, &text, name, body, &share)?.into_response())
}

fn public_page<B: Template>(
    site: &Site,
    text: &Text,
    title: &str,
    body: B,
    share: &Share,
) -> Result<Written, Problem> {
    let page = Page {
        title,
        body,
        text,
        theme: Theme::PLAIN,
        kind: Kind::Plain {
            site,
            languages: &site.public_languages(),
        },
    };
    let metadata = Metadata {
        share: Some(share),
        ..Metadata::default()
    };
    page::write_with(&page, metadata).map_err(Problem::internal)
}

#[derive(Template)]
#[template(path = "public_person.html")]
struct PersonPage<'a> {
    text: &'a Text,
    profile: &'a PublicProfile,
    /// The site's look, which contains the portrait; `Some` only on the page of the site's owner.
    look: Option<&'a Look>,
    parts: &'a Parts,
    share: &'a Share,
}

/// `GET /u/{account}`: a person's own page. Responds with 404 if the person has no public content.
pub(super) async fn person(
    State(accounts): State<Context>,
    Path(account): Path<String>,
    wishes: Wishes,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let site = &accounts.site;
    let text = site.speak_public(&wishes);
    let (domains, here, language) = (accounts.domains, site.clone(), text.clone());
    let asked = account.clone();
    let find = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let Some(Named { id, slug }) = slug::account(tx, &asked)? else {
            return Ok(None);
        };
        if !domain::has_public_page(tx, domains, &id)? {
            return Ok(None);
        }
        let Some(profile) = profile::find_public(tx, &id)? else {
            return Ok(None);
        };
        let look = look::find(tx)?;
        let is_theirs = look::account(tx, &look)?.as_ref() == Some(&id);
        let look = Some(look).filter(|look| is_theirs && !look.portrait.is_empty());
        let mut parts = Parts::default();
        for domain in domains {
            parts.add((domain.person_parts)(tx, &here, &language, &id)?);
        }
        Ok(Some((slug, profile, look, parts)))
    };
    let found = site.store.read(find).await?;
    let (slug, profile, look, parts) = found.ok_or_else(Problem::not_found)?;
    if let Some(moved) = moved_slugs::lead(&uri, &account, &slug, true) {
        return Ok(moved);
    }
    let name = &profile.display_name;
    let share = Share {
        kind: ShareKind::Profile,
        ..Share::new(site, name, &profile.bio, &format!("/u/{slug}"))
    };
    let body = PersonPage {
        text: &text,
        profile: &profile,
        look: look.as_ref(),
        parts: &parts,
        share: &share,
    };
    let title = format!("{name} – {}", site.settings.name);
    let written = public_page(site, &text, &title, body, &share)?;
    let tag = written.tag();
    Ok(conditional::revalidated(
        &headers,
        &tag,
        written.into_response(),
    ))
}

pub(super) async fn card(
    State(accounts): State<Context>,
    query: Query<card_picture::Asked>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    card_picture::show(&accounts.site, &query, &headers).await
}

pub(super) async fn qr(
    State(accounts): State<Context>,
    query: Query<qr_code::PageUrl>,
) -> Result<Response, Problem> {
    qr_code::show(&accounts.site, &query)
}

/// `GET /site/images/{file}`: the icon or the portrait. A changed picture has a new file name.
pub(super) async fn image(
    State(accounts): State<Context>,
    Path(file): Path<String>,
) -> Result<Response, Problem> {
    let site = &accounts.site;
    let name = file.clone();
    let find = move |tx: &mut Tx<'_>| (PICTURES.is_used)(tx, &name);
    if !site.store.read(find).await? {
        return Err(Problem::not_found());
    }
    let (media_type, bytes) = PICTURES.load(site, &file).await?;
    let headers = [
        (CONTENT_TYPE, media_type),
        // Caches in front keep it no longer than the pages that show it.
        (
            CACHE_CONTROL,
            "public, max-age=31536000, s-maxage=60, immutable",
        ),
    ];
    Ok((headers, bytes).into_response())
}

/// `GET /robots.txt`: asks search engines not to visit invitations, the administration and the API.
pub(super) async fn robots(State(accounts): State<Context>) -> String {
    let sitemap = accounts.site.url().join("/sitemap.xml");
    format!(
        "User-agent: *\nDisallow: /invite/\nDisallow: /admin/\nDisallow: /api/\nSitemap: {sitemap}\n"
    )
}

/// `GET /sitemap.xml`: lists every page that search engines may index.
pub(super) async fn sitemap(
    State(accounts): State<Context>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let site = &accounts.site;
    let domains = accounts.domains;
    let find = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let mut all = vec![PublicPage {
            path: "/".to_owned(),
            changed_at: None,
        }];
        for domain in domains {
            all.extend((domain.public_pages)(tx)?);
        }
        Ok(all)
    };
    let mut pages = site.store.read(find).await?;
    pages.sort_by(|one, two| one.path.cmp(&two.path));
    pages.dedup_by(|one, two| one.path == two.path);
    pages.truncate(MOST_PAGES);
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for PublicPage { path, changed_at } in pages {
        let address = site.url().join(&path).replace('&', "&amp;");
        let changed = changed_at.map(|at| {
            let at = dates::machine(&at.to_zoned(site.settings.time_zone.clone()));
            format!("<lastmod>{at}</lastmod>")
        });
        let changed = changed.unwrap_or_default();
        let _ = writeln!(xml, "<url><loc>{address}</loc>{changed}</url>");
    }
    xml.push_str("</urlset>\n");
    let tag = conditional::tag(xml.as_bytes());
    let response = ([(CONTENT_TYPE, "application/xml")], xml).into_response();
    Ok(conditional::revalidated(&headers, &tag, response))
}

/// The limit of the sitemap protocol (sitemaps.org).
const MOST_PAGES: usize = 50_000;
