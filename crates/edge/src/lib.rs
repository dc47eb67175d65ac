//! The edge: listeners, TLS, routes, files, proxy, limits, access log.
//!
//! The edge sees bytes, routes and a service mounted in it; it knows nothing of
//! what that service is for. What is asked of it is a [`Description`], which is
//! checked whole before anything of it is used.
//!
//! The modules below stand in layers, from top to bottom: a module uses those of the layers
//! below its own and no others, which `cargo xtask check` ensures.

// Starts, reloads and stops everything.
mod edge;

// HTTP/3.
mod quic;

// HTTP/1 and HTTP/2.
mod connection;

// What happens to a request, in which order.
mod pipeline;

// What serving a request takes.
mod context;

// What was configured, and what is closed for maintenance.
pub mod config;
pub mod maintenance;

// Which route a request meets.
pub mod route;

// What answers: the app, files, other servers, and what is kept of their answers.
mod app;
pub mod cache;
pub mod proxy;
pub mod static_files;

// What a route may ask for beside, and pages for those who are refused.
mod filters;
pub mod pages;

// Bodies, heads, handshakes.
mod alt_svc;
mod body;
mod parse_result;
mod tls;

// Sockets, certificates that are ordered, the log.
pub mod access_log;
pub mod acme;
mod cdn_loop;
mod listener;

// What needs nothing of the edge.
mod address;
mod client_info;
mod clock_text;
mod conditions;
mod cookies;
mod crypto;
mod deadline;
mod description;
mod durable;
mod lock;
pub mod metrics;
mod panic;
mod progress;
mod quality;
mod ranges;
mod scratch_buffer;
pub mod values;

pub use app::{App, Pass, Question, Verdict};
pub use body::{Answer, Body, BodyError};
pub use cdn_loop::CdnId;
pub use client_info::{ClientInfo, RequestId, Scheme};
pub use config::{Flaw, Ground, Plan, Service};
pub use context::Clock;
pub use description::{
    Access, Acme, Ask, Basic, Cache, Certificate, Challenge, Description, ExternalAccount,
    ForwardedHeader, Headers, Health, Limit, Listen, Proxy, RequestHeaders, Route, SharedCache,
    Tls, Upstream,
};
pub use edge::{Edge, EdgeError, Options};
pub use filters::{auth, compression, forwarding, headers, rate_limit};
pub use http1::Refusal;
pub use listener::{
    Inherited, InheritedError, Kept, ListenAddress, ListenError, ListenFault, ListenSettings,
};
pub use tls::{CertificateFiles, FileCertificate, TlsError, TlsSettings};
