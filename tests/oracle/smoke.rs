//! Each judge answers a right and a wrong input: the frame itself works.

use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::{
    disagreements::Disagreements,
    generate,
    judge::{JudgeError, judges},
};

/// A judge, an input, and a part of its output: a JSON pointer and the value there (null: absent).
type Expectation = (&'static str, Value, &'static str, Value);

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = [
        ("yaml-v2", yaml_v2()),
        ("yaml-v3", yaml_v3()),
        ("pod-security", pod_security()),
        ("pod-security-labels", pod_security_labels()),
        ("pod-security-fixtures", pod_security_fixtures()),
        ("quantity", quantity()),
        ("label-selector", label_selector()),
        ("label", label()),
        ("image-reference", image_reference()),
        ("egress", egress()),
        ("admission-policies", admission_policies()),
        ("helm-template", helm_template()),
        ("promql-metrics", promql_metrics()),
    ]
    .into_iter()
    .map(|(judge, expectations)| {
        Trial::test(format!("smoke::{judge}"), move || hold(&expectations))
    })
    .collect();
    trials.push(Trial::test("smoke::refusals", refusals));
    trials.push(Trial::test("smoke::batches", batches));
    trials
}

fn hold(expectations: &[Expectation]) -> Result<(), Failed> {
    let mut disagreements = Disagreements::default();
    for (judge, input, pointer, expected) in expectations {
        let output: Value = judges()?.ask(judge, input)?;
        let found = output.pointer(pointer).unwrap_or(&Value::Null);
        disagreements.compare(format!("{judge} on {input} at {pointer}"), expected, found);
    }
    disagreements.verdict(expectations.len())
}

fn yaml_v2() -> Vec<Expectation> {
    vec![
        ("yaml-v2", json!({"text": "0644"}), "/value/type", json!("int")),
        ("yaml-v2", json!({"text": "0644"}), "/value/value", json!("420")),
        ("yaml-v2", json!({"text": "on"}), "/json", json!("true")),
        ("yaml-v2", json!({"text": "{a: 1, a: 2}"}), "/json", json!("{\"a\":2}")),
        (
            "yaml-v2",
            json!({"text": "{a: 1, a: 2}"}),
            "/strictError",
            json!("yaml: unmarshal errors:\n  line 1: key \"a\" already set in map"),
        ),
        (
            "yaml-v2",
            json!({"text": "["}),
            "/error",
            json!("yaml: line 1: did not find expected node content"),
        ),
    ]
}

fn yaml_v3() -> Vec<Expectation> {
    vec![
        ("yaml-v3", json!({"text": "on"}), "/value/type", json!("string")),
        ("yaml-v3", json!({"text": "2024-01-01"}), "/tree/tag", json!("!!timestamp")),
        (
            "yaml-v3",
            json!({"text": "["}),
            "/treeError",
            json!("yaml: line 1: did not find expected node content"),
        ),
    ]
}

fn pod_security() -> Vec<Expectation> {
    let pod = "kind: Pod\nspec: {hostNetwork: true, containers: [{name: a, ports: [{containerPort: 80}]}]}";
    let levels = json!(["baseline"]);
    vec![
        (
            "pod-security",
            json!({"object": pod, "levels": levels, "versions": ["v1.0", "latest"]}),
            "/runs/0/violations",
            json!(["hostNamespaces", "hostPorts"]),
        ),
        (
            "pod-security",
            json!({"object": {"kind": "Job", "spec": {}}, "levels": levels, "versions": ["v1.37"]}),
            "/runs/0/violations",
            json!([]),
        ),
    ]
}

fn pod_security_labels() -> Vec<Expectation> {
    let labels = |level| json!({"labels": {"pod-security.kubernetes.io/enforce": level}});
    vec![
        ("pod-security-labels", labels("baseline"), "/enforce", json!("baseline:latest")),
        ("pod-security-labels", labels("baseline"), "/errors", Value::Null),
        ("pod-security-labels", labels("base"), "/enforce", json!("restricted:latest")),
    ]
}

