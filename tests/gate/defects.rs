//! The defects, each as somebody might write it.

/// One defect: `before`, which a file holds once, becomes `after`. `§` in it marks the line of the
/// finding. Without `before`, the file is new.
pub(super) struct Defect {
    pub(super) file: &'static str,
    pub(super) before: &'static str,
    pub(super) after: &'static str,
    pub(super) rule: &'static str,
}

const fn defect(
    file: &'static str,
    before: &'static str,
    after: &'static str,
    rule: &'static str,
) -> Defect {
    Defect { file, before, after, rule }
}

const COUNTER: &str = "apps/counter/base/deployment.yaml";
const PREDICTOR: &str = "apps/predictor/base/deployment.yaml";
const GREETER: &str = "apps/greeter/base/deployment.yaml";
const RECOMMENDER: &str = "apps/recommender/base/deployment.yaml";
const COUNTER_POLICY: &str = "apps/counter/base/network-policy.yaml";
const COUNTER_PRODUCTION: &str = "apps/counter/overlays/production/kustomization.yaml";
const GREETER_PRODUCTION: &str = "apps/greeter/overlays/production/kustomization.yaml";
const PRODUCTION_APPS: &str = "clusters/production/apps.yaml";
const PRODUCTION_POLICIES: &str = "clusters/production/policies.yaml";

