//! Protocols and ports.

use std::{fmt, str::FromStr};

use spanned_yaml::{Kind, Node, Scalar};

use super::policy::Problems;
use crate::kube::{Value, is_unresolved};

/// The protocols that a NetworkPolicy knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// All of them.
pub(super) const PROTOCOLS: [Protocol; 3] = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];

impl Protocol {
    /// As manifests write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        PROTOCOLS.into_iter().find(|protocol| protocol.as_str() == text)
    }
}

/// Ports from the first to the last, both included; 1 to 65535.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortRange {
    /// Of this protocol.
    pub protocol: Protocol,
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

impl PortRange {
    /// All ports of a protocol.
    pub fn all(protocol: Protocol) -> Self {
        Self { protocol, first: 1, last: u16::MAX }
    }

    /// Whether it holds a port.
    pub fn contains(&self, protocol: Protocol, port: u16) -> bool {
        self.protocol == protocol && (self.first..=self.last).contains(&port)
    }
}

/// Reads `443`, `53/UDP`, `8000-8100/TCP`; TCP unless said.
impl FromStr for PortRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is no port: write 443, \"53/UDP\" or \"8000-8100/TCP\"");
        let (ports, protocol) = text.split_once('/').unwrap_or((text, "TCP"));
        let protocol = Protocol::parse(protocol).ok_or_else(wrong)?;
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        let number = |text: &str| {
            let digits = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|port| digits && *port > 0).ok_or_else(wrong)
        };
        let range = Self { protocol, first: number(first)?, last: number(last)? };
        if range.first > range.last { Err(wrong()) } else { Ok(range) }
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        if self.first != self.last {
            write!(f, "-{}", self.last)?;
        }
        write!(f, "/{}", self.protocol.as_str())
    }
}

/// One entry of a rule's `ports`.
#[derive(Clone, Debug)]
pub struct PolicyPort<'a> {
    /// Where it is written.
    pub node: Node<'a>,
    /// What it opens.
    pub ports: Ports<'a>,
}

/// Ports by number or by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ports<'a> {
    /// By number.
    Range(PortRange),
    /// Whatever ports of the destination's containers have this name.
    Named(Protocol, &'a str),
}

/// Reads an entry of `ports` as `ValidateNetworkPolicyPort` does. None if a part
/// is refused or unknown.
pub(super) fn read<'a>(node: Node<'a>, problems: &mut Problems<'a>) -> Option<PolicyPort<'a>> {
    if node.kind() != Kind::Mapping && !node.is_null() {
        problems.wrong_type(node, "an entry of ports must be a mapping");
        return None;
    }
    let protocol = match Value::str(Some(node), "protocol") {
        Value::Absent => Some(Protocol::Tcp),
        Value::Known(text, at) => {
            let protocol = Protocol::parse(text);
            if protocol.is_none() {
                problems.refuse(at, format!("\"{text}\" is no protocol: write TCP, UDP or SCTP"));
            }
            protocol
        }
        Value::Unknown(at) => {
            problems.wrong_type(at, "protocol must be a string");
            None
        }
    };
    let end = match Value::int(Some(node), "endPort") {
        Value::Absent => Some(None),
        Value::Known(number, at) => match number_of_port(number) {
            Some(port) => Some(Some((port, at))),
            None => {
                problems.refuse(at, format!("endPort {number} must be 1 to 65535"));
                None
            }
        },
        Value::Unknown(at) => {
            problems.wrong_type(at, "endPort must be a whole number");
            None
        }
    };
    let port = node.get("port").filter(|port| !port.is_null());
    let ports = read_port(port, protocol, end, problems)?;
    Some(PolicyPort { node, ports })
}

fn number_of_port(number: i64) -> Option<u16> {
    u16::try_from(number).ok().filter(|port| *port > 0)
}

fn read_port<'a>(
    port: Option<Node<'a>>,
    protocol: Option<Protocol>,
    end: Option<Option<(u16, Node<'a>)>>,
    problems: &mut Problems<'a>,
) -> Option<Ports<'a>> {
    let end_at = end.flatten();
    let Some(at) = port else {
        if let Some((_, at)) = end_at {
            problems.refuse(at, "endPort needs a port");
            return None;
        }
        end?;
        return Some(Ports::Range(PortRange::all(protocol?)));
    };
    if is_unresolved(at.text()) {
        problems.unknown(at);
        return None;
    }
    match at.scalar(spanned_yaml::Dialect::GoYamlV2) {
        Scalar::Int(number) => {
            let Some(first) = number_of_port(number) else {
                problems.refuse(at, format!("port {number} must be 1 to 65535"));
                return None;
            };
            let last = match end? {
                Some((last, at)) if last < first => {
                    problems.refuse(at, format!("endPort {last} is below port {first}"));
                    return None;
                }
                Some((last, _)) => last,
                None => first,
            };
            Some(Ports::Range(PortRange { protocol: protocol?, first, last }))
        }
        Scalar::Str(_) => {
            let name = at.text();
            if let Some((_, at)) = end_at {
                problems.refuse(at, "endPort needs a port by number, not by name");
                return None;
            }
            if !is_port_name(name) {
                problems.refuse(
                    at,
                    format!(
                        "\"{name}\" is no name of a port: 1 to 15 of a-z, 0-9 and -, one letter \
                         at least; a number takes no quotes"
                    ),
                );
                return None;
            }
            end?;
            Some(Ports::Named(protocol?, name))
        }
        _ => {
            problems.refuse(at, "port must be a whole number or a name");
            None
        }
    }
}

/// `IsValidPortName` of k8s.io/apimachinery/pkg/util/validation (RFC 6335).
fn is_port_name(name: &str) -> bool {
    name.len() <= 15
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && name.bytes().any(|b| b.is_ascii_lowercase())
        && !name.contains("--")
        && !name.starts_with('-')
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::PortRange;

    #[test]
    fn ports_are_read_as_portcullis_yaml_writes_them() {
        for (text, read) in
            [("443", "443/TCP"), ("53/UDP", "53/UDP"), ("8000-8100/TCP", "8000-8100/TCP")]
        {
            assert_eq!(text.parse::<PortRange>().map(|range| range.to_string()), Ok(read.into()));
        }
        for text in ["", "0", "65536", "53/udp", "9-8", "1-", "-1", "+1", "1-2-3", "a"] {
            assert!(text.parse::<PortRange>().is_err(), "{text}");
        }
    }
}
