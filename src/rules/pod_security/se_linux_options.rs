//! SELinux options that widen what a container may do.
//!
//! ## What it does
//!
//! Reports `seLinuxOptions.type` other than `container_t`, `container_init_t`,
//! `container_kvm_t` and (since 1.31) `container_engine_t`, and any `user` or
//! `role`, on the pod or a container.
//!
//! ## Why
//!
//! Other types and users take the confinement away that the runtime sets up.
//!
//! ## Fails
//!
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   securityContext:
//!     seLinuxOptions: {type: spc_t}
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//! ```
//!
//! ## Passes
//!
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   securityContext:
//!     seLinuxOptions: {type: container_t}
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_seLinuxOptions.go`

use super::{Standard, holders};
use crate::{
    check::{Findings, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::{Pod, Value},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/se-linux-options",
    level: Level::Error,
    since: "0.1.0",
    summary: "SELinux options that widen what a container may do",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("se_linux_options.rs"),
};

static STANDARD: Standard = Standard {
    id: "seLinuxOptions",
    level: PodSecurityLevel::Baseline,
    overrides: &[],
    revisions: &[(0, f_1_0), (31, f_1_31)],
};

const TYPES_1_0: &[&str] = &["", "container_t", "container_init_t", "container_kvm_t"];
const TYPES_1_31: &[&str] =
    &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

fn f_1_0<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    check(pod, TYPES_1_0, findings);
}

fn f_1_31<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    check(pod, TYPES_1_31, findings);
}

fn check<'a>(pod: &'a Pod<'a>, types: &[&str], findings: &mut Findings<'a>) {
    for holder in holders(pod) {
        let options = holder.context.and_then(|context| context.get("seLinuxOptions"));
        for (field, allowed) in [("type", types), ("user", &[""]), ("role", &[""])] {
            match Value::str(options, field) {
                Value::Known(value, node) if !allowed.contains(&value) => {
                    let message = format!("{} sets the SELinux {field} \"{value}\"", holder.title);
                    // "" stands for what isn't written.
                    let named: Vec<&str> =
                        allowed.iter().copied().filter(|name| !name.is_empty()).collect();
                    let help = if named.is_empty() {
                        "delete it".to_owned()
                    } else {
                        format!("delete it, or use one of {}", named.join(", "))
                    };
                    findings.report(Violation::at(pod.object, node, message).help(help));
                }
                Value::Unknown(node) => findings.unknown(pod.object, node),
                Value::Known(..) | Value::Absent => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        check::{Options, run, testing::files_of},
        config::Config,
    };

    #[test]
    fn help_lists_the_types_that_are_allowed() {
        let contents = files_of(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  securityContext: \
             {seLinuxOptions: {user: u, type: t}}\n  containers: [{name: a}]\n",
        );
        let options = Options { only: vec![super::RULE.id.to_owned()], ..Options::default() };
        let report = run(&contents, &Config::default(), &options);
        let helps: Vec<_> = report.findings.iter().filter_map(|f| f.help.as_deref()).collect();
        let types = "container_t, container_init_t, container_kvm_t, container_engine_t";
        assert_eq!(helps, ["delete it".to_owned(), format!("delete it, or use one of {types}")]);
    }
}
