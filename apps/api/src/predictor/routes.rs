//! `POST /predict`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Json, extract::State, middleware};
use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize};
use utoipa::{
    IntoParams, ToSchema,
    openapi::security::{
        ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{MODEL_VERSION, Symbol, Walk, walk::UNITS_PER_DOLLAR};
use crate::{
    auth::{self, Auth},
    http::{
        extract::Query,
        problem::{self, Kind, Problem},
    },
    metrics::Metrics,
};

#[derive(Clone)]
struct Predictor(Arc<BTreeMap<Symbol, Walker>>);

struct Walker {
    walk: Mutex<Walk>,
    made: prometheus::IntCounter,
}

pub(super) fn routes(
    walks: BTreeMap<Symbol, Walk>,
    auth: Auth,
    metrics: &Metrics,
) -> OpenApiRouter {
    auth.watch();
    let walkers = walks.into_iter().map(|(symbol, walk)| {
        let made = metrics.predictions(&symbol.to_string());
        (symbol, Walker { walk: Mutex::new(walk), made })
    });
    let predictor = Predictor(Arc::new(walkers.collect()));
    let mut router = OpenApiRouter::new().routes(routes!(predict)).with_state(predictor);
    describe(&auth, router.get_openapi_mut());
    router.route_layer(middleware::from_fn_with_state(auth, auth::layer))
}

/// Adds to the document what a request must carry.
fn describe(auth: &Auth, document: &mut utoipa::openapi::OpenApi) {
    let (name, scheme) = match auth {
        Auth::None => return,
        Auth::ApiKey(_) => (
            "apiKey",
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(auth::API_KEY_HEADER.as_str()))),
        ),
        Auth::Jwt(_) => (
            "jwt",
            SecurityScheme::Http(
                HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build(),
            ),
        ),
    };
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(name, scheme);
    for item in document.paths.paths.values_mut() {
        if let Some(operation) = &mut item.post {
            let none: [String; 0] = [];
            operation.security = Some(vec![SecurityRequirement::new(name, none)]);
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Parameters {
    /// What to predict the price of: 2 to 10 capital letters and digits
    #[param(example = "BTC", pattern = "^[A-Z0-9]{2,10}$")]
    symbol: String,
}

/// A price that was made up.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Prediction {
    /// What it is the price of
    #[schema(example = "BTC")]
    symbol: String,
    /// The price, with four decimal places at the most
    #[schema(example = 65_012.5)]
    price: f64,
    /// Its currency
    #[schema(example = "USD")]
    currency: &'static str,
    /// When it was made, in UTC
    #[schema(value_type = String, format = DateTime, example = "2026-01-31T12:00:00Z")]
    time: Timestamp,
    /// What made it
    #[schema(example = "walk-1")]
    model_version: &'static str,
}

/// A simulated price: the next step of the symbol's walk
#[utoipa::path(
    post, path = "/predict", tag = "predictor", params(Parameters),
    responses(
        (status = 200, description = "The price", body = Prediction),
        (status = 400, description = "That isn't a symbol", body = problem::Body,
            content_type = "application/problem+json"),
        (status = 401, description = "Where a credential is asked for: there is no valid one",
            body = problem::Body, content_type = "application/problem+json"),
        (status = 404, description = "The symbol isn't known", body = problem::Body,
            content_type = "application/problem+json"),
        (status = 503, description = "Too many requests", body = problem::Body,
            content_type = "application/problem+json"),
    )
)]
async fn predict(
    State(predictor): State<Predictor>,
    Query(Parameters { symbol }): Query<Parameters>,
) -> Result<Json<Prediction>, Problem> {
    let symbol: Symbol = symbol
        .parse()
        .map_err(|error| Problem::new(Kind::InvalidRequest, format!("symbol: {error}")))?;
    let walker = predictor
        .0
        .get(&symbol)
        .ok_or_else(|| Problem::new(Kind::UnknownSymbol, format!("{symbol} isn't known here")))?;
    let price = walker.walk.lock().unwrap_or_else(PoisonError::into_inner).step();
    walker.made.inc();
    let now = Timestamp::now();
    Ok(Json(Prediction {
        symbol: symbol.to_string(),
        price: dollars(price),
        currency: "USD",
        time: now.round(Unit::Millisecond).unwrap_or(now),
        model_version: MODEL_VERSION,
    }))
}

#[allow(clippy::cast_precision_loss, reason = "prices are far below 2^53")]
fn dollars(price: u64) -> f64 {
    price as f64 / UNITS_PER_DOLLAR as f64
}
