//! Rendering Markdown as HTML.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use pulldown_cmark::{Alignment, CowStr, Event, Tag, TagEnd, html as renderer};

use super::events::events;

/// A picture of this site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The path at which it is served.
    pub path: String,
    /// Width and height, in pixels.
    pub size: (u32, u32),
}

/// Renders `markdown` as HTML. Links to this site's paths and pictures begin with `origin`, so that
/// the links and pictures also work in a feed. `find` looks up a picture of this site by its URL.
pub fn html(markdown: &str, origin: &str, find: impl Fn(&str) -> Option<Picture>) -> String {
    let mut writer = Writer {
        origin,
        prefix: prefix(markdown),
        body: Vec::new(),
        footnotes: Vec::new(),
        is_in_footnote: false,
        open_links: Vec::new(),
        labels: Vec::new(),
        caption: String::new(),
        columns: Vec::new(),
        column: 0,
        cell: "td",
    };
    let mut events = events(markdown);
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::Image {
                dest_url, title, ..
            }) => {
                let alt = description(&mut events);
                writer.picture(find(&dest_url), &title, alt);
            }
            event => writer.add(event),
        }
    }
    let Writer {
        body, footnotes, ..
    } = writer;
    let mut written = String::with_capacity(markdown.len() * 3 / 2);
    renderer::push_html(&mut written, body.into_iter());
    if !footnotes.is_empty() {
        written.push_str("<div class=\"footnotes\">\n");
        renderer::push_html(&mut written, footnotes.into_iter());
        written.push_str("</div>\n");
    }
    written
}

/// A prefix for the ids of a text's footnotes, which must be unique on a page with several texts.
fn prefix(markdown: &str) -> String {
    let mut hasher = DefaultHasher::new();
    markdown.hash(&mut hasher);
    format!("fn-{:x}-", hasher.finish() & 0xff_ffff)
}

