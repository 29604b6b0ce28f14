//! Which of the API server's errors rules claim, and which they leave.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Output, Problem};

/// Ends of the places that rules look at, without the numbers of items; a place as a whole after `=`.
const CLAIMED: &[&str] = &[
    // schema/metadata
    "metadata.name",
    "metadata.namespace",
    "metadata.generateName",
    "metadata.labels",
    "metadata.annotations",
    "metadata.finalizers",
    // schema/container-name
    "ontainers.name",
    // schema/port
    ".ports.name",
    ".ports.containerPort",
    ".ports.hostPort",
    ".ports.protocol",
    "spec.ports",
    "spec.ports.port",
    "spec.ports.targetPort",
    "spec.ports.nodePort",
    "spec.ports.appProtocol",
    // schema/environment
    "ontainers.env.name",
    "ontainers.envFrom.prefix",
    "ontainers.envFrom",
    "ontainers.envFrom.configMapRef.name",
    "ontainers.envFrom.secretRef.name",
    "ontainers.env.valueFrom",
    "ontainers.env.valueFrom.fieldRef",
    "ontainers.env.valueFrom.fieldRef.fieldPath",
    "ontainers.env.valueFrom.fieldRef.apiVersion",
    "ontainers.env.valueFrom.resourceFieldRef.resource",
    "ontainers.env.valueFrom.configMapKeyRef.name",
    "ontainers.env.valueFrom.configMapKeyRef.key",
    "ontainers.env.valueFrom.secretKeyRef.name",
    "ontainers.env.valueFrom.secretKeyRef.key",
    // schema/volume
    "spec.volumes",
    "spec.volumes.name",
    "spec.volumes.secret.secretName",
    "spec.volumes.secret.defaultMode",
    "spec.volumes.secret.items.path",
    "spec.volumes.secret.items.key",
    "spec.volumes.secret.items.mode",
    "spec.volumes.configMap.name",
    "spec.volumes.configMap.defaultMode",
    "spec.volumes.configMap.items.path",
    "spec.volumes.configMap.items.key",
    "spec.volumes.configMap.items.mode",
    "spec.volumes.hostPath.path",
    "spec.volumes.hostPath.type",
    "ontainers.volumeMounts.name",
    "ontainers.volumeMounts.mountPath",
    "ontainers.volumeMounts.subPath",
    "ontainers.volumeMounts.subPathExpr",
    "ontainers.volumeDevices.name",
    "ontainers.volumeDevices.devicePath",
    // schema/probe
    "Probe",
    "Probe.exec.command",
    "Probe.exec",
    "Probe.httpGet",
    "Probe.httpGet.port",
    "Probe.httpGet.scheme",
    "Probe.httpGet.httpHeaders.name",
    "Probe.tcpSocket",
    "Probe.tcpSocket.port",
    "Probe.grpc",
    "Probe.grpc.port",
    "Probe.initialDelaySeconds",
    "Probe.timeoutSeconds",
    "Probe.periodSeconds",
    "Probe.successThreshold",
    "Probe.failureThreshold",
    "Probe.terminationGracePeriodSeconds",
    "ontainers.lifecycle",
    "lifecycle.postStart",
    "lifecycle.preStop",
    "lifecycle.preStop.httpGet",
    "lifecycle.preStop.exec.command",
    // schema/config-data
    "=data",
    "=binaryData",
    "=type",
    "=",
    // schema/cron-schedule
    "spec.schedule",
    "spec.timeZone",
    // schema/disruption-budget
    "spec.minAvailable",
    "spec.maxUnavailable",
    "=spec",
    // schema/ingress-path
    "spec.rules.host",
    "spec.rules.http.paths",
    "spec.rules.http.paths.path",
    "spec.rules.http.paths.pathType",
    "ackend",
    "ackend.service.name",
    "ackend.service.port.name",
    "ackend.service.port.number",
    "spec.tls.hosts",
    "spec.tls.secretName",
    "spec.ingressClassName",
    // schema/autoscaler
    "spec.minReplicas",
    "spec.maxReplicas",
    "spec.scaleTargetRef.kind",
    "spec.scaleTargetRef.name",
    "spec.metrics.type",
    "spec.metrics.object",
    "spec.metrics.external",
    "spec.metrics.pods",
    "spec.metrics.resource",
    "spec.metrics.containerResource",
    "spec.metrics.containerResource.container",
    ".metric.name",
    "spec.metrics.resource.name",
    ".target.type",
    ".target.value",
    ".target.averageValue",
    ".target.averageUtilization",
    ".stabilizationWindowSeconds",
    ".selectPolicy",
    ".policies",
    ".policies.type",
    ".policies.value",
    ".policies.periodSeconds",
    // schema/selector
    "spec.selector",
    "spec.selector.matchLabels",
    "spec.selector.matchExpressions.operator",
    "spec.selector.matchExpressions.key",
    "spec.selector.matchExpressions.values",
    "spec.nodeSelector",
    // schema/workload
    "spec.replicas",
    "spec.minReadySeconds",
    "spec.revisionHistoryLimit",
    "spec.progressDeadlineSeconds",
    "spec.parallelism",
    "spec.completions",
    "spec.completionMode",
    "spec.activeDeadlineSeconds",
    "spec.backoffLimit",
    "spec.ttlSecondsAfterFinished",
    "spec.startingDeadlineSeconds",
    "spec.successfulJobsHistoryLimit",
    "spec.failedJobsHistoryLimit",
    "spec.restartPolicy",
    "spec.dnsPolicy",
    "spec.podManagementPolicy",
    "spec.concurrencyPolicy",
    "ontainers.imagePullPolicy",
    "ontainers.terminationMessagePolicy",
    "spec.strategy.type",
    "spec.strategy.rollingUpdate",
    "spec.strategy.rollingUpdate.maxSurge",
    "spec.strategy.rollingUpdate.maxUnavailable",
    "spec.updateStrategy.type",
    "spec.updateStrategy.rollingUpdate.maxSurge",
    "spec.updateStrategy.rollingUpdate.maxUnavailable",
];

