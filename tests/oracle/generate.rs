//! Seeds and sizes of the generators, from the environment.

use std::hash::{Hash, Hasher};

use fastrand::Rng;

/// Why the environment can't be followed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GenerateError {
    /// `PORTCULLIS_SEED` isn't a number from 0 to 2^64-1.
    #[error("PORTCULLIS_SEED is {0:?}: it must be a whole number")]
    Seed(String),
    /// `PORTCULLIS_ORACLE_CASES` isn't a count or a multiple.
    #[error("PORTCULLIS_ORACLE_CASES is {0:?}: it must be a count (1000) or a multiple (x0.1)")]
    Cases(String),
}

/// The seed of a run that names none: continuous integration repeats one and the same run.
const DEFAULT_SEED: u64 = 20_260_921;

/// Returns the seed of this run: `PORTCULLIS_SEED`, or a fixed one.
pub(crate) fn seed() -> Result<u64, GenerateError> {
    match std::env::var("PORTCULLIS_SEED") {
        Ok(text) => text.parse().map_err(|_| GenerateError::Seed(text)),
        Err(_) => Ok(DEFAULT_SEED),
    }
}

/// Whether the run is the one that continuous integration repeats.
pub(crate) fn is_the_usual() -> bool {
    ["PORTCULLIS_SEED", "PORTCULLIS_ORACLE_CASES"]
        .iter()
        .all(|name| std::env::var_os(name).is_none())
}

/// Returns the generator of one trial. It depends on the seed and the trial's name alone, so a
/// trial repeats whichever others run beside it.
pub(crate) fn rng(trial: &str) -> Result<Rng, GenerateError> {
    let mut hasher = rustc_hash::FxHasher::default();
    (seed()?, trial).hash(&mut hasher);
    Ok(Rng::with_seed(hasher.finish()))
}

/// Returns how many cases a trial generates: its own number, unless `PORTCULLIS_ORACLE_CASES` has
/// another (`1000000`) or a multiple (`x10`, `x0.1`). Never less than 1.
pub(crate) fn cases(own: usize) -> Result<usize, GenerateError> {
    match std::env::var("PORTCULLIS_ORACLE_CASES") {
        Ok(text) => scale(own, &text).ok_or(GenerateError::Cases(text)),
        Err(_) => Ok(own),
    }
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a count of cases is far below 2^53, and the multiple isn't negative"
)]
fn scale(own: usize, text: &str) -> Option<usize> {
    let count = match text.strip_prefix('x') {
        None => text.parse().ok()?,
        Some(multiple) => {
            let multiple: f64 = multiple.parse().ok()?;
            (multiple.is_finite() && multiple >= 0.0).then_some(own as f64 * multiple)? as usize
        }
    };
    Some(count.max(1))
}

/// Picks one of the choices; the default (an empty text, 0) if there is none.
pub(crate) fn pick<T: Copy + Default>(rng: &mut Rng, choices: &[T]) -> T {
    rng.choice(choices).copied().unwrap_or_default()
}
