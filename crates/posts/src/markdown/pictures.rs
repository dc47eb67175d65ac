//! The pictures in a Markdown text.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, Parser, Tag, TagEnd};
use web::markdown::OPTIONS;

use crate::image;

/// A picture of this site in a Markdown text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextPicture {
    pub(crate) file: String,
    /// A description for readers who cannot see the picture.
    pub(crate) alt: String,
}

pub(crate) fn pictures(markdown: &str) -> Vec<TextPicture> {
    let (mut found, mut open) = (Vec::new(), Vec::new());
    for event in Parser::new_ext(markdown, OPTIONS) {
        match event {
            Event::Start(Tag::Image { dest_url, .. }) => open.push(TextPicture {
                file: image::file(&dest_url).unwrap_or_default().to_owned(),
                alt: String::new(),
            }),
            Event::End(TagEnd::Image) => {
                let mut one = open.pop();
                if let Some(one) = &mut one {
                    one.alt = one.alt.trim().to_owned();
                }
                found.extend(one.filter(|one| !one.file.is_empty()));
            }
            Event::Text(words) | Event::Code(words) => {
                for one in &mut open {
                    one.alt.push_str(&words);
                }
            }
            _ => {}
        }
    }
    found
}

/// Replaces the targets of the pictures in a text. `other` is called with each target and its line
/// number, and returns the new target, or `None` to leave the target unchanged.
pub(crate) fn relocate(
    markdown: &str,
    mut other: impl FnMut(&str, usize) -> Option<String>,
) -> String {
    let mut places: Vec<(Range<usize>, String)> = Vec::new();
    let mut defined: Vec<String> = Vec::new();
    let line = |at: usize| markdown[..at].matches('\n').count() + 1;
    let parser = Parser::new_ext(markdown, OPTIONS).into_offset_iter();
    let definitions: Vec<_> = parser
        .reference_definitions()
        .iter()
        .map(|(_, one)| (one.dest.to_string(), one.span.clone()))
        .collect();
    for (event, range) in parser {
        let Event::Start(Tag::Image {
            link_type,
            dest_url,
            ..
        }) = event
        else {
            continue;
        };
        let mut change = |span: Range<usize>, found: Option<usize>| {
            let Some(at) = found.map(|at| span.start + at) else {
                return;
            };
            if let Some(new) = other(&dest_url, line(at)) {
                places.push((at..at + dest_url.len(), new));
            }
        };
        if link_type == LinkType::Inline {
            let found = markdown[range.clone()].rfind(&*dest_url);
            change(range, found);
        } else if !defined.iter().any(|known| **known == *dest_url) {
            defined.push(dest_url.to_string());
            for (_, span) in definitions.iter().filter(|(dest, _)| **dest == *dest_url) {
                let found = markdown[span.clone()].rfind(&*dest_url);
                change(span.clone(), found);
            }
        }
    }
    places.sort_by_key(|(range, _)| range.start);
    let (mut written, mut end) = (String::with_capacity(markdown.len()), 0);
    for (range, new) in places {
        if range.start >= end {
            written.push_str(&markdown[end..range.start]);
            written.push_str(&new);
            end = range.end;
        }
    }
    written.push_str(&markdown[end..]);
    written
}
