//! The error codes of posts.

use ::web::codes::Code;

::web::codes! { pub(crate) PROBLEM_CODES:
    /// A published post can only be withdrawn.
    pub(crate) const PUBLISHED = Code::new(409, "post_published");
    pub(crate) const WITHDRAWN = Code::new(410, "gone");
}
