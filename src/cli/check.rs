//! `portcullis check`.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, BufWriter, IsTerminal, Write},
    mem::ManuallyDrop,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use flux_render::flux::SOURCE_IGNORE;
use memchr::memmem;
use rayon::prelude::*;

use super::{
    FAILED, FINDINGS, Failure, Output, progress::Ticker, repository::config_failure, terminal,
};
use crate::{
    check::{self, Baseline, Changed, Options},
    config::{self, Config},
    finding::{Level, Report},
    fleet::Fleet,
    kube::Object,
    repo::{self, Contents, File, Listing, Progress, git::Remotes},
    report::{self, Format, Sources, Style},
    schema::Versions,
};

/// Check what Flux would apply against policy
///
/// Renders every cluster of the repository around PATH, and the overlays that
/// no cluster uses, and checks the objects; manifests that nothing uses are
/// checked as they are written. A PATH below the root narrows the report to
/// what lies under it; objects elsewhere still count, for example as the
/// network policies of a workload's namespace.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// Folders or files to check; `-` reads manifests from standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// The repository's root [default: the nearest folder upwards with portcullis.yaml or .git]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,

    /// Configuration to use instead of the root's portcullis.yaml
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    config: Option<PathBuf>,

    /// Check only this cluster (repeatable)
    #[arg(long = "cluster", value_name = "NAME", help_heading = "Scope")]
    clusters: Vec<String>,

    /// Value of a variable that lives outside of the repository (repeatable)
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variable, help_heading = "Policy")]
    variables: Vec<(String, String)>,

    /// Kubernetes version that the manifests are meant for, as 1.34
    #[arg(long, value_name = "VERSION", help_heading = "Policy")]
    kubernetes: Option<String>,

    /// Run only this rule, or the rules of a group as `network/*` (repeatable)
    #[arg(long = "rule", value_name = "ID", help_heading = "Policy")]
    rules: Vec<String>,

    /// Leave out this rule, or the rules of a group (repeatable)
    #[arg(long, value_name = "ID", help_heading = "Policy")]
    skip: Vec<String>,

    /// Lowest level at which the exit status is 1
    #[arg(long, value_name = "LEVEL", default_value = "error", help_heading = "Policy")]
    fail_on: FailOn,

    /// Fail when anything was not checked
    #[arg(long, help_heading = "Policy")]
    strict: bool,

    /// Report only what files changed since REV, or the files named, can have caused
    ///
    /// Without REV, and without files named, everything that differs from HEAD
    /// counts as changed, untracked files too. With files named (as pre-commit
    /// does), those are the changed files.
    #[arg(long, value_name = "REV", num_args = 0..=1, require_equals = true, default_missing_value = "", help_heading = "Scope")]
    changed: Option<String>,

    /// Findings to accept, as an earlier run wrote them
    #[arg(long, value_name = "FILE", help_heading = "Scope")]
    baseline: Option<PathBuf>,

    /// Write what is found to the baseline, and accept it
    #[arg(long, requires = "baseline", help_heading = "Scope")]
    update_baseline: bool,

    /// Report format, and the file to write it to (repeatable) [default: human on a terminal, else concise]
    #[arg(long, value_name = "FORMAT[=FILE]", help_heading = "Output")]
    output: Vec<Output>,

    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    color: terminal::ColorChoice,

    /// Say nothing about the run, only the findings
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,

    /// Print how long each phase took
    #[arg(long, help_heading = "Output")]
    timings: bool,

    /// Threads to use [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
}

const AFTER_HELP: &str = "\
Examples:
  portcullis check                                  everything around this folder
  portcullis check apps/api/deployment.yaml         one file, in its repository
  portcullis check --changed=origin/main            what a pull request caused
  portcullis check --output human --output sarif=portcullis.sarif
  portcullis check --baseline portcullis-baseline.yaml --update-baseline
  kustomize build overlays/prod | portcullis check -";

