//! counter while Redis crashes: no confirmed increment is lost, none is counted twice.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use api::counter::SERVICE;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    Case, cases,
    proxy::Proxy,
    redis_server::{Kind, RedisServer},
    support::{Answer, Client, Running, start, until},
};

const INCREMENTS: usize = 10_000;
const CONNECTIONS: usize = 8;
const SOON: Duration = Duration::from_secs(30);

pub(crate) fn cases() -> Vec<Case> {
    cases![
        no_confirmed_increment_is_lost_by_a_crash,
        no_confirmed_increment_is_lost_by_crashes_of_a_cluster,
        moved_slots_are_followed,
        an_increment_whose_answer_is_lost_is_counted_once,
        an_increment_of_a_cluster_whose_answer_is_lost_is_counted_once,
    ]
}

/// What became of the increments.
#[derive(Default)]
struct Outcome {
    /// Confirmed, with the counter that was answered.
    confirmed: Vec<i64>,
    /// Neither confirmed nor denied.
    unknown: usize,
    /// Answers that said that nothing was counted; the client asked again after each.
    denied: usize,
}

/// Sends one increment until it is confirmed, or can't be known any more.
async fn increment(mut client: Client, confirmed: Arc<AtomicUsize>) -> (Option<i64>, usize) {
    let mut denied = 0;
    loop {
        let answer = client.ask("POST", "/write").await;
        if answer.status == 200 {
            confirmed.fetch_add(1, Ordering::Relaxed);
            return (answer.json()["counter"].as_i64(), denied);
        }
        assert!(!answer.header("retry-after").is_empty() || answer.status == 504, "{answer:?}");
        match answer.problem().as_str() {
            "store-unavailable" => denied += 1,
            "outcome-unknown" | "timeout" => return (None, denied),
            other => panic!("{other}: {answer:?}"),
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn until_confirmed(confirmed: &AtomicUsize, count: usize) {
    let begun = Instant::now();
    while confirmed.load(Ordering::Relaxed) < count {
        assert!(begun.elapsed() < SOON, "stuck at {}", confirmed.load(Ordering::Relaxed));
        sleep(Duration::from_millis(1)).await;
    }
}

/// Starts all increments at once.
async fn load(running: &Running) -> (JoinSet<(Option<i64>, usize)>, Arc<AtomicUsize>) {
    let confirmed = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(running.http2().await);
    }
    let increments = clients
        .iter()
        .cycle()
        .take(INCREMENTS)
        .map(|client| increment(client.share(), Arc::clone(&confirmed)))
        .collect();
    (increments, confirmed)
}

async fn outcome(increments: JoinSet<(Option<i64>, usize)>) -> Outcome {
    let mut outcome = Outcome::default();
    for (confirmed, denied) in increments.join_all().await {
        match confirmed {
            Some(counter) => outcome.confirmed.push(counter),
            None => outcome.unknown += 1,
        }
        outcome.denied += denied;
    }
    outcome
}

async fn judge(running: &Running, outcome: &Outcome, name: &str) {
    let answer = until(running.address, "GET", "/read", SOON, |answer| answer.status == 200).await;
    let counter = answer.json()["counter"].as_i64().unwrap();
    let (confirmed, unknown) = (outcome.confirmed.len(), outcome.unknown);
    eprintln!(
        "{name}: {confirmed} confirmed, {unknown} unknown, {} denied and asked again, counter {counter}",
        outcome.denied
    );
    assert_eq!(confirmed + unknown, INCREMENTS);
    let distinct: BTreeSet<_> = outcome.confirmed.iter().collect();
    assert_eq!(distinct.len(), confirmed, "a number was given twice: an increment was lost");
    assert!(counter >= confirmed as i64, "confirmed increments were lost");
    assert!(counter <= (confirmed + unknown) as i64, "increments were counted twice");
    assert!(distinct.last().is_none_or(|last| **last <= counter));
    // Each of the two crashes may leave as many unknown as Redis has commands at a time.
    assert!(unknown <= INCREMENTS / 20, "too much is unknown");
    assert!(outcome.denied + unknown > 0, "no crash was noticed: this proved nothing");
}

async fn no_confirmed_increment_is_lost_by_a_crash() {
    let mut redis = RedisServer::start(Kind::Single).await;
    let (url, password) = (redis.url(), redis.file("password"));
    let variables = [
        ("REDIS_URL", url.as_str()),
        ("REDIS_PASSWORD_FILE", password.to_str().unwrap()),
        ("MAX_IN_FLIGHT", "100000"),
    ];
    let running = start(&SERVICE, &variables).await;
    until(running.address, "GET", "/readyz", SOON, |answer| answer.status == 200).await;
    let (increments, confirmed) = load(&running).await;
    for threshold in [1_000, 5_000] {
        until_confirmed(&confirmed, threshold).await;
        redis.kill();
        sleep(Duration::from_millis(300)).await;
        redis.restart().await;
    }
    judge(&running, &outcome(increments).await, "one Redis").await;
}

async fn no_confirmed_increment_is_lost_by_crashes_of_a_cluster() {
    let mut nodes = RedisServer::cluster().await;
    let urls = nodes.iter().map(RedisServer::url).collect::<Vec<_>>().join(",");
    let password = nodes[0].file("password");
    let variables = [
        ("REDIS_URL", urls.as_str()),
        ("REDIS_PASSWORD_FILE", password.to_str().unwrap()),
        ("REDIS_CLUSTER", "true"),
        ("MAX_IN_FLIGHT", "100000"),
    ];
    let running = start(&SERVICE, &variables).await;
    until(running.address, "GET", "/readyz", SOON, |answer| answer.status == 200).await;
    let slot: u16 = nodes[0].ask(redis::cmd("CLUSTER").arg("KEYSLOT").arg("counter")).await;
    let owner = usize::from(slot / 5_461);
    let (increments, confirmed) = load(&running).await;

    until_confirmed(&confirmed, 1_000).await;
    nodes[owner].kill();
    sleep(Duration::from_millis(500)).await;
    nodes[owner].restart().await;

    until_confirmed(&confirmed, 4_000).await;
    nodes.iter_mut().for_each(RedisServer::kill);
    sleep(Duration::from_millis(500)).await;
    for node in &mut nodes {
        node.restart().await;
    }
    for node in &nodes {
        node.until_cluster_is_ok().await;
    }
    judge(&running, &outcome(increments).await, "cluster").await;
}

/// The counter's slot moves to another node, as when a cluster grows: clients are told MOVED.
async fn moved_slots_are_followed() {
    let nodes = RedisServer::cluster().await;
    let (url, password) = (nodes[0].url(), nodes[0].file("password"));
    let variables = [
        ("REDIS_URL", url.as_str()),
        ("REDIS_PASSWORD_FILE", password.to_str().unwrap()),
        ("REDIS_CLUSTER", "true"),
    ];
    let running = start(&SERVICE, &variables).await;
    until(running.address, "GET", "/readyz", SOON, |answer| answer.status == 200).await;
    assert_eq!(running.http1().await.ask("POST", "/write").await.json()["counter"], 1);
    let slot: u16 = nodes[0].ask(redis::cmd("CLUSTER").arg("KEYSLOT").arg("counter")).await;
    let owner = usize::from(slot / 5_461);
    let target = (owner + 1) % 3;
    let mut id = redis::cmd("CLUSTER");
    id.arg("MYID");
    let from: String = nodes[owner].ask(&id).await;
    let to: String = nodes[target].ask(&id).await;
    let set = |how: &'static str, id: String| {
        let mut command = redis::cmd("CLUSTER");
        command.arg("SETSLOT").arg(slot).arg(how).arg(id);
        command
    };
    nodes[target].ask::<()>(&set("IMPORTING", from)).await;
    nodes[owner].ask::<()>(&set("MIGRATING", to.clone())).await;
    let mut migrate = redis::cmd("MIGRATE");
    migrate.arg("127.0.0.1").arg(nodes[target].port).arg("counter").arg(0).arg(5_000);
    migrate.arg("AUTH").arg(crate::redis_server::PASSWORD);
    nodes[owner].ask::<()>(&migrate).await;
    for node in [target, owner, 3 - owner - target] {
        nodes[node].ask::<()>(&set("NODE", to.clone())).await;
    }
    let answer =
        until(running.address, "POST", "/write", SOON, |answer| answer.status == 200).await;
    assert_eq!(answer.json()["counter"], 2);
    assert_eq!(nodes[target].ask::<i64>(redis::cmd("GET").arg("counter")).await, 2);
}

/// Every second answer is lost on its way. Redis counted each: the counter must say so, and no more.
async fn lose_every_second_answer(running: &Running, proxy: &Proxy) {
    const ASKED: i64 = 40;
    for asked in 1..=ASKED {
        until(running.address, "GET", "/readyz", SOON, |answer| answer.status == 200).await;
        let lost = asked % 2 == 0;
        if lost {
            proxy.lose_next();
        }
        // Readiness may be older than a break of the connection: then nothing was counted.
        let counted =
            |answer: &Answer| answer.status == 200 || answer.problem() != "store-unavailable";
        let answer = until(running.address, "POST", "/write", SOON, counted).await;
        if lost {
            assert_eq!(answer.problem(), "outcome-unknown", "{answer:?}");
            assert!(!proxy.is_losing(), "no answer was lost");
        } else {
            assert_eq!(answer.json()["counter"], asked, "{answer:?}");
        }
    }
    let read = until(running.address, "GET", "/read", SOON, |answer| answer.status == 200).await;
    assert_eq!(read.json()["counter"], ASKED);
}

async fn an_increment_whose_answer_is_lost_is_counted_once() {
    let redis = RedisServer::start(Kind::Single).await;
    let proxy = Proxy::start(Proxy::bind().await, redis.port);
    let (url, password) = (format!("redis://127.0.0.1:{}", proxy.port), redis.file("password"));
    let variables =
        [("REDIS_URL", url.as_str()), ("REDIS_PASSWORD_FILE", password.to_str().unwrap())];
    let running = start(&SERVICE, &variables).await;
    lose_every_second_answer(&running, &proxy).await;
}

async fn an_increment_of_a_cluster_whose_answer_is_lost_is_counted_once() {
    let listeners = [Proxy::bind().await, Proxy::bind().await, Proxy::bind().await];
    let ports = [&listeners[0], &listeners[1], &listeners[2]].map(|(_, port)| Some(*port));
    let nodes = RedisServer::cluster_announced(ports).await;
    let proxies: Vec<_> = listeners
        .into_iter()
        .zip(&nodes)
        .map(|(listener, node)| Proxy::start(listener, node.port))
        .collect();
    let password = nodes[0].file("password");
    let url = format!("redis://127.0.0.1:{}", proxies[0].port);
    let variables = [
        ("REDIS_URL", url.as_str()),
        ("REDIS_PASSWORD_FILE", password.to_str().unwrap()),
        ("REDIS_CLUSTER", "true"),
    ];
    let running = start(&SERVICE, &variables).await;
    let slot: u16 = nodes[0].ask(redis::cmd("CLUSTER").arg("KEYSLOT").arg("counter")).await;
    let owner = &proxies[usize::from(slot / 5_461)];
    lose_every_second_answer(&running, owner).await;
}
