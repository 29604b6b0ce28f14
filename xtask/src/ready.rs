//! The one command before a push.

use std::process::Command;

use anyhow::bail;

/// What CI checks of every change, in the order in which it fails fastest.
const STEPS: &[(&str, &[&str])] = &[
    ("format", &["fmt", "--all", "--check"]),
    ("tidy", &["xtask", "tidy"]),
    ("rule pages", &["xtask", "docs", "--check"]),
    ("lints", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    ("tests", &["test", "--workspace"]),
    ("this repository", &["run", "--quiet", "--", "check", "--strict", "."]),
];

pub(crate) fn run() -> anyhow::Result<()> {
    for (name, arguments) in STEPS {
        println!("== {name}: cargo {}", arguments.join(" "));
        let status = Command::new("cargo").args(*arguments).current_dir(crate::root()).status()?;
        if !status.success() {
            bail!("{name} failed: run `cargo {}` again once it is mended", arguments.join(" "));
        }
    }
    println!("== ready to push");
    Ok(())
}
