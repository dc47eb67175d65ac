//! The first page, and where owners say how the site presents itself.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, Request, State};
use axum::http::{Uri, uri};
use axum::middleware::Next;
use axum::response::Response;
use axum::{Extension, Router};
use platform::{StoreError, Tx};
use serde::Deserialize;
use web::form_state::{self, Field, FormState, Group};
use web::page::{Kind, Page};
use web::{Form, Problem, Text, Theme, Wishes};

use site::asking::{Reader, Sender};
use site::call::{id as parse, see_other};
use site::frame;

use crate::Accounts;
use crate::domain::Card;
use crate::look::{self, Look, SITE};
use identity::grant::{self, Scope, administrator};
use identity::person::profile::{self, PublicProfile};
use identity::session::signed_in::SignedIn;
use site::addresses::LOOK as HERE;

/// All addresses, for the page that stands at `/`.
#[derive(Clone)]
pub(super) struct Inside(pub(super) Router);

/// Reads the menu of public pages again, where it may have changed.
pub(super) async fn refresh_menu(
    State(accounts): State<Accounts>,
    request: Request,
    next: Next,
) -> Response {
    let site = &accounts.site;
    if site.menu.is_due(site.clock.now()) {
        let domains = accounts.domains;
        let look = move |tx: &mut Tx<'_>| look::menu(tx, domains);
        match site.store.read(look).await {
            Ok(items) => site.menu.set(items, site.clock.now()),
            Err(error) => tracing::warn!(%error, "the menu cannot be read"),
        }
    }
    next.run(request).await
}

/// `GET /robots.txt`: nothing behind a code is for search engines.
pub(super) async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /invite/\nDisallow: /admin/\nDisallow: /api/\n"
}

#[derive(Template)]
#[template(path = "first.html")]
struct FirstPage<'a> {
    text: &'a Text,
    name: &'a str,
    introduction: Vec<&'a str>,
    profile: Option<&'a PublicProfile>,
    cards: &'a [Card],
}

/// `GET /`: the page that owners chose, asked for inside; else what the domains have.
pub(super) async fn first(
    State(accounts): State<Accounts>,
    Extension(inside): Extension<Inside>,
    wishes: Wishes,
    mut request: Request,
) -> Result<Response, Problem> {
    let site = &accounts.site;
    let text = site.speak_public(&wishes);
    let (domains, here, language) = (accounts.domains, site.clone(), text.clone());
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let look = look::find(tx)?;
        if let Some(path) = look::first_page(tx, domains, &look)? {
            return Ok(Err(path));
        }
        let account = look::account(tx, &look)?;
        let mut cards = Vec::new();
        for domain in domains {
            cards.extend((domain.first_cards)(
                tx,
                &here,
                &language,
                account.as_ref(),
            )?);
        }
        let profile = match &account {
            Some(account) => profile::find_public(tx, account)?,
            None => None,
        };
        // Who says nothing of themselves has no portrait.
        let profile = profile.filter(|one| !one.bio.is_empty() || !one.website.is_empty());
        Ok(Ok((look, profile, cards)))
    };
    let (look, profile, cards) = match site.store.read(look).await? {
        Ok(found) => found,
        Err(path) => {
            *request.uri_mut() = with_path(request.uri(), &path)?;
            return Ok(web::ask_inside(inside.0, request).await);
        }
    };
    let body = FirstPage {
        text: &text,
        name: &site.settings.name,
        introduction: look.introduction.split("\n\n").collect(),
        profile: profile.as_ref(),
        cards: &cards,
    };
    Ok(web::page(Page {
        title: &site.settings.name,
        body,
        text: &text,
        theme: Theme::PLAIN,
        kind: Kind::Plain {
            site,
            languages: &site.public_languages(),
        },
    }))
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

/// What was done on the page before.
#[derive(Deserialize)]
pub(super) struct Done {
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "look.html")]
struct LookPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    done: bool,
    version: i64,
    groups: Vec<Group>,
    form_state: &'a FormState,
}

/// `GET /admin/look`.
pub(super) async fn show(
    State(accounts): State<Accounts>,
    Query(done): Query<Done>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = accounts.site.speak(&wishes);
    let shown = (done.done.is_some(), None);
    page(&accounts, &text, (&reader.who, &reader.csrf), shown).await
}

