//! An XML part of a ZIP file, read as a stream. The length of every piece and the depth of elements
//! are limited, so that a part that unpacks to very much takes little memory.

use std::io::{self, BufRead, ErrorKind, Read};

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Error, Reader, XmlVersion};

use super::{MOST_UNPACKED, Unopened};

/// The maximum length of a tag or of a text, in bytes. A cell of a workbook has at most 32,767
/// characters, and seven bytes may stand for one of them.
const MOST_PIECE: usize = 256 << 10;
const MOST_DEPTH: usize = 64;

pub(crate) struct Xml<R> {
    events: Reader<Bounded<R>>,
    buffer: Vec<u8>,
    depth: usize,
}

/// A tag or a text of a part. An element without content has an end too.
pub(crate) enum Piece<'a> {
    Start(Tag<'a>),
    /// The end of the element of this name.
    End(String),
    Text(String),
    /// The end of the part.
    Over,
}

pub(crate) struct Tag<'a>(BytesStart<'a>);

impl<R: BufRead> Xml<R> {
    pub(crate) fn new(part: R) -> Self {
        Self::within(part, MOST_UNPACKED)
    }

    /// Reads at most `left` bytes.
    pub(crate) fn within(part: R, left: u64) -> Self {
        let mut events = Reader::from_reader(Bounded {
            part,
            piece: MOST_PIECE,
            left,
        });
        let config = events.config_mut();
        config.expand_empty_elements = true;
        Self {
            events,
            buffer: Vec::new(),
            depth: 0,
        }
    }

    /// How many more bytes may be read.
    pub(crate) fn left(&self) -> u64 {
        self.events.get_ref().left
    }

    /// The next tag or text. Comments and the like are left out.
    pub(crate) fn next(&mut self) -> Result<Piece<'_>, Unopened> {
        self.buffer.clear();
        self.events.get_mut().piece = MOST_PIECE;
        let event = self.events.read_event_into(&mut self.buffer);
        Ok(match event.map_err(unopened)? {
            Event::Start(tag) => {
                self.depth += 1;
                if self.depth > MOST_DEPTH {
                    return Err(Unopened::Damaged);
                }
                Piece::Start(Tag(tag))
            }
            Event::End(tag) => {
                self.depth = self.depth.saturating_sub(1);
                Piece::End(tag.local_name().as_ref().to_owned())
            }
            Event::Text(text) => Piece::Text(text.xml10_content().into_owned()),
            Event::CData(text) => Piece::Text(text.xml10_content().into_owned()),
            Event::GeneralRef(named) => match named.resolve_char_ref().map_err(unopened)? {
                Some(letter) => Piece::Text(letter.into()),
                None => resolve_predefined_entity(&named)
                    .map(|text| Piece::Text(text.to_owned()))
                    .ok_or(Unopened::Damaged)?,
            },
            Event::Eof => Piece::Over,
            Event::Empty(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => Piece::Text(String::new()),
        })
    }

    /// The text up to the end of the element that has just begun.
    pub(crate) fn text(&mut self) -> Result<String, Unopened> {
        let (mut text, end) = (String::new(), self.depth.saturating_sub(1));
        while self.depth > end {
            match self.next()? {
                Piece::Text(more) => text.push_str(&more),
                Piece::Over => return Err(Unopened::Damaged),
                Piece::Start(_) | Piece::End(_) => {}
            }
            if text.len() > MOST_PIECE {
                return Err(Unopened::TooLarge);
            }
        }
        Ok(text)
    }
}

impl Tag<'_> {
    /// The name without its prefix.
    pub(crate) fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// The value of the first attribute with this name. The name is given without its prefix.
    pub(crate) fn attribute(&self, name: &str) -> Result<Option<String>, Unopened> {
        Ok(self.values(name)?.into_iter().next())
    }

    /// The values of all attributes with this name.
    pub(crate) fn values(&self, name: &str) -> Result<Vec<String>, Unopened> {
        let mut values = Vec::new();
        // The library would compare each attribute with all others.
        for attribute in self.0.attributes().with_checks(false) {
            let attribute = attribute.map_err(|_| Unopened::Damaged)?;
            if attribute.key.local_name().as_ref() == name {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0);
                let value = value.map_err(|_| Unopened::Damaged)?;
                values.push(value.into_owned());
            }
        }
        Ok(values)
    }
}

fn unopened(error: Error) -> Unopened {
    match error {
        Error::Io(cause) if cause.kind() == ErrorKind::FileTooLarge => Unopened::TooLarge,
        _ => Unopened::Damaged,
    }
}

/// A part that ends with an error where a piece or the whole part is too long.
struct Bounded<R> {
    part: R,
    /// How much more may be read for the present piece, in bytes.
    piece: usize,
    /// How much more of the part may be read, in bytes.
    left: u64,
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let most = self
            .piece
            .min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let bytes = self.part.fill_buf()?;
        if most == 0 && !bytes.is_empty() {
            return Err(ErrorKind::FileTooLarge.into());
        }
        Ok(&bytes[..bytes.len().min(most)])
    }

    fn consume(&mut self, amount: usize) {
        self.piece = self.piece.saturating_sub(amount);
        self.left = self.left.saturating_sub(amount as u64);
        self.part.consume(amount);
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut bytes = self.fill_buf()?;
        let read = bytes.read(out)?;
        self.consume(read);
        Ok(read)
    }
}
