//! The binaries as processes: what they say of a wrong configuration, and how they end.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::support::Client;

const BINARIES: [(&str, &str); 4] = [
    ("predictor", env!("CARGO_BIN_EXE_predictor")),
    ("counter", env!("CARGO_BIN_EXE_counter")),
    ("greeter", env!("CARGO_BIN_EXE_greeter")),
    ("recommender", env!("CARGO_BIN_EXE_recommender")),
];

fn command(name: &str, variables: &[(&str, &str)]) -> Command {
    let (_, path) = BINARIES.iter().find(|(of, _)| *of == name).unwrap();
    let mut command = Command::new(path);
    command.env_clear().envs(variables.iter().copied());
    command
}

fn run(name: &str, variables: &[(&str, &str)]) -> Output {
    command(name, variables).output().unwrap()
}

fn errors(output: &Output) -> Vec<&str> {
    std::str::from_utf8(&output.stderr).unwrap().lines().collect()
}

#[test]
fn a_wrong_configuration_is_told_whole_and_exits_78() {
    let shared = [
        ("LISTEN_ADDRESS", "localhost"),
        ("LOG_LEVEL", "api=loud"),
        ("LOG_FORMAT", "xml"),
        ("REQUEST_TIMEOUT_SECONDS", "0"),
        ("MAX_BODY_BYTES", "64k"),
        ("MAX_IN_FLIGHT", "-1"),
        ("SHUTDOWN_DELAY_SECONDS", "301"),
        ("SHUTDOWN_GRACE_SECONDS", "0"),
    ];
    let own: [(&str, &[(&str, &str)]); 4] = [
        (
            "predictor",
            &[("PREDICTOR_SEED", "x"), ("PREDICTOR_SYMBOLS", "btc"), ("AUTH_MODE", "basic")],
        ),
        (
            "counter",
            &[
                ("REDIS_CLUSTER", "yes"),
                ("REDIS_URL", "http://redis"),
                ("REDIS_PASSWORD_FILE", "/does/not/exist"),
                ("REDIS_CA_FILE", "/does/not/exist"),
                ("RETRY_AFTER_SECONDS", "0"),
            ],
        ),
        (
            "greeter",
            &[
                ("DATABASE_MAX_CONNECTIONS", "0"),
                ("RUN_MIGRATIONS", "1"),
                ("DATABASE_URL", "postgres://u:p@h/d"),
                ("DATABASE_PASSWORD_FILE", "/does/not/exist"),
                ("DATABASE_CA_FILE", "/does/not/exist"),
            ],
        ),
        ("recommender", &[("RECOMMENDATIONS_MAX", "1001")]),
    ];
    for (name, own) in own {
        let wrong: Vec<_> = shared.iter().chain(own).copied().collect();
        let output = run(name, &wrong);
        assert_eq!(output.status.code(), Some(78), "{output:?}");
        let told: Vec<_> = errors(&output)
            .into_iter()
            .map(|line| line.strip_prefix("error: ").unwrap().split(':').next().unwrap())
            .collect();
        let expected: Vec<_> = wrong.iter().map(|(variable, _)| *variable).collect();
        assert_eq!(told, expected, "{name}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn what_authentication_needs_is_told_whole() {
    let output = run("predictor", &[("AUTH_MODE", "jwt")]);
    assert_eq!(output.status.code(), Some(78));
    for (line, variable) in
        errors(&output).iter().zip(["JWT_ISSUER", "JWT_AUDIENCE", "JWT_JWKS_FILE"])
    {
        assert!(line.starts_with(&format!("error: {variable}: ")), "{line}");
    }
    assert_eq!(errors(&output).len(), 3);
    let output = run("predictor", &[("AUTH_MODE", "api-key")]);
    assert_eq!(errors(&output), ["error: API_KEYS_FILE: is required with this AUTH_MODE"]);
}

#[test]
fn a_port_that_is_taken_is_an_error_that_names_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run("counter", &[("LISTEN_ADDRESS", &address)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output)[0].starts_with(&format!("error: can't listen on {address}: ")));
}

/// A process that is killed if a test ends before it.
struct Process {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<Vec<Value>>>,
}

impl Process {
    fn start(name: &str, variables: &[(&str, &str)]) -> Self {
        let variables: Vec<_> =
            [("LISTEN_ADDRESS", "127.0.0.1:0")].iter().chain(variables).copied().collect();
        let mut child = command(name, &variables).stdout(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        // From here on the child is killed whatever happens.
        let written = Arc::new(Mutex::new(Vec::new()));
        let address = ([0, 0, 0, 0], 0).into();
        let mut process = Self { child, address, log: Arc::clone(&written) };
        let line = loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended before it listened");
            let line: Value = serde_json::from_str(&line).unwrap();
            if line["message"] == "listening" {
                break line;
            }
        };
        assert_eq!(line["service"], name);
        process.address = line["address"].as_str().unwrap().parse().unwrap();
        // Read on, so that the process never waits for its log; each line must be JSON.
        std::thread::spawn(move || {
            for line in log.lines() {
                let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
                assert!(line["timestamp"].is_string() && line["level"].is_string());
                written.lock().unwrap().push(line);
            }
        });
        process
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
    }

    async fn exit(&mut self, within: Duration) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < within, "still running after {within:?}");
            sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn each_binary_answers_and_ends_by_sigterm_and_sigint() {
    for (name, _) in BINARIES {
        for signal in [Signal::SIGTERM, Signal::SIGINT] {
            let mut process = Process::start(name, &[("SHUTDOWN_DELAY_SECONDS", "0")]);
            let health = Client::http1(process.address).await.ask("GET", "/health").await;
            assert_eq!(health.json()["service"], name);
            process.signal(signal);
            assert_eq!(process.exit(Duration::from_secs(10)).await, Some(0), "{name}");
        }
    }
}

/// Waits for a line of the log.
async fn logged(process: &Process, wanted: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        if let Some(line) = process.log.lock().unwrap().iter().find(|line| wanted(line)) {
            return line.clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", process.log);
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn the_log_tells_of_each_request_by_its_id_and_of_causes_that_clients_are_not_told() {
    // Nothing listens on port 1.
    let process = Process::start("counter", &[("REDIS_URL", "redis://127.0.0.1:1")]);
    let mut client = Client::http1(process.address).await;
    let id = [("x-request-id", "of-this-test")];
    let answer = client.ask_with("POST", "/write", &id, "").await;
    assert_eq!(answer.problem(), "store-unavailable");
    let line = logged(&process, |line| line["message"] == "answered").await;
    assert_eq!((&line["status"], &line["level"]), (&503.into(), &"INFO".into()));
    let span = &line["span"];
    assert_eq!((&span["id"], &span["route"]), (&"of-this-test".into(), &"/write".into()));
    let line = logged(&process, |line| line["message"] == "request failed").await;
    assert_eq!(
        (&line["cause"], &line["level"]),
        (&"there is no connection".into(), &"WARN".into())
    );
    assert_eq!(line["span"]["id"], "of-this-test");
    assert!(!answer.text().contains("there is no connection"));
    // What probes ask all the time isn't told at this level.
    client.ask("GET", "/livez").await;
    client.ask("GET", "/read").await;
    logged(&process, |line| line["span"]["route"] == "/read").await;
    assert!(process.log.lock().unwrap().iter().all(|line| line["span"]["route"] != "/livez"));
}

/// Asks without a pause, on one connection as long as it lasts, until told to stop. Every request
/// that was sent must be answered.
async fn load(address: SocketAddr, http2: bool, stop: Arc<AtomicBool>) -> usize {
    let mut answered = 0;
    'connections: loop {
        let mut client =
            if http2 { Client::http2(address).await } else { Client::http1(address).await };
        loop {
            if stop.load(Ordering::Relaxed) {
                return answered;
            }
            let answer = client.ask("POST", "/write").await;
            assert_eq!(answer.status.as_u16(), 200);
            answered += 1;
            if answer.header("connection") == "close" {
                continue 'connections;
            }
        }
    }
}

/// A request whose body takes a time.
async fn slow(address: SocketAddr, time: Duration) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "POST /write HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..10 {
        sleep(time / 10).await;
        stream.write_all(b"x").await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

/// As in a cluster: the signal comes under load, load balancers move on within the delay, and slow
/// requests outlast it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_every_request_is_answered_and_the_exit_is_0() {
    let variables = [
        ("SHUTDOWN_DELAY_SECONDS", "4"),
        ("SHUTDOWN_GRACE_SECONDS", "10"),
        ("LOG_LEVEL", "warn,api::run=info"),
    ];
    let mut process = Process::start("counter", &variables);
    let stop = Arc::new(AtomicBool::new(false));
    let mut loads = JoinSet::new();
    for index in 0..12 {
        loads.spawn(load(process.address, index % 3 == 0, Arc::clone(&stop)));
    }
    let mut slows = JoinSet::new();
    for _ in 0..20 {
        slows.spawn(slow(process.address, Duration::from_secs(7)));
    }
    sleep(Duration::from_millis(500)).await;
    process.signal(Signal::SIGTERM);
    let begun = Instant::now();
    sleep(Duration::from_secs(2)).await;
    stop.store(true, Ordering::Relaxed);
    let answered: usize = loads.join_all().await.into_iter().sum();
    assert!(answered > 100, "that was no load: {answered}");
    slows.join_all().await;
    assert!(begun.elapsed() > Duration::from_secs(5), "no request outlasted the delay");
    assert_eq!(process.exit(Duration::from_secs(5)).await, Some(0));
}

#[tokio::test]
async fn requests_that_outlast_the_grace_make_the_exit_1() {
    let variables = [("SHUTDOWN_DELAY_SECONDS", "0"), ("SHUTDOWN_GRACE_SECONDS", "1")];
    let mut process = Process::start("counter", &variables);
    let mut stream = TcpStream::connect(process.address).await.unwrap();
    let head = "POST /write HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    sleep(Duration::from_millis(200)).await;
    process.signal(Signal::SIGTERM);
    assert_eq!(process.exit(Duration::from_secs(15)).await, Some(1));
}
