//! Markdown as HTML that is safe to show, and as plain text.
//!
//! Raw HTML is shown as text, links may lead only to `https:`, `http:`, `mailto:` or a path of this
//! site, and a picture becomes its description. So nothing that an author writes or pastes can run
//! in a reader's browser.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use unicode_normalization::char::is_combining_mark;

/// The longest excerpt made from the text, in characters.
const EXCERPT: usize = 160;
/// How many characters of an article are read to make the excerpt.
const LEAD: usize = 8_192;

/// The HTML of `markdown`. Links to paths of the site begin with `origin`, so that they also lead
/// there from a feed.
pub fn html(markdown: &str, origin: &str) -> String {
    let mut open_links = Vec::new();
    let safe = events(markdown).filter_map(|event| match event {
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => {
            let target = safe_target(&dest_url, origin);
            open_links.push(target.is_some());
            target.map(|dest_url| {
                Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    title,
                    id,
                })
            })
        }
        Event::End(TagEnd::Link) => open_links.pop()?.then_some(event),
        event => Some(event),
    });
    let mut written = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut written, safe);
    written
}

/// The text of `markdown` without its marks, on one line.
pub fn plain(markdown: &str) -> String {
    on_one_line(events(markdown))
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

/// The running text of `markdown`, without code blocks and tables.
fn prose(markdown: &str) -> String {
    let mut is_prose = true;
    on_one_line(events(markdown).filter(|event| {
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::Table(_)) => is_prose = false,
            Event::End(TagEnd::CodeBlock | TagEnd::Table) => is_prose = true,
            _ => {}
        }
        is_prose
    }))
}

/// The first words of `markdown`, with `…` where more follows.
pub fn excerpt(markdown: &str) -> String {
    let lead = markdown.char_indices().nth(LEAD);
    let text = prose(lead.map_or(markdown, |(end, _)| &markdown[..end]));
    let Some((end, _)) = text.char_indices().nth(EXCERPT) else {
        return text;
    };
    // A cut never splits a word, nor a letter from its combining marks. Scripts without spaces are
    // cut between any two letters.
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

/// The Markdown events, without raw HTML and pictures.
fn events(markdown: &str) -> impl Iterator<Item = Event<'_>> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    Parser::new_ext(markdown, options).filter_map(|event| match event {
        Event::Html(raw) | Event::InlineHtml(raw) => Some(Event::Text(raw)),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => None,
        // The page's `h1` is the title, so headings in the text start one level lower.
        Event::Start(Tag::Heading {
            level,
            id,
            classes,
            attrs,
        }) => Some(Event::Start(Tag::Heading {
            level: below(level),
            id,
            classes,
            attrs,
        })),
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(below(level)))),
        event => Some(event),
    })
}

fn below(level: HeadingLevel) -> HeadingLevel {
    level.max(HeadingLevel::H2)
}

/// The target of a link, if it is an allowed one.
fn safe_target<'a>(target: &CowStr<'a>, origin: &str) -> Option<CowStr<'a>> {
    if target.starts_with('/') && !target.starts_with("//") && !target.starts_with("/\\") {
        return Some(format!("{origin}{target}").into());
    }
    let (scheme, _) = target.split_once(':')?;
    let scheme = scheme.to_ascii_lowercase();
    matches!(&*scheme, "http" | "https" | "mailto").then(|| target.clone())
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
                "<h2>One</h2><h2>Two</h2><h3>Three</h3><h6>Six</h6>",
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
        // Exactly at the end of a word.
        assert_eq!(
            excerpt(&format!("{} b", "a".repeat(160))),
            format!("{}…", "a".repeat(160))
        );
        assert_eq!(excerpt(&"字".repeat(200)).chars().count(), 161);
        // A letter of two code points.
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
