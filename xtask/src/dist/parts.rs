//! The contents that several release files share.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::{Release, Tree, Version, glibc, licences};
use crate::workspace::{files_below, root};

/// Stands for the version in the packaging of containers.
pub(super) const VERSION: &str = "@VERSION@";

pub(super) struct Parts {
    pub(super) program: Vec<u8>,
    /// The newest glibc version that the program requires.
    pub(super) glibc: Version,
    /// The shared libraries that the program loads.
    pub(super) libraries: Vec<String>,
    pub(super) settings: Vec<u8>,
    /// The licences of everything built into the program.
    pub(super) licences: String,
}

impl Parts {
    pub(super) fn read(release: &Release, binary: &Path) -> Result<Self> {
        Ok(Self {
            program: fs::read(binary)
                .with_context(|| format!("cannot read {}", binary.display()))?,
            glibc: glibc::needed_by(binary)?,
            libraries: super::container::libraries(binary)?,
            settings: packaging("kenduri.toml")?,
            licences: licences::text(release)?,
        })
    }

    /// Returns the file tree of the tarball.
    pub(super) fn archive(&self, name: &str, version: &str) -> Result<Tree> {
        let mut tree = Tree::default();
        tree.file(&format!("{name}/kenduri"), 0o755, &*self.program);
        let settings = format!("{name}/kenduri.toml");
        tree.file(&settings, 0o644, &*self.settings);
        tree.file(&format!("{name}/README.md"), 0o644, packaging("README.md")?);
        add_documents(&mut tree, &format!("{name}/docs"))?;
        add_clusters(&mut tree, name, version)?;
        self.add_licences(&mut tree, name)?;
        Ok(tree)
    }

    /// Adds the licences of this project and of all crates in the program.
    pub(super) fn add_licences(&self, tree: &mut Tree, folder: &str) -> Result<()> {
        for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let text = fs::read(root().join(name))?;
            tree.file(&format!("{folder}/{name}"), 0o644, text);
        }
        let others = format!("{folder}/THIRD-PARTY-LICENSES.txt");
        tree.file(&others, 0o644, self.licences.as_bytes());
        Ok(())
    }
}

/// Adds the documents for operators, hosts and guests, without images.
pub(super) fn add_documents(tree: &mut Tree, folder: &str) -> Result<()> {
    let files = files_below(&root().join("docs"))?;
    for file in files {
        if file.extension().is_some_and(|end| end == "md")
            && let Some(name) = file.file_name()
        {
            let path = format!("{folder}/{}", name.to_string_lossy());
            tree.file(&path, 0o644, fs::read(&file)?);
        }
    }
    Ok(())
}

/// Adds what several machines need, for this version.
fn add_clusters(tree: &mut Tree, folder: &str, version: &str) -> Result<()> {
    for name in ["cluster", "kubernetes"] {
        for file in files_below(&root().join("packaging").join(name))? {
            let text = fs::read_to_string(&file)?.replace(VERSION, version);
            let file = file.file_name().context("a file has a name")?;
            let path = format!("{folder}/{name}/{}", file.to_string_lossy());
            tree.file(&path, 0o644, text);
        }
    }
    Ok(())
}

pub(super) fn packaging(name: &str) -> Result<Vec<u8>> {
    let file = root().join("packaging").join(name);
    fs::read(&file).with_context(|| format!("cannot read {}", file.display()))
}
