//! `GET /hello/{name}`, `PUT /hello/{name}`.

use std::sync::Arc;

use axum::{Json, extract::State};
use http::StatusCode;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    birthday::{days_to_birthday, is_in_future, parse_date},
    name::Name,
    store::Store,
};
use crate::{
    http::{
        extract,
        problem::{self, Kind, Problem},
    },
    metrics::Metrics,
    store_error::StoreError,
};

/// What `Retry-After` says while the database is down, in seconds.
const RETRY_AFTER: u16 = 2;

#[derive(Clone)]
struct App(Arc<Inner>);

struct Inner {
    store: Store,
    today: fn() -> Date,
    read_errors: prometheus::IntCounter,
    write_errors: prometheus::IntCounter,
}

pub(super) fn routes(store: Store, metrics: &Metrics) -> OpenApiRouter {
    with_clock(store, metrics, || Timestamp::now().to_zoned(TimeZone::UTC).date())
}

fn with_clock(store: Store, metrics: &Metrics, today: fn() -> Date) -> OpenApiRouter {
    let app = App(Arc::new(Inner {
        store,
        today,
        read_errors: metrics.store_errors("read"),
        write_errors: metrics.store_errors("write"),
    }));
    OpenApiRouter::new().routes(routes!(hello, remember)).with_state(app)
}

/// Hello to somebody.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Greeting {
    /// The greeting
    #[schema(example = "Hello, Ann! Your birthday is in 5 days")]
    message: String,
    /// Days to the birthday, by the calendar of UTC; 0 on the birthday
    #[schema(example = 5, minimum = 0, maximum = 366)]
    days_to_birthday: i32,
}

/// What is to be known of somebody.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Person {
    /// The day of birth, not in the future
    #[schema(format = Date, example = "1990-06-15")]
    date_of_birth: String,
}

/// Says hello, and how long it is to the birthday
#[utoipa::path(
    get, path = "/hello/{name}", tag = "greeter",
    params(("name" = String, Path, description = "1 to 64 letters", example = "Ann")),
    responses(
        (status = 200, description = "The greeting", body = Greeting),
        (status = 400, description = "That isn't a name", body = problem::Body,
            content_type = "application/problem+json"),
        (status = 404, description = "Nobody of that name is known", body = problem::Body,
            content_type = "application/problem+json"),
        (status = 503, description = "The database is down: see Retry-After",
            body = problem::Body, content_type = "application/problem+json"),
    )
)]
async fn hello(
    State(App(app)): State<App>,
    extract::Path(name): extract::Path<String>,
) -> Result<Json<Greeting>, Problem> {
    let name = parse_name(&name)?;
    let found = app.store.get(&name).await.map_err(|error| {
        app.read_errors.inc();
        failed(error)
    })?;
    let born = found.ok_or_else(|| {
        Problem::new(Kind::UnknownPerson, format!("PUT /hello/{name} makes {name} known"))
    })?;
    let days = days_to_birthday((app.today)(), born)
        .ok_or_else(|| Problem::internal("the calendar is over"))?;
    Ok(Json(Greeting { message: message(&name, days), days_to_birthday: days }))
}

/// Remembers somebody's day of birth
#[utoipa::path(
    put, path = "/hello/{name}", tag = "greeter",
    params(("name" = String, Path, description = "1 to 64 letters", example = "Ann")),
    request_body = Person,
    responses(
        (status = 204, description = "It is remembered"),
        (status = 400, description = "That isn't a name or a date, or the date is in the future",
            body = problem::Body, content_type = "application/problem+json"),
        (status = 415, description = "The body isn't JSON", body = problem::Body,
            content_type = "application/problem+json"),
        (status = 503, description = "The database is down: see Retry-After. Asking again is safe",
            body = problem::Body, content_type = "application/problem+json"),
    )
)]
async fn remember(
    State(App(app)): State<App>,
    extract::Path(name): extract::Path<String>,
    extract::Json(person): extract::Json<Person>,
) -> Result<StatusCode, Problem> {
    let name = parse_name(&name)?;
    let born = parse_date(&person.date_of_birth).ok_or_else(|| {
        Problem::new(Kind::InvalidRequest, "dateOfBirth: a date is written YYYY-MM-DD")
    })?;
    if is_in_future(born, (app.today)()) {
        return Err(Problem::new(Kind::InvalidRequest, "dateOfBirth: is in the future"));
    }
    app.store.put(&name, born).await.map_err(|error| {
        app.write_errors.inc();
        failed(error)
    })?;
    Ok(StatusCode::NO_CONTENT)
}

fn parse_name(text: &str) -> Result<Name, Problem> {
    text.parse().map_err(|error| Problem::new(Kind::InvalidRequest, format!("name: {error}")))
}

/// Both operations may be repeated without harm, whatever became of them.
fn failed(error: StoreError) -> Problem {
    let (kind, cause) = match error {
        StoreError::Broken(cause) => return Problem::internal(cause),
        StoreError::Unavailable(cause) => (Kind::StoreUnavailable, cause),
        StoreError::Unknown(cause) => (Kind::OutcomeUnknown, cause),
    };
    Problem::new(kind, "it is safe to ask again").retry_after(RETRY_AFTER).caused_by(cause)
}

fn message(name: &Name, days: i32) -> String {
    match days {
        0 => format!("Hello, {name}! Happy birthday!"),
        1 => format!("Hello, {name}! Your birthday is in 1 day"),
        _ => format!("Hello, {name}! Your birthday is in {days} days"),
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, response::Response};
    use http::Request;
    use http_body_util::BodyExt;
    use jiff::civil::date;
    use tower::ServiceExt;

    use super::*;
    use crate::greeter::memory::Memory;

    async fn ask(router: &axum::Router, request: Request<Body>) -> (StatusCode, String) {
        let response: Response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.into()).unwrap())
    }

    fn put(born: &str) -> Request<Body> {
        Request::put("/hello/Ann")
            .header("content-type", "application/json")
            .body(Body::from(format!("{{\"dateOfBirth\":\"{born}\"}}")))
            .unwrap()
    }

    #[tokio::test]
    async fn the_greeting_counts_the_days_and_the_future_is_refused() {
        let metrics = Metrics::new("greeter").unwrap();
        let today = || date(2025, 6, 14);
        let router: axum::Router =
            with_clock(Store::Memory(Memory::default()), &metrics, today).into();
        let get = || Request::get("/hello/Ann").body(Body::empty()).unwrap();
        assert_eq!(ask(&router, get()).await.0, StatusCode::NOT_FOUND);
        for (born, message, days) in [
            ("1990-06-15", "Hello, Ann! Your birthday is in 1 day", 1),
            ("1990-06-14", "Hello, Ann! Happy birthday!", 0),
            ("2025-06-14", "Hello, Ann! Happy birthday!", 0),
            ("1990-06-13", "Hello, Ann! Your birthday is in 364 days", 364),
        ] {
            assert_eq!(ask(&router, put(born)).await.0, StatusCode::NO_CONTENT);
            let expected = format!("{{\"message\":\"{message}\",\"daysToBirthday\":{days}}}");
            assert_eq!(ask(&router, get()).await, (StatusCode::OK, expected));
        }
        assert_eq!(ask(&router, put("2025-06-15")).await.0, StatusCode::BAD_REQUEST);
        assert_eq!(ask(&router, put("15.06.1990")).await.0, StatusCode::BAD_REQUEST);
    }
}
