//! The owners' pages of a countdown.

pub(super) mod co_owners;
pub(super) mod resets;

use accounts::dates::Date;
use accounts::domain::{Card, CardLine};
use accounts::signed_in::SignedIn;
use accounts::slug;
use accounts::web::request::{FormPost, PageRequest};
use accounts::web::resource::pages::{EditForm, Messages, PageParent, PageResource};
use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use platform::{StoreError, Tx, sql};
use web::form_state::{self, Control, Field, FormState, TableForm};
use web::{Link as WebLink, List, Problem, Site, Text};

use super::clock_view::ClockView;
use super::words;
use crate::Refusal;
use crate::countdown::{self, Countdown, CountdownId, Kind, OwnerOf, Visibility};
use crate::entry::{self, Entry, Summary};
use crate::keeper::Keeper;
use crate::public::Link;

const HERE: &str = "/me/countdowns";
/// The number of resets on a page.
const ENTRIES: i64 = 100;
/// The messages after a redirect, by the parameter that names the action.
const DONE: &[(&str, &str)] = &[
    ("saved", "countdown-saved"),
    ("reset", "countdown-was-reset"),
    ("removed", "countdown-deleted"),
];

/// The data of the pages of a person's countdowns.
#[derive(Debug)]
pub struct KeeperContext {
    keeper: Keeper,
    /// The dates that the person's countdowns may follow.
    dates: Vec<Date>,
    /// The countdowns with the person's account in their address; only these may follow their
    /// dates.
    own: Vec<(CountdownId,)>,
}

impl AsRef<Keeper> for KeeperContext {
    fn as_ref(&self) -> &Keeper {
        &self.keeper
    }
}

impl PageParent for Keeper {
    type Request = PageRequest;
    type Context = KeeperContext;
    const SAVE: &'static str = "countdown-save";
    const CANCEL: &'static str = "countdown-cancel";

    fn context(&self, tx: &mut Tx<'_>) -> Result<KeeperContext, Refusal> {
        let account = &self.who.account().id;
        Ok(KeeperContext {
            keeper: self.clone(),
            dates: self.dates.list(tx, account)?,
            own: sql!(
                "SELECT id FROM countdown WHERE account_id = :account",
                account
            )
            .all(tx)?,
        })
    }

    fn at(_: &PageRequest, rest: &str) -> String {
        rest.to_owned()
    }

    fn table<'a>(
        req: &'a PageRequest,
        _: &'a KeeperContext,
        form_state: &'a FormState,
    ) -> TableForm<'a> {
        TableForm {
            text: &req.text,
            form_state,
            languages: &[],
            zone: &req.who.account().time_zone,
        }
    }

    async fn page<B: Template + Send>(
        req: &PageRequest,
        _: &KeeperContext,
        here: &str,
        title: &str,
        body: B,
    ) -> Result<Response, Problem> {
        req.page(here, title, body).await
    }
}

impl PageResource for Countdown {
    const PAGES: &'static str = HERE;
    const EDIT: &'static str = "/settings";
    const REMOVE: &'static str = "/delete";
    const MESSAGES: Messages = Messages {
        list: "countdown-mine",
        new: "countdown-new",
        settings: "countdown-what",
        remove_title: "countdown-delete-title",
        remove: "countdown-delete",
        remove_effect: "countdown-delete-effect",
    };
    const CHOSEN: &'static [&'static str] = &["slug"];
    const TYPED: &'static str = "countdown-delete-type";
    const IS_SHOWN_AFTER: bool = true;

    fn title(&self, _: &PageRequest, _: &KeeperContext) -> String {
        self.title.clone()
    }

    fn arrange(
        req: &PageRequest,
        context: &KeeperContext,
        one: Option<&Self>,
        form: &mut EditForm<'_>,
    ) {
        if let Some(one) = one {
            form.back = at(&one.id, "");
        }
        offer_dates(&req.text, context, one, form);
    }

    async fn list_page(
        req: &PageRequest,
        _: &KeeperContext,
        list: List<Self>,
    ) -> Result<Response, Problem> {
        let look = move |tx: &mut Tx<'_>, _: &Keeper| {
            let all = list.items.iter();
            let newest = all.map(|one| Ok((entry::newest(tx, &one.id)?, one.clone())));
            newest
                .collect::<Result<Vec<_>, StoreError>>()
                .map_err(Refusal::from)
        };
        let (all, now, text) = (req.read(look).await?, req.site.clock.now(), &req.text);
        let rows = all
            .iter()
            .map(|(newest, one): &(Option<Timestamp>, Self)| Row {
                href: at(&one.id, ""),
                title: one.title.clone(),
                figure: one
                    .clock(*newest, now)
                    .map(|clock| words::days(text, clock.days)),
                visibility: one.visibility.label(),
            });
        let body = ListPage {
            text,
            done: req.done(DONE),
            rows: rows.collect(),
        };
        req.page(HERE, &text.say("countdown-mine"), body).await
    }
}

#[derive(Template)]
#[template(path = "own/list.html")]
struct ListPage<'a> {
    text: &'a Text,
    done: Option<&'static str>,
    rows: Vec<Row>,
}

struct Row {
    href: String,
    title: String,
    figure: Option<String>,
    visibility: &'static str,
}

/// How many countdowns the page that people land on shows.
const SHOWN: usize = 5;

