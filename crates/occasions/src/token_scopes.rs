//! The scopes of tokens for occasions.

use identity::session::token::TokenScope;

/// See occasions, events, invitations and guests as hosts wrote them, with codes and contact
/// data.
pub const OCCASION_READ: TokenScope = TokenScope::new("occasion:read", "host-scope-occasion-read");
/// Change what [`OCCASION_READ`] shows. A change is answered with its result only if
/// the token has that scope too.
pub const OCCASION_WRITE: TokenScope =
    TokenScope::new("occasion:write", "host-scope-occasion-write");
/// See what guests answered: replies, answers, food needs, notes.
pub const RSVPS_READ: TokenScope = TokenScope::new("rsvps:read", "host-scope-rsvps-read");
/// Answer for guests.
pub const RSVPS_WRITE: TokenScope = TokenScope::new("rsvps:write", "host-scope-rsvps-write");

/// All scopes of this crate.
pub const ALL: &[TokenScope] = &[OCCASION_READ, OCCASION_WRITE, RSVPS_READ, RSVPS_WRITE];
