//! Builds that failed, of clusters and of overlays.

use flux_render::{
    Error,
    flux::{Kustomization, Outcome},
};

use crate::{
    finding::Location,
    fleet::{Fleet, FleetViolation},
};

/// A build that failed.
pub(super) struct Failure<'f> {
    pub(super) error: &'f Error,
    folder: String,
    cluster: Option<&'f str>,
    spec: Option<&'f Kustomization>,
}

/// All builds that failed.
pub(super) fn all(fleet: &Fleet) -> Vec<Failure<'_>> {
    let members = fleet.members().filter_map(|(cluster, member)| match &member.outcome {
        Outcome::Failed(error) => Some(Failure {
            error,
            folder: member.spec.folder(),
            cluster: Some(&cluster.name),
            spec: Some(&member.spec),
        }),
        _ => None,
    });
    let overlays = fleet.overlays.iter().filter_map(|overlay| {
        let error = overlay.outcome.as_ref().err()?;
        Some(Failure { error, folder: overlay.folder.clone(), cluster: None, spec: None })
    });
    members.chain(overlays).collect()
}

impl Failure<'_> {
    /// The finding that tells of it: where the trouble is written, else where the folder is named.
    pub(super) fn violation(&self, fleet: &Fleet) -> FleetViolation {
        let named = self.spec.and_then(|spec| fleet.location_of(&spec.path.origin));
        let written = self.error.place.and_then(|place| fleet.files.location(place));
        let file = format!("{}/kustomization.yaml", self.folder);
        let location = written
            .or_else(|| named.clone())
            .unwrap_or_else(|| Location::file(file.trim_start_matches('/').into()));
        let mut violation = FleetViolation::new(location.clone(), &self.error.message)
            .cluster(self.cluster)
            .help("nothing of this build is applied, nor was it checked");
        if let Some(spec) = self.spec {
            violation = violation.kustomization(spec, "");
            if let Some(named) = named.filter(|named| *named != location) {
                let message = format!("the Kustomization {} builds it", spec.name);
                violation = violation.related(Some(named), message);
            }
        }
        violation
    }
}