/// `--fail-on`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    Error,
    Warn,
    Note,
    Never,
}

impl FailOn {
    fn fails(self, report: &Report) -> bool {
        let least = match self {
            Self::Error => Level::Error,
            Self::Warn => Level::Warn,
            Self::Note => Level::Note,
            Self::Never => return false,
        };
        report.findings.iter().any(|finding| finding.level >= least)
    }
}

/// Reads `NAME=VALUE`.
fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    let fits = |c: char| c == '_' || c.is_ascii_alphanumeric();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(fits)
    {
        return Err(format!("`{name}` is no name of a variable: letters, digits and `_`"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    if let Some(jobs) = arguments.jobs {
        rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(jobs))
            .build_global()
            .map_err(|error| Failure::new(format!("{jobs} threads can't be started: {error}")))?;
    }
    let mut timings = Timings::start();
    let target = Target::of(arguments)?;
    let remotes = (!target.stdin).then(|| Remotes::ask(&target.root));
    // The process ends with the run: taking millions of nodes apart first would be idle work.
    let mut contents = ManuallyDrop::new(target.read(arguments.quiet)?);
    timings.phase("read and parse");
    let mut config = target.configure(arguments, &mut contents)?;
    if let Some(version) = &arguments.kubernetes {
        if Versions::parse(version).is_none() {
            let failure = Failure::new(format!("--kubernetes: there are no schemas for {version}"));
            return Err(failure.help(format!("there are schemas for {}", Versions::known())));
        }
        config.set_kubernetes(version);
    }
    for (name, value) in &arguments.variables {
        config.variables.insert(name.clone(), value.clone().into());
    }
    if target.stdin && !config.schemas.is_empty() {
        target.read_schemas(&config, &mut contents);
    }
    let options = target.options(arguments, &contents, &config, remotes)?;
    timings.phase("configure");
    let checked = if arguments.clusters.is_empty() {
        check::render_and_check(&contents, &config, &options)
    } else {
        let mut fleet = Fleet::render(&contents, &config, &options.remotes, None);
        narrow(&mut fleet, &arguments.clusters)?;
        (check::check_fleet(&contents, &fleet, &config, &options), fleet)
    };
    let checked = ManuallyDrop::new(checked);
    let report = &checked.0;
    timings.phase("render and check");

    if arguments.update_baseline {
        return update_baseline(arguments, report, &options);
    }
    let style = Style {
        color: arguments.color.colors(io::stdout().is_terminal()),
        unicode: terminal::unicode(),
        width: terminal::width(),
        quiet: arguments.quiet,
        elapsed: (!arguments.quiet && io::stdout().is_terminal()).then(|| timings.total()),
    };
    write_reports(arguments, report, &contents, &style)?;
    timings.phase("report");
    if arguments.timings {
        timings.print();
    }
    // With --changed, there may be objects that the change doesn't reach.
    let none = match options.changed {
        None => report.coverage.objects == 0,
        Some(_) => report.coverage.documents == 0,
    };
    if none && report.findings.is_empty() {
        return Err(target.nothing_to_check(&contents));
    }
    if arguments.strict && !report.coverage.gaps.is_empty() {
        let count = report.coverage.gaps.len();
        let plural = if count == 1 { "" } else { "s" };
        eprintln!(
            "error: --strict: {count} coverage gap{plural}; `--output json` lists them under coverage.gaps"
        );
        return Ok(ExitCode::from(FAILED));
    }
    Ok(if arguments.fail_on.fails(report) { ExitCode::from(FINDINGS) } else { ExitCode::SUCCESS })
}

/// Leaves only the clusters of these names.
fn narrow(fleet: &mut Fleet, names: &[String]) -> Result<(), Failure> {
    for name in names {
        if !fleet.clusters.iter().any(|cluster| cluster.name == *name) {
            let known: Vec<&str> =
                fleet.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
            let failure = Failure::new(format!("--cluster: there is no cluster {name}"));
            return Err(match known.as_slice() {
                [] => failure.help("no cluster was found"),
                known => failure.help(format!("clusters: {}", known.join(", "))),
            });
        }
    }
    fleet.only(names);
    Ok(())
}

/// What the run is pointed at.
struct Target {
    /// Absolute.
    root: PathBuf,
    /// Files and folders relative to the root.
    paths: Vec<String>,
    stdin: bool,
}

impl Target {
    fn of(arguments: &Arguments) -> Result<Self, Failure> {
        let stdin = arguments.paths.iter().any(|path| path.as_os_str() == "-");
        if stdin && arguments.paths.len() > 1 {
            return Err(Failure::new("`-` can't be combined with other paths"));
        }
        let failure = |error: repo::RootError| Failure::new(error.to_string());
        let named: Vec<&Path> = match arguments.paths.as_slice() {
            [] => vec![Path::new(".")],
            _ if stdin => vec![Path::new(".")],
            paths => paths.iter().map(PathBuf::as_path).collect(),
        };
        let root = match &arguments.root {
            Some(root) => root
                .canonicalize()
                .map_err(|error| Failure::new(format!("--root {}: {error}", root.display())))?,
            None => repo::find_root(&named).map_err(failure)?,
        };
        let mut paths = Vec::new();
        let is_root = arguments.paths.is_empty() && arguments.root.is_some();
        if !stdin && !is_root {
            for path in named {
                paths.push(repo::relative(&root, path).map_err(failure)?);
            }
        }
        Ok(Self { root, paths, stdin })
    }

    fn read(&self, quiet: bool) -> Result<Contents, Failure> {
        if self.stdin {
            let file = repo::read_text("<stdin>", io::stdin().lock())
                .map_err(|error| Failure::new(format!("standard input can't be read: {error}")))?;
            return Ok(Contents { files: vec![file], ..Contents::default() });
        }
        let progress = Arc::new(Progress::default());
        let _ticker = Ticker::start(&progress, quiet);
        let listing: Listing = repo::list(&self.root, &self.paths);
        Ok(repo::read(&self.root, listing, &progress))
    }

    /// Schemas of the repository around, for objects from standard input.
    fn read_schemas(&self, config: &Config, contents: &mut Contents) {
        let mut listing = repo::list(&self.root, &[]);
        listing.files.retain(|path| config.is_schema(path));
        let schemas = repo::read(
            &self.root,
            Listing { files: listing.files, ..Listing::default() },
            &Progress::default(),
        );
        contents.files.extend(schemas.files);
        contents.gaps.extend(schemas.gaps);
    }

    fn configure(&self, arguments: &Arguments, contents: &mut Contents) -> Result<Config, Failure> {
        let default = self.root.join(repo::CONFIG_FILE);
        let path = match &arguments.config {
            Some(path) => path.clone(),
            None if default.is_file() => default,
            None => return Ok(Config::default()),
        };
        let unreadable =
            |error| Failure::new(format!("{}: can't be read: {error}", path.display()));
        let name = match repo::relative(&self.root, &path) {
            Ok(relative) => relative,
            Err(_) => path.display().to_string(),
        };
        let file = repo::read_text(&name, fs::File::open(&path).map_err(unreadable)?)
            .map_err(unreadable)?;
        let config = config::load(&file).map_err(|errors| config_failure(&errors))?;
        contents.config = Some(file);
        Ok(config)
    }

    fn options(
        &self,
        arguments: &Arguments,
        contents: &Contents,
        config: &Config,
        remotes: Option<Remotes>,
    ) -> Result<Options, Failure> {
        super::rules::require(arguments.rules.iter().chain(&arguments.skip))?;
        let baseline = arguments
            .baseline
            .as_ref()
            .map(|path| self.read_baseline(path, arguments.update_baseline));
        let changed = arguments
            .changed
            .as_ref()
            .map(|revision| self.changed(revision, arguments, contents, config));
        Ok(Options {
            only: arguments.rules.clone(),
            skip: arguments.skip.clone(),
            paths: self.paths.clone(),
            changed: changed.transpose()?,
            baseline: baseline.transpose()?.flatten(),
            remotes: remotes
                .filter(|_| may_have_sources(contents))
                .map(Remotes::answer)
                .unwrap_or_default(),
            ..Options::default()
        })
    }

    fn read_baseline(&self, path: &Path, update: bool) -> Result<Option<Baseline>, Failure> {
        let name = repo::relative(&self.root, path).unwrap_or_else(|_| path.display().to_string());
        match fs::read_to_string(path) {
            Ok(text) => Baseline::read(&name, &text)
                .map(Some)
                .map_err(|error| Failure::new(error.to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound && update => Ok(None),
            Err(error) => Err(Failure::new(format!("--baseline {}: {error}", path.display()))
                .help("write it with --update-baseline")),
        }
    }

    fn changed(
        &self,
        revision: &str,
        arguments: &Arguments,
        contents: &Contents,
        config: &Config,
    ) -> Result<Changed, Failure> {
        let files_named: BTreeSet<String> =
            self.paths.iter().filter(|path| self.root.join(path).is_file()).cloned().collect();
        let by_name = revision.is_empty() && !files_named.is_empty();
        let revision = if revision.is_empty() { "HEAD" } else { revision };
        let files = if by_name {
            files_named
        } else {
            repo::git::changed_since(&self.root, revision)
                .map_err(|error| Failure::new(format!("--changed: {error}")))?
        };
        // What either says decides about all other files.
        let decisive = |path: &String| {
            path == repo::CONFIG_FILE
                || path.rsplit('/').next() == Some(SOURCE_IGNORE)
                || config.is_schema(path)
        };
        let mut changed = Changed { everything: files.iter().any(decisive), ..Changed::default() };
        for file in contents.files.iter().filter(|file| files.contains(&*file.path)) {
            add_namespaces(file, &mut changed);
        }
        for path in &files {
            if let Some(bytes) = repo::git::file_at(&self.root, revision, path) {
                let before = File::new(
                    path.as_str(),
                    spanned_yaml::parse_bytes(bytes, &spanned_yaml::Limits::default()),
                );
                add_namespaces(&before, &mut changed);
            }
        }
        if let Some(config) = &arguments.config {
            let name = repo::relative(&self.root, config).unwrap_or_default();
            changed.everything |= files.contains(&name);
        }
        changed.files = files;
        Ok(changed)
    }

    fn nothing_to_check(&self, contents: &Contents) -> Failure {
        let place = match self
            .paths
            .iter()
            .filter(|path| !path.is_empty())
            .collect::<Vec<_>>()
            .as_slice()
        {
            _ if self.stdin => "standard input".to_owned(),
            [] => self.root.display().to_string(),
            [path] => (*path).clone(),
            [path, rest @ ..] => format!("{path} and {} more", rest.len()),
        };
        let read = contents.files.len();
        let failure = Failure::new(format!("nothing to check: no Kubernetes manifest in {place}"));
        match read {
            0 => failure.help("no YAML or JSON file is there; name the folder that holds the manifests"),
            _ => failure.help("a manifest has apiVersion and kind; `--output json` says of every file why it was left out"),
        }
    }
}

/// Whether there could be a source with an address.
fn may_have_sources(contents: &Contents) -> bool {
    let finder = memmem::Finder::new("fluxcd");
    let has_source = |file: &File| finder.find(file.source().as_bytes()).is_some();
    contents.files.par_iter().any(has_source)
}

fn add_namespaces(file: &File, changed: &mut Changed) {
    let roots = file.tree.documents().iter().filter_map(|document| document.root);
    for root in roots.map(|id| file.tree.node(id)) {
        let items =
            root.get("items").map(|items| items.items().collect::<Vec<_>>()).unwrap_or_default();
        for node in std::iter::once(root).chain(items) {
            if let Some(object) = Object::read(file, node) {
                let namespace = object.effective_namespace().to_owned();
                if object.kind == "LimitRange" {
                    changed.limit_ranges.insert(namespace.clone());
                }
                changed.namespaces.insert(namespace);
                changed.custom_kinds.extend(crate::schema::kind_defined_by(&object));
                if object.kind == "Namespace" {
                    changed.namespaces.extend(object.name.map(str::to_owned));
                }
            }
        }
    }
}

fn update_baseline(
    arguments: &Arguments,
    report: &Report,
    options: &Options,
) -> Result<ExitCode, Failure> {
    let Some(path) = &arguments.baseline else { return Ok(ExitCode::SUCCESS) };
    let (text, count) = Baseline::write(report, options.baseline.as_ref(), options)
        .map_err(|error| Failure::new(format!("the baseline can't be written: {error}")))?;
    let failure = |error: io::Error| Failure::new(format!("{}: {error}", path.display()));
    // Written beside and renamed, so that a full disk loses nothing.
    let beside = path.with_extension("tmp");
    fs::write(&beside, text).map_err(failure)?;
    fs::rename(&beside, path).map_err(failure)?;
    if !arguments.quiet {
        let noun = if count == 1 { "finding" } else { "findings" };
        eprintln!("{count} {noun} accepted in {}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn write_reports(
    arguments: &Arguments,
    report: &Report,
    contents: &Contents,
    style: &Style,
) -> Result<(), Failure> {
    let standard = [Output {
        format: if io::stdout().is_terminal() { Format::Human } else { Format::Concise },
        file: None,
    }];
    let outputs = if arguments.output.is_empty() { standard.as_slice() } else { &arguments.output };
    let sources = Texts(contents);
    for output in outputs {
        match &output.file {
            Some(path) => {
                let failure = |error: io::Error| {
                    Failure::new(format!("--output {}: {error}", path.display()))
                };
                let plain = Style {
                    color: arguments.color == terminal::ColorChoice::Always,
                    ..style.clone()
                };
                let mut out = BufWriter::new(fs::File::create(path).map_err(failure)?);
                report::write(output.format, report, &sources, &plain, &mut out)
                    .map_err(failure)?;
                out.flush().map_err(failure)?;
            }
            None => {
                let mut out = BufWriter::new(io::stdout().lock());
                let written = report::write(output.format, report, &sources, style, &mut out)
                    .and_then(|()| out.flush());
                match written {
                    Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                        return Err(Failure::new(format!(
                            "standard output can't be written: {error}"
                        )));
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(())
}

/// The texts of the files that were read, for snippets.
struct Texts<'a>(&'a Contents);

impl Sources for Texts<'_> {
    fn text(&self, file: &str) -> Option<&str> {
        let config = self.0.config.iter().find(|config| *config.path == *file);
        let index = self.0.files.binary_search_by(|candidate| (*candidate.path).cmp(file)).ok();
        index.and_then(|index| self.0.files.get(index)).or(config).map(File::source)
    }
}

/// How long each phase took.
struct Timings {
    start: Instant,
    last: Instant,
    phases: Vec<(&'static str, Duration)>,
}

impl Timings {
    fn start() -> Self {
        let now = Instant::now();
        Self { start: now, last: now, phases: Vec::new() }
    }

    fn phase(&mut self, name: &'static str) {
        let now = Instant::now();
        self.phases.push((name, now - self.last));
        self.last = now;
    }

    fn total(&self) -> Duration {
        self.start.elapsed()
    }

    fn print(&self) {
        for (name, took) in &self.phases {
            eprintln!("{name:<16}{:>9.1} ms", took.as_secs_f64() * 1e3);
        }
        eprintln!("{:<16}{:>9.1} ms", "total", self.total().as_secs_f64() * 1e3);
    }
}
