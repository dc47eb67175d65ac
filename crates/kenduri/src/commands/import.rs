//! `kenduri import`: what other programs are told, as `kenduri.toml`.

use std::io::Write as _;
use std::num::NonZero;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::say;
use crate::import::{self, Imported, pm2};

/// Print the `kenduri.toml` that equals a file of PM2 or nginx
///
/// Nothing is changed. A comment stands above everything that could not be
/// carried over, with file and line: read them before you use it.
#[derive(Debug, Subcommand)]
pub(super) enum Import {
    Pm2(Pm2),
    Nginx(Nginx),
}

/// Services of an `ecosystem.config.js`, `.cjs`, `.mjs` or `.json` of PM2
///
/// JSON is read as it is. JavaScript is a program: it is run, by node with
/// nothing in its environment but PATH, only if you say --run.
#[derive(Debug, Args)]
pub(super) struct Pm2 {
    /// The file
    file: PathBuf,
    /// Run the file with node, if it is JavaScript
    #[arg(long)]
    run: bool,
    /// Take the variables of `env_NAME` over those of `env`, as `pm2 start --env NAME` does
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
}

/// Routes, upstreams and certificates of a file of nginx, with what it includes
#[derive(Debug, Args)]
pub(super) struct Nginx {
    /// The file: nginx.conf, or one of sites-enabled
    file: PathBuf,
}

impl Import {
    pub(super) fn run(self) -> Result<()> {
        let Imported { text, remarks } = match self {
            Self::Pm2(pm2) => pm2::import(
                &pm2.file,
                &pm2::Asked {
                    run: pm2.run,
                    env: pm2.env,
                    cores: std::thread::available_parallelism().map_or(1, NonZero::get),
                },
            )?,
            Self::Nginx(nginx) => import::nginx::import(&nginx.file)?,
        };
        say(&text)?;
        let mut errors = std::io::stderr().lock();
        writeln!(errors, "{}", remarks_to_read(remarks))?;
        Ok(())
    }
}

fn remarks_to_read(remarks: usize) -> String {
    match remarks {
        1 => "1 remark is in the comments; read it before you use the file".to_owned(),
        n => format!("{n} remarks are in the comments; read them before you use the file"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_remark_is_singular() {
        assert!(remarks_to_read(1).starts_with("1 remark is"));
        assert!(remarks_to_read(2).starts_with("2 remarks are"));
    }
}
