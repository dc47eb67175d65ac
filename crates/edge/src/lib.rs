//! The front door: listeners, TLS, routes, files, proxy, limits, access log.
//!
//! The edge sees bytes, routes and a service mounted in it; it knows nothing of
//! what that service is for. What is asked of it is a [`Description`], which is
//! checked whole before anything of it is used.

pub mod access;
pub mod acme;
mod address;
mod app;
mod body;
pub mod cache;
mod cdn_loop;
pub mod compression;
mod connection;
mod deadline;
mod description;
mod durable;
mod edge;
mod facts;
pub mod files;
pub mod forwarding;
mod gate;
pub mod headers;
pub mod limits;
mod listen;
mod lock;
pub mod log;
pub mod maintenance;
pub mod metrics;
mod motion;
pub mod pages;
mod panic;
pub mod plan;
pub mod proxy;
mod quality;
mod quic;
pub mod route;
mod scratch;
mod second;
mod serve;
mod tls;

pub use app::{App, Pass, Question, Verdict};
pub use body::{Answer, Body, BodyError};
pub use cdn_loop::CdnId;
pub use description::{
    Access, Acme, Ask, Basic, Cache, Certificate, Challenge, Description, ExternalAccount,
    ForwardedHeader, Headers, Health, Limit, Listen, Proxy, RequestHeaders, Route, SharedCache,
    Tls, Upstream,
};
pub use edge::{Clock, Edge, EdgeError, Means};
pub use facts::{Facts, RequestId, Scheme};
pub use gate::Refusal;
pub use listen::{
    Inherited, InheritedError, Kept, ListenAddress, ListenError, ListenFault, ListenSettings,
};
pub use plan::{Flaw, Ground, Plan, Service};
pub use tls::{CertificateFiles, FileCertificate, TlsError, TlsSettings};
