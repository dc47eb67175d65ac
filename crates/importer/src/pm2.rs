//! Imports the apps of a PM2 ecosystem file as services.

mod app;
mod command;
mod environment;
mod file_server;
mod instances;
mod node;
mod restart_settings;
mod service;
#[cfg(test)]
mod tests;
mod values;

use std::path::Path;

use serde_json::{Map, Value};

use super::toml_text::Page;
use super::{ImportError, Imported};

const MAX_APPS: usize = 1_000;
/// Of open brackets.
const MAX_DEPTH: usize = 100;

/// The user's options on the command line.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Whether node may run the ecosystem file, if the file is a program.
    pub run: bool,
    /// The name of a PM2 environment. Its variables, in `env_NAME`, override those in `env`.
    pub env: Option<String>,
    /// The number of processor cores, which `instances: "max"` stands for.
    pub cores: usize,
}

/// Converts a PM2 ecosystem file to a `kenduri.toml`.
pub fn import(file: &Path, asked: &Asked) -> Result<Imported, ImportError> {
    let ending = file.extension().unwrap_or_default().to_string_lossy();
    let text = match ending.as_ref() {
        "js" | "cjs" | "mjs" => node::read(file, asked.run)?,
        "yml" | "yaml" => {
            return Err(ImportError::Nothing {
                file: file.display().to_string(),
                what: "YAML is not read",
                mend: "write it as JSON, and import that",
            });
        }
        _ => super::read(file)?,
    };
    let name = file
        .file_name()
        .unwrap_or(file.as_os_str())
        .to_string_lossy();
    let folder = file.parent().unwrap_or(Path::new(""));
    made_of(&name, &text, folder, asked)
}

/// As PM2 does: as JSON, or as the literal of an object in JavaScript (<https://spec.json5.org>).
fn parsed(name: &str, text: &str) -> Result<Value, ImportError> {
    let malformed = |line: usize, what: String| ImportError::Malformed {
        place: format!("{name}:{line}"),
        what: format!("not valid JSON5: {what}"),
        mend: "if it is a program with `module.exports`, let its name end in .js",
    };
    if let Ok(whole) = serde_json::from_str(text) {
        return Ok(whole);
    }
    // The reader of JSON5 has no limit of its own, and would overflow the stack.
    let mut depth = 0_usize;
    for (number, line) in text.lines().enumerate() {
        for letter in line.chars() {
            match letter {
                '[' | '{' => depth += 1,
                ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > MAX_DEPTH {
                return Err(malformed(number + 1, "it is nested too deep".to_owned()));
            }
        }
    }
    json5::from_str(text).map_err(|error| {
        let line = error.position().map_or(1, |position| position.line + 1);
        malformed(line, error.to_string())
    })
}

fn made_of(name: &str, json: &str, folder: &Path, asked: &Asked) -> Result<Imported, ImportError> {
    let whole = parsed(name, json)?;
    let nothing = || ImportError::Nothing {
        file: name.to_owned(),
        what: "there are no apps in it",
        mend: "name the file that `pm2 start` is given, with its list `apps`",
    };
    let mut page = Page::default();
    page.say(&format!(
        "What `kenduri import pm2` made of {name}. Look at it with: kenduri check --config FILE"
    ));
    page.say("A comment above a key says what could not be carried over.");
    page.gap();
    page.say(
        "PM2 hands on the environment of the shell that started it. A service of Kenduri has PATH, HOME, LANG, TZ, \
         and what is written here.",
    );
    page.say("A service without `directory` runs in the folder of kenduri.toml; its program is looked for there.");
    page.say(
        "PM2 stops with SIGINT, Kenduri with SIGTERM; so `stop` says INT here. A program that knows TERM needs no `stop`.",
    );
    let apps: Vec<&Map<String, Value>> = match &whole {
        Value::Object(object) if object.contains_key("apps") => {
            for key in object.keys().filter(|key| *key != "apps") {
                page.remark(&format!("{key}: not carried over; Kenduri keeps programs running, it does not deploy them"));
            }
            match object.get("apps") {
                Some(Value::Array(apps)) => apps.iter().filter_map(Value::as_object).collect(),
                Some(Value::Object(app)) => vec![app],
                _ => Vec::new(),
            }
        }
        Value::Object(app) if app.contains_key("script") || app.contains_key("cmd") => vec![app],
        Value::Array(apps) => apps.iter().filter_map(Value::as_object).collect(),
        _ => return Err(nothing()),
    };
    if apps.is_empty() {
        return Err(nothing());
    }
    let mut taken = app::UsedNames::default();
    for (number, app) in apps.into_iter().enumerate() {
        page.gap();
        if number >= MAX_APPS {
            page.remark("the other apps are left out: there are too many; import them from a file of their own");
            break;
        }
        app::write(&mut page, app, number, &mut taken, folder, asked);
    }
    Ok(page.finish())
}
