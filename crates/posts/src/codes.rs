//! The error codes of posts.

use ::web::codes::Code;

pub(crate) const PROBLEM_CODES: &[Code] = &[PUBLISHED, WITHDRAWN];

/// A published post can only be withdrawn.
pub(crate) const PUBLISHED: Code = Code::new(409, "post_published");
pub(crate) const WITHDRAWN: Code = Code::new(410, "gone");
