//! A container that unmasks /proc, in any user namespace.
//!
//! ## What it does
//!
//! Reports `securityContext.procMount` other than `Default`, whatever
//! `hostUsers` says. It holds since 1.35.
//!
//! ## Why
//!
//! The default mask hides parts of /proc through which a container can harm its
//! node.
//!
//! ## Fails
//!
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   hostUsers: false
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//!       securityContext:
//!         procMount: Unmasked
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
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//!       securityContext:
//!         procMount: Default
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_procMount_restricted.go`

use super::Standard;
use crate::{
    config::PodSecurityLevel,
    finding::Level,
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/proc-mount-restricted",
    level: Level::Error,
    since: "0.1.0",
    summary: "a container that unmasks /proc, in any user namespace",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("proc_mount_restricted.rs"),
};

static STANDARD: Standard = Standard {
    id: "procMount_restricted",
    level: PodSecurityLevel::Restricted,
    overrides: &["procMount"],
    revisions: &[(35, super::proc_mount::f_1_0)],
};
