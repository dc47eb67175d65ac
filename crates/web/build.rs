//! Embeds `assets/` together with the styles and scripts of other crates. The hash of each file's
//! content becomes part of its name, so that browsers may cache the file forever. Text files are
//! compressed at build time.
//!
//! A style's `url(fonts/x.woff2)` and a script's `"./x.js"` are rewritten to the hashed names.
//! Therefore referenced files are hashed first.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

/// The extensions of embedded files, each with its content type and whether the file is worth
/// compressing. Other files, such as licences and the scripts that made a font, are not embedded.
const KINDS: [(&str, &str, bool); 8] = [
    ("css", STYLE, true),
    ("js", SCRIPT, true),
    ("svg", "image/svg+xml", true),
    ("json", "application/json", true),
    ("woff2", "font/woff2", false),
    ("png", "image/png", false),
    ("webp", "image/webp", false),
    ("ico", "image/x-icon", false),
];

/// Styles that consist of several files, in this order. So every page loads only one style.
const COMPOSED: [(&str, &[&str]); 2] = [
    ("host.css", &["host.css", COMPONENTS]),
    ("member.css", &["site.css", COMPONENTS, "member.css"]),
];
/// Only a part of other styles.
const COMPONENTS: &str = "components.css";

const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

struct File {
    content: Vec<u8>,
    kind: &'static str,
    is_packed: bool,
}

fn main() -> io::Result<()> {
    let folder = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("assets");
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed=build.rs");

    let mut files = BTreeMap::new();
    if folder.is_dir() {
        collect(&folder, "", &mut files)?;
    }
    add_covers(&mut files)?;
    add_of_domains(&folder, &mut files)?;
    compose(&mut files)?;
    let mut hashed = BTreeMap::new();
    let names: Vec<String> = files.keys().cloned().collect();
    for name in &names {
        finish(name, &mut files, &mut hashed, &mut Vec::new())?;
    }
    write(&files, &hashed, Path::new(&variable("OUT_DIR")?))
}

fn variable(name: &str) -> io::Result<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a build script is told its folders by the environment"
    )]
    env::var(name).map_err(|cause| io::Error::other(format!("{name}: {cause}")))
}

/// Collects every file to embed. The key is the file's path below `assets/`.
fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, File>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
            continue;
        }
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        if let Some((_, kind, is_packed)) = KINDS.iter().find(|(known, ..)| *known == ending) {
            let file = File {
                content: fs::read(entry.path())?,
                kind,
                is_packed: *is_packed,
            };
            files.insert(name, file);
        }
    }
    Ok(())
}

/// Appends the rules of covers to `guest.css`, and with the styles of all looks to `looks.css`, which
/// is for pages that show several looks. Elsewhere a page loads only its own look.
fn add_covers(files: &mut BTreeMap<String, File>) -> io::Result<()> {
    let Some(covers) = files.remove("cover.css") else {
        return Err(io::Error::other("there is no cover.css"));
    };
    let looks = files.iter().filter(|(name, _)| name.starts_with("look-"));
    let looks: Vec<u8> = looks.flat_map(|(_, file)| file.content.clone()).collect();
    for (name, more) in [("guest.css", Vec::new()), ("looks.css", looks)] {
        if let Some(file) = files.get_mut(name) {
            let content = std::mem::take(&mut file.content);
            file.content = [covers.content.clone(), more, content].concat();
        }
    }
    Ok(())
}

/// Appends the styles and scripts of other crates to this crate's files of the same name, so that
/// every page loads only one file of each kind. Another crate keeps these files in `assets/` beside
/// its manifest. Each script becomes a block, so that its names stay local.
fn add_of_domains(folder: &Path, files: &mut BTreeMap<String, File>) -> io::Result<()> {
    let Some(crates) = folder.ancestors().nth(2) else {
        return Ok(());
    };
    let mut others: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(crates)? {
        others.push(entry?.path().join("assets"));
    }
    others.retain(|other| other.as_path() != folder && other.is_dir());
    others.sort();
    for other in others {
        println!("cargo::rerun-if-changed={}", other.display());
        let mut added = BTreeMap::new();
        collect(&other, "", &mut added)?;
        for (name, file) in added {
            let Some(ours) = files.get_mut(&name) else {
                let place = other.join(&name);
                return Err(io::Error::other(format!(
                    "{} adds to no file of the same name",
                    place.display()
                )));
            };
            let (before, after): (&[u8], &[u8]) = match file.kind {
                SCRIPT => (b"\n{\n", b"}\n"),
                _ => (b"\n", b""),
            };
            ours.content
                .extend(before.iter().chain(&file.content).chain(after));
        }
    }
    Ok(())
}

