//! A PostgreSQL of a test's own.

use std::{
    env, fs,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, User, geteuid},
};
use sqlx::{Connection, Executor, PgConnection, postgres::PgConnectOptions};
use tempfile::TempDir;

use crate::{redis_server::free_port, tls};

pub(crate) const PASSWORD: &str = "a pass/word: with @ signs?";

/// Where `initdb` and `postgres` are: on the path, or where Debian puts them.
fn binaries() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<_> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    debian.sort();
    env::split_paths(&path)
        .chain(debian.into_iter().rev())
        .find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// Why there is no PostgreSQL, if there is none.
pub(crate) fn missing() -> Option<String> {
    match (binaries(), unprivileged()) {
        (None, _) => Some("PostgreSQL's initdb and postgres aren't installed".into()),
        (_, Err(reason)) => Some(reason),
        _ => None,
    }
}

/// Whom the server runs as, if that isn't who runs the test: PostgreSQL refuses root.
fn unprivileged() -> Result<Option<User>, String> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let user = ["postgres", "nobody"].iter().find_map(|name| User::from_name(name).ok().flatten());
    user.map(Some).ok_or_else(|| "PostgreSQL can't run as root, and no other user is here".into())
}

pub(crate) struct PostgresServer {
    port: u16,
    folder: TempDir,
    child: Option<Child>,
}

impl PostgresServer {
    /// Makes a cluster with the database and the user `greeter`, and starts it.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("password"), PASSWORD).unwrap();
        tls::write(folder.path());
        let mut server = Self { port: free_port(), folder, child: None };
        if let Some(user) = unprivileged().unwrap() {
            for name in ["", "password", "server.pem", "server.key"] {
                chown(server.file(name), Some(user.uid.as_raw()), None).unwrap();
            }
        }
        let made = server
            .command("initdb")
            .args(["--username=greeter", "--auth=scram-sha-256", "--encoding=UTF8"])
            .args(["--locale=C", "--no-sync"])
            .arg("--pwfile")
            .arg(server.file("password"))
            .arg("-D")
            .arg(server.file("data"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let private = fs::Permissions::from_mode(0o600);
        fs::set_permissions(server.file("server.key"), private).unwrap();
        server.restart().await;
        server.run("postgres", "CREATE DATABASE greeter").await;
        server
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(binaries().unwrap().join(name));
        if let Some(user) = unprivileged().unwrap() {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        command.current_dir(self.folder.path());
        command
    }

    /// Starts the server again, with the data that it has.
    pub(crate) async fn restart(&mut self) {
        let (data, port) = (self.file("data"), self.port.to_string());
        let option = |name: &str, value: &Path| format!("{name}={}", value.display());
        let child = self
            .command("postgres")
            .arg("-D")
            .arg(data)
            .args(["-p", &port, "-h", "127.0.0.1", "-c", "fsync=off", "-c", "ssl=on"])
            .args(["-c", &option("unix_socket_directories", self.folder.path())])
            .args(["-c", &option("ssl_cert_file", &self.file("server.pem"))])
            .args(["-c", &option("ssl_key_file", &self.file("server.key"))])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let begun = Instant::now();
        while PgConnection::connect_with(&self.options("postgres")).await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "PostgreSQL doesn't answer");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Ends the server at once: connections are cut, and it recovers at its next start.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            kill(Pid::from_raw(child.id() as i32), Signal::SIGQUIT).unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address as a service is told it.
    pub(crate) fn url(&self, mode: &str) -> String {
        format!("postgres://greeter@127.0.0.1:{}/greeter?sslmode={mode}", self.port)
    }

    fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username("greeter")
            .password(PASSWORD)
            .database(database)
    }

    /// Runs a statement beside the service.
    pub(crate) async fn run(&self, database: &str, statement: &'static str) {
        let mut connection = PgConnection::connect_with(&self.options(database)).await.unwrap();
        connection.execute(statement).await.unwrap();
    }

    /// A number that the database has, beside the service.
    pub(crate) async fn number(&self, query: &'static str) -> i64 {
        let mut connection = PgConnection::connect_with(&self.options("greeter")).await.unwrap();
        sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.kill();
    }
}
