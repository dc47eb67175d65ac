//! The front door: listeners, TLS, routes, files, proxy, limits, access log.
//!
//! The edge sees bytes, routes and a service mounted in it; it knows nothing of
//! what that service is for. What is asked of it is a [`Description`], which is
//! checked whole before anything of it is used.

pub mod access_log;
pub mod acme;
mod address;
mod alt_svc;
mod app;
pub mod auth;
mod body;
pub mod cache;
mod cdn_loop;
mod client_info;
mod clock_text;
pub mod compression;
mod conditions;
pub mod config;
mod connection;
mod context;
mod cookies;
mod crypto;
mod deadline;
mod description;
mod durable;
mod edge;
pub mod forwarding;
pub mod headers;
mod http1;
mod listener;
mod lock;
pub mod maintenance;
pub mod metrics;
pub mod pages;
mod panic;
mod pipeline;
mod progress;
pub mod proxy;
mod quality;
mod quic;
mod ranges;
pub mod rate_limit;
pub mod route;
mod scratch_buffer;
pub mod static_files;
mod tls;
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
pub use http1::Refusal;
pub use listener::{
    Inherited, InheritedError, Kept, ListenAddress, ListenError, ListenFault, ListenSettings,
};
pub use tls::{CertificateFiles, FileCertificate, TlsError, TlsSettings};
