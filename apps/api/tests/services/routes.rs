//! What each service answers on its own routes.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Answer, Running, start};

async fn predictions(running: &Running, symbol: &str, count: usize) -> Vec<Value> {
    let mut client = running.http2().await;
    let mut prices = Vec::new();
    for _ in 0..count {
        let answer = client.ask("POST", &format!("/predict?symbol={symbol}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        prices.push(answer.json());
    }
    prices
}

fn prices(predictions: &[Value]) -> Vec<&Value> {
    predictions.iter().map(|prediction| &prediction["price"]).collect()
}

#[tokio::test]
async fn predictor_gives_the_same_prices_for_the_same_seed() {
    let service = &api::predictor::SERVICE;
    let seeded = [("PREDICTOR_SEED", "42")];
    let (one, other) = (start(service, &seeded).await, start(service, &seeded).await);
    let of_one = predictions(&one, "BTC", 50).await;
    // What is asked of one symbol in between changes nothing for another.
    predictions(&other, "ETH", 7).await;
    let of_other = predictions(&other, "BTC", 50).await;
    assert_eq!(prices(&of_one), prices(&of_other));
    let third = start(service, &[("PREDICTOR_SEED", "43")]).await;
    assert_ne!(prices(&of_one), prices(&predictions(&third, "BTC", 50).await));
}

#[tokio::test]
async fn a_prediction_says_of_what_when_and_by_which_model() {
    let running = start(&api::predictor::SERVICE, &[]).await;
    let prediction = predictions(&running, "XRP", 1).await.remove(0);
    assert_eq!(prediction["symbol"], "XRP");
    assert_eq!(prediction["currency"], "USD");
    assert_eq!(prediction["modelVersion"], "walk-1");
    assert!(prediction["price"].as_f64().unwrap() > 0.0);
    let time: jiff::Timestamp = prediction["time"].as_str().unwrap().parse().unwrap();
    assert!(time.duration_until(jiff::Timestamp::now()).abs() < jiff::SignedDuration::from_mins(1));
}

#[tokio::test]
async fn predictor_tells_bad_symbols_from_unknown_ones() {
    let running = start(&api::predictor::SERVICE, &[("PREDICTOR_SYMBOLS", "BTC,C9")]).await;
    let mut client = running.http1().await;
    for (query, status, problem) in [
        ("symbol=C9", 200, ""),
        ("symbol=ETH", 404, "unknown-symbol"),
        ("symbol=btc", 400, "invalid-request"),
        ("symbol=", 400, "invalid-request"),
        ("symbol=B%00C", 400, "invalid-request"),
        ("symbol=BTC%20", 400, "invalid-request"),
        ("symbol=BTC&symbol=C9", 400, "invalid-request"),
        ("", 400, "invalid-request"),
    ] {
        let answer = client.ask("POST", &format!("/predict?{query}")).await;
        assert_eq!(answer.status.as_u16(), status, "{query}: {answer:?}");
        if status != 200 {
            assert_eq!(answer.problem(), problem, "{query}");
        }
    }
}

#[tokio::test]
async fn counter_counts_in_memory_and_loses_nothing() {
    let running = start(&api::counter::SERVICE, &[]).await;
    let mut client = running.http2().await;
    assert_eq!(client.ask("GET", "/read").await.json(), json!({"counter": 0}));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let mut client = client.share();
        tasks.spawn(async move {
            client.ask("POST", "/write").await.json()["counter"].as_i64().unwrap()
        });
    }
    let mut seen = tasks.join_all().await;
    seen.sort_unstable();
    assert_eq!(seen, (1..=200).collect::<Vec<_>>());
    assert_eq!(client.ask("GET", "/read").await.json(), json!({"counter": 200}));
}

async fn put(running: &Running, path: &str, body: &str) -> Answer {
    let json = [("content-type", "application/json")];
    running.http1().await.ask_with("PUT", path, &json, body).await
}

#[tokio::test]
async fn greeter_remembers_and_greets() {
    let running = start(&api::greeter::SERVICE, &[]).await;
    let mut client = running.http1().await;
    assert_eq!(client.ask("GET", "/hello/Ann").await.problem(), "unknown-person");
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let born = today.with().year(today.year() - 20).day(1).build().unwrap();
    let born = if born.day() == today.day() { born } else { today };
    let answer = put(&running, "/hello/Ann", &format!("{{\"dateOfBirth\":\"{born}\"}}")).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NO_CONTENT, 0));
    let greeting = client.ask("GET", "/hello/Ann").await.json();
    assert_eq!(greeting, json!({"message": "Hello, Ann! Happy birthday!", "daysToBirthday": 0}));
    // Percent-encoded UTF-8, as browsers send it.
    let zoe = put(&running, "/hello/Zo%C3%AB", "{\"dateOfBirth\":\"2000-02-29\"}").await;
    assert_eq!(zoe.status, StatusCode::NO_CONTENT);
    let greeting = client.ask("GET", "/hello/Zo%C3%AB").await.json();
    assert!(greeting["message"].as_str().unwrap().starts_with("Hello, Zoë! "));
}

