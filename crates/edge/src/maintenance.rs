//! Maintenance mode, in which everybody except the owner gets a 503 response. It covers all hosts
//! or only some.
//!
//! The state is a small file, so maintenance continues after a restart. The owner opens a link with
//! a random pass, and gets a cookie that gives access to all hosts.

mod change_error;
mod stored_state;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, LOCATION, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use subtle::ConstantTimeEq as _;

use crate::body::{Answer, Body};
use crate::client_info::{ClientInfo, Scheme};
use crate::cookies;
use crate::durable_file;
use crate::pages::{self, ErrorFormat, Reader};
use crate::route::{NormalPath, bare_host};
pub use change_error::ChangeError;
use stored_state::{StoredState, digest};

const STATE: &str = "maintenance.json";
const PAGE: &str = "maintenance.html";
/// Everybody may read the state file, because it contains only digests of passes.
const MODE: u32 = 0o644;
/// Names the cookie and the link's query parameter.
const PASS: &str = "kenduri-pass";
const COME_BACK: Duration = Duration::from_mins(5);
const MAX_PAGE_BYTES: u64 = 1 << 20;
/// The path of ACME challenges.
const ALWAYS_SERVED: &str = "/.well-known/acme-challenge/";

#[derive(Debug)]
pub struct Maintenance {
    data: PathBuf,
    health: Vec<String>,
    state: ArcSwapOption<Closed>,
    /// The revision of what all machines share that this process followed last. The lock is held
    /// during a change, so changes do not overlap.
    followed: Mutex<Option<i64>>,
}

#[derive(Debug)]
struct Closed {
    state: StoredState,
    page: Option<Bytes>,
}

impl Maintenance {
    /// Restores the maintenance mode from the files in `data`: `maintenance.json` contains the
    /// state, and `maintenance.html` is the owner's page. The paths in `health` are always served.
    ///
    /// If the state cannot be read, all hosts are closed to everybody, because the file shows that
    /// maintenance has begun.
    pub fn open(data: &Path, health: Vec<String>) -> Self {
        let maintenance = Self {
            data: data.to_owned(),
            health,
            state: ArcSwapOption::empty(),
            followed: Mutex::default(),
        };
        let file = data.join(STATE);
        let kept = match std::fs::read(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return maintenance,
            read => read.and_then(|text| Ok(serde_json::from_slice(&text)?)),
        };
        let state = kept.unwrap_or_else(|error| {
            tracing::error!(
                file = %file.display(), %error,
                "cannot read whom maintenance mode lets in, so it lets nobody in; run `kenduri \
                 maintenance on` for a new link, or `kenduri maintenance off`"
            );
            StoredState::default()
        });
        let page = maintenance.read_page().unwrap_or_else(|error| {
            tracing::error!(%error, "cannot read the maintenance page, so the built-in one is shown; maintenance.html must be readable and at most 1M; then run `kenduri maintenance on` again");
            None
        });
        maintenance
            .state
            .store(Some(Arc::new(Closed { state, page })));
        maintenance
    }

    /// Begins maintenance of a host, or of all hosts. `pass` consists of at least 16 random bytes,
    /// in hexadecimal.
    ///
    /// A link that consists of `/?kenduri-pass=` and the pass gives access until maintenance ends.
    /// The links with the 63 previous passes stay valid.
    pub fn on(&self, host: Option<&str>, pass: &str) -> Result<(), ChangeError> {
        let _one = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.state.load();
        let before = before.as_ref().map(|closed| &closed.state);
        let state = StoredState {
            shared: None,
            ..StoredState::close(before, host, pass)
        };
        let page = self.read_page().map_err(ChangeError::Unchanged)?;
        self.save(state, page)
    }

    /// Ends maintenance of all hosts. All passes become invalid.
    pub fn off(&self) -> Result<(), ChangeError> {
        let _one = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        self.open_all()
    }

    fn open_all(&self) -> Result<(), ChangeError> {
        durable_file::remove_if_there(&self.data.join(STATE)).map_err(ChangeError::Unchanged)?;
        self.state.store(None);
        durable_file::sync(&self.data).map_err(ChangeError::Unsynced)
    }

    /// Ends maintenance of one host. After the last host, maintenance is over, and all passes
    /// become invalid.
    pub fn off_for(&self, host: &str) -> Result<(), ChangeError> {
        let _one = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.state.load_full();
        let known = before.as_ref().map(|closed| &closed.state);
        let Some(state) = StoredState::open(known, host)? else {
            return self.open_all();
        };
        let page = before.as_ref().and_then(|closed| closed.page.clone());
        self.save(state, page)
    }

    /// Fails if the owner's page cannot be shown, so that [`Maintenance::on`] would fail.
    pub fn check_page(&self) -> Result<(), ChangeError> {
        self.read_page().map(drop).map_err(ChangeError::Unchanged)
    }

    /// Begins maintenance in what machines share, and returns its new text. `before` is the former
    /// text. See [`Maintenance::on`].
    pub fn closed(
        before: Option<&str>,
        host: Option<&str>,
        pass: &str,
    ) -> Result<String, ChangeError> {
        let before = StoredState::read(before)?;
        StoredState::close(before.as_ref(), host, pass).write()
    }

    /// Ends maintenance of a host, or of all hosts, in what machines share. Returns the new text;
    /// `None` if there is nothing to change.
    pub fn opened(before: Option<&str>, host: Option<&str>) -> Result<Option<String>, ChangeError> {
        let Some(host) = host else {
            return Ok(before
                .filter(|text| !text.is_empty())
                .map(|_| String::new()));
        };
        let before = StoredState::read(before)?;
        match StoredState::open(before.as_ref(), host)? {
            Some(state) => state.write().map(Some),
            None => Ok(Some(String::new())),
        }
    }

