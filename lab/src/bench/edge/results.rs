//! The table of results: a Markdown file to which each row is appended when it is measured, so that
//! an interrupted run can be continued.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

const HEAD: &str = "| Row | nginx | HAProxy | Kenduri | nginx ÷ ours | Goal | HAProxy ÷ ours | Instructions, nginx and ours |\n\
                    |---|---|---|---|---|---|---|---|\n";

pub(super) struct Results {
    file: PathBuf,
    text: String,
}

pub(super) struct Measured {
    pub(super) name: String,
    pub(super) unit: &'static str,
    pub(super) nginx: f64,
    /// `None` where `HAProxy` cannot be compared.
    pub(super) haproxy: Option<f64>,
    pub(super) ours: f64,
    pub(super) goal: String,
    /// Whether a larger figure is better. If it is, the ratios are inverted.
    pub(super) is_rate: bool,
    /// The instructions of nginx and of Kenduri; `None` if this machine cannot count them.
    pub(super) instructions: Option<[f64; 2]>,
}

impl Results {
    /// Opens the results table in this file. Keeps the existing rows if `is_resumed`.
    pub(super) fn open(file: &Path, is_resumed: bool) -> Result<Self> {
        let before = is_resumed.then(|| fs::read_to_string(file).ok()).flatten();
        let is_new = before.is_none();
        let text = before.unwrap_or_else(|| HEAD.to_owned());
        if is_new {
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(file, &text).with_context(|| format!("cannot write {}", file.display()))?;
        }
        print!("{text}");
        Ok(Self {
            file: file.to_owned(),
            text,
        })
    }

    /// Whether this row was measured already.
    pub(super) fn has(&self, name: &str) -> bool {
        let begin = format!("| {name} |");
        self.text.lines().any(|line| line.starts_with(&begin))
    }

    /// Appends all rows, or none if writing fails.
    pub(super) fn add(&mut self, rows: &[Measured]) -> Result<()> {
        let lines: String = rows.iter().map(Measured::line).collect();
        let mut file = OpenOptions::new().append(true).open(&self.file)?;
        file.write_all(lines.as_bytes())?;
        print!("{lines}");
        self.text.push_str(&lines);
        Ok(())
    }
}

impl Measured {
    fn line(&self) -> String {
        let Self {
            name,
            unit,
            nginx,
            ours,
            goal,
            ..
        } = self;
        let ratio = |theirs: &f64| {
            if self.is_rate {
                ours / theirs
            } else {
                theirs / ours
            }
        };
        let other = self.haproxy;
        let haproxy = other.map(|figure| format!("{figure:.1} {unit}"));
        let beside = other.map(|figure| format!("{:.2}", ratio(&figure)));
        let (haproxy, beside) = (haproxy.unwrap_or_default(), beside.unwrap_or_default());
        let instructions = self.instructions;
        let instructions = instructions.map(|[theirs, ours]| format!("{theirs:.0}, {ours:.0}"));
        format!(
            "| {name} | {nginx:.1} {unit} | {haproxy} | {ours:.1} {unit} | {:.2} | {goal} | {beside} | {} |\n",
            ratio(nginx),
            instructions.unwrap_or_default(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_continued_table_keeps_its_rows() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("below/rows.md");
        let row = |name: &str, is_rate: bool| Measured {
            name: name.to_owned(),
            unit: "µs",
            nginx: 6.0,
            haproxy: is_rate.then_some(3.0),
            ours: 4.0,
            goal: "1.2".to_owned(),
            is_rate,
            instructions: None,
        };
        let mut results = Results::open(&file, true).unwrap();
        assert!(!results.has("one"));
        results.add(&[row("one", false), row("two", true)]).unwrap();
        let results = Results::open(&file, true).unwrap();
        assert!(results.has("one") && results.has("two") && !results.has("on"));
        let lines: Vec<_> = results.text.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| one | 6.0 µs |  | 4.0 µs | 1.50 | 1.2 |  |  |",
                "| two | 6.0 µs | 3.0 µs | 4.0 µs | 0.67 | 1.2 | 1.33 |  |",
            ]
        );
        assert!(!Results::open(&file, false).unwrap().has("one"));
    }
}
