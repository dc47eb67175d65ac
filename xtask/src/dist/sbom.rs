//! Lists the program's components for vulnerability scanners, as `CycloneDX` 1.5.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use super::Release;
use super::crates::{Crate, Crates};

pub(super) fn text(release: &Release) -> Result<String> {
    let crates = Crates::read(release)?;
    let references: BTreeMap<&str, String> = crates
        .all
        .iter()
        .map(|one| (&*one.id, reference(one)))
        .collect();
    let is_program = |one: &&Crate| one.name == "kenduri";
    let program = crates.all.iter().find(is_program).map(component);
    let others = crates.all.iter().filter(|one| !is_program(one));
    let uses = crates.uses.iter().map(|(id, uses)| {
        let uses: Vec<_> = uses.iter().map(|id| &references[&**id]).collect();
        json!({ "ref": references[&**id], "dependsOn": uses })
    });
    let bom = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": release.date()?,
            "tools": { "components": [{ "type": "application", "name": "cargo xtask dist" }] },
            "component": program,
        },
        "components": others.map(component).collect::<Vec<_>>(),
        "dependencies": uses.collect::<Vec<_>>(),
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&bom)?))
}

fn component(one: &Crate) -> Value {
    let is_program = one.name == "kenduri";
    let mut component = json!({
        "type": if is_program { "application" } else { "library" },
        "bom-ref": reference(one),
        "name": one.name,
        "version": one.version,
    });
    if let Some(licence) = &one.license {
        // The old notation with a slash is no SPDX expression.
        let expression = licence.replace('/', " OR ");
        component["licenses"] = json!([{ "expression": expression }]);
    }
    if one.source.is_some() {
        component["purl"] = json!(reference(one));
    }
    if let Some(sum) = &one.sha256 {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
    }
    component
}

/// The package URL (purl).
fn reference(one: &Crate) -> String {
    // The plus sign before build metadata must be percent-encoded.
    format!("pkg:cargo/{}@{}", one.name, one.version.replace('+', "%2B"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_is_built_in_is_listed_and_nothing_else() {
        let text = text(&Release::read().unwrap()).unwrap();
        let bom: Value = serde_json::from_str(&text).unwrap();
        let components = bom["components"].as_array().unwrap();
        let names: BTreeSet<_> = components
            .iter()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        for there in ["edge", "rustls", "libsqlite3-sys", "tokio"] {
            assert!(names.contains(there), "{there}");
        }
        for other in ["kenduri", "xtask", "testkit", "tempfile", "serde_derive"] {
            assert!(!names.contains(other), "{other}");
        }
        let outside = components.iter().filter(|one| one["purl"].is_string());
        for one in outside {
            assert!(one["hashes"][0]["content"].is_string(), "{one}");
        }
        let dependencies = bom["dependencies"].as_array().unwrap();
        assert_eq!(dependencies.len(), components.len() + 1);
    }
}
