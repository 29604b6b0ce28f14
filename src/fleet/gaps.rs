//! What of a fleet isn't rendered, and so isn't checked.

use flux_render::{
    ErrorKind,
    flux::{Outcome, SourceVerdict},
};

use super::Fleet;
use crate::finding::{Gap, GapKind, Location};

/// What isn't rendered.
pub fn gaps(fleet: &Fleet) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for (cluster, member) in fleet.members() {
        let spec = &member.spec;
        let file = format!("{}/", cluster.path);
        let mut gap = |kind, location: Location, message: String| {
            gaps.push(Gap { kind, message, location });
        };
        match (&member.outcome, &member.source) {
            (Outcome::Elsewhere, SourceVerdict::Foreign { url, .. }) => {
                let at = spec.source.as_ref().map(|source| fleet.spot(&source.origin, &file));
                let source = spec.source.as_ref().map(|source| {
                    let address = if url.is_empty() { String::new() } else { format!(" ({url})") };
                    format!("{} {}{address}", source.kind, source.name)
                });
                gap(
                    GapKind::Unrendered,
                    at.unwrap_or_else(|| Location::file(file.as_str().into())),
                    format!(
                        "the Kustomization {} isn't rendered: its source {} is another repository",
                        spec.name,
                        source.unwrap_or_default()
                    ),
                );
            }
            (Outcome::Failed(error), _) if error.kind == ErrorKind::Remote => gap(
                GapKind::Unrendered,
                fleet.place_or(error.place, &file),
                format!("the Kustomization {} isn't rendered: {}", spec.name, error.message),
            ),
            (Outcome::Elsewhere | Outcome::NoFolder(_) | Outcome::Failed(_), _) => gap(
                GapKind::Unrendered,
                fleet.spot(&spec.path.origin, &file),
                format!("the Kustomization {} isn't rendered", spec.name),
            ),
            (Outcome::Rendered(_), _) => {}
        }
        for wrong in &spec.malformed {
            gap(GapKind::Unreadable, fleet.spot(&wrong.origin, &file), wrong.value.clone());
        }
    }
    for cluster in fleet.clusters.iter().filter(|cluster| cluster.unsettled) {
        gaps.push(Gap {
            kind: GapKind::Unrendered,
            message: format!(
                "the Kustomizations of cluster {} lead to ever new ones: not all were rendered",
                cluster.name
            ),
            location: Location::file(format!("{}/", cluster.path).into()),
        });
    }
    for overlay in &fleet.overlays {
        let Err(error) = &overlay.outcome else { continue };
        let file = format!("{}/kustomization.yaml", overlay.folder);
        let why =
            if error.kind == ErrorKind::Remote { &error.message } else { "it can't be built" };
        gaps.push(Gap {
            kind: GapKind::Unrendered,
            message: format!("the overlay isn't rendered, its files are checked as written: {why}"),
            location: fleet.place_or(error.place, file.trim_start_matches('/')),
        });
    }
    gaps
}
