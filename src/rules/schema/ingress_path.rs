//! An Ingress that the API server refuses.
//!
//! ## What it does
//! Looks at rules, backends and TLS:
//!
//! - there is a rule or a default backend, and an `http` has paths;
//! - a path is absolute and, unless its type is ImplementationSpecific, has no `//`, `/./`, `/../` or `%2f`
//!   in it; `pathType` is Exact, Prefix or ImplementationSpecific;
//! - a backend is a Service, with the number or the name of a port, or a resource, and not both;
//! - hosts are DNS names in lower case, perhaps with `*.` before them, and no addresses;
//! - the annotation `kubernetes.io/ingress.class` is the same as `ingressClassName`, where both are there.
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either.
//!
//! ## Fails
//! ```yaml
//! apiVersion: networking.k8s.io/v1
//! kind: Ingress
//! metadata:
//!   name: web
//! spec:
//!   rules:
//!     - host: shop.example.com
//!       http:
//!         paths:
//!           - path: api
//!             pathType: Prefix
//!             backend: {service: {name: web, port: {number: 80}}}
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: networking.k8s.io/v1
//! kind: Ingress
//! metadata:
//!   name: web
//! spec:
//!   rules:
//!     - host: shop.example.com
//!       http:
//!         paths:
//!           - path: /api
//!             pathType: Prefix
//!             backend: {service: {name: web, port: {number: 80}}}
//! ```
//!
//! ## Limits
//! Whether the Service is there is for `references/*`.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types>
//! - <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/networking/validation/validation.go>

use spanned_yaml::{Kind, Node};

use super::port::check_number;
use crate::{
    check::{Findings, Place, Scope, Violation},
    finding::Level,
    kube::{
        Object,
        names::{invalid_dns_label, invalid_dns_subdomain, invalid_port_name, invalid_wildcard},
    },
    rules::{
        Check, Rule,
        fields::{Fields, given, items},
    },
};

pub(super) static RULE: Rule = Rule {
    id: "schema/ingress-path",
    level: Level::Error,
    since: "0.2.0",
    summary: "an Ingress of which the API server refuses a path, a backend or a host",
    check: Check::Object(&["Ingress"], check),
    source: include_str!("ingress_path.rs"),
};

const TYPES: [&str; 3] = ["Exact", "Prefix", "ImplementationSpecific"];

fn check<'a>(object: &'a Object<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    if object.api_version != "networking.k8s.io/v1" {
        return;
    }
    let Some(spec) = object.spec() else { return };
    let mut fields = Fields::new(object, findings);
    let default_backend = given(spec, "defaultBackend");
    let rules = given(spec, "rules");
    if default_backend.is_none()
        && rules.is_none_or(|it| it.kind() == Kind::Sequence && it.is_empty())
    {
        fields.wrong(spec, "the Ingress has neither rules nor a defaultBackend");
    }
    if let Some(backend) = default_backend {
        check_backend(backend, &mut fields);
    }
    for rule in items(spec, "rules") {
        if let Some((host, node)) = fields.text_at(rule, "host")
            && !host.is_empty()
        {
            check_host(host, node, true, &mut fields);
        }
        let Some(http) = given(rule, "http") else { continue };
        if given(http, "paths").is_some_and(|it| it.kind() == Kind::Sequence && it.is_empty()) {
            let place = Place::field(object, http, "paths");
            fields.report(Violation::new(place, "http: has no paths"));
        }
        for path in items(http, "paths") {
            check_path(path, &mut fields);
        }
    }
    for tls in items(spec, "tls") {
        for host in items(tls, "hosts") {
            if let Some(text) = fields.text(host) {
                check_host(text, host, false, &mut fields);
            }
        }
        check_dns_name(tls, "secretName", &mut fields);
    }
    check_dns_name(spec, "ingressClassName", &mut fields);
    check_class(object, spec, &mut fields);
}

