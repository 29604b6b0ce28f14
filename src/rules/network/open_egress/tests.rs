//! One policy rule at a time, and what is said of it.

use super::RULE;
use crate::check::testing::{check, check_with};

/// A pod of namespace shop with labels `app: web`, a policy that closes it, and
/// one with this rule.
fn with_rule(rule: &str) -> String {
    format!(
        r#"
#- a.yaml
apiVersion: v1
kind: Pod
metadata: {{name: web, namespace: shop, labels: {{app: web}}}}
spec: {{containers: [{{name: a, ports: [{{name: http, containerPort: 8080}}]}}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: deny, namespace: shop}}
spec: {{podSelector: {{}}, policyTypes: [Egress]}}
#- b.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: p, namespace: shop}}
spec:
  podSelector: {{}}
  policyTypes: [Egress]
  egress:
{rule}"#
    )
}

fn check_rule(rule: &str) {
    check(&RULE, &with_rule(rule));
}

#[test]
fn what_is_allowed_by_default_is_silent() {
    for rule in [
        "  - {to: [{podSelector: {}}]}",
        "  - {to: [{podSelector: {matchLabels: {app: x}}}], ports: [{port: 1, endPort: 65535}]}",
        "  - {to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}]}",
        "  - {to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {k8s-app: kube-dns}}}], ports: [{port: 53}, {port: 53, protocol: UDP}]}",
        "  - {to: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [shop]}]}}]}",
        // Nothing can match.
        "  - {to: [{namespaceSelector: {matchLabels: {a: b}, matchExpressions: [{key: a, operator: DoesNotExist}]}}]}",
        "  - {to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: http}]}",
    ] {
        check_rule(rule);
    }
}

#[test]
fn everything_is_shown_by_a_public_address() {
    check_rule(
        r#"  - {}
#   ^^ network/open-egress: Pod web may reach 1.1.1.1 on port 443/TCP, which is not allowed
"#,
    );
    check_rule(
        r#"  - to: []
#   ^^ network/open-egress: Pod web may reach 1.1.1.1 on port 8080/TCP, which is not allowed
    ports: [{port: 8080, endPort: 8081}]
"#,
    );
    check_rule(
        r#"  - ports: [{port: 53, protocol: UDP}]
#   ^^^^^ network/open-egress: Pod web may reach 1.1.1.1 on port 53/UDP, which is not allowed
"#,
    );
}

#[test]
fn blocks_are_shown_by_an_address_that_says_most() {
    check_rule(
        r#"  - to:
    - ipBlock: {cidr: 0.0.0.0/0, except: [1.1.1.0/24]}
#                     ^^^^^^^^^ network/open-egress: Pod web may reach 8.8.8.8 on port 443/TCP, which is not allowed
    - ipBlock: {cidr: 169.254.0.0/16}
#                     ^^^^^^^^^^^^^^ network/open-egress: Pod web may reach 169.254.169.254 on port 443/TCP, which is not allowed
    - ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/9]}
#                     ^^^^^^^^^^ network/open-egress: Pod web may reach 10.128.0.1 on port 443/TCP, which is not allowed
    - ipBlock: {cidr: 10.9.9.9/32}
#                     ^^^^^^^^^^^ network/open-egress: Pod web may reach 10.9.9.9 on port 443/TCP, which is not allowed
    - ipBlock: {cidr: "fd00::/8"}
#                     ^^^^^^^^^^ network/open-egress: Pod web may reach fd00::1 on port 443/TCP, which is not allowed
"#,
    );
}

#[test]
fn selectors_count_by_what_they_require() {
    check_rule(
        r#"  - to:
    - namespaceSelector: {}
#     ^^^^^^^^^^^^^^^^^ network/open-egress: Pod web may reach any pod labelled k8s-app=kube-dns of any namespace on port 53/UDP, which is not allowed
      podSelector: {matchLabels: {k8s-app: kube-dns}}
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
#     ^^^^^^^^^^^^^^^^^ network/open-egress: Pod web may reach any pod of namespace kube-system on port 53/UDP, which is not allowed
    - namespaceSelector: {matchLabels: {team: a}}
#     ^^^^^^^^^^^^^^^^^ network/open-egress: Pod web may reach any pod of any namespace labelled team=a on port 53/UDP, which is not allowed
    - namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [shop]}]}
