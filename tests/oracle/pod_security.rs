//! Our Pod Security checks against `k8s.io/pod-security-admission`: its own
//! fixtures, and generated pods, at every level and version.

use std::sync::Arc;

use fastrand::Rng;
use libtest_mimic::{Failed, Trial};
use portcullis::{
    config::{PodSecurityLevel, PodSecurityVersion},
    kube::{Object, Pod, PodTemplates},
    repo::File,
    rules::pod_security::violated,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    disagreements::Disagreements,
    generate::{cases, pick, rng},
    judge::judges,
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("pod_security::fixtures", fixtures),
        Trial::test("pod_security::generated", generated),
    ]
}

/// Newest version that is tried: one above the newest revision, to see that
/// revisions go on holding.
const NEWEST: u16 = 38;

#[derive(Serialize)]
struct Input<'a> {
    object: &'a str,
    versions: &'a [String],
}

#[derive(Deserialize)]
struct Output {
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    level: String,
    first: String,
    last: String,
    violations: Vec<String>,
}

fn versions() -> Vec<String> {
    (0..=NEWEST).map(|minor| format!("v1.{minor}")).chain(["latest".to_owned()]).collect()
}

/// Compares the violated ids of objects at all levels and versions.
fn agree(texts: &[String], disagreements: &mut Disagreements) -> Result<(), Failed> {
    let versions = versions();
    let inputs: Vec<Input<'_>> =
        texts.iter().map(|text| Input { object: text, versions: &versions }).collect();
    let verdicts = judges()?.ask_all::<_, Output>("pod-security", &inputs)?;
    let ours: Vec<Vec<Vec<&'static str>>> =
        texts.par_iter().map(|text| violations(text, &versions)).collect();
    for ((text, ours), verdict) in texts.iter().zip(ours).zip(verdicts) {
        let mut judged = verdict.map_err(|error| format!("{error}\n{text}"))?.runs.into_iter();
        let mut run = judged.next();
        for (at, (level, version)) in levels(&versions).enumerate() {
            let current = run.as_ref().ok_or("the judge left a version out")?;
            let expected = &current.violations;
            let found = ours.get(at).ok_or("we left a version out")?;
            if found != expected {
                disagreements.note(format!(
                    "{level} {version}\n    ours:  {found:?}\n    judge: {expected:?}\n{text}"
                ));
            }
            if current.level == level && current.last == *version {
                run = judged.next();
            } else if current.level != level || current.first.is_empty() {
                return Err("the judge's runs are out of order".into());
            }
        }
    }
    Ok(())
}

fn levels(versions: &[String]) -> impl Iterator<Item = (&'static str, &String)> {
    ["baseline", "restricted"]
        .into_iter()
        .flat_map(|level| versions.iter().map(move |version| (level, version)))
}

/// What we find violated, at each level and version.
fn violations(text: &str, versions: &[String]) -> Vec<Vec<&'static str>> {
    let tree = spanned_yaml::parse(text);
    let file = File::new(Arc::<str>::from("pod.yaml"), tree);
    let read = |root| {
        let object = Object::read(&file, root)?;
        let pod = Pod::read(&object, &PodTemplates::new())?.ok()?;
        let found = levels(versions).map(|(level, version)| {
            let level = if level == "baseline" {
                PodSecurityLevel::Baseline
            } else {
                PodSecurityLevel::Restricted
            };
            let version = PodSecurityVersion::try_from(version.clone()).unwrap_or_default();
            violated(level, version, &pod)
        });
        Some(found.collect::<Vec<_>>())
    };
    file.tree.root(0).and_then(read).unwrap_or_default()
}

#[derive(Deserialize)]
struct Fixtures {
    fixtures: Vec<Fixture>,
}

#[derive(Deserialize)]
struct Fixture {
    level: String,
    version: String,
    pass: bool,
    name: String,
    text: String,
}

