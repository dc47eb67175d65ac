//! The routes of the primary countdown, whose resets are called timers.

use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, put};
use axum::{Extension, Router};
use identity::session::signed_in::Confirmed;
use jiff::Timestamp;
use platform::Tx;
use serde::{Deserialize, Serialize};
use site::Context;
use site::call::{Call, Maybe, id as parse};
use web::{Form, Json, Language, Problem, Site};

use super::Policy;
use super::empty_response::{DONE, Message};
use super::fields::renamed;
use super::person::{Person, person};
use super::primary_countdown::{self, ListedTimer, StreakSummary, Timer};
use countdowns::Refusal;
use countdowns::countdown::{self, CountdownId, Kind, OwnerOf};
use countdowns::entry::{self, EntryId};
use countdowns::entry_limit::EntryLimit;
use countdowns::public::{self, Search, Viewing};
use countdowns::reset::{self, Sent};
use countdowns::web::api::null_is_empty;

pub(super) fn public() -> Router<Context> {
    let at = |path| format!("/backend/public/{path}");
    Router::new()
        .route(&at("{slug}/incident-timer"), get(show))
        .route(&at("public-timers"), get(directory))
}

pub(super) fn routes(policy: Policy) -> Router<Context> {
    let at = |path| format!("/backend/protected/{path}");
    let mut routes = Router::new()
        .route(&at("incident-timers"), get(list).post(create))
        .route(&at("incident-timers/stats"), get(statistics))
        .route(&at("incident-timers/{id}"), put(change).delete(remove))
        .route(&at("auth/preferences"), put(set_preferences));
    if policy.has_auth {
        routes = routes.route("/api/user/preferences", put(set_preferences_shortly));
    }
    routes
}

#[derive(Serialize)]
struct TimerView {
    id: EntryId,
    reset_timestamp: Timestamp,
    notes: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Timer> for TimerView {
    fn from(timer: Timer) -> Self {
        let Timer { entry, created_at } = timer;
        Self {
            id: entry.id,
            reset_timestamp: entry.reset_at,
            notes: Some(entry.note).filter(|note| !note.is_empty()),
            created_at,
            updated_at: created_at,
        }
    }
}

#[derive(Serialize)]
struct PublicTimer {
    #[serde(flatten)]
    timer: TimerView,
    user_display_name: String,
    streak_stats: Option<StreakSummary>,
}

async fn show(
    State(accounts): State<Context>,
    Path(slug): Path<String>,
) -> Result<Json<PublicTimer>, Problem> {
    let viewing = Viewing {
        who: None,
        key: String::new(),
        keys: accounts.site.keys.clone(),
    };
    let look = move |tx: &mut Tx<'_>| -> Result<PublicTimer, Refusal> {
        let shown = public::find_primary(tx, &slug, &viewing)?;
        let shown = shown.filter(|shown| shown.countdown.kind == Kind::Since);
        let shown = shown.ok_or(Refusal::NotFound)?;
        let newest = primary_countdown::timers(tx, &shown.countdown.id, 1)?.pop();
        let mut timer = TimerView::from(newest.ok_or(Refusal::NotFound)?);
        if !shown.countdown.show_notes {
            timer.notes = None;
        }
        let streaks = StreakSummary::of(shown.summary, shown.now);
        Ok(PublicTimer {
            timer,
            user_display_name: shown.name,
            streak_stats: streaks.filter(|_| shown.countdown.show_stats),
        })
    };
    Ok(Json(accounts.site.store.read(look).await?))
}

#[derive(Serialize)]
struct PublicTimerLine {
    id: CountdownId,
    display_name: String,
    slug: String,
    created_at: Timestamp,
    reset_timestamp: Timestamp,
    notes: Option<String>,
}

impl From<ListedTimer> for PublicTimerLine {
    fn from(listed: ListedTimer) -> Self {
        let notes = Some(listed.note).filter(|note| listed.show_notes && !note.is_empty());
        Self {
            id: listed.id,
            display_name: listed.name,
            slug: listed.account,
            created_at: listed.created_at,
            reset_timestamp: listed.reset_at,
            notes,
        }
    }
}

async fn directory(
    State(accounts): State<Context>,
    uri: Uri,
) -> Result<Json<Vec<PublicTimerLine>>, Problem> {
    let query = Form::parse(uri.query().unwrap_or_default().as_bytes())?;
    let search = Search::read(&query);
    let look = move |tx: &mut Tx<'_>| primary_countdown::directory(tx, &search);
    let found = accounts.site.store.read(look).await?;
    Ok(Json(found.into_iter().map(PublicTimerLine::from).collect()))
}

async fn list(call: Call) -> Result<Json<Vec<TimerView>>, Problem> {
    let (who, request) = (call.who.clone(), call.request.clone());
    let look = move |tx: &mut Tx<'_>| -> Result<Vec<Timer>, Refusal> {
        match primary_countdown::enter(tx, &who, &request)? {
            Some(owner) => Ok(primary_countdown::timers(
                tx,
                &owner.countdown().id,
                reset::LIMIT,
            )?),
            None => Ok(Vec::new()),
        }
    };
    let found = call.site.store.read(look).await?;
    Ok(Json(found.into_iter().map(TimerView::from).collect()))
}

