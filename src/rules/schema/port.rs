//! A port that the API server refuses.
//!
//! ## What it does
//! Looks at the ports of containers and of Services:
//!
//! - numbers from 1 to 65535, protocols TCP, UDP or SCTP;
//! - names: of a container's port at most 15 letters, digits and hyphens, of a Service's a DNS label, no two
//!   alike; all ports of a Service have one if there are several;
//! - host ports that two containers of a pod ask for, and, with `hostNetwork`, those that differ from the
//!   container's port;
//! - node ports of a Service without them (`ClusterIP`), and such as are there twice;
//! - that there are ports at all: a Service has none only if it is headless or an `ExternalName`.
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: Service
//! metadata:
//!   name: web
//! spec:
//!   ports:
//!     - port: 80
//!     - port: 443
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: Service
//! metadata:
//!   name: web
//! spec:
//!   ports:
//!     - name: http
//!       port: 80
//!     - name: https
//!       port: 443
//! ```
//!
//! ## Limits
//! The range that a cluster has for node ports isn't known. Two ports of a Service with one number and
//! protocol are `schema/duplicate-item`'s.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/services-networking/service/#multi-port-services>
//! - <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go>

use spanned_yaml::Node;

use crate::{
    check::{Findings, Place, Scope, Violation},
    finding::Level,
    kube::{
        ContainerRole, Object, Pod, invalid_label_key,
        names::{invalid_dns_label, invalid_port_name},
    },
    rules::{
        Check, Rule,
        fields::{Fields, NumberOrName, given, items},
    },
};

pub(super) static RULE: Rule = Rule {
    id: "schema/port",
    level: Level::Error,
    since: "0.2.0",
    summary: "a port that the API server refuses",
    check: Check::PodsAndObjects { kinds: &["Service"], pod: check_pod, object: check_service },
    source: include_str!("port.rs"),
};

/// Reports a number that is no port.
pub(super) fn check_number<'a>(number: i64, node: Node<'a>, fields: &mut Fields<'_, 'a>) {
    if !(1..=65535).contains(&number) {
        fields.wrong(node, format!("{number} is no port: it must be from 1 to 65535"));
    }
}

/// Reports what is neither the number nor the name of a port.
pub(super) fn check_number_or_name<'a>(node: Node<'a>, fields: &mut Fields<'_, 'a>) {
    match fields.number_or_name(node) {
        Some(NumberOrName::Number(number)) => check_number(number, node, fields),
        Some(NumberOrName::Name(name)) => {
            if let Some(must) = invalid_port_name(name) {
                let message = format!("\"{name}\" is no name of a port: it must {must}");
                match name.parse::<u16>() {
                    Ok(number) => {
                        fields.wrong_with_help(
                            node,
                            message,
                            format!("write {number} without quotes"),
                        );
                    }
                    Err(_) => fields.wrong(node, message),
                }
            }
        }
        None => {}
    }
}

fn check_protocol<'a>(port: Node<'a>, fields: &mut Fields<'_, 'a>) {
    if let Some((protocol, node)) = fields.text_at(port, "protocol")
        && !matches!(protocol, "" | "TCP" | "UDP" | "SCTP")
    {
        let message = format!("protocol: \"{protocol}\" is none of TCP, UDP, SCTP");
        fields.wrong(node, message);
    }
}

fn protocol_of(port: Node<'_>) -> Option<&str> {
    match port.get("protocol").filter(|node| !node.is_null()) {
        Some(node) => node.as_str().map(|text| if text.is_empty() { "TCP" } else { text }),
        None => Some("TCP"),
    }
}

fn check_pod<'a>(pod: &'a Pod<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    let mut fields = Fields::new(pod.object, findings);
    let mut host_ports: Vec<Node<'a>> = Vec::new();
    for container in &pod.containers {
        // Init containers run one after the other, before all others.
        if container.role != ContainerRole::Regular {
            host_ports.clear();
        }
        for port in items(container.node, "ports") {
            check_container_port(container.node, port, &mut fields);
            let has_host_port = host_port(port).is_some_and(|(number, _)| number != 0);
            if has_host_port && container.role != ContainerRole::Ephemeral {
                check_host_port(pod, port, &host_ports, &mut fields);
                host_ports.push(port);
            }
        }
        if container.role != ContainerRole::Regular {
            host_ports.clear();
        }
    }
    if pod.is_host_network() {
        let regular = pod.containers.iter().filter(|it| it.role == ContainerRole::Regular);
        for port in regular.flat_map(|container| items(container.node, "ports")) {
            check_host_network(port, &mut fields);
        }
    }
}