/// Upstream's fixtures: allowed or not as upstream expects, and with the very
/// same ids at every level and version.
fn fixtures() -> Result<(), Failed> {
    let found: Fixtures = judges()?.ask("pod-security-fixtures", &json!({}))?;
    let fixtures = found.fixtures;
    if fixtures.len() < 4_000 {
        return Err(format!("only {} fixtures", fixtures.len()).into());
    }
    let mut disagreements = Disagreements::default();
    for fixture in &fixtures {
        let at = versions();
        let ids = violations(&fixture.text, &at);
        let position = levels(&at)
            .position(|(level, version)| level == fixture.level && *version == fixture.version);
        let allowed = position.and_then(|position| ids.get(position)).map(Vec::is_empty);
        disagreements.compare(
            format!("{} {} {}", fixture.level, fixture.version, fixture.name),
            &allowed,
            &Some(fixture.pass),
        );
    }
    let mut texts: Vec<String> = fixtures.iter().map(|fixture| fixture.text.clone()).collect();
    texts.sort();
    texts.dedup();
    agree(&texts, &mut disagreements)?;
    disagreements.verdict(fixtures.len())
}

/// Pods that are generated for a run of ordinary size. Each is judged at every
/// version, so that every version sees this many.
const PODS: usize = 100_000;

fn generated() -> Result<(), Failed> {
    let mut rng = rng("pod_security::generated")?;
    let count = cases(PODS)?;
    let mut disagreements = Disagreements::default();
    let mut left = count;
    while left > 0 {
        let batch = left.min(20_000);
        let texts: Vec<String> = (0..batch).map(|_| object(&mut rng).to_string()).collect();
        agree(&texts, &mut disagreements)?;
        left -= batch;
    }
    disagreements.verdict(count)
}

/// Fields that a generated object gets: those that are drawn, never null.
struct Fields<'r>(&'r mut Rng, Map<String, Value>);

impl Fields<'_> {
    /// With this chance in 100, sets a field to what `value` makes.
    fn maybe(&mut self, chance: u8, key: &str, value: impl FnOnce(&mut Rng) -> Value) -> &mut Self {
        if self.0.u8(0..100) < chance {
            let value = value(self.0);
            self.1.insert(key.to_owned(), value);
        }
        self
    }
}

fn fields(rng: &mut Rng) -> Fields<'_> {
    Fields(rng, Map::new())
}

fn some_bool(rng: &mut Rng) -> Value {
    Value::Bool(rng.bool())
}

fn one_of(choices: &'static [&'static str]) -> impl FnOnce(&mut Rng) -> Value {
    move |rng| Value::from(pick(rng, choices))
}

/// A workload of some kind around a pod.
fn object(rng: &mut Rng) -> Value {
    let (metadata, spec) = (metadata(rng), pod_spec(rng));
    let template = json!({"metadata": metadata, "spec": spec});
    let around = |api_version: &str, kind: &str, spec: Value| json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, "spec": spec});
    match rng.u8(0..20) {
        0 => {
            json!({"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "x"}, "template": template})
        }
        1 => around("v1", "ReplicationController", json!({"template": template})),
        2 => around("apps/v1", "ReplicaSet", json!({"template": template})),
        3 => around("apps/v1", "Deployment", json!({"template": template})),
        4 => around("apps/v1", "DaemonSet", json!({"template": template})),
        5 => around("apps/v1", "StatefulSet", json!({"template": template})),
        6 => around("batch/v1", "Job", json!({"template": template})),
        7 => {
            around("batch/v1", "CronJob", json!({"jobTemplate": {"spec": {"template": template}}}))
        }
        _ => json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}),
    }
}

fn metadata(rng: &mut Rng) -> Value {
    let mut metadata = json!({"name": "x"});
    if rng.u8(0..4) == 0 {
        let mut annotations = Map::new();
        for _ in 0..rng.usize(1..4) {
            let key = pick(
                rng,
                &[
                    "seccomp.security.alpha.kubernetes.io/pod",
                    "container.seccomp.security.alpha.kubernetes.io/a",
                    "container.seccomp.security.alpha.kubernetes.io/i",
                    "container.seccomp.security.alpha.kubernetes.io/nobody",
                    "container.apparmor.security.beta.kubernetes.io/a",
                    "container.apparmor.security.beta.kubernetes.io/nobody",
                    "other",
                ],
            );
            let value = pick(
                rng,
                &[
                    "",
                    "runtime/default",
                    "docker/default",
                    "localhost/x",
                    "localhost/",
                    "unconfined",
                    "localhost",
                ],
            );
            annotations.insert(key.to_owned(), Value::from(value));
        }
        metadata["annotations"] = Value::Object(annotations);
    }
    metadata
}

