//! What policies let out: `netpol` against a judge that evaluates the same manifests.
//!
//! Point queries must agree exactly. The findings of `network/open-egress` are held to both sides:
//! the judge reaches every counterexample, and where a workload reaches something that is not
//! allowed, one of its policies is reported.

use std::net::IpAddr;

use fastrand::Rng;
use libtest_mimic::{Failed, Trial};
use portcullis::{
    check::{Cluster, Namespace},
    config::{EgressAllowance, PortSetting},
    kube::{LabelValue, Labels, Object, Pod, PodTemplates},
    netpol::{
        Allowances, Answer, Destination, Opening, Protocol, To, Witness, may_reach, openings,
    },
    repo::File,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    disagreements::Disagreements,
    egress_clusters::{Generated, Target, cluster, policy},
    generate::{self, pick},
    judge::{JudgeError, judges},
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("egress::generated", generated), Trial::test("egress::validity", validity)]
}

#[derive(Serialize)]
struct Input {
    objects: Vec<String>,
    queries: Vec<Query>,
}

#[derive(Clone, Serialize)]
struct Query {
    src: String,
    dst: String,
    protocol: &'static str,
    port: u16,
}

#[derive(Deserialize)]
struct Output {
    answers: Vec<JudgedAnswer>,
}

#[derive(Debug, Deserialize)]
struct JudgedAnswer {
    allowed: bool,
    isolated: bool,
    #[serde(default)]
    error: String,
}

/// Clusters of four namespaces each.
const CLUSTERS: usize = 1_000;
fn generated() -> Result<(), Failed> {
    let mut rng = generate::rng("egress::generated")?;
    let mut disagreements = Disagreements::default();
    let clusters: Vec<Generated> =
        (0..generate::cases(CLUSTERS)?).map(|_| cluster(&mut rng)).collect();
    let inputs: Vec<Input> = clusters.iter().map(Generated::input).collect();
    let verdicts = judges()?.ask_all::<_, Output>("egress", &inputs)?;
    let mut counterexamples = Vec::new();
    let (mut open, mut silent) = (0, 0);
    for (cluster, verdict) in clusters.iter().zip(verdicts) {
        let answers = verdict?.answers;
        judge_cluster(cluster, &answers, &mut disagreements, &mut counterexamples, &mut silent);
        open += answers.iter().filter(|answer| answer.allowed && answer.isolated).count();
    }
    let inputs: Vec<Input> = counterexamples
        .iter()
        .map(|(_, input)| Input { objects: input.objects.clone(), queries: input.queries.clone() })
        .collect();
    for ((what, _), verdict) in
        counterexamples.iter().zip(judges()?.ask_all::<_, Output>("egress", &inputs)?)
    {
        for answer in verdict?.answers {
            let reached = (answer.allowed && answer.error.is_empty(), answer.isolated);
            disagreements.compare(format!("counterexample: {what}"), &(true, true), &reached);
        }
    }
    // A generator that only makes one side of the question proves nothing.
    let enough = clusters.len() / 4;
    if open < enough || silent < enough || counterexamples.len() < enough {
        return Err(format!(
            "too little to see: {open} packets pass, {silent} namespaces are silent, {} \
             counterexamples",
            counterexamples.len()
        )
        .into());
    }
    disagreements.verdict(clusters.len())
}

impl Generated {
    fn texts(&self) -> Vec<String> {
        self.objects.iter().map(Value::to_string).collect()
    }

    fn input(&self) -> Input {
        let queries = self.queries.iter().map(|(src, to, protocol, port)| Query {
            src: src.clone(),
            dst: to.text(),
            protocol: protocol.as_str(),
            port: *port,
        });
        Input { objects: self.texts(), queries: queries.collect() }
    }
}

