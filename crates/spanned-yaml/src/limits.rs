//! How much a parse takes on.

/// Limits of a parse. What passes one is reported as an error, with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Collections open at once. go-yaml's limit is the same 10,000
    /// (`max_flow_level`, `max_indents` in scannerc.go).
    pub max_depth: u32,
    /// Bytes of source; at most 1 GiB, as spans are 32 bits wide.
    pub max_bytes: u32,
    /// Nodes that aliases may add before their share of all nodes is looked at.
    /// Above it holds go-yaml's rule (`allowedAliasRatio` in decode.go): of
    /// 400,000 nodes 99 % may come from aliases, of 4,000,000 no more than 10 %.
    pub min_alias_expansion: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_depth: 10_000, max_bytes: 256 << 20, min_alias_expansion: 100 }
    }
}

/// The share of nodes that may come from aliases, among `total`; from go-yaml's
/// decode.go.
pub(crate) fn allowed_alias_ratio(total: u64) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    #[allow(clippy::cast_precision_loss, reason = "a ratio")]
    let total = total as f64;
    if total <= LOW {
        0.99
    } else if total >= HIGH {
        0.10
    } else {
        0.99 - 0.89 * (total - LOW) / (HIGH - LOW)
    }
}
