//! A minimal HTML parser for documents made from Kenduri's own templates.

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Open(Tag),
    Close(String),
    /// Text between tags, with entities resolved.
    Text(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    /// Returns an attribute's value: an empty string for an attribute without a value, `None` when
    /// the attribute is missing.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Returns an attribute's value like [`Tag::attribute`], but an empty string when the attribute
    /// is missing.
    pub(crate) fn text(&self, name: &str) -> String {
        self.attribute(name).unwrap_or_default().to_owned()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }
}

pub(crate) fn tokens(document: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = document;
    while let Some(start) = rest.find('<') {
        text(&mut found, &rest[..start]);
        rest = &rest[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = after(comment, "-->");
        } else if rest.starts_with("<!") || rest.starts_with("<?") {
            rest = after(rest, ">");
        } else if let Some(close) = rest.strip_prefix("</") {
            let end = close.find('>').unwrap_or(close.len());
            found.push(Token::Close(close[..end].trim().to_ascii_lowercase()));
            rest = after(close, ">");
        } else if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            let (tag, behind) = open(&rest[1..]);
            rest = behind;
            let raw = matches!(tag.name.as_str(), "script" | "style");
            let name = tag.name.clone();
            found.push(Token::Open(tag));
            if raw {
                let end = format!("</{name}");
                rest = &rest[rest.find(&end).unwrap_or(rest.len())..];
            }
        } else {
            text(&mut found, "<");
            rest = &rest[1..];
        }
    }
    text(&mut found, rest);
    found
}

/// Returns the visible text of a document, with white space collapsed.
pub(crate) fn visible(document: &str) -> String {
    let mut text = String::new();
    for token in tokens(document) {
        match token {
            Token::Text(part) => text.push_str(&part),
            Token::Open(_) | Token::Close(_) => text.push(' '),
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn resolve_entities(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        result.push_str(&rest[..start]);
        rest = &rest[start..];
        let resolved = rest
            .find(';')
            .filter(|end| *end < 12)
            .and_then(|end| entity(&rest[1..end]).map(|one| (one, end)));
        if let Some((one, end)) = resolved {
            result.push(one);
            rest = &rest[end + 1..];
        } else {
            result.push('&');
            rest = &rest[1..];
        }
    }
    result + rest
}

fn text(found: &mut Vec<Token>, part: &str) {
    if !part.is_empty() {
        found.push(Token::Text(resolve_entities(part)));
    }
}

fn after<'t>(text: &'t str, mark: &str) -> &'t str {
    text.find(mark).map_or("", |at| &text[at + mark.len()..])
}

/// After its `<`. Also returns the text after its `>`.
fn open(text: &str) -> (Tag, &str) {
    let end = text
        .find(|c: char| c.is_whitespace() || c == '>' || c == '/')
        .unwrap_or(text.len());
    let mut tag = Tag {
        name: text[..end].to_ascii_lowercase(),
        attributes: Vec::new(),
    };
    let mut rest = &text[end..];
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() {
            return (tag, rest);
        }
        if let Some(behind) = rest.strip_prefix('>') {
            return (tag, behind);
        }
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/'))
            .unwrap_or(rest.len());
        // Without the minimum of one character, a stray `=` would cause an infinite loop.
        let name = rest[..end.max(1)].to_ascii_lowercase();
        rest = rest[end.max(1)..].trim_start();
        let mut value = "";
        if let Some(behind) = rest.strip_prefix('=') {
            (value, rest) = attribute_value(behind.trim_start());
        }
        tag.attributes.push((name, resolve_entities(value)));
    }
}

fn attribute_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    let end = text
        .find(|c: char| c.is_whitespace() || c == '>')
        .unwrap_or(text.len());
    text.split_at(end)
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix("#x").or(name.strip_prefix("#X")) {
        return u32::from_str_radix(number, 16)
            .ok()
            .and_then(char::from_u32);
    }
    if let Some(number) = name.strip_prefix('#') {
        return number.parse().ok().and_then(char::from_u32);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_taken_apart() {
        let found = tokens(
            "<!DOCTYPE html><!-- <a> --><P class=x data-a='1 &amp; 2' hidden>a &lt; b &#x26; c</p><br/>",
        );
        let Token::Open(paragraph) = &found[0] else {
            panic!("{found:?}")
        };
        assert_eq!(paragraph.name, "p");
        assert_eq!(paragraph.attribute("class"), Some("x"));
        assert_eq!(paragraph.attribute("data-a"), Some("1 & 2"));
        assert!(paragraph.has("hidden"));
        assert_eq!(found[1], Token::Text("a < b & c".to_owned()));
        assert_eq!(found[2], Token::Close("p".to_owned()));
        assert!(matches!(&found[3], Token::Open(tag) if tag.name == "br"));
    }

    #[test]
    fn scripts_are_not_read_as_text_of_the_page() {
        assert_eq!(
            visible("<h1>A</h1><script>if (a < b) {}</script><p>1 < 2\n &amp; 3"),
            "A if (a < b) {} 1 < 2 & 3".replace("if (a < b) {} ", "")
        );
    }
}
