//! The OpenAPI document, and the page to try the API, which is in the binary.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use http::{HeaderValue, header};
use utoipa::openapi::{InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder};
use utoipa_swagger_ui::Config;

use crate::{
    http::problem::{Kind, Problem},
    service::Service,
};

/// What the document says before anything of its routes.
pub(crate) fn head(service: &Service) -> OpenApi {
    let info = InfoBuilder::new()
        .title(service.name)
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(service.summary))
        .license(Some(
            LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build(),
        ))
        .build();
    OpenApiBuilder::new().info(info).build()
}

/// What the page may load: only what this service serves. Its own script and style are inline.
const CONTENT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
);

/// The routes of the document and of the page.
pub(crate) fn routes(document: OpenApi) -> Router {
    let document = Arc::new(document);
    let config = Arc::new(Config::from("/openapi.json"));
    Router::new()
        .route("/openapi.json", get(move || async move { Json(document.as_ref().clone()) }))
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route("/docs/", get(|state| page(state, Path(String::new()))))
        .route("/docs/{*file}", get(page))
        .with_state(config)
}

async fn page(
    State(config): State<Arc<Config<'static>>>,
    Path(file): Path<String>,
) -> Result<Response, Problem> {
    match utoipa_swagger_ui::serve(&file, config).map_err(Problem::internal)? {
        Some(file) => {
            let content_type =
                HeaderValue::from_str(&file.content_type).map_err(Problem::internal)?;
            let headers = [
                (header::CONTENT_TYPE, content_type),
                (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
            ];
            Ok((headers, file.bytes.into_owned()).into_response())
        }
        None => Err(Problem::new(Kind::NotFound, format!("the page has no file {file}"))),
    }
}
