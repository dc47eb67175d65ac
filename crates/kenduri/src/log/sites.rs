//! The access logs of individual sites. Each site has one file with all requests, and one file with
//! failed and refused requests.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use edge::access_log::{Format, Log, Mask, SiteLogs, Writing};

use super::folder::Folder;

/// Returns the function that finds a site's log. It opens the site's files at the first request.
pub(crate) fn sites(folder: PathBuf, format: Format, mask: Mask) -> SiteLogs {
    let opened: Mutex<BTreeMap<String, Option<Site>>> = Mutex::default();
    Arc::new(move |name| {
        let mut opened = opened.lock().unwrap_or_else(PoisonError::into_inner);
        if !opened.contains_key(name) {
            let site = Site::open(&folder, name, format, &mask);
            let site = site.inspect_err(|error| {
                tracing::warn!(site = name, %error, "cannot open the log of a site; its requests \
                                                     go into the common log until Kenduri is \
                                                     restarted; check the folder that log.to names, and the limit on threads (TasksMax= in the systemd unit)");
            });
            opened.insert(name.to_owned(), site.ok());
        }
        let site = opened.get(name)?.as_ref()?;
        Some(site.log.clone())
    })
}

struct Site {
    log: Log,
    _writing: [Writing; 2],
}

impl Site {
    fn open(folder: &Path, name: &str, format: Format, mask: &Mask) -> io::Result<Self> {
        let open = |kind: &str| {
            let file = Folder::open(folder, &format!("{name}.{kind}.log"))?;
            Log::start(format, Arc::clone(mask), file)
        };
        let (log, all) = open("access")?;
        let (errors, only_errors) = open("error")?;
        Ok(Self {
            log: log.with_errors(errors),
            _writing: [all, only_errors],
        })
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::time::{Duration, SystemTime};

    use edge::access_log::{Line, PathOwner};

    use super::*;

    fn line<'a>(target: &'a str, status: u16, why: &'a str) -> Line<'a> {
        Line {
            time: SystemTime::UNIX_EPOCH,
            id: "1",
            client: None,
            method: "GET",
            host: "shop.example",
            target,
            whose: PathOwner::Other,
            shown: "",
            referrer: b"",
            agent: b"",
            status,
            received: 0,
            sent: 0,
            queue: None,
            upstream_time: None,
            all: Duration::ZERO,
            route: "",
            upstream: "",
            protocol: "HTTP/1.1",
            tls: "",
            cache: "",
            why,
        }
    }

    #[test]
    fn each_site_has_its_requests_and_once_more_those_that_failed() {
        let folder = tempfile::tempdir().unwrap();
        let mask: Mask = Arc::new(|path, _| Cow::Borrowed(path));
        let open = sites(folder.path().to_owned(), Format::Json, mask);
        let shop = open("shop").unwrap();
        for (path, status, why) in [
            ("/good", 200, ""),
            ("/missing", 404, ""),
            ("/broken", 502, "unreachable"),
            ("/refused", 429, "limit"),
        ] {
            shop.line(&line(path, status, why));
        }
        open("blog").unwrap().line(&line("/post", 200, ""));
        std::fs::create_dir(folder.path().join("odd.access.log")).unwrap();
        assert!(open("odd").is_none());
        drop(open);
        let paths = |name: &str| {
            let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
            let lines = text.lines().map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                line["path"].as_str().unwrap().to_owned()
            });
            lines.collect::<Vec<_>>()
        };
        let all = ["/good", "/missing", "/broken", "/refused"];
        assert_eq!(paths("shop.access.log"), all);
        assert_eq!(paths("shop.error.log"), all[2..]);
        assert_eq!(paths("blog.access.log"), ["/post"]);
        assert!(paths("blog.error.log").is_empty());
    }
}
