//! Writes and parses the lines of a log file.

use std::sync::Arc;

use jiff::Timestamp;

use super::{LogLine, Stream};

impl LogLine {
    /// Formats the line for the log file. A JSON line gets no prefix, so that other programs can
    /// parse it.
    pub fn to_file_line(&self) -> String {
        self.with_prefix(&self.prefix())
    }

    /// Formats the line with a prefix that several lines share. Formatting a timestamp for each
    /// line would cost more than writing the line.
    pub(super) fn with_prefix(&self, prefix: &str) -> String {
        if is_json(&self.text) {
            return [&self.text, "\n"].concat();
        }
        [prefix, &self.text, "\n"].concat()
    }

    /// Returns the prefix of lines that are not JSON.
    pub(super) fn prefix(&self) -> String {
        let (Some(instance), Some(stream)) = (self.instance, self.stream) else {
            return String::new();
        };
        let Self { at, service, .. } = self;
        format!("{at:.3} {service} {instance} {} ", stream.word())
    }

    /// Parses a line of a service's log file. If the line has no valid prefix, its timestamp is
    /// `after`, the timestamp of the next line in the file.
    pub(super) fn parse(
        service: &Arc<str>,
        sequence: u64,
        written: String,
        after: Timestamp,
    ) -> Self {
        let (at, instance, stream, text) = match parse_prefix(&written, service) {
            Some((at, instance, stream, text)) => {
                (at, Some(instance), Some(stream), text.to_owned())
            }
            None => (after, None, None, written),
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

fn parse_prefix<'a>(written: &'a str, service: &str) -> Option<(Timestamp, u32, Stream, &'a str)> {
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
        let line = |text: &str| LogLine {
            sequence: 1,
            at: Timestamp::from_millisecond(1_500).unwrap(),
            service: "flask".into(),
            instance: Some(2),
            run: None,
            stream: Some(Stream::Err),
            text: text.to_owned(),
        };
        assert_eq!(line("{\"a\":1}").to_file_line(), "{\"a\":1}\n");
        let prefix = "1970-01-01T00:00:01.500Z flask 2 err ";
        assert_eq!(line("{a}").to_file_line(), format!("{prefix}{{a}}\n"));
        assert_eq!(line("hello").to_file_line(), format!("{prefix}hello\n"));
    }

    #[test]
    fn what_was_written_is_read_as_far_as_it_tells() {
        let service: Arc<str> = "flask".into();
        let after = Timestamp::from_millisecond(9_000).unwrap();
        let read = |written: &str| LogLine::parse(&service, 7, written.to_owned(), after);
        for text in ["hello", "", "two words "] {
            let line = LogLine {
                sequence: 7,
                at: Timestamp::from_millisecond(1_500).unwrap(),
                service: Arc::clone(&service),
                instance: Some(2),
                run: None,
                stream: Some(Stream::Err),
                text: text.to_owned(),
            };
            assert_eq!(read(line.to_file_line().trim_end_matches('\n')), line);
        }
        for written in [
            "{\"a\":1}",
            "1970-01-01T00:00:01.500Z redis 2 err x",
            "torn",
        ] {
            let line = read(written);
            assert_eq!((line.at, line.instance, line.stream), (after, None, None));
            assert_eq!(line.to_file_line(), format!("{written}\n"));
        }
    }
}
