//! Reads the files that `include` names, by path or by pattern.
//!
//! nginx looks for included files relative to the folder of `nginx.conf`. Since a user may import a
//! single file of `sites-enabled`, this module looks in the imported file's folder, in that
//! folder's parent, and in the folder of the including file. For an absolute path, it looks in the
//! first two for the end of that path first, since the imported file may be a copy from elsewhere.

use std::fs;
use std::path::{Component, Path, PathBuf};

use super::directive::Directive;
use crate::{ImportError, MAX_FILE_BYTES};

const MAX_DEPTH: usize = 10;
const MAX_FILES: usize = 200;
const MAX_DIRECTIVES: usize = 100_000;
/// In a folder, compared with a pattern.
const MAX_NAMES: usize = 10_000;

/// The folders in which included files are searched, and counters of how much has been read so far.
#[derive(Debug)]
pub(super) struct Includes {
    folders: Vec<PathBuf>,
    depth: usize,
    files: usize,
    bytes: u64,
    directives: usize,
    /// Remarks about files that could not be included.
    pub(super) remarks: Vec<String>,
}

impl Includes {
    /// Starts with the folder of the imported file and that folder's parent.
    pub(super) fn beside(file: &Path) -> Self {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let folders = file.ancestors().skip(1).take(2);
        Self {
            folders: folders.map(Path::to_owned).collect(),
            ..Self::none()
        }
    }

    /// Starts without folders.
    pub(super) fn none() -> Self {
        Self {
            folders: Vec::new(),
            depth: 0,
            files: 0,
            bytes: 0,
            directives: 0,
            remarks: Vec::new(),
        }
    }

    pub(super) fn count(&mut self) -> bool {
        self.directives += 1;
        self.directives <= MAX_DIRECTIVES
    }

    /// Finds the files that an `include` directive names, sorted by name.
    pub(super) fn find(&mut self, directive: &Directive, from: &Path) -> Option<Vec<PathBuf>> {
        let pattern = directive.word(0);
        let mut folders = self.folders.clone();
        folders.extend(from.parent().map(Path::to_owned));
        let mut places = Vec::new();
        if Path::new(pattern).is_absolute() {
            places = self.copies_of(Path::new(pattern));
            places.push(PathBuf::from(pattern));
        } else if !pattern.is_empty() {
            places.extend(folders.iter().map(|folder| folder.join(pattern)));
        }
        let found = places.iter().enumerate();
        let found = found
            .map(|(number, place)| (number, place, glob(place)))
            .find(|(_, _, files)| !files.is_empty());
        if let Some((number, place, _)) = &found
            && Path::new(pattern).is_absolute()
        {
            let is_beside = number + 1 < places.len();
            let why = match (is_beside, *place == Path::new(pattern)) {
                (true, true) => "",
                (true, false) => "taken from beside the named file",
                (false, _) => {
                    "taken from this machine, because there is none beside the named file"
                }
            };
            if !why.is_empty() {
                let why = format!("{why}: {}", place.display());
                self.remarks
                    .push(format!("{}: {}: {why}", directive.place, directive.shown()));
            }
        }
        let files = found.map(|(_, _, files)| files);
        // A pattern without any match is no error, but a file that is named exactly must exist.
        if files.is_none() && !pattern.contains(['*', '?']) {
            self.remark(
                directive,
                "there is no such file, so its settings are missing here; import again where nginx has it",
            );
        }
        files
    }

    /// In a copy of nginx's folder: the end of the path, the longest first, in the folder of the
    /// imported file and in that folder's parent.
    fn copies_of(&self, pattern: &Path) -> Vec<PathBuf> {
        let mut places = Vec::new();
        let mut rest = pattern.components();
        while rest.next().is_some() {
            let inner = rest.as_path();
            let is_wild = inner.to_string_lossy().contains(['*', '?']);
            // A pattern without its folder could fit the imported file itself.
            if inner.components().count() > usize::from(is_wild) {
                places.extend(self.folders.iter().map(|folder| folder.join(inner)));
            }
        }
        places
    }

