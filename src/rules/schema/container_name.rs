//! A container whose name the API server refuses.
//!
//! ## What it does
//! Looks at the names of init containers, containers and ephemeral containers: each is a DNS label, and no
//! two containers of a pod share one, whichever list they stand in.
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
//!   initContainers:
//!     - name: web
//!       image: contoso.azurecr.io/setup:1.27
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   initContainers:
//!     - name: setup
//!       image: contoso.azurecr.io/setup:1.27
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//! ```
//!
//! ## Limits
//! Two containers of one list that share a name are reported by `schema/duplicate-item` where Kubernetes'
//! schemas say so, which is from 1.30 on.
//!
//! ## References
//! - <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go>

use super::{before_list_types, suffix};
use crate::{
    check::{Findings, Place, Scope, Violation},
    finding::Level,
    kube::{ContainerRole, Pod, names::invalid_dns_label},
    rules::{Check, Rule, fields::Fields},
};

pub(super) static RULE: Rule = Rule {
    id: "schema/container-name",
    level: Level::Error,
    since: "0.2.0",
    summary: "the name of a container is no DNS label, or another container's",
    check: Check::Pod(check),
    source: include_str!("container_name.rs"),
};

fn check<'a>(pod: &'a Pod<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    let mut fields = Fields::new(pod.object, findings);
    for (index, container) in pod.containers.iter().enumerate() {
        let Some((name, node)) = fields.text_at(container.node, "name") else { continue };
        if let Some(must) = invalid_dns_label(name) {
            fields.wrong(node, format!("name: \"{name}\" must {must}"));
        }
        // The first that the API server reads: regular containers, then init containers.
        let first = pod.containers.iter().enumerate().find(|(other, before)| {
            let comes_first = match (before.role, container.role) {
                (ContainerRole::Regular, ContainerRole::Init) => true,
                (ContainerRole::Init, ContainerRole::Regular) => false,
                _ => *other < index,
            };
            comes_first && before.name == name && !name.is_empty()
        });
        let Some((_, first)) = first else { continue };
        let mut versions = String::new();
        if first.role == container.role {
            let before = before_list_types(scope.versions);
            if before.is_empty() {
                continue;
            }
            versions = suffix(before, scope.versions);
        }
        let message = format!("name: two containers are called {name}{versions}");
        let violation = Violation::at(pod.object, node, message)
            .help("containers of a pod have different names, init containers too")
            .related(Place::node(pod.object, first.node), "the other is here");
        fields.report(violation);
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check_with;

    #[test]
    fn names_are_labels_and_differ() {
        check_with(
            &RULE,
            "kubernetes: ['1.29', '1.34']",
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  initContainers:
  - {name: web}
#          ^^^ schema/container-name: name: two containers are called web
  - {name: init}
  containers:
  - {name: web}
  - {name: Web}
#          ^^^ schema/container-name: name: "Web" must be at most 63 lower-case letters, digits and -, and start and end with a letter or digit
  - {name: a}
  - {name: a}
#          ^ schema/container-name: name: two containers are called a (Kubernetes 1.29)
  - {name: "${NAME}"}
#          ^^^^^^^^^ gap unknown-value: ${NAME} is only known once Flux substitutes it
  ephemeralContainers:
  - {name: init}
#          ^^^^ schema/container-name: name: two containers are called init
"#,
        );
    }
}
