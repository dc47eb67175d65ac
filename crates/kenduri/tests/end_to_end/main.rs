//! End-to-end tests. They start the built binary as a user would, connect to its sockets, and stop
//! it by its process id.

#![expect(clippy::expect_used, reason = "what helps a test may fail like a test")]

mod apart;
#[path = "../../../edge/tests/acme/authority.rs"]
#[expect(
    clippy::unwrap_used,
    dead_code,
    reason = "it is the authority of the edge's tests, which stop it, too"
)]
mod authority;
mod backup;
mod bounces;
mod caches;
mod campaign_killing;
mod cluster;
mod cluster_parts;
mod compat;
mod configuration;
mod control;
mod cors;
mod datagrams;
mod declared_webhooks;
mod deploying;
mod engine;
mod following;
mod front_door;
mod handed_in;
mod http;
mod importing;
mod installing;
mod killing;
mod limits;
mod load;
mod lost_machine;
mod machines;
mod mail_server;
mod many_mails;
mod migrating;
mod moving;
mod networks;
mod operator;
mod own_domain;
mod parent;
mod postgres_killing;
mod postgres_paths;
mod postgres_server;
mod power_loss;
mod program;
mod renewing;
mod restarting;
mod restored;
mod rolling;
mod secret_key;
mod services;
mod serving;
mod shared_by_machines;
mod upgrade;
mod users;
mod websockets;
mod words;
