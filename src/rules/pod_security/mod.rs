//! `pod-security/*`: the Pod Security Standards, one file a check, and what they
//! share. Old revisions never change: a new one is a new function.

mod allow_privilege_escalation;
mod app_armor_profile;
mod capabilities_baseline;
mod capabilities_restricted;
mod host_namespaces;
mod host_path_volumes;
mod host_ports;
mod host_probes_and_host_lifecycle;
mod namespace_labels;
mod privileged;
mod proc_mount;
mod proc_mount_restricted;
mod restricted_volumes;
mod run_as_non_root;
mod run_as_user;
mod se_linux_options;
mod seccomp_profile_baseline;
mod seccomp_profile_restricted;
mod sysctls;
mod windows_host_process;

use spanned_yaml::Node;

use super::Rule;
use crate::{
    check::Findings,
    config::{PodSecurityExemptions, PodSecurityLevel, PodSecurityVersion},
    kube::{Container, Pod, Value},
};

/// The rules of this group, by name.
pub const RULES: &[&Rule] = &[
    &allow_privilege_escalation::RULE,
    &app_armor_profile::RULE,
    &capabilities_baseline::RULE,
    &capabilities_restricted::RULE,
    &host_namespaces::RULE,
    &host_path_volumes::RULE,
    &host_ports::RULE,
    &host_probes_and_host_lifecycle::RULE,
    &namespace_labels::RULE,
    &privileged::RULE,
    &proc_mount::RULE,
    &proc_mount_restricted::RULE,
    &restricted_volumes::RULE,
    &run_as_non_root::RULE,
    &run_as_user::RULE,
    &se_linux_options::RULE,
    &seccomp_profile_baseline::RULE,
    &seccomp_profile_restricted::RULE,
    &sysctls::RULE,
    &windows_host_process::RULE,
];

/// One check of the standards: when it applies and what each revision decides.
pub struct Standard {
    /// Upstream's id, as `runAsNonRoot`.
    pub id: &'static str,
    /// Baseline or restricted.
    pub level: PodSecurityLevel,
    /// Upstream ids that this check replaces at the restricted level.
    pub overrides: &'static [&'static str],
    /// First minor version of each revision, ascending, and its function.
    pub revisions: &'static [(u16, PodCheck)],
}

/// Decides one check for one pod.
pub type PodCheck = for<'a> fn(&'a Pod<'a>, &mut Findings<'a>);

/// A check as it applies at a level and version.
pub struct Applied {
    /// The rule.
    pub rule: &'static Rule,
    /// Upstream's id.
    pub id: &'static str,
    /// The revision's function.
    pub check: PodCheck,
}

impl Standard {
    /// The revision that holds at a version; none before the first.
    fn revision(&self, version: PodSecurityVersion) -> Option<PodCheck> {
        let holds = |(since, _): &&(u16, PodCheck)| match version {
            PodSecurityVersion::Latest => true,
            PodSecurityVersion::Minor(minor) => *since <= minor,
        };
        self.revisions.iter().rev().find(holds).map(|(_, check)| *check)
    }
}

/// The checks that apply at a level and version, as upstream's registry has it
/// (policy/registry.go): baseline by id, then restricted by id; a restricted
/// check replaces those that it overrides where it itself applies.
pub fn applied(level: PodSecurityLevel, version: PodSecurityVersion) -> Vec<Applied> {
    let standards = RULES.iter().filter_map(|rule| match rule.check {
        super::Check::PodSecurity(standard) if standard.level <= level => Some((*rule, standard)),
        _ => None,
    });
    let holding: Vec<_> = standards
        .filter_map(|(rule, standard)| Some((rule, standard, standard.revision(version)?)))
        .collect();
    let overridden: Vec<&str> =
        holding.iter().flat_map(|(_, standard, _)| standard.overrides).copied().collect();
    let mut applied: Vec<_> =
        holding.into_iter().filter(|(_, standard, _)| !overridden.contains(&standard.id)).collect();
    applied.sort_by_key(|(_, standard, _)| (standard.level, standard.id));
    applied
        .into_iter()
        .map(|(rule, standard, check)| Applied { rule, id: standard.id, check })
        .collect()
}

/// Upstream's ids of the checks that a pod violates, in upstream's order.
pub fn violated(
    level: PodSecurityLevel,
    version: PodSecurityVersion,
    pod: &Pod<'_>,
) -> Vec<&'static str> {
    let applied = applied(level, version);
    let violates = |applied: &&Applied| {
        let mut findings = Findings::default();
        findings.set_rule(applied.rule);
        (applied.check)(pod, &mut findings);
        findings.has_violations()
    };
    applied.iter().filter(violates).map(|applied| applied.id).collect()
}

/// Whether a pod is exempt, by its namespace or its runtime class.
pub fn is_exempt(pod: &Pod<'_>, exempt: &PodSecurityExemptions) -> bool {
    if exempt.namespaces.iter().any(|namespace| namespace == pod.namespace()) {
        return true;
    }
    let runtime_class = Value::str(Some(pod.spec), "runtimeClassName").known();
    runtime_class
        .is_some_and(|(name, _)| exempt.runtime_class_names.iter().any(|exempt| exempt == name))
}

