//! A container mounts a volume that its pod doesn't have.
//!
//! ## What it does
//! Looks for the name of each volume mount and volume device among the volumes of the pod and, of a
//! StatefulSet, among its claim templates.
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either. Of a
//! StatefulSet it takes the object and refuses the pods, so that nothing runs.
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
//!       volumeMounts:
//!         - name: settings
//!           mountPath: /etc/web
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
//!       volumeMounts:
//!         - name: settings
//!           mountPath: /etc/web
//!   volumes:
//!     - name: settings
//!       configMap: {name: web}
//! ```
//!
//! ## Limits
//! A volume that something in the cluster adds to pods isn't known.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/storage/volumes/>

use spanned_yaml::Node;

use crate::{
    check::{Findings, Scope},
    finding::Level,
    kube::{Pod, is_unresolved},
    rules::{
        Check, Rule,
        fields::{Fields, items},
    },
};

pub(super) static RULE: Rule = Rule {
    id: "references/volume",
    level: Level::Error,
    since: "0.2.0",
    summary: "a container mounts a volume that its pod doesn't have",
    check: Check::Pod(check),
    source: include_str!("volume.rs"),
};

fn check<'a>(pod: &'a Pod<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    let mut fields = Fields::new(pod.object, findings);
    for container in &pod.containers {
        for list in ["volumeMounts", "volumeDevices"] {
            for mount in items(container.node, list) {
                let Some((name, node)) = fields.text_at(mount, "name") else { continue };
                if name.is_empty() || names(pod).any(|volume| volume.as_str() == Some(name)) {
                    continue;
                }
                // A volume of which the name isn't known may be the one.
                if let Some(volume) = names(pod).find(|volume| is_unresolved(volume.text())) {
                    fields.is_unknown(volume);
                    continue;
                }
                let message = format!(
                    "{} mounts volume {name}, which the pod doesn't have",
                    container.title()
                );
                fields.wrong_with_help(node, message, help(pod, name));
            }
        }
    }
}

/// The names of the pod's volumes.
fn names<'a>(pod: &Pod<'a>) -> impl Iterator<Item = Node<'a>> + use<'a> {
    let volumes = items(pod.spec, "volumes").filter_map(|volume| volume.get("name"));
    let claims = (pod.object.kind == "StatefulSet").then(|| pod.object.spec()).flatten();
    let claims = claims.into_iter().flat_map(|spec| items(spec, "volumeClaimTemplates"));
    volumes.chain(claims.filter_map(|claim| claim.get("metadata")?.get("name")))
}

fn help(pod: &Pod<'_>, name: &str) -> String {
    let known: Vec<&str> = names(pod).filter_map(|volume| volume.as_str()).collect();
    let near = known
        .iter()
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .filter(|(score, _)| *score > 0.85)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    match near {
        Some((_, near)) => format!("did you mean {near}?"),
        None if known.is_empty() => "add it to the pod's volumes".to_owned(),
        None => format!("add it to the pod's volumes, which are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn claim_templates_are_volumes_too() {
        check(
            &RULE,
            r#"
#- workloads.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: a}
spec:
  volumeClaimTemplates: [{metadata: {name: data}}]
  template:
    spec:
      containers:
      - name: a
        volumeMounts: [{name: data}, {name: setting}]
#                                           ^^^^^^^ references/volume: container "a" mounts volume setting, which the pod doesn't have
        volumeDevices: [{name: disk}]
#                              ^^^^ references/volume: container "a" mounts volume disk, which the pod doesn't have
      volumes: [{name: settings}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: b}
spec:
  template:
    spec:
      initContainers:
      - name: a
        volumeMounts: [{name: data}, {name: "${NAME}"}, {name: a}]
#                             ^^^^ references/volume: init container "a" mounts volume data, which the pod doesn't have
#                                           ^^^^^^^^^ gap unknown-value: ${NAME} is only known once Flux substitutes it
#                                                              ^ references/volume: init container "a" mounts volume a, which the pod doesn't have
      containers: []
---
apiVersion: v1
kind: Pod
metadata: {name: c}
spec:
  containers: [{name: a, volumeMounts: [{name: data}]}]
  volumes: [{name: "${VOLUME}"}]
#                  ^^^^^^^^^^^ gap unknown-value: ${VOLUME} is only known once Flux substitutes it
"#,
        );
    }
}
