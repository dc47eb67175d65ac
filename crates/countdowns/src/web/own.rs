//! The owners' pages of a countdown.

pub(super) mod co_owners;
mod form;
pub(super) mod one;
pub(super) mod resets;
mod typed_dates;

use askama::Template;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::{StoreError, Tx, sql};
use site::dates::Date;
use site::request::{FormPost, PageRequest};
use site::resource::pages::{EditForm, Messages, Next, PageParent, PageResource};
use web::form_state::{FormState, TableForm};
use web::{List, Problem, Text};

use super::words;
use crate::Refusal;
use crate::countdown::{Countdown, CountdownId};
use crate::entry;
use crate::own_countdowns::Keeper;

pub(super) const HERE: &str = "/me/countdowns";
/// The messages that confirm the previous action, by the keyword in `?done=`.
const DONE: &[(&str, &str)] = &[
    ("saved", "countdown-saved"),
    ("begun", "countdown-begun"),
    ("reset", "countdown-was-reset"),
    ("removed", "countdown-deleted"),
];

/// The data that the pages of a person's own countdowns need.
#[derive(Debug)]
pub struct KeeperContext {
    keeper: Keeper,
    dates: Vec<Date>,
    /// The countdowns whose URL contains the person's slug. Only these can follow the person's
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
    const CHOSEN: &'static [&'static str] = &["slug", "day_counting"];
    const TYPED: &'static str = "countdown-delete-type";
    const IS_SHOWN_AFTER: bool = true;
    const BEGUN: &'static str = "begun";

    fn title(&self, _: &PageRequest, _: &KeeperContext) -> String {
        self.title.clone()
    }

    async fn prepare(posted: &mut FormPost) -> Result<Next, Problem> {
        form::prepare(&posted.req.text, &mut posted.form);
        Ok(Next::Save)
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
        form::arrange(req, context, one, form);
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
                seen: words::seen(one.visibility),
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
    seen: &'static str,
}

fn zone_of(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// The path of an owners' page. It is the path of the countdown's page for owners, followed by
/// `rest`.
pub(super) fn at(id: &CountdownId, rest: &str) -> String {
    format!("{HERE}/{id}{rest}")
}
