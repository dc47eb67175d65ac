//! The scopes of API tokens for posts.

use identity::session::token::TokenScope;

/// The scope of API tokens for reading all posts, including drafts, as editors do.
pub const READ: TokenScope = TokenScope::new("posts:read", "post-scope-read");
/// The scope of API tokens for creating, changing, publishing and withdrawing posts.
pub const WRITE: TokenScope = TokenScope::new("posts:write", "post-scope-write");
