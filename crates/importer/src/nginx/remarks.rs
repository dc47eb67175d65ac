//! Remarks for the user about directives that could not be imported or that are not needed.

use super::directive::Directive;

/// Remarks in the order of the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Remarks(Vec<Remark>);

#[derive(Debug, Clone)]
enum Remark {
    Line(String),
    /// Directives in one file that are not needed for the same reason.
    Settled {
        file: String,
        lines: Vec<usize>,
        names: Vec<String>,
        why: &'static str,
    },
}

impl Remarks {
    pub(super) fn about(&mut self, directive: &Directive, why: &str) {
        let shown = directive.shown();
        self.line(format!("{}: {shown}: {why}", directive.place));
    }

    /// Adds a remark about a directive whose access restriction could not be imported unchanged.
    pub(super) fn careful(&mut self, directive: &Directive, why: &str) {
        let shown = directive.shown();
        self.line(format!("CAREFUL: {}: {shown}: {why}", directive.place));
    }

    pub(super) fn line(&mut self, line: String) {
        if !self
            .0
            .iter()
            .any(|other| matches!(other, Remark::Line(same) if *same == line))
        {
            self.0.push(Remark::Line(line));
        }
    }

    /// Adds a remark about a directive that is not needed. Remarks with the same reason are merged.
    pub(super) fn settled(&mut self, directive: &Directive, why: &'static str) {
        self.merge(Remark::Settled {
            file: directive.place.file.to_string(),
            lines: vec![directive.place.line],
            names: vec![match directive.name.as_str() {
                name @ "proxy_set_header" => format!("{name} {}", directive.word(0)),
                "location" | "if" | "return" | "rewrite" => directive.shown(),
                _ => directive.name.clone(),
            }],
            why,
        });
    }

    fn merge(&mut self, remark: Remark) {
        let Remark::Settled {
            file,
            lines,
            names,
            why,
        } = remark
        else {
            self.0.push(remark);
            return;
        };
        let known = self.0.iter_mut().find_map(|other| match other {
            Remark::Settled {
                file: same_file,
                lines,
                names,
                why: same,
            } if *same == why && *same_file == file => Some((lines, names)),
            _ => None,
        });
        let Some((known_lines, known_names)) = known else {
            self.0.push(Remark::Settled {
                file,
                lines,
                names,
                why,
            });
            return;
        };
        for line in lines {
            if !known_lines.contains(&line) {
                known_lines.push(line);
            }
        }
        for name in names {
            if !known_names.contains(&name) {
                known_names.push(name);
            }
        }
        known_lines.sort_unstable();
    }

    /// Removes and returns the remarks about directives that are not needed.
    pub(super) fn take_settled(&mut self) -> Self {
        let is_settled = |remark: &mut Remark| matches!(remark, Remark::Settled { .. });
        Self(self.0.extract_if(.., is_settled).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn append(&mut self, others: Self) {
        others.0.into_iter().for_each(|remark| self.merge(remark));
    }

    /// The remarks as lines of text.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|remark| match remark {
            Remark::Line(line) => line.clone(),
            Remark::Settled {
                file,
                lines,
                names,
                why,
            } => {
                let lines: Vec<String> = lines.iter().map(usize::to_string).collect();
                format!("{file}:{}: {}: {why}", lines.join(","), names.join(", "))
            }
        })
    }
}
