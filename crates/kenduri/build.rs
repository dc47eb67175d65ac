//! The build script. It sets the binary's linker options and compresses files that the binary
//! embeds.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

/// The OpenAPI description that `/api/openapi.json` serves. It is compressed because it is 250 KiB
/// long and rarely requested.
const DESCRIPTION: &str = "../../docs/openapi.json";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={DESCRIPTION}");
    let packed = Path::new(&environment("OUT_DIR")?).join("openapi.json.gz");
    let mut packed = GzEncoder::new(File::create(packed)?, Compression::best());
    packed.write_all(&fs::read(DESCRIPTION)?)?;
    packed.finish()?;
    link();
    Ok(())
}

fn link() {
    // Another linker, such as zig's for an older glibc, may not know these flags.
    let has_usual_linker = environment("RUSTC_LINKER").is_err();
    if has_usual_linker && is("OS", "linux") && is("ENV", "gnu") {
        // Compact relocations need almost no space in the binary. The binary then requires glibc
        // 2.36 (Debian 12) or newer.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        if links_with_lld() {
            // This makes the linker merge functions with identical code.
            println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
        }
    }
}

/// Whether rustc links with the LLD that is part of its toolchain.
fn links_with_lld() -> bool {
    let has_its_own = || {
        let asked = Command::new(environment("RUSTC")?)
            .args(["--print", "sysroot"])
            .output()?;
        let sysroot = String::from_utf8_lossy(&asked.stdout);
        let tools = Path::new(sysroot.trim())
            .join("lib/rustlib")
            .join(environment("TARGET")?);
        io::Result::Ok(tools.join("bin/gcc-ld/ld.lld").exists())
    };
    is("ARCH", "x86_64") && has_its_own().unwrap_or(false)
}

fn is(what: &str, wanted: &str) -> bool {
    environment(&format!("CARGO_CFG_TARGET_{what}")).is_ok_and(|found| found == wanted)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a build script is told by the environment what it builds"
)]
fn environment(name: &str) -> io::Result<String> {
    std::env::var(name).map_err(|cause| io::Error::other(format!("{name}: {cause}")))
}