fn judge_cluster(
    generated: &Generated,
    answers: &[JudgedAnswer],
    disagreements: &mut Disagreements,
    counterexamples: &mut Vec<(String, Input)>,
    silent: &mut usize,
) {
    let texts = generated.texts();
    let files: Vec<File> =
        texts.iter().map(|text| File::new("x.json", spanned_yaml::parse(text.as_str()))).collect();
    let objects: Vec<Object<'_>> =
        files.iter().filter_map(|file| Object::read(file, file.tree.root(0)?)).collect();
    let templates = PodTemplates::default();
    let pods: Vec<Pod<'_>> =
        objects.iter().filter_map(|object| Pod::read(object, &templates)?.ok()).collect();
    let cluster = Cluster::new(&objects, &pods);
    let allowances = Allowances::new(&generated.allow);
    let found: Vec<(&Namespace<'_>, Vec<Opening<'_>>)> = cluster
        .namespaces
        .values()
        .map(|namespace| (namespace, openings(&cluster, namespace, &allowances).0))
        .collect();
    *silent += found.iter().filter(|(_, openings)| openings.is_empty()).count();
    let pod = |name: &str| {
        pods.iter()
            .find(|pod| format!("{}/{}", pod.namespace(), pod.object.reference().name) == name)
    };
    let everything = || texts.join("\n");

    for ((src, target, protocol, port), judged) in generated.queries.iter().zip(answers) {
        let (Some(from), Some(to)) = (
            pod(src),
            match target {
                Target::Address(address) => Some(To::Address(*address)),
                Target::Pod(name) => pod(name).map(To::Pod),
            },
        ) else {
            disagreements.note(format!("{src} or {target:?} isn't read"));
            continue;
        };
        let Some(namespace) = cluster.namespace(from.namespace()) else { continue };
        let ours = may_reach(&cluster, namespace, from, to, *protocol, *port);
        let theirs = if judged.allowed { Answer::Open } else { Answer::Closed };
        let query = format!("{src} to {} on {port}/{}", target.text(), protocol.as_str());
        if ours != theirs || !judged.error.is_empty() {
            let all = everything();
            disagreements.compare(format!("{query} {} in\n{all}", judged.error), &ours, &theirs);
        }
        let is_allowed = match target {
            Target::Address(address) => allows_address(generated, from, *address, *protocol, *port),
            Target::Pod(name) => pod(name).is_some_and(|to| {
                let labels = Labels::read(to.metadata);
                let has = |k: &str, v: &str| labels.get(k) == LabelValue::Known(v);
                allows_pod(generated, from, to.namespace(), has, *protocol, *port)
            }),
        };
        if judged.allowed && judged.isolated && !is_allowed {
            let openings = found.iter().find(|(known, _)| known.name == namespace.name);
            let reported = openings.is_some_and(|(namespace, openings)| {
                openings.iter().any(|opening| selects(namespace, opening, from))
            });
            if !reported {
                disagreements
                    .note(format!("nothing is reported, but open: {query} in\n{}", everything()));
            }
        }
    }
    for (namespace, openings) in &found {
        for opening in openings {
            let what = format!(
                "{}/{} to {} on {}/{}",
                namespace.name,
                opening.workload.object.reference().name,
                match &opening.destination {
                    Destination::Address(address) => address.to_string(),
                    Destination::Pod(pod) => {
                        format!("{}/{}", pod.namespace(), pod.object.reference().name)
                    }
                    Destination::Imagined(witness) => format!("{witness:?}"),
                },
                opening.port,
                opening.protocol.as_str()
            );
            if is_within_allowance(generated, opening) {
                disagreements.note(format!("reported, but allowed: {what} in\n{}", everything()));
            }
            counterexamples.push((what, as_query(&texts, opening)));
        }
    }
}

fn selects(namespace: &Namespace<'_>, opening: &Opening<'_>, pod: &Pod<'_>) -> bool {
    let index = namespace.pods.iter().position(|known| std::ptr::eq(*known, pod));
    let selecting = index.map(|index| namespace.selection.selecting(index));
    selecting.into_iter().flatten().any(|selected| {
        namespace
            .network_policies
            .get(selected.policy)
            .is_some_and(|policy| std::ptr::eq(policy, opening.policy))
    })
}

/// The manifests with the counterexample's pod, and the packet as a query.
fn as_query(texts: &[String], opening: &Opening<'_>) -> Input {
    let mut objects = texts.to_vec();
    let is_rendered = |namespace: &str| {
        let head = "\"kind\":\"Namespace\",\"metadata\":{".to_string();
        let name = format!("\"name\":\"{namespace}\"");
        texts.iter().any(|text| text.contains(&head) && text.contains(&name))
    };
    let name = |pod: &Pod<'_>| format!("{}/{}", pod.namespace(), pod.object.reference().name);
    let dst = match &opening.destination {
        Destination::Address(address) => address.to_string(),
        Destination::Pod(pod) => name(pod),
        Destination::Imagined(Witness { namespace, namespace_labels, labels }) => {
            // Of a namespace that is in the manifests, labels are what they say.
            if !is_rendered(namespace) {
                let metadata = json!({"name": namespace, "labels": namespace_labels});
                objects.push(
                    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
                        .to_string(),
                );
            }
            let metadata = json!({"name": "imagined", "namespace": namespace, "labels": labels});
            objects.push(
                json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata,
                    "spec": {"containers": []}})
                .to_string(),
            );
            format!("{namespace}/imagined")
        }
    };
    let query = Query {
        src: name(opening.workload),
        dst,
        protocol: opening.protocol.as_str(),
        port: opening.port,
    };
    Input { objects, queries: vec![query] }
}

