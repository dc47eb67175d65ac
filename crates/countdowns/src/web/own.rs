//! The pages of a countdown's owners.

pub(super) mod co_owners;
pub(super) mod resets;

use accounts::Confirmed;
use accounts::dates::{Date, Dates};
use accounts::signed_in::SignedIn;
use accounts::slug;
use accounts::web::asking::{Reader, Sender};
use accounts::web::call::{id as parse, submission};
use accounts::web::frame;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use platform::audit::RequestFacts;
use platform::{StoreError, Tx};
use web::form_state::{self, Control, Field, FormState, Group, TableForm};
use web::{Findings, Form, Input, Problem, Site, Text, Wishes, fields};

use super::public::ClockView;
use super::words;
use crate::Refusal;
use crate::countdown::{self, Countdown, CountdownId, Kind, OwnerOf, Visibility};
use crate::entry::{self, Entry, EntryId, Summary};
use crate::public::Link;

const HERE: &str = "/me/countdowns";
/// How many resets a page shows.
const ENTRIES: i64 = 100;
/// Fields of the form for a new one that are left empty: they follow from others.
const CHOSEN: &[&str] = &["slug"];

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

/// `GET /me/countdowns`.
pub(super) async fn list(
    State(site): State<Site>,
    uri: Uri,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = site.speak(&wishes);
    let who = reader.who.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<Vec<_>, StoreError> {
        let all = countdown::list(tx, &who)?.into_iter();
        let with_newest = |one: Countdown| Ok((entry::newest(tx, &one.id)?, one));
        all.map(with_newest).collect()
    };
    let (all, now) = (site.store.read(look).await?, site.clock.now());
    let rows = all.iter().map(|(newest, one)| Row {
        href: at(&one.id, ""),
        title: one.title.clone(),
        figure: one
            .clock(*newest, now)
            .map(|clock| words::days(&text, clock.days)),
        visibility: one.visibility.label(),
    });
    let body = ListPage {
        text: &text,
        done: done(&uri),
        rows: rows.collect(),
    };
    let title = text.say("countdown-mine");
    let who = (&reader.who, reader.csrf.as_str());
    frame::show(&site, &text, who, (HERE, &title), body).await
}

/// What was done on the page before.
fn done(uri: &Uri) -> Option<&'static str> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes());
    match query.unwrap_or_default().text("done") {
        "saved" => Some("countdown-saved"),
        "reset" => Some("countdown-was-reset"),
        "deleted" => Some("countdown-deleted"),
        _ => None,
    }
}

/// The address of one's pages.
fn at(id: &CountdownId, rest: &str) -> String {
    format!("{HERE}/{id}{rest}")
}

/// Who is at a page, and what it needs of the request.
struct Asking<'a> {
    site: &'a Site,
    text: &'a Text,
    who: &'a SignedIn,
    csrf: &'a str,
    request: &'a RequestFacts,
}

impl<'a> Asking<'a> {
    fn reader(site: &'a Site, text: &'a Text, reader: &'a Reader) -> Self {
        Self {
            site,
            text,
            who: &reader.who,
            csrf: &reader.csrf,
            request: &reader.request,
        }
    }

    fn sender(site: &'a Site, text: &'a Text, sender: &'a Sender) -> Self {
        Self {
            site,
            text,
            who: &sender.who,
            csrf: &sender.csrf,
            request: &sender.request,
        }
    }

