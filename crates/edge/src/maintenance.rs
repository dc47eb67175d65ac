//! Maintenance mode, in which everybody except the owner gets a 503 response. It covers all hosts
//! or only some.
//!
//! The state is a small file, so maintenance continues after a restart. The owner opens a link with
//! a random pass, and gets a cookie that gives access to all hosts.

use std::collections::{BTreeSet, VecDeque};
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
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::body::{Answer, Body};
use crate::client_info::{ClientInfo, Scheme};
use crate::cookies;
use crate::durable;
use crate::pages::{self, ErrorFormat, Reader};
use crate::route::{NormalPath, bare_host};

const STATE: &str = "maintenance.json";
const PAGE: &str = "maintenance.html";
/// Everybody may read the state file, because it contains only digests of passes.
const MODE: u32 = 0o644;
/// Names the cookie and the link's query parameter.
const PASS: &str = "kenduri-pass";
const COME_BACK: Duration = Duration::from_mins(5);
/// If there are more, the oldest become invalid.
const MAX_PASSES: usize = 64;
const MAX_PAGE_BYTES: u64 = 1 << 20;
/// The path of ACME challenges.
const ALWAYS_SERVED: &str = "/.well-known/acme-challenge/";

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct StoredState {
    /// The hosts under maintenance; empty for all hosts.
    hosts: BTreeSet<String>,
    /// The SHA-256 of each pass, in hexadecimal, newest last. A slow digest is unnecessary, because
    /// a pass is long and random.
    passes: VecDeque<String>,
}

#[derive(Debug)]
pub struct Maintenance {
    data: PathBuf,
    health: Vec<String>,
    state: ArcSwapOption<Closed>,
    /// A lock that is held during a change, so changes do not overlap.
    changing: Mutex<()>,
}

