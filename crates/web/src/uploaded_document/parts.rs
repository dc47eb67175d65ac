//! The parts of a DOCX file. They are unpacked without storing them, and whatever runs code, or loads
//! a document from elsewhere when the file is opened, is looked for.

use std::io::{Cursor, Read, Seek, Take};

use crate::zip_parts::xml::{Piece, Tag, Xml};
use crate::zip_parts::{self, MOST_UNPACKED};

/// The maximum size of a part that is read as a whole, in bytes: a list of content types, or of
/// relations.
const MOST_LIST: u64 = 1 << 20;
/// The maximum size of a file inside the document that has parts itself, such as a chart's
/// workbook, in bytes.
const MOST_INNER: u64 = 8 << 20;
/// The name of the stream that every VBA project has (MS-OVBA 2.3.4.1), as OLE files write it.
const PROJECT: [u8; 24] = *b"_\0v\0b\0a\0_\0p\0r\0o\0j\0e\0c\0t\0";

/// Checks a DOCX file. Returns `None` if it is damaged, too large when unzipped, or dangerous. The
/// sizes that the file declares are ignored.
pub(super) fn check(file: impl Read + Seek) -> Option<()> {
    let mut left = MOST_UNPACKED;
    let found = check_archive(file, &mut left, Level::Document)?;
    (found.has_text && found.has_types).then_some(())
}

/// Whether an OLE file has a VBA project. `None` if it cannot be read.
pub(super) fn has_project(mut file: impl Read) -> Option<bool> {
    let (mut seen, mut has_project) = (Vec::new(), false);
    while file.by_ref().take(1 << 16).read_to_end(&mut seen).ok()? > 0 {
        let mut starts = seen.windows(PROJECT.len());
        has_project |= starts.any(|start| start.eq_ignore_ascii_case(&PROJECT));
        let looked_at = (seen.len() + 1).saturating_sub(PROJECT.len());
        seen.drain(..looked_at);
    }
    Some(has_project)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Document,
    /// A file inside the document. It may contain no further one.
    Inner,
}

#[derive(Default)]
struct Found {
    has_text: bool,
    has_types: bool,
}

fn check_archive(file: impl Read + Seek, left: &mut u64, level: Level) -> Option<Found> {
    let mut parts = zip_parts::open(file).ok()?;
    let mut found = Found::default();
    for place in 0..parts.len() {
        let part = parts.by_index(place).ok()?;
        let name = part.name().ok()?.to_ascii_lowercase();
        if !is_relative(&name) || name.contains("vbaproject") || name.contains("vbadata") {
            return None;
        }
        let most = *left + 1;
        let mut part = part.take(most);
        if name == "[content_types].xml" {
            found.has_types = true;
            if names_macros(&read_list(&mut part)?) {
                return None;
            }
        } else if name.rsplit('.').next() == Some("rels") {
            check_relations(&read_list(&mut part)?)?;
        } else {
            found.has_text |= name == "word/document.xml";
            check_content(&mut part, left, level)?;
        }
        let unpacked = most - part.limit();
        *left = left.checked_sub(unpacked)?;
    }
    Some(found)
}

/// Whether the name of a part stays inside the folder into which a program unpacks the file.
fn is_relative(name: &str) -> bool {
    !name.starts_with('/')
        && !name.contains(['\\', ':', '\0'])
        && name.split('/').all(|one| one != "..")
}

/// Reads a list in XML. Returns `None` for every encoding but UTF-8, because in another one a list
/// would say something else than what is read here, and for a list that declares entities.
fn read_list(part: &mut impl Read) -> Option<String> {
    let mut text = String::new();
    part.take(MOST_LIST + 1).read_to_string(&mut text).ok()?;
    let is_long = text.len() as u64 > MOST_LIST;
    (!is_long && !text.contains(['\0']) && !text.contains("<!") && is_utf_8(&text)).then_some(text)
}

/// Whether a list in XML names no other encoding than UTF-8.
fn is_utf_8(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_ascii_start();
    let Some((declaration, _)) = text
        .strip_prefix("<?xml")
        .and_then(|rest| rest.split_once("?>"))
    else {
        return true;
    };
    let named = declaration.split_once("encoding");
    named.is_none_or(|(_, name)| {
        let name = name.trim_start_matches(|letter: char| !letter.is_alphanumeric());
        let name = name.to_ascii_lowercase();
        name.starts_with("utf-8") || name.starts_with("us-ascii")
    })
}

/// Whether a list of content types mentions macros. The file name of a macro does not matter,
/// because it can be chosen freely. A list with numbers for letters also counts, because they could
/// hide the content type of a macro.
fn names_macros(types: &str) -> bool {
    let types = types.to_ascii_lowercase();
    let signs = ["vbaproject", "vbadata", "macroenabled", "&#"];
    signs.iter().any(|sign| types.contains(sign))
}

fn check_relations(list: &str) -> Option<()> {
    let mut list = Xml::new(list.as_bytes());
    loop {
        match list.next().ok()? {
            Piece::Start(tag) if tag.name() == "Relationship" => check_relation(&tag)?,
            Piece::Over => return Some(()),
            _ => {}
        }
    }
}

/// Refuses macros, other documents that are merged in, and templates and objects from elsewhere.
fn check_relation(tag: &Tag<'_>) -> Option<()> {
    let value = |name| match tag.values(name).ok()?.as_slice() {
        [] => Some(String::new()),
        [value] => Some(value.trim().to_ascii_lowercase()),
        _ => None,
    };
    let (kind, target, mode) = (value("Type")?, value("Target")?, value("TargetMode")?);
    let kind = kind.rsplit('/').next().unwrap_or_default();
    let is_code = kind.contains("vbaproject") || kind.contains("vbadata");
    if is_code || kind == "afchunk" {
        return None;
    }
    let is_harmless = match kind {
        "hyperlink" => true,
        "image" => target.starts_with("http:") || target.starts_with("https:") || is_local(&target),
        _ => is_local(&target),
    };
    (mode != "external" || is_harmless).then_some(())
}

/// Whether a target is a file of the author's own machine. Programs note there which template a
/// document was made from, and which workbook a chart shows.
fn is_local(target: &str) -> bool {
    let target = target
        .replace('\\', "/")
        .replace("%5c", "/")
        .replace("%2f", "/");
    let path = target.strip_prefix("file:///").unwrap_or(&target);
    let scheme = path.split_once(':').map_or("", |(scheme, _)| scheme);
    // A letter before a colon is a drive.
    let is_scheme = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
    let has_scheme = scheme.len() > 1 && scheme.chars().all(is_scheme);
    !path.starts_with("//") && !has_scheme
}

fn check_content(part: &mut Take<impl Read>, left: &mut u64, level: Level) -> Option<()> {
    let mut head = Vec::new();
    part.by_ref().take(4).read_to_end(&mut head).ok()?;
    if head == *b"PK\x03\x04" {
        if level == Level::Inner {
            return None;
        }
        part.by_ref().take(MOST_INNER).read_to_end(&mut head).ok()?;
        check_archive(Cursor::new(&head), left, Level::Inner)?;
    }
    (!has_project(head.as_slice().chain(part))?).then_some(())
}

#[cfg(test)]
mod tests;
