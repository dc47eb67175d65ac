//! A container image, as an Open Container Initiative layout in one file.
//!
//! The image contains the program, the libraries that the program loads from Debian's libc6, CA
//! certificates and a user. It contains no shell and no package manager. No daemon is needed to
//! make the image.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::parts::{Parts, VERSION, packaging};
use super::{Release, Tree, tree};
use crate::command::{output, program};
use crate::workspace::files_below;

/// Distributions do not assign this number.
const USER: u32 = 65532;

/// Without certificates that were added on this machine.
const AUTHORITIES: &str = "/usr/share/ca-certificates/mozilla";

/// Returns the shared libraries of a program, and the dynamic loader.
pub(super) fn libraries(binary: &Path) -> Result<Vec<String>> {
    paths(&output(program("ldd").arg(binary))?)
}

/// In the output of ldd.
fn paths(said: &str) -> Result<Vec<String>> {
    let mut paths = Vec::new();
    for line in said.lines() {
        let found = line.split_once(" => ").map_or(line, |(_, found)| found);
        ensure!(!found.contains("not found"), "a library is missing: {line}");
        let path = found.split_whitespace().next().unwrap_or_default();
        // The kernel's vDSO has no path.
        if path.starts_with('/') {
            paths.push(path.to_owned());
        }
    }
    paths.sort();
    Ok(paths)
}

pub(super) fn compose(release: &Release) -> Result<String> {
    let text = String::from_utf8(packaging("compose.yaml")?)?;
    Ok(text.replace(VERSION, &release.version))
}

pub(super) fn write(release: &Release, parts: &Parts, file: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let layer = files(parts)?.tar(release.time)?;
    let packed = folder.path().join("layer.tar.gz");
    tree::gzip(&layer, &packed)?;

    let mut blobs = Blobs(Tree::default());
    let unpacked = sum(&layer)?;
    let layer = blobs.add(
        "application/vnd.oci.image.layer.v1.tar+gzip",
        fs::read(packed)?,
    )?;
    let date = release.date()?;
    let configuration = blobs.add(
        "application/vnd.oci.image.config.v1+json",
        configuration(release, &date, &unpacked).to_string().into(),
    )?;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": configuration,
        "layers": [layer],
    });
    let mut manifest = blobs.add(
        "application/vnd.oci.image.manifest.v1+json",
        manifest.to_string().into(),
    )?;
    let name = format!("kenduri:{}", release.version);
    manifest["annotations"] = json!({
        "io.containerd.image.name": format!("docker.io/library/{name}"),
        "org.opencontainers.image.ref.name": &release.version,
    });
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [manifest],
    });
    // Docker read this format before it supported the OCI layout.
    let older = json!([{
        "Config": path(&configuration),
        "RepoTags": [name],
        "Layers": [path(&layer)],
    }]);
    let Blobs(mut image) = blobs;
    image.file("oci-layout", 0o644, r#"{"imageLayoutVersion":"1.0.0"}"#);
    image.file("index.json", 0o644, index.to_string());
    image.file("manifest.json", 0o644, older.to_string());
    fs::write(file, image.tar(release.time)?)?;
    Ok(())
}

fn files(parts: &Parts) -> Result<Tree> {
    let mut tree = Tree::default();
    tree.file("usr/bin/kenduri", 0o755, &*parts.program);
    for library in &parts.libraries {
        let bytes = fs::read(library).with_context(|| format!("cannot read {library}"))?;
        tree.file(library.trim_start_matches('/'), 0o755, bytes);
    }
    let licence = "usr/share/doc/libc6/copyright";
    let text = fs::read(Path::new("/").join(licence));
    tree.file(licence, 0o644, text.context("this is no Debian")?);
    parts.add_licences(&mut tree, "usr/share/doc/kenduri")?;
    tree.file("etc/ssl/certs/ca-certificates.crt", 0o644, authorities()?);
    let user = format!("kenduri:x:{USER}:{USER}::/var/lib/kenduri:/usr/sbin/nologin\n");
    tree.file("etc/passwd", 0o644, user);
    tree.file("etc/group", 0o644, format!("kenduri:x:{USER}:\n"));
    tree.folder("etc/kenduri", 0o755, 0);
    tree.folder("tmp", 0o1777, 0);
    tree.folder("var/lib/kenduri", 0o700, USER);
    Ok(tree)
}

fn authorities() -> Result<Vec<u8>> {
    let files = files_below(AUTHORITIES.as_ref())
        .context("certificates of authorities are Debian's package ca-certificates")?;
    let texts = files.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?;
    Ok(texts.concat())
}

