//! Builds that failed, of clusters and of overlays.

use flux_render::{
    Error, ErrorKind,
    flux::{Member, Outcome},
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
    member: Option<&'f Member>,
}

/// All builds that failed.
pub(super) fn all(fleet: &Fleet) -> Vec<Failure<'_>> {
    let members = fleet.members().filter_map(|(cluster, member)| match &member.outcome {
        Outcome::Failed(error) => Some(Failure {
            error,
            folder: member.spec.folder(),
            cluster: Some(&cluster.name),
            member: Some(member),
        }),
        _ => None,
    });
    let overlays = fleet.overlays.iter().filter_map(|overlay| {
        let error = overlay.outcome.as_ref().err()?;
        Some(Failure { error, folder: overlay.folder.clone(), cluster: None, member: None })
    });
    members.chain(overlays).collect()
}

impl Failure<'_> {
    /// The finding that tells of it: where the trouble is written, else where the folder is named.
    pub(super) fn violation(&self, fleet: &Fleet) -> FleetViolation {
        let named = self.member.and_then(|member| fleet.location_of(&member.spec.path.origin));
        let written = self.error.place.and_then(|place| fleet.files.location(place));
        let file = format!("{}/kustomization.yaml", self.folder);
        let location = written
            .or_else(|| named.clone())
            .unwrap_or_else(|| Location::file(file.trim_start_matches('/').into()));
        let mut violation = FleetViolation::new(location.clone(), &self.error.message)
            .cluster(self.cluster)
            .help("nothing of this build is applied, nor was it checked");
        if let Some(member) = self.member {
            let spec = &member.spec;
            violation = violation.kustomization(spec, "");
            if self.error.kind == ErrorKind::LeftOut {
                violation = violation.left_out_by(fleet, member);
            }
            if let Some(named) = named.filter(|named| *named != location) {
                let message = format!("the Kustomization {} builds it", spec.name);
                violation = violation.related(Some(named), message);
            }
        }
        violation
    }
}
