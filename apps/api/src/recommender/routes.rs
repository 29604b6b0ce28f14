//! `GET /bicycles/{id}/recommendations`.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::similarity::Neighbours;
use crate::http::{
    extract::{Path, Query},
    problem::{self, Kind, Problem},
};

/// How many are given if the request doesn't say.
const DEFAULT_LIMIT: usize = 5;

#[derive(Clone)]
struct Recommender {
    neighbours: Arc<Neighbours>,
    max: usize,
}

pub(super) fn routes(neighbours: Neighbours, max: usize) -> OpenApiRouter {
    let state = Recommender { neighbours: Arc::new(neighbours), max };
    OpenApiRouter::new().routes(routes!(recommendations)).with_state(state)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Parameters {
    /// How many, 5 if it isn't said; at the most what RECOMMENDATIONS_MAX says
    #[param(example = 5, minimum = 1)]
    limit: Option<usize>,
}

/// Bicycles that are like one.
#[derive(Serialize, ToSchema)]
struct Recommendations {
    /// The bicycle that was asked about
    #[schema(example = 2)]
    id: u32,
    /// Others, from the most alike on
    recommendations: Vec<Recommendation>,
}

/// A bicycle that is like another.
#[derive(Serialize, ToSchema)]
struct Recommendation {
    /// Its id
    #[schema(example = 3)]
    id: u32,
    /// Its name
    #[schema(example = "Alba Corsa Pro")]
    name: String,
    /// How alike they are, -1 to 1
    #[schema(example = 0.9731)]
    similarity: f64,
}

/// Bicycles that are like one, from the most alike on
#[utoipa::path(
    get, path = "/bicycles/{id}/recommendations", tag = "recommender",
    params(("id" = u32, Path, description = "The bicycle", example = 2), Parameters),
    responses(
        (status = 200, description = "The bicycles", body = Recommendations),
        (status = 400, description = "The id or the limit isn't valid", body = problem::Body,
            content_type = "application/problem+json"),
        (status = 404, description = "There is no such bicycle", body = problem::Body,
            content_type = "application/problem+json"),
        (status = 503, description = "Too many requests", body = problem::Body,
            content_type = "application/problem+json"),
    )
)]
async fn recommendations(
    State(recommender): State<Recommender>,
    Path(id): Path<u32>,
    Query(Parameters { limit }): Query<Parameters>,
) -> Result<Json<Recommendations>, Problem> {
    let max = recommender.max;
    let limit = limit.unwrap_or(DEFAULT_LIMIT.min(max));
    if !(1..=max).contains(&limit) {
        return Err(Problem::new(Kind::InvalidRequest, format!("limit: 1 to {max}")));
    }
    let neighbours = recommender.neighbours.get(id).ok_or_else(|| {
        Problem::new(Kind::UnknownBicycle, format!("the catalogue has no bicycle {id}"))
    })?;
    let recommendations = neighbours
        .iter()
        .take(limit)
        .map(|neighbour| Recommendation {
            id: neighbour.id,
            name: neighbour.name.clone(),
            similarity: neighbour.similarity,
        })
        .collect();
    Ok(Json(Recommendations { id, recommendations }))
}