fn configuration(release: &Release, date: &str, layer: &str) -> Value {
    json!({
        "architecture": release.machine.debian,
        "os": "linux",
        "created": date,
        "config": {
            "User": format!("{USER}:{USER}"),
            "Env": ["PATH=/usr/bin", "KENDURI_DATA=/var/lib/kenduri"],
            "Entrypoint": ["/usr/bin/kenduri"],
            "Cmd": ["serve"],
            // The program looks for kenduri.toml in the working directory.
            "WorkingDir": "/etc/kenduri",
            "ExposedPorts": { "80/tcp": {}, "443/tcp": {}, "443/udp": {} },
            "Volumes": { "/var/lib/kenduri": {} },
            "Labels": {
                "org.opencontainers.image.title": "Kenduri",
                "org.opencontainers.image.version": release.version,
                "org.opencontainers.image.licenses": "MIT OR Apache-2.0",
            },
        },
        "rootfs": { "type": "layers", "diff_ids": [layer] },
        "history": [{ "created": date, "created_by": "cargo xtask dist" }],
    })
}

/// Other parts of the image refer to them by digest.
struct Blobs(Tree);

impl Blobs {
    fn add(&mut self, kind: &str, bytes: Vec<u8>) -> Result<Value> {
        let digest = sum(&bytes)?;
        let described = json!({ "mediaType": kind, "digest": digest, "size": bytes.len() });
        self.0.file(&path(&described), 0o644, bytes);
        Ok(described)
    }
}

fn path(described: &Value) -> String {
    let digest = described["digest"].as_str().unwrap_or_default();
    format!("blobs/{}", digest.replace(':', "/"))
}

fn sum(bytes: &[u8]) -> Result<String> {
    let file = tempfile::NamedTempFile::new()?;
    fs::write(file.path(), bytes)?;
    let said = output(program("sha256sum").arg(file.path()))?;
    let sum = said.split_whitespace().next();
    Ok(format!("sha256:{}", sum.context("sha256sum says nothing")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_library_is_an_error() {
        let said =
            "\tlinux-vdso.so.1 (0x1)\n\tlibm.so.6 => /lib/libm.so.6 (0x2)\n\t/lib64/ld.so (0x3)";
        assert_eq!(paths(said).unwrap(), ["/lib/libm.so.6", "/lib64/ld.so"]);
        assert!(paths("\tlibz.so.1 => not found").is_err());
    }

    #[test]
    fn all_that_an_image_refers_to_is_there() {
        let release = Release::read().unwrap();
        let parts = Parts::read(&release, "/bin/true".as_ref()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("image.tar");
        write(&release, &parts, &file).unwrap();
        let unpack = ["--extract", "--file"];
        let mut tar = program("tar");
        tar.args(unpack)
            .arg(&file)
            .arg("--directory")
            .arg(folder.path());
        output(&mut tar).unwrap();
        let read = |path: &str| -> Value {
            serde_json::from_slice(&fs::read(folder.path().join(path)).unwrap()).unwrap()
        };
        let holds = |described: &Value| {
            let bytes = fs::read(folder.path().join(path(described))).unwrap();
            assert_eq!(described["digest"], sum(&bytes).unwrap());
            assert_eq!(described["size"], bytes.len());
        };
        let manifest = &read("index.json")["manifests"][0];
        holds(manifest);
        let manifest = read(&path(manifest));
        let (configuration, layer) = (&manifest["config"], &manifest["layers"][0]);
        holds(configuration);
        holds(layer);
        assert_eq!(read("manifest.json")[0]["Layers"][0], path(layer));
        let configuration = read(&path(configuration));
        assert_eq!(configuration["config"]["User"], "65532:65532");
        let list = ["--list", "--gzip", "--file"];
        let mut tar = program("tar");
        tar.args(list).arg(folder.path().join(path(layer)));
        let listed = output(&mut tar).unwrap();
        for there in [
            "usr/bin/kenduri",
            "var/lib/kenduri/",
            "etc/ssl/certs/ca-certificates.crt",
        ] {
            assert!(
                listed.lines().any(|line| line == there),
                "{there}: {listed}"
            );
        }
        let loader = listed
            .lines()
            .any(|line| line.starts_with("lib") && line.contains("/ld-"));
        assert!(loader, "{listed}");
        assert!(!listed.contains("bin/sh"), "{listed}");
    }
}