#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The change is not in effect, and will not be after a restart either.
    #[error("maintenance mode was not changed")]
    Unchanged(#[source] io::Error),
    /// The change is in effect and survives a restart, but a power failure may undo it. The caller
    /// should repeat the change when the disk works again.
    #[error("the change may not be on disk")]
    Unsynced(#[source] io::Error),
    #[error("{0} is not in maintenance mode by itself")]
    NotClosed(String),
    /// One host cannot be opened while all hosts are closed.
    #[error("all hosts are in maintenance mode")]
    AllClosed,
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
            changing: Mutex::default(),
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
            tracing::error!(%error, "cannot read the maintenance page, so the built-in one is shown; maintenance.html must be readable and at most 1M");
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
        let _one = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.state.load();
        let before = before.as_ref().map(|closed| &closed.state);
        let mut state = before.cloned().unwrap_or_default();
        match host {
            // All hosts are already under maintenance.
            Some(_) if before.is_some_and(|state| state.hosts.is_empty()) => {}
            Some(host) => {
                state.hosts.insert(host.to_ascii_lowercase());
            }
            None => state.hosts.clear(),
        }
        state.passes.push_back(digest(pass.as_bytes()));
        while state.passes.len() > MAX_PASSES {
            state.passes.pop_front();
        }
        let page = self.read_page().map_err(ChangeError::Unchanged)?;
        self.save(state, page)
    }

    /// Ends maintenance of all hosts. All passes become invalid.
    pub fn off(&self) -> Result<(), ChangeError> {
        let _one = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.open_all()
    }

    fn open_all(&self) -> Result<(), ChangeError> {
        durable::remove_if_there(&self.data.join(STATE)).map_err(ChangeError::Unchanged)?;
        self.state.store(None);
        durable::sync(&self.data).map_err(ChangeError::Unsynced)
    }

    /// Ends maintenance of one host. After the last host, maintenance is over, and all passes
    /// become invalid.
    pub fn off_for(&self, host: &str) -> Result<(), ChangeError> {
        let host = host.to_ascii_lowercase();
        let _one = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.state.load_full();
        let not_closed = || ChangeError::NotClosed(host.clone());
        let before = before.ok_or_else(not_closed)?;
        let mut state = before.state.clone();
        if state.hosts.is_empty() {
            return Err(ChangeError::AllClosed);
        }
        if !state.hosts.remove(&host) {
            return Err(not_closed());
        }
        if state.hosts.is_empty() {
            return self.open_all();
        }
        self.save(state, before.page.clone())
    }

    fn save(&self, state: StoredState, page: Option<Bytes>) -> Result<(), ChangeError> {
        serde_json::to_vec(&state)
            .map_err(io::Error::from)
            .and_then(|text| durable::replace(&self.data, STATE, MODE, &text))
            .map_err(ChangeError::Unchanged)?;
        // The next start reads the new file. The new state is therefore used at once, even if the
        // sync fails.
        self.state.store(Some(Arc::new(Closed { state, page })));
        durable::sync(&self.data).map_err(ChangeError::Unsynced)
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

fn digest(pass: &[u8]) -> String {
    hexadecimal(&Sha256::digest(pass))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    digits.collect()
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use http::header::COOKIE;
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::client_info::RequestId;

    const OWN: &str = "07070707070707070707070707070707";

    fn ask(maintenance: &Maintenance, host: &str, target: &str, cookie: &str) -> Option<Answer> {
        let info = ClientInfo {
            client: [192, 0, 2, 1].into(),
            is_direct: true,
            peer_is_trusted: false,
            scheme: Scheme::Https,
            host: host.into(),
            id: RequestId::parse("id-1").unwrap(),
        };
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(cookie).unwrap())]);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = NormalPath::parse(path).unwrap();
        maintenance.answer(&info, &headers, &path, Some(query))
    }

    #[tokio::test]
    async fn the_doors_close_for_everybody_but_the_owner() {
        let data = tempfile::tempdir().unwrap();
        let open = || Maintenance::open(data.path(), vec!["/healthz".to_owned()]);
        let maintenance = open();
        assert!(ask(&maintenance, "a.example", "/", "").is_none());
        maintenance.on(Some("A.example"), OWN).unwrap();
        let kept = std::fs::read_to_string(data.path().join("maintenance.json")).unwrap();
        assert!(!kept.contains(OWN));
        let maintenance = open();
        let answer = ask(&maintenance, "a.example:8443", "/", "kenduri-pass=wrong").unwrap();
        assert_eq!(answer.status(), 503);
        assert_eq!(answer.headers()[RETRY_AFTER], "300");
        for (host, target) in [
            ("b.example", "/"),
            ("a.example", "/healthz"),
            ("a.example", "/.well-known/acme-challenge/x"),
        ] {
            assert!(
                ask(&maintenance, host, target, "").is_none(),
                "{host}{target}"
            );
        }
        let link = format!("/x?kenduri-pass={OWN}");
        let answer = ask(&maintenance, "a.example", &link, "").unwrap();
        assert_eq!(answer.status(), 303);
        assert_eq!(answer.headers()[LOCATION], "/x");
        let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
        assert!(
            cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Secure"),
            "{cookie}"
        );
        let cookie = cookie.split(';').next().unwrap();
        assert!(ask(&maintenance, "a.example", "/x", cookie).is_none());

        std::fs::write(data.path().join("maintenance.html"), "<p>Soon").unwrap();
        maintenance.on(None, "another").unwrap();
        let answer = ask(&maintenance, "b.example", "/", "").unwrap();
        let page = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(page, "<p>Soon");
        maintenance.off().unwrap();
        assert!(ask(&maintenance, "a.example", "/", "").is_none());
        assert!(ask(&open(), "a.example", "/", "").is_none());
    }

    #[test]
    fn a_host_that_is_added_leaves_earlier_links_as_they_are() {
        let data = tempfile::tempdir().unwrap();
        let open = || Maintenance::open(data.path(), Vec::new());
        let maintenance = open();
        let lets_in = |maintenance: &Maintenance, pass: &str| {
            let cookie = format!("kenduri-pass={pass}");
            let link = ask(maintenance, "a.example", &format!("/?{cookie}"), "").unwrap();
            let is_open = ask(maintenance, "a.example", "/", &cookie).is_none();
            assert_eq!(link.status() == 303, is_open, "{pass}");
            is_open
        };
        maintenance.on(Some("a.example"), OWN).unwrap();
        maintenance.on(Some("b.example"), "second").unwrap();
        maintenance.on(None, "third").unwrap();
        for maintenance in [&maintenance, &open()] {
            for pass in [OWN, "second", "third"] {
                assert!(lets_in(maintenance, pass), "{pass}");
            }
        }
        for number in 3..=MAX_PASSES {
            maintenance.on(None, &format!("pass-{number}")).unwrap();
        }
        assert!(!lets_in(&maintenance, OWN), "nobody keeps so many");
        assert!(lets_in(&maintenance, "second"));
        // The end of maintenance makes all passes invalid.
        maintenance.off().unwrap();
        maintenance.on(None, "again").unwrap();
        assert!(!lets_in(&maintenance, "second"));
    }

    #[test]
    fn one_host_opens_again_while_the_others_stay_closed() {
        let data = tempfile::tempdir().unwrap();
        let open = || Maintenance::open(data.path(), Vec::new());
        let maintenance = open();
        let is_closed =
            |maintenance: &Maintenance, host: &str| ask(maintenance, host, "/", "").is_some();
        let refused = maintenance.off_for("a.example");
        assert!(matches!(refused, Err(ChangeError::NotClosed(_))));
        maintenance.on(Some("a.example"), OWN).unwrap();
        maintenance.on(Some("b.example"), OWN).unwrap();
        let refused = maintenance.off_for("c.example");
        assert!(matches!(refused, Err(ChangeError::NotClosed(_))));
        maintenance.off_for("A.example").unwrap();
        for maintenance in [&maintenance, &open()] {
            assert!(!is_closed(maintenance, "a.example"));
            assert!(is_closed(maintenance, "b.example"));
            let cookie = format!("kenduri-pass={OWN}");
            assert!(ask(maintenance, "b.example", "/", &cookie).is_none());
        }
        maintenance.off_for("b.example").unwrap();
        for maintenance in [&maintenance, &open()] {
            assert!(!is_closed(maintenance, "b.example"));
            assert!(!is_closed(maintenance, "c.example"));
        }
        maintenance.on(None, OWN).unwrap();
        let refused = maintenance.off_for("a.example");
        assert!(matches!(refused, Err(ChangeError::AllClosed)));
        assert!(is_closed(&maintenance, "a.example"));
    }

    #[test]
    fn nobody_else_closes_the_doors() {
        let data = tempfile::tempdir().unwrap();
        let maintenance = Maintenance::open(data.path(), Vec::new());
        maintenance.on(None, OWN).unwrap();
        let file = std::fs::metadata(data.path().join("maintenance.json")).unwrap();
        assert_eq!(file.permissions().mode() & 0o022, 0);
    }

    #[test]
    fn what_cannot_be_read_closes_the_doors_and_keeps_nobody_from_starting() {
        let data = tempfile::tempdir().unwrap();
        let file = data.path().join("maintenance.json");
        let open = || Maintenance::open(data.path(), vec!["/healthz".to_owned()]);
        for broken in ["", "{", "[1]"] {
            std::fs::write(&file, broken).unwrap();
            let maintenance = open();
            let answer = ask(&maintenance, "a.example", "/", "kenduri-pass=").unwrap();
            assert_eq!(answer.status(), 503, "{broken}");
            let answer = ask(&maintenance, "a.example", "/?kenduri-pass=", "").unwrap();
            assert_eq!(answer.status(), 503, "{broken}");
            assert!(ask(&maintenance, "a.example", "/healthz", "").is_none());
        }
        open().on(Some("a.example"), OWN).unwrap();
        let cookie = format!("kenduri-pass={OWN}");
        assert!(ask(&open(), "a.example", "/", &cookie).is_none());
        std::fs::write(&file, "").unwrap();
        open().off().unwrap();
        assert!(ask(&open(), "a.example", "/", "").is_none());
        std::fs::create_dir(&file).unwrap();
        assert!(ask(&open(), "a.example", "/", "").is_some());
    }

    #[test]
    fn doors_that_could_not_be_closed_are_open_after_a_restart() {
        let data = tempfile::tempdir().unwrap();
        let open = || Maintenance::open(data.path(), Vec::new());
        let page = data.path().join("maintenance.html");
        std::fs::write(&page, vec![b'x'; (1 << 20) + 1]).unwrap();
        let maintenance = open();
        let refused = maintenance.on(None, OWN);
        assert!(matches!(refused, Err(ChangeError::Unchanged(_))));
        assert!(ask(&maintenance, "a.example", "/", "").is_none());
        assert!(
            ask(&open(), "a.example", "/", "").is_none(),
            "after a restart"
        );
    }

    #[test]
    fn what_the_disk_was_not_told_of_holds_as_it_will_after_a_restart() {
        let data = tempfile::tempdir().unwrap();
        let open = || Maintenance::open(data.path(), Vec::new());
        let maintenance = open();
        // A sync must open the folder, and with these permissions only root can do that. The owner
        // of the folder can still create and remove files in it.
        let only_changed = Permissions::from_mode(0o300);
        std::fs::set_permissions(data.path(), only_changed).unwrap();
        let is_root = std::fs::read_dir(data.path()).is_ok();
        let told = |change| match change {
            Ok(()) => is_root,
            Err(ChangeError::Unsynced(_)) => !is_root,
            Err(_) => false,
        };
        assert!(told(maintenance.on(None, OWN)));
        let cookie = format!("kenduri-pass={OWN}");
        for maintenance in [&maintenance, &open()] {
            assert!(ask(maintenance, "a.example", "/", "").is_some());
            assert!(ask(maintenance, "a.example", "/", &cookie).is_none());
        }
        assert!(told(maintenance.off()));
        for maintenance in [&maintenance, &open()] {
            assert!(ask(maintenance, "a.example", "/", "").is_none());
        }
        std::fs::set_permissions(data.path(), Permissions::from_mode(0o700)).unwrap();
    }
}
