//! A NetworkPolicy, read as the API server decodes, defaults and validates it.

use spanned_yaml::{Kind, Node};

use super::{
    block::Block,
    port::{self, PolicyPort},
};
use crate::kube::{InvalidSelector, Match, Object, Selector, Value, is_unresolved};

/// A NetworkPolicy.
#[derive(Debug)]
pub struct Policy<'a> {
    /// The object.
    pub object: &'a Object<'a>,
    /// Which pods of its namespace it is for.
    pub selector: Selector<'a>,
    /// What those pods may reach.
    pub egress: Direction<'a>,
    /// Who may reach them.
    pub ingress: Direction<'a>,
    /// Why the API server refuses it, and what isn't known of it.
    pub problems: Vec<PolicyProblem<'a>>,
}

/// One direction of a policy.
#[derive(Debug)]
pub struct Direction<'a> {
    /// Whether the policy isolates the pods that it selects in this direction.
    pub isolates: Match,
    /// What it allows.
    pub rules: Vec<PolicyRule<'a>>,
    /// Whether there are rules that aren't known.
    pub has_unknown_rules: bool,
}

/// One entry of `egress` or `ingress`.
#[derive(Debug)]
pub struct PolicyRule<'a> {
    /// Where it is written.
    pub node: Node<'a>,
    /// `to` or `from`; everywhere when empty.
    pub peers: Vec<Peer<'a>>,
    /// `ports`; all when empty.
    pub ports: Vec<PolicyPort<'a>>,
}

/// One entry of `to` or `from`.
#[derive(Debug)]
pub struct Peer<'a> {
    /// Where it is written.
    pub node: Node<'a>,
    /// What it names.
    pub kind: PeerKind<'a>,
}

/// What a peer names.
#[derive(Debug)]
pub enum PeerKind<'a> {
    /// `ipBlock`.
    Block {
        /// Where the block is written.
        node: Node<'a>,
        /// `cidr`.
        block: Block,
        /// `except`.
        except: Vec<Block>,
    },
    /// `namespaceSelector` and `podSelector`.
    Pods {
        /// The policy's own namespace when absent.
        namespaces: Option<Selector<'a>>,
        /// All pods when absent.
        pods: Option<Selector<'a>>,
    },
}

/// Something in a policy that the API server refuses, or that isn't known offline.
#[derive(Clone, Debug)]
pub struct PolicyProblem<'a> {
    /// Where.
    pub node: Node<'a>,
    /// Why it is refused; none if it just isn't known.
    pub refused: Option<String>,
}

/// Collects the problems of a policy.
#[derive(Default)]
pub(super) struct Problems<'a>(Vec<PolicyProblem<'a>>);

impl<'a> Problems<'a> {
    pub(super) fn refuse(&mut self, node: Node<'a>, why: impl Into<String>) {
        self.0.push(PolicyProblem { node, refused: Some(why.into()) });
    }

    pub(super) fn unknown(&mut self, node: Node<'a>) {
        self.0.push(PolicyProblem { node, refused: None });
    }

    /// A node that isn't of the type asked for: a variable, or refused.
    pub(super) fn wrong_type(&mut self, node: Node<'a>, why: &str) {
        if is_unresolved(node.text()) { self.unknown(node) } else { self.refuse(node, why) }
    }

    /// The items of a list; none if it is absent.
    fn items(&mut self, parent: Node<'a>, key: &str) -> Vec<Node<'a>> {
        let Some(list) = parent.get(key).filter(|list| !list.is_null()) else { return Vec::new() };
        if list.kind() != Kind::Sequence {
            self.wrong_type(list, &format!("{key} must be a list"));
        }
        list.items().collect()
    }

    fn selector(&mut self, parent: Node<'a>, key: &str) -> Option<Selector<'a>> {
        let node = parent.get(key).filter(|node| !node.is_null())?;
        let mut invalid = Vec::new();
        let selector = Selector::read(node, &mut invalid);
        for InvalidSelector { node, message } in invalid {
            self.refuse(node, message);
        }
        for node in &selector.unknowns {
            self.unknown(*node);
        }
        Some(selector)
    }
}

impl<'a> Policy<'a> {
    /// Reads a policy.
    pub fn read(object: &'a Object<'a>) -> Self {
        let mut problems = Problems::default();
        let nothing =
            |isolates| Direction { isolates, rules: Vec::new(), has_unknown_rules: false };
        let spec = object.spec().filter(|spec| !spec.is_null());
        let Some(spec) = spec.filter(|spec| spec.kind() == Kind::Mapping) else {
            if let Some(spec) = spec {
                problems.wrong_type(spec, "spec must be a mapping");
            }
            return Self {
                object,
                selector: Selector::default(),
                egress: nothing(Match::No),
                ingress: nothing(Match::Yes),
                problems: problems.0,
            };
        };
        let selector = problems.selector(spec, "podSelector").unwrap_or_default();
        let (ingress, egress) = policy_types(spec, &mut problems);
        Self {
            object,
            selector,
            egress: Direction::read(spec, "egress", "to", egress, &mut problems),
            ingress: Direction::read(spec, "ingress", "from", ingress, &mut problems),
            problems: problems.0,
        }
    }

    /// Whether the API server refuses it, so that it does nothing.
    pub fn is_refused(&self) -> bool {
        self.problems.iter().any(|problem| problem.refused.is_some())
    }

    /// Its name, for messages.
    pub fn name(&self) -> &'a str {
        self.object.name.unwrap_or_default()
    }
}

/// Whether it isolates for ingress and for egress. Without policyTypes: ingress
/// always, egress if there are egress rules (`SetDefaults_NetworkPolicy`).
fn policy_types<'a>(spec: Node<'a>, problems: &mut Problems<'a>) -> (Match, Match) {
    let certain = |yes| if yes { Match::Yes } else { Match::No };
    let types = spec.get("policyTypes").filter(|types| !types.is_null());
    if types.is_none_or(|types| types.kind() == Kind::Sequence && types.is_empty()) {
        let has_egress = spec
            .get("egress")
            .is_some_and(|egress| !egress.is_empty() || is_unresolved(egress.text()));
        return (Match::Yes, certain(has_egress));
    }
    let (mut ingress, mut egress) = (Match::No, Match::No);
    let items = problems.items(spec, "policyTypes");
    let mut is_open = types.is_some_and(|types| types.kind() != Kind::Sequence);
    for item in items {
        match item.text() {
            "Ingress" => ingress = Match::Yes,
            "Egress" => egress = Match::Yes,
            text if is_unresolved(text) => {
                problems.unknown(item);
                is_open = true;
            }
            text => {
                problems
                    .refuse(item, format!("\"{text}\" is no policy type: write Ingress or Egress"));
            }
        }
    }
    if is_open { (ingress.max(Match::Maybe), egress.max(Match::Maybe)) } else { (ingress, egress) }
}

