//! The command line of a service.

use serde_json::Value;

use super::app::{SHOWN, Service};
use super::values::{quoted, text};
use crate::import::page::short;

impl Service<'_> {
    /// What starts it; none: nothing says so.
    pub(super) fn run(&mut self) -> Option<(&'static str, toml::Value)> {
        let Some(script) = self.take_text(&["script", "cmd", "exec"]) else {
            self.page.remark("left out: no script is named");
            return None;
        };
        let interpreter = self.take_text(&["interpreter", "exec_interpreter"]);
        let mut words = self.interpreter(interpreter.as_deref(), &script);
        let options = self.take(&[
            "interpreter_args",
            "interpreterArgs",
            "node_args",
            "nodeArgs",
        ]);
        let arguments = self.take(&["args"]);
        let extend = |words: &mut Vec<String>, more: Option<&Value>| match more {
            Some(Value::Array(more)) => {
                words.extend(more.iter().filter_map(text).map(|word| quoted(&word)));
            }
            Some(more) => {
                // Split as a shell does; PM2's own way differs in rare cases only.
                words.extend(text(more));
            }
            None => {}
        };
        extend(&mut words, options);
        // A line in the place of a script is for the shell.
        if script.contains(char::is_whitespace) && words.is_empty() {
            words.push(script.clone());
        } else {
            words.push(quoted(&script));
        }
        extend(&mut words, arguments);
        let line = words.join(" ");
        if line.contains(['\n', '\r', '\0']) {
            self.page.remark("left out: its command has line breaks");
            return None;
        }
        let is_line = [options, arguments]
            .into_iter()
            .flatten()
            .any(|more| !more.is_array());
        let is_line = is_line || script.contains(char::is_whitespace);
        if is_line && !closes_quotes(&line) {
            self.page.remark(&format!(
                "left out: a quote is never closed in {}",
                short(&line, SHOWN)
            ));
            return None;
        }
        if is_line && line.contains(['|', '&', ';', '<', '>', '$', '*', '`']) {
            self.page
                .remark("no shell reads this line: with `shell = true`, /bin/sh does");
        }
        for place in ["{socket}", "{port}", "{instance}", "{service."] {
            if line.contains(place) {
                self.page.remark(&format!(
                    "{place} has a meaning in `run`, see docs/configure.md"
                ));
            }
        }
        Some(("run", line.into()))
    }

    pub(super) fn interpreter(&mut self, named: Option<&str>, script: &str) -> Vec<String> {
        match named {
            Some("none") => return Vec::new(),
            Some(named) => return vec![quoted(named)],
            None => {}
        }
        let ending = std::path::Path::new(script).extension().unwrap_or_default();
        let program = match ending.to_string_lossy().as_ref() {
            _ if script.contains(char::is_whitespace) => return Vec::new(),
            "js" | "cjs" | "mjs" => "node",
            "py" => "python3",
            "sh" => "bash",
            "rb" => "ruby",
            "pl" => "perl",
            "php" => "php",
            "ts" | "tsx" => {
                self.page.remark("TypeScript is run by what PM2 has found; here by node, which must be new enough for it");
                "node"
            }
            // A program of its own, found as a shell finds it.
            _ => return Vec::new(),
        };
        vec![program.to_owned()]
    }
}

/// Whether every quote of a command line ends.
fn closes_quotes(line: &str) -> bool {
    let mut open = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (open, letter) {
            (None | Some('"'), '\\') => {
                letters.next();
            }
            (None, '"' | '\'') => open = Some(letter),
            (Some(quote), letter) if quote == letter => open = None,
            _ => {}
        }
    }
    open.is_none()
}
