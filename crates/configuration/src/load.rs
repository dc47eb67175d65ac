//! Reads all sources and checks the result as a whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use site::domain::Domains;
use supervisor::CheckDepth;
use toml::{Table, Value};
use units::{Check, Origin, Problem, Problems};

use super::inputs::{Asked, Flag, find_file};
use super::restart_only::RestartOnly;
use super::settings::Settings;
use super::written::Written;
use super::{backup, domain_settings, keys, profile, report, services, settings, sources};
use crate::folders::Folders;
use crate::log_settings::{Log, To};

/// Checked settings, with the source of each value.
#[derive(Debug)]
pub struct Configuration {
    pub settings: Settings,
    /// The edge's checked plan.
    pub plan: edge::Plan,
    pub services: supervisor::Plan,
    pub folders: Folders,
    /// Warnings about valid settings.
    pub warnings: Vec<String>,
    pub file: Option<PathBuf>,
    pub text: Option<String>,
    /// The services that need a local port, because their URLs appear in settings.
    pub wanting_ports: Vec<String>,
    /// The keys with new values that take effect only after a restart.
    pub waiting: Vec<String>,
    domains: Domains,
    merged: Table,
    origins: BTreeMap<String, Origin>,
}

/// The settings of all sources, read once, before their values are checked.
pub struct Sources {
    domains: Domains,
    file: Option<PathBuf>,
    text: Option<String>,
    merged: Table,
    origins: BTreeMap<String, Origin>,
}

/// `domains` are all domains of the app, which declare settings of their own.
pub fn load(domains: Domains, asked: &Asked) -> Result<Configuration, Problems> {
    Sources::read(domains, asked)?.check(asked, CheckDepth::Whole)
}

/// Like [`load`], for a worker. Does not check whether services can be started, because the
/// supervisor process has checked this and the worker's user may lack the permissions.
pub fn load_for_worker(domains: Domains, asked: &Asked) -> Result<Configuration, Problems> {
    Sources::read(domains, asked)?.check(asked, CheckDepth::Words)
}

/// Like [`load`], for settings of another machine or another user. Does not check whether files,
/// folders, programs and users exist.
pub fn load_elsewhere(domains: Domains, asked: &Asked) -> Result<Configuration, Problems> {
    let asked = Asked {
        is_elsewhere: true,
        ..asked.clone()
    };
    Sources::read(domains, &asked)?.check(&asked, CheckDepth::Words)
}

impl Sources {
    pub fn read(domains: Domains, asked: &Asked) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let file = find_file(asked);
        let mut leaves = Vec::new();
        let mut text = asked.text.clone();
        let profile = profile::wanted(asked);
        if let Some((name, origin)) = profile.clone().filter(|_| file.is_none()) {
            problems.push(Problem::at(
                origin,
                format!("there is no settings file, and so no [profile.{name}]"),
                "name the file: --config FILE",
            ));
        }
        let profile = profile.map(|(name, _)| name);
        if let Some(path) = &file {
            match text
                .take()
                .map_or_else(|| std::fs::read_to_string(path), Ok)
            {
                Ok(read) => {
                    let found = sources::file(domains, path, &read, profile, &mut problems);
                    leaves.extend(found.into_iter().flatten());
                    text = Some(read);
                }
                Err(error) => problems.push(unreadable(path, &error)),
            }
        }
        leaves.extend(sources::environment(
            domains,
            &asked.environment,
            &mut problems,
        ));
        for Flag { typed, key, value } in &asked.flags {
            leaves.extend(sources::flag(domains, key, value, typed, &mut problems));
        }
        if !problems.is_empty() {
            return Err(Problems::sorted(problems));
        }
        let mut merged = keys::built_in(domains);
        let mut origins = BTreeMap::new();
        for leaf in leaves {
            keys::place(&mut merged, &leaf.key, leaf.value);
            origins.retain(|key: &String, _| !keys::lies_in(key, &leaf.key));
            origins.extend(leaf.inside);
            origins.insert(leaf.key, leaf.origin);
        }
        Ok(Self {
            domains,
            file,
            text,
            merged,
            origins,
        })
    }

    /// Checks all values. `asked` may differ from the inputs of [`Self::read`] only in `lasting`
    /// and `ports`.
    pub fn check(&self, asked: &Asked, depth: CheckDepth) -> Result<Configuration, Problems> {
        let file = self.file.clone();
        let (mut merged, mut origins) = (self.merged.clone(), self.origins.clone());
        let mut waiting = Vec::new();
        if let Some(lasting) = &asked.lasting {
            waiting = lasting.waiting(self.domains, &merged);
            merged = lasting.over(self.domains, &merged);
            lasting.over_origins(&mut origins);
        }
        let (sections, own) = domain_settings::split(self.domains, merged.clone());
        let written = Written::deserialize(Value::Table(own)).map_err(|error| {
            let mend = "docs/configure.md shows what it may be";
            Problems(vec![Problem::at(Origin::BuiltIn, error.message(), mend)])
        })?;
        let mut check = Check::new(origins.clone()).elsewhere(asked.is_elsewhere);
        let folder = file.as_deref().and_then(Path::parent);
        let folder = folder.unwrap_or_else(|| Path::new(""));
        let data = check.path("data", &written.data);
        let in_data = || Folders::in_data(&data);
        let folders = asked.folders.clone().unwrap_or_else(in_data);
        let places = services::Places {
            folder,
            data: &data,
            folders: &folders,
        };
        let services = services::plan(&written, asked, &places, depth, &mut check);
        let doors = services::doors(&written.service, asked, &folders.run);
        let mut settings = settings::settings(
            self.domains,
            &written,
            &sections,
            &edge::PlanContext {
                folder,
                data: &data,
                services: &doors,
            },
            asked.lasting.is_none(),
            &mut check,
        );
        if let Some((settings, _)) = &mut settings
            && let Some(backup) = &mut settings.backup
            && let Some(file) = &file
        {
            let files = backup::settings_files(file, &merged);
            backup.beside.extend(files);
        }
        if let Some((settings, plan)) = &settings
            && plan.needs_app()
        {
            keep_mailbox_private(settings, asked.allow_public_mailbox, &mut check);
        }
        let warnings = check.warnings.iter();
        let warnings = warnings.map(|warning| match warning.key.as_str() {
            "" => warning.what.clone(),
            key => format!("{key}: {}. {}", warning.what, warning.mend),
        });
        match settings.zip(services) {
            Some(((settings, plan), services)) if check.problems.is_empty() => Ok(Configuration {
                settings,
                plan,
                services,
                folders,
                warnings: warnings.collect(),
                file,
                text: self.text.clone(),
                wanting_ports: services::wanting_ports(&written.service),
                waiting,
                domains: self.domains,
                merged,
                origins,
            }),
            _ => Err(Problems::sorted(check.problems)),
        }
    }
}

