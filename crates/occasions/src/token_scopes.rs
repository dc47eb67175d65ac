//! What programs may be allowed to do with occasions.

use accounts::token::TokenScope;

/// See occasions, events, invitations and guests as hosts wrote them, with codes and contact
/// data.
pub const OCCASION_READ: TokenScope = TokenScope::new("occasion:read", "host-scope-occasion-read");
/// Change them. What a change leaves behind is shown with [`OCCASION_READ`].
pub const OCCASION_WRITE: TokenScope =
    TokenScope::new("occasion:write", "host-scope-occasion-write");
/// See what people answered: replies, answers, food needs, notes.
pub const RSVPS_READ: TokenScope = TokenScope::new("rsvps:read", "host-scope-rsvps-read");
/// Answer for them.
pub const RSVPS_WRITE: TokenScope = TokenScope::new("rsvps:write", "host-scope-rsvps-write");

/// All there are.
pub const ALL: &[TokenScope] = &[OCCASION_READ, OCCASION_WRITE, RSVPS_READ, RSVPS_WRITE];
