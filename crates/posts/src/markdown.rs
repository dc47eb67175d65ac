//! Renders a post's Markdown as safe HTML or as plain text. The HTML comes from [`web::markdown`].
//! A picture on another site is replaced by its description.

mod pictures;

use pulldown_cmark::{Event, Tag, TagEnd};
use unicode_normalization::char::is_combining_mark;
use web::markdown::{Picture, events};
use web::picture_folder;

use crate::image;
pub(crate) use pictures::{pictures, relocate};

/// The maximum length of an automatic excerpt, in characters.
const EXCERPT: usize = 160;
/// Only this many characters at the beginning of a text are parsed to make its excerpt.
const LEAD: usize = 8_192;
/// The assumed reading speed, in words per minute.
const WORDS_A_MINUTE: usize = 220;
/// In scripts without spaces between words, this many letters count as one word.
const LETTERS_A_WORD: usize = 2;

/// The HTML of `markdown`. Links to this site and the URLs of its pictures begin with `origin`, so
/// that they also work in a feed.
pub fn html(markdown: &str, origin: &str) -> String {
    web::markdown::html(markdown, origin, |address| {
        let file = image::file(address)?;
        Some(Picture {
            path: image::path(file),
            size: picture_folder::dimensions(file)?,
        })
    })
}

/// The text of `markdown` without its markup, on one line.
pub fn plain(markdown: &str) -> String {
    on_one_line(events(markdown))
}

/// The estimated reading time, in minutes.
pub fn minutes(markdown: &str) -> usize {
    let text = plain(markdown);
    let unspaced = text.chars().filter(|c| is_unspaced(*c)).count();
    let words = text.split_whitespace().count() + unspaced / LETTERS_A_WORD;
    words.div_ceil(WORDS_A_MINUTE).max(1)
}

/// Whether a letter belongs to a script without spaces between words.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..)
}