#[derive(Serialize)]
struct Statistics {
    streak_stats: Option<StreakSummary>,
}

async fn statistics(call: Call) -> Result<Json<Statistics>, Problem> {
    let (who, request) = (call.who.clone(), call.request.clone());
    let look = move |tx: &mut Tx<'_>| -> Result<_, Refusal> {
        let Some(owner) = primary_countdown::enter(tx, &who, &request)? else {
            return Ok(None);
        };
        let summary = entry::summary(tx, &owner.countdown().id)?;
        Ok(StreakSummary::of(summary, tx.now()))
    };
    Ok(Json(Statistics {
        streak_stats: call.site.store.read(look).await?,
    }))
}

/// A new reset, or a change to one. Fields that are omitted stay unchanged.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Body {
    reset_timestamp: Option<String>,
    #[serde(deserialize_with = "null_is_empty")]
    notes: Option<String>,
}

impl From<Body> for Sent {
    fn from(body: Body) -> Self {
        Self {
            reset_at: body.reset_timestamp,
            note: body.notes,
        }
    }
}

fn title(site: &Site, call: &Call) -> String {
    let language = Language::of(&call.who.account().locale);
    let text = site.catalogue.speak(&language);
    text.say("personal-site-timers").into_owned()
}

async fn create(
    call: Call,
    Extension(limit): Extension<EntryLimit>,
    body: Maybe<Body>,
) -> Result<Response, Problem> {
    limit.take(&call.who.account().id, call.site.clock.now())?;
    let (sent, title) = (Sent::from(body.value), title(&call.site, &call));
    let (who, request) = (call.who.clone(), call.request.clone());
    let enter = move |tx: &mut Tx<'_>| countdown::maker(tx, &who);
    let change = move |tx: &mut Tx<'_>, maker: &Confirmed| -> Result<TimerView, Refusal> {
        let owner = primary_countdown::enter_or_create(tx, maker, &title, &request)?;
        let made = reset::create(tx, &owner, &sent)?;
        Ok(primary_countdown::timer(tx, &made.id)?.into())
    };
    let (key, created) = (call.key(&body.bytes)?, StatusCode::CREATED);
    let done = call.once(key, created, enter, change).await;
    done.map_err(renamed)
}

async fn change(
    call: Call,
    Extension(limit): Extension<EntryLimit>,
    Path(id): Path<String>,
    Json(body): Json<Body>,
) -> Result<Json<TimerView>, Problem> {
    limit.take(&call.who.account().id, call.site.clock.now())?;
    let (sent, id): (Sent, EntryId) = (body.into(), parse(&id)?);
    let changed = write(&call, move |tx, owner| {
        let changed = reset::change(tx, owner, &id, &sent)?;
        Ok(primary_countdown::timer(tx, &changed.id)?.into())
    });
    Ok(Json(changed.await?))
}

async fn remove(
    call: Call,
    Extension(limit): Extension<EntryLimit>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    limit.take(&call.who.account().id, call.site.clock.now())?;
    let id: EntryId = parse(&id)?;
    write(&call, move |tx, owner| reset::delete(tx, owner, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn write<T, F>(call: &Call, change: F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: Fn(&mut Tx<'_>, &OwnerOf) -> Result<T, Refusal> + Send + 'static,
{
    let (who, request) = (call.who.clone(), call.request.clone());
    let change = move |tx: &mut Tx<'_>| {
        let owner = primary_countdown::enter_locked(tx, &who, &request)?;
        change(tx, &owner.ok_or(Refusal::NotFound)?)
    };
    call.site.store.write(change).await.map_err(renamed)
}

/// The older site's additional field, for news about posts, is ignored.
#[derive(Deserialize)]
struct Preferences {
    timer_is_public: bool,
    timer_show_in_list: bool,
}

async fn set_preferences(
    State(accounts): State<Context>,
    call: Call,
    Json(sent): Json<Preferences>,
) -> Result<Json<Person>, Problem> {
    save_preferences(&call, sent).await?;
    Ok(Json(person(&accounts, call.who.account()).await?))
}

async fn set_preferences_shortly(
    call: Call,
    Json(sent): Json<Preferences>,
) -> Result<Json<Message>, Problem> {
    save_preferences(&call, sent).await?;
    Ok(DONE)
}

async fn save_preferences(call: &Call, sent: Preferences) -> Result<(), Problem> {
    let (who, request, title) = (
        call.who.clone(),
        call.request.clone(),
        title(&call.site, call),
    );
    let Preferences {
        timer_is_public,
        timer_show_in_list,
    } = sent;
    let change = move |tx: &mut Tx<'_>| -> Result<(), Refusal> {
        let owner = match primary_countdown::enter_locked(tx, &who, &request)? {
            Some(owner) => owner,
            None if !timer_is_public && !timer_show_in_list => return Ok(()),
            None => {
                let maker = countdown::maker(tx, &who)?;
                primary_countdown::enter_or_create(tx, &maker, &title, &request)?
            }
        };
        primary_countdown::set_visibility(tx, &owner, timer_is_public, timer_show_in_list)
    };
    call.site.store.write(change).await.map_err(renamed)
}
