//! `cargo xtask size`: what the program's bytes are, by section and by crate.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;

use crate::command::{output, program, run};
use crate::workspace::root;

/// The rest is summed up.
const MAX_CRATES: usize = 40;
const MAX_REPEATED: usize = 25;

/// What to measure.
#[derive(clap::Args)]
pub(crate) struct Wanted {
    /// A program with its symbols, instead of a release build with them.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

/// Prints the size of each section, of each crate's code, and of functions that are compiled many
/// times.
pub(crate) fn print(wanted: &Wanted) -> Result<()> {
    let file = match &wanted.program {
        Some(file) => file.clone(),
        None => build()?,
    };
    println!("{}", output(program("size").arg("-A").arg(&file))?);
    let symbols = output(
        program("nm")
            .args(["--print-size", "--demangle", "--defined-only"])
            .arg(&file),
    )?;
    let mut crates: BTreeMap<String, Sum> = BTreeMap::new();
    let mut functions: BTreeMap<String, Sum> = BTreeMap::new();
    for line in symbols.lines() {
        let mut words = line.splitn(4, ' ');
        let (Some(_), Some(size), Some(_), Some(name)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            continue;
        };
        let Ok(size) = u64::from_str_radix(size, 16) else {
            continue;
        };
        crates.entry(crate_of(name)).or_default().add(size);
        functions.entry(without_types(name)).or_default().add(size);
    }
    print_largest("crates", crates, MAX_CRATES);
    functions.retain(|_, sum| sum.count > 1);
    print_largest(
        "functions that are there several times",
        functions,
        MAX_REPEATED,
    );
    Ok(())
}

#[derive(Clone, Copy, Default)]
struct Sum {
    bytes: u64,
    count: u64,
}

impl Sum {
    fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
        self.count += 1;
    }
}

/// Beside the release without symbols.
fn build() -> Result<PathBuf> {
    let folder = root().join("target/size");
    run(program("cargo")
        .args(["build", "--release", "--locked", "-j2", "-p", "kenduri"])
        .args(["--config", "profile.release.strip=false"])
        .args(["--config", "profile.release.package.kenduri.strip=false"])
        .arg("--target-dir")
        .arg(&folder))?;
    Ok(folder.join("release/kenduri"))
}

fn print_largest(what: &str, sums: BTreeMap<String, Sum>, most: usize) {
    let mut rows: Vec<_> = sums.into_iter().collect();
    rows.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.bytes));
    let all: u64 = rows.iter().map(|(_, sum)| sum.bytes).sum();
    println!("{what}: {:.1} MB in {} rows", megabytes(all), rows.len());
    for (name, sum) in rows.iter().take(most) {
        println!("{:>9.2} MB {:>7}  {name}", megabytes(sum.bytes), sum.count);
    }
    println!();
}

#[expect(
    clippy::cast_precision_loss,
    reason = "it is printed with two decimals"
)]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

/// For `<a::B as c::D>::e` it is `a`.
fn crate_of(name: &str) -> String {
    let name = name.trim_start_matches(['<', '&', '(', '[', '*', '_', ' ']);
    let name = name.strip_prefix("mut ").unwrap_or(name);
    let name = name.strip_prefix("dyn ").unwrap_or(name);
    name.split_once("::")
        .filter(|(first, _)| {
            first
                .chars()
                .all(|sign| sign.is_alphanumeric() || sign == '_')
        })
        .map_or_else(
            || "C, and others without a path".to_owned(),
            |(first, _)| first.to_owned(),
        )
}

/// So that a function's copies have one name.
fn without_types(name: &str) -> String {
    let mut depth = 0_u32;
    let mut kept = String::new();
    for sign in name.chars() {
        match sign {
            '<' => depth += 1,
            '>' if depth > 0 && !kept.ends_with('-') => depth -= 1,
            _ if depth == 0 => kept.push(sign),
            _ => {}
        }
    }
    // Mangled names of the older kind end in a hash.
    match kept.rsplit_once("::h") {
        Some((path, hash)) if hash.len() == 16 => path.to_owned(),
        _ if kept.trim_start_matches(':').is_empty() => name.to_owned(),
        _ => kept,
    }
}