/// The countdowns of somebody, for the page that they land on.
pub(crate) fn cards(
    tx: &mut Tx<'_>,
    _: &Site,
    who: &SignedIn,
    text: &Text,
) -> Result<Vec<Card>, StoreError> {
    let mut lines = Vec::new();
    for one in countdown::list(tx, who)?.into_iter().take(SHOWN) {
        let newest = entry::newest(tx, &one.id)?;
        let clock = one.clock(newest, tx.now());
        lines.push(CardLine {
            href: at(&one.id, ""),
            note: clock.map_or_else(String::new, |clock| words::days(text, clock.days)),
            label: one.title,
        });
    }
    let link = |label, href| WebLink { label, href };
    let list = (!lines.is_empty()).then_some(link("countdown-mine", HERE));
    let new = link("countdown-new", "/me/countdowns/new");
    Ok(vec![Card {
        title: "countdown-mine",
        lines,
        links: [new].into_iter().chain(list).collect(),
        form: None,
    }])
}

/// The path of an owners' page.
fn at(id: &CountdownId, rest: &str) -> String {
    format!("{HERE}/{id}{rest}")
}

struct Loaded {
    countdown: Countdown,
    summary: Summary,
    entries: Vec<Entry>,
    /// The account's slug.
    account: String,
    /// The private link's key.
    key: String,
}

impl Loaded {
    /// The path of the public page.
    fn public_path(&self) -> String {
        let path = words::path(&self.account, &self.countdown.slug);
        match self.countdown.visibility {
            Visibility::Unlisted => format!("{path}?k={}", self.key),
            Visibility::Private | Visibility::Trusted | Visibility::Public => path,
        }
    }
}

#[derive(Template)]
#[template(path = "own/countdown.html")]
struct CountdownPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    done: Option<&'static str>,
    form_state: &'a FormState,
    countdown: &'a Countdown,
    clock: Option<ClockView>,
    stats: Vec<(&'static str, String)>,
    /// The form of a new reset; empty for a countdown that counts down.
    fields: Vec<Field>,
    entries: Vec<EntryRow>,
    public_path: String,
    visibility: &'static str,
}

struct EntryRow {
    href: String,
    when: String,
    note: String,
}

/// `GET /me/countdowns/{id}`.
pub(super) async fn show(req: PageRequest) -> Result<Response, Problem> {
    let loaded = load(&req).await?;
    countdown_page(&req, &loaded, req.done(DONE), &FormState::default()).await
}

/// Loads the content of a countdown's page.
async fn load(req: &PageRequest) -> Result<Loaded, Refusal> {
    let keys = req.site.keys.clone();
    let look = move |tx: &mut Tx<'_>, owner: &OwnerOf| {
        let countdown = owner.countdown().clone();
        let account = countdown::account_of(tx, &countdown.id)?;
        Ok(Loaded {
            summary: entry::summary(tx, &countdown.id)?,
            entries: entry::list(tx, &countdown.id, ENTRIES)?,
            account: slug::find(tx, &account)?.unwrap_or_default(),
            key: Link::load(tx, &countdown.id)?.sign(&keys),
            countdown,
        })
    };
    req.read(look).await
}

async fn countdown_page(
    req: &PageRequest,
    loaded: &Loaded,
    done: Option<&'static str>,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let (text, countdown) = (&req.text, &loaded.countdown);
    let (now, zone) = (req.site.clock.now(), countdown.zone());
    let row = |entry: &Entry| EntryRow {
        href: at(&countdown.id, &format!("/entries/{}", entry.id)),
        when: text.moment_short(&entry.reset_at.to_zoned(zone.clone())),
        note: entry.note.clone(),
    };
    let body = CountdownPage {
        text,
        csrf: &req.csrf,
        submission: req.submission(),
        done,
        form_state,
        clock: countdown
            .clock(loaded.summary.newest, now)
            .map(|clock| ClockView::of(text, countdown, &clock, now)),
        stats: words::statistics(text, &loaded.summary, now),
        fields: match countdown.kind {
            Kind::Since => resets::fields(text, countdown, form_state),
            Kind::Until => Vec::new(),
        },
        entries: loaded.entries.iter().map(row).collect(),
        public_path: loaded.public_path(),
        visibility: countdown.visibility.label(),
        countdown,
    };
    req.page(HERE, &countdown.title, body).await
}

/// Shows the page of a countdown again with a refused form.
async fn refused_on_page(
    posted: &FormPost,
    done: Result<Response, Refusal>,
) -> Result<Response, Problem> {
    let req = &posted.req;
    form_state::answer(done, async |problem| {
        let loaded = load(req).await?;
        let problem = resets::at_form(problem);
        let form_state = FormState::refused(posted.form.clone(), &problem, &req.text);
        countdown_page(req, &loaded, None, &form_state).await
    })
    .await
}

/// Adds the choice of a date to follow, if there are any dates.
fn offer_dates(
    text: &Text,
    context: &KeeperContext,
    one: Option<&Countdown>,
    form: &mut EditForm<'_>,
) {
    let followed = one.map_or("", |one| one.follows.as_str());
    let mut choices = vec![(
        String::new(),
        text.say("countdown-follows-none").into_owned(),
    )];
    let is_own = |one: &Countdown| context.own.iter().any(|(id,)| *id == one.id);
    if one.is_none_or(is_own) {
        let known = context.dates.iter();
        choices.extend(known.map(|date| (date.id.clone(), date.label.clone())));
    }
    if choices.iter().all(|(id, _)| id != followed) {
        let other = text.say("countdown-follows-other").into_owned();
        choices.push((followed.to_owned(), other));
    }
    let is_offered = choices.len() > 1 && one.is_none_or(|one| one.kind == Kind::Until);
    for group in &mut form.groups {
        for field in &mut group.fields {
            match field.name.as_str() {
                "follows" if is_offered => field.control = Control::Select(choices.clone()),
                // Without a title, the followed date's name is taken.
                "title" if is_offered => field.is_required = false,
                _ => {}
            }
        }
        group
            .fields
            .retain(|field| is_offered || field.name != "follows");
    }
}
