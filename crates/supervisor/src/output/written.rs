//! A line as it stands in the file of its service: written, and read again.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Line, Stream, time};

impl Line {
    /// As it stands in the file: what is JSON stays as it is, for it tells its own time.
    pub fn written(&self) -> String {
        self.written_with(&self.facts())
    }

    /// The same, with facts that other lines have too: a time costs more to write than a line.
    pub(super) fn written_with(&self, facts: &str) -> String {
        if is_json(&self.text) {
            return [&self.text, "\n"].concat();
        }
        [facts, &self.text, "\n"].concat()
    }

    /// What stands before the text of a line that is no JSON.
    pub(super) fn facts(&self) -> String {
        let (Some(instance), Some(stream)) = (self.instance, self.stream) else {
            return String::new();
        };
        let Self { at, service, .. } = self;
        format!("{at:.3} {service} {instance} {} ", stream.word())
    }

    /// A line as it stands in the file of a service. One that does not tell when it was said, at
    /// the `last` instant it may be, is as old as the one `after` it.
    pub(super) fn read(
        service: &Arc<str>,
        sequence: u64,
        written: String,
        after: Timestamp,
        last: Timestamp,
    ) -> Self {
        let (at, instance, stream, text) = match facts_of(&written, service) {
            Some((at, instance, stream, text)) => {
                (at, Some(instance), Some(stream), text.to_owned())
            }
            None => (
                time::told(&written, last).unwrap_or(after),
                None,
                None,
                written,
            ),
        };
        Self {
            sequence,
            at,
            service: Arc::clone(service),
            instance,
            run: None,
            stream,
            text,
        }
    }
}

/// What stands before a line in a file, and the line.
fn facts_of<'a>(written: &'a str, service: &str) -> Option<(Timestamp, u32, Stream, &'a str)> {
    let mut words = written.splitn(5, ' ');
    let at = words.next()?.parse().ok()?;
    (words.next()? == service).then_some(())?;
    let instance = words.next()?.parse().ok()?;
    let stream = words.next()?;
    let stream = [Stream::Out, Stream::Err]
        .into_iter()
        .find(|known| known.word() == stream)?;
    Some((at, instance, stream, words.next()?))
}

fn is_json(text: &str) -> bool {
    text.starts_with('{')
        && text.ends_with('}')
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_kept_as_it_is_and_the_rest_gets_its_facts() {
        let line = |text: &str| Line {
            sequence: 1,
            at: Timestamp::from_millisecond(1_500).unwrap(),
            service: "flask".into(),
            instance: Some(2),
            run: None,
            stream: Some(Stream::Err),
            text: text.to_owned(),
        };
        assert_eq!(line("{\"a\":1}").written(), "{\"a\":1}\n");
        let facts = "1970-01-01T00:00:01.500Z flask 2 err ";
        assert_eq!(line("{a}").written(), format!("{facts}{{a}}\n"));
        assert_eq!(line("hello").written(), format!("{facts}hello\n"));
    }

    #[test]
    fn what_was_written_is_read_as_far_as_it_tells() {
        let service: Arc<str> = "flask".into();
        let after = Timestamp::from_millisecond(9_000).unwrap();
        let read = |written: &str| Line::read(&service, 7, written.to_owned(), after, after);
        for text in ["hello", "", "two words "] {
            let line = Line {
                sequence: 7,
                at: Timestamp::from_millisecond(1_500).unwrap(),
                service: Arc::clone(&service),
                instance: Some(2),
                run: None,
                stream: Some(Stream::Err),
                text: text.to_owned(),
            };
            assert_eq!(read(line.written().trim_end_matches('\n')), line);
        }
        for written in [
            "{\"a\":1}",
            "1970-01-01T00:00:01.500Z redis 2 err x",
            "torn",
        ] {
            let line = read(written);
            assert_eq!((line.at, line.instance, line.stream), (after, None, None));
            assert_eq!(line.written(), format!("{written}\n"));
        }
        let now = Timestamp::from_second(1_795_255_200).unwrap();
        let told = "{\"time\":\"2026-01-01T00:00:02Z\"}".to_owned();
        let told = Line::read(&service, 7, told, after, now);
        assert_eq!(told.at.to_string(), "2026-01-01T00:00:02Z");
    }
}
