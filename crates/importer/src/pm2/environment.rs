//! Converts the environment variables of an app.

use std::path::Path;

use serde_json::Value;
use toml::Table;

use super::command::Interpreter;
use super::instances::InstanceCount;
use super::service::{SHOWN, Service};
use super::values::text;
use crate::toml_text::short;

impl<'a> Service<'a> {
    /// Its variables override variables in `env`.
    fn wanted(&self) -> Option<String> {
        self.asked.env.as_ref().map(|name| format!("env_{name}"))
    }

    /// Iterates over all variables of the app. If two variables have the same name, the later one
    /// applies.
    pub(super) fn variables(&self) -> impl DoubleEndedIterator<Item = (&'a String, &'a Value)> {
        let app = self.app;
        let chosen = self.wanted().and_then(|wanted| app.get(&wanted));
        let tables = [app.get("env"), chosen].into_iter().flatten();
        tables.filter_map(Value::as_object).flatten()
    }

    /// Returns the service's variables. Variables of the chosen environment override variables in
    /// `env`. The result also contains the variables that PM2 itself sets.
    pub(super) fn env(&mut self, interpreter: &Interpreter) -> Vec<(String, String)> {
        let wanted = self.wanted();
        let mut all = Table::new();
        let mut odd = Vec::new();
        for (name, value) in self.variables() {
            match text(value) {
                Some(value) if is_name(name) && !value.contains('\0') => {
                    all.insert(name.clone(), value.into());
                }
                _ => odd.push(short(name, SHOWN)),
            }
        }
        if interpreter.is_python() {
            all.insert("PYTHONUNBUFFERED".to_owned(), "1".into());
        }
        if !odd.is_empty() {
            self.page.remark(&format!(
                "left out of env, because the name is not allowed or there is no value; name it otherwise in the program, if it needs it: {}",
                odd.join(", ")
            ));
        }
        if let Some(wanted) = &wanted
            && !self.app.contains_key(wanted)
        {
            self.page.remark(&format!(
                "there is no {wanted}; name one that there is: --env NAME"
            ));
        }
        for key in self
            .app
            .keys()
            .filter(|key| key.starts_with("env_") && *key != "env_file")
        {
            self.used.push(key);
            if wanted.as_ref() != Some(key) {
                self.page.remark(&format!(
                    "{key}: not taken; `kenduri import pm2 --env {}` does",
                    &key["env_".len()..]
                ));
            }
        }
        self.used.push("env");
        if let Some(file) = self.take_text(&["env_file"]) {
            self.page
                .remark("`env_file` must have mode 0600: chmod 600 FILE");
            // PM2 looks for it in the app's folder, Kenduri in that of kenduri.toml.
            let folder = self.app.get("cwd").and_then(Value::as_str);
            let file = file.strip_prefix("./").unwrap_or(&file);
            let file = Path::new(folder.unwrap_or_default()).join(file);
            self.page
                .key("env_file", file.to_string_lossy().into_owned());
        }
        all.into_iter()
            .map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()))
            .collect()
    }

    pub(super) fn write_env(
        &mut self,
        env: Vec<(String, String)>,
        listens: bool,
        crew: &InstanceCount,
    ) {
        let mut table = Table::new();
        for (name, value) in env {
            if listens && name == "PORT" {
                continue;
            }
            if self.placed(&name, &value, listens) {
                table.insert(name, value.into());
            }
        }
        let variable = self.take_text(&["instance_var"]);
        if crew.number > 1 || crew.is_cluster || variable.is_some() {
            let variable = variable
                .filter(|name| is_name(name))
                .unwrap_or_else(|| "NODE_APP_INSTANCE".to_owned());
            table.insert(variable, "{instance}".into());
        }
        let secret = |name: &str| {
            let name = name.to_ascii_uppercase();
            ["PASS", "SECRET", "TOKEN", "KEY", "DATABASE_URL", "DSN"]
                .iter()
                .any(|part| name.contains(part))
        };
        let secrets: Vec<&str> = table
            .keys()
            .map(String::as_str)
            .filter(|name| secret(name))
            .collect();
        if !secrets.is_empty() {
            self.page.remark(&format!(
                "{}: secrets are better kept in a file of mode 0600, with NAME=value lines: env_file = \"secrets/NAME.env\"",
                secrets.join(", ")
            ));
        }
        if !table.is_empty() {
            self.page.key("env", table);
        }
    }

    /// Placeholders that have no value for the service, such as `{socket}`, may not be in `env`.
    /// Adds a remark about each of Kenduri's placeholders.
    fn placed(&mut self, name: &str, value: &str, listens: bool) -> bool {
        let known = [
            ("{instance}", true),
            ("{port}", listens),
            ("{socket}", false),
            ("{service.", false),
        ];
        let mut may_stand = true;
        for (word, has_value) in known.into_iter().filter(|(word, _)| value.contains(word)) {
            may_stand &= has_value;
            let what = if has_value {
                "is replaced in `env`, where PM2 hands it on as it is: name it otherwise in the program"
            } else {
                "has no meaning here, so this variable is left out: name it otherwise in the program"
            };
            self.page.remark(&format!(
                "{}: {word} {what}; see docs/services.md",
                short(name, SHOWN)
            ));
        }
        may_stand
    }
}

fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(plain)
}
