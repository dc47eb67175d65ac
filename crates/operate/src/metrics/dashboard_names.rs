//! Tests that the dashboard and the rules in `packaging/grafana` name only existing metrics.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

const BOARD: &str = include_str!("../../../../packaging/grafana/kenduri-board.json");
const RULES: &str = include_str!("../../../../packaging/grafana/kenduri-rules.yaml");

fn metric_names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_metric = |word: &&str| {
        let prefixes = ["edge_", "kenduri_", "process_"];
        prefixes.iter().any(|prefix| word.starts_with(prefix))
    };
    words.filter(is_metric).map(str::to_owned).collect()
}

fn sources(folder: &Path, all: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, all);
        } else if path.file_name().is_some_and(|name| name != "board.rs") {
            all.push_str(&fs::read_to_string(&path).expect("a source"));
        }
    }
}

#[test]
fn the_board_and_the_rules_name_metrics_that_exist() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut all = String::new();
    for name in ["backup", "edge", "kenduri", "operate", "platform"] {
        sources(&crates.join(name).join("src"), &mut all);
    }
    let existing = metric_names(&all);
    for (file, text, least) in [("board", BOARD, 20), ("rules", RULES, 12)] {
        let named = metric_names(text);
        assert!(named.len() >= least, "{file}: {named:?}");
        for name in named {
            let base = name.strip_suffix("_bucket").unwrap_or(&name);
            assert!(existing.contains(base), "{file}: {name}");
        }
    }
}

#[test]
fn the_board_can_be_imported() {
    let board: Value = serde_json::from_str(BOARD).expect("JSON");
    let panels = board["panels"].as_array().expect("panels");
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_i64()).collect();
    assert_eq!(ids.len(), panels.len());
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let targets = panel["targets"].as_array().expect("queries");
        assert!(!targets.is_empty() && panel["title"].is_string());
    }
    let alerts = RULES.matches("- alert: ").count();
    for part in ["expr: ", "summary: ", "action: "] {
        assert_eq!(RULES.matches(part).count(), alerts, "{part}");
    }
}
