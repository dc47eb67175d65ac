//! A post: an article with a title and its own URL, a note, or a page.
//!
//! A post is public if its state is `scheduled` or `published` and the time `published_at` has
//! come. So no job is needed to make the post public at that time. A post that was public can be
//! withdrawn, but never becomes a draft again.

use identity::account::AccountId;
use identity::person::slug;
use jiff::Timestamp;
use platform::store::Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::Findings;

use crate::markdown;

platform::id!(PostId, "One post.");

/// The maximum length of a note, in characters.
pub const NOTE: usize = 1000;

web::words! {
    /// The kind of a post.
    #[schema(as = PostKind)]
    #[derive(Default)]
    Kind {
        /// A post with a title.
        #[default]
        Article = "article" => "post-kind-article",
        /// A short post without a title.
        Note = "note" => "post-kind-note",
        /// A post with a title but without a date, which appears in no list and no feed.
        Page = "page" => "post-kind-page",
    }
}

web::words! {
    /// The state of a post, which determines who can read the post.
    #[schema(as = PostState)]
    #[derive(Default)]
    State {
        /// Only editors can read the post.
        #[default]
        Draft = "draft" => "post-draft",
        /// Only editors can read the post until a set instant, and then everybody.
        Scheduled = "scheduled" => "post-scheduled",
        /// Everybody can read the post.
        Published = "published" => "post-published",
        /// Editors can read the post. Everybody else gets a page that says the post was withdrawn.
        Withdrawn = "withdrawn" => "post-withdrawn",
    }
}

/// A post, as editors see it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct Post {
    /// The post's id.
    pub id: PostId,
    /// The kind; it is set at creation and never changes.
    pub kind: Kind,
    /// The title, 1–200 characters; empty for a note.
    pub title: String,
    /// The name in URLs, 2–50 characters: `a-z`, `0-9` and hyphens. If omitted, it is made from the
    /// title. Empty for a note.
    pub slug: String,
    /// The author's account; null if the account no longer exists.
    pub author_id: Option<AccountId>,
    /// The text in Markdown, up to 200,000 characters, or 1,000 for a note.
    pub body: String,
    /// An excerpt of up to 300 characters. If omitted, readers see the first words of the text.
    /// Empty for a note.
    pub excerpt: String,
    /// Up to 20 tags of 1–40 characters.
    #[row(json)]
    pub tags: Vec<String>,
    /// The file name of the post's picture below `/blog/images/`; empty if the post has no picture.
    pub image: String,
    /// A description of the picture for readers who cannot see it, up to 300 characters. A post
    /// with a picture cannot be published without this description.
    pub image_alt: String,
    /// The picture's width in pixels.
    pub image_width: i64,
    /// The picture's height in pixels.
    pub image_height: i64,
    /// The size of the picture's file in bytes.
    pub image_bytes: i64,
    /// The state, which determines who can read the post.
    pub state: State,
    /// The time from which the post is public; if omitted, the post is public at once.
    pub published_at: Option<Timestamp>,
    /// The time at which the post first becomes public; it never changes after that.
    pub first_published_at: Option<Timestamp>,
    /// The version, which increases with every change. A change must contain the version on which
    /// it is based.
    pub version: i64,
    /// The time of the last change.
    pub updated_at: Timestamp,
}

impl Post {
    pub(crate) fn blank(id: PostId, kind: Kind) -> Self {
        Self {
            id,
            kind,
            version: 1,
            ..Self::default()
        }
    }

    /// The excerpt that lists show. This is the excerpt that an editor wrote, or else the beginning
    /// of the text.
    pub fn excerpt(&self) -> String {
        if self.excerpt.is_empty() {
            markdown::excerpt(&self.body)
        } else {
            self.excerpt.clone()
        }
    }

    /// Whether the post was public at any time up to `now`.
    pub fn was_public(&self, now: Timestamp) -> bool {
        self.first_published_at.is_some_and(|at| at <= now)
    }

    /// The post with its state as of `now`: a scheduled post whose time has come is returned as
    /// published.
    pub(crate) fn at(mut self, now: Timestamp) -> Self {
        if self.state == State::Scheduled && self.was_public(now) {
            self.state = State::Published;
        }
        self
    }

    /// Validates rules that concern several fields, and fills in derived values.
    pub(crate) fn check(&mut self, old: Option<&Self>, now: Timestamp, findings: &mut Findings) {
        match self.kind {
            Kind::Article | Kind::Page => {
                if self.title.is_empty() {
                    findings.add("/title", "required", []);
                }
                if self.slug.is_empty() {
                    self.slug = self.proposed_slug();
                } else if !findings.has("/slug") && !slug::is_valid(&self.slug) {
                    findings.add("/slug", "slug_invalid", []);
                }
            }
            Kind::Note => {
                let of_articles = [
                    ("/title", &self.title),
                    ("/slug", &self.slug),
                    ("/excerpt", &self.excerpt),
                ];
                for (pointer, value) in of_articles {
                    if !value.is_empty() {
                        findings.add(pointer, "not_allowed", []);
                    }
                }
                self.body = findings.text("/body", &self.body, NOTE);
            }
        }
        if self.image.is_empty() && !self.image_alt.is_empty() {
            findings.add("/image", "required", []);
        }
        if !self.image.is_empty() && self.image_alt.is_empty() && self.state != State::Draft {
            findings.add("/image_alt", "required", []);
        }
        if self.state != State::Draft {
            if self.body.is_empty() {
                findings.add("/body", "required", []);
            } else if markdown::pictures(&self.body)
                .iter()
                .any(|one| one.alt.is_empty())
            {
                findings.add("/body", "picture_undescribed", []);
            }
        }
        self.settle_state(old, now, findings);
    }

    fn settle_state(&mut self, old: Option<&Self>, now: Timestamp, findings: &mut Findings) {
        if let Some(old) = old.filter(|old| old.was_public(now)) {
            if self.published_at != old.published_at {
                findings.add("/published_at", "not_allowed", []);
            }
            if self.state == State::Scheduled {
                self.state = State::Published;
            }
            return;
        }
        self.first_published_at = match self.state {
            State::Draft => None,
            State::Withdrawn => {
                findings.add("/state", "not_allowed", []);
                None
            }
            State::Scheduled if self.published_at.is_none() => {
                findings.add("/published_at", "required", []);
                None
            }
            State::Scheduled | State::Published => {
                let at = self.published_at.unwrap_or(now);
                self.published_at = Some(at);
                self.state = if at > now {
                    State::Scheduled
                } else {
                    State::Published
                };
                Some(at)
            }
        };
    }

    /// A slug made from the title. If the title yields no valid slug, the slug is made from the id.
    fn proposed_slug(&self) -> String {
        let of_title = slug::from_name(&self.title);
        if slug::is_valid(&of_title) {
            return of_title;
        }
        let ending = self.id.as_str().len().saturating_sub(6);
        format!("post-{}", &self.id.as_str()[ending..])
    }
}
