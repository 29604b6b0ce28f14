//! The project's own chores: `cargo xtask <command>`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "chores report to a person")]

mod bench;
mod bench_schemas;
mod custom_schemas;
mod docs;
mod fleet;
mod lifecycles;
mod measure;
mod ready;
mod render;
mod schemas;
mod tidy;
mod tree;

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own chores")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything that a push must pass: format, lints, docs, tidiness, tests
    Ready,
    /// Writes docs/rules from the rules' own files
    Docs {
        /// Only fail if they differ
        #[arg(long)]
        check: bool,
    },
    /// Writes schemas/kubernetes.txt from an unpacked PyPI package kubernetes-validate
    Schemas {
        /// The folder that has v1.N.M-local-strict for each version
        folder: PathBuf,
    },
    /// Writes schemas/custom from the folder that `oracle/crds -only-schemas -pack` prints
    CustomSchemas {
        /// The folder that has crds/
        folder: PathBuf,
        /// Only fail if they differ
        #[arg(long)]
        check: bool,
    },
    /// Writes schemas/lifecycles.txt from unpacked Go modules as k8s.io/api, oldest release first
    Lifecycles {
        /// The modules' folders
        #[arg(required = true)]
        modules: Vec<PathBuf>,
    },
    /// Checks what formatters and lints don't: long files, module docs, line ends
    Tidy,
    /// Writes an ordinary tree of N manifests, about 4.6 KB each
    GenTree {
        /// How many files
        count: usize,
        /// Where to
        folder: PathBuf,
        /// The same seed gives the same tree
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Writes N overlays over shared bases, four files for each
    GenFleet {
        /// How many overlays
        count: usize,
        /// Where to
        folder: PathBuf,
        /// The same seed gives the same fleet
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Measures rendering against a floor and kustomize's own api
    BenchRender(render::Arguments),
    /// Renders every overlay of a folder: what `bench-render` measures
    #[command(hide = true)]
    Render { folder: PathBuf },
    /// Measures `portcullis check` against a floor, itself, and other tools
    Bench(bench::Arguments),
    /// Measures schemas: kubeconform with the same, several versions at once, and the start
    BenchSchemas(bench_schemas::Arguments),
    /// Walks, reads and parses a folder, and nothing else: the floor of the benchmark
    #[command(hide = true)]
    Floor {
        folder: PathBuf,
        /// A list of other files to read, one a line
        #[arg(long)]
        with: Option<PathBuf>,
    },
    /// Runs a command and prints its wall time in microseconds and peak memory in KiB
    #[command(hide = true)]
    Measure {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Ready => ready::run(),
        Command::Docs { check } => docs::run(check),
        Command::Schemas { folder } => schemas::run(&folder),
        Command::CustomSchemas { folder, check } => custom_schemas::run(&folder, check),
        Command::Lifecycles { modules } => lifecycles::run(&modules),
        Command::Tidy => tidy::run(),
        Command::GenTree { count, folder, seed } => {
            let written = tree::write(count, tree::Tree::Rendered, &folder, seed)?;
            println!(
                "{} files, {} bytes, {} on average, {} namespaces",
                written.files,
                written.bytes,
                written.bytes / written.files.max(1) as u64,
                written.namespaces
            );
            Ok(())
        }
        Command::GenFleet { count, folder, seed } => {
            let written = fleet::write(count, &folder, seed)?;
            println!("{} overlays, {} files", written.overlays, written.files);
            Ok(())
        }
        Command::BenchRender(arguments) => render::run(&arguments),
        Command::Render { folder } => render::render(&folder),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::BenchSchemas(arguments) => bench_schemas::run(&arguments),
        Command::Floor { folder, with } => bench::floor(&folder, with.as_deref()),
        Command::Measure { command } => measure::child(&command),
    }
}

/// The repository's root.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}
