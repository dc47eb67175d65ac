//! Formats `kenduri --help`. The subcommands are in groups, which clap supports only for options.

use std::fmt::Write as _;

use clap::Command;

/// Every subcommand of [`super::Kenduri`] must be in one group.
const GROUPS: [(&str, &[&str]); 3] = [
    ("First steps", &["serve", "check", "owner", "apply"]),
    (
        "Services",
        &[
            "ps", "monit", "describe", "logs", "start", "stop", "restart", "reload", "scale",
        ],
    ),
    (
        "Operation",
        &[
            "install",
            "upgrade",
            "backup",
            "restore",
            "follow",
            "take-over",
            "maintenance",
            "purge",
            "migrate",
            "move-store",
            "move-files",
            "password",
            "secret",
            "token",
            "verify",
            "import",
            "export",
        ],
    ),
];

/// Returns the template for the help of a command, including the subcommands with their short
/// descriptions.
pub(super) fn template(commands: &Command) -> String {
    let mut template = "{about-with-newline}\nUsage: {usage}\n".to_owned();
    for (group, names) in GROUPS {
        let _ = writeln!(template, "\n{group}:");
        for name in names {
            let about = commands
                .find_subcommand(name)
                .and_then(Command::get_about)
                .map(ToString::to_string)
                .unwrap_or_default();
            let _ = writeln!(template, "  {name:<11}  {about}");
        }
    }
    template.push_str("\nOptions:\n{options}{after-help}\n");
    template
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::GROUPS;
    use crate::commands::Kenduri;

    #[test]
    fn every_command_is_in_one_group_of_the_help() {
        let kenduri = Kenduri::command();
        let shown = kenduri.get_subcommands().filter(|one| !one.is_hide_set());
        let mut shown: Vec<&str> = shown.map(clap::Command::get_name).collect();
        let grouped = GROUPS.iter().flat_map(|(_, names)| names.iter());
        let mut grouped: Vec<&str> = grouped.copied().collect();
        shown.sort_unstable();
        grouped.sort_unstable();
        assert_eq!(shown, grouped);
    }

    #[test]
    fn the_help_says_what_each_command_does() {
        let mut kenduri = Kenduri::command();
        let help = kenduri.render_long_help().to_string();
        for command in kenduri
            .get_subcommands()
            .filter(|one| !one.is_hide_set() && one.get_name() != "help")
        {
            let line = format!(
                "\n  {:<11}  {}\n",
                command.get_name(),
                command.get_about().expect("each has a short text")
            );
            assert!(help.contains(&line), "{line}{help}");
            assert!(
                line.trim().chars().count() <= 78,
                "too long for a line: {line}"
            );
        }
        assert!(help.contains("--version"), "{help}");
        assert!(!help.contains(['{', '}']), "{help}");
    }
}