#     ^^^^^^^^^^^^^^^^^ network/open-egress: Pod web may reach any pod of any namespace labelled kubernetes.io/metadata.name!=shop on port 53/UDP, which is not allowed
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
#     ^^^^^^^^^^^^^^^^^ network/open-egress: Pod web may reach any pod labelled k8s-app in (kube-dns, other) of namespace kube-system on port 53/UDP, which is not allowed
      podSelector: {matchExpressions: [{key: k8s-app, operator: In, values: [kube-dns, other]}]}
    ports: [{port: 53, protocol: UDP}]
"#,
    );
    check_rule(
        r#"  - to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
#     ^^^^^^^^^^^^^^^^^ network/open-egress: Pod web may reach any pod labelled k8s-app=kube-dns of namespace kube-system on port 443/TCP, which is not allowed
      podSelector: {matchLabels: {k8s-app: kube-dns}}
"#,
    );
}

#[test]
fn named_ports_are_those_of_pods_in_the_repository() {
    let elsewhere = r#"#- c.yaml
apiVersion: v1
kind: Pod
metadata: {name: pg, namespace: db, labels: {app: pg}}
spec:
  hostNetwork: false
  initContainers:
  - {name: i, ports: [{name: pg, containerPort: 1}]}
  - {name: s, restartPolicy: Always, ports: [{name: side, containerPort: 5433}]}
  containers: [{name: a, ports: [{name: pg, containerPort: 5432}]}]
"#;
    let rule = |name: &str| {
        format!(
            "  - to:\n    - namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: db}}}}\n\
             @      podSelector: {{matchLabels: {{app: pg}}}}\n    ports:\n    - port: {name}\n"
        )
    };
    let stated = |port: u16| {
        format!(
            "#     ^^^^^^^^^^^^^^^^^ network/open-egress: Pod web may reach Pod pg of namespace db on port {port}/TCP, which is not allowed\n"
        )
    };
    check(&RULE, &(with_rule(&rule("pg").replace('@', &stated(5432))) + elsewhere));
    check(&RULE, &(with_rule(&rule("side").replace('@', &stated(5433))) + elsewhere));
    let gap = "#     ^^^^^^^^^^ gap unknown-value: which ports are called none depends on pods that aren't in the repository\n";
    check(&RULE, &(with_rule(&(rule("none").replace('@', "") + gap)) + elsewhere));
}

#[test]
fn allowances_are_joined() {
    let config = r#"
egress:
  allow:
  - {cidr: 10.0.0.0/9, ports: [443, "8000-8100"]}
  - {cidr: 10.128.0.0/9}
  - {namespace: db, pods: {app: pg}, ports: [5432]}
  - {namespace: db, pods: {app: mysql}, ports: ["5432/TCP"]}
  - {namespace: logs}
"#;
    for silent in [
        "  - {to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 443}, {port: 8000, endPort: 8100}]}",
        "  - {to: [{ipBlock: {cidr: 10.128.0.0/10}}]}",
        "  - {to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/9]}}]}",
        "  - {to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: db}}, podSelector: {matchLabels: {app: pg, tier: x}}}], ports: [{port: 5432}]}",
        "  - {to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: db}}, podSelector: {matchExpressions: [{key: app, operator: In, values: [pg, mysql]}]}}], ports: [{port: 5432}]}",
        "  - {to: [{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [logs, shop]}]}}]}",
    ] {
        check_with(&RULE, config, &with_rule(silent));
    }
    check_with(
        &RULE,
        config,
        &with_rule(
            r#"  - to:
    - ipBlock: {cidr: 10.0.0.0/8}
#                     ^^^^^^^^^^ network/open-egress: Pod web may reach 10.0.0.1 on port 8101/TCP, which is not allowed
    ports: [{port: 8000, endPort: 8101}]
  - to:
    - namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In, values: [db, logs]}]}
#     ^^^^^^^^^^^^^^^^^ network/open-egress: Pod web may reach any pod labelled app in (pg, redis) of namespaces db, logs on port 5432/TCP, which is not allowed
      podSelector: {matchExpressions: [{key: app, operator: In, values: [pg, redis]}]}
    ports: [{port: 5432}]
"#,
        ),
    );
}

#[test]
fn all_addresses_are_all_pods() {
    let config =
        r#"egress: {allow: [{cidr: 0.0.0.0/0, ports: [443]}, {cidr: "::/0", ports: [443]}]}"#;
    for silent in
        ["  - {ports: [{port: 443}]}", "  - {to: [{namespaceSelector: {}}], ports: [{port: 443}]}"]
    {
        check_with(&RULE, config, &with_rule(silent));
    }
}