    /// Looks at a countdown of one's own.
    async fn read<T: Send + 'static>(
        &self,
        id: &CountdownId,
        look: impl Fn(&mut Tx<'_>, &OwnerOf) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let (who, id, request) = (self.who.clone(), id.clone(), self.request.clone());
        let look = move |tx: &mut Tx<'_>| {
            let owner = countdown::enter(tx, &who, &id, &request)?;
            look(tx, &owner)
        };
        self.site.store.read(look).await
    }

    /// The dates that a countdown may follow: those of the person under whose name it is found.
    async fn dates(&self, dates: Dates, one: Option<&Countdown>) -> Result<Vec<Date>, StoreError> {
        let me = self.who.account().id.clone();
        let id = one.map(|one| one.id.clone());
        let look = move |tx: &mut Tx<'_>| {
            let named_after = match &id {
                Some(id) => countdown::account_of(tx, id)?,
                None => me.clone(),
            };
            if named_after == me {
                dates.list(tx, &me)
            } else {
                Ok(Vec::new())
            }
        };
        self.site.store.read(look).await
    }

    async fn load_countdown(&self, id: &CountdownId) -> Result<Countdown, Refusal> {
        self.read(id, |_, owner| Ok(owner.countdown().clone()))
            .await
    }

    /// What its page shows.
    async fn load(&self, id: &CountdownId) -> Result<Loaded, Refusal> {
        let keys = self.site.keys.clone();
        self.read(id, move |tx, owner| {
            let countdown = owner.countdown().clone();
            let account = countdown::account_of(tx, &countdown.id)?;
            Ok(Loaded {
                summary: entry::summary(tx, &countdown.id)?,
                entries: entry::list(tx, &countdown.id, ENTRIES)?,
                account: slug::find(tx, &account)?.unwrap_or_default(),
                key: Link::load(tx, &countdown.id)?.sign(&keys),
                countdown,
            })
        })
        .await
    }

    /// A reset of a countdown of one's own.
    async fn load_entry(
        &self,
        id: &CountdownId,
        entry: &EntryId,
    ) -> Result<(Countdown, Entry), Refusal> {
        let entry = entry.clone();
        self.read(id, move |tx, owner| {
            let found = entry::find(tx, owner, &entry)?;
            Ok((owner.countdown().clone(), found))
        })
        .await
    }
}

struct Loaded {
    countdown: Countdown,
    summary: Summary,
    entries: Vec<Entry>,
    /// The account's part of the address.
    account: String,
    /// The key of the private link.
    key: String,
}

impl Loaded {
    /// Where others see it.
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
    /// The form of a reset; nothing where it counts down.
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
pub(super) async fn show(
    State(site): State<Site>,
    Path(id): Path<String>,
    uri: Uri,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = site.speak(&wishes);
    let asking = Asking::reader(&site, &text, &reader);
    let loaded = asking.load(&parse(&id)?).await?;
    countdown_page(&asking, &loaded, done(&uri), &FormState::default()).await
}

async fn countdown_page(
    asking: &Asking<'_>,
    loaded: &Loaded,
    done: Option<&'static str>,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let (text, countdown) = (asking.text, &loaded.countdown);
    let (now, zone) = (asking.site.clock.now(), countdown.zone());
    let row = |entry: &Entry| EntryRow {
        href: at(&countdown.id, &format!("/entries/{}", entry.id)),
        when: text.moment_short(&entry.reset_at.to_zoned(zone.clone())),
        note: entry.note.clone(),
    };
    let body = CountdownPage {
        text,
        csrf: asking.csrf,
        submission: submission(&asking.site.random),
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
    let who = (asking.who, asking.csrf);
    frame::show(asking.site, text, who, (HERE, &countdown.title), body).await
}

/// What became of a form on the page of a countdown.
async fn refused_on_page(
    site: &Site,
    wishes: &Wishes,
    sender: &Sender,
    id: &CountdownId,
    done: Result<Response, Refusal>,
) -> Result<Response, Problem> {
    form_state::answer(done, async |problem| {
        let text = site.speak(wishes);
        let asking = Asking::sender(site, &text, sender);
        let loaded = asking.load(id).await?;
        let form_state = FormState::refused(sender.form.clone(), &resets::at_form(problem), &text);
        countdown_page(&asking, &loaded, None, &form_state).await
    })
    .await
}

#[derive(Template)]
#[template(path = "own/form.html")]
struct FormPage<'a> {
    text: &'a Text,
    csrf: &'a str,
    submission: String,
    form_state: &'a FormState,
    title: &'a str,
    back: String,
    action: String,
    groups: Vec<Group>,
    /// Where a deletion is sent; empty: nothing is there yet.
    delete: String,
    /// What has to be typed for it.
    confirm: Option<Field>,
}

/// `GET /me/countdowns/new`.
pub(super) async fn new(
    State(site): State<Site>,
    Extension(dates): Extension<Dates>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = site.speak(&wishes);
    let asking = Asking::reader(&site, &text, &reader);
    let blank = Countdown::blank_for(&reader.who, Kind::Since);
    let mut form = stored(&blank);
    form.remove(CHOSEN);
    form_page(&asking, dates, None, &FormState::of(form)).await
}

/// `POST /me/countdowns/new`.
pub(super) async fn create(
    State(site): State<Site>,
    Extension(dates): Extension<Dates>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let (who, request) = (sender.who.clone(), sender.request.clone());
    let input = Input::Form(sender.form.clone(), Countdown::FIELDS.to_vec());
    let enter = move |tx: &mut Tx<'_>| countdown::maker(tx, &who);
    let change = move |tx: &mut Tx<'_>, maker: &Confirmed| {
        let made = countdown::create(tx, maker, &request, dates, &input)?;
        Ok::<_, Refusal>(at(&made.id, "?done=saved"))
    };
    let done = sender
        .once(&site, "POST /me/countdowns/new", enter, change)
        .await;
    form_state::answer(done, async |problem| {
        let text = site.speak(&wishes);
        let form_state = FormState::refused(sender.form.clone(), &problem, &text);
        let asking = Asking::sender(&site, &text, &sender);
        form_page(&asking, dates, None, &form_state).await
    })
    .await
}

