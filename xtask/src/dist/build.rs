//! Builds the program for release: it runs with every glibc since [`glibc::OLDEST`], and contains
//! no paths of the build machine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::{Machine, glibc};
use crate::command::{output, program, run};
use crate::example;
use crate::workspace::{self, root};

/// For linking with an older glibc: zig, and a cargo extension that uses it.
const TOOLS: &str = "target/dist-tools";

/// Builds the program and returns its path.
pub(super) fn build(time: u64) -> Result<PathBuf> {
    let tools = root().join(TOOLS);
    example::install_python_into(&root().join("packaging/requirements.txt"), &tools)?;
    let machine = Machine::here()?;
    let target = machine.target();
    let moved = Moved::find()?;
    let mut cargo = program(tools.join("bin/cargo-zigbuild"));
    cargo
        .args(["zigbuild", "--locked", "--release", "--package", "kenduri"])
        .args(["--target", &format!("{target}.{}", glibc::OLDEST)])
        .env("CARGO_ZIGBUILD_PYTHON_PATH", tools.join("bin/python3"))
        .env("CARGO_ZIGBUILD_CACHE_DIR", tools.join("zigbuild"))
        .env("ZIG_GLOBAL_CACHE_DIR", tools.join("zig-cache"))
        .env("ZIG_LOCAL_CACHE_DIR", tools.join("zig-cache"))
        .env("SOURCE_DATE_EPOCH", time.to_string())
        .env("CARGO_ENCODED_RUSTFLAGS", moved.of_rust())
        .env("CFLAGS", moved.of_c())
        .env("CXXFLAGS", moved.of_c());
    if machine.architecture == "aarch64" {
        // On 64-bit Arm, some kernels have pages of 64 KiB. A jemalloc built for smaller pages
        // fails at startup there.
        cargo.env("JEMALLOC_SYS_WITH_LG_PAGE", "16");
    }
    run(&mut cargo)?;
    let binary = root().join("target").join(target).join("release/kenduri");
    glibc::check(glibc::needed_by(&binary)?)?;
    moved.check(&binary)?;
    Ok(binary)
}

/// Compilers would otherwise write the paths of these folders into the program.
struct Moved {
    cargo: String,
    rust: String,
    root: String,
}

impl Moved {
    fn find() -> Result<Self> {
        let metadata = workspace::load_metadata()?;
        let mut registries = metadata.packages.iter().filter_map(|package| {
            let mut above = package.manifest_path.ancestors();
            above.find(|folder| !package.is_ours() && folder.ends_with("registry"))
        });
        let cargo = registries
            .next()
            .and_then(Path::parent)
            .context("cargo loads its crates from no registry")?;
        let rust = output(program("rustc").args(["--print", "sysroot"]))?;
        Ok(Self {
            cargo: word(cargo)?,
            rust: word(rust.as_ref())?,
            root: word(root())?,
        })
    }

    fn of_rust(&self) -> String {
        let Self { cargo, rust, root } = self;
        let moved = [(cargo, "/cargo"), (rust, "/rust"), (root, "/kenduri")];
        moved
            .map(|(folder, instead)| format!("--remap-path-prefix={folder}={instead}"))
            // The separator of `CARGO_ENCODED_RUSTFLAGS`.
            .join("\u{1f}")
    }

    fn of_c(&self) -> String {
        let Self { cargo, root, .. } = self;
        format!("-ffile-prefix-map={cargo}=/cargo -ffile-prefix-map={root}=/kenduri")
    }

    /// Otherwise, the bytes would depend on the build machine.
    fn check(&self, binary: &Path) -> Result<()> {
        let bytes = fs::read(binary)?;
        for folder in [&self.cargo, &self.rust, &self.root] {
            let named = bytes
                .windows(folder.len())
                .any(|part| part == folder.as_bytes());
            ensure!(
                !named,
                "the program names {folder}, which is on this machine only"
            );
        }
        Ok(())
    }
}

/// For use in `CFLAGS`.
fn word(folder: &Path) -> Result<String> {
    let name = folder.to_str().filter(|name| !name.contains(' '));
    let name = name.with_context(|| format!("{} has blanks in its name", folder.display()))?;
    Ok(name.to_owned())
}
