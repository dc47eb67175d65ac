//! The edge: a web server and reverse proxy with TLS, routes, limits and an access log.
//!
//! The edge does not know the purpose of the app that is mounted in it. The modules below are
//! sorted into layers, and each module uses only modules of lower layers; `cargo xtask check`
//! verifies this.

mod edge;

mod quic;

mod connection;

// The steps of serving a request, in order.
mod pipeline;

// The state for serving a request.
mod context;

// The validated configuration, and the maintenance mode.
pub mod config;
pub mod maintenance;

// Matching of requests to routes.
pub mod route;

// The targets of routes, and the cache of upstream responses.
mod app;
pub mod cache;
pub mod proxy;
pub mod static_files;

// Optional steps that a route can enable, and error pages.
mod filters;
pub mod pages;

// Request and response bodies, heads and handshakes.
mod alt_svc;
mod body;
mod parse_result;
mod tls;
mod unsent_memory;

// Sockets, certificates from an authority, and the access log.
pub mod access_log;
pub mod acme;
mod cdn_loop;
mod listener;
mod stalled_peer;

pub mod metrics;

mod client_info;

// Modules that depend on no other part of the edge.
mod cdn_presets;
mod client_network;
mod clock_text;
mod conditions;
mod cookies;
mod crypto;
mod deadline;
mod description;
mod durable_file;
mod file_stamp;
mod lock;
mod panic;
mod quality_values;
mod ranges;
mod request_id;
mod scratch_buffer;
pub mod values;

pub use app::{App, AuthDecision, Pass, Question};
pub use body::{Answer, Body, BodyError};
pub use cdn_loop::CdnId;
pub use cdn_presets::Cdn;
pub use client_info::{ClientInfo, Scheme};
pub use config::{Plan, PlanContext, Service};
pub use context::Clock;
pub use description::{
    Access, Acme, Ask, Basic, Cache, Certificate, Challenge, Cors, Description, ExternalAccount,
    ForwardedHeader, Headers, Limit, Listen, Proxy, RequestHeaders, Route, SharedCache, Tls,
    Upstream,
};
pub use edge::{Edge, EdgeError, Options};
pub use filters::{auth, compression, forwarding, headers, rate_limit};
pub use http1::Refusal;
pub use listener::{
    Inherited, InheritedError, KeptSockets, ListenAddress, ListenError, ListenFault, ListenSettings,
};
pub use request_id::RequestId;
pub use tls::{CertificateFiles, FileCertificate, TlsError, TlsSettings};
pub use units::{HealthConfig, Problem};
