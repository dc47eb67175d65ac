//! `kenduri import`: what other programs are told, as `kenduri.toml`.

use std::io::Write as _;
use std::num::NonZero;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::say;
use crate::import::{self, Imported, pm2};

/// Turn a configuration of nginx or PM2 into a kenduri.toml
///
/// The result is printed, and nothing is changed. What could not be carried over stands in
/// comments, with file and line. Read them before you use the result.
#[derive(Debug, Subcommand)]
pub(super) enum Import {
    Pm2(Pm2),
    Nginx(Nginx),
}

/// Print the services of an ecosystem file of PM2 (.js, .cjs, .mjs or .json)
///
/// JSON is read as it is. JavaScript is a program: only with --run is it run, by node with nothing
/// but PATH in its environment.
#[derive(Debug, Args)]
pub(super) struct Pm2 {
    /// The ecosystem file
    file: PathBuf,
    /// Run the file with node if it is JavaScript
    #[arg(long)]
    run: bool,
    /// Let the variables of `env_NAME` override those of `env`, as `pm2 start --env NAME` does
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
}

/// Print the routes, upstreams and certificates of an nginx file and of the files that it includes
#[derive(Debug, Args)]
pub(super) struct Nginx {
    /// nginx.conf, or a file of sites-enabled
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
