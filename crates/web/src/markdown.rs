//! Renders Markdown as safe HTML.
//!
//! Raw HTML is shown as text. A link may lead only to `https:`, `http:`, `mailto:` or a path of
//! this site. Of pictures only those are shown that the caller finds among its own files; another
//! one is replaced by its description. So nothing that an author writes or pastes can run in a
//! reader's browser, and no other site learns who reads.

mod events;
mod html;

pub use events::{OPTIONS, events};
pub use html::{Picture, html};
