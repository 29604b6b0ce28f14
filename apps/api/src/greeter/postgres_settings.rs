//! How PostgreSQL is reached.

use std::{io, path::PathBuf, str::FromStr};

use sqlx::postgres::PgConnectOptions;
use url::Url;

use crate::{
    config::{Environment, Variable},
    secret_file::read_secret,
};

pub(super) const DATABASE_URL: Variable = Variable {
    name: "DATABASE_URL",
    default: None,
    values: "`postgres://user@host:5432/database?sslmode=verify-full`",
    meaning: "the store; names are in memory if it is unset",
};
pub(super) const DATABASE_PASSWORD_FILE: Variable = Variable {
    name: "DATABASE_PASSWORD_FILE",
    default: None,
    values: "path",
    meaning: "the user's password. Read again at each look at the database, so that it can change",
};
pub(super) const DATABASE_CA_FILE: Variable = Variable {
    name: "DATABASE_CA_FILE",
    default: None,
    values: "path",
    meaning: "certificates (PEM) that `verify-ca` and `verify-full` trust, besides the system's",
};
pub(super) const DATABASE_MAX_CONNECTIONS: Variable = Variable {
    name: "DATABASE_MAX_CONNECTIONS",
    default: Some("10"),
    values: "1..=1000",
    meaning: "connections of each replica at the most",
};
pub(super) const RUN_MIGRATIONS: Variable = Variable {
    name: "RUN_MIGRATIONS",
    default: Some("true"),
    values: "`true`, `false`",
    meaning: "whether to bring the tables up to date at start; replicas take turns by a lock",
};

/// How PostgreSQL is reached, the password aside: that is read when it is needed.
#[derive(Debug)]
pub(super) struct PostgresSettings {
    options: PgConnectOptions,
    password_file: Option<PathBuf>,
    pub(super) max_connections: u32,
    pub(super) run_migrations: bool,
}

impl PostgresSettings {
    pub(super) fn read(environment: &mut Environment) -> Option<Self> {
        let max_connections = environment.number(&DATABASE_MAX_CONNECTIONS, 1..=1_000);
        let run_migrations = environment.flag(&RUN_MIGRATIONS);
        if !environment.is_set(&DATABASE_URL) {
            environment.only_with(&DATABASE_URL, &[&DATABASE_PASSWORD_FILE, &DATABASE_CA_FILE]);
            return None;
        }
        let options = environment.text(&DATABASE_URL).and_then(|text| {
            // A wrong address may hold a password: it isn't repeated.
            options(&text).map_err(|problem| environment.reject(&DATABASE_URL, problem)).ok()
        });
        let password_file = environment.file(&DATABASE_PASSWORD_FILE);
        let ca_file = environment.file(&DATABASE_CA_FILE);
        let options = options?;
        let options = match ca_file {
            Some(path) => options.ssl_root_cert(path),
            None => options,
        };
        Some(Self { options, password_file, max_connections, run_migrations })
    }

    /// How to connect, with the password as it is now.
    pub(super) fn options(&self) -> io::Result<PgConnectOptions> {
        match &self.password_file {
            Some(path) => Ok(self.options.clone().password(&read_secret(path)?)),
            None => Ok(self.options.clone()),
        }
    }
}

fn options(text: &str) -> Result<PgConnectOptions, String> {
    let url: Url = text.parse().map_err(|error| format!("isn't a URL: {error}"))?;
    if !matches!(url.scheme(), "postgres" | "postgresql") {
        return Err("must start with `postgres://`".into());
    }
    if url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password") {
        return Err("must not hold a password: set DATABASE_PASSWORD_FILE".into());
    }
    PgConnectOptions::from_str(text)
        .map(|options| options.application_name("greeter"))
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_never_repeated() {
        assert!(options("postgres://u@h:5432/greeter?sslmode=verify-full").is_ok());
        for wrong in [
            "mysql://u@h/d",
            "h:5432",
            "postgres://u:hunter2@h/d",
            "postgres://u@h/d?password=hunter2",
            "postgres://u@h/d?sslmode=maybe",
        ] {
            let problem = options(wrong).unwrap_err();
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }
}
