//! Names and dates in PostgreSQL.
//!
//! One task looks after the database: it migrates, asks every [`PROBE_INTERVAL`] whether the table
//! is there, and takes over a new password. Connections are made when they are needed.

use std::{sync::Arc, time::Duration};

use jiff::civil::Date;
use sqlx::{
    PgPool, SqlSafeStr,
    migrate::{Migration, MigrationType, Migrator},
    postgres::PgPoolOptions,
};
use tokio::time::{sleep, timeout};

use super::{birthday, name::Name, postgres_settings::PostgresSettings};
use crate::health::Health;
use crate::store_error::StoreError;

/// Time for getting a connection, new or used before.
const ACQUIRE_TIME: Duration = Duration::from_secs(3);
/// Time for an answer.
const RESPONSE_TIME: Duration = Duration::from_secs(5);
/// Time for migrations, the wait for another replica's included.
const MIGRATION_TIME: Duration = Duration::from_mins(5);
/// How often the database is asked whether it answers.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);
/// How long an idle connection is kept, so that a failover is forgotten.
const IDLE_TIME: Duration = Duration::from_mins(5);

#[derive(Debug)]
pub(super) struct Postgres(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: PostgresSettings,
    health: Health,
    pool: PgPool,
}

impl Postgres {
    /// Starts the task that looks after the database. Must be called within the runtime.
    pub(super) fn start(settings: PostgresSettings, health: Health) -> Self {
        health.store(false);
        // Without its password no connection succeeds; the task says why, and tries again.
        let pool = PgPoolOptions::new()
            .max_connections(settings.max_connections)
            .acquire_timeout(ACQUIRE_TIME)
            .idle_timeout(IDLE_TIME)
            .connect_lazy_with(settings.options().unwrap_or_default());
        let inner = Arc::new(Inner { settings, health, pool });
        let task = Arc::clone(&inner);
        tokio::spawn(async move { task.look_after().await });
        Self(inner)
    }

    pub(super) async fn get(&self, name: &Name) -> Result<Option<Date>, StoreError> {
        let query = sqlx::query_scalar::<_, String>(
            "SELECT to_char(date_of_birth, 'YYYY-MM-DD') FROM people WHERE name = $1",
        );
        let mut connection = self.connection().await?;
        let found = query.bind(name.as_str()).fetch_optional(&mut *connection);
        let Some(text) = answer(found).await? else { return Ok(None) };
        birthday::parse_date(&text)
            .map(Some)
            .ok_or_else(|| StoreError::Broken(format!("the table holds the date {text}")))
    }

    pub(super) async fn put(&self, name: &Name, born: Date) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO people (name, date_of_birth) VALUES ($1, $2::text::date) \
             ON CONFLICT (name) DO UPDATE SET date_of_birth = EXCLUDED.date_of_birth",
        );
        let mut connection = self.connection().await?;
        let written = query.bind(name.as_str()).bind(born.to_string()).execute(&mut *connection);
        answer(written).await.map(|_| ())
    }

    async fn connection(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>, StoreError> {
        self.0.pool.acquire().await.map_err(|error| StoreError::Unavailable(error.to_string()))
    }
}

async fn answer<T>(asked: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    match timeout(RESPONSE_TIME, asked).await {
        Ok(Ok(value)) => Ok(value),
        // The database answered: the statement had no effect. It may be on its way down, or not
        // yet up.
        Ok(Err(sqlx::Error::Database(error))) => Err(StoreError::Unavailable(error.to_string())),
        Ok(Err(error)) => Err(StoreError::Unknown(error.to_string())),
        Err(_) => Err(StoreError::Unknown("no answer in time".into())),
    }
}

impl Inner {
    async fn look_after(&self) {
        let mut migrated = !self.settings.run_migrations;
        let mut told = false;
        loop {
            let looked = self.look(&mut migrated).await;
            self.health.store(looked.is_ok());
            match looked {
                Err(error) if !told => tracing::warn!(error, "postgres"),
                _ => {}
            }
            told = !self.health.is_store_up();
            sleep(PROBE_INTERVAL).await;
        }
    }

    async fn look(&self, migrated: &mut bool) -> Result<(), String> {
        let options = self.settings.options().map_err(|error| format!("password: {error}"))?;
        // Connections that are made from now on; those that there are stay.
        self.pool.set_connect_options(options);
        if !*migrated {
            let migrator = migrator();
            timeout(MIGRATION_TIME, migrator.run(&self.pool))
                .await
                .map_err(|_| "no end of the migrations in time".to_owned())?
                .map_err(|error| format!("migrations: {error}"))?;
            *migrated = true;
            tracing::info!("postgres: the tables are up to date");
        }
        let probe = sqlx::query("SELECT EXISTS (SELECT FROM people)").execute(&self.pool);
        timeout(ACQUIRE_TIME + RESPONSE_TIME, probe)
            .await
            .map_err(|_| "no answer in time".to_owned())?
            .map_err(|error| error.to_string())?;
        Ok(())
    }
}

/// The migrations, in the binary. Those that a newer release ran already are none of this one's
/// business: it must be able to start beside it, and after a rollback.
fn migrator() -> Migrator {
    let migration = |version, name: &'static str, sql: &'static str| {
        let sql = sql.into_sql_str();
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    };
    let mut migrator = Migrator::with_migrations(vec![migration(
        1,
        "people",
        include_str!("../../migrations/0001_people.sql"),
    )]);
    migrator.set_ignore_missing(true);
    migrator
}