fn pod_spec(rng: &mut Rng) -> Value {
    let mut spec = fields(rng);
    spec.maybe(8, "hostNetwork", some_bool)
        .maybe(6, "hostPID", some_bool)
        .maybe(6, "hostIPC", some_bool)
        .maybe(25, "hostUsers", some_bool)
        .maybe(15, "os", |rng| json!({"name": pick(rng, &["windows", "linux", "Windows", ""])}))
        .maybe(70, "securityContext", pod_context)
        .maybe(40, "volumes", |rng| (0..rng.usize(0..4)).map(|n| volume(rng, n)).collect())
        .maybe(40, "initContainers", |rng| containers(rng, "i"))
        .maybe(95, "containers", |rng| containers(rng, "a"))
        .maybe(20, "ephemeralContainers", |rng| containers(rng, "e"));
    Value::Object(spec.1)
}

fn containers(rng: &mut Rng, name: &str) -> Value {
    (0..rng.usize(1..3))
        .map(|n| container(rng, &if n == 0 { name.to_owned() } else { format!("{name}{n}") }))
        .collect()
}

fn container(rng: &mut Rng, name: &str) -> Value {
    let mut container = fields(rng);
    container.1.insert("name".into(), name.into());
    let ephemeral = name.starts_with('e');
    container
        .maybe(85, "securityContext", container_context)
        .maybe(20, "livenessProbe", handler)
        .maybe(10, "readinessProbe", handler)
        .maybe(10, "startupProbe", handler)
        .maybe(12, "lifecycle", |rng| {
            let mut lifecycle = fields(rng);
            lifecycle.maybe(50, "postStart", handler).maybe(50, "preStop", handler);
            Value::Object(lifecycle.1)
        });
    if !ephemeral {
        container.maybe(30, "ports", |rng| {
            (0..rng.usize(0..3))
                .map(|_| {
                    let mut port = fields(rng);
                    port.maybe(90, "containerPort", |rng| json!(pick(rng, &[0, 80, 8080]))).maybe(
                        25,
                        "hostPort",
                        |rng| json!(pick(rng, &[0, 80, 9000])),
                    );
                    Value::Object(port.1)
                })
                .collect()
        });
    }
    Value::Object(container.1)
}

fn handler(rng: &mut Rng) -> Value {
    let target = |rng: &mut Rng| {
        let mut target = fields(rng);
        target.1.insert("port".into(), 80.into());
        target.maybe(30, "host", one_of(&["", "127.0.0.1", "example.com"]));
        Value::Object(target.1)
    };
    match rng.u8(0..4) {
        0 => json!({"httpGet": target(rng)}),
        1 => json!({"tcpSocket": target(rng)}),
        2 => json!({"exec": {"command": ["true"]}}),
        _ => json!({}),
    }
}

fn shared_context(rng: &mut Rng) -> Fields<'_> {
    let mut context = fields(rng);
    context
        .maybe(50, "runAsNonRoot", |rng| Value::Bool(rng.u8(0..4) > 0))
        .maybe(20, "runAsUser", |rng| json!(pick(rng, &[0, 1, 1000])))
        .maybe(50, "seccompProfile", |rng| {
            let mut profile = fields(rng);
            profile.maybe(
                95,
                "type",
                one_of(&[
                    "RuntimeDefault",
                    "RuntimeDefault",
                    "Localhost",
                    "Unconfined",
                    "",
                    "runtimedefault",
                ]),
            );
            Value::Object(profile.1)
        })
        .maybe(15, "appArmorProfile", |rng| {
            let mut profile = fields(rng);
            profile.maybe(95, "type", one_of(&["RuntimeDefault", "Localhost", "Unconfined", ""]));
            Value::Object(profile.1)
        })
        .maybe(15, "seLinuxOptions", |rng| {
            let mut options = fields(rng);
            options
                .maybe(
                    70,
                    "type",
                    one_of(&[
                        "",
                        "container_t",
                        "container_init_t",
                        "container_kvm_t",
                        "container_engine_t",
                        "spc_t",
                    ]),
                )
                .maybe(15, "user", one_of(&["", "u"]))
                .maybe(15, "role", one_of(&["", "r"]))
                .maybe(15, "level", one_of(&["s0"]));
            Value::Object(options.1)
        })
        .maybe(10, "windowsOptions", |rng| {
            let mut options = fields(rng);
            options.maybe(70, "hostProcess", some_bool);
            Value::Object(options.1)
        });
    context
}

const SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_notsent_lowat",
    "kernel.msgmax",
    "net/ipv4/tcp_syncookies",
    "",
];