async fn page(
    accounts: &Accounts,
    text: &Text,
    (who, csrf): (&SignedIn, &str),
    (done, refused): (bool, Option<FormState>),
) -> Result<Response, Problem> {
    let (site, domains, asking) = (&accounts.site, accounts.domains, who.clone());
    let find = move |tx: &mut Tx<'_>| -> Result<_, Problem> {
        administrator::owner(tx, asking.clone())?.ok_or_else(Problem::not_found)?;
        Ok((
            look::find(tx)?,
            look::offered(tx, domains)?,
            grant::list(tx, &Scope::site())?,
        ))
    };
    let (look, offered, members) = site.store.read(find).await?;
    let version = look.version;
    let form_state = refused.unwrap_or_else(|| FormState::of(form(&look)));
    let pages = domains.iter().flat_map(|domain| domain.first_pages);
    let pages = pages.map(|page| (page.word, page.label, page.argument));
    let homes = [(SITE, "look-home-site", "")].into_iter().chain(pages);
    let homes = homes.map(|(word, label, argument)| {
        let label = text.say(label);
        let words = match argument {
            "" => label.into_owned(),
            argument => format!("{label} ({argument})"),
        };
        (word.to_owned(), words)
    });
    let nobody = (String::new(), text.say("look-account-first").into_owned());
    let people = members
        .into_iter()
        .map(|member| (member.account.to_string(), member.display_name));
    let first = vec![
        form_state.select("home", text.say("look-home"), homes),
        form_state
            .line("home_which", text.say("look-home-which"))
            .hint(text.say("look-home-which-hint")),
        form_state.lines("introduction", text.say("look-introduction")),
        form_state.select(
            "account",
            text.say("look-account"),
            [nobody].into_iter().chain(people),
        ),
    ];
    let menu = offered.iter().map(|item| {
        let name = format!("menu{}", item.href);
        form_state.number(&name, item.words(text))
    });
    let menu: Vec<Field> = menu.collect();
    let mut groups = vec![Group {
        legend: text.say("look-first").into_owned(),
        fields: first,
    }];
    if !menu.is_empty() {
        groups.push(Group {
            legend: text.say("look-menu").into_owned(),
            fields: menu,
        });
    }
    let body = LookPage {
        text,
        csrf,
        done,
        version,
        groups,
        form_state: &form_state,
    };
    let title = text.say("look-title");
    frame::show(site, text, (who, csrf), (HERE, &title), body).await
}

/// The form as it is filled in for what stands now.
fn form(look: &Look) -> Form {
    let (word, which) = look.home.split_once(':').unwrap_or((&look.home, ""));
    let account = look.account_id.as_ref().map(ToString::to_string);
    let fields = [
        ("home".to_owned(), word.to_owned()),
        ("home_which".to_owned(), which.to_owned()),
        ("introduction".to_owned(), look.introduction.clone()),
        ("account".to_owned(), account.unwrap_or_default()),
    ];
    let places = (1..).zip(look.menu.lines());
    let menu = places.map(|(place, href): (i32, _)| (format!("menu{href}"), place.to_string()));
    form_state::form(fields.into_iter().chain(menu))
}

/// `POST /admin/look`.
pub(super) async fn change(
    State(accounts): State<Accounts>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let done = try_change(&accounts, &sender).await;
    let done = done.map(|()| see_other(&format!("{HERE}?done=1")));
    form_state::answer(done, async |problem| {
        let text = accounts.site.speak(&wishes);
        let form_state = FormState::refused(sender.form.clone(), &problem, &text);
        let who = (&sender.who, sender.csrf.as_str());
        page(&accounts, &text, who, (false, Some(form_state))).await
    })
    .await
}

async fn try_change(accounts: &Accounts, sender: &Sender) -> Result<(), Problem> {
    let form = &sender.form;
    let home = match (form.text("home"), form.text("home_which").trim()) {
        (word, "") => word.to_owned(),
        (SITE, _) => SITE.to_owned(),
        (word, which) => format!("{word}:{which}"),
    };
    let account = match form.text("account") {
        "" => None,
        id => Some(parse(id)?),
    };
    let version = form.text("version").parse().unwrap_or(0);
    let (who, request, domains) = (sender.who.clone(), sender.request.clone(), accounts.domains);
    let (introduction, form) = (form.text("introduction").to_owned(), form.clone());
    let change = move |tx: &mut Tx<'_>| -> Result<(), Problem> {
        let owner = administrator::owner(tx, who.clone())?.ok_or_else(Problem::not_found)?;
        let mut places = BTreeMap::new();
        for item in look::offered(tx, domains)? {
            let place = form_state::number(&form, &format!("menu{}", item.href));
            if let Some(place) = place.filter(|place| *place > 0) {
                places.insert((place, places.len()), item.href);
            }
        }
        let look = Look {
            home: home.clone(),
            introduction: introduction.clone(),
            account_id: account.clone(),
            menu: places.into_values().collect::<Vec<_>>().join("\n"),
            version,
        };
        Ok(look::change(tx, &owner, domains, look, &request)?)
    };
    accounts.site.store.write(change).await?;
    accounts.site.menu.forget();
    Ok(())
}