fn is_within_allowance(generated: &Generated, opening: &Opening<'_>) -> bool {
    let (protocol, port) = (opening.protocol, opening.port);
    match &opening.destination {
        Destination::Address(address) => {
            allows_address(generated, opening.workload, *address, protocol, port)
        }
        Destination::Pod(pod) => {
            let labels = Labels::read(pod.metadata);
            let has = |k: &str, v: &str| labels.get(k) == LabelValue::Known(v);
            allows_pod(generated, opening.workload, pod.namespace(), has, protocol, port)
        }
        Destination::Imagined(pod) => {
            let has = |k: &str, v: &str| pod.labels.get(k).map(String::as_str) == Some(v);
            allows_pod(generated, opening.workload, &pod.namespace, has, protocol, port)
        }
    }
}

/// The allowance by its definition, one packet at a time.
fn entries<'g>(
    generated: &'g Generated,
    from: &'g Pod<'_>,
    protocol: Protocol,
    port: u16,
) -> impl Iterator<Item = &'g EgressAllowance> {
    generated.allow.iter().filter(move |entry| {
        let for_workload = entry.workloads.is_empty()
            || entry.workloads.iter().any(|pattern| pattern.matches(from.object));
        let for_port = entry.ports.is_empty()
            || entry.ports.iter().any(|setting| match setting {
                PortSetting::Number(number) => protocol == Protocol::Tcp && port == *number,
                PortSetting::Text(text) => {
                    let (ports, of) = text.split_once('/').unwrap_or((text, "TCP"));
                    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
                    let within = first.parse::<u16>().is_ok_and(|first| first <= port)
                        && last.parse::<u16>().is_ok_and(|last| port <= last);
                    of == protocol.as_str() && within
                }
            });
        for_workload && for_port
    })
}

fn allows_address(
    generated: &Generated,
    from: &Pod<'_>,
    address: IpAddr,
    protocol: Protocol,
    port: u16,
) -> bool {
    entries(generated, from, protocol, port).any(|entry| {
        entry.cidr.as_deref().is_some_and(|cidr| {
            portcullis::netpol::Block::parse(cidr).is_ok_and(|block| block.contains(address))
        })
    })
}

fn allows_pod(
    generated: &Generated,
    from: &Pod<'_>,
    namespace: &str,
    has: impl Fn(&str, &str) -> bool,
    protocol: Protocol,
    port: u16,
) -> bool {
    let is_dns = namespace == "kube-system"
        && has("k8s-app", "kube-dns")
        && port == 53
        && protocol != Protocol::Sctp;
    let listed = entries(generated, from, protocol, port).any(|entry| {
        entry.namespace.as_deref() == Some(namespace)
            && entry.pods.iter().all(|(key, value)| has(key, value))
    });
    let whole = |block: &str| {
        entries(generated, from, protocol, port).any(|entry| entry.cidr.as_deref() == Some(block))
    };
    namespace == from.namespace() || is_dns || listed || (whole("0.0.0.0/0") && whole("::/0"))
}

/// Policies with one odd part: the API server refuses what we say it refuses.
fn validity() -> Result<(), Failed> {
    let mut rng = generate::rng("egress::validity")?;
    let mut disagreements = Disagreements::default();
    let policies: Vec<Value> = (0..generate::cases(20_000)?)
        .map(|_| {
            let mut policy = policy(&mut rng, "shop", 0);
            let part = odd_part(&mut rng);
            if let Some(spec) = policy.get_mut("spec").and_then(Value::as_object_mut) {
                spec.extend(part);
            }
            policy
        })
        .collect();
    let inputs: Vec<Input> = policies
        .iter()
        .map(|policy| Input { objects: vec![policy.to_string()], queries: Vec::new() })
        .collect();
    let mut refused = 0;
    for (policy, verdict) in policies.iter().zip(judges()?.ask_all::<_, Output>("egress", &inputs)?)
    {
        let theirs = match verdict {
            Ok(_) => false,
            Err(JudgeError::Refused(_)) => true,
            Err(error) => return Err(error.into()),
        };
        refused += usize::from(theirs);
        let file = File::new("x.json", spanned_yaml::parse(policy.to_string()));
        let Some(object) = file.tree.root(0).and_then(|root| Object::read(&file, root)) else {
            disagreements.note(format!("not read: {policy}"));
            continue;
        };
        let ours = portcullis::netpol::Policy::read(&object).is_refused();
        disagreements.compare(policy, &ours, &theirs);
    }
    if refused * 4 < policies.len() || refused * 10 > policies.len() * 9 {
        return Err(format!("{refused} of {} policies are refused", policies.len()).into());
    }
    disagreements.verdict(policies.len())
}

