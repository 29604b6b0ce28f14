//! How Redis is reached.

use std::{fs, io, path::PathBuf};

use redis::{
    Client, RedisError, TlsCertificates, aio::MultiplexedConnection, cluster::ClusterClient,
    cluster_async::ClusterConnection,
};
use url::Url;

use super::redis_store::{CONNECT_TIME, RESPONSE_TIME};
use crate::{
    config::{Environment, Variable},
    secret_file::read_secret,
};

pub(super) const REDIS_URL: Variable = Variable {
    name: "REDIS_URL",
    default: None,
    values: "`redis://host:port` or `rediss://host:port` (TLS)",
    meaning: "the store; the counter is in memory if it is unset. With REDIS_CLUSTER, nodes to start from, by commas",
};
pub(super) const REDIS_USERNAME: Variable = Variable {
    name: "REDIS_USERNAME",
    default: None,
    values: "text",
    meaning: "the user of AUTH; Redis' default user if it is unset",
};
pub(super) const REDIS_PASSWORD_FILE: Variable = Variable {
    name: "REDIS_PASSWORD_FILE",
    default: None,
    values: "path",
    meaning: "the password of AUTH. Read at each connection attempt, so that it can change",
};
pub(super) const REDIS_CLUSTER: Variable = Variable {
    name: "REDIS_CLUSTER",
    default: Some("false"),
    values: "`true`, `false`",
    meaning: "whether Redis is a cluster, whose nodes tell one another's addresses",
};
pub(super) const REDIS_CA_FILE: Variable = Variable {
    name: "REDIS_CA_FILE",
    default: None,
    values: "path",
    meaning: "certificates (PEM) that `rediss` trusts, instead of the system's",
};
pub(super) const REDIS_KEY: Variable = Variable {
    name: "REDIS_KEY",
    default: Some("counter"),
    values: "text",
    meaning: "the counter's key",
};

/// How Redis is reached, secrets aside: those are read when they are needed.
#[derive(Debug)]
pub(super) struct RedisSettings {
    nodes: Vec<Url>,
    username: Option<String>,
    password_file: Option<PathBuf>,
    cluster: bool,
    ca_file: Option<PathBuf>,
    pub(super) key: String,
}

/// A connection to Redis. Clones share it.
#[derive(Clone)]
pub(super) enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Connection")
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("the username or password can't be sent to this address")]
    Credentials,
    #[error(transparent)]
    Redis(#[from] RedisError),
}

impl RedisSettings {
    pub(super) fn read(environment: &mut Environment) -> Option<Self> {
        let cluster = environment.flag(&REDIS_CLUSTER);
        let key = environment.text(&REDIS_KEY).unwrap_or_default();
        if !environment.is_set(&REDIS_URL) {
            environment
                .only_with(&REDIS_URL, &[&REDIS_USERNAME, &REDIS_PASSWORD_FILE, &REDIS_CA_FILE]);
            if cluster {
                environment.reject(&REDIS_CLUSTER, "means nothing without REDIS_URL");
            }
            return None;
        }
        let nodes = environment.text(&REDIS_URL).and_then(|text| {
            // A wrong address may hold a password: it isn't repeated.
            nodes(&text, cluster).map_err(|problem| environment.reject(&REDIS_URL, problem)).ok()
        });
        let username = environment.text(&REDIS_USERNAME);
        let password_file = environment.file(&REDIS_PASSWORD_FILE);
        let ca_file = environment.file(&REDIS_CA_FILE);
        if username.is_some() && !environment.is_set(&REDIS_PASSWORD_FILE) {
            environment.reject(&REDIS_USERNAME, "means nothing without REDIS_PASSWORD_FILE");
        }
        Some(Self { nodes: nodes?, username, password_file, cluster, ca_file, key })
    }

    /// Connects, with the password and the certificates as they are now.
    pub(super) async fn connect(&self) -> Result<Connection, ConnectError> {
        let file = |path: &PathBuf, error| ConnectError::File { path: path.clone(), error };
        let mut nodes = self.nodes.clone();
        if let Some(path) = &self.password_file {
            let password = read_secret(path).map_err(|error| file(path, error))?;
            for node in &mut nodes {
                let username = self.username.as_deref().unwrap_or_default();
                node.set_username(username).map_err(|()| ConnectError::Credentials)?;
                node.set_password(Some(&password)).map_err(|()| ConnectError::Credentials)?;
            }
        }
        let certificates = match &self.ca_file {
            None => None,
            Some(path) => Some(TlsCertificates {
                client_tls: None,
                root_cert: Some(fs::read(path).map_err(|error| file(path, error))?),
            }),
        };
        if self.cluster {
            let mut builder = ClusterClient::builder(nodes)
                // A command is sent once: see `counter`.
                .retries(0)
                .connection_timeout(CONNECT_TIME)
                .response_timeout(RESPONSE_TIME);
            if let Some(certificates) = certificates {
                builder = builder.certs(certificates);
            }
            return Ok(Connection::Cluster(builder.build()?.get_async_connection().await?));
        }
        let node = nodes.into_iter().next().ok_or(ConnectError::Credentials)?;
        let client = match certificates {
            Some(certificates) => Client::build_with_tls(node, certificates)?,
            None => Client::open(node)?,
        };
        let config = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIME))
            .set_response_timeout(Some(RESPONSE_TIME));
        let connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        Ok(Connection::Single(connection))
    }
}

fn nodes(text: &str, cluster: bool) -> Result<Vec<Url>, String> {
    let nodes: Vec<Url> =
        text.split(',').map(|part| node(part.trim())).collect::<Result<_, _>>()?;
    if nodes.len() > 1 && !cluster {
        return Err("has several nodes, which only a cluster has: set REDIS_CLUSTER".into());
    }
    Ok(nodes)
}

fn node(text: &str) -> Result<Url, String> {
    let node: Url = text.parse().map_err(|error| format!("isn't a URL: {error}"))?;
    if !matches!(node.scheme(), "redis" | "rediss") {
        return Err("must start with `redis://` or `rediss://`".into());
    }
    if node.host_str().is_none_or(str::is_empty) {
        return Err("has no host".into());
    }
    if !node.username().is_empty() || node.password().is_some() {
        return Err("must not hold credentials: set REDIS_USERNAME, REDIS_PASSWORD_FILE".into());
    }
    Ok(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_never_repeated() {
        assert_eq!(nodes("redis://a:1", false).unwrap().len(), 1);
        assert_eq!(nodes("rediss://a:1, rediss://b:1", true).unwrap().len(), 2);
        for wrong in ["http://a", "a:6379", "redis://", "redis://:hunter2@a", "redis://a,redis://b"]
        {
            let problem = nodes(wrong, false).unwrap_err();
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }

    #[test]
    fn what_goes_with_redis_is_refused_without_it() {
        let mut environment = Environment::of([("REDIS_CLUSTER", "true"), ("REDIS_USERNAME", "u")]);
        assert!(RedisSettings::read(&mut environment).is_none());
        assert_eq!(environment.finish().unwrap_err().len(), 2);
    }
}