fn pod_context(rng: &mut Rng) -> Value {
    let mut context = shared_context(rng);
    context.maybe(20, "sysctls", |rng| {
        (0..rng.usize(0..3)).map(|_| json!({"name": pick(rng, SYSCTLS), "value": "1"})).collect()
    });
    Value::Object(context.1)
}

fn container_context(rng: &mut Rng) -> Value {
    let mut context = shared_context(rng);
    context
        .maybe(8, "privileged", some_bool)
        .maybe(75, "allowPrivilegeEscalation", |rng| Value::Bool(rng.u8(0..6) == 0))
        .maybe(12, "procMount", one_of(&["Default", "Unmasked", "", "default"]))
        .maybe(75, "capabilities", |rng| {
            let mut capabilities = fields(rng);
            capabilities
                .maybe(85, "drop", |rng| {
                    (0..rng.usize(0..3))
                        .map(|_| {
                            json!(pick(rng, &["ALL", "ALL", "ALL", "all", "NET_RAW", "CAP_ALL"]))
                        })
                        .collect()
                })
                .maybe(30, "add", |rng| {
                    (0..rng.usize(0..3))
                        .map(|_| {
                            json!(pick(
                                rng,
                                &[
                                    "NET_BIND_SERVICE",
                                    "NET_BIND_SERVICE",
                                    "CHOWN",
                                    "SYS_CHROOT",
                                    "SETPCAP",
                                    "NET_RAW",
                                    "NET_ADMIN",
                                    "ALL",
                                    "CAP_CHOWN",
                                    "chown",
                                    "AUDIT_WRITE",
                                    "DAC_OVERRIDE",
                                    "FOWNER",
                                    "FSETID",
                                    "KILL",
                                    "MKNOD",
                                    "SETFCAP",
                                    "SETGID",
                                    "SETUID",
                                    ""
                                ]
                            ))
                        })
                        .collect()
                });
            Value::Object(capabilities.1)
        });
    Value::Object(context.1)
}

/// Sources with the least that makes them decode.
const SOURCES: &[(&str, &str)] = &[
    ("configMap", "{}"),
    ("csi", r#"{"driver":"d"}"#),
    ("downwardAPI", "{}"),
    ("emptyDir", "{}"),
    ("ephemeral", "{}"),
    ("image", "{}"),
    ("persistentVolumeClaim", r#"{"claimName":"c"}"#),
    ("projected", "{}"),
    ("secret", "{}"),
    ("hostPath", r#"{"path":"/"}"#),
    ("gcePersistentDisk", r#"{"pdName":"p"}"#),
    ("awsElasticBlockStore", r#"{"volumeID":"v"}"#),
    ("gitRepo", r#"{"repository":"r"}"#),
    ("nfs", r#"{"server":"s","path":"/"}"#),
    ("iscsi", r#"{"targetPortal":"t","iqn":"i","lun":0}"#),
    ("glusterfs", r#"{"endpoints":"e","path":"p"}"#),
    ("rbd", r#"{"monitors":[],"image":"i"}"#),
    ("flexVolume", r#"{"driver":"d"}"#),
    ("cinder", r#"{"volumeID":"v"}"#),
    ("cephfs", r#"{"monitors":[]}"#),
    ("flocker", "{}"),
    ("fc", "{}"),
    ("azureFile", r#"{"secretName":"s","shareName":"s"}"#),
    ("azureDisk", r#"{"diskName":"d","diskURI":"u"}"#),
    ("vsphereVolume", r#"{"volumePath":"p"}"#),
    ("quobyte", r#"{"registry":"r","volume":"v"}"#),
    ("portworxVolume", r#"{"volumeID":"v"}"#),
    ("photonPersistentDisk", r#"{"pdID":"p"}"#),
    ("scaleIO", r#"{"gateway":"g","system":"s","secretRef":null}"#),
    ("storageos", "{}"),
];

fn volume(rng: &mut Rng, number: usize) -> Value {
    let mut volume = json!({"name": format!("v{number}")});
    // Mostly one source; at times none, null, or two.
    let count = pick(rng, &[1, 1, 1, 1, 1, 1, 0, 2]);
    for _ in 0..count {
        let (key, source) = if rng.u8(0..3) > 0 {
            SOURCES[rng.usize(0..9)]
        } else {
            SOURCES[rng.usize(0..SOURCES.len())]
        };
        volume[key] = serde_json::from_str(source).unwrap_or_default();
    }
    if rng.u8(0..20) == 0 {
        volume["hostPath"] = Value::Null;
    }
    volume
}
