//! The wedding, made as its README says: an owner makes the occasion, Kenduri is stopped, and the
//! dump of an older wedding manager is imported.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::command;
use super::running::{Answer, Running, ask};

const SETTINGS: [&str; 2] = ["--config", "kenduri.toml"];
const SLUG: &str = "nurul-haris";

pub(super) fn prepare(
    program: &Path,
    folder: &Path,
    start: impl FnOnce() -> Result<Running>,
) -> Result<()> {
    let owner = [
        "owner",
        "create",
        "--email",
        "nurul@older.example",
        "--name",
        "Nurul",
    ];
    let said = command(program, folder, &[&owner[..], &SETTINGS].concat())?;
    let mut words = said.split_whitespace();
    let link = words.find_map(|word| Some(&word[word.find("/sign-in/")?..]));
    let link = link.context("no link to sign in")?;
    let running = start()?;
    make_occasion(&running, link)?;
    running.stop()?;
    let import = [
        "import",
        "wedding-manager",
        "older-wedding.sql",
        "--occasion",
        SLUG,
    ];
    command(program, folder, &[&import[..], &SETTINGS].concat())?;
    Ok(())
}

fn make_occasion(running: &Running, link: &str) -> Result<()> {
    let address = running.address();
    let origin = format!("http://{address}");
    let page = ask(address, "GET", link, &[], "")?;
    let token = form_token(&page)?;
    let headers = [
        ("Cookie", page.cookie().unwrap_or_default()),
        ("Origin", &*origin),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let signed_in = ask(address, "POST", link, &headers, &format!("_csrf={token}"))?;
    let session = signed_in.cookie().context("no session")?;
    let page = ask(address, "GET", "/admin/new", &[("Cookie", session)], "")?;
    let token = form_token(&page)?;
    let post = |path: &str, body: &Value| -> Result<Value> {
        let headers = [
            ("Cookie", session),
            ("Sec-Fetch-Site", "same-origin"),
            ("X-CSRF-Token", &*token),
            ("Content-Type", "application/json"),
        ];
        let answer = ask(address, "POST", path, &headers, &body.to_string())?;
        ensure!(
            answer.status < 300,
            "{path}: {} {}",
            answer.status,
            answer.body
        );
        Ok(serde_json::from_str(&answer.body).unwrap_or_default())
    };
    let occasion = json!({
        "slug": SLUG,
        "hosts": {"en": "Nurul & Haris"},
        "title": {"en": "Wedding of Nurul and Haris"},
        "time_zone": "Asia/Kuala_Lumpur",
    });
    let made = post("/api/v1/occasions", &occasion)?;
    let id = made["id"].as_str().context("no occasion")?;
    let event = json!({
        "name": {"en": "Akad nikah"},
        "starts_at": "2027-06-12T10:00:00+08:00",
        "venue": "Masjid Seremban",
    });
    post(&format!("/api/v1/occasions/{id}/events"), &event)?;
    post(&format!("/api/v1/occasions/{id}/publish"), &json!({}))?;
    Ok(())
}

fn form_token(page: &Answer) -> Result<String> {
    let rest = page.body.split("name=\"_csrf\" value=\"").nth(1);
    let token = rest.and_then(|rest| rest.split('"').next());
    Ok(token.context("a page without a form")?.to_owned())
}