fn check_dns_name<'a>(holder: Node<'a>, key: &str, fields: &mut Fields<'_, 'a>) {
    if let Some((name, node)) = fields.text_at(holder, key)
        && let Some(must) = invalid_dns_subdomain(name)
        && !(name.is_empty() && key == "secretName")
    {
        fields.wrong(node, format!("{key}: \"{name}\" must {must}"));
    }
}

fn check_class<'a>(object: &'a Object<'a>, spec: Node<'a>, fields: &mut Fields<'_, 'a>) {
    let annotations = object.metadata().and_then(|metadata| metadata.get("annotations"));
    let annotation = annotations.and_then(|it| it.get("kubernetes.io/ingress.class"));
    let Some(annotation) = annotation.filter(|node| !node.is_null()) else { return };
    let Some((class, node)) = fields.text_at(spec, "ingressClassName") else { return };
    if let Some(old) = fields.text(annotation)
        && old != class
    {
        let place = Place::node(object, node);
        let message = format!(
            "the annotation kubernetes.io/ingress.class says \"{old}\", and ingressClassName \"{class}\""
        );
        fields.report(
            Violation::at(object, annotation, message)
                .help("take the annotation out")
                .related(place, "the class is here"),
        );
    }
}

fn check_host<'a>(host: &str, node: Node<'a>, is_rule: bool, fields: &mut Fields<'_, 'a>) {
    let invalid = if host.contains('*') { invalid_wildcard } else { invalid_dns_subdomain };
    if let Some(must) = invalid(host) {
        fields.wrong(node, format!("\"{host}\" is no host: it must {must}"));
    } else if is_rule && host.parse::<std::net::Ipv4Addr>().is_ok() {
        fields.wrong(node, format!("\"{host}\" is no host: it is an address"));
    }
}

fn check_path<'a>(path: Node<'a>, fields: &mut Fields<'_, 'a>) {
    let Some((kind, kind_node)) = fields.text_at(path, "pathType") else { return };
    let is_free = kind == "ImplementationSpecific";
    if TYPES.contains(&kind) {
        match fields.text_at(path, "path") {
            Some((text, node)) => {
                if let Some(problem) = path_problem(text, is_free) {
                    fields.wrong(node, format!("path: \"{text}\" {problem}"));
                }
            }
            None if !is_free && given(path, "path").is_none() => {
                let place = Place::field(fields.object, path, "path");
                let message = format!("a path of the type {kind} has to say it");
                fields.report(Violation::new(place, message));
            }
            None => {}
        }
    } else {
        let message = format!("pathType: \"{kind}\" is none of {}", TYPES.join(", "));
        fields.wrong(kind_node, message);
    }
    if let Some(backend) = given(path, "backend") {
        check_backend(backend, fields);
    }
}

fn path_problem(text: &str, is_free: bool) -> Option<String> {
    if text.is_empty() && is_free {
        return None;
    }
    if !text.starts_with('/') {
        return Some("must start with /".to_owned());
    }
    if is_free {
        return None;
    }
    let within = ["//", "/./", "/../", "%2f", "%2F"].into_iter().find(|it| text.contains(it));
    if let Some(part) = within {
        return Some(format!("must have no {part} in it"));
    }
    let end = ["/..", "/."].into_iter().find(|it| text.ends_with(it));
    end.map(|part| format!("must not end with {part}"))
}

fn check_backend<'a>(backend: Node<'a>, fields: &mut Fields<'_, 'a>) {
    let service = given(backend, "service");
    let resource = given(backend, "resource");
    let service = match (service, resource) {
        (Some(_), Some(_)) => {
            fields.wrong(backend, "backend: has both a service and a resource");
            return;
        }
        (None, None) => {
            if backend.kind() == Kind::Mapping {
                fields.wrong_with_help(
                    backend,
                    "backend: has neither a service nor a resource",
                    "write it as service: {name: web, port: {number: 80}}",
                );
            }
            return;
        }
        (None, Some(_)) => return,
        (Some(service), None) => service,
    };
    if let Some((name, node)) = fields.text_at(service, "name")
        && let Some(must) = invalid_dns_label(name)
    {
        fields.wrong(node, format!("name: \"{name}\" must {must}"));
    }
    check_service_port(backend, service, fields);
}