const ALLOCATED: &str =
    "the API server allocates the addresses and ports of a Service, the judge doesn't";

/// Places that no rule looks at, with the reason.
const NOT_CLAIMED: &[(&str, &str)] =
    &[("spec.clusterIPs", ALLOCATED), ("spec.healthCheckNodePort", ALLOCATED)];

/// How many reasons there are to leave an error or a finding, those of [`NOT_CLAIMED`] among them. Each
/// must occur, or it is stale.
const REASONS: usize = 17;

/// What is to be made of an error.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Claim {
    /// A rule must report it.
    Ours,
    /// It follows from another, or a reason says why it isn't reported.
    Left,
    /// Nobody has thought of it.
    Unknown,
}

/// Counts what is left.
#[derive(Default)]
pub(super) struct Claims {
    left: BTreeMap<&'static str, usize>,
}

/// A field's path without the numbers of items, and without the keys of maps.
pub(super) fn place(field: &str) -> String {
    let mut text = String::new();
    let mut rest = field;
    while let Some((before, after)) = rest.split_once('[') {
        text.push_str(before);
        rest = after.split_once(']').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    if let Some(key) = text.strip_prefix("stringData") {
        text = format!("data{key}");
    }
    for map in ["labels", "annotations", "matchLabels", "nodeSelector", "data", "binaryData"] {
        let key = format!(".{map}.");
        if let Some(at) = format!(".{text}").find(&key) {
            text.truncate(at + map.len());
        }
    }
    // The labels of a Service's selector.
    if text.starts_with("spec.selector.") && !text.contains("match") {
        text.truncate("spec.selector".len());
    }
    text
}

/// The place that an error of the API server is about, where we point at it.
pub(super) fn place_of(error: &Problem) -> String {
    let mut place = place(&error.field);
    // Upstream leaves `metadata` out for the labels and annotations of a template.
    for map in ["labels", "annotations"] {
        let short = format!("template.{map}");
        if place.ends_with(&short) {
            let keep = place.len() - map.len();
            place.insert_str(keep, "metadata.");
        }
    }
    if error.detail.contains("more than 1 volume type") {
        place = place.rsplit_once('.').map_or(place.clone(), |(parent, _)| parent.to_owned());
    }
    // Upstream names the strategy as a whole, or the place of its own list of operators.
    if matches!(place.as_str(), "spec.strategy" | "spec.updateStrategy") {
        place.push_str(".type");
    }
    if place.ends_with("httpHeaders") {
        place.push_str(".name");
    }
    // What a Secret's type needs is missing: we point at the type.
    if error.r#type == "FieldValueRequired"
        && error.field.contains('[')
        && (place == "data" || error.field.contains("service-account.name"))
    {
        "type".clone_into(&mut place);
    }
    if error.r#type == "FieldValueRequired" && place.ends_with("matchExpressions.values") {
        place = place.replace(".values", ".operator");
    }
    if error.detail.contains("scaling to zero") {
        "spec.minReplicas".clone_into(&mut place);
    }
    if error.detail.contains("unsupported pod version") {
        place = place.replace("fieldRef.fieldPath", "fieldRef.apiVersion");
    }
    if place == "annotations" {
        "metadata.annotations".clone_into(&mut place);
    }
    // The key of a label or annotation stands in the path of a field.
    if place.ends_with("valueFrom.fieldRef") {
        place.push_str(".fieldPath");
    }
    place
}

