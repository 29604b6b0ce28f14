//! Which rules run on what, and at which level.

use super::{
    cluster::{Namespace, Scope},
    documents::Documents,
    engine::Options,
    update::Earlier,
    violation::Findings,
    written::Written,
};
use spanned_yaml::Node;

use crate::{
    config::{Config, ObjectPattern, RuleSetting},
    finding::{Level, ObjectRef},
    fleet::{Fleet, FleetFindings},
    kube::{Image, ImageField, Malformed, Object, Pod, Reference, Subject},
    repo::{Contents, File},
    rules::{self, Check, Rule, pod_security, references, resources, schema},
    schema::{CustomKinds, GivenSchemas, Known, Problem},
};

/// The rules of a run, sorted by what they look at.
pub(super) struct Plan<'a> {
    config: &'a Config,
    only: &'a [String],
    enabled: Vec<&'static Rule>,
    document: Vec<&'static Rule>,
    object: Vec<&'static Rule>,
    image: Vec<&'static Rule>,
    pod: Vec<&'static Rule>,
    pod_security: Vec<pod_security::Applied>,
    namespace: Vec<&'static Rule>,
    fleet: Vec<&'static Rule>,
    update: Vec<&'static Rule>,
    /// What the objects were, where a change is checked.
    earlier: Option<Earlier<'a>>,
    /// By the problems that they report.
    schema: Vec<(Problem, &'static Rule)>,
    /// By what they are about.
    reference: Vec<(Subject, &'static Rule)>,
    custom_kinds: CustomKinds<'a>,
    written: Written<'a>,
    given_schemas: GivenSchemas<'a>,
    known_schemas: Known,
}

impl<'a> Plan<'a> {
    pub(super) fn new(
        contents: &'a Contents,
        config: &'a Config,
        options: &'a Options,
        earlier: Option<Earlier<'a>>,
    ) -> Self {
        let is_given = |file: &&File| config.is_schema(&file.path);
        let (given, others): (Vec<&File>, Vec<&File>) = contents.files.iter().partition(is_given);
        let mut plan = Self {
            config,
            only: &options.only,
            enabled: Vec::new(),
            document: Vec::new(),
            object: Vec::new(),
            image: Vec::new(),
            pod: Vec::new(),
            pod_security: Vec::new(),
            namespace: Vec::new(),
            fleet: Vec::new(),
            update: Vec::new(),
            earlier,
            schema: Vec::new(),
            reference: Vec::new(),
            custom_kinds: CustomKinds::in_files(&others),
            written: Written::new(&contents.files),
            given_schemas: GivenSchemas::of(&given),
            known_schemas: Known::default(),
        };
        for rule in rules::all() {
            let skipped = options.skip.iter().any(|pattern| rule.is_named_by(pattern));
            let lacks_update = rule.looks_at_updates() && earlier.is_none();
            if skipped || lacks_update || !plan.may_report(rule) {
                continue;
            }
            plan.enabled.push(rule);
            match rule.check {
                Check::Engine | Check::PodSecurity(_) => {}
                Check::Document(_) => plan.document.push(rule),
                Check::Object(..) => plan.object.push(rule),
                Check::Image(_) => plan.image.push(rule),
                Check::PodsAndObjects { .. } => {
                    plan.object.push(rule);
                    plan.pod.push(rule);
                }
                Check::Pod(_) => plan.pod.push(rule),
                Check::Namespace(_) => plan.namespace.push(rule),
                Check::Fleet(_) => plan.fleet.push(rule),
                Check::Update(..) => plan.update.push(rule),
                Check::Reference(subject) => plan.reference.push((subject, rule)),
                Check::Schema(problem) => plan.schema.push((problem, rule)),
            }
        }
        let applied = pod_security::applied(config.pod_security.level, config.pod_security.version);
        plan.pod_security = applied.into_iter().filter(|applied| plan.runs(applied.rule)).collect();
        plan
    }

    /// Whether some object could get a finding of this rule.
    fn may_report(&self, rule: &Rule) -> bool {
        if !self.only.is_empty() {
            return self.only.iter().any(|pattern| rule.is_named_by(pattern));
        }
        let overridden = self.config.overrides.iter().any(|entry| {
            entry.rules.iter().any(|(pattern, setting)| {
                rule.is_named_by(pattern)
                    && setting.level().is_some_and(|level| level != Level::Off)
            })
        });
        overridden || self.base_level(rule) != Level::Off
    }

    /// Whether the rule runs at all.
    pub(super) fn runs(&self, rule: &Rule) -> bool {
        self.enabled.iter().any(|enabled| enabled.id == rule.id)
    }

    fn base_level(&self, rule: &Rule) -> Level {
        let level = setting(&self.config.rules, rule).unwrap_or(rule.level);
        let named = self.only.iter().any(|pattern| pattern == rule.id);
        if level == Level::Off && named { Level::Error } else { level }
    }

    /// The level for one place: the last entry of `overrides` that matches and
    /// names the rule, else `rules`, else the rule's own.
    pub(super) fn level(&self, rule: &Rule, paths: &[&str], object: Option<&Object<'_>>) -> Level {
        let parts = object.map(|object| {
            (object.kind, object.effective_namespace(), object.name.unwrap_or_default())
        });
        self.level_of(rule, paths, parts)
    }

    /// As [`Plan::level`], for an object by its reference.
    pub(super) fn level_of_reference(
        &self,
        rule: &Rule,
        paths: &[&str],
        object: Option<&ObjectRef>,
    ) -> Level {
        let parts = object.map(|object| {
            let namespace = object.namespace.as_deref().unwrap_or("default");
            (object.kind.as_str(), namespace, object.name.as_str())
        });
        self.level_of(rule, paths, parts)
    }

    fn level_of(&self, rule: &Rule, paths: &[&str], object: Option<(&str, &str, &str)>) -> Level {
        self.config
            .overrides
            .iter()
            .rev()
            .filter(|entry| {
                entry.paths.is_empty()
                    || entry.paths.iter().any(|glob| paths.iter().any(|path| glob.matches(path)))
            })
            .filter(|entry| {
                entry.objects.is_empty()
                    || object.is_some_and(|(kind, namespace, name)| {
                        let matches =
                            |pattern: &ObjectPattern| pattern.matches_parts(kind, namespace, name);
                        entry.objects.iter().any(matches)
                    })
            })
            .find_map(|entry| setting(&entry.rules, rule))
            .unwrap_or_else(|| self.base_level(rule))
    }

    /// Reads the pod of an object, if its kind has one.
    pub(super) fn read_pod<'o>(
        &self,
        object: &'o Object<'o>,
    ) -> Option<(&'o Object<'o>, Result<Pod<'o>, Malformed<'o>>)> {
        Pod::read(object, &self.config.pod_templates).map(|pod| (object, pod))
    }

    pub(super) fn check_documents<'f>(
        &self,
        file: &'f File,
        documents: &'f Documents<'f>,
        findings: &mut Findings<'f>,
    ) {
        for rule in &self.document {
            if let Check::Document(check) = rule.check {
                findings.set_rule(rule);
                for root in &documents.roots {
                    check(file, *root, &documents.objects, findings);
                }
            }
        }
    }

    pub(super) fn check_object<'f>(
        &self,
        object: &'f Object<'f>,
        scope: &Scope<'f>,
        findings: &mut Findings<'f>,
    ) {
        for rule in &self.object {
            let (kinds, check) = match rule.check {
                Check::Object(kinds, check) => (kinds, check),
                Check::PodsAndObjects { kinds, object, .. } => (kinds, object),
                _ => continue,
            };
            if kinds.is_empty() || kinds.contains(&object.kind) {
                findings.set_rule(rule);
                check(object, scope, findings);
            }
        }
        if !self.schema.is_empty() {
            self.check_schema(object, scope, findings);
        }
        if !self.reference.is_empty() {
            Reference::of_object(object, &mut |reference| {
                self.check_reference(&reference, scope, findings);
            });
        }
        if !self.image.is_empty() && !scope.config.images.fields.is_empty() {
            for image in Image::of_fields(object, image_fields(scope.config, object)) {
                self.check_image(&image, scope, findings);
            }
        }
    }

    /// Checks what becomes of an object.
    pub(super) fn check_update<'f>(
        &self,
        was: Node<'_>,
        object: &'f Object<'f>,
        findings: &mut Findings<'f>,
    ) {
        for rule in &self.update {
            if let Check::Update(kinds, check) = rule.check
                && kinds.contains(&object.kind)
            {
                findings.set_rule(rule);
                check(was, object, findings);
            }
        }
    }

    /// What the objects were, where a change is checked.
    pub(super) fn earlier(&self) -> Option<&Earlier<'a>> {
        self.earlier.as_ref()
    }

    pub(super) fn check_pod<'f>(
        &self,
        pod: &'f Pod<'f>,
        scope: &Scope<'f>,
        findings: &mut Findings<'f>,
    ) {
        for rule in &self.pod {
            if let Check::Pod(check) | Check::PodsAndObjects { pod: check, .. } = rule.check {
                findings.set_rule(rule);
                check(pod, scope, findings);
            }
        }
        if !self.reference.is_empty() {
            Reference::of_pod(pod, &mut |reference| {
                self.check_reference(&reference, scope, findings);
            });
        }
        if !self.image.is_empty() {
            for image in Image::of_pod(pod) {
                self.check_image(&image, scope, findings);
            }
        }
        if !self.pod_security.is_empty()
            && !pod_security::is_exempt(pod, &self.config.pod_security.exempt)
        {
            for applied in &self.pod_security {
                findings.set_rule(applied.rule);
                (applied.check)(pod, findings);
            }
        }
    }

    /// One look-up serves all rules about references.
    fn check_reference<'f>(
        &self,
        reference: &Reference<'f>,
        scope: &Scope<'f>,
        findings: &mut Findings<'f>,
    ) {
        references::check(reference, scope, &mut |subject, said| {
            if let Some((_, rule)) = self.reference.iter().find(|(of, _)| *of == subject) {
                findings.set_rule(rule);
                said.tell(reference.object, findings);
            }
        });
    }

    /// One walk serves all rules about schemas.
    fn check_schema<'f>(
        &self,
        object: &'f Object<'f>,
        scope: &Scope<'f>,
        findings: &mut Findings<'f>,
    ) {
        for complaint in crate::schema::complaints(object, scope.versions, &scope.customs) {
            if complaint.problem == Problem::Unknown {
                findings.unknown(object, complaint.node());
                continue;
            }
            let rule = self.schema.iter().find(|(problem, _)| *problem == complaint.problem);
            if let Some((_, rule)) = rule
                && !(complaint.is_quantity && self.reports_quantities(object))
            {
                findings.set_rule(rule);
                findings.report(schema::violation(object, complaint, scope.versions));
            }
        }
    }

    /// Whether another rule reports the quantities of this object.
    fn reports_quantities(&self, object: &Object<'_>) -> bool {
        self.runs(resources::INVALID_QUANTITY)
            && (resources::has_quantities(object)
                || Pod::read(object, &self.config.pod_templates).is_some())
    }

    /// The kinds that CRDs anywhere in the repository define.
    pub(super) fn custom_kinds(&self) -> &CustomKinds<'a> {
        &self.custom_kinds
    }

    /// What the repository's files hold.
    pub(super) fn written(&self) -> &Written<'a> {
        &self.written
    }

    /// The schemas that `schemas` of portcullis.yaml names.
    pub(super) fn given_schemas(&self) -> &GivenSchemas<'a> {
        &self.given_schemas
    }

    /// What is known of the trees of clusters.
    pub(super) fn known_schemas(&self) -> &Known {
        &self.known_schemas
    }

    /// One parse of a reference serves all rules about images.
    fn check_image<'f>(&self, image: &Image<'f>, scope: &Scope<'f>, findings: &mut Findings<'f>) {
        for rule in &self.image {
            if let Check::Image(check) = rule.check {
                findings.set_rule(rule);
                check(image, scope, findings);
            }
        }
    }

    pub(super) fn check_namespace<'f>(
        &self,
        namespace: &'f Namespace<'f>,
        scope: &Scope<'f>,
        findings: &mut Findings<'f>,
    ) {
        for rule in &self.namespace {
            if let Check::Namespace(check) = rule.check {
                findings.set_rule(rule);
                check(namespace, scope, findings);
            }
        }
    }
}

impl Plan<'_> {
    /// Checks Kustomizations and kustomization files.
    pub(super) fn check_fleet(&self, fleet: &Fleet, findings: &mut FleetFindings) {
        for rule in &self.fleet {
            if let Check::Fleet(check) = rule.check {
                findings.set_rule(rule);
                check(fleet, findings);
            }
        }
    }
}

/// Where objects of this kind name images beyond their pods.
pub(super) fn image_fields<'f>(config: &'f Config, object: &Object<'_>) -> &'f [ImageField] {
    let fields = &config.images.fields;
    let full = format!("{}/{}", object.group(), object.kind);
    fields.get(&full).or_else(|| fields.get(object.kind)).map_or(&[], Vec::as_slice)
}

/// The level that a table of settings gives a rule: by its id, else by `group/*`.
fn setting(
    settings: &std::collections::BTreeMap<String, RuleSetting>,
    rule: &Rule,
) -> Option<Level> {
    let exact = settings.get(rule.id).and_then(RuleSetting::level);
    exact.or_else(|| {
        settings
            .iter()
            .find(|(pattern, _)| rule.is_named_by(pattern))
            .and_then(|(_, setting)| setting.level())
    })
}