    /// Reads an included file. Adds a remark and returns `None` if the file cannot be read or if a
    /// limit is exceeded.
    pub(super) fn open(
        &mut self,
        directive: &Directive,
        file: &Path,
    ) -> Result<Option<String>, ImportError> {
        if self.depth >= MAX_DEPTH || self.files >= MAX_FILES || self.bytes >= MAX_FILE_BYTES {
            let shown = file.display();
            self.remark(
                directive,
                &format!("{shown} was not read: too many files, or they include each other; write its settings by hand"),
            );
            return Ok(None);
        }
        match crate::read(file) {
            Ok(text) => {
                self.depth += 1;
                self.files += 1;
                self.bytes += text.len() as u64;
                Ok(Some(text))
            }
            Err(ImportError::Unreadable { file, why }) => {
                self.remark(
                    directive,
                    &format!("cannot read {file}: {why}; correct that, and import again"),
                );
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    pub(super) fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    fn remark(&mut self, directive: &Directive, why: &str) {
        self.remarks
            .push(format!("{}: {}: {why}", directive.place, directive.shown()));
    }
}

/// `*` and `?`; sorted by name.
fn glob(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let name = component.as_os_str().to_string_lossy();
        let Component::Normal(_) = component else {
            push(&mut found, component);
            continue;
        };
        if !name.contains(['*', '?']) {
            push(&mut found, component);
            continue;
        }
        let mut next = Vec::new();
        for folder in &found {
            let Ok(entries) = fs::read_dir(folder) else {
                continue;
            };
            for entry in entries.take(MAX_NAMES).filter_map(Result::ok) {
                let file = entry.file_name();
                let file = file.to_string_lossy();
                // As in a shell, a leading dot must be matched explicitly.
                let is_hidden = file.starts_with('.') && !name.starts_with('.');
                if !is_hidden && fits(&name, &file) {
                    next.push(entry.path());
                }
            }
        }
        next.sort();
        next.truncate(MAX_FILES);
        found = next;
    }
    found.retain(|path| path.is_file());
    found
}

fn push(paths: &mut [PathBuf], component: Component<'_>) {
    for path in paths {
        path.push(component);
    }
}

/// `*` stands for any text and `?` for one character.
fn fits(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut at, mut place) = (0, 0);
    // The position of the last `*` in the pattern, and the end of the part of the name that this
    // `*` matches so far.
    let mut star: Option<(usize, usize)> = None;
    while place < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == name[place] => {
                at += 1;
                place += 1;
            }
            _ => match star {
                None => return false,
                Some((behind, taken)) => {
                    star = Some((behind, taken + 1));
                    at = behind + 1;
                    place = taken + 1;
                }
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nginx::tree;

    #[test]
    fn patterns_fit_names() {
        for (pattern, name, expected) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf.bak", false),
            ("*", "", true),
            ("a?c*e", "abcde", true),
            ("a?c*e", "ace", false),
            ("**x", "yyx", true),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn files_are_found_beside_the_first_one_and_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let sites = folder.path().join("sites-enabled");
        fs::create_dir(&sites).unwrap();
        fs::create_dir(folder.path().join("snippets")).unwrap();
        fs::write(folder.path().join("snippets/b.conf"), "second;").unwrap();
        fs::write(folder.path().join("snippets/a.conf"), "first;").unwrap();
        fs::write(folder.path().join("snippets/.c.conf"), "hidden;").unwrap();
        fs::write(sites.join("more"), "third;").unwrap();
        let site = sites.join("site");
        fs::write(
            &site,
            "include snippets/*.conf;\ninclude more;\ninclude gone;\ninclude none/*;",
        )
        .unwrap();
        let (all, remarks) = tree::read(&site).unwrap();
        let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["first", "second", "third"]);
        assert_eq!(all[1].place.to_string(), "b.conf:1");
        assert!(remarks.len() == 1 && remarks[0].starts_with("site:3: include gone: there is no"));
    }

    #[test]
    fn a_copy_is_read_before_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let (copy, machine) = (
            folder.path().join("home/copy"),
            folder.path().join("etc/nginx"),
        );
        for (root, text) in [(&copy, "copied;"), (&machine, "own;")] {
            fs::create_dir_all(root.join("sites-enabled")).unwrap();
            fs::write(root.join("sites-enabled/default"), text).unwrap();
        }
        let include = format!("include {}/sites-enabled/*;", machine.display());
        for (root, name, told) in [
            (&copy, "copied", "taken from beside the named file"),
            (&machine, "own", ""),
        ] {
            let file = root.join("nginx.conf");
            fs::write(&file, &include).unwrap();
            let (all, remarks) = tree::read(&file).unwrap();
            assert_eq!(all[0].name, name);
            assert_eq!(remarks.len(), usize::from(!told.is_empty()));
            assert!(
                remarks.iter().all(|remark| remark.contains(told)),
                "{remarks:?}"
            );
        }
        fs::remove_file(copy.join("sites-enabled/default")).unwrap();
        let (all, remarks) = tree::read(&copy.join("nginx.conf")).unwrap();
        assert_eq!(all[0].name, "own");
        assert!(
            remarks[0].contains("taken from this machine"),
            "{remarks:?}"
        );
        assert!(
            remarks[0].contains("etc/nginx/sites-enabled"),
            "{remarks:?}"
        );
    }

    #[test]
    fn files_that_include_each_other_end_somewhere() {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("site");
        fs::write(&site, "a;\ninclude site;\n").unwrap();
        let (all, remarks) = tree::read(&site).unwrap();
        assert_eq!(all.len(), MAX_DEPTH + 1);
        assert!(remarks[0].contains("was not read"));
    }
}