/// Something that has a security context: the pod, or one of its containers.
struct Holder<'a> {
    /// As messages name it.
    title: Title<'a>,
    context: Option<Node<'a>>,
    /// None for the pod itself.
    container: Option<&'a Container<'a>>,
}

/// The pod, then its containers.
fn holders<'a>(pod: &'a Pod<'a>) -> impl Iterator<Item = Holder<'a>> {
    let of_pod =
        Holder { title: Title::Pod, context: pod.spec.get("securityContext"), container: None };
    let of_containers = pod.containers.iter().map(|container| Holder {
        title: Title::Container(container),
        context: container.security_context(),
        container: Some(container),
    });
    std::iter::once(of_pod).chain(of_containers)
}

fn volumes<'a>(pod: &Pod<'a>) -> impl Iterator<Item = Node<'a>> {
    pod.spec.get("volumes").into_iter().flat_map(|volumes| volumes.items())
}

/// Whether the pod says that it is for Windows (`os.name`). Where that isn't
/// known, nothing is held against it, and it counts as not checked.
fn is_windows<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) -> bool {
    match Value::str(pod.spec.get("os"), "name") {
        Value::Known(name, _) => name == "windows",
        Value::Absent => false,
        Value::Unknown(node) => {
            findings.unknown(pod.object, node);
            true
        }
    }
}

/// Whether the pod has a user namespace of its own (`hostUsers: false`), which
/// since 1.35 relaxes some checks (policy/helpers.go,
/// relaxPolicyForUserNamespacePod). Where that isn't known, it counts as not
/// checked.
fn is_relaxed_by_user_namespace<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) -> bool {
    match Value::bool(Some(pod.spec), "hostUsers") {
        Value::Known(host_users, _) => !host_users,
        Value::Absent => false,
        Value::Unknown(node) => {
            findings.unknown(pod.object, node);
            true
        }
    }
}

/// How messages name a holder.
#[derive(Clone, Copy)]
enum Title<'a> {
    Pod,
    Container(&'a Container<'a>),
}

impl std::fmt::Display for Title<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pod => f.write_str("pod"),
            Self::Container(container) => f.write_str(&container.title()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{RULES, violated};
    use crate::{
        check::{
            Options, run,
            testing::{check_file, files_of},
        },
        config::{Config, PodSecurityLevel, PodSecurityVersion},
        kube::{Object, Pod, PodTemplates},
    };

    const ROOT_POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  \
                            hostNetwork: true\n  securityContext: {runAsUser: 0}\n  containers: \
                            [{name: a}]\n";

    #[test]
    fn upstreams_ids_are_in_upstreams_order() {
        let contents = files_of(ROOT_POD);
        let file = &contents.files[0];
        let object = Object::read(file, file.tree.root(0).unwrap()).unwrap();
        let pod = Pod::read(&object, &PodTemplates::default()).unwrap().unwrap();
        let at = |level, minor| violated(level, PodSecurityVersion::Minor(minor), &pod);
        assert_eq!(at(PodSecurityLevel::Baseline, 34), ["hostNamespaces"]);
        assert_eq!(
            at(PodSecurityLevel::Restricted, 34),
            [
                "hostNamespaces",
                "allowPrivilegeEscalation",
                "capabilities_restricted",
                "runAsNonRoot",
                "runAsUser",
                "seccompProfile_restricted"
            ]
        );
        assert!(at(PodSecurityLevel::Privileged, 34).is_empty());
    }

    #[test]
    fn help_names_the_level_to_enforce() {
        let contents = files_of(&format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: default}}\n---\n{ROOT_POD}"
        ));
        for (level, word) in
            [(PodSecurityLevel::Baseline, "baseline"), (PodSecurityLevel::Restricted, "restricted")]
        {
            let mut config = Config::default();
            config.pod_security.level = level;
            let report = run(&contents, &config, &Options::default());
            let id = "pod-security/namespace-labels";
            let help = report.findings.iter().find(|f| f.rule == id).and_then(|f| f.help.clone());
            let wanted = format!("label it pod-security.kubernetes.io/enforce: {word}");
            assert_eq!(help, Some(wanted));
        }
    }

    /// `fixtures/<rule>.yaml`, and `fixtures/<rule>@<what is different>.yaml`.
    #[test]
    fn fixtures_hold() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules/pod_security/fixtures");
        let mut checked = Vec::new();
        for entry in fs::read_dir(folder).expect("fixtures") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let id = format!("pod-security/{}", name.split('@').next().unwrap_or_default());
            let rule = RULES.iter().find(|rule| rule.id == id);
            check_file(rule.unwrap_or_else(|| panic!("no rule {id}")), &path);
            checked.push(id);
        }
        for rule in RULES {
            assert!(checked.iter().any(|id| id == rule.id), "{} has no fixture", rule.id);
        }
    }
}
