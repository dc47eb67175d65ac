//! `kenduri import`: converts the configuration of other software to a `kenduri.toml`, and imports
//! the data of older sites.

mod booking_site;
mod markdown;
mod personal_site;
mod wedding_manager;

use std::io::Write as _;
use std::num::NonZero;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use importer::{Imported, nginx, pm2};

use super::{Where, say};
use booking_site::BookingSite;
use markdown::Markdown;
use personal_site::PersonalSite;
use wedding_manager::WeddingManager;

/// Import settings of nginx or PM2, older sites, or Markdown posts
///
/// The settings of nginx or PM2 are printed as a kenduri.toml, and nothing is changed. Settings
/// that could not be converted are in comments, with file and line. Read the comments before you
/// use the result. The other subcommands write data into the store, some of them only with --write.
#[derive(Debug, Subcommand)]
pub(super) enum Import {
    Pm2(Pm2),
    Nginx(Nginx),
    PersonalSite(PersonalSite),
    BookingSite(BookingSite),
    Markdown(Markdown),
    WeddingManager(WeddingManager),
}

/// Print the services of an ecosystem file of PM2 (.js, .cjs, .mjs or .json)
///
/// JSON is read as it is. A JavaScript file is run only with --run: by node, with nothing but PATH
/// in its environment.
#[derive(Debug, Args)]
pub(super) struct Pm2 {
    /// The ecosystem file
    file: PathBuf,
    /// Run a JavaScript file with node
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
            Self::Pm2(services) => pm2::import(
                &services.file,
                &pm2::Asked {
                    run: services.run,
                    env: services.env,
                    cores: std::thread::available_parallelism().map_or(1, NonZero::get),
                },
            )?,
            Self::Nginx(site) => nginx::import(&site.file)?,
            Self::PersonalSite(site) => return site.run(),
            Self::BookingSite(site) => return site.run(),
            Self::Markdown(folder) => return folder.run(),
            Self::WeddingManager(manager) => return manager.run(),
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
    use std::path::Path;

    use configuration::Asked;

    use super::*;
    use crate::domains::DOMAINS;

    /// Returns the problems in a settings file, except missing folders, files and programs.
    fn problems(file: &Path) -> Vec<String> {
        let asked = Asked {
            file: Some(file.to_owned()),
            ..Asked::default()
        };
        let problems = configuration::load(DOMAINS, &asked).err();
        let all = problems.into_iter().flat_map(|problems| problems.0);
        let missing = [
            "is not a folder",
            "is not a file",
            "cannot read",
            "there is no program",
        ];
        all.filter(|problem| !missing.iter().any(|one| problem.what.contains(one)))
            .map(|problem| format!("{}: {}", problem.origin, problem.what))
            .collect()
    }

    #[test]
    fn kenduri_takes_what_is_made_of_other_programs_files() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../importer/tests");
        let mut seen = 0;
        for folder in ["nginx", "pm2"] {
            for entry in std::fs::read_dir(fixtures.join(folder)).unwrap() {
                let file = entry.unwrap().path();
                if file.extension().is_some_and(|ending| ending == "toml") {
                    assert_eq!(problems(&file), [] as [&str; 0], "{}", file.display());
                    seen += 1;
                }
            }
        }
        assert!(seen >= 18, "{seen}");
    }

    #[test]
    fn one_remark_is_singular() {
        assert!(remarks_to_read(1).starts_with("1 remark is"));
        assert!(remarks_to_read(2).starts_with("2 remarks are"));
    }
}
