//! Renders an HTML page that lists a folder's files, if the route permits it.

use std::fmt::Write as _;
use std::io;

use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Method, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::RequestParts;
use super::open::Root;
use crate::body::{Answer, Body};
use crate::filters::compression::{self, EncoderMemory};

/// A truncated listing says that it is incomplete.
const MAX_ENTRIES: usize = 10_000;
/// All characters except the unreserved ones (RFC 3986, section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The files and subfolders, folders first, sorted by name.
#[derive(Debug)]
pub(super) struct Page {
    items: Vec<Item>,
    is_cut: bool,
    is_root: bool,
}

#[derive(Debug, PartialEq, Eq)]
struct Item {
    name: String,
    /// The size in bytes; `None` for a folder.
    size: Option<u64>,
}

impl Item {
    fn sort_key(&self) -> (bool, String, String) {
        let name = self.name.to_lowercase();
        (self.size.is_some(), name, self.name.clone())
    }
}

/// Reads a folder's entries. Omits files that must not be served. Returns `None` if the folder does
/// not exist.
pub(super) fn read(root: &Root<'_>, relative: &str) -> io::Result<Option<Page>> {
    let Some(folder) = root.folder(relative)? else {
        return Ok(None);
    };
    let mut items = Vec::new();
    let mut is_cut = false;
    for found in rustix::fs::Dir::read_from(folder)? {
        let found = found?;
        let Ok(name) = found.file_name().to_str() else {
            continue;
        };
        if name.starts_with('.')
            || name.contains(|letter: char| letter == '\\' || letter.is_ascii_control())
        {
            continue;
        }
        if items.len() == MAX_ENTRIES {
            is_cut = true;
            break;
        }
        let path = if relative.is_empty() {
            name.to_owned()
        } else {
            format!("{relative}/{name}")
        };
        // Special files, and links that lead out of the folder, are omitted.
        let Some(what) = root
            .what(&path)?
            .filter(|what| what.is_file() || what.is_dir())
        else {
            continue;
        };
        items.push(Item {
            name: name.to_owned(),
            size: what.is_file().then_some(what.len()),
        });
    }
    items.sort_by_cached_key(Item::sort_key);
    Ok(Some(Page {
        items,
        is_cut,
        is_root: relative.is_empty(),
    }))
}

pub(super) fn answer(
    request: RequestParts<'_>,
    page: &Page,
    cache_control: HeaderValue,
    encoders: &EncoderMemory,
) -> Answer {
    let path = percent_decode_str(request.uri.path()).decode_utf8_lossy();
    let html = page.html(&path);
    let length = html.len();
    let is_head = request.method == Method::HEAD;
    let body = if is_head {
        Body::Empty
    } else {
        Body::full(html)
    };
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, cache_control);
    headers.insert(CONTENT_LENGTH, length.into());
    compression::encode(request.headers, answer, encoders)
}

impl Page {
    fn html(&self, path: &str) -> String {
        let title = escaped(path);
        let mut html = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        );
        if !self.is_root {
            html.push_str("<p><a href=\"../\">Up</a></p>\n");
        }
        html.push_str(
            "<table>\n<thead><tr><th scope=\"col\">Name</th>\
             <th scope=\"col\">Size in bytes</th></tr></thead>\n<tbody>\n",
        );
        for Item { name, size } in &self.items {
            let slash = if size.is_none() { "/" } else { "" };
            let link = utf8_percent_encode(name, SEGMENT);
            let size = size.map_or_else(String::new, |size| size.to_string());
            let name = escaped(name);
            // Writing to a string cannot fail. A name may contain a colon, so the link begins with
            // `./`.
            let _ = writeln!(
                html,
                "<tr><td><a href=\"./{link}{slash}\">{name}{slash}</a></td><td>{size}</td></tr>"
            );
        }
        html.push_str("</tbody>\n</table>\n");
        if self.is_cut {
            let _ = writeln!(
                html,
                "<p>There are more than {MAX_ENTRIES}; the others are not shown.</p>"
            );
        }
        html.push_str("</main>\n</body>\n</html>\n");
        html
    }
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter if letter.is_control() => safe.push('\u{fffd}'),
            letter => safe.push(letter),
        }
    }
    safe
}
