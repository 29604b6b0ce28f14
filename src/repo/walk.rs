//! Finding the repository's files.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Mutex,
};

use flux_render::flux::SOURCE_IGNORE;
use ignore::{DirEntry, WalkBuilder, WalkState};

use super::{git, root::slashed};
use crate::finding::{Gap, GapKind, Location};

/// The files that may hold manifests.
#[derive(Debug, Default)]
pub struct Listing {
    /// Relative to the root, with `/`, in lexical order.
    pub files: Vec<String>,
    /// Files that say what Flux leaves out of its artifacts: those called `.sourceignore`.
    pub source_ignores: Vec<String>,
    /// What is left out, and what can't be read.
    pub gaps: Vec<Gap>,
}

/// Lists the YAML and JSON files below `root`, hidden ones too. Left out are
/// `.git` and what .gitignore (unless git tracks it) or .portcullisignore names;
/// links, which Flux doesn't put into its artifacts, and templates of Helm
/// charts are gaps. Files in `named` are listed whatever their name, as long as
/// they exist.
pub fn list(root: &Path, named: &[String]) -> Listing {
    let (walked, tracked) = rayon::join(|| walk(root), || git::tracked_but_ignored(root));
    let mut found = walked;
    let mut files: BTreeSet<String> = found.files.into_iter().collect();
    let mut source_ignores: BTreeSet<String> = found.source_ignores.into_iter().collect();
    match tracked {
        Ok(tracked) => {
            let is_file = |path: &String| root.join(path).is_file();
            source_ignores.extend(
                tracked.iter().filter(|path| is_source_ignore(path) && is_file(path)).cloned(),
            );
            files
                .extend(tracked.into_iter().filter(|path| is_manifest_name(path) && is_file(path)));
        }
        Err(error) => {
            let message =
                format!("tracked files that .gitignore names were not looked for: {error}");
            found.gaps.push(gap(GapKind::Skipped, ".gitignore", message));
        }
    }
    files.extend(named.iter().filter(|path| root.join(path).is_file()).cloned());
    let charts: BTreeSet<&str> = files.iter().filter_map(|file| chart_folder(file)).collect();
    let (templates, files): (Vec<_>, Vec<_>) =
        files.iter().partition(|file| is_chart_template(file, &charts));
    found.gaps.extend(templates.into_iter().map(|file| {
        gap(
            GapKind::Skipped,
            file,
            "template of a Helm chart: YAML only once Helm has rendered it".into(),
        )
    }));
    Listing {
        files: files.into_iter().cloned().collect(),
        source_ignores: source_ignores.into_iter().collect(),
        gaps: found.gaps,
    }
}

fn gap(kind: GapKind, path: &str, message: String) -> Gap {
    Gap { kind, message, location: Location::file(path.into()) }
}

fn walk(root: &Path) -> Listing {
    let found = Mutex::new(Listing::default());
    let walker = WalkBuilder::new(root)
        .hidden(false)
        .require_git(false)
        .add_custom_ignore_filename(".portcullisignore")
        .filter_entry(|entry| entry.file_name() != ".git")
        .threads(rayon::current_num_threads())
        .build_parallel();
    walker.run(|| {
        let mut local = Collected { found: &found, listing: Listing::default() };
        Box::new(move |entry| {
            local.take(root, entry);
            WalkState::Continue
        })
    });
    found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What one thread has found; handed over when the thread ends.
struct Collected<'a> {
    found: &'a Mutex<Listing>,
    listing: Listing,
}

impl Collected<'_> {
    fn take(&mut self, root: &Path, entry: Result<DirEntry, ignore::Error>) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error_path(&error).map_or_else(String::new, |path| {
                    slashed(path.strip_prefix(root).unwrap_or(path))
                });
                self.listing.gaps.push(gap(
                    GapKind::Unreadable,
                    &path,
                    format!("can't be read: {error}"),
                ));
                return;
            }
        };
        let Some(kind) = entry.file_type() else { return };
        let Ok(relative) = entry.path().strip_prefix(root) else { return };
        if kind.is_symlink() {
            let path = slashed(relative);
            let target = entry.path().metadata();
            match target {
                Err(error) => {
                    let message = format!("link that leads nowhere: {error}");
                    self.listing.gaps.push(gap(GapKind::Unreadable, &path, message));
                }
                Ok(target) if target.is_dir() || is_manifest_name(&path) => {
                    let message = "link: not followed, as Flux leaves links out of its artifacts";
                    self.listing.gaps.push(gap(GapKind::Skipped, &path, message.into()));
                }
                Ok(_) => {}
            }
        } else if kind.is_file() {
            let path = slashed(relative);
            if is_manifest_name(&path) {
                self.listing.files.push(path);
            } else if is_source_ignore(&path) {
                self.listing.source_ignores.push(path);
            }
        } else if !kind.is_dir() && is_manifest_name(&slashed(relative)) {
            let message = "neither a file nor a folder";
            self.listing.gaps.push(gap(GapKind::Unreadable, &slashed(relative), message.into()));
        }
    }
}

impl Drop for Collected<'_> {
    fn drop(&mut self) {
        let mut found = self.found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        found.files.append(&mut self.listing.files);
        found.source_ignores.append(&mut self.listing.source_ignores);
        found.gaps.append(&mut self.listing.gaps);
    }
}

fn error_path(error: &ignore::Error) -> Option<&PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            error_path(err)
        }
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}

/// Whether a file may hold manifests, by its name: `.yaml`, `.yml`, `.json`, or
/// `Kustomization`.
fn is_manifest_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    name == "Kustomization" || matches!(extension, Some("yaml" | "yml" | "json"))
}

fn is_source_ignore(path: &str) -> bool {
    path.rsplit('/').next() == Some(SOURCE_IGNORE)
}

/// The folder of a Helm chart, empty or ending in `/`, if the file is its Chart.yaml.
pub(crate) fn chart_folder(file: &str) -> Option<&str> {
    let folder = file.strip_suffix("Chart.yaml")?;
    (folder.is_empty() || folder.ends_with('/')).then_some(folder)
}

/// Whether a file lies under a `templates` folder beside a Chart.yaml. `charts`
/// holds the charts' folders, each empty or ending in `/`.
fn is_chart_template(file: &str, charts: &BTreeSet<&str>) -> bool {
    if charts.is_empty() {
        return false;
    }
    file.match_indices("templates/").any(|(at, _)| {
        file.get(..at).is_some_and(|folder| {
            (folder.is_empty() || folder.ends_with('/')) && charts.contains(folder)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_count_only_beside_a_chart() {
        let charts = BTreeSet::from(["charts/web/", ""]);
        assert!(is_chart_template("charts/web/templates/a.yaml", &charts));
        assert!(is_chart_template("charts/web/templates/sub/a.yaml", &charts));
        assert!(is_chart_template("templates/a.yaml", &charts));
        assert!(!is_chart_template("apps/templates/a.yaml", &charts));
        assert!(!is_chart_template("charts/web/mytemplates/a.yaml", &charts));
    }

    #[test]
    fn names_of_manifests() {
        for name in ["a.yaml", "b/c.yml", "d.json", "x/Kustomization"] {
            assert!(is_manifest_name(name), "{name}");
        }
        for name in ["yaml", "a.yaml.tmpl", "Chart.lock", "a.YAML"] {
            assert!(!is_manifest_name(name), "{name}");
        }
    }
}
