//! Tests of the hosts' pages and API on both engines: permissions, the effects of every change, and
//! whether numbers, lists and exports agree.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod access_in_sql;
mod alarm;
mod announcements;
mod answer_notifications;
mod api_garbage;
mod background;
mod bulk_invite;
mod campaigns;
mod campaigns_limits;
mod campaigns_pages;
mod day_known;
#[path = "../shared/demo.rs"]
#[expect(dead_code, reason = "the guests' own tests need more of it")]
mod demo;
mod diet_deletion;
mod exports;
mod gifts;
mod history;
mod hour_known;
mod import_generated;
mod import_pages;
mod import_samples;
mod import_told;
mod imports;
mod invitations;
mod kitchen;
mod leaving;
mod lists;
mod looks;
mod masked;
mod meals;
mod member_occasions;
mod members;
mod moving;
mod new_occasion;
mod numbers;
mod numbers_made_up;
mod occasion_pages;
mod open_rsvp;
mod open_seats;
mod own_domain;
mod pages;
mod pages_asking;
mod pages_changes;
mod pages_garbage;
mod pages_navigation;
mod pages_settings;
mod parts;
mod people;
mod printing;
mod questions;
mod races;
mod ready;
mod reminders;
mod repeats;
mod retention;
mod roles;
mod scopes;
mod seats;
mod sending;
mod settings;
mod sharing;
mod snapshot;
mod stage;
mod stream;
mod suppressions;
mod unanswered;
mod unreachable;
mod uploads;
mod waiting;
mod webhooks;
mod without_token;
