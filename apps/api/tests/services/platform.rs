//! What every service answers.

use api::SERVICES;
use http::{StatusCode, Version};

use crate::support::start;

#[tokio::test]
async fn each_service_answers_the_platform_over_both_versions_of_http() {
    for service in SERVICES {
        let running = start(service, &[]).await;
        for version in [Version::HTTP_11, Version::HTTP_2] {
            let mut client = match version {
                Version::HTTP_2 => running.http2().await,
                _ => running.http1().await,
            };
            for path in ["/health", "/readyz"] {
                let answer = client.ask("GET", path).await;
                assert_eq!((answer.status, answer.version), (StatusCode::OK, version));
                assert_eq!(answer.json()["status"], "ok");
                assert_eq!(answer.json()["service"], service.name);
            }
            assert_eq!(client.ask("GET", "/livez").await.text(), "ok");
            let metrics = client.ask("GET", "/metrics").await;
            assert!(metrics.header("content-type").starts_with("text/plain; version=0.0.4"));
            let page = client.ask("GET", "/docs/").await;
            assert!(page.text().contains("swagger-ui"), "{page:?}");
            for file in ["swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"] {
                let answer = client.ask("GET", &format!("/docs/{file}")).await;
                assert_eq!(answer.status, StatusCode::OK, "{file}");
                assert!(!answer.body.is_empty());
            }
            assert_eq!(client.ask("GET", "/docs").await.header("location"), "/docs/");
        }
    }
}

#[tokio::test]
async fn the_page_to_try_the_api_names_no_other_host() {
    let running = start(&api::counter::SERVICE, &[]).await;
    let mut client = running.http1().await;
    for path in ["/docs/", "/docs/index.css", "/docs/swagger-initializer.js"] {
        let page = client.ask("GET", path).await;
        for line in page.text().lines().filter(|line| line.contains("://")) {
            assert!(!line.contains("src=") && !line.contains("href=") && !line.contains("url("));
        }
        assert!(page.header("content-security-policy").starts_with("default-src 'self'"));
    }
}

#[tokio::test]
async fn a_request_keeps_its_id_if_that_is_sane() {
    let running = start(&api::counter::SERVICE, &[]).await;
    let mut client = running.http1().await;
    let given = client.ask_with("GET", "/read", &[("x-request-id", "of-a-gateway.1")], "").await;
    assert_eq!(given.header("x-request-id"), "of-a-gateway.1");
    let insane = client.ask_with("GET", "/read", &[("x-request-id", "a\" b")], "").await;
    assert_eq!(insane.header("x-request-id").len(), 36);
    let none = client.ask("GET", "/read").await;
    assert_ne!(none.header("x-request-id"), insane.header("x-request-id"));
}

#[tokio::test]
async fn answers_tell_browsers_and_caches_what_they_are() {
    let running = start(&api::counter::SERVICE, &[]).await;
    let answer = running.http1().await.ask("GET", "/read").await;
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-type"), "application/json");
}
