//! Makes the Debian package.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::parts::{self, Parts, packaging};
use super::{Release, Tree, glibc};
use crate::command::{output, program};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// The archive is compressed in a format that every dpkg since 2011 supports.
    Best,
    /// The archive is not compressed, because it is soon deleted.
    None,
}

pub(super) fn write(
    release: &Release,
    parts: &Parts,
    into: &Path,
    compression: Compression,
) -> Result<PathBuf> {
    let mut tree = Tree::default();
    tree.file("usr/bin/kenduri", 0o755, &*parts.program);
    tree.file("etc/kenduri/kenduri.toml", 0o644, &*parts.settings);
    parts::add_documents(&mut tree, "usr/share/doc/kenduri")?;
    parts.add_licences(&mut tree, "usr/share/doc/kenduri")?;
    let copyright = "Copyright 2026 The Kenduri contributors\nLicense: MIT or Apache-2.0, \
                     see LICENSE-MIT and LICENSE-APACHE in this folder.\n";
    tree.file("usr/share/doc/kenduri/copyright", 0o644, copyright);
    let size = tree.size();
    tree.file("DEBIAN/control", 0o644, control(release, parts, size));
    tree.file("DEBIAN/conffiles", 0o644, "/etc/kenduri/kenduri.toml\n");
    tree.file("DEBIAN/templates", 0o644, packaging("debian/templates")?);
    for name in ["postinst", "prerm", "postrm"] {
        let script = packaging(&format!("debian/{name}"))?;
        tree.file(&format!("DEBIAN/{name}"), 0o755, script);
    }
    let folder = tempfile::tempdir()?;
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
    let below = folder.path().join("kenduri");
    tree.write(&below, release.time)?;
    let file = into.join(format!(
        "kenduri_{}_{}.deb",
        release.version, release.machine.debian
    ));
    let compression = match compression {
        Compression::Best => "-Zxz",
        Compression::None => "-Znone",
    };
    output(
        program("dpkg-deb")
            .args(["--root-owner-group", compression, "--build"])
            .arg(below)
            .arg(&file)
            .env("SOURCE_DATE_EPOCH", release.time.to_string())
            // With several threads, the compressed bytes could differ between builds.
            .env("DPKG_DEB_THREADS_MAX", "1"),
    )
    .context("dpkg-deb is of Debian's package dpkg")?;
    Ok(file)
}

/// Debian requires an email address, and the project has none yet. This domain can never exist (RFC
/// 2606), whereas an address at localhost could reach someone else.
const MAINTAINER: &str = "The Kenduri contributors <maintainers@kenduri.invalid>";

fn control(release: &Release, parts: &Parts, size: usize) -> String {
    format!(
        "Package: kenduri\n\
         Version: {version}\n\
         Architecture: {architecture}\n\
         Maintainer: {MAINTAINER}\n\
         Installed-Size: {size}\n\
         Depends: libc6 (>= {glibc}), debconf (>= 0.5) | debconf-2.0, passwd\n\
         Recommends: systemd\n\
         Section: web\n\
         Priority: optional\n\
         Description: site of invitations, bookings and countdowns with its own web server\n \
         Kenduri serves weddings and other occasions, paid sessions, countdowns and\n \
         posts. Database, certificates, reverse proxy and a supervisor of other services\n \
         are inside.\n",
        // Debian sorts a version with a tilde, such as `1.0~rc1`, before `1.0`.
        version = release.version.replace('-', "~"),
        architecture = release.machine.debian,
        size = size.div_ceil(1024),
        glibc = parts.glibc.max(glibc::OLDEST),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_has_what_dpkg_asks_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = crate::dist::package("/bin/true".as_ref(), folder.path(), Compression::None);
        let file = file.unwrap();
        let dpkg = |what: &str| output(program("dpkg-deb").arg(what).arg(&file)).unwrap();
        let control = dpkg("--field");
        assert!(control.contains("\nDepends: libc6 (>= 2."), "{control}");
        assert!(control.contains(env!("CARGO_PKG_VERSION")), "{control}");
        let listed = dpkg("--contents");
        let has = |line: &str, path: &str| {
            let mut lines = listed.lines();
            lines.any(|listed| listed.starts_with(line) && listed.ends_with(path))
        };
        assert!(
            has("-rwxr-xr-x root/root", " ./usr/bin/kenduri"),
            "{listed}"
        );
        assert!(
            has("-rw-r--r-- root/root", " ./etc/kenduri/kenduri.toml"),
            "{listed}"
        );
        assert!(has("drwxr-xr-x root/root", " ./"), "{listed}");
    }

    #[test]
    fn the_scripts_are_scripts() {
        for name in ["postinst", "prerm", "postrm"] {
            let file = crate::workspace::root().join("packaging/debian").join(name);
            output(program("sh").arg("-n").arg(file)).unwrap();
        }
    }
}
