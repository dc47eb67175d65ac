//! Open countdown pages in this process. For each page, one task polls the store on behalf of all
//! its viewers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use platform::{Store, StoreError, Tx, news};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use web::event_stream::{Place, Places};
use web::setting::Number;
use web::{Network, Site};

use crate::countdown::CountdownId;
use crate::public::{self, CountdownView, Viewing};

/// How often a page is polled if there is no news about it. Some changes, such as the deactivation
/// of an account, publish no news.
const EVERY: Duration = Duration::from_secs(25);

/// A countdown's page, identified by its URL. All viewers of an event stream get the same page,
/// because event streams ignore sessions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Page {
    pub(crate) account: String,
    pub(crate) countdown: String,
    /// The key of a private link; may be empty.
    pub(crate) key: String,
}

impl Page {
    /// The page's current content; `None` if the page is not visible.
    pub(crate) async fn look(&self, site: &Site) -> Result<Option<CountdownView>, StoreError> {
        let page = self.clone();
        let viewing = Viewing {
            who: None,
            key: self.key.clone(),
            keys: site.keys.clone(),
        };
        let look =
            move |tx: &mut Tx<'_>| public::find(tx, &page.account, &page.countdown, &viewing);
        site.store.read(look).await
    }
}

/// How many viewers may have open pages at the same time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The limit for all viewers combined.
    pub total: usize,
    /// The limit for viewers from one network.
    pub of_network: usize,
}

/// The setting for the maximum number of open event streams.
pub const TOTAL: Number = Number {
    key: "countdowns.watchers",
    built_in: 500,
    most: 1_000_000,
};
/// The setting for the maximum number of open event streams from one IPv4 address or IPv6 /64.
pub const OF_NETWORK: Number = Number {
    key: "countdowns.watchers_per_network",
    built_in: 5,
    most: 1_000_000,
};

impl Limits {
    pub(crate) fn of(site: &Site) -> Self {
        Self {
            total: TOTAL.of(&site.declared.settings),
            of_network: OF_NETWORK.of(&site.declared.settings),
        }
    }
}

/// The viewers of all open pages in this process. Clones share the list.
#[derive(Clone, Debug, Default)]
pub struct Watchers {
    watched: Arc<Mutex<State>>,
    places: Places<Network>,
}

#[derive(Debug, Default)]
struct State {
    pages: HashMap<Page, Watched>,
    is_following: bool,
}

#[derive(Debug)]
struct Watched {
    countdown: CountdownId,
    wake: Arc<Notify>,
    revision: watch::Sender<i64>,
}

impl Watchers {
    /// Takes a slot for one more viewer; `None` if a limit is reached.
    pub fn take(&self, network: Network, limits: Limits) -> Option<Place<Network>> {
        self.places.take(&network, limits.of_network, limits.total)
    }

    /// Returns a receiver of the page's revisions. It is closed when the page is no longer visible.
    pub(crate) fn watch(
        &self,
        site: &Site,
        page: Page,
        shown: &CountdownView,
    ) -> watch::Receiver<i64> {
        let mut state = self.state();
        if !state.is_following {
            state.is_following = true;
            tokio::spawn(follow_news(self.clone(), site.store.clone()));
        }
        let watched = state.pages.entry(page).or_insert_with_key(|page| {
            let wake = Arc::new(Notify::new());
            let look_after = poll_page(self.clone(), site.clone(), page.clone(), wake.clone());
            tokio::spawn(look_after);
            Watched {
                countdown: shown.countdown.id.clone(),
                wake,
                revision: watch::Sender::new(shown.revision),
            }
        });
        watched.revision.subscribe()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `false` if the page is no longer visible, or has no viewers.
    fn hand_on(&self, page: &Page, shown: Option<&CountdownView>) -> bool {
        let mut state = self.state();
        let send =
            |shown: &CountdownView| state.pages.get(page)?.revision.send(shown.revision).ok();
        let is_watched = shown.and_then(send).is_some();
        if !is_watched {
            state.pages.remove(page);
        }
        is_watched
    }

    /// Whether any page has viewers. If none has, marks the task that reads the news as finished.
    fn is_watched(&self) -> bool {
        let mut state = self.state();
        state.is_following = !state.pages.is_empty();
        state.is_following
    }

    /// Wakes the tasks that poll the pages of these countdowns; `None` wakes all tasks.
    fn wake(&self, ids: Option<&[String]>) {
        for watched in self.state().pages.values() {
            let is_it = |id: &String| id == watched.countdown.as_str();
            if ids.is_none_or(|ids| ids.iter().any(is_it)) {
                watched.wake.notify_one();
            }
        }
    }
}

async fn poll_page(watchers: Watchers, site: Site, page: Page, wake: Arc<Notify>) {
    loop {
        // The first poll happens at once, because the page may have changed before it was watched.
        let shown = page.look(&site).await.ok().flatten();
        if !watchers.hand_on(&page, shown.as_ref()) {
            return;
        }
        let _ = timeout(EVERY, wake.notified()).await;
    }
}

async fn follow_news(watchers: Watchers, store: Store) {
    let mut wake = store.news_waiting();
    wake.mark_changed();
    // No news item has the number -1, so the first read returns the newest number and wakes all
    // tasks.
    let mut last = -1;
    while wake.changed().await.is_ok() {
        if !watchers.is_watched() {
            return;
        }
        let after = last;
        let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            Ok((news::cursor(tx)?, news::scopes_after(tx, after)?))
        };
        match store.read(look).await {
            Ok((cursor, scopes)) => {
                last = cursor;
                watchers.wake(scopes.as_deref());
            }
            Err(_) => watchers.wake(None),
        }
    }
}
