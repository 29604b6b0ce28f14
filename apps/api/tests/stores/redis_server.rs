//! A Redis of a test's own, which keeps what it confirmed: every write is in its append-only file,
//! synced, before the answer.

use std::{
    fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use redis::{Cmd, FromRedisValue, RedisResult};
use tempfile::TempDir;

use crate::tls;

pub(crate) const PASSWORD: &str = "a pass/word: with @ signs?";

/// Why there is no Redis, if there is none.
pub(crate) fn missing() -> Option<String> {
    match Command::new("redis-server").arg("--version").output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("`redis-server --version` ended with {}", output.status)),
        Err(error) => Some(format!("redis-server isn't installed: {error}")),
    }
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What kind of server it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Single,
    Tls,
    ClusterNode,
}

pub(crate) struct RedisServer {
    pub(crate) port: u16,
    kind: Kind,
    folder: TempDir,
    cluster_port: u16,
    /// Where a node of a cluster says that it is.
    announced: Option<u16>,
    child: Option<Child>,
}

impl RedisServer {
    pub(crate) async fn start(kind: Kind) -> Self {
        Self::start_announced(kind, None).await
    }

    async fn start_announced(kind: Kind, announced: Option<u16>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("password"), PASSWORD).unwrap();
        // In a file: releases differ in how they read blanks of their command line.
        let auth = format!("requirepass \"{PASSWORD}\"\nmasterauth \"{PASSWORD}\"\n");
        fs::write(folder.path().join("redis.conf"), auth).unwrap();
        tls::write(folder.path());
        let (port, cluster_port) = (free_port(), free_port());
        let mut server = Self { port, kind, folder, cluster_port, announced, child: None };
        server.restart().await;
        server
    }

    /// Starts the process again, with the data that it has.
    pub(crate) async fn restart(&mut self) {
        let path = |name: &str| self.folder.path().join(name);
        let (port, cluster_port) = (self.port.to_string(), self.cluster_port.to_string());
        let mut command = Command::new("redis-server");
        command
            .arg(path("redis.conf"))
            .args(["--bind", "127.0.0.1", "--save", "", "--daemonize", "no"])
            .args(["--appendonly", "yes", "--appendfsync", "always"])
            .arg("--dir")
            .arg(self.folder.path());
        match self.kind {
            Kind::Single => command.args(["--port", &port]),
            Kind::Tls => command
                .args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"])
                .arg("--tls-cert-file")
                .arg(path("server.pem"))
                .arg("--tls-key-file")
                .arg(path("server.key"))
                .arg("--tls-ca-cert-file")
                .arg(path("ca.pem")),
            Kind::ClusterNode => command
                .args(["--port", &port, "--cluster-enabled", "yes"])
                .args(["--cluster-port", &cluster_port, "--cluster-node-timeout", "2000"]),
        };
        if let Some(announced) = self.announced {
            command.args(["--cluster-announce-ip", "127.0.0.1"]);
            command.args(["--cluster-announce-port", &announced.to_string()]);
            command.args(["--cluster-announce-bus-port", &cluster_port]);
        }
        self.child = Some(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let begun = Instant::now();
        while self.try_ask::<String>(&redis::cmd("PING")).await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "redis-server doesn't answer");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends the process as a crash does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.as_ref().unwrap().id() as i32), signal).unwrap();
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address as a service is told it.
    pub(crate) fn url(&self) -> String {
        match self.kind {
            Kind::Tls => format!("rediss://localhost:{}", self.port),
            _ => format!("redis://127.0.0.1:{}", self.port),
        }
    }

    /// Asks the server itself, beside the service.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> T {
        self.try_ask(command).await.unwrap()
    }

    async fn try_ask<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let mut url: url::Url = self.url().parse().unwrap();
        url.set_password(Some(PASSWORD)).unwrap();
        let client = if self.kind == Kind::Tls {
            let root_cert = Some(fs::read(self.file("ca.pem")).unwrap());
            let certificates = redis::TlsCertificates { client_tls: None, root_cert };
            redis::Client::build_with_tls(url, certificates)?
        } else {
            redis::Client::open(url)?
        };
        // It may have much else to do.
        let patient = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(10)))
            .set_response_timeout(Some(Duration::from_secs(10)));
        let mut connection = client.get_multiplexed_async_connection_with_config(&patient).await?;
        command.query_async(&mut connection).await
    }

    /// Makes a cluster of three nodes, each with a third of the slots.
    pub(crate) async fn cluster() -> [Self; 3] {
        Self::cluster_announced([None; 3]).await
    }

    /// Makes a cluster whose nodes say that they are at these ports.
    pub(crate) async fn cluster_announced([a, b, c]: [Option<u16>; 3]) -> [Self; 3] {
        let nodes = [
            Self::start_announced(Kind::ClusterNode, a).await,
            Self::start_announced(Kind::ClusterNode, b).await,
            Self::start_announced(Kind::ClusterNode, c).await,
        ];
        for (node, (first, last)) in nodes.iter().zip([(0, 5460), (5461, 10922), (10923, 16383)]) {
            let mut slots = redis::cmd("CLUSTER");
            slots.arg("ADDSLOTSRANGE").arg(first).arg(last);
            node.ask::<()>(&slots).await;
            let mut meet = redis::cmd("CLUSTER");
            meet.arg("MEET").arg("127.0.0.1").arg(nodes[0].port).arg(nodes[0].cluster_port);
            node.ask::<()>(&meet).await;
        }
        for node in &nodes {
            node.until_cluster_is_ok().await;
        }
        nodes
    }

    /// Waits until this node sees all slots served.
    pub(crate) async fn until_cluster_is_ok(&self) {
        let begun = Instant::now();
        let mut info = redis::cmd("CLUSTER");
        info.arg("INFO");
        loop {
            let text: String = self.ask(&info).await;
            if text.contains("cluster_state:ok") && text.contains("cluster_known_nodes:3") {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(30), "no cluster: {text}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}
