//! The owners' page of one countdown.

use accounts::slug;
use accounts::web::request::{FormPost, PageRequest};
use askama::Template;
use axum::response::Response;
use platform::Tx;
use web::form_state::{self, Field, FormState};
use web::{Problem, Site, Text};

use super::{DONE, HERE, at, resets};
use crate::Refusal;
use crate::countdown::{self, Countdown, Kind, OwnerOf, Visibility};
use crate::entry::{self, Entry, Summary};
use crate::public::Link;
use crate::web::clock_view::ClockView;
use crate::web::runs::{self, Run};
use crate::web::words;

/// The number of resets on a page.
const ENTRIES: i64 = 100;

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
    /// The form of a new reset, for a countdown that counts up: its note and its time.
    fields: Option<[Field; 2]>,
    /// The runs, each with the address of the reset that began it.
    runs: Vec<(String, Run)>,
    codes: Vec<Code>,
    public_path: String,
    /// Whether it was made just now.
    is_new: bool,
    /// The message that says who sees it.
    seen: &'static str,
}

/// Code that brings a countdown to other pages.
struct Code {
    title: &'static str,
    note: &'static str,
    /// The badge itself, beside its code.
    badge: Option<String>,
    text: String,
}

/// `GET /me/countdowns/{id}`.
pub(in crate::web) async fn show(req: PageRequest) -> Result<Response, Problem> {
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
    let now = req.site.clock.now();
    let href = |entry: &Entry| at(&countdown.id, &format!("/entries/{}", entry.id));
    let runs = runs::runs(text, countdown, &loaded.entries, now);
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
        fields: (countdown.kind == Kind::Since)
            .then(|| resets::fields(text, countdown, form_state)),
        runs: loaded.entries.iter().map(href).zip(runs).collect(),
        codes: codes(&req.site, loaded),
        public_path: loaded.public_path(),
        is_new: done == Some("countdown-begun"),
        seen: words::seen(countdown.visibility),
        countdown,
    };
    req.page(HERE, &countdown.title, body).await
}

#[derive(Template)]
#[template(
    source = r#"<img src="{{ url }}" alt="{{ title }}" height="20">"#,
    ext = "html"
)]
struct Image<'a> {
    url: String,
    title: &'a str,
}

#[derive(Template)]
#[template(
    source = r#"<iframe src="{{ url }}" title="{{ title }}" width="320" height="220"></iframe>"#,
    ext = "html"
)]
struct Frame<'a> {
    url: String,
    title: &'a str,
}

/// Badge and frame, where others than its owners see the countdown without signing in.
fn codes(site: &Site, loaded: &Loaded) -> Vec<Code> {
    let countdown = &loaded.countdown;
    if !matches!(
        countdown.visibility,
        Visibility::Unlisted | Visibility::Public
    ) {
        return Vec::new();
    }
    let key = match countdown.visibility {
        Visibility::Unlisted => loaded.key.as_str(),
        _ => "",
    };
    let page = words::path(&loaded.account, &countdown.slug);
    let badge = words::with_key(format!("{page}/badge.svg"), key);
    let frame = words::with_key(page.replacen("/u/", "/embed/", 1), key);
    let day = words::with_key(format!("{page}/day.ics"), key);
    let url = |path: &str| site.url().join(path);
    let title = countdown.title.as_str();
    let mut codes = vec![
        Code {
            title: "countdown-badge",
            note: "countdown-badge-note",
            text: Image {
                url: url(&badge),
                title,
            }
            .to_string(),
            badge: Some(badge),
        },
        Code {
            title: "countdown-frame",
            note: "countdown-frame-note",
            text: Frame {
                url: url(&frame),
                title,
            }
            .to_string(),
            badge: None,
        },
    ];
    if countdown.kind == Kind::Until {
        codes.push(Code {
            title: "countdown-calendar",
            note: "countdown-calendar-note",
            text: site.url().join(&day),
            badge: None,
        });
    }
    codes
}

/// Shows the page of a countdown again with a refused form.
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
