//! How the program is linked, and what is packed into it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

/// What `/api/openapi.json` says: a quarter of a megabyte that few ask for.
const DESCRIPTION: &str = "../../docs/openapi.json";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={DESCRIPTION}");
    let packed = Path::new(&told("OUT_DIR")?).join("openapi.json.gz");
    let mut packed = GzEncoder::new(File::create(packed)?, Compression::best());
    packed.write_all(&fs::read(DESCRIPTION)?)?;
    packed.finish()?;
    link();
    Ok(())
}

fn link() {
    if is("OS", "linux") && is("ENV", "gnu") {
        // What the loader must adjust takes nothing to speak of in this form (glibc 2.36,
        // Debian 12), where it was one part in forty of the program.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        if is("ARCH", "x86_64") {
            // Functions that came out alike are kept once. LLD does it, which is the
            // compiler's own linker there.
            println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
        }
    }
}

fn is(what: &str, wanted: &str) -> bool {
    told(&format!("CARGO_CFG_TARGET_{what}")).is_ok_and(|found| found == wanted)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a build script is told by the environment what it builds"
)]
fn told(name: &str) -> io::Result<String> {
    std::env::var(name).map_err(|cause| io::Error::other(format!("{name}: {cause}")))
}
