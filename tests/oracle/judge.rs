//! The client of the judges: builds `oracle/` once, starts it once, and asks. Likewise
//! `oracle/kubernetes`, whose modules fit no others.

use std::{
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Why a judge gave no output.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum JudgeError {
    /// There is no Go toolchain to build the judges with.
    #[error("go isn't installed: {0}")]
    NoGo(String),
    /// `go build` failed.
    #[error("building the judges failed: {0}")]
    Build(String),
    /// The judges' process couldn't be started, or its pipes failed.
    #[error("talking to the judges failed: {0}")]
    Pipe(String),
    /// A line came back that isn't an answer to what was asked.
    #[error("the judges' answer makes no sense: {0}")]
    Protocol(String),
    /// The judge was asked and answered with an error: it couldn't judge this input.
    #[error("judge: {0}")]
    Refused(String),
}

/// The running judges. There is one of each for the whole test binary: [`judges`], [`kubernetes`].
pub(crate) struct Judges {
    pipes: Mutex<Pipes>,
}

struct Pipes {
    /// Kept so that its pipes stay open; the process ends with them.
    _child: Child,
    requests: BufWriter<ChildStdin>,
    answers: BufReader<ChildStdout>,
    next_id: u64,
}

#[derive(Serialize)]
struct Request<'a, I> {
    id: u64,
    judge: &'a str,
    inputs: &'a [I],
}

#[derive(Deserialize)]
struct Answer<O> {
    id: Option<u64>,
    error: Option<String>,
    // An absent list is an empty one. (`serde(default)` would ask for `O: Default`.)
    outputs: Option<Vec<Verdict<O>>>,
}

#[derive(Deserialize)]
struct Verdict<O> {
    output: Option<O>,
    error: Option<String>,
}

/// Inputs sent in one request. More only cost memory; fewer leave a core idle.
const BATCH: usize = 2_000;

/// Returns the judges, building and starting them at the first call.
pub(crate) fn judges() -> Result<&'static Judges, JudgeError> {
    static JUDGES: OnceLock<Result<Judges, JudgeError>> = OnceLock::new();
    JUDGES.get_or_init(|| Judges::start("oracle", "oracle-judges")).as_ref().map_err(Clone::clone)
}

/// As [`judges`], those of `oracle/kubernetes`.
pub(crate) fn kubernetes() -> Result<&'static Judges, JudgeError> {
    static JUDGES: OnceLock<Result<Judges, JudgeError>> = OnceLock::new();
    JUDGES
        .get_or_init(|| Judges::start("oracle/kubernetes", "kubernetes-judges"))
        .as_ref()
        .map_err(Clone::clone)
}

/// Tells whether a Go toolchain is installed.
pub(crate) fn toolchain() -> Result<(), JudgeError> {
    match Command::new("go").arg("version").output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(JudgeError::NoGo(format!("`go version` ended with {}", output.status))),
        Err(error) => Err(JudgeError::NoGo(error.to_string())),
    }
}

impl Judges {
    fn start(folder: &str, binary: &str) -> Result<Self, JudgeError> {
        toolchain()?;
        let module = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let binary = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(binary);
        let build = Command::new("go")
            .args(["build", "-buildvcs=false", "-o"])
            .args([&binary, Path::new(".")])
            .current_dir(&module)
            .output()
            .map_err(|error| JudgeError::Build(error.to_string()))?;
        if !build.status.success() {
            return Err(JudgeError::Build(String::from_utf8_lossy(&build.stderr).into_owned()));
        }
        let mut child = Command::new(&binary)
            .current_dir(&module)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| JudgeError::Pipe(error.to_string()))?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(JudgeError::Pipe("the process has no pipes".into()));
        };
        Ok(Self {
            pipes: Mutex::new(Pipes {
                _child: child,
                requests: BufWriter::new(stdin),
                answers: BufReader::new(stdout),
                next_id: 1,
            }),
        })
    }

    /// Asks a judge about one input.
    ///
    /// # Errors
    /// [`JudgeError::Refused`] if the judge can't judge this input; the others if it can't be
    /// asked at all, or if its output isn't an `O`.
    pub(crate) fn ask<I: Serialize, O: DeserializeOwned>(
        &self,
        judge: &str,
        input: &I,
    ) -> Result<O, JudgeError> {
        self.ask_all(judge, std::slice::from_ref(input))?
            .pop()
            .unwrap_or_else(|| Err(JudgeError::Protocol("no verdict on one input".into())))
    }

    /// Asks a judge about many inputs at once. The verdicts are in the order of the inputs; one
    /// that is an error is a [`JudgeError::Refused`].
    ///
    /// # Errors
    /// If the judge can't be asked at all, or an output isn't an `O`.
    pub(crate) fn ask_all<I: Serialize, O: DeserializeOwned>(
        &self,
        judge: &str,
        inputs: &[I],
    ) -> Result<Vec<Result<O, JudgeError>>, JudgeError> {
        let mut outputs = Vec::with_capacity(inputs.len());
        for batch in inputs.chunks(BATCH) {
            let verdicts = self.exchange(judge, batch)?;
            if verdicts.len() != batch.len() {
                return Err(JudgeError::Protocol(format!(
                    "{} verdicts on {} inputs",
                    verdicts.len(),
                    batch.len()
                )));
            }
            for verdict in verdicts {
                outputs.push(match (verdict.output, verdict.error) {
                    (Some(output), None) => Ok(output),
                    (None, Some(error)) => Err(JudgeError::Refused(error)),
                    _ => return Err(JudgeError::Protocol("neither output nor error".into())),
                });
            }
        }
        Ok(outputs)
    }

    fn exchange<I: Serialize, O: DeserializeOwned>(
        &self,
        judge: &str,
        inputs: &[I],
    ) -> Result<Vec<Verdict<O>>, JudgeError> {
        // A trial that panicked in here leaves the pipes out of step, which the id shows.
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        let id = pipes.next_id;
        pipes.next_id += 1;
        let line = pipes
            .exchange(&Request { id, judge, inputs })
            .map_err(|error| JudgeError::Pipe(error.to_string()))?;
        if line.is_empty() {
            return Err(JudgeError::Pipe("the judges' process has ended".into()));
        }
        drop(pipes);
        let answer: Answer<O> = serde_json::from_str(&line).map_err(|error| {
            let start: String = line.chars().take(2_000).collect();
            JudgeError::Protocol(format!("{error} in {start}"))
        })?;
        if let Some(error) = answer.error {
            return Err(JudgeError::Protocol(error));
        }
        if answer.id != Some(id) {
            return Err(JudgeError::Protocol(format!("answer {:?} to request {id}", answer.id)));
        }
        Ok(answer.outputs.unwrap_or_default())
    }
}

impl Pipes {
    fn exchange<I: Serialize>(&mut self, request: &Request<'_, I>) -> std::io::Result<String> {
        serde_json::to_writer(&mut self.requests, request)?;
        self.requests.write_all(b"\n")?;
        self.requests.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line)
    }
}
