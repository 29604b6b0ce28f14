//! A volume, or the mount of one, that the API server refuses.
//!
//! ## What it does
//! Looks at the volumes of pods and at where containers mount them:
//!
//! - a volume's name is a DNS label, no two volumes share one, and each has one source at most;
//! - a `secret` or `configMap` says which; the paths of `items` are relative and lead nowhere else, modes are
//!   from 0 to 0777;
//! - a `hostPath` has no `..` in it, and a type that there is;
//! - `mountPath` isn't empty and no other mount's, `subPath` and `subPathExpr` are relative, without `..`,
//!   and not both there; a block device is a volume that can be one.
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//!   volumes:
//!     - name: settings
//!       configMap: {name: web}
//!       secret: {secretName: web}
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//!   volumes:
//!     - name: settings
//!       projected:
//!         sources:
//!           - configMap: {name: web}
//!           - secret: {name: web}
//! ```
//!
//! ## Limits
//! Of sources other than `secret`, `configMap`, `hostPath` and `projected` nothing is looked at. A volume
//! without a source is an empty directory. Names and mount paths that are there twice are reported by
//! `schema/duplicate-item` where Kubernetes' schemas say so, which is from 1.30 on.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/storage/volumes/>
//! - <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go>

use spanned_yaml::{Kind, Node};

use super::{before_list_types, suffix};
use crate::{
    check::{Findings, Place, Scope, Violation},
    finding::Level,
    kube::{
        ContainerRole, Pod,
        names::{has_parent, invalid_descending_path, invalid_dns_label},
    },
    rules::{
        Check, Rule,
        fields::{Fields, given, items},
    },
    schema::Versions,
};

pub(super) static RULE: Rule = Rule {
    id: "schema/volume",
    level: Level::Error,
    since: "0.2.0",
    summary: "a volume, or the mount of one, that the API server refuses",
    check: Check::Pod(check),
    source: include_str!("volume.rs"),
};

const SOURCES: [&str; 30] = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "image",
    "iscsi",
    "nfs",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "portworxVolume",
    "projected",
    "quobyte",
    "rbd",
    "scaleIO",
    "secret",
    "storageos",
    "vsphereVolume",
];

const HOST_PATH_TYPES: [&str; 8] = [
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
];

fn check<'a>(pod: &'a Pod<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    let mut fields = Fields::new(pod.object, findings);
    let before = before_list_types(scope.versions);
    let versions = (before, scope.versions);
    for volume in items(pod.spec, "volumes") {
        if let Some((name, node)) = fields.text_at(volume, "name") {
            if let Some(must) = invalid_dns_label(name) {
                fields.wrong(node, format!("name: \"{name}\" must {must}"));
            }
            let volumes = || items(pod.spec, "volumes");
            twice(volumes(), volume, "name", versions, "volumes have the name", &mut fields);
        }
        check_sources(volume, &mut fields);
    }
    for container in &pod.containers {
        for mount in items(container.node, "volumeMounts") {
            check_mount(container.node, mount, versions, &mut fields);
            if container.role == ContainerRole::Ephemeral {
                for key in ["subPath", "subPathExpr"] {
                    if let Some(node) = given(mount, key).filter(|node| !node.text().is_empty()) {
                        fields.wrong(node, format!("{key}: ephemeral containers can't have it"));
                    }
                }
            }
        }
        for device in items(container.node, "volumeDevices") {
            if let Some((path, node)) = fields.text_at(device, "devicePath") {
                if path.is_empty() {
                    fields.wrong(node, "devicePath: is empty");
                } else if has_parent(path) {
                    fields.wrong(node, format!("devicePath: \"{path}\" must have no .. in it"));
                }
            }
            let volume = items(pod.spec, "volumes").find(|volume| {
                let name = volume.get("name").and_then(|name| name.as_str());
                name.is_some() && name == device.get("name").and_then(|name| name.as_str())
            });
            let is_block = |volume: Node<'a>| {
                given(volume, "persistentVolumeClaim").or(given(volume, "ephemeral")).is_some()
            };
            if let (Some(volume), Some(name)) = (volume, device.get("name"))
                && !is_block(volume)
            {
                let message =
                    "name: only a persistentVolumeClaim or an ephemeral volume can be a device";
                fields.wrong(name, message);
            }
        }
    }
}

