//! Renders Markdown as safe HTML.
//!
//! Raw HTML is shown as text. A link may lead only to `https:`, `http:`, `mailto:` or a path of
//! this site. A picture is shown only if the caller finds it among the site's own files; otherwise
//! its description is shown. So an author's text cannot run code in a reader's browser, and no
//! other site learns who reads the text.

mod events;
mod html;

pub use events::{OPTIONS, events};
pub use html::{Picture, html};
