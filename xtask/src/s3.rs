//! A private S3-compatible server for backups to a bucket: moto, in a virtual environment.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use anyhow::{Context, Result, ensure};

use crate::command::program;
use crate::example::install_python;
use crate::workspace::root;

/// A running S3 server without buckets; dropping this value stops the server.
#[derive(Debug)]
pub(crate) struct PrivateS3 {
    server: Child,
    address: String,
}

impl PrivateS3 {
    /// Installs the S3 server, unless it is installed, and starts it on a free port.
    pub(crate) fn start() -> Result<Self> {
        let folder = root().join("tests/s3");
        install_python(&folder)?;
        let mut server = program(folder.join(".venv/bin/python"))
            .arg("server.py")
            .current_dir(&folder)
            // The server exits when its standard input is closed, so it does not outlive this
            // process.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the server of buckets")?;
        let mut address = String::new();
        let output = server.stdout.take().context("the server has no output")?;
        let read = BufReader::new(output).read_line(&mut address);
        let server = PrivateS3 {
            server,
            address: address.trim().to_owned(),
        };
        read?;
        ensure!(
            server.address.starts_with("http://"),
            "the server of buckets did not start"
        );
        Ok(server)
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for PrivateS3 {
    fn drop(&mut self) {
        drop(self.server.stdin.take());
        let _ = self.server.wait();
    }
}
