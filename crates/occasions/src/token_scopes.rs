//! The scopes of tokens for occasions.

use identity::session::token::TokenScope;

/// See occasions, events, invitations and guests as hosts wrote them, with codes and contact
/// data.
pub const OCCASION_READ: TokenScope = TokenScope::new("occasion:read", "host-scope-occasion-read");
/// Change the data that [`OCCASION_READ`] shows. The response contains the result only if the token
/// also has that scope.
pub const OCCASION_WRITE: TokenScope =
    TokenScope::new("occasion:write", "host-scope-occasion-write");
pub const RSVPS_READ: TokenScope = TokenScope::new("rsvps:read", "host-scope-rsvps-read");
pub const RSVPS_WRITE: TokenScope = TokenScope::new("rsvps:write", "host-scope-rsvps-write");

pub const ALL: &[TokenScope] = &[OCCASION_READ, OCCASION_WRITE, RSVPS_READ, RSVPS_WRITE];
