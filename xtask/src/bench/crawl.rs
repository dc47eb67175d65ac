//! Somebody who follows every link once: guest, then host with a session.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::Result;

use super::client::{Client, get, headers};
use super::server::Server;

/// Enough for every page of the demo, and an end for endless calendars.
const MOST_PAGES: usize = 400;

/// Opens what the program printed at its start, and every page that is linked from there.
/// Answers how many pages were read.
pub(super) async fn click_through(server: &Server) -> Result<usize> {
    let origin = format!("http://{}", server.address);
    let said = server.said()?;
    let printed = said
        .split_whitespace()
        .filter_map(|word| word.strip_prefix(&origin))
        .map(|path| path.trim_end_matches(['.', ',']).to_owned());
    let mut waiting: VecDeque<String> = printed.filter(|path| path.starts_with('/')).collect();
    let mut seen: BTreeSet<String> = waiting.iter().cloned().collect();
    let mut cookies: BTreeMap<String, String> = BTreeMap::new();
    let mut client = Client::open(server.address).await?;
    let mut read = 0;
    while let Some(path) = waiting.pop_front() {
        if read == MOST_PAGES {
            break;
        }
        let pairs: Vec<_> = cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = get(&path, &format!("Cookie: {}\r\n", pairs.join("; ")));
        let answer = client.exchange(&request).await?;
        read += 1;
        for (name, value) in headers(answer.head) {
            if name.eq_ignore_ascii_case("set-cookie")
                && let Some((name, rest)) = value.split_once('=')
            {
                let value = rest.split(';').next().unwrap_or_default();
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let redirect = answer.header("location").map(str::to_owned);
        let page = String::from_utf8_lossy(answer.body);
        let links = page
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split(['"', '#']).next())
            .map(|link| link.replace("&amp;", "&"));
        for link in redirect.into_iter().chain(links) {
            let path = link.strip_prefix(&origin).unwrap_or(&link).to_owned();
            // A stream of news has no end, and signing out would end the walk.
            let walkable = path.starts_with('/')
                && !path.starts_with("//")
                && !path.contains("/stream")
                && !path.contains("logout");
            if walkable && seen.insert(path.clone()) {
                waiting.push_back(path);
            }
        }
    }
    Ok(read)
}
