//! counter on real Redis, greeter on real PostgreSQL.
//!
//! The servers are this test's own: private folders, free ports of loopback, ended with the test.
//! Without `redis-server` or PostgreSQL's binaries their trials are ignored, unless
//! `PORTCULLIS_REQUIRE` has the word `redis` or `postgres`.
#![allow(clippy::print_stderr, reason = "a test harness reports to a person")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

#[path = "../support/mod.rs"]
mod support;

mod counter;
mod counter_cluster;
mod greeter;
mod postgres_server;
mod proxy;
mod redis_server;
mod tls;

use std::{pin::Pin, process::ExitCode};

use libtest_mimic::{Arguments, Trial};

use crate::support::required;

/// A trial: its name, and what it does.
type Case = (&'static str, fn() -> Pin<Box<dyn Future<Output = ()> + Send>>);

/// Lists functions as trials, by their names.
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        vec![$((stringify!($name), || Box::pin($name()))),*]
    };
}
pub(crate) use cases;

fn trials(
    word: &str,
    group: &str,
    missing: Option<&String>,
    cases: Vec<crate::Case>,
) -> Vec<Trial> {
    let ignored = match missing {
        Some(reason) => {
            eprintln!("{reason}");
            !required(word)
        }
        None => false,
    };
    let trial = |(name, case): crate::Case| {
        let missing = missing.cloned();
        let run = move || {
            if let Some(reason) = missing {
                return Err(reason.into());
            }
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()?;
            runtime.block_on(case());
            runtime.shutdown_background();
            Ok(())
        };
        Trial::test(format!("{group}::{name}"), run).with_ignored_flag(ignored)
    };
    cases.into_iter().map(trial).collect()
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each trial runs servers of its own: a few at a time are enough.
    arguments.test_threads = Some(arguments.test_threads.unwrap_or(3).min(3));
    let (redis, postgres) = (redis_server::missing(), postgres_server::missing());
    let all = [
        trials("redis", "counter", redis.as_ref(), counter::cases()),
        trials("redis", "counter_cluster", redis.as_ref(), counter_cluster::cases()),
        trials("postgres", "greeter", postgres.as_ref(), greeter::cases()),
    ];
    libtest_mimic::run(&arguments, all.into_iter().flatten().collect()).exit_code()
}
