//! Data of a ConfigMap or a Secret that the API server refuses.
//!
//! ## What it does
//! - Keys are at most 253 letters, digits, `-`, `_` and `.`; one key stands in `data` or in `binaryData`, not
//!   in both.
//! - All values together, decoded, have at most 1 MiB.
//! - A Secret has what its type needs: `tls.crt` and `tls.key`, `.dockerconfigjson` with a JSON object,
//!   `ssh-privatekey`, `username` or `password`, and a token of a service account the annotation that names it.
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: Secret
//! metadata:
//!   name: web
//! type: kubernetes.io/tls
//! data:
//!   cert: aHVudGVyMg==
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: Secret
//! metadata:
//!   name: web
//! data:
//!   cert: aHVudGVyMg==
//! ```
//!
//! ## Limits
//! Of values that SOPS has encrypted only the keys are looked at. That a value is base64 is for
//! `schema/invalid-value`.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/configuration/secret/#secret-types>
//! - <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go>

use spanned_yaml::{Kind, Node};

use crate::{
    check::{Findings, Place, Scope, Violation},
    finding::Level,
    kube::{Object, is_unresolved, names::invalid_config_key},
    rules::{
        Check, Rule,
        fields::{Fields, given},
    },
};

pub(super) static RULE: Rule = Rule {
    id: "schema/config-data",
    level: Level::Error,
    since: "0.2.0",
    summary: "data of a ConfigMap or a Secret that the API server refuses",
    check: Check::Object(&["ConfigMap", "Secret"], check),
    source: include_str!("config_data.rs"),
};

/// All values together, in bytes (`MaxSecretSize`).
const MAX_SIZE: usize = 1024 * 1024;

fn check<'a>(object: &'a Object<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    if !object.group().is_empty() {
        return;
    }
    let mut fields = Fields::new(object, findings);
    let is_secret = object.kind == "Secret";
    let lists = if is_secret {
        [("data", true), ("stringData", false)]
    } else {
        [("data", false), ("binaryData", true)]
    };
    let other =
        |list: &str| lists.iter().find(|(name, _)| *name != list).map_or("", |(name, _)| name);
    let mut size = 0;
    for (list, is_encoded) in lists {
        let Some(data) = given(object.root, list) else { continue };
        let there = given(object.root, other(list));
        for entry in data.entries() {
            let key = entry.key.text();
            if is_unresolved(key) {
                fields.is_unknown(entry.key);
            } else if let Some(must) = invalid_config_key(key) {
                let place = Place::key(object, entry.key);
                let message = format!("{list}: \"{key}\" is no key: it must {must}");
                fields.report(Violation::new(place, message));
            }
            let is_twice = there.is_some_and(|there| there.entry(key).is_some());
            if is_twice && list == "data" {
                if is_secret {
                    // What `stringData` has counts.
                    continue;
                }
                let place = Place::key(object, entry.key);
                let message = format!("data: {key} stands in binaryData as well");
                fields.report(Violation::new(place, message));
            }
            size += size_of(entry.value, is_encoded);
        }
    }
    if size > MAX_SIZE {
        let place = Place::node(object, object.root);
        let message = format!("the data has {size} bytes, more than {MAX_SIZE}");
        fields.report(Violation::new(place, message));
    }
    if is_secret {
        check_type(object, &mut fields);
    }
}

/// How many bytes a value has.
fn size_of(node: Node<'_>, is_encoded: bool) -> usize {
    if node.kind() != Kind::Scalar {
        return 0;
    }
    let text = node.text();
    if !is_encoded {
        return text.len();
    }
    let digits = text.bytes().filter(|byte| !matches!(byte, b'=' | b'\n' | b'\r')).count();
    digits * 3 / 4
}

/// The value of a key of a Secret, in `stringData` or in `data`, and whether it is base64.
pub(super) fn value<'a>(root: Node<'a>, key: &str) -> Option<(Node<'a>, bool)> {
    let of = |list: &str| given(root, list).and_then(|data| data.get(key));
    of("stringData").map(|node| (node, false)).or_else(|| of("data").map(|node| (node, true)))
}

