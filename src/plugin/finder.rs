//! Where plugins lie. The first place that has one wins; when that one cannot be loaded, nobody
//! looks further.

use std::path::{Path, PathBuf};

use super::consent::Consent;

/// The plugins that ship with Camp: found beside the executable, trusted like it.
pub const SHIPPED: &[&str] = &[
    "change_dimension",
    "deduplicate",
    "email",
    "enrich",
    "reconcile",
    "rfm",
    "sample",
    "split",
    "webhook",
];

/// A plugin's library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// It came with Camp.
    pub shipped: bool,
}

/// Finds plugins.
#[derive(Clone, Debug, Default)]
pub struct Finder {
    /// The folder of the project, which has `.camp/plugins`.
    pub project: Option<PathBuf>,
    /// No plugin may be loaded: somebody else wrote the script.
    pub forbidden: bool,
    /// Who decides about a plugin that the project does not trust yet.
    pub consent: Consent,
}

/// The name of a plugin's library on this system.
pub fn library_name(plugin: &str) -> String {
    format!("{}camp_{plugin}{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}

impl Finder {
    /// The library of a plugin.
    pub fn find(&self, plugin: &str) -> Option<Place> {
        let library = library_name(plugin);
        if SHIPPED.contains(&plugin) {
            let found = beside_executable().into_iter().map(|dir| dir.join(&library));
            if let Some(path) = found.into_iter().find(|p| p.is_file()) {
                return Some(Place { path, shipped: true });
            }
        }
        self.folders()
            .into_iter()
            .map(|dir| dir.join(plugin).join(&library))
            .find(|path| path.is_file())
            .map(|path| Place { path, shipped: false })
    }

    /// The names of all plugins that can be found.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = SHIPPED
            .iter()
            .filter(|name| self.find(name).is_some())
            .map(|name| (*name).to_owned())
            .collect();
        for folder in self.folders() {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            for entry in entries.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if entry.path().join(library_name(&name)).is_file() {
                    names.push(name);
                }
            }
        }
        names.sort();
        names.dedup();
        names
    }

    /// The folders of installed plugins, each in a folder of its own name.
    fn folders(&self) -> Vec<PathBuf> {
        let mut folders = Vec::new();
        if let Some(project) = &self.project {
            folders.push(project.join(".camp").join("plugins"));
        }
        let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).or_else(|| {
            std::env::var_os("HOME").map(|home| Path::new(&home).join(".local").join("share"))
        });
        folders.extend(data.filter(|d| d.is_absolute()).map(|d| d.join("camp").join("plugins")));
        folders.push(PathBuf::from("/usr/lib/camp/plugins"));
        folders
    }
}

/// Where a build and an install put the plugins that ship.
fn beside_executable() -> Vec<PathBuf> {
    let Ok(executable) = std::env::current_exe().and_then(|e| e.canonicalize()) else {
        return Vec::new();
    };
    let Some(dir) = executable.parent() else { return Vec::new() };
    let mut places = vec![dir.to_owned()];
    if let Some(up) = dir.parent() {
        // A test's executable lies one folder below what is built.
        if dir.ends_with("deps") || dir.ends_with("examples") {
            places.push(up.to_owned());
        }
        places.push(up.join("lib").join("camp").join("plugins"));
    }
    places
}