fn check_service_port<'a>(backend: Node<'a>, service: Node<'a>, fields: &mut Fields<'_, 'a>) {
    let port = given(service, "port");
    let name = port.and_then(|port| given(port, "name"));
    let number = port.and_then(|port| given(port, "number"));
    if [name, number].into_iter().flatten().any(|node| fields.is_unknown(node)) {
        return;
    }
    let name = name.and_then(|node| Some((node.as_str()?, node)));
    let number = number.and_then(|node| Some((fields.number(node)?, node)));
    match (name.filter(|(name, _)| !name.is_empty()), number.filter(|(number, _)| *number != 0)) {
        (Some(_), Some(_)) => {
            fields.wrong(backend, "backend: the port has both a name and a number");
        }
        (Some((name, node)), None) => {
            if let Some(must) = invalid_port_name(name) {
                fields
                    .wrong(node, format!("name: \"{name}\" is no name of a port: it must {must}"));
            }
        }
        (None, Some((number, node))) => check_number(number, node, fields),
        (None, None) => {
            let message = "backend: the port of the service has neither a name nor a number";
            fields.wrong(backend, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn paths_backends_and_hosts() {
        check(
            &RULE,
            r#"
#- ingress.yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: a, annotations: {kubernetes.io/ingress.class: nginx}}
#                                                              ^^^^^ schema/ingress-path: the annotation kubernetes.io/ingress.class says "nginx", and ingressClassName "azure"
spec:
  ingressClassName: azure
  tls: [{hosts: [Shop.example.com, "*.example.com"], secretName: a_b}]
#                ^^^^^^^^^^^^^^^^ schema/ingress-path: "Shop.example.com" is no host: it must be at most 253 lower-case letters, digits, - and ., and start and end with a letter or digit, also around each dot
#                                                                ^^^ schema/ingress-path: secretName: "a_b" must be at most 253 lower-case letters, digits, - and ., and start and end with a letter or digit, also around each dot
  rules:
  - host: 10.0.0.1
#         ^^^^^^^^ schema/ingress-path: "10.0.0.1" is no host: it is an address
    http:
      paths:
      - {path: api, pathType: Prefix, backend: {service: {name: a, port: {name: http, number: 80}}}}
#              ^^^ schema/ingress-path: path: "api" must start with /
#                                     ^^^^^^^ schema/ingress-path: backend: the port has both a name and a number
      - {path: /a//b, pathType: Exact, backend: {service: {name: a}}}
#              ^^^^^ schema/ingress-path: path: "/a//b" must have no // in it
#                                      ^^^^^^^ schema/ingress-path: backend: the port of the service has neither a name nor a number
      - {path: "/a(/|$)(.*)", pathType: ImplementationSpecific, backend: {serviceName: a, servicePort: 80}}
#                                                               ^^^^^^^ schema/ingress-path: backend: has neither a service nor a resource
      - {path: /, pathType: prefix, backend: {service: {name: a, port: {number: 80}}}}
#                           ^^^^^^ schema/ingress-path: pathType: "prefix" is none of Exact, Prefix, ImplementationSpecific
  - host: "${HOST}"
#         ^^^^^^^^^ gap unknown-value: ${HOST} is only known once Flux substitutes it
---
 apiVersion: networking.k8s.io/v1
 kind: Ingress
 metadata: {name: b}
 spec: {ingressClassName: azure}
#^^^^ schema/ingress-path: the Ingress has neither rules nor a defaultBackend
"#,
        );
    }
}