/// `GET /me/countdowns/{id}/settings`.
pub(super) async fn edit(
    State(site): State<Site>,
    Extension(dates): Extension<Dates>,
    Path(id): Path<String>,
    wishes: Wishes,
    reader: Reader,
) -> Result<Response, Problem> {
    let text = site.speak(&wishes);
    let asking = Asking::reader(&site, &text, &reader);
    let countdown = asking.load_countdown(&parse(&id)?).await?;
    let form_state = FormState::of(stored(&countdown));
    form_page(&asking, dates, Some(&countdown), &form_state).await
}

/// `POST /me/countdowns/{id}/settings`.
pub(super) async fn change(
    State(site): State<Site>,
    Extension(dates): Extension<Dates>,
    Path(id): Path<String>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let id: CountdownId = parse(&id)?;
    let enter = countdown::entrance(&sender.who, &id, &sender.request);
    let version = form_state::number(&sender.form, "version").unwrap_or_default();
    let input = Input::Form(sender.form.clone(), changeable());
    let to = at(&id, "?done=saved");
    let change = move |tx: &mut Tx<'_>, owner: &OwnerOf| {
        countdown::change(tx, owner, version, dates, &input)?;
        Ok(to.clone())
    };
    let done = sender
        .once(&site, "POST /me/countdowns/settings", enter, change)
        .await;
    form_state::answer(done, async |problem| {
        let text = site.speak(&wishes);
        let asking = Asking::sender(&site, &text, &sender);
        let countdown = asking.load_countdown(&id).await?;
        let stored = stored(&countdown);
        let form_state =
            FormState::not_saved(&sender.form, || stored, "countdown-save", &problem, &text);
        form_page(&asking, dates, Some(&countdown), &form_state).await
    })
    .await
}

