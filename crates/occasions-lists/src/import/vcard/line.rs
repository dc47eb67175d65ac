//! The lines of cards: unfolded, with their parameters, and decoded (RFC 6350, 3.2 and 3.3; vCard
//! 2.1 writes values as quoted-printable, in any encoding).

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// The type of a value that is no text.
pub(super) const DATA: &str = "BASE64";

/// A line of a card, or a line that is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Property {
    /// What joins properties, such as `ITEM1`; often empty.
    pub(super) group: String,
    /// In capitals; empty for a line without a colon, which is all value.
    pub(super) name: String,
    /// The types in capitals, such as `CELL`.
    pub(super) types: Vec<String>,
    /// What somebody typed instead of a type, as Android writes it; often empty.
    pub(super) label: String,
    /// Without the decoding of backslashes.
    pub(super) value: String,
}

/// The lines of a file of cards.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    /// Whether the card is of version 2.1, where a folded line keeps its space.
    pub(super) is_old: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            is_old: false,
        }
    }

    /// The next line as it is in the file.
    fn line(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let end = self.rest.iter().position(is_end);
        let end = end.unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        self.rest = match rest {
            [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
            [] => rest,
        };
        Some(line)
    }
}

impl Iterator for Lines<'_> {
    type Item = Property;

    fn next(&mut self) -> Option<Property> {
        let mut whole = loop {
            let line = self.line()?;
            if !line.trim_ascii().is_empty() {
                break line.to_vec();
            }
        };
        let head = &whole[..colon(&whole).unwrap_or(0)];
        let is_quoted = is_quoted(&head.to_ascii_uppercase());
        loop {
            if is_quoted && whole.ends_with(b"=") {
                whole.pop();
                let Some(more) = self.line() else { break };
                whole.extend_from_slice(more);
            } else if let [b' ' | b'\t', ..] = self.rest {
                let more = self.line().unwrap_or_default();
                if self.is_old {
                    whole.push(b' ');
                }
                whole.extend_from_slice(&more[1..]);
            } else {
                break;
            }
        }
        Some(property(&whole, is_quoted))
    }
}

fn is_quoted(head: &[u8]) -> bool {
    let mut parts = head.split(|byte| *byte == b';');
    parts.any(|part| part.trim_ascii().ends_with(b"QUOTED-PRINTABLE"))
}

/// The place of the colon between parameters and value. In parameters, quotation marks protect it.
fn colon(line: &[u8]) -> Option<usize> {
    let mut is_quoted = false;
    let unquoted = line.iter().position(|byte| {
        is_quoted ^= *byte == b'"';
        *byte == b':' && !is_quoted
    });
    unquoted.or_else(|| line.iter().position(|byte| *byte == b':'))
}

fn property(line: &[u8], is_quoted: bool) -> Property {
    let Some(colon) = colon(line) else {
        return Property {
            value: decoded(line, None),
            ..Property::default()
        };
    };
    let head = decoded(&line[..colon], None);
    // Files of cards that were put together have marks of their encoding in between.
    let head = head.trim_start_matches('\u{feff}');
    let mut parts = unquoted(head, ';').into_iter();
    let first = parts.next().unwrap_or_default().to_ascii_uppercase();
    let (group, name) = first.rsplit_once('.').unwrap_or(("", &first));
    let (mut types, mut charset, mut label) = (Vec::new(), None, String::new());
    for part in parts {
        let part = part.trim();
        if part.to_ascii_uppercase().starts_with("X-CUSTOM(") {
            let typed = part.trim_end_matches(')').rsplit([',', '(']).next();
            let typed = typed.unwrap_or_default();
            label = decoded(&from_quoted(typed.as_bytes()), None);
            continue;
        }
        match part.split_once('=') {
            Some((key, value)) => match key.trim().to_ascii_uppercase().as_str() {
                "TYPE" => {
                    let value = value.replace('"', "").to_ascii_uppercase();
                    types.extend(value.split(',').map(|one| one.trim().to_owned()));
                }
                "CHARSET" => charset = Encoding::for_label(value.trim_matches('"').as_bytes()),
                "ENCODING" if matches!(value.to_ascii_uppercase().as_str(), "B" | "BASE64") => {
                    types.push(DATA.to_owned());
                }
                "PREF" => types.push("PREF".to_owned()),
                _ => {}
            },
            None => types.push(part.to_ascii_uppercase()),
        }
    }
    let value = &line[colon + 1..];
    let value = if is_quoted {
        decoded(&from_quoted(value), charset)
    } else {
        decoded(value, charset)
    };
    Property {
        group: group.trim().to_owned(),
        name: name.trim().to_owned(),
        types,
        label,
        value,
    }
}

/// Text that is neither in the encoding that the line names nor in UTF-8 is Windows-1252.
fn decoded(bytes: &[u8], charset: Option<&'static Encoding>) -> String {
    let named = charset.unwrap_or(UTF_8);
    let text = named.decode_without_bom_handling_and_without_replacement(bytes);
    let text = text.or_else(|| std::str::from_utf8(bytes).ok().map(Into::into));
    let text = text.unwrap_or_else(|| WINDOWS_1252.decode_without_bom_handling(bytes).0);
    text.replace('\0', "")
}

/// Decodes quoted-printable (RFC 2045, 6.7).
fn from_quoted(value: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    let mut rest = value;
    while let [first, after @ ..] = rest {
        let digit = |at: usize| {
            let digit = after.get(at).map(|byte| char::from(*byte))?;
            digit.to_digit(16)
        };
        let byte = match (first, digit(0), digit(1)) {
            (b'=', Some(high), Some(low)) => u8::try_from(high * 16 + low).ok(),
            _ => None,
        };
        all.push(byte.unwrap_or(*first));
        rest = &after[if byte.is_some() { 2 } else { 0 }..];
    }
    all
}

/// Splits a text at a sign that stands outside quotation marks.
fn unquoted(text: &str, sign: char) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut is_quoted = false;
    for letter in text.chars() {
        is_quoted ^= letter == '"';
        if letter == sign && !is_quoted {
            all.push(String::new());
        } else if let Some(last) = all.last_mut() {
            last.push(letter);
        }
    }
    all
}

/// Splits a value at a sign without a backslash before it, and decodes what is between (RFC 6350,
/// 3.4).
pub(super) fn parts(value: &str, sign: Option<char>) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        if Some(letter) == sign {
            all.push(String::new());
            continue;
        }
        let Some(last) = all.last_mut() else { break };
        if letter != '\\' {
            last.push(letter);
            continue;
        }
        match letters.next() {
            Some('n' | 'N') => last.push('\n'),
            Some(escaped @ ('\\' | ',' | ';' | ':')) => last.push(escaped),
            Some(other) => last.extend(['\\', other]),
            None => last.push('\\'),
        }
    }
    all
}

pub(super) fn text(value: &str) -> String {
    parts(value, None).concat().trim().to_owned()
}