impl Claims {
    /// What is to be made of an error.
    pub(super) fn of(&mut self, place: &str, error: &Problem, object: &Value) -> Claim {
        if let Some(reason) = left(place, error, object) {
            *self.left.entry(reason).or_default() += 1;
            return Claim::Left;
        }
        for (end, reason) in NOT_CLAIMED {
            if place.ends_with(end) {
                *self.left.entry(reason).or_default() += 1;
                return Claim::Left;
            }
        }
        let is_claimed = |end: &&str| match end.strip_prefix('=') {
            Some(whole) => place == whole,
            None => place.ends_with(*end),
        };
        if CLAIMED.iter().any(is_claimed) { Claim::Ours } else { Claim::Unknown }
    }

    /// Whether a finding of ours is true although the API server takes the object.
    pub(super) fn is_only_ours(
        &mut self,
        rule: &str,
        place: &str,
        object: &Value,
        judged: &Output,
    ) -> bool {
        let reason = only_ours(rule, place, object, judged);
        if let Some(reason) = reason {
            *self.left.entry(reason).or_default() += 1;
        }
        reason.is_some()
    }

    pub(super) fn verdict(self) -> Result<(), libtest_mimic::Failed> {
        for (reason, count) in &self.left {
            eprintln!("left: {count}: {reason}");
        }
        if self.left.len() != REASONS {
            let found = self.left.len();
            return Err(format!("{found} reasons to leave something occurred, of {REASONS}").into());
        }
        Ok(())
    }
}