/// `POST /me/countdowns/{id}/delete`.
pub(super) async fn delete(
    State(site): State<Site>,
    Extension(dates): Extension<Dates>,
    Path(id): Path<String>,
    wishes: Wishes,
    sender: Sender,
) -> Result<Response, Problem> {
    let id: CountdownId = parse(&id)?;
    let enter = countdown::entrance(&sender.who, &id, &sender.request);
    let typed = sender.form.text("confirm").trim().to_owned();
    let change = move |tx: &mut Tx<'_>, (): &()| {
        let owner = enter(tx)?;
        if typed != owner.countdown().title {
            let mut findings = Findings::default();
            findings.add("/confirm", "confirmation_wrong", []);
            findings.finish()?;
        }
        countdown::delete(tx, &owner)?;
        Ok::<_, Refusal>(format!("{HERE}?done=deleted"))
    };
    // Nobody owns it any more when the same form comes again.
    let done = sender
        .once(&site, "POST /me/countdowns/delete", |_| Ok(()), change)
        .await;
    form_state::answer(done, async |problem| {
        let text = site.speak(&wishes);
        let asking = Asking::sender(&site, &text, &sender);
        let countdown = asking.load_countdown(&id).await?;
        let form_state = FormState::refused(stored(&countdown), &problem, &text);
        form_page(&asking, dates, Some(&countdown), &form_state).await
    })
    .await
}

/// What is stored, as the form holds it.
fn stored(countdown: &Countdown) -> Form {
    let zone = countdown.zone();
    fields::form(Countdown::FIELDS, countdown, countdown.version, &zone)
}

/// The fields of one that is there.
fn changeable() -> Vec<web::Field> {
    let all = Countdown::FIELDS.iter().copied();
    all.filter(|field| !field.is_fixed).collect()
}

/// Lets the date that is followed be chosen, where there is one to choose.
fn offer_dates(text: &Text, dates: &[Date], one: Option<&Countdown>, groups: &mut [Group]) {
    let followed = one.map_or("", |one| one.follows.as_str());
    let mut choices = vec![(
        String::new(),
        text.say("countdown-follows-none").into_owned(),
    )];
    let known = dates
        .iter()
        .map(|date| (date.id.clone(), date.label.clone()));
    choices.extend(known);
    if choices.iter().all(|(id, _)| id != followed) {
        let other = text.say("countdown-follows-other").into_owned();
        choices.push((followed.to_owned(), other));
    }
    let is_offered = choices.len() > 1 && one.is_none_or(|one| one.kind == Kind::Until);
    for group in groups {
        for field in &mut group.fields {
            match field.name.as_str() {
                "follows" if is_offered => field.control = Control::Select(choices.clone()),
                // Where a date is chosen, its name will do.
                "title" if is_offered => field.is_required = false,
                _ => {}
            }
        }
        group
            .fields
            .retain(|field| is_offered || field.name != "follows");
    }
}

async fn form_page(
    asking: &Asking<'_>,
    dates: Dates,
    one: Option<&Countdown>,
    form_state: &FormState,
) -> Result<Response, Problem> {
    let text = asking.text;
    let table = TableForm {
        text,
        form_state,
        languages: &[],
        zone: one.map_or("", |one| &one.time_zone),
    };
    let (title, back, action) = match one {
        None => (
            text.say("countdown-new").into_owned(),
            HERE.to_owned(),
            format!("{HERE}/new"),
        ),
        Some(one) => (one.title.clone(), at(&one.id, ""), at(&one.id, "/settings")),
    };
    let shown = match one {
        None => Countdown::FIELDS.to_vec(),
        Some(_) => changeable(),
    };
    let mut groups = table.groups(&shown, "countdown-what");
    let choices = asking.dates(dates, one).await?;
    offer_dates(text, &choices, one, &mut groups);
    let body = FormPage {
        text,
        csrf: asking.csrf,
        submission: submission(&asking.site.random),
        groups,
        delete: one.map(|one| at(&one.id, "/delete")).unwrap_or_default(),
        confirm: one.map(|one| {
            let label = text.with(
                "countdown-delete-type",
                [("title", one.title.as_str().into())],
            );
            form_state.line("confirm", label)
        }),
        title: &title,
        back,
        action,
        form_state,
    };
    let who = (asking.who, asking.csrf);
    frame::show(asking.site, text, who, (HERE, &title), body).await
}