    /// Does what all machines share, unless it is older than what this process did already. What
    /// this machine has not told the others is kept, except that the end of maintenance on another
    /// machine ends all of it. A process that starts (`is_start`) does not know when maintenance
    /// ended: its machine's own goes on.
    pub fn follow(&self, text: &str, revision: i64, is_start: bool) -> Result<(), ChangeError> {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        if followed.is_some_and(|followed| followed >= revision) {
            return Ok(());
        }
        let done = self.do_as_all(text, revision, is_start);
        if !matches!(done, Err(ChangeError::Unchanged(_))) {
            *followed = Some(revision);
        }
        done
    }

    fn do_as_all(&self, text: &str, revision: i64, is_start: bool) -> Result<(), ChangeError> {
        let before = self.state.load_full();
        let before = before.as_ref().map(|closed| &closed.state);
        let own = before.filter(|state| state.shared.is_none());
        match (StoredState::read(Some(text))?, before) {
            (None, None) => Ok(()),
            (None, Some(_)) if own.is_some() && is_start => {
                tracing::warn!(
                    "maintenance mode is on at this machine alone; `kenduri maintenance off` ends it"
                );
                Ok(())
            }
            (None, Some(_)) => self.open_all(),
            (Some(mut state), before) => {
                state.shared = Some(revision);
                if let Some(own) = own {
                    state.add(own);
                }
                if before == Some(&state) {
                    return Ok(());
                }
                let page = self.read_page().map_err(ChangeError::Unchanged)?;
                self.save(state, page)
            }
        }
    }

    fn save(&self, state: StoredState, page: Option<Bytes>) -> Result<(), ChangeError> {
        serde_json::to_vec(&state)
            .map_err(io::Error::from)
            .and_then(|text| durable_file::replace(&self.data, STATE, MODE, &text))
            .map_err(ChangeError::Unchanged)?;
        // The next start reads the new file. The new state is therefore used at once, even if the
        // sync fails.
        self.state.store(Some(Arc::new(Closed { state, page })));
        durable_file::sync(&self.data).map_err(ChangeError::Unsynced)
    }

    /// The response to a request during maintenance; `None` if the request may be served.
    pub fn answer(
        &self,
        info: &ClientInfo,
        headers: &HeaderMap,
        path: &NormalPath<'_>,
        query: Option<&str>,
    ) -> Option<Answer> {
        let closed = self.state.load();
        let closed = closed.as_ref()?;
        let hosts = &closed.state.hosts;
        let concerns = hosts.is_empty() || hosts.contains(bare_host(&info.host));
        let passes = path.matched().starts_with(ALWAYS_SERVED.as_bytes())
            || self.health.iter().any(|health| path.as_str() == health);
        let given = query.into_iter().flat_map(|query| query.split('&'));
        let given = given
            .filter_map(|pair| pair.strip_prefix(PASS)?.strip_prefix('='))
            .find(|pass| closed.opens(pass.as_bytes()));
        // The redirect removes the pass from the URL, so visitors do not share it by accident.
        if let Some(pass) = given {
            return Some(set_pass_and_redirect(pass, info.scheme, path));
        }
        let is_let_in = || cookies::value(headers, PASS).is_some_and(|pass| closed.opens(pass));
        (concerns && !passes && !is_let_in()).then(|| closed.page(info, headers))
    }

    fn read_page(&self) -> io::Result<Option<Bytes>> {
        let page = self.data.join(PAGE);
        match std::fs::metadata(&page) {
            Ok(file) if file.len() > MAX_PAGE_BYTES => Err(io::Error::other(format!(
                "{} is larger than 1M",
                page.display()
            ))),
            Ok(_) => std::fs::read(&page).map(|page| Some(page.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Closed {
    fn opens(&self, pass: &[u8]) -> bool {
        let digest = digest(pass);
        let mut passes = self.state.passes.iter();
        passes.any(|known| digest.as_bytes().ct_eq(known.as_bytes()).into())
    }

    fn page(&self, info: &ClientInfo, headers: &HeaderMap) -> Answer {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        match (&self.page, ErrorFormat::of(headers)) {
            (Some(page), ErrorFormat::Html) => {
                let mut answer = Response::new(Body::full(page.clone()));
                *answer.status_mut() = status;
                let headers = answer.headers_mut();
                headers.insert(
                    CONTENT_TYPE,
                    HeaderValue::from_static("text/html; charset=utf-8"),
                );
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                headers.insert(RETRY_AFTER, HeaderValue::from(COME_BACK.as_secs()));
                answer
            }
            _ => pages::page(status, &info.id, &Reader::of(headers), Some(COME_BACK)),
        }
    }
}

/// Removes the cookie with the pass, because only the edge needs this cookie.
pub(crate) fn take_pass(headers: &mut HeaderMap) -> bool {
    cookies::remove(headers, PASS)
}

fn set_pass_and_redirect(pass: &str, scheme: Scheme, path: &NormalPath<'_>) -> Answer {
    let secure = if scheme == Scheme::Https {
        "; Secure"
    } else {
        ""
    };
    let mut answer = Response::new(Body::Empty);
    *answer.status_mut() = StatusCode::SEE_OTHER;
    let headers = answer.headers_mut();
    let cookie = format!("{PASS}={pass}; Path=/; HttpOnly; SameSite=Lax{secure}");
    headers.extend(HeaderValue::from_str(&cookie).map(|cookie| (SET_COOKIE, cookie)));
    headers.extend(HeaderValue::from_str(path.as_str()).map(|path| (LOCATION, path)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}

#[cfg(test)]
mod tests;
