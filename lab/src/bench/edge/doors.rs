//! The compared servers, configured as equally as possible, and the upstream behind them.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::process::geteuid;

use super::app;
use super::h2load::Protocol;
use super::haproxy;
use super::instructions;
use crate::bench::binary;
use crate::bench::server::{Server, free_address, pinned};
use crate::command::{find, output, program};

pub(in crate::bench) struct Door {
    pub(in crate::bench) server: Server,
    pub(super) tls: SocketAddr,
}

impl Door {
    pub(super) fn url(&self, protocol: Protocol, path: &str) -> String {
        if protocol.is_tls() {
            format!("https://localhost:{}{path}", self.tls.port())
        } else {
            // The URL contains an IP address instead of a host name, because the servers redirect
            // requests for a host name with a certificate to HTTPS.
            format!("http://{}{path}", self.server.address)
        }
    }
}

pub(in crate::bench) struct Doors {
    nginx: Door,
    haproxy: Option<Door>,
    kenduri: Door,
    _upstream: Server,
    files: PathBuf,
    /// The PEM file of the certificate that all servers use.
    pub(super) certificate: PathBuf,
}

/// The cores on which the servers run, with one worker per core.
#[derive(Clone, Copy)]
pub(in crate::bench) struct Crew<'a> {
    pub(in crate::bench) cores: &'a [usize],
    /// The program to measure instead of the release build of Kenduri. Its only argument is the
    /// configuration file.
    pub(in crate::bench) program: Option<&'a Path>,
    /// The file into which callgrind writes how many instructions Kenduri executes; `None` if it is
    /// not to run under callgrind, where it is some fifty times slower.
    pub(in crate::bench) counts: Option<&'a Path>,
}

/// For best performance.
const TUNED: &str = " buffer=64k flush=1s;
  open_file_cache max=1000 inactive=60s; open_file_cache_valid 1s;";

impl Doors {
    /// Starts nginx and Kenduri, and the upstream without pinning it to a core.
    pub(in crate::bench) async fn open(folder: &Path, crew: Crew<'_>) -> Result<Self> {
        Self::start(folder, crew, false).await
    }

    /// Like `open`, but also starts `HAProxy`.
    pub(super) async fn open_all(folder: &Path, crew: Crew<'_>) -> Result<Self> {
        Self::start(folder, crew, true).await
    }

    async fn start(folder: &Path, crew: Crew<'_>, has_haproxy: bool) -> Result<Self> {
        let place = Place {
            folder: folder.to_owned(),
            upstream: free_address()?,
            closing: free_address()?,
            app: app::start()?,
        };
        place.make_certificate()?;
        let upstream = place.start_upstream().await?;
        let haproxy = if has_haproxy {
            let upstreams = [
                ("tcp", place.upstream.to_string()),
                ("unix", place.path("upstream.sock")),
                ("closing", place.closing.to_string()),
                ("app", place.app.to_string()),
            ];
            Some(haproxy::start(folder, crew.cores, &upstreams).await?)
        } else {
            None
        };
        Ok(Self {
            nginx: place.start_nginx(crew).await?,
            haproxy,
            kenduri: place.start_kenduri(crew).await?,
            _upstream: upstream,
            files: place.folder.join("files/static"),
            certificate: place.folder.join("chain.pem"),
        })
    }

    pub(in crate::bench) fn nginx(&self) -> &Door {
        &self.nginx
    }

    pub(super) fn kenduri(&self) -> &Door {
        &self.kenduri
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.files.join(name)
    }

    /// Returns nginx, `HAProxy` and Kenduri. `HAProxy` is `None` if it cannot be compared.
    pub(super) fn of(&self, is_proxied: bool) -> [Option<&Door>; 3] {
        let haproxy = self.haproxy.as_ref().filter(|_| is_proxied);
        [Some(&self.nginx), haproxy, Some(&self.kenduri)]
    }
}

struct Place {
    folder: PathBuf,
    upstream: SocketAddr,
    /// The address of an upstream that closes the connection after each response.
    closing: SocketAddr,
    /// The address of the service whose responses differ from nginx's.
    app: SocketAddr,
}

impl Place {
    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    fn make_certificate(&self) -> Result<()> {
        output(
            program("openssl")
                .args([
                    "req",
                    "-x509",
                    "-newkey",
                    "ec",
                    "-pkeyopt",
                    "ec_paramgen_curve:P-256",
                ])
                .args(["-nodes", "-days", "2", "-subj", "/CN=localhost"])
                .args(["-addext", "subjectAltName=DNS:localhost"])
                .args(["-addext", "basicConstraints=critical,CA:FALSE"])
                .args([
                    "-keyout",
                    &self.path("key.pem"),
                    "-out",
                    &self.path("chain.pem"),
                ]),
        )?;
        Ok(())
    }

    /// 1 KiB or a page of the requested size, over TCP and over a Unix socket. On a third address,
    /// it closes the connection after each response, like gunicorn's sync workers.
    async fn start_upstream(&self) -> Result<Server> {
        let body = "k".repeat(1 << 10);
        // The upstream sends a page from memory, with the head and the body in one write, as an
        // application would.
        let pages = format!(
            "location /tcp/page/ {{ alias {}/static/; default_type text/html; types {{ }}\n\
             output_buffers 1 64k; open_file_cache max=100; }}",
            self.path("files"),
        );
        let configuration = format!(
            "{}\nhttp {{ access_log off; keepalive_requests 1000000000; {}\n\
             server {{ listen {}; listen unix:{}; {pages}\n\
             location / {{ return 200 \"{body}\"; }} }}\n\
             server {{ listen {}; keepalive_timeout 0; location / {{ return 200 \"{body}\"; }} }} }}\n",
            self.head("upstream", 1),
            self.temporaries("upstream"),
            self.upstream,
            self.path("upstream.sock"),
            self.closing,
        );
        self.start("upstream", &configuration, self.upstream, &[])
            .await
    }

