//! Tests of bookings through the pages and the JSON API, with SQLite and PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails where it goes wrong")]

mod abused;
mod adjusting;
mod booking;
mod catalogue;
mod credits;
mod disputes;
mod double;
mod exporting;
mod external_calendars;
mod feedback;
mod feeds;
mod findings;
mod grants;
mod leaving;
mod links;
mod memberships;
mod model;
mod moving;
mod newcomers;
mod offering;
mod order_calls;
mod order_ends;
mod pay_page;
mod paying;
mod payouts;
mod races;
mod races_of_money;
mod races_of_times;
mod razorpay;
mod razorpay_double;
mod receipts;
mod refunding;
mod reminding;
mod requests;
mod reveal;
mod reviews;
mod rooms;
mod sessions;
mod stage;
mod stripe;
mod stripe_double;