#[tokio::test]
async fn greeter_refuses_what_is_no_name_and_no_date() {
    let running = start(&api::greeter::SERVICE, &[]).await;
    let born = "{\"dateOfBirth\":\"1990-06-15\"}";
    for path in ["/hello/R2D2", "/hello/a%20b", "/hello/%FF", "/hello/%3Cb%3E"] {
        assert_eq!(put(&running, path, born).await.problem(), "invalid-request", "{path}");
        let asked = running.http1().await.ask("GET", path).await;
        assert_eq!(asked.problem(), "invalid-request", "{path}");
    }
    for body in [
        "",
        "{",
        "[]",
        "{}",
        "{\"dateOfBirth\":\"1990-02-30\"}",
        "{\"dateOfBirth\":\"9999-01-01\"}",
        "{\"dateOfBirth\":1990}",
        "{\"dateOfBirth\":\"1990-06-15\",\"admin\":true}",
    ] {
        let answer = put(&running, "/hello/Ann", body).await;
        assert_eq!(answer.problem(), "invalid-request", "{body}");
    }
    let typeless = running.http1().await.ask_with("PUT", "/hello/Ann", &[], born).await;
    assert_eq!(typeless.problem(), "unsupported-media-type");
}

#[tokio::test]
async fn recommender_gives_the_most_alike_and_keeps_to_its_limit() {
    let running = start(&api::recommender::SERVICE, &[("RECOMMENDATIONS_MAX", "10")]).await;
    let mut client = running.http1().await;
    let answer = client.ask("GET", "/bicycles/2/recommendations?limit=3").await.json();
    assert_eq!(answer["id"], 2);
    let given = answer["recommendations"].as_array().unwrap();
    assert_eq!((given.len(), &given[0]["name"]), (3, &json!("Alba Corsa Pro")));
    let count = |answer: &Answer| answer.json()["recommendations"].as_array().unwrap().len();
    assert_eq!(count(&client.ask("GET", "/bicycles/2/recommendations").await), 5);
    assert_eq!(count(&client.ask("GET", "/bicycles/2/recommendations?limit=10").await), 10);
    for (path, problem) in [
        ("/bicycles/2/recommendations?limit=0", "invalid-request"),
        ("/bicycles/2/recommendations?limit=11", "invalid-request"),
        ("/bicycles/2/recommendations?limit=x", "invalid-request"),
        ("/bicycles/2/recommendations?limit=-1", "invalid-request"),
        ("/bicycles/x/recommendations", "invalid-request"),
        ("/bicycles/999/recommendations", "unknown-bicycle"),
    ] {
        assert_eq!(client.ask("GET", path).await.problem(), problem, "{path}");
    }
}

#[tokio::test]
async fn recommender_gives_what_there_is_where_the_limit_is_beyond() {
    let running = start(&api::recommender::SERVICE, &[("RECOMMENDATIONS_MAX", "1000")]).await;
    let answer = running.http2().await.ask("GET", "/bicycles/1/recommendations?limit=1000").await;
    let catalogue = api::recommender::catalogue().unwrap();
    assert_eq!(answer.json()["recommendations"].as_array().unwrap().len(), catalogue.len() - 1);
}
