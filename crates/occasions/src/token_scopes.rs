//! The scopes of API tokens for occasions.

use identity::session::token::TokenScope;

/// Allows reading what hosts entered: occasions, events, invitations and guests, with codes and
/// contact data.
pub const OCCASION_READ: TokenScope = TokenScope::new("occasion:read", "host-scope-occasion-read");
/// Allows changing the data that a token with [`OCCASION_READ`] can read. A response contains the
/// changed data only if the token has both scopes.
pub const OCCASION_WRITE: TokenScope =
    TokenScope::new("occasion:write", "host-scope-occasion-write");
pub const RSVPS_READ: TokenScope = TokenScope::new("rsvps:read", "host-scope-rsvps-read");
pub const RSVPS_WRITE: TokenScope = TokenScope::new("rsvps:write", "host-scope-rsvps-write");

pub const ALL: &[TokenScope] = &[OCCASION_READ, OCCASION_WRITE, RSVPS_READ, RSVPS_WRITE];
