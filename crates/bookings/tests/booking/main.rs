//! Tests of bookings through the pages and the JSON API, with SQLite and PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails where it goes wrong")]

mod abused;
mod booking;
mod catalogue;
mod credits;
mod disputes;
mod double;
mod external_calendars;
mod feedback;
mod feeds;
mod leaving;
mod links;
mod model;
mod moving;
mod newcomers;
mod offering;
mod paying;
mod payouts;
mod races;
mod razorpay;
mod razorpay_double;
mod reminding;
mod requests;
mod reveal;
mod reviews;
mod rooms;
mod stage;
mod stripe;
mod stripe_double;
