//! A probe or a lifecycle hook that the API server refuses.
//!
//! ## What it does
//! Looks at `livenessProbe`, `readinessProbe` and `startupProbe`, and at `postStart` and `preStop`:
//!
//! - each has exactly one of `exec`, `httpGet`, `tcpSocket`, `grpc` (hooks also `sleep`), with a command that
//!   isn't empty, a port that is a port, a scheme HTTP or HTTPS;
//! - numbers aren't below zero, and `successThreshold` is 1 where a container is killed or started by it;
//! - `terminationGracePeriodSeconds` is above zero, and isn't there for readiness;
//! - init containers have none, unless they keep running (`restartPolicy: Always`).
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//!       livenessProbe:
//!         httpGet: {path: /live, port: 8080}
//!         successThreshold: 3
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//!       livenessProbe:
//!         httpGet: {path: /live, port: 8080}
//!         failureThreshold: 3
//! ```
//!
//! ## Limits
//! That a named port is among those of the container isn't looked at: the API server takes it.
//!
//! ## References
//! - <https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/>
//! - <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go>

use spanned_yaml::{Kind, Node};

use super::port::{check_number, check_number_or_name};
use crate::{
    check::{Findings, Place, Scope, Violation},
    finding::Level,
    kube::{ContainerRole, Pod},
    rules::{
        Check, Rule,
        fields::{Fields, given, items},
    },
};

pub(super) static RULE: Rule = Rule {
    id: "schema/probe",
    level: Level::Error,
    since: "0.2.0",
    summary: "a probe or a lifecycle hook that the API server refuses",
    check: Check::Pod(check),
    source: include_str!("probe.rs"),
};

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

fn check<'a>(pod: &'a Pod<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    let mut fields = Fields::new(pod.object, findings);
    for container in &pod.containers {
        let has_none = match container.role {
            ContainerRole::Regular => false,
            ContainerRole::Init => !container.is_sidecar(),
            ContainerRole::Ephemeral => true,
        };
        if has_none {
            let restart = container.node.get("restartPolicy");
            if container.role == ContainerRole::Init
                && restart.is_some_and(|node| fields.is_unknown(node))
            {
                continue;
            }
            for field in PROBES.into_iter().chain(["lifecycle"]) {
                if let Some(node) = given(container.node, field) {
                    let message = format!("{field}: {} can't have one", container.title());
                    fields.wrong(node, message);
                }
            }
            continue;
        }
        for field in PROBES {
            if let Some(probe) = given(container.node, field) {
                check_probe(field, probe, &mut fields);
            }
        }
        if let Some(lifecycle) = given(container.node, "lifecycle") {
            for hook in ["postStart", "preStop"] {
                if let Some(handler) = given(lifecycle, hook) {
                    check_handler(hook, handler, true, &mut fields);
                }
            }
        }
    }
}

fn check_probe<'a>(field: &str, probe: Node<'a>, fields: &mut Fields<'_, 'a>) {
    check_handler(field, probe, false, fields);
    for number in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold"] {
        fields.not_negative(probe, number);
    }
    if let Some((threshold, node)) = fields.number_at(probe, "successThreshold") {
        if threshold < 0 {
            fields.wrong(node, format!("successThreshold: {threshold} is below zero"));
        } else if field != "readinessProbe" && threshold > 1 {
            fields.wrong(node, format!("successThreshold: {threshold} must be 1 for a {field}"));
        }
    }
    if let Some((seconds, node)) = fields.number_at(probe, "terminationGracePeriodSeconds") {
        let key = "terminationGracePeriodSeconds";
        if seconds <= 0 {
            fields.wrong(node, format!("{key}: {seconds} must be above zero"));
        } else if field == "readinessProbe" {
            fields.wrong(
                node,
                format!("{key}: a readinessProbe ends no container, and can't have it"),
            );
        }
    }
}

