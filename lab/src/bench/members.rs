//! Members of an installation: `lab/examples/members.rs` writes the members and their passphrases
//! to the store. Everything else is created through the API on behalf of each member.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::client::{Answer, Client, send_json};
use super::load::Conversation;
use crate::command::{program, run};

const PASSWORD: &str = "nasi lemak for breakfast";

/// Writes `number` members, numbered from 1, to the store of a data folder that no process has
/// open.
pub(super) fn join(kenduri: &Path, data: &Path, number: usize) -> Result<()> {
    join_with(kenduri, data, number, &[])
}

/// Like [`join`]. The members are coordinators of the occasion with this slug.
pub(super) fn join_occasion(
    kenduri: &Path,
    data: &Path,
    number: usize,
    occasion: &str,
) -> Result<()> {
    join_with(kenduri, data, number, &["--occasion", occasion])
}

fn join_with(kenduri: &Path, data: &Path, number: usize, options: &[&str]) -> Result<()> {
    let hash = hash(kenduri)?;
    let mut cargo = program("cargo");
    cargo.args(["run", "--quiet", "--locked", "-p", "lab"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    cargo.args(["--example", "members", "--"]);
    cargo.arg(data.join("kenduri.db"));
    run(cargo.args([&number.to_string(), &hash]).args(options))
}

/// By the `kenduri` program with its default cost, for the password that all members share.
fn hash(kenduri: &Path) -> Result<String> {
    let mut child = program(kenduri)
        .args(["password", "hash"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start the program")?;
    let mut input = child.stdin.take().context("no standard input")?;
    writeln!(input, "{PASSWORD}")?;
    drop(input);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "no hash of a password was made");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

pub(super) fn slug(number: usize) -> String {
    format!("member-{number}")
}

pub(super) fn sign_in(number: usize) -> Vec<u8> {
    let body = json!({
        "email": format!("{}@example.com", slug(number)),
        "password": PASSWORD,
        "want": "tokens",
    });
    send_json("POST", "/api/v1/auth/login", "", &body.to_string())
}

pub(super) struct SigningIn(pub(super) usize);

impl Conversation for SigningIn {
    fn ask(&mut self, request: &mut Vec<u8>) {
        request.extend(sign_in(self.0));
    }

    fn hear(&mut self, answer: &Answer<'_>) -> Result<()> {
        answer.expect(200)
    }
}

pub(super) struct Member {
    /// The member's number, counted from 1.
    pub(super) number: usize,
    /// The value of the `Authorization` header in API requests.
    pub(super) authorization: String,
}

impl Member {
    pub(super) async fn sign_in(client: &mut Client, number: usize) -> Result<Self> {
        let answer = client.exchange(&sign_in(number)).await?;
        answer.expect(200)?;
        let tokens: Value = serde_json::from_slice(answer.body)?;
        let token = tokens["access_token"].as_str().context("no token")?;
        Ok(Member {
            number,
            authorization: format!("Authorization: Bearer {token}\r\n"),
        })
    }

    pub(super) fn create(&self, path: &str, body: &Value) -> Vec<u8> {
        send_json("POST", path, &self.authorization, &body.to_string())
    }

    pub(super) async fn created(
        &self,
        client: &mut Client,
        path: &str,
        body: &Value,
    ) -> Result<Value> {
        let answer = client.exchange(&self.create(path, body)).await?;
        answer.expect(201)?;
        Ok(serde_json::from_slice(answer.body)?)
    }

    /// Creates a public countdown that counts the time since its only reset, and returns its ID.
    pub(super) async fn count_up(&self, client: &mut Client, slug: &str) -> Result<String> {
        let countdown = json!({
            "kind": "since",
            "title": format!("Days since {slug}"),
            "slug": slug,
            "visibility": "public",
            "listed": true,
            "time_zone": "Asia/Kuala_Lumpur",
        });
        let made = self.created(client, "/api/v1/countdowns", &countdown);
        let made = made.await?;
        let id = made["id"].as_str().context("a countdown without an id")?;
        self.reset(client, id).await?;
        Ok(id.to_owned())
    }

    pub(super) async fn reset(&self, client: &mut Client, countdown: &str) -> Result<()> {
        let path = resets(countdown);
        self.created(client, &path, &json!({})).await?;
        Ok(())
    }
}

pub(super) fn resets(countdown: &str) -> String {
    format!("/api/v1/countdowns/{countdown}/entries")
}