fn check_container_port<'a>(container: Node<'a>, port: Node<'a>, fields: &mut Fields<'_, 'a>) {
    if let Some((name, node)) = fields.text_at(port, "name")
        && !name.is_empty()
    {
        if let Some(must) = invalid_port_name(name) {
            fields.wrong(node, format!("name: \"{name}\" is no name of a port: it must {must}"));
        } else if is_name_taken(items(container, "ports"), port, name) {
            fields.wrong(node, format!("name: two ports of the container are called {name}"));
        }
    }
    if let Some((number, node)) = fields.number_at(port, "containerPort") {
        check_number(number, node, fields);
    }
    if let Some((number, node)) = fields.number_at(port, "hostPort")
        && number != 0
    {
        check_number(number, node, fields);
    }
    check_protocol(port, fields);
}

/// Whether a port before this one has the name.
fn is_name_taken<'a>(ports: impl Iterator<Item = Node<'a>>, port: Node<'a>, name: &str) -> bool {
    ports
        .take_while(|before| before.id() != port.id())
        .any(|before| before.get("name").and_then(|name| name.as_str()) == Some(name))
}

fn host_port(port: Node<'_>) -> Option<(i64, Node<'_>)> {
    let node = port.get("hostPort")?;
    Some((node.as_i64()?, node))
}

fn check_host_port<'a>(
    pod: &'a Pod<'a>,
    port: Node<'a>,
    before: &[Node<'a>],
    fields: &mut Fields<'_, 'a>,
) {
    let key = |port: Node<'a>| {
        let address = match given(port, "hostIP") {
            Some(node) => node.as_str()?,
            None => "",
        };
        Some((host_port(port)?.0, protocol_of(port)?, address))
    };
    let Some(wanted) = key(port) else { return };
    let first = before.iter().find(|port| key(**port) == Some(wanted));
    if let (Some(first), Some((number, node))) = (first, host_port(port)) {
        let message = format!("hostPort: the pod asks for port {number} of its node twice");
        let mut violation = Violation::at(pod.object, node, message);
        if let Some((_, first)) = host_port(*first) {
            violation = violation.related(Place::node(pod.object, first), "the first is here");
        }
        fields.report(violation);
    }
}

fn check_host_network<'a>(port: Node<'a>, fields: &mut Fields<'_, 'a>) {
    let number = port.get("containerPort").and_then(|node| node.as_i64());
    if let (Some(number), Some((host, node))) = (number, host_port(port))
        && host != 0
        && host != number
    {
        fields.wrong_with_help(
            node,
            format!("hostPort: {host} is not the container's port {number}"),
            "with hostNetwork they are one and the same: leave hostPort out",
        );
    }
}

fn check_service<'a>(object: &'a Object<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    if !object.group().is_empty() {
        return;
    }
    let Some(spec) = object.spec() else { return };
    let mut fields = Fields::new(object, findings);
    let ports = || items(spec, "ports");
    let kind = match given(spec, "type") {
        Some(node) => fields.text(node),
        None => Some("ClusterIP"),
    };
    let count = ports().count();
    if count == 0 {
        check_without_ports(spec, kind, &mut fields);
    }
    for port in ports() {
        match fields.text_at(port, "name").filter(|(name, _)| !name.is_empty()) {
            Some((name, node)) => {
                if let Some(must) = invalid_dns_label(name) {
                    fields.wrong(node, format!("name: \"{name}\" must {must}"));
                }
                if is_name_taken(ports(), port, name) {
                    fields.wrong(node, format!("name: two ports of the Service are called {name}"));
                }
            }
            None if count > 1 && port.get("name").is_none_or(|name| name.text().is_empty()) => {
                let place = Place::field(object, port, "name");
                let message = "a port without a name: with several, each has one";
                fields.report(Violation::new(place, message));
            }
            None => {}
        }
        if let Some((number, node)) = fields.number_at(port, "port") {
            check_number(number, node, &mut fields);
        }
        check_protocol(port, &mut fields);
        if let Some(target) = given(port, "targetPort") {
            // Nothing written, and 0, are the number of `port`.
            let text = target.text();
            if !(text.is_empty() || target.as_i64() == Some(0)) {
                check_number_or_name(target, &mut fields);
            }
        }
        if let Some((name, node)) = fields.text_at(port, "appProtocol")
            && let Some(must) = invalid_label_key(name)
        {
            fields.wrong(node, format!("appProtocol: \"{name}\" is no name of a protocol: {must}"));
        }
        check_node_port(port, kind, ports(), &mut fields);
    }
}