/// Returns the data folder even if other settings are invalid, because a command that looks for the
/// running Kenduri needs only this folder. If only the settings file can name the data folder and
/// cannot be read, also returns the problems of the file.
pub fn data(domains: Domains, asked: &Asked) -> (PathBuf, Option<Problems>) {
    let mut passed_over = Vec::new();
    let mut data = Written::default().data.into();
    let mut is_said = false;
    let mut set = |leaves: Vec<sources::Leaf>, folder: &Path| {
        for leaf in leaves {
            if let ("data", Some(path)) = (leaf.key.as_str(), leaf.value.as_str()) {
                data = folder.join(path);
                is_said = true;
            }
        }
    };
    let mut says_nothing = None;
    let profile = profile::wanted(asked).map(|(name, _)| name);
    if let Some(path) = find_file(asked) {
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let folder = path.parent().unwrap_or_else(|| Path::new(""));
                let mut problems = Vec::new();
                match sources::file(domains, &path, &text, profile, &mut problems) {
                    Some(leaves) => set(leaves, folder),
                    None => says_nothing = Some(problems),
                }
            }
            Err(error) => says_nothing = Some(vec![unreadable(&path, &error)]),
        }
    }
    let here = Path::new("");
    set(
        sources::environment(domains, &asked.environment, &mut passed_over),
        here,
    );
    for Flag { typed, key, value } in &asked.flags {
        set(
            sources::flag(domains, key, value, typed, &mut passed_over),
            here,
        );
    }
    let doubt = says_nothing.filter(|_| !is_said).map(Problems);
    (data, doubt)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::at(
        Origin::Flag("--config".to_owned()),
        format!("cannot read {}: {error}", path.display()),
        "name an existing file, or leave the flag out: every setting has a default",
    )
}

/// The mailbox contains every sign-in link, so other machines must not reach it unless `allowed`.
fn keep_mailbox_private(settings: &Settings, allowed: bool, check: &mut Check) {
    if !settings.has_mailbox() {
        return;
    }
    if settings
        .site
        .url
        .as_ref()
        .is_some_and(|url| !url.is_loopback())
    {
        check.warn_sentence(
            "mail.url is \"mailbox:\", so no mail leaves this machine, and /mailbox is closed \
             because site.url is a public address. Set mail.url to your mail server before you \
             invite anybody",
        );
    }
    if settings.is_private() {
        return;
    }
    let what = "mail.url is \"mailbox:\", which shows every mail (sign-in links too) to every \
                visitor, and listen.http can be reached from other machines";
    if allowed {
        check.warn_sentence(what);
    } else {
        check.refuse_sentence(
            "listen.http",
            what,
            "set mail.url to your mail server, listen on 127.0.0.1, or pass --allow-public-mailbox",
        );
    }
}

impl Configuration {
    /// Returns the log settings of the supervisor process. If the supervisor process's folders are
    /// outside the data folder, its log is there too, because the configured log folder belongs to
    /// the worker's user.
    pub fn log_of_supervisor(&self) -> Log {
        let mut log = self.settings.log.clone();
        if let To::Folder(folder) = &mut log.to
            && self.folders.are_apart()
        {
            // No service's log file can have this name.
            *folder = self.folders.logs.join("log");
        }
        log
    }

    /// Returns the services that run as the data's owner because they have no `user`.
    pub fn services_without_user(&self) -> Vec<&str> {
        let is_named = |table: &Table, key: &str| {
            let user = table.get(key).and_then(Value::as_str);
            user.is_some_and(|user| !user.is_empty())
        };
        let services = self.merged.get("service").and_then(Value::as_table);
        let services = services.filter(|_| !is_named(&self.merged, "service_user"));
        let all = services.into_iter().flatten();
        all.filter(|(_, service)| !service.as_table().is_some_and(|one| is_named(one, "user")))
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// Returns the merged settings of all sources.
    pub fn merged(&self) -> &Table {
        &self.merged
    }

    /// Returns the active values of settings that change only at a restart. The next configuration
    /// keeps these values.
    pub fn lasting(&self) -> RestartOnly {
        RestartOnly::of(&self.merged, &self.origins)
    }

    /// Formats the active settings as TOML, with the source of each value in a comment. Secrets
    /// appear as `***`.
    pub fn report(&self) -> String {
        report::report(self.domains, &self.merged, &self.origins)
    }
}