fn check_type<'a>(object: &'a Object<'a>, fields: &mut Fields<'_, 'a>) {
    let Some((kind, node)) = fields.text_at(object.root, "type") else { return };
    let missing = |key: &str| value(object.root, key).is_none();
    let wanted: &[&str] = match kind {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        "kubernetes.io/basic-auth" => {
            if missing("username") && missing("password") {
                let message =
                    format!("a Secret of the type {kind} has neither username nor password");
                fields.wrong(node, message);
            }
            return;
        }
        "kubernetes.io/service-account-token" => {
            let annotations = object.metadata().and_then(|metadata| metadata.get("annotations"));
            let name = annotations.and_then(|it| it.get("kubernetes.io/service-account.name"));
            if name.is_none_or(|name| name.text().is_empty()) {
                let message =
                    format!("a Secret of the type {kind} has no annotation that names it");
                let help = "set kubernetes.io/service-account.name";
                fields.wrong_with_help(node, message, help);
            }
            return;
        }
        _ => return,
    };
    for key in wanted {
        let Some((value, is_encoded)) = value(object.root, key) else {
            fields.wrong(node, format!("a Secret of the type {kind} has no {key}"));
            continue;
        };
        match *key {
            "ssh-privatekey" if value.text().is_empty() => {
                fields.wrong(node, format!("a Secret of the type {kind} has an empty {key}"));
            }
            ".dockerconfigjson" | ".dockercfg" => check_json(value, is_encoded, key, fields),
            _ => {}
        }
    }
}

fn check_json<'a>(node: Node<'a>, is_encoded: bool, key: &str, fields: &mut Fields<'_, 'a>) {
    let Some(text) = fields.text(node) else { return };
    let bytes = if is_encoded { decode(text) } else { Some(text.as_bytes().to_vec()) };
    // What is no base64, `schema/invalid-value` reports.
    let Some(bytes) = bytes else { return };
    let read: Result<Option<serde_json::Map<String, serde_json::Value>>, _> =
        serde_json::from_slice(&bytes);
    if read.is_err() {
        fields.wrong(node, format!("{key}: holds no JSON object"));
    }
}

/// The bytes that base64 stands for.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n' | b'=')) {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{RULE, decode};
    use crate::check::testing::check;

    #[test]
    fn base64_is_decoded() {
        assert_eq!(decode("eyJhIjoxfQ==").as_deref(), Some(br#"{"a":1}"#.as_slice()));
        assert_eq!(decode("a b"), None);
    }

    #[test]
    fn keys_and_types() {
        check(
            &RULE,
            r#"
#- data.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data: {good.key: a, bad/key: b, both: c}
#                   ^^^^^^^ schema/config-data: data: "bad/key" is no key: it must be at most 253 letters, digits, -, _ and ., and be no . and start with no ..
#                               ^^^^ schema/config-data: data: both stands in binaryData as well
binaryData: {both: YQ==}
---
apiVersion: v1
kind: Secret
metadata: {name: b}
type: kubernetes.io/tls
#     ^^^^^^^^^^^^^^^^^ schema/config-data: a Secret of the type kubernetes.io/tls has no tls.key
stringData: {tls.crt: a}
---
apiVersion: v1
kind: Secret
metadata: {name: c}
type: kubernetes.io/dockerconfigjson
data: {.dockerconfigjson: YWJj}
#                         ^^^^ schema/config-data: .dockerconfigjson: holds no JSON object
---
apiVersion: v1
kind: Secret
metadata: {name: d}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths": {}}'}
---
apiVersion: v1
kind: Secret
metadata: {name: e}
type: kubernetes.io/basic-auth
#     ^^^^^^^^^^^^^^^^^^^^^^^^ schema/config-data: a Secret of the type kubernetes.io/basic-auth has neither username nor password
---
apiVersion: v1
kind: Secret
metadata: {name: f}
type: kubernetes.io/ssh-auth
#     ^^^^^^^^^^^^^^^^^^^^^^ schema/config-data: a Secret of the type kubernetes.io/ssh-auth has an empty ssh-privatekey
data: {ssh-privatekey: ""}
"#,
        );
    }

    #[test]
    fn the_size_is_that_of_all_values() {
        let fixture = |length: usize| {
            format!(
                "#- map.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n{}data: {{a: b, c: {}}}\n",
                "",
                "x".repeat(length)
            )
        };
        check(&RULE, &fixture(1024 * 1024 - 1));
        let found = crate::check::testing::run_only(
            &RULE,
            &crate::check::testing::files_of(&fixture(1024 * 1024)),
            &crate::config::Config::default(),
        );
        let message = "schema/config-data: the data has 1048577 bytes, more than 1048576";
        assert_eq!(found, [format!("map.yaml:3:18-19 {message}")]);
    }
}
