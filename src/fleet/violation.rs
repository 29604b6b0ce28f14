//! What rules say of a fleet: of Kustomizations and of kustomization files.

use flux_render::{
    Origin, Place,
    flux::{Member, ObjectId},
};

use super::Fleet;
use crate::{
    finding::{Gap, GapKind, Location, ObjectRef, Related},
    rules::Rule,
};

/// One offence.
#[derive(Clone, Debug)]
pub struct FleetViolation {
    pub(crate) cluster: Option<String>,
    pub(crate) location: Location,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
    pub(crate) object: Option<ObjectRef>,
    pub(crate) field: Option<String>,
    pub(crate) related: Vec<Related>,
}

impl FleetViolation {
    /// An offence at a place: one line, lower case, no full stop.
    pub fn new(location: Location, message: impl Into<String>) -> Self {
        Self {
            cluster: None,
            location,
            message: message.into(),
            help: None,
            object: None,
            field: None,
            related: Vec::new(),
        }
    }

    /// Says for which cluster it holds.
    #[must_use]
    pub fn cluster(mut self, cluster: Option<&str>) -> Self {
        self.cluster = cluster.map(str::to_owned);
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says which object it is about.
    #[must_use]
    pub fn object(mut self, id: &ObjectId) -> Self {
        self.object = Some(ObjectRef {
            api_version: id.api_version.clone(),
            kind: id.kind.clone(),
            namespace: (!id.namespace.is_empty()).then(|| id.namespace.clone()),
            name: id.name.clone(),
        });
        self
    }

    /// Says which Kustomization of Flux it is about, and which of its fields.
    #[must_use]
    pub fn kustomization(mut self, spec: &flux_render::flux::Kustomization, field: &str) -> Self {
        if !spec.api_version.value.is_empty() {
            self.object = Some(ObjectRef {
                api_version: spec.api_version.value.clone(),
                kind: "Kustomization".to_owned(),
                namespace: Some(spec.name.namespace.clone()),
                name: spec.name.name.clone(),
            });
        }
        self.field = (!field.is_empty()).then(|| field.to_owned());
        self
    }

    /// Points at what a Kustomization's source says of what is in its artifact, where the message
    /// names the source.
    #[must_use]
    pub fn left_out_by(self, fleet: &Fleet, member: &Member) -> Self {
        match &member.artifact {
            Some(artifact) if self.message.contains(&artifact.value.title) => {
                let message = format!("{} leaves out what this says", artifact.value.title);
                self.related(fleet.location_of(&artifact.origin), message)
            }
            _ => self,
        }
    }

    /// Adds a place that explains.
    #[must_use]
    pub fn related(mut self, location: Option<Location>, message: impl Into<String>) -> Self {
        if let Some(location) = location {
            self.related.push(Related { message: message.into(), location });
        }
        self
    }
}

/// Collects what rules say of a fleet.
#[derive(Default)]
pub struct FleetFindings {
    pub(crate) violations: Vec<(&'static Rule, FleetViolation)>,
    pub(crate) gaps: Vec<Gap>,
    rule: Option<&'static Rule>,
}

impl FleetFindings {
    /// Says which rule reports next.
    pub(crate) fn set_rule(&mut self, rule: &'static Rule) {
        self.rule = Some(rule);
    }

    /// Reports an offence against the running rule.
    pub fn report(&mut self, violation: FleetViolation) {
        if let Some(rule) = self.rule {
            self.violations.push((rule, violation));
        }
    }

    /// Says that something was not checked, and why.
    pub fn gap(&mut self, kind: GapKind, location: Location, message: impl Into<String>) {
        self.gaps.push(Gap { kind, message: message.into(), location });
    }
}

impl Fleet {
    /// Where somebody wrote a value, else the beginning of a file.
    pub fn spot(&self, origin: &Origin, file: &str) -> Location {
        self.location_of(origin).unwrap_or_else(|| Location::file(file.into()))
    }

    /// A place, if there is one, else the beginning of a file.
    pub fn place_or(&self, place: Option<Place>, file: &str) -> Location {
        place
            .and_then(|place| self.files.location(place))
            .unwrap_or_else(|| Location::file(file.into()))
    }
}