fn on_one_line<'a>(events: impl Iterator<Item = Event<'a>>) -> String {
    let mut text = String::new();
    for event in events {
        match event {
            Event::Text(words) | Event::Code(words) => text.push_str(&words),
            Event::End(
                TagEnd::Link | TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough,
            ) => {}
            Event::SoftBreak | Event::HardBreak | Event::Rule | Event::End(_) => text.push(' '),
            _ => {}
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// The text of the paragraphs at the beginning of `markdown`, up to the first heading that follows
/// some text. Lists, tables, code blocks, footnotes and descriptions of pictures are omitted.
fn prose(markdown: &str) -> String {
    let is_skipped = |tag: &Tag<'_>| {
        matches!(
            tag,
            Tag::CodeBlock(_)
                | Tag::Table(_)
                | Tag::List(_)
                | Tag::Image { .. }
                | Tag::FootnoteDefinition(_)
        )
    };
    let mut is_begun = false;
    let first = events(markdown).take_while(|event| {
        let is_over = is_begun && matches!(event, Event::Start(Tag::Heading { .. }));
        is_begun |= matches!(event, Event::Start(Tag::Paragraph));
        !is_over
    });
    // How deep the current event is nested in a skipped element; 0 outside of skipped elements.
    let mut depth = 0_usize;
    on_one_line(first.filter(|event| match event {
        Event::Start(tag) if depth > 0 || is_skipped(tag) => {
            depth += 1;
            false
        }
        Event::End(_) if depth > 0 => {
            depth -= 1;
            false
        }
        Event::FootnoteReference(_) => false,
        _ => depth == 0,
    }))
}

/// The first words of `markdown`, with `…` if more text follows.
pub fn excerpt(markdown: &str) -> String {
    let lead = markdown.char_indices().nth(LEAD);
    let lead = lead.map_or(markdown, |(end, _)| &markdown[..end]);
    let mut text = prose(lead);
    if text.is_empty() {
        text = plain(lead);
    }
    let Some((end, _)) = text.char_indices().nth(EXCERPT) else {
        return text;
    };
    // A cut never splits a word, and never separates a letter from its combining marks. Scripts
    // without spaces are cut between any two letters.
    let is_boundary = |at: &usize| {
        let next = text[*at..].chars().next();
        let is_joined = next.is_some_and(|c| is_combining_mark(c) || c == '\u{200d}');
        !is_joined && !text[..*at].ends_with('\u{200d}')
    };
    let of_word = text[..end].rfind(' ');
    let of_letter = (1..=end)
        .rev()
        .find(|at| text.is_char_boundary(*at) && is_boundary(at));
    let end = if text[end..].starts_with(' ') {
        end
    } else {
        of_word.or(of_letter).unwrap_or(end)
    };
    format!("{}…", text[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(markdown: &str) -> String {
        html(markdown, "https://example.my").replace('\n', "")
    }

    #[test]
    fn an_excerpt_is_made_of_the_beginning() {
        let long = format!("[a](/{}) behind", "e".repeat(LEAD));
        assert!(!excerpt(&long).contains("behind"));
    }

    #[test]
    fn an_excerpt_ends_at_the_next_heading() {
        assert_eq!(excerpt("# One\n\nHere.\n\n## Two\n\nThere."), "One Here.");
        assert_eq!(excerpt("- a\n\n## Two\n\nThere."), "Two There.");
    }

    #[test]
    fn an_excerpt_has_no_code_and_no_tables() {
        let text = "Before.\n\n```rust\nlet a = 1;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n    more code\n\nAfter `this`.";
        assert_eq!(excerpt(text), "Before. After this.");
        assert!(plain(text).contains("let a = 1;"), "a search finds it");
    }

    #[test]
    fn markdown_becomes_html() {
        for (markdown, expected) in [
            (
                "a *b* **c** ~~d~~",
                "<p>a <em>b</em> <strong>c</strong> <del>d</del></p>",
            ),
            (
                "# One\n## Two\n### Three\n###### Six",
                "<h2>One</h2><h2>Two</h2><h3>Three</h3><h4>Six</h4>",
            ),
            (
                "[x](https://a.my/?b&c)",
                r#"<p><a href="https://a.my/?b&amp;c">x</a></p>"#,
            ),
            (
                "[x](/blog)",
                r#"<p><a href="https://example.my/blog">x</a></p>"#,
            ),
            (
                "<mailto:a@b.my>",
                r#"<p><a href="mailto:a@b.my">mailto:a@b.my</a></p>"#,
            ),
            ("![a cat](https://a.my/cat.jpg)", "<p>a cat</p>"),
            ("`<b>`", "<p><code>&lt;b&gt;</code></p>"),
        ] {
            assert_eq!(shown(markdown), expected, "{markdown}");
        }
    }

    #[test]
    fn raw_html_and_unsafe_links_are_text() {
        for (markdown, expected) in [
            (
                "a <b onclick=x>c</b>",
                "<p>a &lt;b onclick=x&gt;c&lt;/b&gt;</p>",
            ),
            (
                "<script>\nx\n</script>",
                "<p>&lt;script&gt;x&lt;/script&gt;</p>",
            ),
            ("[x](javascript:alert)", "<p>x</p>"),
            ("[x](JaVaScript&colon;alert)", "<p>x</p>"),
            ("[x](data:text/html,y)", "<p>x</p>"),
            ("[x](//other.my)", "<p>x</p>"),
            (
                "[*x*](vbscript:y) [z](https://a.my)",
                r#"<p><em>x</em> <a href="https://a.my">z</a></p>"#,
            ),
            (
                "```\"><script>\ny\n```",
                r#"<pre><code class="language-&quot;&gt;&lt;script&gt;">y</code></pre>"#,
            ),
            (
                "[x](https://a.my \"y\\\"z\")",
                r#"<p><a href="https://a.my" title="y&quot;z">x</a></p>"#,
            ),
        ] {
            assert_eq!(shown(markdown), expected, "{markdown}");
        }
    }

    #[test]
    fn an_excerpt_ends_with_a_whole_word() {
        assert_eq!(
            excerpt("# Hello\n\n*dear* [reader](x)"),
            "Hello dear reader"
        );
        let long = excerpt(&"word ".repeat(100));
        assert_eq!(long.len(), 159 + "…".len());
        assert!(long.ends_with("word…"));
        // The limit of 160 characters falls exactly on the end of a word.
        assert_eq!(
            excerpt(&format!("{} b", "a".repeat(160))),
            format!("{}…", "a".repeat(160))
        );
        assert_eq!(excerpt(&"字".repeat(200)).chars().count(), 161);
        // This letter consists of two code points, which must not be separated.
        let marked = excerpt(&format!("{}{}", "a".repeat(159), "e\u{301}".repeat(20)));
        assert_eq!(marked, format!("{}…", "a".repeat(159)));
    }

    proptest! {
        #[test]
        fn whatever_is_written_nothing_runs(
            markdown in proptest::collection::vec(prop_oneof![
                Just("<"), Just(">"), Just("script"), Just("["), Just("]("), Just(")"),
                Just("javascript:"), Just("\""), Just("\n"), Just("  "), Just("`"), Just("!"),
                Just("&colon;"), Just("on=x"), Just("\\"), Just("*"), Just("#"), Just("|"),
            ], 0..40)
        ) {
            let html = html(&markdown.concat(), "").to_lowercase();
            for bad in ["<script", "href=\"javascript", "<img", "<on"] {
                prop_assert!(!html.contains(bad), "{}", html);
            }
        }

        #[test]
        fn an_excerpt_is_never_long(text in "\\PC{0,400}") {
            prop_assert!(excerpt(&text).chars().count() <= EXCERPT + 1);
        }
    }
}
