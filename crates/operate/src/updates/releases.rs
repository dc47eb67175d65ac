//! Reads releases in an RSS or Atom feed from a code hosting site.

use std::cmp::Reverse;

use anyhow::{Context as _, Result, bail, ensure};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use semver::Version;
use serde::{Deserialize, Serialize};

use super::{link, short_line};

const MAX_SHOWN: usize = 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub version: String,
    pub title: String,
    pub link: Option<String>,
}

#[derive(Default)]
struct Entry {
    title: String,
    link: String,
}

/// Returns the number of all releases, and the releases that are newer than `ours`. Pre-releases
/// such as `-rc.1` are included only if `ours` is a pre-release too.
pub(super) fn newer_than(text: &str, ours: &Version) -> Result<(usize, Vec<Release>)> {
    let entries = entries(text)?;
    let read = entries.len();
    let mut releases: Vec<_> = entries
        .into_iter()
        .filter_map(|entry| Some((entry.version()?, entry)))
        .filter(|(version, _)| version.cmp_precedence(ours).is_gt())
        .filter(|(version, _)| version.pre.is_empty() || !ours.pre.is_empty())
        .collect();
    releases.sort_by(|(one, _), (other, _)| Reverse(one).cmp(&Reverse(other)));
    releases.dedup_by(|(one, _), (other, _)| one == other);
    let shown = releases.into_iter().take(MAX_SHOWN);
    let shown = shown.map(|(version, entry)| Release {
        version: version.to_string(),
        title: short_line(&entry.title),
        link: link(entry.link.trim()),
    });
    Ok((read, shown.collect()))
}

impl Entry {
    /// In the title or, if the title contains none, in the last part of the link.
    fn version(&self) -> Option<Version> {
        let words = self.title.split_whitespace();
        let last = self.link.trim().rsplit('/').next();
        words.chain(last).find_map(|word| {
            let word = word.trim_matches([',', ':', '(', ')']);
            Version::parse(word.strip_prefix('v').unwrap_or(word)).ok()
        })
    }
}

/// Refuses entities that XML itself does not define, so that no declared entity is ever expanded.
fn entries(text: &str) -> Result<Vec<Entry>> {
    let mut reader = Reader::from_str(text);
    let mut entries: Vec<Entry> = Vec::new();
    let mut open: Vec<String> = Vec::new();
    loop {
        let event = reader.read_event().context("it is not XML")?;
        match event {
            Event::Start(element) => {
                let name = element.name().as_ref().to_owned();
                ensure!(
                    !open.is_empty() || ["rss", "feed", "rdf:RDF"].contains(&&*name),
                    "it is not a feed, but begins with <{name}>"
                );
                if ["entry", "item"].contains(&&*name) {
                    entries.push(Entry::default());
                }
                open.push(name);
                append_link(&element, &open, &mut entries)?;
            }
            Event::Empty(element) => {
                open.push(element.name().as_ref().to_owned());
                append_link(&element, &open, &mut entries)?;
                open.pop();
            }
            Event::End(_) => {
                open.pop();
            }
            Event::Text(text) => append_text(&text.xml10_content(), &open, &mut entries),
            Event::CData(text) => append_text(&text.xml10_content(), &open, &mut entries),
            Event::GeneralRef(named) => match named.resolve_char_ref()? {
                Some(letter) => append_text(letter.encode_utf8(&mut [0; 4]), &open, &mut entries),
                None => match resolve_predefined_entity(&named) {
                    Some(text) => append_text(text, &open, &mut entries),
                    None => bail!("it has the entity &{};, which XML does not have", &*named),
                },
            },
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    ensure!(open.is_empty(), "it ends within <{}>", open.join("><"));
    Ok(entries)
}

/// In the field that corresponds to the open XML elements.
fn append_text(text: &str, open: &[String], entries: &mut [Entry]) {
    let (Some(entry), [.., around, name]) = (entries.last_mut(), open) else {
        return;
    };
    if ["entry", "item"].contains(&&**around) {
        match &**name {
            "title" => entry.title.push_str(text),
            "link" => entry.link.push_str(text),
            _ => {}
        }
    }
}

/// From Atom's attribute.
fn append_link(element: &BytesStart<'_>, open: &[String], entries: &mut [Entry]) -> Result<()> {
    if element.name().as_ref() != "link" {
        return Ok(());
    }
    let relation = element.try_get_attribute("rel")?;
    if let Some(target) = element.try_get_attribute("href")?
        && relation.is_none_or(|relation| &*relation.value == "alternate")
    {
        append_text(
            &target.normalized_value(XmlVersion::Implicit1_0)?,
            open,
            entries,
        );
    }
    Ok(())
}