/// Why an error at a place that rules look at has no finding of its own.
fn left(place: &str, error: &Problem, object: &Value) -> Option<&'static str> {
    let is_missing = error.r#type == "FieldValueRequired";
    if is_missing && place == "metadata.name" {
        return Some("an object without a name is a coverage gap");
    }
    if error.detail == "must populate the given metric source only" {
        let metric = error.field.rsplit_once('.').and_then(|(metric, _)| at(object, metric));
        if metric.is_some_and(|metric| matches!(metric["type"].as_str(), Some("cpu" | ""))) {
            return Some("a metric of no type could have any source");
        }
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    if place == "metadata.labels" && object["metadata"].get("labels").is_none() {
        return Some(
            "labels that aren't written come from the template or the name, and are as wrong",
        );
    }
    let is_made_a_label = matches!(object["kind"].as_str(), Some("Job" | "Namespace"));
    if place.ends_with("metadata.labels") && is_made_a_label && !is_label(name) {
        return Some("a name that is made a label is refused there, too");
    }
    if place.ends_with(".hostPort") && error.r#type == "FieldValueInvalid" {
        let port = error.field.rsplit_once('.').and_then(|(port, _)| at(object, port));
        if port.is_some_and(|it| it.get("hostPort").is_none() || it.get("containerPort").is_none())
        {
            return Some("with hostNetwork, ports that aren't written are as wrong as the others");
        }
    }
    if ["may not be 0 when", "cannot be 0 when", "may not be set when"]
        .iter()
        .any(|it| error.detail.contains(it))
    {
        let rolling = error.field.rsplit_once('.').and_then(|(rolling, _)| at(object, rolling));
        let is_share = |value: &Value| {
            value.as_str().is_none_or(|text| {
                text.strip_suffix('%').is_some_and(|it| it.parse::<u32>().is_ok())
            })
        };
        if rolling.and_then(Value::as_object).is_some_and(|it| !it.values().all(is_share)) {
            return Some("an amount that is none counts as 0");
        }
    }
    let ports = object["spec"]["ports"].as_array();
    if error.r#type == "FieldValueDuplicate"
        && place.starts_with("spec.ports")
        && ports.is_some_and(|ports| {
            ports.iter().any(|port| port["protocol"] == "" || port.get("port").is_none())
        })
    {
        return Some("an empty protocol, and a port that isn't written, are no keys of an item");
    }
    if error.detail.contains("does not match template") && object["spec"].get("selector").is_none()
    {
        return Some("a selector that is missing is reported as such");
    }
    if place == "spec.selector" && matches!(&*error.detail, "" | "invalid label selector") {
        return Some("a selector is refused as a whole, too");
    }
    if place == "metadata.name" && name.is_empty() {
        return Some("a name that is made from generateName is as wrong as that");
    }
    if place.ends_with("targetPort")
        && at(object, &error.field).is_none_or(|it| *it == 0 || *it == "")
    {
        return Some("a target port that isn't written is the port");
    }
    if error.r#type == "FieldValueNotFound"
        && place.ends_with("olumeMounts.name")
        && is_volume(object, error)
    {
        return Some("a volume that is wrong isn't there to be mounted");
    }
    None
}

/// The value at a field's path, as `spec.ports[0].name`.
fn at<'v>(object: &'v Value, field: &str) -> Option<&'v Value> {
    let pointer = field.replace('[', "/").replace(']', "").replace('.', "/");
    object.pointer(&format!("/{pointer}"))
}

/// Whether the volume that a mount names is among those of the pod.
fn is_volume(object: &Value, error: &Problem) -> bool {
    let mut volumes = pod(object)["volumes"].as_array().into_iter().flatten();
    at(object, &error.field).is_some_and(|name| volumes.any(|volume| volume["name"] == *name))
}

/// Whether a name can be the value of a label.
fn is_label(name: &str) -> bool {
    let is_edge = |char: Option<char>| char.is_some_and(|char| char.is_ascii_alphanumeric());
    name.len() <= 63
        && is_edge(name.chars().next())
        && is_edge(name.chars().next_back())
        && name.chars().all(|char| char.is_ascii_alphanumeric() || "-_.".contains(char))
}

/// The pod spec of an object.
fn pod(object: &Value) -> &Value {
    match object["kind"].as_str() {
        Some("Pod") => &object["spec"],
        Some("CronJob") => &object["spec"]["jobTemplate"]["spec"]["template"]["spec"],
        _ => &object["spec"]["template"]["spec"],
    }
}

fn only_ours(_: &str, place: &str, object: &Value, judged: &Output) -> Option<&'static str> {
    if object["kind"] == "PodDisruptionBudget"
        && !judged.errors.is_empty()
        && place.starts_with("metadata")
    {
        return Some("metadata of a budget is looked at once its spec is good");
    }
    let has = |detail: &str| judged.errors.iter().any(|error| error.detail.contains(detail));
    if place.contains("spec.volumes.") && has("more than 1 volume type") {
        return Some("of a volume with several sources only the first is looked at");
    }
    let is_selector = |error: &Problem| {
        error.field == "spec.selector" && matches!(&*error.detail, "" | "invalid label selector")
    };
    if place.starts_with("spec.template") && judged.errors.iter().any(is_selector) {
        return Some("a template is looked at once the selector is good");
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    if object["kind"] == "Job" && name.len() > 63 && place == "metadata.name" {
        return Some("the name of a Job is refused where it is made a label");
    }
    None
}
