//! Converts an app's script, interpreter and arguments to the command line of a service.

use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use super::service::{SHOWN, Service};
use super::values::{quoted, text};
use crate::toml_text::short;

/// Of a script.
const EXAMINED_BYTES: u64 = 512;

/// The interpreter of a script; `None` if the script is itself executable.
#[derive(Debug)]
pub(super) struct Interpreter(Option<String>);

impl Interpreter {
    /// Whether the interpreter is node or Bun, for which PM2 supports cluster mode.
    pub(super) fn is_node(&self) -> bool {
        let name = self.0.as_deref().and_then(|line| line.rsplit('/').next());
        name.is_some_and(|name| name.ends_with("node") || name.ends_with("bun"))
    }

    pub(super) fn is_python(&self) -> bool {
        self.0
            .as_deref()
            .is_some_and(|line| line.contains("python"))
    }
}

/// A service's command line.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) interpreter: Interpreter,
    /// Whether a shell must read the line.
    pub(super) is_for_shell: bool,
}

impl Service<'_> {
    /// Returns a service's command line; `None` if the app has no script.
    pub(super) fn run(&mut self, name: &str) -> Option<Line> {
        let script = self.take_text(&["script", "cmd", "command", "exec"]);
        let Some(script) = script.filter(|script| !script.trim().is_empty()) else {
            self.page.remark(&format!(
                "{name}: left out: no script is named; write its section by hand, with `run`"
            ));
            return None;
        };
        let named = self.take_text(&["interpreter", "exec_interpreter"]);
        let interpreter = self.interpreter(named.as_deref(), &script);
        let mut words: Vec<String> = interpreter.0.iter().map(|word| quoted(word)).collect();
        let options = self.take(&[
            "interpreter_args",
            "interpreterArgs",
            "node_args",
            "nodeArgs",
        ]);
        // Without an interpreter, PM2 also ignores the interpreter's options.
        let options = options.filter(|_| interpreter.0.is_some());
        let arguments = self.take(&["args"]);
        let extend = |words: &mut Vec<String>, more: Option<&Value>| match more {
            Some(Value::Array(more)) => {
                words.extend(more.iter().filter_map(text).map(|word| quoted(&word)));
            }
            Some(more) => {
                // Arguments in one string are split as a shell would split them. PM2 splits
                // differently only in rare cases.
                words.extend(text(more));
            }
            None => {}
        };
        extend(&mut words, options);
        // If the script contains spaces, it is a whole command line, so it is not quoted.
        if script.contains(char::is_whitespace) && words.is_empty() {
            words.push(script.clone());
        } else {
            words.push(quoted(&script));
        }
        extend(&mut words, arguments);
        let line = words.join(" ");
        if line.contains(['\n', '\r', '\0']) {
            self.page
                .remark(&format!("{name}: left out: its command has line breaks; write it on one line, and import again"));
            return None;
        }
        let is_line = [options, arguments]
            .into_iter()
            .flatten()
            .any(|more| !more.is_array());
        let is_line = is_line || script.contains(char::is_whitespace);
        if is_line && !closes_quotes(&line) {
            self.page.remark(&format!(
                "left out: a quote is not closed in {}: correct that, and import again",
                short(&line, SHOWN)
            ));
            return None;
        }
        // PM2 has bash read a script that is a whole command line, but not the arguments of a program.
        let is_for_shell =
            interpreter.0.is_none() && script.contains(char::is_whitespace) && needs_shell(&script);
        if is_for_shell {
            self.page
                .remark("PM2 runs this line with bash; here /bin/sh does, which can do less: write bash -c '…' if it needs that");
        } else if is_line && line.contains(['|', '&', ';', '<', '>', '$', '*', '`']) {
            self.page
                .remark("no shell runs this line; with `shell = true`, /bin/sh does");
        }
        for place in ["{socket}", "{port}", "{instance}", "{service."] {
            if line.contains(place) {
                self.page.remark(&format!(
                    "{place} has a meaning in `run`, see docs/configure.md"
                ));
            }
        }
        Some(Line {
            text: line,
            interpreter,
            is_for_shell,
        })
    }

    fn interpreter(&mut self, named: Option<&str>, script: &str) -> Interpreter {
        let program = match named {
            Some("none") => return Interpreter(None),
            Some(named) if named.starts_with("node@") => {
                self.page.remark(&format!(
                    "interpreter {}: PM2 takes that version from nvm; here the first node of PATH: write its whole path \
                     into `run` for another",
                    short(named, SHOWN)
                ));
                "node"
            }
            Some(named) => return Interpreter(Some(named.to_owned())),
            None => match self.interpreter_of(script) {
                Some(program) => program,
                None => return Interpreter(None),
            },
        };
        Interpreter(Some(program.to_owned()))
    }

    /// `None` if the script is executable or a shell command line.
    fn interpreter_of(&mut self, script: &str) -> Option<&'static str> {
        if script.contains(char::is_whitespace) {
            return None;
        }
        let ending = Path::new(script).extension().unwrap_or_default();
        Some(match ending.to_string_lossy().as_ref() {
            "js" | "cjs" | "mjs" => "node",
            "py" => "python3",
            "sh" => "bash",
            "rb" => "ruby",
            "pl" => "perl",
            "php" => "php",
            "coffee" => "coffee",
            "ls" => "lsc",
            "ts" | "tsx" => {
                self.page.remark("PM2 runs TypeScript with what it found; here node runs it, which must be new enough");
                "node"
            }
            // PM2 runs everything but binaries with node.
            _ => match self.is_binary(script) {
                Some(true) => return None,
                Some(false) => "node",
                // Without a slash, the script is the name of a program in `PATH`.
                None if !script.contains('/') => return None,
                None => {
                    self.page.remark(&format!(
                        "{}: PM2 has node run it unless it is a binary, and it is not here to be looked at: if it is a \
                         program of its own, take `node` out of `run`",
                        short(script, SHOWN)
                    ));
                    "node"
                }
            },
        })
    }

    /// `None` if the script does not exist on this machine.
    fn is_binary(&self, script: &str) -> Option<bool> {
        let directory = self.app.get("cwd").and_then(Value::as_str).unwrap_or(".");
        let file = self.folder.join(directory).join(script);
        // Only regular files are opened, because reading a pipe could block.
        let opened = std::fs::metadata(&file)
            .ok()
            .filter(std::fs::Metadata::is_file);
        let opened = opened.and_then(|_| std::fs::File::open(&file).ok())?;
        let mut beginning = Vec::new();
        opened
            .take(EXAMINED_BYTES)
            .read_to_end(&mut beginning)
            .ok()?;
        Some(beginning.contains(&0))
    }
}

/// Whether a shell reads it differently from a program and its arguments.
fn needs_shell(script: &str) -> bool {
    const OF_SHELL: [&str; 12] = [
        "cd", "exec", "export", "source", ".", "ulimit", "umask", "set", "unset", "trap", "eval",
        "if",
    ];
    let first = script.split_whitespace().next().unwrap_or_default();
    let is_assignment = first
        .split_once('=')
        .is_some_and(|(name, _)| !name.contains(['/', '"', '\'']));
    is_assignment
        || OF_SHELL.contains(&first)
        || script.contains([
            '|', '&', ';', '<', '>', '$', '*', '?', '[', '(', ')', '`', '~', '#', '!', '{',
        ])
}

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
