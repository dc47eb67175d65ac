//! The scopes of API tokens for bookings.

use identity::session::token::TokenScope;

/// The scope of API tokens for reading a person's own bookings and slots.
pub const READ: TokenScope = TokenScope::new("bookings:read", "booking-scope-read");
/// The scope of API tokens for offering slots, and for booking and cancelling sessions that are
/// free of charge.
pub const WRITE: TokenScope = TokenScope::new("bookings:write", "booking-scope-write");
