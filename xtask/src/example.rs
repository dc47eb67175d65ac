//! `cargo xtask example NAME`: installs a site of `examples/` in its folder and runs it with
//! Kenduri.
//!
//! Python packages are installed in a virtual environment, Node packages next to the code that uses
//! them. All versions are pinned. Packages are installed again only if the list of packages has
//! changed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use crate::command::{output, program, run};
use crate::interrupt;
use crate::workspace::{root, shown};

/// The site to run, and how to run it.
#[derive(Args)]
pub struct Wanted {
    site: Site,
    /// Run without the programs beside the site, or without their ports, as described in the site's
    /// README.
    #[arg(long, value_enum)]
    only: Option<Way>,
    /// Only install what the site needs.
    #[arg(long)]
    no_run: bool,
}

/// A site of `examples/`.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Site {
    /// A wedding card: Flask under gunicorn, Express with Socket.IO, and a page.
    Kadkahwin,
    /// A front end in Express and an API in Flask, with two instances of each.
    FlaskExpress,
    /// A personal site that was imported from an older one.
    Personal,
    /// A wedding into which the dump of an older wedding manager can be imported.
    Wedding,
    /// A mentoring site with a front end in React.
    Mentoring,
}

/// An alternative configuration of a site.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Way {
    /// The wedding card or the mentoring site with nothing but Kenduri.
    Alone,
    /// The mentoring site with its front end at another origin.
    Elsewhere,
    /// The front end and the API without ports of their own.
    Sockets,
}

/// Installs the site and runs it until the user interrupts it.
pub fn example(wanted: &Wanted) -> Result<()> {
    interrupt::listen()?;
    let folder = wanted.site.folder();
    let settings = wanted.settings(&folder)?;
    if wanted.only != Some(Way::Alone) {
        wanted.site.install()?;
    }
    if wanted.no_run {
        return Ok(());
    }
    run(program("cargo").args(["build", "--locked", "-p", "kenduri"]))?;
    let kenduri = root().join("target/debug/kenduri");
    if wanted.site == Site::Personal {
        import_older_site(&kenduri, &folder, &settings)?;
    }
    let mut command = program(&kenduri);
    command.args(["serve", "--config"]).arg(&settings);
    if wanted.only == Some(Way::Alone) && wanted.site == Site::Kadkahwin {
        // The settings refer to an occasion of the demo.
        command
            .args(["--demo", "--data"])
            .arg(folder.join("data/alone"));
    }
    let ended = run(&mut command);
    if interrupt::is_wanted() {
        return Ok(());
    }
    ended
}

/// Imports the dump of the older site into the personal site; importing it again changes nothing.
pub fn import_older_site(kenduri: &Path, folder: &Path, settings: &Path) -> Result<()> {
    run(program(kenduri)
        .args(["import", "personal-site"])
        .arg(folder.join("older-site.sql"))
        .args(["--owner", "farah@older.example", "--write", "--config"])
        .arg(settings))
}

impl Wanted {
    fn settings(&self, folder: &Path) -> Result<PathBuf> {
        let name = match self.only {
            None => "kenduri.toml",
            Some(Way::Alone) => "kenduri.alone.toml",
            Some(Way::Elsewhere) => "kenduri.elsewhere.toml",
            Some(Way::Sockets) => "kenduri.sockets.toml",
        };
        let file = folder.join(name);
        ensure!(
            file.is_file(),
            "there is no {}; {} says how this site is run",
            shown(&file),
            shown(&folder.join("README.md"))
        );
        Ok(file)
    }
}

impl Site {
    pub fn folder(self) -> PathBuf {
        root().join("examples").join(match self {
            Self::Kadkahwin => "kadkahwin",
            Self::FlaskExpress => "flask-express",
            Self::Personal => "personal",
            Self::Wedding => "wedding",
            Self::Mentoring => "mentoring",
        })
    }

    /// Installs the packages that the site's programs need, unless they are installed.
    pub fn install(self) -> Result<()> {
        let folder = self.folder();
        let programs: &[&str] = match self {
            Self::Kadkahwin => &["flask", "node"],
            Self::FlaskExpress => &["flask", "express"],
            Self::Mentoring => &["front"],
            Self::Personal | Self::Wedding => &[],
        };
        for program in programs {
            let folder = folder.join(program);
            if folder.join("requirements.txt").is_file() {
                install_python(&folder)?;
            } else {
                install_node(&folder)?;
            }
        }
        if self == Self::Mentoring {
            build_front_end(&folder.join("front"))?;
        }
        Ok(())
    }
}

/// For the site's own address and for another one.
fn build_front_end(folder: &Path) -> Result<()> {
    for api in ["", "http://127.0.0.1:8080"] {
        run(program("npm")
            .args(["run", "--silent", "build"])
            .env("API", api)
            .current_dir(folder))?;
    }
    Ok(())
}

/// Installs the packages listed in the folder's `requirements.txt` into its `.venv`, unless they
/// are installed.
pub fn install_python(folder: &Path) -> Result<()> {
    install_python_into(&folder.join("requirements.txt"), &folder.join(".venv"))
}

/// Installs the packages listed in the requirements file into a virtual environment, unless they
/// are installed.
pub fn install_python_into(wanted: &Path, environment: &Path) -> Result<()> {
    let installed = Installed {
        wanted: wanted.to_owned(),
        there: environment.join("installed.txt"),
    };
    if installed.is_current() {
        return Ok(());
    }
    ensure!(
        has_venv(),
        "python3 cannot make virtual environments here: apt-get install python3-venv"
    );
    run(program("python3")
        .args(["-m", "venv", "--clear"])
        .arg(environment))?;
    run(program(environment.join("bin/pip"))
        .args(["install", "--quiet", "--no-deps", "--requirement"])
        .arg(&installed.wanted))?;
    installed.save()
}

/// Installs the packages listed in the folder's `package-lock.json` into the folder, unless they
/// are installed.
pub fn install_node(folder: &Path) -> Result<()> {
    let installed = Installed {
        wanted: folder.join("package-lock.json"),
        there: folder.join("node_modules/installed.json"),
    };
    if installed.is_current() {
        return Ok(());
    }
    run(program("npm")
        .args(["ci", "--no-audit", "--no-fund"])
        .current_dir(folder))
    .context("npm is Debian's package npm, with nodejs")?;
    installed.save()
}

/// Whether python3 is installed and can make a virtual environment with pip.
pub fn has_venv() -> bool {
    output(program("python3").args(["-c", "import ensurepip, venv"])).is_ok()
}

/// With its copy from the time of the last installation.
struct Installed {
    wanted: PathBuf,
    there: PathBuf,
}

impl Installed {
    fn is_current(&self) -> bool {
        let there = fs::read(&self.there);
        there.is_ok_and(|there| fs::read(&self.wanted).is_ok_and(|wanted| there == wanted))
    }

    fn save(&self) -> Result<()> {
        fs::copy(&self.wanted, &self.there)?;
        Ok(())
    }
}