/// Reports a field that an item before has with the same value, for versions whose schemas don't.
fn twice<'a>(
    mut list: impl Iterator<Item = Node<'a>>,
    item: Node<'a>,
    key: &str,
    (before, asked): (Versions, Versions),
    what: &str,
    fields: &mut Fields<'_, 'a>,
) {
    if before.is_empty() {
        return;
    }
    let Some((node, text)) = item.get(key).and_then(|node| Some((node, node.as_str()?))) else {
        return;
    };
    let first = list
        .by_ref()
        .take_while(|first| first.id() != item.id())
        .find(|first| first.get(key).and_then(|node| node.as_str()) == Some(text));
    if let Some(first) = first {
        let message = format!("{key}: two {what} {text}{}", suffix(before, asked));
        let place = Place::node(fields.object, first);
        fields.report(
            Violation::at(fields.object, node, message).related(place, "the first is here"),
        );
    }
}

fn check_sources<'a>(volume: Node<'a>, fields: &mut Fields<'_, 'a>) {
    let mut count = 0;
    for entry in volume.entries() {
        let key = entry.key.text();
        if key == "name" || entry.value.is_null() || !SOURCES.contains(&key) {
            continue;
        }
        count += 1;
        let source = entry.value;
        match key {
            "secret" => {
                check_reference(source, "secretName", fields);
                check_files(source, "defaultMode", fields);
            }
            "configMap" => {
                check_reference(source, "name", fields);
                check_files(source, "defaultMode", fields);
            }
            "hostPath" => check_host_path(source, fields),
            "projected" => {
                check_mode(source, "defaultMode", fields);
                for source in items(source, "sources") {
                    for kind in ["secret", "configMap"] {
                        if let Some(source) = given(source, kind) {
                            check_reference(source, "name", fields);
                            check_files(source, "", fields);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    if count > 1 {
        let message = format!("a volume with {count} sources: it has one");
        fields.wrong_with_help(
            volume,
            message,
            "make it several volumes, or one with projected, which joins its sources",
        );
    }
}

/// Reports a source that doesn't say which object it is.
fn check_reference<'a>(source: Node<'a>, key: &str, fields: &mut Fields<'_, 'a>) {
    let is_empty = match given(source, key) {
        Some(name) => name.kind() == Kind::Scalar && name.text().is_empty(),
        None => source.kind() == Kind::Mapping,
    };
    if is_empty {
        let place = Place::field(fields.object, source, key);
        fields.report(Violation::new(place, format!("{key}: is missing, or empty")));
    }
}

fn check_files<'a>(source: Node<'a>, mode: &str, fields: &mut Fields<'_, 'a>) {
    check_mode(source, mode, fields);
    for item in items(source, "items") {
        if let Some((path, node)) = fields.text_at(item, "path") {
            let is_hidden_parent = path.starts_with("..");
            let must = match path {
                "" => Some("not be empty"),
                _ => invalid_descending_path(path)
                    .or(is_hidden_parent.then_some("not start with ..")),
            };
            if let Some(must) = must {
                fields.wrong(node, format!("path: \"{path}\" must {must}"));
            }
        }
        if let Some((key, node)) = fields.text_at(item, "key")
            && key.is_empty()
        {
            fields.wrong(node, "key: is empty");
        }
        check_mode(item, "mode", fields);
    }
}

fn check_mode<'a>(holder: Node<'a>, key: &str, fields: &mut Fields<'_, 'a>) {
    if let Some((mode, node)) = fields.number_at(holder, key)
        && !(0..=0o777).contains(&mode)
    {
        let message = format!("{key}: {} isn't from 0 to 0777", node.text());
        let help =
            "in YAML a mode is written with a zero before it, as 0644, or as a decimal number";
        fields.wrong_with_help(node, message, help);
    }
}

fn check_host_path<'a>(source: Node<'a>, fields: &mut Fields<'_, 'a>) {
    if let Some((path, node)) = fields.text_at(source, "path") {
        if path.is_empty() {
            fields.wrong(node, "path: is empty");
        } else if has_parent(path) {
            fields.wrong(node, format!("path: \"{path}\" must have no .. in it"));
        }
    }
    if let Some((kind, node)) = fields.text_at(source, "type")
        && !HOST_PATH_TYPES.contains(&kind)
    {
        let message = format!("type: \"{kind}\" is none of {}", HOST_PATH_TYPES[1..].join(", "));
        fields.wrong(node, message);
    }
}

fn check_mount<'a>(
    container: Node<'a>,
    mount: Node<'a>,
    versions: (Versions, Versions),
    fields: &mut Fields<'_, 'a>,
) {
    if let Some((name, node)) = fields.text_at(mount, "name")
        && name.is_empty()
    {
        fields.wrong(node, "name: is empty");
    }
    if let Some((path, node)) = fields.text_at(mount, "mountPath") {
        if path.is_empty() {
            fields.wrong(node, "mountPath: is empty");
        }
        let mounts = items(container, "volumeMounts");
        twice(mounts, mount, "mountPath", versions, "volumes are mounted at", fields);
    }
    let mut has_sub_path = false;
    for key in ["subPath", "subPathExpr"] {
        let Some((path, node)) = fields.text_at(mount, key).filter(|(path, _)| !path.is_empty())
        else {
            continue;
        };
        if let Some(must) = invalid_descending_path(path) {
            fields.wrong(node, format!("{key}: \"{path}\" must {must}"));
        }
        if std::mem::replace(&mut has_sub_path, true) {
            fields
                .wrong(node, format!("{key}: stands beside subPath: a mount has one or the other"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check_with;

    #[test]
    fn volumes_have_one_name_and_one_source() {
        check_with(
            &RULE,
            "kubernetes: ['1.29', '1.34']",
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers: []
  volumes:
  - {name: A}
#          ^ schema/volume: name: "A" must be at most 63 lower-case letters, digits and -, and start and end with a letter or digit
  - {name: b, emptyDir: {}}
  - {name: b, emptyDir: {}, secret: {}}
#    ^^^^^^^ schema/volume: a volume with 2 sources: it has one
#          ^ schema/volume: name: two volumes have the name b (Kubernetes 1.29)
#                           ^^^^^^ schema/volume: secretName: is missing, or empty
  - {name: c, hostPath: {path: /a/../b, type: Folder}}
#                              ^^^^^^^ schema/volume: path: "/a/../b" must have no .. in it
#                                             ^^^^^^ schema/volume: type: "Folder" is none of BlockDevice, CharDevice, Directory, DirectoryOrCreate, File, FileOrCreate, Socket
  - {name: d, configMap: {name: d, defaultMode: 644, items: [{key: a, path: /a}, {key: b, path: b, mode: 0644}]}}
#                                               ^^^ schema/volume: defaultMode: 644 isn't from 0 to 0777
#                                                                           ^^ schema/volume: path: "/a" must be a relative path
"#,
        );
    }

    #[test]
    fn mounts_stay_below_their_volume() {
        check_with(
            &RULE,
            "kubernetes: ['1.29', '1.34']",
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  volumes: [{name: v}]
  containers:
  - name: a
    volumeMounts:
    - {name: v, mountPath: /a, subPath: a/../b}
#                                       ^^^^^^ schema/volume: subPath: "a/../b" must have no .. in it
    - {name: v, mountPath: /a, subPath: a, subPathExpr: $(B)}
#                          ^^ schema/volume: mountPath: two volumes are mounted at /a (Kubernetes 1.29)
#                                                       ^^^^ schema/volume: subPathExpr: stands beside subPath: a mount has one or the other
    - {name: v, mountPath: "${WHERE}"}
#                          ^^^^^^^^^^ gap unknown-value: ${WHERE} is only known once Flux substitutes it
    volumeDevices: [{name: v, devicePath: /dev/a}]
#                          ^ schema/volume: name: only a persistentVolumeClaim or an ephemeral volume can be a device
"#,
        );
    }
}