fn pod_security_fixtures() -> Vec<Expectation> {
    let at = |version| json!({"level": "restricted", "version": version});
    vec![
        ("pod-security-fixtures", at("v1.37"), "/fixtures/0/pass", json!(false)),
        ("pod-security-fixtures", at("v1.99"), "/fixtures", json!([])),
    ]
}

fn quantity() -> Vec<Expectation> {
    vec![
        ("quantity", json!({"text": "1.5Gi"}), "/canonical", json!("1536Mi")),
        ("quantity", json!({"text": "1Ki", "other": "1k"}), "/cmp", json!(1)),
        ("quantity", json!({"text": "1GB"}), "/ok", json!(false)),
    ]
}

fn label_selector() -> Vec<Expectation> {
    let selector = |operator| {
        json!({
            "selector": {"matchExpressions": [{"key": "a", "operator": operator, "values": ["b"]}]},
            "labels": [{}, {"a": "b"}, {"a": "c"}],
        })
    };
    vec![
        ("label-selector", selector("In"), "/matches", json!([false, true, false])),
        ("label-selector", selector("NotIn"), "/matches", json!([true, false, true])),
        ("label-selector", selector("in"), "/matches", Value::Null),
        ("label-selector", json!({"selector": null, "labels": [{}]}), "/matches", json!([false])),
        (
            "label-selector",
            selector("in"),
            "/error",
            json!("\"in\" is not a valid label selector operator"),
        ),
    ]
}

fn label() -> Vec<Expectation> {
    vec![
        ("label", json!({"key": "a.io/b", "value": ""}), "", json!({})),
        ("label", json!({"key": "a.io/"}), "/key/0", json!("name part must be non-empty")),
    ]
}

fn image_reference() -> Vec<Expectation> {
    vec![
        ("image-reference", json!({"text": "nginx:1"}), "/named/domain", json!("docker.io")),
        ("image-reference", json!({"text": "nginx:1"}), "/named/path", json!("library/nginx")),
        (
            "image-reference",
            json!({"text": "nginx:"}),
            "/named/error",
            json!("invalid reference format"),
        ),
    ]
}

fn egress() -> Vec<Expectation> {
    let input = json!({
        "objects": [
            "kind: Pod\nmetadata: {name: pod, namespace: shop}\nspec: {containers: []}",
            "kind: NetworkPolicy\nmetadata: {name: deny, namespace: shop}\n\
             spec: {podSelector: {}, policyTypes: [Egress], \
             egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}",
        ],
        "queries": [
            {"src": "shop/pod", "dst": "10.1.2.3", "port": 443},
            {"src": "shop/pod", "dst": "1.1.1.1", "port": 443},
            {"src": "shop/nobody", "dst": "1.1.1.1", "port": 443},
        ],
    });
    vec![
        ("egress", input.clone(), "/answers/0/allowed", json!(true)),
        ("egress", input.clone(), "/answers/1/allowed", json!(false)),
        ("egress", input, "/answers/2/error", json!("no workload is called \"shop/nobody\"")),
    ]
}

fn admission_policies() -> Vec<Expectation> {
    let policy = |expression: &str| {
        json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": "size"},
            "spec": {
                "matchConstraints": {"resourceRules": [{
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE"],
                    "resources": ["configmaps"],
                }]},
                "validations": [{"expression": expression, "message": "too big"}],
            },
        })
    };
    let input = |expression: &str| {
        let binding = json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": "size"},
            "spec": {"policyName": "size", "validationActions": ["Deny", "Audit"]},
        });
        let metadata = json!({"name": "map", "namespace": "shop"});
        let request = |kind: &str, data: Value| {
            let object =
                json!({"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": data});
            json!({"object": object})
        };
        json!({
            "policies": [policy(expression), binding],
            "minor": 34,
            "requests": [
                request("ConfigMap", json!({"a": "b"})),
                request("ConfigMap", json!({"a": "b", "c": "d"})),
                request("Secret", json!({"a": "b", "c": "d"})),
            ],
        })
    };
    let small = input("object.data.size() < 2");
    // Lists can be flattened from 1.34 on: an API server takes that in one version later.
    let new = input("[[1]].flatten().size() == 1");
    vec![
        ("admission-policies", small.clone(), "/verdicts/0/denied", json!("")),
        ("admission-policies", small.clone(), "/verdicts/1/failures/0/message", json!("too big")),
        ("admission-policies", small.clone(), "/verdicts/2/denied", json!("")),
        ("admission-policies", small, "/refused/0", Value::Null),
        ("admission-policies", new.clone(), "/refused/1", Value::Null),
        (
            "admission-policies",
            new,
            "/refused/0",
            json!(
                "size: [[1]].flatten().size() == 1: compilation failed: ERROR: <input>:1:14: \
                 undeclared reference to 'flatten' (in container '')\n \
                 | [[1]].flatten().size() == 1\n | .............^"
            ),
        ),
    ]
}

