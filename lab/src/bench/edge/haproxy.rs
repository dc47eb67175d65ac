//! `HAProxy` from Debian's package, as a proxy to the same upstreams.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result};

use super::doors::Door;
use crate::bench::server::{Server, free_address, pinned};
use crate::command::find;

/// Starts `HAProxy` with one thread for each of these cores. Each upstream has a path prefix, a
/// name and an address. The certificate and its key are in `folder`.
pub(super) async fn start(
    folder: &Path,
    cores: &[usize],
    upstreams: &[(&str, String)],
) -> Result<Door> {
    let haproxy = find("haproxy").context("HAProxy is not installed: apt-get install haproxy")?;
    let (plain, tls) = (free_address()?, free_address()?);
    let pem = folder.join("haproxy.pem");
    let read = |name: &str| fs::read_to_string(folder.join(name));
    fs::write(&pem, read("chain.pem")? + &read("key.pem")?)?;
    let file = folder.join("haproxy.cfg");
    fs::write(
        &file,
        configuration(&pem, cores.len(), [plain, tls], upstreams),
    )?;
    let mut command = pinned(haproxy, cores.iter().copied());
    command.arg("-db").arg("-f").arg(&file);
    let said = folder.join("haproxy.log");
    let server = Server::start(command, plain, said, "/tcp/").await?;
    Ok(Door { server, tls })
}

fn configuration(
    pem: &Path,
    threads: usize,
    [plain, tls]: [SocketAddr; 2],
    upstreams: &[(&str, String)],
) -> String {
    let uses = upstreams
        .iter()
        .map(|(name, _)| format!("  use_backend {name} if {{ path_beg /{name}/ }}\n"));
    let backends = upstreams.iter().map(|(name, address)| {
        format!("backend {name}\n  server one {address} pool-max-conn 128\n")
    });
    format!(
        "global
  nbthread {threads}
  maxconn 8000
  log ring@requests local0
  ssl-default-bind-options ssl-min-ver TLSv1.2
ring requests
  format raw
  size 1048576
defaults
  mode http
  log global
  option httplog
  option forwardfor
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend all
  bind {plain}
  bind {tls} ssl crt {pem} alpn h2,http/1.1
  http-request set-header X-Forwarded-Proto https if {{ ssl_fc }}
  http-request set-header X-Forwarded-Proto http if !{{ ssl_fc }}
  http-request set-header X-Request-Id %[uuid()]
{uses}{backends}",
        pem = pem.display(),
        uses = uses.collect::<String>(),
        backends = backends.collect::<String>(),
    )
}