/// The description of a picture: the text of all events up to the picture's end.
fn description<'a>(events: &mut impl Iterator<Item = Event<'a>>) -> String {
    let (mut words, mut depth) = (String::new(), 1);
    for event in events {
        match event {
            Event::Start(Tag::Image { .. }) => depth += 1,
            Event::End(TagEnd::Image) => depth -= 1,
            Event::Text(text) | Event::Code(text) => words.push_str(&text),
            Event::SoftBreak | Event::HardBreak => words.push(' '),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    words
}

struct Writer<'a, 'b> {
    origin: &'b str,
    prefix: String,
    body: Vec<Event<'a>>,
    /// The footnotes, which are always rendered below the text.
    footnotes: Vec<Event<'a>>,
    is_in_footnote: bool,
    /// For each open link, whether its target is allowed. If not, only the link's text is rendered.
    open_links: Vec<bool>,
    /// The labels of the footnotes, in the order of the footnotes' numbers.
    labels: Vec<CowStr<'a>>,
    /// The title of the most recent picture, which may become a caption.
    caption: String,
    columns: Vec<Alignment>,
    column: usize,
    cell: &'static str,
}

impl<'a> Writer<'a, '_> {
    fn push(&mut self, event: Event<'a>) {
        if self.is_in_footnote {
            self.footnotes.push(event);
        } else {
            self.body.push(event);
        }
    }

    fn add(&mut self, event: Event<'a>) {
        let event = match event {
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) => {
                let target = safe_target(&dest_url, self.origin);
                self.open_links.push(target.is_some());
                let Some(dest_url) = target else { return };
                Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    title,
                    id,
                })
            }
            Event::End(TagEnd::Link) => {
                if self.open_links.pop() != Some(true) {
                    return;
                }
                event
            }
            Event::FootnoteReference(label) => {
                let (name, number) = (self.prefix.clone(), self.number(label));
                Event::InlineHtml(
                    format!(
                        "<sup><a href=\"#{name}{number}\" id=\"{name}ref-{number}\">{number}</a></sup>"
                    )
                    .into(),
                )
            }
            Event::Start(Tag::FootnoteDefinition(label)) => {
                self.is_in_footnote = true;
                let (name, number) = (self.prefix.clone(), self.number(label));
                // The number is a link back to the footnote's reference.
                let link = format!("<a href=\"#{name}ref-{number}\">{number}</a>");
                Event::Html(
                    format!("<div class=\"footnote\" id=\"{name}{number}\"><sup>{link}</sup>\n")
                        .into(),
                )
            }
            Event::End(TagEnd::FootnoteDefinition) => {
                self.push(Event::Html("</div>\n".into()));
                self.is_in_footnote = false;
                return;
            }
            Event::End(TagEnd::Paragraph) => {
                self.end_paragraph();
                return;
            }
            Event::Start(Tag::Table(columns)) => {
                self.columns.clone_from(&columns);
                Event::Start(Tag::Table(columns))
            }
            Event::Start(Tag::TableHead) => {
                (self.cell, self.column) = ("th", 0);
                event
            }
            Event::Start(Tag::TableRow) => {
                (self.cell, self.column) = ("td", 0);
                event
            }
            Event::Start(Tag::TableCell) => self.cell(),
            Event::End(TagEnd::TableCell) => Event::InlineHtml(format!("</{}>", self.cell).into()),
            event => event,
        };
        self.push(event);
    }

    /// The start of a table's cell. The renderer would align it by an attribute `style`, which the
    /// site's content security policy forbids.
    fn cell(&mut self) -> Event<'a> {
        let class = match self.columns.get(self.column) {
            Some(Alignment::Left) => " class=\"left\"",
            Some(Alignment::Center) => " class=\"center\"",
            Some(Alignment::Right) => " class=\"right\"",
            Some(Alignment::None) | None => "",
        };
        self.column += 1;
        Event::InlineHtml(format!("<{}{class}>", self.cell).into())
    }

    fn number(&mut self, label: CowStr<'a>) -> usize {
        let known = self.labels.iter().position(|one| *one == label);
        known.unwrap_or_else(|| {
            self.labels.push(label);
            self.labels.len() - 1
        }) + 1
    }

    /// For a picture on another site, renders only its description.
    fn picture(&mut self, found: Option<Picture>, title: &str, alt: String) {
        let Some(Picture { path, size }) = found else {
            self.push(Event::Text(alt.into()));
            return;
        };
        let (width, height) = size;
        let (origin, alt) = (self.origin, escaped(&alt));
        let html = format!(
            "<img src=\"{origin}{path}\" alt=\"{alt}\" width=\"{width}\" height=\"{height}\" loading=\"lazy\">"
        );
        self.caption = escaped(title);
        self.push(Event::InlineHtml(html.into()));
    }

    /// If it contains only a picture with a title, it becomes a figure with a caption.
    fn end_paragraph(&mut self) {
        let events = if self.is_in_footnote {
            &mut self.footnotes
        } else {
            &mut self.body
        };
        let picture = match events.as_slice() {
            [.., Event::Start(Tag::Paragraph), Event::InlineHtml(html)] => Some(html.clone()),
            _ => None,
        };
        match picture {
            Some(picture) if picture.starts_with("<img") && !self.caption.is_empty() => {
                let caption = &self.caption;
                let figure =
                    format!("<figure>{picture}<figcaption>{caption}</figcaption></figure>\n");
                events.truncate(events.len() - 2);
                events.push(Event::Html(figure.into()));
            }
            _ => events.push(Event::End(TagEnd::Paragraph)),
        }
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// The target of a link; `None` if it is not allowed.
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
    #[test]
    fn a_table_is_aligned_by_classes_which_the_security_policy_allows() {
        let table = "| a | b | c | d |\n|---|:--|:-:|--:|\n| 1 | 2 | *3* | 4 |\n";
        let written = super::html(table, "", |_| None);
        assert_eq!(
            written,
            "<table><thead><tr><th>a</th><th class=\"left\">b</th><th class=\"center\">c</th>\
            <th class=\"right\">d</th></tr></thead><tbody>\n<tr><td>1</td><td class=\"left\">2</td>\
            <td class=\"center\"><em>3</em></td><td class=\"right\">4</td></tr>\n</tbody></table>\n"
        );
    }
}