fn helm_template() -> Vec<Expectation> {
    let chart = crate::platform::root().join("apps/greeter/chart").display().to_string();
    let input = |values: &str| {
        json!({
            "chart": chart,
            "release": "greeter",
            "namespace": "greeter",
            "values": values,
            "kubernetes": "v1.34.0",
        })
    };
    vec![("helm-template", input("replicas: -1"), "/ok", json!(false))]
}

fn promql_metrics() -> Vec<Expectation> {
    let rate = json!({"text": "sum by (job) (rate(a_total{status=~\"5..\"}[5m])) / b"});
    let nameless = json!({"text": "{__name__=~\"a.*\"}"});
    vec![
        ("promql-metrics", rate.clone(), "/selectors/0/metric", json!("a_total")),
        ("promql-metrics", rate.clone(), "/selectors/0/labels/0", json!("status")),
        ("promql-metrics", rate, "/selectors/1/metric", json!("b")),
        ("promql-metrics", nameless, "/selectors/0/metric", json!("")),
        ("promql-metrics", json!({"text": "sum by (job"}), "/ok", json!(false)),
    ]
}

/// What a judge can't be asked comes back as an error of the right kind.
fn refusals() -> Result<(), Failed> {
    let inputs = [
        ("pod-security", json!({"object": {"kind": "Service"}, "versions": ["v1.0"]})),
        ("pod-security", json!({"object": {"kind": "Pod", "spec": 1}, "versions": ["v1.0"]})),
        ("pod-security", json!({"object": {"kind": "Pod"}, "versions": ["1.0"]})),
        (
            "egress",
            json!({"objects": [{"kind": "NetworkPolicy", "spec": {"egress": [{"to": [{}]}]}}]}),
        ),
        ("quantity", json!({"text": "1e99999999"})),
        ("quantity", json!({"text": 1})),
    ];
    for (judge, input) in inputs {
        match judges()?.ask::<_, Value>(judge, &input) {
            Err(JudgeError::Refused(_)) => {}
            other => return Err(format!("{judge} answers {input} with {other:?}").into()),
        }
    }
    match judges()?.ask::<_, Value>("nobody", &json!({})) {
        Err(JudgeError::Protocol(_)) => Ok(()),
        other => Err(format!("an unknown judge answers {other:?}").into()),
    }
}

/// Verdicts come in the order of the inputs, across batches.
fn batches() -> Result<(), Failed> {
    let mut rng = generate::rng("smoke::batches")?;
    let texts: Vec<String> = (0..generate::cases(5_000)?)
        .map(|n| match n % 3 {
            0 => n.to_string(),
            1 => format!("{n}{}", generate::pick(&mut rng, &["m", "Ki", "e3"])),
            _ => "no quantity".into(),
        })
        .collect();
    let inputs: Vec<Value> = texts.iter().map(|text| json!({"text": text})).collect();
    let verdicts = judges()?.ask_all::<_, Value>("quantity", &inputs)?;
    let mut disagreements = Disagreements::default();
    for (n, (text, verdict)) in texts.iter().zip(verdicts).enumerate() {
        let output = verdict?;
        disagreements.compare(text, &(n % 3 != 2), &(output["ok"] == json!(true)));
        if n % 3 == 0 {
            disagreements.compare(text, &json!(text), &output["dec"]);
        }
    }
    disagreements.verdict(texts.len())
}
