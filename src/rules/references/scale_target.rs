//! An autoscaler whose target nothing provides.
//!
//! ## What it does
//! Looks up what a HorizontalPodAutoscaler, a VerticalPodAutoscaler or a KEDA ScaledObject scales, by API
//! group, kind and name.
//!
//! ## Why
//! The autoscaler does nothing, and the workload that somebody meant stays at its fixed size.
//!
//! ## Fails
//! ```yaml
//! apiVersion: autoscaling/v2
//! kind: HorizontalPodAutoscaler
//! metadata: {name: web, namespace: shop}
//! spec:
//!   maxReplicas: 5
//!   scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: web}
//! ---
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec:
//!       containers:
//!       - name: web
//!         image: contoso.azurecr.io/web:1.27
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: autoscaling/v2
//! kind: HorizontalPodAutoscaler
//! metadata: {name: web, namespace: shop}
//! spec:
//!   maxReplicas: 5
//!   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
//! ---
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec:
//!       containers:
//!       - name: web
//!         image: contoso.azurecr.io/web:1.27
//! ```
//!
//! ## Limits
//! Where something isn't rendered that may provide it (a Helm chart, a Kustomization from elsewhere, an
//! operator), the reference is a coverage gap. [References](../../references.md) says what counts as
//! provided.
//!
//! ## References
//! - <https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/>

use crate::{
    finding::Level,
    kube::Subject,
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "references/scale-target",
    level: Level::Warn,
    since: "0.2.0",
    summary: "an autoscaler whose target nothing provides",
    check: Check::Reference(Subject::ScaleTarget),
    source: include_str!("scale_target.rs"),
};

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn what_is_not_there_is_reported() {
        check(
            &RULE,
            r#"
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: a, namespace: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: b, namespace: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}}
#                                                                    ^^^ references/scale-target: no Deployment api in namespace shop
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: c, namespace: shop}
spec: {scaleTargetRef: {apiVersion: v1, kind: Deployment, name: web}}
#                                                               ^^^ references/scale-target: no Deployment web in namespace shop
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: d, namespace: shop}
spec: {scaleTargetRef: {name: web}}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: e, namespace: shop}
spec: {scaleTargetRef: {name: queue}}
#                             ^^^^^ references/scale-target: no Deployment queue in namespace shop
---
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
metadata: {name: f, namespace: shop}
spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
"#,
        );
    }
}
