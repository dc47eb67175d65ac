//! The shared parts of all pages: frame, forms, errors, languages, assets.
//!
//! Each crate with pages provides a `Router<Site>`. [`mod@serve`] adds the processing that all
//! requests have in common. A handler receives its input through extractors ([`Facts`], [`Wishes`],
//! [`Form`], [`Json`], [`PageQuery`]), responds with [`page()`] or [`Json`], and refuses with a
//! [`Problem`], which does not depend on HTML or JSON. Authentication is in `accounts`, which
//! builds on this crate.

pub mod access;
pub mod assets;
pub mod calendar;
pub mod calendar_file;
pub mod card_picture;
pub mod client_info;
pub mod codes;
mod compression;
pub mod conditional;
pub mod cookie;
pub mod csrf;
pub mod cursor;
mod date_cache;
pub mod dates;
pub mod described;
pub mod drawn_picture;
mod duration;
mod embedded;
pub mod event_stream;
pub mod fields;
pub mod file_response;
pub mod findings;
pub mod form;
mod form_body;
pub mod form_state;
pub mod idempotency;
pub mod json;
mod keyword_enum;
pub mod language;
pub mod locales;
pub mod look;
pub mod mailbox;
pub mod markdown;
pub mod masking;
pub mod media_type;
mod money;
mod navigation;
pub mod one_at_a_time;
pub mod page;
pub mod picture_folder;
pub mod problem;
mod problems;
mod public_frame;
pub mod qr_code;
pub mod region;
mod serve;
pub mod setting;
pub mod share;
pub mod shared;
pub mod sheet;
mod site_url;
pub mod state;
pub mod tags;
#[cfg(test)]
mod testing;
pub mod text;
pub mod theme;
pub mod theme_accent;
mod translated;
pub mod uploaded_document;
pub mod uploaded_image;
pub mod version;
mod zip_parts;
pub mod zone;

pub use access::{Access, Anybody, Pages};
pub use assets::asset;
pub use client_info::{Facts, Network, Outcome, Peer};
pub use compression::{Compressible, NOT_REPEATED};
pub use cursor::{Direction, FirstItems, List, PageQuery};
pub use dates::{Deadline, ZonedPage};
pub use fields::{Field, Input};
pub use findings::{Findings, Limits, When};
pub use form::Form;
pub use form_body::{ArrivedFile, Part, PartReader, SentFile, SentPart, read_body};
pub use json::Json;
pub use keyword_enum::Labelled;
pub use language::{Language, Wishes};
pub use look::Look;
pub use page::page;
pub use problem::{Argument, FieldProblem, Kept, Problem};
pub use problems::{FieldProblemBody, ProblemBody};
pub use region::Region;
pub use serve::{
    EMBED_POLICY, HEADER_LIMIT, LoggedPath, Reported, ask_inside, change_refusal, panicked,
    policy_with_forms_to, serve, way_in,
};
pub use share::Share;
pub use site_url::{NotASiteUrl, SiteUrl};
pub use state::{Declared, Link, Settings, Site, SiteParts};
pub use text::{Catalogue, Locale, MailMessages, Text, Value};
pub use theme::{Preset, Theme, Way};
pub use translated::{I18n, LangAttribute, Spoken};
pub use zone::ZoneWishes;

pub const LOCALES: &[Locale] = &[
    ("en", include_str!("../locales/en.ftl")),
    ("ms", include_str!("../locales/ms.ftl")),
    ("it", include_str!("../locales/it.ftl")),
    ("zh-Hans", include_str!("../locales/zh-Hans.ftl")),
    ("ar", include_str!("../locales/ar.ftl")),
];