fn odd_part(rng: &mut Rng) -> serde_json::Map<String, Value> {
    let cidr = |cidr: &str| json!({"egress": [{"to": [{"ipBlock": {"cidr": cidr}}]}]});
    let except = |cidr: &str, hole: Value| json!({"egress": [{"to": [{"ipBlock": {"cidr": cidr, "except": hole}}]}]});
    let port = |port: Value| json!({"egress": [{"ports": [port]}]});
    let numbers = [-1, 0, 1, 80, 65535, 65536, 70000];
    let part = match rng.u8(..16) {
        0 => cidr(pick(
            rng,
            &[
                "10.0.0.0/8",
                "10.1.2.3/8",
                "10.0.0.0",
                "10.0.0.0/33",
                "::/0",
                "::/129",
                "::ffff:1.2.3.4/120",
                "",
                "a",
                "10.0.0.0/-1",
                "10.0.0.0/08",
                "1.2.3/8",
                "fe80::1%eth0/64",
            ],
        )),
        1 => except(
            "10.0.0.0/8",
            json!([pick(
                rng,
                &[
                    "10.0.0.0/8",
                    "10.0.0.0/9",
                    "11.0.0.0/9",
                    "::/0",
                    "10.0.0.0/7",
                    "10.255.255.255/32",
                    "x"
                ]
            )]),
        ),
        2 => except(
            "fd00::/8",
            json!([pick(rng, &["fd00::/9", "fe00::/9", "10.0.0.0/9", "fd00::/8"])]),
        ),
        3 => port(json!({"port": pick(rng, &numbers)})),
        4 => port(json!({"port": pick(rng, &numbers), "endPort": pick(rng, &numbers)})),
        5 => port(json!({"endPort": pick(rng, &numbers)})),
        6 => port(json!({"port": pick(rng, &["http", "80", "", "Http", "a--b", "-a", "a-", "0a",
            "abcdefghijklmno", "abcdefghijklmnop", "a_b"])})),
        7 => port(json!({"port": "http", "endPort": 80})),
        8 => port(
            json!({"protocol": pick(rng, &["TCP", "UDP", "SCTP", "tcp", "", "ICMP"]), "port": 80}),
        ),
        9 => json!({"policyTypes": [pick(rng, &["Egress", "Ingress", "egress", "", "Both"])]}),
        10 => json!({"egress": [{"to": [{}]}]}),
        11 => json!({"egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}, "podSelector": {}}]}]}),
        12 => json!({"egress": pick_value(rng, &[json!(null), json!([null]), json!({}), json!("a"),
            json!([{"to": null}]), json!([{"to": {}}]), json!([[]])])}),
        13 => port(pick_value(
            rng,
            &[
                json!(null),
                json!({}),
                json!(80),
                json!({"port": true}),
                json!({"port": null, "protocol": null}),
                json!({"port": 1.5}),
                json!({"port": []}),
            ],
        )),
        14 => {
            json!({"podSelector": pick_value(rng, &[json!(null), json!({}), json!([]), json!("a"),
            json!({"matchLabels": {"a": 1}}), json!({"matchLabels": {"a b": "c"}}),
            json!({"matchExpressions": [{"key": "a", "operator": "in", "values": ["b"]}]})])})
        }
        _ => json!({"ingress": pick_value(rng, &[json!([{}]), json!([{"from": [{}]}]), json!("a"),
            json!([{"from": [{"ipBlock": {"cidr": "x"}}]}]), json!([{"ports": [{"port": 0}]}])])}),
    };
    part.as_object().cloned().unwrap_or_default()
}

fn pick_value(rng: &mut Rng, choices: &[Value]) -> Value {
    rng.choice(choices).cloned().unwrap_or_default()
}