    async fn start_nginx(&self, crew: Crew<'_>) -> Result<Door> {
        let name = "nginx";
        let (plain, tls) = (free_address()?, free_address()?);
        let configuration = format!(
            "{head}
http {{
  {temporaries}
  access_log {log} combined{TUNED}
  sendfile on; tcp_nopush on;
  keepalive_requests 1000000000;
  ssl_session_cache off; ssl_session_tickets on; ssl_protocols TLSv1.2 TLSv1.3;
  upstream tcp {{ server {upstream}; keepalive 128; keepalive_requests 1000000000; }}
  upstream unix {{ server unix:{socket}; keepalive 128; keepalive_requests 1000000000; }}
  upstream closing {{ server {closing}; keepalive 128; }}
  upstream app {{ server {app}; keepalive 128; keepalive_requests 1000000000; }}
  server {{
    listen {plain}; listen {tls} ssl http2;
    ssl_certificate {chain}; ssl_certificate_key {key};
    http2_max_requests 1000000000;
    root {files};
    proxy_http_version 1.1; proxy_set_header Connection \"\";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Request-Id $request_id;
    location /static/ {{ }}
    location /tcp/ {{ proxy_pass http://tcp; }}
    location /unix/ {{ proxy_pass http://unix; }}
    location /closing/ {{ proxy_pass http://closing; }}
    location /app/ {{ proxy_pass http://app; }}
  }}
}}
",
            head = self.head(name, crew.cores.len().max(1)),
            temporaries = self.temporaries(name),
            log = self.path(&format!("{name}-access.log")),
            upstream = self.upstream,
            closing = self.closing,
            app = self.app,
            socket = self.path("upstream.sock"),
            chain = self.path("chain.pem"),
            key = self.path("key.pem"),
            files = self.path("files"),
        );
        let server = self.start(name, &configuration, plain, crew.cores).await?;
        Ok(Door { server, tls })
    }

    async fn start_kenduri(&self, crew: Crew<'_>) -> Result<Door> {
        let (plain, tls) = (free_address()?, free_address()?);
        let file = self.folder.join("kenduri.toml");
        fs::write(
            &file,
            format!(
                "data = \"data\"
[listen]
http = [\"{plain}\"]
https = [\"{tls}\"]
connections = 20000
[[tls.certificate]]
hosts = [\"localhost\"]
chain = \"chain.pem\"
key = \"key.pem\"
[[route]]
path = \"/static/\"
to = \"files:files\"
[[route]]
path = \"/tcp/\"
to = \"http://{}\"
[[route]]
path = \"/unix/\"
to = \"unix:{}\"
[[route]]
path = \"/closing/\"
to = \"http://{}\"
[[route]]
path = \"/app/\"
to = \"http://{}\"
[log]
to = \"log\"
",
                self.upstream,
                self.path("upstream.sock"),
                self.closing,
                self.app,
            ),
        )?;
        let cores = crew.cores.iter().copied();
        let command = if let Some(program) = crew.program {
            let mut command = pinned(std::path::absolute(program)?, cores);
            command.arg(&file);
            command
        } else {
            let mut command = pinned(binary(), cores);
            command.args(["serve", "--config"]).arg(&file);
            command
        };
        let command = match crew.counts {
            None => command,
            Some(counts) => instructions::under_callgrind(&command, counts)?,
        };
        let said = self.folder.join("kenduri.log");
        let server = Server::start(command, plain, said, "/tcp/").await?;
        Ok(Door { server, tls })
    }

    /// A single worker is nginx's main process itself; several workers run as this process's user.
    fn head(&self, name: &str, workers: usize) -> String {
        let processes = match workers {
            1 => "master_process off;".to_owned(),
            _ if geteuid().is_root() => format!("user root; worker_processes {workers};"),
            _ => format!("worker_processes {workers};"),
        };
        format!(
            "daemon off; {processes} worker_rlimit_nofile 20000;\npid {pid}; error_log {log};\nevents {{ worker_connections 20000; }}",
            pid = self.path(&format!("{name}.pid")),
            log = self.path(&format!("{name}-error.log")),
        )
    }

    /// Large bodies go into files within this folder.
    fn temporaries(&self, name: &str) -> String {
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {};", self.path(&format!("{name}-{kind}"))))
            .join(" ")
    }

    async fn start(
        &self,
        name: &str,
        configuration: &str,
        address: SocketAddr,
        cores: &[usize],
    ) -> Result<Server> {
        let file = self.folder.join(format!("{name}.conf"));
        fs::write(&file, configuration)?;
        let nginx = find("nginx").context("nginx is not installed: apt-get install nginx-light")?;
        let mut command = pinned(nginx, cores.iter().copied());
        command.arg("-c").arg(&file).arg("-p").arg(&self.folder);
        let said = self.folder.join(format!("{name}.log"));
        Server::start(
            command,
            address,
            said,
            if cores.is_empty() { "/" } else { "/tcp/" },
        )
        .await
    }
}
