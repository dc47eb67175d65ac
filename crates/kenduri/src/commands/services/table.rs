//! Formats tables and descriptions of running services for the terminal.

use std::fmt::Write as _;

use jiff::Timestamp;
use operate::control_requests::services;
use supervisor::{InstanceStatus, ServiceStatus};

/// A value wider than its column shifts the rest of its row to the right.
const HEAD: [&str; 10] = [
    "SERVICE",
    "#",
    "STATE",
    "PID",
    "SINCE",
    "RESTARTS",
    "CPU %",
    "MEMORY",
    "REQ/S",
    "LAST EXIT",
];

pub(super) fn rows(rows: &[InstanceStatus], now: Timestamp) -> String {
    let cells = rows.iter().map(|row| cells(row, now));
    let lines: Vec<[String; HEAD.len()]> = std::iter::once(HEAD.map(str::to_owned))
        .chain(cells)
        .collect();
    let mut widths = [0; HEAD.len()];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for line in lines {
        let padded = line.iter().zip(widths).map(|(cell, width)| {
            let gap = width.saturating_sub(cell.chars().count());
            format!("{cell}{}", " ".repeat(gap))
        });
        let padded: Vec<String> = padded.collect();
        text.push_str(padded.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn cells(row: &InstanceStatus, now: Timestamp) -> [String; HEAD.len()] {
    let none = || "–".to_owned();
    [
        row.service.to_string(),
        row.instance.to_string(),
        word(&row.state),
        row.pid.map_or_else(none, |pid| pid.to_string()),
        age(now.duration_since(row.since).as_secs()),
        row.restarts.to_string(),
        format!("{:.1}", row.cpu_percent),
        megabytes(row.memory_bytes),
        row.requests_per_second
            .map_or_else(none, |rate| format!("{rate:.1}")),
        row.last_exit.clone().unwrap_or_else(none),
    ]
}

fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// In its two largest units.
fn age(seconds: i64) -> String {
    let seconds = seconds.max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h {}m", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

fn megabytes(bytes: u64) -> String {
    let tenths = bytes / 100_000;
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

pub(super) fn description(found: &ServiceStatus, now: Timestamp) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:12} {value}");
    };
    line("service", &found.service);
    line("command", &found.command.join(" "));
    line("directory", &found.directory.display().to_string());
    if let Some(user) = &found.user {
        line("user", user);
    }
    if let Some(front) = &found.front {
        line("front", front);
    }
    if !found.after.is_empty() {
        line("after", &found.after.join(", "));
    }
    line("generation", &found.generation.to_string());
    line(
        "wanted",
        &format!(
            "{} and {} spare",
            found.wanted_instances, found.wanted_spare
        ),
    );
    for (name, value) in services::settings(&found.settings) {
        line(&name, &value);
    }
    line("environment", &found.environment.join(", "));
    for socket in &found.sockets {
        line("socket", &socket.to_string());
    }
    for exit in &found.exits {
        line(
            "exit",
            &format!(
                "{:.0} instance {}: {} after {}",
                exit.at,
                exit.instance,
                exit.how,
                age(exit.ran_seconds)
            ),
        );
    }
    if !found.instances.is_empty() {
        let _ = write!(text, "\n{}", rows(&found.instances, now));
    }
    if !found.lines.is_empty() {
        text.push('\n');
        for line in &found.lines {
            text.push_str(&line.to_file_line());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use supervisor::ServiceStatus;

    use super::{age, description, megabytes};

    #[test]
    fn a_description_says_for_how_long_as_the_list_does() {
        let found: ServiceStatus = serde_json::from_value(serde_json::json!({
            "service": "web", "command": ["web"], "directory": "/", "user": null, "front": null,
            "after": [], "generation": 1, "wanted_instances": 1, "wanted_spare": 0,
            "environment": [], "sockets": [], "exits": [], "lines": [],
            "instances": [{
                "service": "web", "instance": 0, "generation": 1, "state": "ready", "pid": 4_711,
                "since": "2026-11-20T08:00:00Z", "restarts": 0, "cpu_percent": 0.0,
                "memory_bytes": 0, "requests_per_second": null, "last_exit": null,
            }],
        }))
        .expect("a description");
        let now: Timestamp = "2026-11-20T08:01:05Z".parse().expect("a time");
        let text = description(&found, now);
        assert!(text.contains("4711  1m 5s"), "{text}");
    }

    #[test]
    fn times_and_sizes_are_short() {
        assert_eq!(age(-1), "0s");
        assert_eq!(age(61), "1m 1s");
        assert_eq!(age(3_720), "1h 2m");
        assert_eq!(age(200_000), "2d 7h");
        assert_eq!(megabytes(12_345_678), "12.3 MB");
    }
}
