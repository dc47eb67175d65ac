//! The owners' page of one countdown.

use askama::Template;
use axum::response::Response;
use identity::person::slug;
use jiff::Timestamp;
use platform::Tx;
use site::request::{FormPost, PageRequest};
use web::form_state::{self, Field, FormState};
use web::{List, Problem, Site, Text};

use super::{DONE, HERE, at, resets};
use crate::Refusal;
use crate::countdown::{self, Countdown, Kind, OwnerOf, Visibility};
use crate::entry::{self, Entry, Summary};
use crate::public::Link;
use crate::web::clock_view::ClockView;
use crate::web::runs::{self, Run};
use crate::web::{sharing, words};

struct Loaded {
    countdown: Countdown,
    summary: Summary,
    entries: List<Entry>,
    /// The instant of the reset after those in `entries`; `None` on the first page.
    before: Option<Timestamp>,
    account: String,
    key: String,
}

impl Loaded {
    fn public_path(&self, rest: &str) -> String {
        let path = words::path(&self.account, &self.countdown.slug) + rest;
        match self.countdown.visibility {
            Visibility::Unlisted => words::with_key(path, &self.key),
            Visibility::Private | Visibility::Trusted | Visibility::Public => path,
        }
    }
}

#[derive(Template)]
#[template(path = "own/countdown.html")]
struct CountdownPage<'a> {
    text: &'a Text,
    submission: String,
    done: Option<&'static str>,
    form_state: &'a FormState,
    countdown: &'a Countdown,
    clock: Option<ClockView>,
    stats: Vec<(&'static str, String)>,
    /// The fields for the note and the time of a new reset; `None` unless the countdown counts up.
    fields: Option<[Field; 2]>,
    /// The runs (the periods between resets), each with the path of the reset that began it.
    runs: Vec<(String, Run)>,
    next: Option<String>,
    is_first_run: bool,
    share: Option<String>,
    calendar: Option<String>,
    public_path: String,
    is_new: bool,
    /// The message id that describes who can see the countdown.
    seen: &'static str,
}

pub(in crate::web) async fn show(req: PageRequest) -> Result<Response, Problem> {
    let loaded = load(&req).await?;
    countdown_page(&req, &loaded, req.done(DONE), &FormState::default()).await
}

async fn load(req: &PageRequest) -> Result<Loaded, Refusal> {
    let keys = req.site.keys.clone();
    let paging = req.page_query()?;
    let before: Option<Timestamp> = paging.after()?;
    let look = move |tx: &mut Tx<'_>, owner: &OwnerOf| {
        let countdown = owner.countdown().clone();
        let entries = entry::list(tx, &countdown.id, before, paging.rows())?;
        let account = countdown::account_of(tx, &countdown.id)?;
        Ok(Loaded {
            summary: entry::summary(tx, &countdown.id)?,
            entries: paging.list(entries, |one| one.reset_at),
            before,
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
    let now = req.site.clock.now();
    let href = |entry: &Entry| at(&countdown.id, &format!("/entries/{}", entry.id));
    let clock = countdown.clock(loaded.summary.newest, now);
    let clock = clock.map(|clock| ClockView::of(text, countdown, &clock, now));
    let entries = &loaded.entries.items;
    let runs = runs::runs(text, countdown, entries, loaded.before, now);
    let next = loaded.entries.next_cursor.as_ref();
    let body = CountdownPage {
        text,
        submission: req.submission(),
        done,
        form_state,
        stats: words::statistics(text, &loaded.summary, now),
        fields: (countdown.kind == Kind::Since)
            .then(|| resets::fields(text, countdown, form_state)),
        runs: entries.iter().map(href).zip(runs).collect(),
        is_first_run: loaded.summary.count == 1,
        next: next.map(|cursor| at(&countdown.id, &format!("?cursor={cursor}#runs"))),
        share: share(&req.site, text, loaded, clock.as_ref()),
        calendar: (countdown.kind == Kind::Until && countdown.visibility.is_open())
            .then(|| loaded.public_path("/day.ics")),
        clock,
        public_path: loaded.public_path(""),
        is_new: done == Some("countdown-begun"),
        seen: words::seen(countdown.visibility),
        countdown,
    };
    req.page(HERE, &countdown.title, body).await
}

/// The HTML of the card for sharing; `None` if only signed-in people can see the countdown.
fn share(site: &Site, text: &Text, loaded: &Loaded, clock: Option<&ClockView>) -> Option<String> {
    let countdown = &loaded.countdown;
    let key = match countdown.visibility {
        Visibility::Unlisted => loaded.key.as_str(),
        Visibility::Public => "",
        Visibility::Private | Visibility::Trusted => return None,
    };
    let page = words::path(&loaded.account, &countdown.slug);
    let sentence = clock?.sentence();
    // The card shows no preview picture.
    let share = sharing::share(site, &countdown.title, sentence, &page, key, String::new());
    Some(share.card(text).to_string())
}

/// Renders a countdown's page with a form that was refused.
pub(super) async fn refused_on_page(
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
