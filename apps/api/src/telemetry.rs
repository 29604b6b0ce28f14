//! Logging: one JSON object a line on standard output, each with the request that it is about.

use tracing_subscriber::EnvFilter;

use crate::{config::LogFormat, service::StartError};

/// Sets up logging for the process.
///
/// # Errors
/// If the filter can't be read, or logging was set up before.
pub fn start(filter: &str, format: LogFormat) -> Result<(), StartError> {
    let failed = |error: &dyn std::fmt::Display| StartError::Logging(error.to_string());
    let filter = EnvFilter::try_new(filter).map_err(|error| failed(&error))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter);
    match format {
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init(),
        LogFormat::Text => builder.try_init(),
    }
    .map_err(|error| failed(&error))
}