#[test]
fn allowances_may_be_for_some_workloads_only() {
    check_with(
        &RULE,
        "egress: {allow: [{cidr: 10.0.0.0/8, workloads: [\"Deployment/shop/*\"]}]}",
        r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: a, namespace: shop}
spec: {template: {spec: {containers: [{name: a}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: shop}
spec: {containers: [{name: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: c, namespace: shop}
spec: {containers: [{name: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: d, namespace: shop}
spec: {hostNetwork: true, containers: [{name: a}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: shop}
spec:
  egress:
  - to:
    - ipBlock: {cidr: 10.0.0.0/8}
#                     ^^^^^^^^^^ network/open-egress: Pod b and 1 more may reach 10.0.0.1 on port 443/TCP, which is not allowed
"#,
    );
}

#[test]
fn what_is_not_known_is_a_gap() {
    check_rule(
        r#"  - to: [{ipBlock: {cidr: "${CIDR}"}}]
#                         ^^^^^^^^^ gap unknown-value: ${CIDR} is only known once Flux substitutes it
  - to: [{podSelector: {matchLabels: {app: "${APP}"}}}]
#                                          ^^^^^^^^ gap unknown-value: ${APP} is only known once Flux substitutes it
  - ports: [{port: "${PORT}"}]
#                  ^^^^^^^^^ gap unknown-value: ${PORT} is only known once Flux substitutes it
"#,
    );
}

#[test]
fn what_is_known_counts_beside_what_is_not() {
    check_rule(
        r#"  - to:
    - ipBlock: {cidr: "${CIDR}"}
#                     ^^^^^^^^^ gap unknown-value: ${CIDR} is only known once Flux substitutes it
    - ipBlock: {cidr: 0.0.0.0/0}
#                     ^^^^^^^^^ network/open-egress: Pod web may reach 1.1.1.1 on port 443/TCP, which is not allowed
"#,
    );
}

#[test]
fn labels_that_are_not_known_decide_what_is_opened() {
    check(
        &RULE,
        r#"
apiVersion: v1
kind: Pod
metadata:
  name: x
  labels: {app: "${APP}"}
#               ^^^^^^^^ gap unknown-value: ${APP} is only known once Flux substitutes it
spec: {containers: [{name: a}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny}
spec: {podSelector: {}, policyTypes: [Egress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p}
spec: {podSelector: {matchLabels: {app: x}}, policyTypes: [Egress], egress: [{}]}
"#,
    );
}

#[test]
fn named_ports_of_pods_that_are_not_here_are_a_gap() {
    check_rule(
        r#"  - ports: [{port: metrics}]
#            ^^^^^^^^^^^^^ gap unknown-value: which ports are called metrics depends on pods that aren't in the repository
"#,
    );
    check_rule(
        r#"  - to: [{namespaceSelector: {}}]
    ports:
    - port: http
#     ^^^^^^^^^^ gap unknown-value: which ports are called http depends on pods that aren't in the repository
"#,
    );
}

#[test]
fn what_the_api_server_refuses_is_said() {
    for (rule, why) in [
        (
            "- to: [{ipBlock: {cidr: 10.0.0.0/33}}]\n#                         ^^^^^^^^^^^",
            "\"10.0.0.0/33\" is no CIDR block: the prefix must be 0 to 32 bits long",
        ),
        (
            "- to: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]\n#                                              ^^^^^^^^^^^",
            "11.0.0.0/16 isn't a smaller block within 10.0.0.0/8",
        ),
        ("- ports: [{port: 0}]\n#                  ^", "port 0 must be 1 to 65535"),
        (
            "- ports: [{port: \"80\"}]\n#                  ^^^^",
            "\"80\" is no name of a port: 1 to 15 of a-z, 0-9 and -, one letter at least; a number takes no quotes",
        ),
        (
            "- ports: [{port: 2, endPort: 1}]\n#                              ^",
            "endPort 1 is below port 2",
        ),
        (
            "- ports: [{protocol: tcp}]\n#                      ^^^",
            "\"tcp\" is no protocol: write TCP, UDP or SCTP",
        ),
        (
            "- to: [{podSelector: {matchLabels: {app: on}}}]\n#                                          ^^",
            "label value must be a string: put it in quotes",
        ),
        ("- to: {}\n#   ^^", "to must be a list"),
    ] {
        check_rule(&format!(
            "  {rule} gap unreadable: the API server refuses this NetworkPolicy: {why}\n"
        ));
    }
}
