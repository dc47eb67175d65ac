//! Reads front matter in YAML 1.2. Anchors are ignored and aliases are not followed, so no value is
//! larger than its text.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};

use super::{Fault, Node, Pair};

/// The maximum number of maps and lists that contain each other.
const DEPTH: usize = 16;

/// Reads a map. `first` is the number of its first line in the file.
pub(super) fn read(text: &str, first: usize) -> Result<Vec<Pair>, Fault> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        first,
    };
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => return Ok(Vec::new()),
            (
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing,
                _,
            ) => {}
            // A front matter of nothing but comments.
            (Event::Scalar(text, ScalarStyle::Plain, ..), _) if text.is_empty() => {}
            (Event::MappingStart(..), _) => {
                let pairs = reader.map(1)?;
                reader.end()?;
                return Ok(pairs);
            }
            (_, span) => {
                return Err((reader.line(&span), "this is no “key: value”".to_owned()));
            }
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    first: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Fault> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(self.fault(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn fault(&self, error: &ScanError) -> Fault {
        let line = self.first + error.marker().line().saturating_sub(1);
        (line, error.info().to_owned())
    }

    fn line(&self, span: &Span) -> usize {
        self.first + span.start.line().saturating_sub(1)
    }

    /// Front matter is one document.
    fn end(&mut self) -> Result<(), Fault> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentEnd | Event::Nothing, _) => {}
                (_, span) => {
                    let words = "a second document begins within the front matter";
                    return Err((self.line(&span), words.to_owned()));
                }
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<Pair>, Fault> {
        let mut pairs = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let line = self.line(&span);
            let key = match event {
                Event::MappingEnd | Event::StreamEnd => return Ok(pairs),
                Event::Scalar(key, ..) => key.into_owned(),
                other => {
                    self.node(other, line, depth + 1)?;
                    "?".to_owned()
                }
            };
            let (event, _) = self.next()?;
            let node = self.node(event, line, depth + 1)?;
            pairs.push(Pair { key, line, node });
        }
    }

    fn node(&mut self, event: Event<'a>, line: usize, depth: usize) -> Result<Node, Fault> {
        if depth > DEPTH {
            return Err((line, "this is nested too deeply".to_owned()));
        }
        match event {
            Event::Scalar(text, style, _, tag) => {
                if tag.is_some_and(|tag| !tag.is_yaml_core_schema()) {
                    return Ok(Node::Unread("has a tag of another program"));
                }
                let is_null = style == ScalarStyle::Plain
                    && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                Ok(if is_null {
                    Node::Nothing
                } else {
                    Node::Text(text.into_owned())
                })
            }
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd | Event::StreamEnd, _) => {
                            return Ok(Node::List(items));
                        }
                        (item, span) => {
                            let line = self.line(&span);
                            items.push(self.node(item, line, depth + 1)?);
                        }
                    }
                }
            }
            Event::MappingStart(..) => self.map(depth).map(Node::Map),
            _ => Ok(Node::Unread("is an alias of another value")),
        }
    }
}