fn compose(files: &mut BTreeMap<String, File>) -> io::Result<()> {
    for (name, parts) in COMPOSED {
        let mut content = Vec::new();
        for part in parts {
            let file = files
                .get(*part)
                .ok_or_else(|| io::Error::other(format!("{name} needs {part}")))?;
            content.extend_from_slice(&file.content);
            content.push(b'\n');
        }
        if let Some(file) = files.get_mut(name) {
            file.content = content;
        }
    }
    files.remove(COMPONENTS);
    Ok(())
}

/// Adds the hash of a file's content to the file's name. Before that, does the same for every file
/// that this file references.
fn finish(
    name: &str,
    files: &mut BTreeMap<String, File>,
    hashed: &mut BTreeMap<String, String>,
    waiting: &mut Vec<String>,
) -> io::Result<()> {
    if hashed.contains_key(name) {
        return Ok(());
    }
    if waiting.iter().any(|above| above == name) {
        return Err(io::Error::other(format!(
            "{name} names itself: {waiting:?}"
        )));
    }
    waiting.push(name.to_owned());
    let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
    let others: Vec<String> = files
        .keys()
        .filter(|other| *other != name)
        .cloned()
        .collect();
    for other in others {
        // A file may refer only to files in its own folder and below.
        let Some(relative) = other.strip_prefix(folder) else {
            continue;
        };
        let relative = relative.trim_start_matches('/');
        let file = &files[name];
        let text = String::from_utf8_lossy(&file.content).into_owned();
        let old = forms(file.kind, relative);
        if !old.iter().any(|form| text.contains(form)) {
            continue;
        }
        let kind = file.kind;
        finish(&other, files, hashed, waiting)?;
        let new = forms(kind, &with_hash(relative, &hash(&files[&other].content)));
        let text = old
            .iter()
            .zip(&new)
            .fold(text, |text, (old, new)| text.replace(old, new));
        if let Some(file) = files.get_mut(name) {
            file.content = text.into_bytes();
        }
    }
    waiting.pop();
    hashed.insert(
        name.to_owned(),
        with_hash(name, &hash(&files[name].content)),
    );
    Ok(())
}

/// Returns the forms in which a style or script may refer to the file `name`.
fn forms(kind: &str, name: &str) -> Vec<String> {
    match kind {
        STYLE => vec![
            format!("url({name})"),
            format!("url(\"{name}\")"),
            format!("url('{name}')"),
        ],
        SCRIPT => vec![format!("\"./{name}\""), format!("'./{name}'")],
        _ => Vec::new(),
    }
}

fn hash(content: &[u8]) -> String {
    Sha256::digest(content)
        .iter()
        .take(6)
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Inserts the hash into a file's name: `fonts/songket.woff2` becomes
/// `fonts/songket.0123456789ab.woff2`.
fn with_hash(name: &str, hash: &str) -> String {
    match name.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem}.{hash}.{ending}"),
        None => format!("{name}.{hash}"),
    }
}

/// Writes the embedded files, and the table of them that `src/embedded.rs` includes.
fn write(
    files: &BTreeMap<String, File>,
    hashed: &BTreeMap<String, String>,
    out: &Path,
) -> io::Result<()> {
    let folder = out.join("assets");
    fs::create_dir_all(&folder)?;
    let mut table = String::from("&[\n");
    for (place, (name, file)) in files.iter().enumerate() {
        let plain = folder.join(format!("{place}"));
        fs::write(&plain, &file.content)?;
        let gzip = if file.is_packed {
            let packed = folder.join(format!("{place}.gz"));
            // Without a time stamp, the same assets always produce the same bytes, so the build is
            // reproducible.
            let mut encoder = GzBuilder::new()
                .mtime(0)
                .write(Vec::new(), Compression::best());
            encoder.write_all(&file.content)?;
            fs::write(&packed, encoder.finish()?)?;
            format!("Some({})", included(&packed))
        } else {
            "None".to_owned()
        };
        let (path, kind) = (format!("/assets/{}", hashed[name]), file.kind);
        let plain = included(&plain);
        let _ = writeln!(
            table,
            "Asset {{ name: {name:?}, path: {path:?}, kind: {kind:?}, plain: {plain}, gzip: {gzip} }},",
        );
    }
    table.push(']');
    fs::write(out.join("assets.rs"), table)
}

fn included(path: &Path) -> String {
    format!("include_bytes!({:?})", path.to_string_lossy())
}
