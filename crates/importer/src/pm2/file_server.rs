//! Converts apps with `script: "serve"`, which is PM2's own file server.

use std::path::Path;

use serde_json::Value;
use toml::Table;

use super::service::{SHOWN, Service};
use super::values::text;
use crate::toml_text::short;

const PREFIX: &str = "PM2_SERVE_";
/// PM2's default.
const PORT: &str = "8080";
const HOMEPAGE: &str = "/index.html";

impl Service<'_> {
    /// Writes a commented-out route that replaces PM2's file server. The route cannot be active,
    /// because the host is not known. Returns false if the app is not PM2's file server.
    pub(super) fn serves_files(&mut self, name: &str) -> bool {
        if self.app.get("script").and_then(Value::as_str) != Some("serve") {
            return false;
        }
        let Some(folder) = self.served("PATH").or_else(|| {
            let is_its = self.variables().any(|(name, _)| name.starts_with(PREFIX));
            is_its.then(|| ".".to_owned())
        }) else {
            self.page.remark(&format!(
                "{name}: where `serve` is the file server of PM2, and not that of npm, write a route to files:DIR in its place"
            ));
            return false;
        };
        let directory = self.app.get("cwd").and_then(Value::as_str).unwrap_or("");
        let folder = Path::new(directory).join(folder);
        let port = self.served("PORT").unwrap_or_else(|| PORT.to_owned());
        let homepage = self
            .served("HOMEPAGE")
            .unwrap_or_else(|| HOMEPAGE.to_owned());
        let is_for_one_page = self.served("SPA").as_deref() == Some("true");
        let has_password = self.served("BASIC_AUTH").as_deref() == Some("true");
        self.page.remark(&format!(
            "{name}: left out: `serve` is the file server of PM2, for which no program is needed. \
             The route below does that, once its HOST is written and the # are taken away. Its \
             files are looked for from the folder of kenduri.toml, and nothing listens on port {} \
             any more: it answers where [listen] says, and what led to that port (as a \
             `proxy_pass` of nginx) leads here",
            short(&port, SHOWN)
        ));
        if has_password {
            self.page.remark(&format!(
                "CAREFUL: {name}: a password was asked for. secrets/{name} must be made: kenduri password hash NAME >> \
                 secrets/{name}"
            ));
        }
        if homepage != HOMEPAGE && !is_for_one_page {
            self.page.remark(&format!(
                "PM2_SERVE_HOMEPAGE {}: left out, because the page of a folder is always index.html; give the file that name",
                short(&homepage, SHOWN)
            ));
        }
        self.page.say("[[route]]");
        self.page.propose("host", "HOST");
        self.page
            .propose("to", format!("files:{}", folder.display()));
        if is_for_one_page {
            let places = ["{path}".to_owned(), "{path}/".to_owned(), homepage];
            self.page.propose("try", places.to_vec());
        }
        if has_password {
            let mut basic = Table::new();
            basic.insert("file".to_owned(), format!("secrets/{name}").into());
            let mut access = Table::new();
            access.insert("basic".to_owned(), basic.into());
            self.page.propose("access", access);
        }
        true
    }

    fn served(&self, name: &str) -> Option<String> {
        let name = format!("{PREFIX}{name}");
        let said = self.variables().rfind(|(other, _)| **other == name);
        said.and_then(|(_, value)| text(value))
            .filter(|value| !value.is_empty())
    }
}