fn check_without_ports<'a>(spec: Node<'a>, kind: Option<&str>, fields: &mut Fields<'_, 'a>) {
    let is_headless = given(spec, "clusterIP")
        .is_some_and(|node| node.as_str() == Some("None") || fields.is_unknown(node));
    if kind.is_some_and(|kind| kind != "ExternalName") && !is_headless {
        let place = Place::field(fields.object, spec, "ports");
        fields
            .report(Violation::new(place, "the Service has no ports").help(
                "only one with clusterIP: None, or of the type ExternalName, can do without",
            ));
    }
}

fn check_node_port<'a>(
    port: Node<'a>,
    kind: Option<&str>,
    mut ports: impl Iterator<Item = Node<'a>>,
    fields: &mut Fields<'_, 'a>,
) {
    let Some((number, node)) = fields.number_at(port, "nodePort").filter(|(it, _)| *it != 0) else {
        return;
    };
    if kind.is_some_and(|kind| matches!(kind, "" | "ClusterIP")) {
        fields.wrong_with_help(
            node,
            "nodePort: a Service of the type ClusterIP has no node ports",
            "set the type to NodePort, or leave nodePort out",
        );
    }
    let key = |port: Node<'a>| Some((port.get("nodePort")?.as_i64()?, protocol_of(port)?));
    let wanted = key(port);
    let is_taken = ports
        .by_ref()
        .take_while(|before| before.id() != port.id())
        .any(|before| wanted.is_some() && key(before) == wanted);
    if is_taken {
        fields
            .wrong(node, format!("nodePort: two ports of the Service have the node port {number}"));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn ports_of_containers() {
        check(
            &RULE,
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  initContainers:
  - name: i
    ports: [{containerPort: 80, hostPort: 80}]
  containers:
  - name: a
    ports:
    - {containerPort: 0}
#                     ^ schema/port: 0 is no port: it must be from 1 to 65535
    - {containerPort: 80, name: http, hostPort: 80}
    - {containerPort: 81, name: http, hostPort: 65536}
#                               ^^^^ schema/port: name: two ports of the container are called http
#                                               ^^^^^ schema/port: 65536 is no port: it must be from 1 to 65535
    - {containerPort: 82, name: http_1, protocol: tcp}
#                               ^^^^^^ schema/port: name: "http_1" is no name of a port: it must be at most 15 lower-case letters, digits and single -, with a letter among them and no - at either end
#                                                 ^^^ schema/port: protocol: "tcp" is none of TCP, UDP, SCTP
    - {containerPort: "${PORT}"}
#                     ^^^^^^^^^ gap unknown-value: ${PORT} is only known once Flux substitutes it
  - name: b
    ports: [{containerPort: 90, hostPort: 80}, {containerPort: 80, hostPort: 80, protocol: UDP}]
#                                         ^^ schema/port: hostPort: the pod asks for port 80 of its node twice
---
apiVersion: v1
kind: Pod
metadata: {name: b}
spec:
  hostNetwork: true
  containers:
  - name: a
    ports: [{containerPort: 90, hostPort: 80}]
#                                         ^^ schema/port: hostPort: 80 is not the container's port 90
"#,
        );
    }

    #[test]
    fn ports_of_services() {
        check(
            &RULE,
            r#"
#- services.yaml
apiVersion: v1
kind: Service
metadata: {name: a}
spec:
  ports:
  - {port: 80, targetPort: "8080", nodePort: 30000}
#    ^^^^^^^^ schema/port: a port without a name: with several, each has one
#                          ^^^^^^ schema/port: "8080" is no name of a port: it must be at most 15 lower-case letters, digits and single -, with a letter among them and no - at either end
#                                            ^^^^^ schema/port: nodePort: a Service of the type ClusterIP has no node ports
  - {port: 81, name: a_b, targetPort: http}
#                    ^^^ schema/port: name: "a_b" must be at most 63 lower-case letters, digits and -, and start and end with a letter or digit
---
apiVersion: v1
kind: Service
metadata: {name: b}
spec:
  type: NodePort
  ports:
  - {port: 80, name: a, nodePort: 30000, appProtocol: kubernetes.io/h2c}
  - {port: 81, name: a, nodePort: 30000, targetPort: 0}
#                    ^ schema/port: name: two ports of the Service are called a
#                                 ^^^^^ schema/port: nodePort: two ports of the Service have the node port 30000
---
 apiVersion: v1
 kind: Service
 metadata: {name: c}
 spec: {selector: {app: web}}
#^^^^ schema/port: the Service has no ports
---
apiVersion: v1
kind: Service
metadata: {name: d}
spec: {clusterIP: None}
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: e}
spec: {template: {}}
"#,
        );
    }
}
