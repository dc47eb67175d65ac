//! The repository's path, its files, and cargo's metadata.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

pub fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// Returns a path relative to the root of the repository.
pub fn shown(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}

/// Returns every file below `folder`, sorted, without files created by builds and package managers.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("cannot list {}", shown(&folder)))?;
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            let left_behind = ["target", "node_modules", ".venv", ".git"]
                .iter()
                .any(|known| name == *known);
            let ours = !left_behind && entry.path() != root().join("data");
            let kind = entry.file_type()?;
            if kind.is_dir() && ours {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

#[derive(Deserialize)]
pub struct Metadata {
    /// The crates of the workspace, and third-party crates.
    pub packages: Vec<Package>,
}

/// A crate of the workspace or of the registry.
#[derive(Deserialize)]
pub struct Package {
    pub name: String,
    pub version: String,
    /// The registry or repository of the package; `None` if its source is a path.
    pub source: Option<String>,
    pub license: Option<String>,
    pub manifest_path: PathBuf,
    pub dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub struct Dependency {
    pub name: String,
    /// `dev` or `build`; `None` for a normal dependency.
    pub kind: Option<String>,
}

impl Package {
    pub fn is_ours(&self) -> bool {
        self.source.is_none()
    }

    pub fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }

    /// Returns all folders with this name, which may be beside the manifest or inside any module's
    /// folder.
    pub fn folders(&self, name: &str) -> Result<Vec<PathBuf>> {
        let mut found = vec![self.folder().join(name)];
        if let Ok(modules) = fs::read_dir(self.folder().join("src")) {
            for module in modules {
                found.push(module?.path().join(name));
            }
        }
        found.retain(|folder| folder.is_dir());
        found.sort();
        Ok(found)
    }
}

/// Runs `cargo metadata` for the workspace and all its dependencies.
pub fn load_metadata() -> Result<Metadata> {
    let answer = cargo_says(&["metadata", "--locked", "--format-version", "1"])?;
    serde_json::from_str(&answer).context("cargo metadata answered something unexpected")
}

pub fn cargo_says(question: &[&str]) -> Result<String> {
    let output = Command::new("cargo")
        .args(question)
        .current_dir(root())
        .output()
        .context("cannot start cargo")?;
    ensure!(
        output.status.success(),
        "cargo {} failed:\n{}",
        question.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}
