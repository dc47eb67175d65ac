//! Follows every link once: as a guest, then as a host with a session.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context as _, Result, ensure};

use super::client::{Answer, Client, get, headers};
use super::server::Server;

/// Without a limit, the crawl would never end, because calendars always link to further pages.
const MAX_PAGES: usize = 400;
/// With fewer pages, the crawl did not get beyond the guests' pages.
const MIN_PAGES: usize = 50;

/// Opens the links that Kenduri printed at startup, and every page linked from there. Returns the
/// number of pages read.
pub(super) async fn click_through(server: &Server) -> Result<usize> {
    let origin = format!("http://{}", server.address);
    let said = server.said()?;
    let printed = said
        .split_whitespace()
        .filter_map(|word| word.strip_prefix(&origin))
        .map(|path| path.trim_end_matches(['.', ',']).to_owned());
    let mut waiting: VecDeque<String> = printed.filter(|path| path.starts_with('/')).collect();
    let mut seen: BTreeSet<String> = waiting.iter().cloned().collect();
    let mut cookies = Cookies::default();
    let mut client = Client::open(server.address).await?;
    let mut read = 0;
    while let Some(path) = waiting.pop_front() {
        if read == MAX_PAGES {
            break;
        }
        let (redirect, page) = cookies.open(server, &mut client, &path).await?;
        read += 1;
        let links = page
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split(['"', '#']).next())
            .map(|link| link.replace("&amp;", "&"));
        for link in redirect.into_iter().chain(links) {
            let path = link.strip_prefix(&origin).unwrap_or(&link).to_owned();
            // An event stream has no end, and signing out would end the crawl.
            let walkable = path.starts_with('/')
                && !path.starts_with("//")
                && !path.contains("/stream")
                && !path.contains("logout");
            if walkable && seen.insert(path.clone()) {
                waiting.push_back(path);
            }
        }
    }
    ensure!(read > MIN_PAGES, "only {read} pages were found");
    Ok(read)
}

/// `None` if this is not the sign-in page.
fn sign_in_token(path: &str, answer: &Answer<'_>) -> Option<String> {
    let page = str::from_utf8(answer.body).ok()?;
    let (_, rest) = page.split_once("name=\"_csrf\" value=\"")?;
    let (token, _) = rest.split_once('"')?;
    path.starts_with("/sign-in/")
        .then(|| format!("_csrf={token}"))
}

/// The cookies that a browser would keep, by name.
#[derive(Default)]
pub(super) struct Cookies(BTreeMap<String, String>);

impl Cookies {
    /// Signs the demo's host in with the sign-in link that Kenduri printed at startup.
    pub(super) async fn of_host(server: &Server, client: &mut Client) -> Result<Self> {
        let origin = format!("http://{}", server.address);
        let said = server.said()?;
        let mut links = said
            .split_whitespace()
            .filter_map(|word| word.strip_prefix(&origin));
        let link = links.find(|path| path.starts_with("/sign-in/"));
        let mut cookies = Self::default();
        cookies
            .open(server, client, link.context("no sign-in link")?)
            .await?;
        Ok(cookies)
    }

    /// Returns the body and, if the page redirects, the target. The sign-in link opens a page with
    /// a button that the user must press.
    async fn open(
        &mut self,
        server: &Server,
        client: &mut Client,
        path: &str,
    ) -> Result<(Option<String>, String)> {
        let mut answer = client.exchange(&get(path, &self.header())).await?;
        self.take(&answer);
        if let Some(token) = sign_in_token(path, &answer) {
            let request = format!(
                "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n{}\
                 Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{token}",
                self.header(),
                token.len(),
                host = server.address,
            );
            answer = client.exchange(request.as_bytes()).await?;
            answer.expect(303)?;
            self.take(&answer);
        }
        let redirect = answer.header("location").map(str::to_owned);
        Ok((redirect, String::from_utf8_lossy(answer.body).into_owned()))
    }

    fn take(&mut self, answer: &Answer<'_>) {
        for (name, value) in headers(answer.head) {
            if name.eq_ignore_ascii_case("set-cookie")
                && let Some((name, rest)) = value.split_once('=')
            {
                let value = rest.split(';').next().unwrap_or_default();
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub(super) fn header(&self) -> String {
        let pairs: Vec<_> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("Cookie: {}\r\n", pairs.join("; "))
    }
}