fn check_handler<'a>(what: &str, holder: Node<'a>, is_hook: bool, fields: &mut Fields<'_, 'a>) {
    if holder.kind() != Kind::Mapping {
        return;
    }
    let mut first = None;
    for kind in ["exec", "httpGet", "tcpSocket", if is_hook { "sleep" } else { "grpc" }] {
        let Some(handler) = given(holder, kind) else { continue };
        if let Some(first) = first {
            fields.wrong(
                handler,
                format!("{kind}: stands beside {first}: {what} has one or the other"),
            );
            continue;
        }
        first = Some(kind);
        match kind {
            "exec" => {
                let command = given(handler, "command");
                let is_none = |it: Node<'_>| it.kind() == Kind::Sequence && it.is_empty();
                if command.is_none_or(is_none) {
                    let place = Place::field(fields.object, handler, "command");
                    fields.report(Violation::new(place, "exec: the command is missing, or empty"));
                }
            }
            "httpGet" => check_http(handler, fields),
            "tcpSocket" => {
                if let Some(port) = given(handler, "port") {
                    check_number_or_name(port, fields);
                }
            }
            "grpc" => {
                if let Some((port, node)) = fields.number_at(handler, "port") {
                    check_number(port, node, fields);
                }
            }
            _ => {}
        }
    }
    if first.is_none() {
        let last = if is_hook { "sleep" } else { "grpc" };
        let node = holder;
        fields.wrong(node, format!("{what}: has none of exec, httpGet, tcpSocket, {last}"));
    }
}

fn check_http<'a>(handler: Node<'a>, fields: &mut Fields<'_, 'a>) {
    if let Some(port) = given(handler, "port") {
        check_number_or_name(port, fields);
    }
    if let Some((scheme, node)) = fields.text_at(handler, "scheme")
        && !matches!(scheme, "" | "HTTP" | "HTTPS")
    {
        fields.wrong(node, format!("scheme: \"{scheme}\" is neither HTTP nor HTTPS"));
    }
    for header in items(handler, "httpHeaders") {
        if let Some((name, node)) = fields.text_at(header, "name")
            && (name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
        {
            let message =
                format!("name: \"{name}\" is no header: it must be letters, digits and -");
            fields.wrong(node, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn probes_and_hooks() {
        check(
            &RULE,
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  initContainers:
  - name: i
    startupProbe: {exec: {command: [a]}}
#   ^^^^^^^^^^^^ schema/probe: startupProbe: init container "i" can't have one
  - name: s
    restartPolicy: Always
    startupProbe: {exec: {command: [a]}}
  containers:
  - name: a
    livenessProbe: {}
#   ^^^^^^^^^^^^^ schema/probe: livenessProbe: has none of exec, httpGet, tcpSocket, grpc
    readinessProbe: {exec: {}, tcpSocket: {port: 80}, successThreshold: 3, periodSeconds: -1}
#                    ^^^^ schema/probe: exec: the command is missing, or empty
#                              ^^^^^^^^^ schema/probe: tcpSocket: stands beside exec: readinessProbe has one or the other
#                                                                                         ^^ schema/probe: periodSeconds: -1 is below zero
    startupProbe: {httpGet: {port: "80", scheme: http}, successThreshold: 2, terminationGracePeriodSeconds: 0}
#                                  ^^^^ schema/probe: "80" is no name of a port: it must be at most 15 lower-case letters, digits and single -, with a letter among them and no - at either end
#                                                ^^^^ schema/probe: scheme: "http" is neither HTTP nor HTTPS
#                                                                         ^ schema/probe: successThreshold: 2 must be 1 for a startupProbe
#                                                                                                           ^ schema/probe: terminationGracePeriodSeconds: 0 must be above zero
    lifecycle: {preStop: {sleep: {seconds: 1}}, postStart: {}}
#                                               ^^^^^^^^^ schema/probe: postStart: has none of exec, httpGet, tcpSocket, sleep
  - name: b
    livenessProbe: {httpGet: {port: http}, successThreshold: 0}
    readinessProbe: {grpc: {port: "${PORT}"}}
#                                 ^^^^^^^^^ gap unknown-value: ${PORT} is only known once Flux substitutes it
"#,
        );
    }
}