/// In bases, overlays, clusters, policies and charts, in this order.
pub(super) const DEFECTS: &[Defect] = &[
    defect(COUNTER, "name: http\n", "name: http_api§\n", "schema/port"),
    defect(
        COUNTER,
        "- name: redis\n              mountPath",
        "- name: cache§\n              mountPath",
        "references/volume",
    ),
    defect(
        PREDICTOR,
        "periodSeconds: 10",
        "periodSeconds: 10\n            successThreshold: 2§",
        "schema/probe",
    ),
    defect(
        "apps/counter/base/service-account.yaml",
        "  name: counter",
        "  name: Counter§",
        "schema/metadata",
    ),
    defect(COUNTER, "runAsNonRoot: true", "runAsNonRoot: false§", "pod-security/run-as-non-root"),
    defect(RECOMMENDER, "runAsUser: 65532", "runAsUser: 0§", "pod-security/run-as-user"),
    defect(
        PREDICTOR,
        "allowPrivilegeEscalation: false",
        "allowPrivilegeEscalation: true§",
        "pod-security/allow-privilege-escalation",
    ),
    defect(
        GREETER,
        "drop: [ALL]",
        "drop: [ALL]\n              add: [NET_ADMIN]§",
        "pod-security/capabilities-restricted",
    ),
    defect(
        RECOMMENDER,
        "type: RuntimeDefault",
        "type: Unconfined§",
        "pod-security/seccomp-profile-restricted",
    ),
    defect(
        COUNTER,
        "      enableServiceLinks: false",
        "      enableServiceLinks: false\n      hostNetwork: true§",
        "pod-security/host-namespaces",
    ),
    defect(
        PREDICTOR,
        "readOnlyRootFilesystem: true",
        "readOnlyRootFilesystem: true\n            privileged: true§",
        "pod-security/privileged",
    ),
    defect(
        GREETER,
        "containerPort: 8080",
        "containerPort: 8080\n              hostPort: 8080§",
        "pod-security/host-ports",
    ),
    defect(
        COUNTER,
        "      volumes:\n",
        "      volumes:\n        - name: node\n          hostPath: {path: /}§\n",
        "pod-security/restricted-volumes",
    ),
    defect(
        RECOMMENDER,
        "        runAsNonRoot: true",
        "        runAsNonRoot: true\n        sysctls:\n          - {name: kernel.msgmax, value: \"1\"}§",
        "pod-security/sysctls",
    ),
    defect(
        "apps/counter/base/namespace.yaml",
        "pod-security.kubernetes.io/enforce: restricted",
        "pod-security.kubernetes.io/enforce: baseline§",
        "pod-security/namespace-labels",
    ),
    defect(
        COUNTER,
        "            limits:\n              cpu: 250m\n              memory: 128Mi",
        "            limits:§\n              cpu: 250m",
        "resources/memory-limit",
    ),
    defect(PREDICTOR, "memory: 64Mi", "memory: 640Mi§", "resources/request-exceeds-limit"),
    defect(RECOMMENDER, "cpu: 100m", "cpu: 100 m§", "resources/invalid-quantity"),
    defect(
        GREETER,
        "image: contoso.azurecr.io/services/greeter",
        "image: docker.io/contoso/greeter:1.2.0§",
        "images/registry",
    ),
    defect(
        COUNTER_POLICY,
        "cidr: ${private_endpoint_cidr}",
        "cidr: 0.0.0.0/0§",
        "network/open-egress",
    ),
    defect(
        "apps/components/dns/network-policy.yaml",
        "        - namespaceSelector:\n            matchLabels:\n              \
         kubernetes.io/metadata.name: kube-system\n          podSelector:",
        "        - namespaceSelector: {}§\n          podSelector:",
        "network/open-egress",
    ),
    defect(
        COUNTER,
        "  revisionHistoryLimit: 3",
        "  revisionHistoryLimit: 3\n  revisionHistoryLimit: 5§",
        "yaml/duplicate-key",
    ),
    defect(
        "apps/counter/base/service.yaml",
        "  type: ClusterIP",
        "\ttype: ClusterIP§",
        "yaml/syntax",
    ),
    defect(
        COUNTER_POLICY,
        "  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: counter\n  policyTypes: [Ingress]",
        "  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: countr§\n  policyTypes: [Ingress]",
        "network/dead-policy",
    ),
    defect(
        "apps/greeter/base/kustomization.yaml",
        "  - service.yaml",
        "  - services.yaml§",
        "kustomize/build-failed",
    ),
    defect(
        "apps/counter/base/leftover.yaml",
        "",
        "apiVersion: v1§\nkind: ConfigMap\nmetadata: {name: leftover}\n",
        "kustomize/unused-file",
    ),
    defect(
        "apps/recommender/base/kustomization.yaml",
        "kind: Kustomization\n",
        "kind: Kustomization\ncommonLabels: {team: bicycles}§\n",
        "kustomize/deprecated-field",
    ),
    defect(
        COUNTER_PRODUCTION,
        "  - name: contoso.azurecr.io/services/counter\n",
        "  - name: contoso.azurecr.io/services/counter\n    newName: ghcr.io/contoso/counter§\n",
        "images/registry",
    ),
    defect(
        GREETER_PRODUCTION,
        "    newTag: 1.2.0",
        "    newTag: -1.2.0§",
        "images/invalid-reference",
    ),
    defect(
        COUNTER_PRODUCTION,
        "patches:\n",
        "patches:\n  - target: {kind: Deployment}\n    patch: |-\n      - op: remove§\n        path: \
         /spec/template/spec/containers/0/resources/limits/memory\n",
        "resources/memory-limit",
    ),
    defect(
        GREETER_PRODUCTION,
        "      kind: HorizontalPodAutoscaler\n      name: greeter",
        "      kind: HorizontalPodAutoscaler§\n      name: greeting",
        "kustomize/patch-without-target",
    ),
    defect(
        COUNTER_PRODUCTION,
        "      - REDIS_URL=rediss://contoso-production",
        "      - REDIS_USERNAME=${redis_usrname}§\n      - REDIS_URL=rediss://contoso-production",
        "flux/undefined-variable",
    ),
    defect(GREETER_PRODUCTION, "  - ../../base", "  - ../../bse§", "kustomize/build-failed"),
    defect(
        PRODUCTION_APPS,
        "path: ./apps/counter/overlays/production",
        "path: ./apps/counter/overlays/prodution§",
        "flux/path-not-found",
    ),
    defect(
        PRODUCTION_APPS,
        "  path: ./apps/greeter/overlays/production\n  prune: true\n  wait: true\n  sourceRef:\n    \
         kind: GitRepository\n    name: flux-system",
        "  path: ./apps/greeter/overlays/production\n  prune: true\n  wait: true\n  sourceRef:\n    \
         kind: GitRepository\n    name: flux-systm§",
        "flux/source-not-found",
    ),
    defect(
        PRODUCTION_APPS,
        "  path: ./apps/monitoring\n",
        "  path: ./apps/monitoring\n  suspend: true§\n",
        "flux/suspended",
    ),
    defect(
        "clusters/production/infrastructure.yaml",
        "  name: infrastructure-configs\n  namespace: flux-system\nspec:\n  dependsOn:\n",
        "  name: infrastructure-configs\n  namespace: flux-system\nspec:\n  dependsOn:\n    - name: \
         infrastructure-controler§\n",
        "flux/depends-on-missing",
    ),
    defect(
        PRODUCTION_POLICIES,
        "spec:\n",
        "spec:\n  dependsOn:\n    - name: counter§\n",
        "flux/depends-on-cycle",
    ),
    defect(
        COUNTER,
        "            - configMapRef:\n                name: counter",
        "            - configMapRef:\n                name: countr§",
        "references/config-map",
    ),
    defect(
        GREETER,
        "serviceAccountName: greeter",
        "serviceAccountName: greter§",
        "references/service-account",
    ),
    defect(
        "apps/counter/base/http-route.yaml",
        "      sectionName: https",
        "      sectionName: htps§",
        "references/gateway",
    ),
    defect(
        "apps/predictor/base/ingress.yaml",
        "                port:\n                  name: http",
        "                port:\n                  name: web§",
        "references/backend",
    ),
    defect(
        "apps/counter/base/horizontal-pod-autoscaler.yaml",
        "    kind: Deployment\n    name: counter",
        "    kind: Deployment\n    name: count§",
        "references/scale-target",
    ),
    defect(
        "apps/greeter/base/pod-disruption-budget.yaml",
        "      app.kubernetes.io/name: greeter",
        "      app.kubernetes.io/name: greter§",
        "references/disruption-budget",
    ),
    defect(
        PRODUCTION_POLICIES,
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\n",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1beta2§\n",
        "flux/deprecated-api",
    ),
    defect(
        "clusters/components/defaults/kustomization.yaml",
        "              name: cluster-settings",
        "              name: cluster-setings§",
        "flux/substitute-from-missing",
    ),
    defect(
        "clusters/production/kustomization.yaml",
        "  - flux-access.yaml",
        "  - flux-acces.yaml§",
        "kustomize/build-failed",
    ),
    defect(
        "policies/default-deny/network-policy.yaml",
        "  policyTypes: [Ingress, Egress]",
        "  policyTypes: [Ingress, Egress]\n  egress:\n    - {}§",
        "network/open-egress",
    ),
    defect(
        "policies/images.yaml",
        "  failurePolicy: Fail\n",
        "  failurePolicy: Fail\n  failurePolicy: Ignore§\n",
        "yaml/duplicate-key",
    ),
    defect(
        "policies/host-names.yaml",
        "message: tls names a host that isn't below ${domain}",
        "message: tls names a host that isn't below ${domian}§",
        "flux/undefined-variable",
    ),
    defect(
        "policies/kustomization.yaml",
        "  - images.yaml",
        "  - image.yaml§",
        "kustomize/build-failed",
    ),
    // Custom resources whose CRDs are elsewhere.
    defect("apps/greeter/base/http-route.yaml", "port: 80", "port: 80000§", "schema/invalid-value"),
    defect(
        "apps/greeter/base/external-secret.yaml",
        "refreshInterval: 15m",
        "refreshIntervall: 15m§",
        "schema/unknown-field",
    ),
    defect(
        "apps/greeter/base/service-monitor.yaml",
        "interval: 30s",
        "interval: 30 seconds§",
        "schema/invalid-value",
    ),
    defect(
        "infrastructure/azure/base/network/subnets.yaml",
        "addressPrefix: 10.0.0.0/22",
        "addressPrefixes: 10.0.0.0/22§",
        "schema/wrong-type",
    ),
    defect(
        "apps/greeter/chart/values.yaml",
        "priorityClassName: service",
        "priorityClassName: service: high§",
        "yaml/syntax",
    ),
    defect(
        "apps/predictor/chart/Chart.yaml",
        "type: application",
        "type: : application§",
        "yaml/syntax",
    ),
    defect(
        "apps/predictor/chart/ci/production-values.yaml",
        "  minReplicas: 3",
        "\tminReplicas: 3§",
        "yaml/syntax",
    ),
];
