//! A binary's `main`: configuration, logging, the service, and its end.

use std::process::ExitCode;

use tokio::net::TcpListener;

use crate::{
    app::App,
    config::{EXIT_CONFIG, Environment, Shared},
    server::{self, End, Shutdown},
    service::{Build, Service, StartError},
    telemetry,
};

/// Runs a service until it is told to end.
///
/// The exit code is 0 if every request was answered, 78 if the configuration is wrong (each error
/// is a line on standard error), and 1 if the service couldn't start or had to leave requests
/// unanswered when its grace was over.
pub fn main(service: &'static Service) -> ExitCode {
    let mut environment = Environment::of_process();
    let shared = Shared::read(&mut environment);
    let build = (service.configure)(&mut environment);
    if let Err(errors) = environment.finish() {
        for error in errors {
            tell(&error);
        }
        return ExitCode::from(EXIT_CONFIG);
    }
    match start(service, &shared, build) {
        Ok(End::Drained) => ExitCode::SUCCESS,
        Ok(End::Cut) => ExitCode::FAILURE,
        Err(error) => {
            tell(&error);
            ExitCode::FAILURE
        }
    }
}

#[allow(clippy::print_stderr, reason = "there is no logger yet, or there never will be")]
fn tell(error: &dyn std::fmt::Display) {
    eprintln!("error: {error}");
}

fn start(service: &'static Service, shared: &Shared, build: Build) -> Result<End, StartError> {
    telemetry::start(&shared.log_level, shared.log_format)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let end = runtime.block_on(serve(service, shared, build));
    // Tasks that look after stores never end by themselves.
    runtime.shutdown_background();
    end
}

async fn serve(service: &Service, shared: &Shared, build: Build) -> Result<End, StartError> {
    let signals = server::signals()?;
    let app = App::new(service, shared, build)?;
    let address = shared.listen_address;
    let listener =
        TcpListener::bind(address).await.map_err(|error| StartError::Listen { address, error })?;
    let version = env!("CARGO_PKG_VERSION");
    let bound = listener.local_addr()?;
    tracing::info!(service = service.name, version, address = %bound, "listening");
    let shutdown = Shutdown { delay: shared.shutdown_delay, grace: shared.shutdown_grace };
    let end = server::serve(listener, app.router, &app.health, shutdown, signals).await;
    match end {
        End::Drained => tracing::info!("every request was answered"),
        End::Cut => tracing::error!("the grace is over; requests were left unanswered"),
    }
    Ok(end)
}
