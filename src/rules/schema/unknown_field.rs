//! A field that the schema of the object's kind doesn't have.
//!
//! ## What it does
//! Holds every key of an object against the schema of its kind: Kubernetes' own for each version that
//! `kubernetes` names, or that of a CRD in the repository. The nearest known field is named.
//!
//! ## Why
//! The API server refuses the object when Flux applies it, or, with other clients, drops the field: the
//! limit or the probe that somebody wrote is then not there, and nothing says so.
//!
//! ## Fails
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec:
//!       containers:
//!       - name: web
//!         image: contoso.azurecr.io/web:1.27
//!         resource: {limits: {memory: 64Mi}}
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec:
//!       containers:
//!       - name: web
//!         image: contoso.azurecr.io/web:1.27
//!         resources: {limits: {memory: 64Mi}}
//! ```
//!
//! ## Limits
//! Fields below `x-kubernetes-preserve-unknown-fields`, and of kinds without a schema, are not looked at;
//! the latter are coverage gaps.
//!
//! ## References
//! - <https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation>
//! - <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning>

use crate::{
    finding::Level,
    rules::{Check, Rule},
    schema::Problem,
};

pub(super) static RULE: Rule = Rule {
    id: "schema/unknown-field",
    level: Level::Error,
    since: "0.2.0",
    summary: "a field that the schema of the kind does not have",
    check: Check::Schema(Problem::UnknownField),
    source: include_str!("unknown_field.rs"),
};

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::{check, check_with};

    #[test]
    fn the_nearest_field_is_named() {
        check(
            &RULE,
            r#"
#- pod.yaml
 apiVersion: v1
 kind: Pod
 metadata: {name: x, label: {}}
#                    ^^^^^ schema/unknown-field: metadata: unknown field label
 spec:
   containers:
   - name: a
     image: a
     resource: {}
#    ^^^^^^^^ schema/unknown-field: containers: unknown field resource
     ports:
     - {containerPort: 80, Protocol: TCP}
#                          ^^^^^^^^ schema/unknown-field: ports: unknown field Protocol
   nodeSelector: {anything: goes}
 extra: 1
#^^^^^ schema/unknown-field: unknown field extra
"#,
        );
    }

    #[test]
    fn a_finding_names_the_versions_that_it_holds_for() {
        let fixture = r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  hostUsers: false
  resources: {}
# ^^^^^^^^^ schema/unknown-field: spec: unknown field resources (Kubernetes 1.25, 1.31)
  containers: []
"#;
        check_with(&RULE, "kubernetes: ['1.25', '1.31', '1.34']", fixture);
        check_with(&RULE, "kubernetes: '1.31'", &fixture.replace(" (Kubernetes 1.25, 1.31)", ""));
    }

    #[test]
    fn what_is_encrypted_or_a_variable_is_not_judged() {
        check(
            &RULE,
            r#"
#- secret.yaml
apiVersion: v1
kind: Secret
metadata: {name: x}
stringData: {password: "ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]"}
sops: {mac: "ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]", version: 3.9.0}
"#,
        );
    }

    #[test]
    fn a_crd_of_the_repository_comes_before_what_is_given_and_what_is_built_in() {
        let crd = |path: &str, field: &str| {
            format!(
                "#- {path}
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: certificates.cert-manager.io}}
spec:
  group: cert-manager.io
  names: {{kind: Certificate, plural: certificates}}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema: {{type: object, properties: {{spec: {{type: object, properties: {{{field}: {{}}}}}}}}}}
"
            )
        };
        let objects = |finding: &str| {
            let fields = ["given", "written", "secretNames"];
            let mut text = "#- objects.yaml\n".to_owned();
            for field in fields {
                text.push_str(&format!(
                    "---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {{name: {field}}}\nspec:\n  {field}: x\n"
                ));
                if field != finding {
                    text.push_str(&format!(
                        "# {} schema/unknown-field: spec: unknown field {field}\n",
                        "^".repeat(field.len())
                    ));
                }
            }
            text
        };
        let given = crd("schemas/crd.yaml", "given");
        let written = crd("written.yaml", "written");
        let config = "schemas: [schemas]";
        check_with(&RULE, config, &format!("{}{given}{written}", objects("written")));
        check_with(&RULE, config, &format!("{}{given}", objects("given")));
        check_with(&RULE, config, &objects("none"));
    }

    #[test]
    fn a_constraint_template_defines_its_kind() {
        check(
            &RULE,
            r#"
#- template.yaml
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: k8srequiredlabels}
spec:
  crd:
    spec:
      names: {kind: K8sRequiredLabels}
      validation:
        openAPIV3Schema:
          type: object
          properties: {labels: {type: array, items: {type: string}}}
  targets: [{target: admission.k8s.gatekeeper.sh, rego: x}]
#- constraint.yaml
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sRequiredLabels
metadata: {name: x}
spec:
  enforcementAction: warn
  match: {kinds: [{apiGroups: [""], kinds: [Namespace]}]}
  parameters:
    label: [team]
#   ^^^^^ schema/unknown-field: parameters: unknown field label
"#,
        );
    }

    #[test]
    fn a_crd_of_the_repository_defines_its_kind() {
        check(
            &RULE,
            r#"
#- crd.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: databases.example.com}
spec:
  group: example.com
  names: {kind: Database, plural: databases}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              engine: {type: string}
              labels: {type: object, additionalProperties: {type: string}}
              values: {type: object, x-kubernetes-preserve-unknown-fields: true}
              pod:
                type: object
                x-kubernetes-embedded-resource: true
                x-kubernetes-preserve-unknown-fields: true
#- database.yaml
 apiVersion: example.com/v1
 kind: Database
 metadata: {name: x, annotation: {}}
#                    ^^^^^^^^^^ schema/unknown-field: metadata: unknown field annotation
 spec:
   engin: postgres
#  ^^^^^ schema/unknown-field: spec: unknown field engin
   labels: {any: thing}
   values: {any: thing}
   pod: {apiVersion: v1, kind: Pod, metadata: {nam: x}, spec: {}}
#                                              ^^^ schema/unknown-field: metadata: unknown field nam
 status: {}
#^^^^^^ schema/unknown-field: unknown field status
"#,
        );
    }
}
