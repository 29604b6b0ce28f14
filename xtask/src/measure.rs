//! Time and peak memory of a process.

use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use nix::sys::resource::{UsageWho, getrusage};

/// What one run of a process took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Wall time in microseconds, from start to end of the process.
    pub(crate) micros: u64,
    /// Peak resident memory in KiB.
    pub(crate) peak_kib: u64,
}

/// Measures one run. A process of its own does it: peak memory of children is
/// only known as the largest of all.
pub(crate) fn measure(command: &[&str]) -> anyhow::Result<Measured> {
    let output =
        Command::new(std::env::current_exe()?).arg("measure").arg("--").args(command).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text.split_whitespace().map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(micros)), Some(Ok(peak_kib))) => Ok(Measured { micros, peak_kib }),
        _ => bail!("{command:?}: {text}{}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// The median of several runs by time, and the highest peak.
pub(crate) fn median(mut runs: Vec<Measured>) -> anyhow::Result<Measured> {
    runs.sort_by_key(|run| run.micros);
    let peak_kib = runs.iter().map(|run| run.peak_kib).max().unwrap_or_default();
    let middle = runs.get(runs.len() / 2).context("no run")?;
    Ok(Measured { peak_kib, ..*middle })
}

/// The other side of [`measure`]: runs a command with its output thrown away.
pub(crate) fn child(command: &[String]) -> anyhow::Result<()> {
    let [program, arguments @ ..] = command else { bail!("no command to measure") };
    let start = std::time::Instant::now();
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .with_context(|| program.clone())?;
    let micros = start.elapsed().as_micros();
    // Linters end with 1 when they find something.
    if !matches!(status.code(), Some(0 | 1)) {
        bail!("{program} ended with {status}");
    }
    println!("{micros} {}", getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss());
    Ok(())
}
