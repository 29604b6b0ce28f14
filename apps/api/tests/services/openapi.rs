//! The OpenAPI documents: valid, complete, and true.

use std::collections::BTreeSet;

use api::SERVICES;
use serde_json::Value;

use crate::support::start;

/// Every route of every service, by method, but the document's own.
fn routes(service: &str) -> BTreeSet<(String, String)> {
    let own: &[(&str, &str)] = match service {
        "predictor" => &[("post", "/predict")],
        "counter" => &[("get", "/read"), ("post", "/write")],
        "greeter" => &[("get", "/hello/{name}"), ("put", "/hello/{name}")],
        "recommender" => &[("get", "/bicycles/{id}/recommendations")],
        _ => panic!("{service} has no routes here"),
    };
    let platform = ["/health", "/livez", "/readyz", "/metrics"].map(|path| ("get", path));
    own.iter()
        .copied()
        .chain(platform)
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect()
}

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((method.clone(), path.clone(), operation));
        }
    }
    found
}

#[tokio::test]
async fn each_document_is_openapi_3_1_with_all_routes() {
    for service in SERVICES {
        let running = start(service, &[]).await;
        let answer = running.http1().await.ask("GET", "/openapi.json").await;
        let read = oas3::from_json(answer.text()).unwrap();
        read.validate_version().unwrap();
        let document = answer.json();
        assert_eq!(document["info"]["title"], service.name);
        let found: BTreeSet<_> =
            operations(&document).into_iter().map(|(method, path, _)| (method, path)).collect();
        assert_eq!(found, routes(service.name), "{}", service.name);
        let mut ids = BTreeSet::new();
        for (method, path, operation) in operations(&document) {
            let place = format!("{} {method} {path}", service.name);
            assert!(ids.insert(operation["operationId"].to_string()), "{place}");
            assert!(operation["summary"].is_string(), "{place}");
            for (status, response) in operation["responses"].as_object().unwrap() {
                // The specification requires it, even if a reader doesn't.
                assert!(response["description"].is_string(), "{place} {status}");
                if status.starts_with(['4', '5']) {
                    let schema = &response["content"]["application/problem+json"]["schema"];
                    assert_eq!(schema["$ref"], "#/components/schemas/Problem", "{place} {status}");
                }
            }
        }
        references_lead_somewhere(&document, &document);
    }
}

fn references_lead_somewhere(value: &Value, document: &Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
            members.values().for_each(|member| references_lead_somewhere(member, document));
        }
        Value::Array(items) => {
            for item in items {
                references_lead_somewhere(item, document);
            }
        }
        _ => {}
    }
}

/// A client that fills in the document's examples gets an answer that the document knows.
#[tokio::test]
async fn the_examples_of_each_document_work() {
    for service in SERVICES {
        let running = start(service, &[]).await;
        let mut client = running.http2().await;
        let document = client.ask("GET", "/openapi.json").await.json();
        // PUT before GET, so that there is something to get.
        let mut operations = operations(&document);
        operations.sort_by_key(|(method, ..)| method != "put");
        for (method, path, operation) in operations {
            let (mut path, mut query) = (path, Vec::new());
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                let example = match &parameter["example"] {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                match parameter["in"].as_str().unwrap() {
                    "path" => path = path.replace(&format!("{{{name}}}"), &example),
                    _ => query.push(format!("{name}={example}")),
                }
            }
            if !query.is_empty() {
                path = format!("{path}?{}", query.join("&"));
            }
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let body = schema["$ref"].as_str().map(|reference| example(&document, reference));
            let headers: &[_] =
                if body.is_some() { &[("content-type", "application/json")] } else { &[] };
            let method = method.to_uppercase();
            let answer = client.ask_with(&method, &path, headers, &body.unwrap_or_default()).await;
            assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
            let known = &operation["responses"][answer.status.as_str()];
            assert!(known.is_object(), "{method} {path}: {answer:?}");
            if let Some(content) = known["content"].as_object() {
                let given = answer.header("content-type").split(';').next().unwrap();
                assert!(content.contains_key(given), "{method} {path}: {given}");
            }
            let reference = known["content"]["application/json"]["schema"]["$ref"].as_str();
            if let Some(reference) = reference {
                let schema = document.pointer(reference.strip_prefix('#').unwrap()).unwrap();
                let described: BTreeSet<_> =
                    schema["properties"].as_object().unwrap().keys().collect();
                let body = answer.json();
                let given: BTreeSet<_> = body.as_object().unwrap().keys().collect();
                assert_eq!(given, described, "{method} {path}");
            }
        }
    }
}

fn example(document: &Value, reference: &str) -> String {
    let schema = document.pointer(reference.strip_prefix('#').unwrap()).unwrap();
    let members: serde_json::Map<_, _> = schema["properties"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, property)| (name.clone(), property["example"].clone()))
        .collect();
    Value::Object(members).to_string()
}

#[tokio::test]
async fn a_document_says_what_a_request_must_carry() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    std::fs::write(&keys, "a-key-of-enough-length").unwrap();
    let variables = [("AUTH_MODE", "api-key"), ("API_KEYS_FILE", keys.to_str().unwrap())];
    let running = start(&api::predictor::SERVICE, &variables).await;
    let document = running.http1().await.ask("GET", "/openapi.json").await.json();
    assert_eq!(
        document["paths"]["/predict"]["post"]["security"][0]["apiKey"],
        Value::Array(vec![])
    );
    assert_eq!(document["components"]["securitySchemes"]["apiKey"]["name"], "x-api-key");
    assert!(document["paths"]["/health"]["get"]["security"].is_null());
    oas3::from_json(document.to_string()).unwrap();
}
