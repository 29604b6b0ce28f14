//! Whole small repositories with their expected reports.
//!
//! A case is a folder `tests/cases/<name>/`: `repo/` is copied to a temporary
//! folder, in which the binary runs with the arguments of `args` (a line each
//! run of blank-separated words; `# setup` lines are commands for the shell
//! before it), an empty environment, and standard input from `stdin` if it is
//! there. `stdout`, `stderr` and `status` are what must come out.
//! `PORTCULLIS_UPDATE=1` writes them anew: read the difference before you keep it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test may stop"
)]

use std::{
    ffi::OsStr,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("tests/cases")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    let trials = cases
        .into_iter()
        .map(|case| {
            let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Trial::test(name, move || run(&case))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn run(case: &Path) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let root = folder.path().canonicalize()?.join("repo");
    copy(&case.join("repo"), &root)?;
    let script = fs::read_to_string(case.join("args"))?;
    let mut found = Found { stdout: String::new(), stderr: String::new(), status: String::new() };
    for line in script.lines().filter(|line| !line.trim().is_empty()) {
        match line.strip_prefix("$ ") {
            Some(command) => shell(command, &root)?,
            None => found.add(line, &portcullis(line, &root, &case.join("stdin"))?),
        }
    }
    let place = root.display().to_string();
    let normal =
        |text: &str| text.replace(&place, "[ROOT]").replace(env!("CARGO_PKG_VERSION"), "[VERSION]");
    compare(&case.join("stdout"), &normal(&found.stdout))?;
    compare(&case.join("stderr"), &normal(&found.stderr))?;
    compare(&case.join("status"), &found.status)
}

struct Found {
    stdout: String,
    stderr: String,
    status: String,
}

impl Found {
    fn add(&mut self, arguments: &str, output: &std::process::Output) {
        if !self.status.is_empty() {
            for text in [&mut self.stdout, &mut self.stderr] {
                if !text.is_empty() {
                    text.push_str(&format!("--- {arguments}\n"));
                }
            }
        }
        self.stdout.push_str(&String::from_utf8_lossy(&output.stdout));
        self.stderr.push_str(&String::from_utf8_lossy(&output.stderr));
        self.status.push_str(&format!("{}\n", output.status.code().unwrap_or(-1)));
    }
}

/// Runs the binary in `root` with an environment that has nothing but a path.
fn portcullis(arguments: &str, root: &Path, stdin: &Path) -> Result<std::process::Output, Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(arguments.split_whitespace()).current_dir(root).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("COLUMNS", "80");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut input) = child.stdin.take() {
        // A process that has ended without reading is no fault of the case.
        let _ = input.write_all(&fs::read(stdin).unwrap_or_default());
    }
    Ok(child.wait_with_output()?)
}

fn shell(command: &str, root: &Path) -> Result<(), Failed> {
    let status = Command::new("sh")
        .args(["-euc", command])
        .current_dir(root)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", root)
        .envs([("GIT_AUTHOR_NAME", "a"), ("GIT_AUTHOR_EMAIL", "a@example.com")])
        .envs([("GIT_COMMITTER_NAME", "a"), ("GIT_COMMITTER_EMAIL", "a@example.com")])
        .stdout(Stdio::null())
        .status()?;
    if status.success() { Ok(()) } else { Err(format!("`{command}` ended with {status}").into()) }
}

fn copy(from: &Path, to: &Path) -> Result<(), Failed> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        // Git doesn't keep files of these names: cases spell them with a `_`.
        let name = entry.file_name();
        let name = if name == OsStr::new("_gitignore") { OsStr::new(".gitignore") } else { &name };
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to.join(name))?;
        } else {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}

fn compare(path: &Path, found: &str) -> Result<(), Failed> {
    if std::env::var_os("PORTCULLIS_UPDATE").is_some() {
        if found.is_empty() {
            let _ = fs::remove_file(path);
        } else {
            fs::write(path, found)?;
        }
        return Ok(());
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == found {
        return Ok(());
    }
    let line = expected.lines().zip(found.lines()).take_while(|(a, b)| a == b).count();
    Err(format!(
        "{} differs from line {}:\n--- expected\n{expected}\n--- found\n{found}",
        path.display(),
        line + 1
    )
    .into())
}