impl<'a> Direction<'a> {
    fn read(
        spec: Node<'a>,
        key: &str,
        peers_key: &str,
        isolates: Match,
        problems: &mut Problems<'a>,
    ) -> Self {
        let before = problems.0.len();
        let items = problems.items(spec, key);
        let mut direction =
            Self { isolates, rules: Vec::new(), has_unknown_rules: problems.0.len() > before };
        for node in items {
            let before = problems.0.len();
            let rule = PolicyRule::read(node, peers_key, problems);
            direction.has_unknown_rules |= problems.0.len() > before;
            direction.rules.extend(rule);
        }
        direction
    }
}

impl<'a> PolicyRule<'a> {
    /// The parts of a rule that are known, which open what they open whatever
    /// the others are. None if what is left would say more than the whole.
    fn read(node: Node<'a>, peers_key: &str, problems: &mut Problems<'a>) -> Option<Self> {
        let mut rule = Self { node, peers: Vec::new(), ports: Vec::new() };
        if node.kind() != Kind::Mapping {
            if node.is_null() {
                return Some(rule);
            }
            problems.wrong_type(node, "a rule must be a mapping");
            return None;
        }
        let before = problems.0.len();
        let ports = problems.items(node, "ports");
        for item in &ports {
            rule.ports.extend(port::read(*item, problems));
        }
        let ports_are_lost = problems.0.len() > before && rule.ports.is_empty();
        let before = problems.0.len();
        for item in problems.items(node, peers_key) {
            rule.peers.extend(Peer::read(item, problems));
        }
        let peers_are_lost = problems.0.len() > before && rule.peers.is_empty();
        (!ports_are_lost && !peers_are_lost).then_some(rule)
    }
}

impl<'a> Peer<'a> {
    /// A peer of which all is known.
    fn read(node: Node<'a>, problems: &mut Problems<'a>) -> Option<Self> {
        let before = problems.0.len();
        let peer = Self::read_parts(node, problems);
        peer.filter(|_| problems.0.len() == before)
    }

    /// `ValidateNetworkPolicyPeer` and `ValidateIPBlock`.
    fn read_parts(node: Node<'a>, problems: &mut Problems<'a>) -> Option<Self> {
        if node.kind() != Kind::Mapping && !node.is_null() {
            problems.wrong_type(node, "a peer must be a mapping");
            return None;
        }
        let namespaces = problems.selector(node, "namespaceSelector");
        let pods = problems.selector(node, "podSelector");
        let Some(at) = node.get("ipBlock").filter(|block| !block.is_null()) else {
            if namespaces.is_none() && pods.is_none() {
                problems
                    .refuse(node, "a peer needs an ipBlock, a podSelector or a namespaceSelector");
                return None;
            }
            return Some(Self { node, kind: PeerKind::Pods { namespaces, pods } });
        };
        if namespaces.is_some() || pods.is_some() {
            problems.refuse(at, "ipBlock can't stand beside a selector");
            return None;
        }
        if at.kind() != Kind::Mapping {
            problems.wrong_type(at, "ipBlock must be a mapping");
            return None;
        }
        let place = match Value::str(Some(at), "cidr") {
            Value::Known(text, place) => read_block(text, place, problems),
            Value::Absent => {
                problems.refuse(at, "ipBlock needs a cidr");
                None
            }
            Value::Unknown(place) => {
                problems.wrong_type(place, "cidr must be a string");
                None
            }
        };
        let mut except = Vec::new();
        for item in problems.items(at, "except") {
            let text = item.as_str().filter(|text| !is_unresolved(text));
            let Some(text) = text else {
                problems.wrong_type(item, "except must hold strings");
                continue;
            };
            let Some((hole, _)) = read_block(text, item, problems) else { continue };
            if let Some((block, _)) = place
                && !block.strictly_contains(&hole)
            {
                problems.refuse(item, format!("{text} isn't a smaller block within {block}"));
            }
            except.push(hole);
        }
        let (block, place) = place?;
        Some(Self { node, kind: PeerKind::Block { node: place, block, except } })
    }
}

fn read_block<'a>(
    text: &str,
    node: Node<'a>,
    problems: &mut Problems<'a>,
) -> Option<(Block, Node<'a>)> {
    match Block::parse(text) {
        Ok(block) => Some((block, node)),
        Err(why) => {
            problems.refuse(node, why);
            None
        }
    }
}
