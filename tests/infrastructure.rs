//! What no schema can see of `infrastructure/`: that names lead somewhere, that addresses fit into
//! each other, and that nothing comes from a public registry.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop")]

use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    path::Path,
    process::Command,
};

use serde_yaml::Value;

const ENVIRONMENTS: [&str; 2] = ["staging", "production"];
/// All namespaces with resources of Azure: the environments', and the registry's.
const NAMESPACES: [&str; 3] = ["staging", "production", "registry"];

/// The objects of a folder, as kustomize builds it.
fn build(folder: &str) -> Vec<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["build", folder])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{folder}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.split("\n---\n").map(|document| serde_yaml::from_str(document).unwrap()).collect()
}

fn azure(environment: &str) -> Vec<Value> {
    build(&format!("infrastructure/azure/{environment}"))
}

/// The node at a path, or null.
fn at<'a>(node: &'a Value, path: &str) -> &'a Value {
    path.split('.').try_fold(node, |node, key| node.get(key)).unwrap_or(&Value::Null)
}

fn text<'a>(node: &'a Value, path: &str) -> &'a str {
    at(node, path).as_str().unwrap_or("")
}

fn list<'a>(node: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> {
    at(node, path).as_sequence().into_iter().flatten()
}

fn kind(object: &Value) -> &str {
    text(object, "kind")
}

fn name(object: &Value) -> &str {
    text(object, "metadata.name")
}

/// The group of an object of Azure Service Operator.
fn azure_group(object: &Value) -> Option<&str> {
    let (group, _) = text(object, "apiVersion").split_once('/')?;
    group.ends_with(".azure.com").then_some(group)
}

/// Calls `see` with each mapping below a node, and the key that it stands at.
fn mappings<'a>(key: &str, node: &'a Value, see: &mut impl FnMut(&str, &'a Value)) {
    match node {
        Value::Mapping(fields) => {
            see(key, node);
            for (key, value) in fields {
                mappings(key.as_str().unwrap_or(""), value, see);
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| mappings(key, item, see)),
        _ => {}
    }
}

/// The kind of what an object belongs to, where its `owner` doesn't say.
fn owner_kind(kind: &str) -> &str {
    match kind {
        "VirtualNetworksSubnet" | "VirtualNetworksVirtualNetworkPeering" => "VirtualNetwork",
        "NetworkSecurityGroupsSecurityRule" => "NetworkSecurityGroup",
        "RouteTablesRoute" => "RouteTable",
        "PrivateDnsZonesVirtualNetworkLink" | "PrivateDnsZonesARecord" => "PrivateDnsZone",
        "PrivateEndpointsPrivateDnsZoneGroup" => "PrivateEndpoint",
        "FederatedIdentityCredential" => "UserAssignedIdentity",
        "ManagedClustersAgentPool" => "ManagedCluster",
        "Api" | "Product" | "NamedValue" | "Subscription" => "Service",
        "ProductApi" | "ProductPolicy" => "Product",
        "RedisEnterpriseDatabase" => "RedisEnterprise",
        "FlexibleServersDatabase" | "FlexibleServersConfiguration" | "User" => "FlexibleServer",
        _ => "ResourceGroup",
    }
}

/// Every reference within a namespace names an object that is there.
#[test]
fn references_lead_somewhere() {
    for environment in NAMESPACES {
        let objects = azure(environment);
        let there: BTreeSet<(&str, &str)> = objects
            .iter()
            .filter(|object| azure_group(object).is_some())
            .map(|object| (kind(object), name(object)))
            .collect();
        assert!(there.len() > 3, "{environment}: only {} resources", there.len());
        for object in objects.iter().filter(|object| azure_group(object).is_some()) {
            let owner = at(object, "spec.owner");
            if !owner.is_null() && text(owner, "armId").is_empty() && text(owner, "kind").is_empty()
            {
                let target = (owner_kind(kind(object)), text(owner, "name"));
                assert!(
                    there.contains(&target),
                    "{} {}: no {target:?}",
                    kind(object),
                    name(object)
                );
            }
            mappings("", at(object, "spec"), &mut |_, node| {
                if !text(node, "group").is_empty() {
                    let target = (text(node, "kind"), text(node, "name"));
                    assert!(there.contains(&target), "{}: no {target:?}", name(object));
                }
            });
        }
    }
}

/// What one object reads from a ConfigMap or a Secret, another one writes there.
#[test]
fn exported_values_are_there() {
    for environment in ENVIRONMENTS {
        let objects = azure(environment);
        let mut written = BTreeSet::new();
        for object in &objects {
            for exports in ["configMaps", "secrets"] {
                mappings(
                    "",
                    at(object, &format!("spec.operatorSpec.{exports}")),
                    &mut |_, node| {
                        written.insert((text(node, "name"), text(node, "key")));
                    },
                );
            }
            for node in list(object, "spec.operatorSpec.configMapExpressions") {
                written.insert((text(node, "name"), text(node, "key")));
            }
            if kind(object) == "ExternalSecret" {
                for data in list(object, "spec.data") {
                    written.insert((text(object, "spec.target.name"), text(data, "secretKey")));
                }
            }
        }
        let mut read = 0;
        for object in &objects {
            let mut must = |what: (&str, &str)| {
                read += 1;
                assert!(written.contains(&what), "{} {}: {what:?}", kind(object), name(object));
            };
            mappings("", at(object, "spec"), &mut |key, node| {
                let reference = key.ends_with("FromConfig")
                    || key.ends_with("assword")
                    || ["configMapKeyRef", "secretKeyRef"].contains(&key);
                if reference && !text(node, "key").is_empty() {
                    must((text(node, "name"), text(node, "key")));
                }
            });
            let pushed = text(object, "spec.selector.secret.name");
            for data in list(object, "spec.data").filter(|_| !pushed.is_empty()) {
                must((pushed, text(data, "match.secretKey")));
            }
        }
        assert!(read > 20, "{environment}: only {read} values are read");
    }
}

/// A block of addresses: the first one, and the one after the last.
fn block(cidr: &str) -> (u64, u64) {
    let (address, prefix) = cidr.split_once('/').unwrap_or_else(|| panic!("{cidr:?} is no block"));
    let first = u64::from(u32::from(address.parse::<Ipv4Addr>().unwrap()));
    let size = 1 << (32 - prefix.parse::<u32>().unwrap());
    assert_eq!(first % size, 0, "{cidr} starts within itself");
    (first, first + size)
}

fn holds(cidr: &str, address: &str) -> bool {
    let (first, end) = block(cidr);
    let address = u64::from(u32::from(address.parse::<Ipv4Addr>().unwrap()));
    (first..end).contains(&address)
}

/// Subnets lie within their network, beside each other; fixed addresses within their subnets.
#[test]
fn addresses_fit() {
    let mut networks = Vec::new();
    for environment in ENVIRONMENTS {
        let objects = azure(environment);
        let find = |wanted: &str| objects.iter().find(|object| kind(object) == wanted).unwrap();
        let network = list(find("VirtualNetwork"), "spec.addressSpace.addressPrefixes")
            .find_map(Value::as_str)
            .unwrap()
            .to_owned();
        let subnets: BTreeMap<&str, &str> = objects
            .iter()
            .filter(|object| kind(object) == "VirtualNetworksSubnet")
            .map(|object| (name(object), text(object, "spec.addressPrefix")))
            .collect();
        let (first, end) = block(&network);
        let mut blocks: Vec<(u64, u64)> = subnets.values().map(|subnet| block(subnet)).collect();
        blocks.sort_unstable();
        assert!(blocks.iter().all(|(from, to)| first <= *from && *to <= end), "{subnets:?}");
        assert!(blocks.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{subnets:?} overlap");

        assert!(holds(
            subnets["firewall"],
            text(find("RouteTablesRoute"), "spec.nextHopIpAddress")
        ));
        let private = list(find("ApplicationGateway"), "spec.frontendIPConfigurations")
            .find_map(|frontend| at(frontend, "privateIPAddress").as_str())
            .unwrap();
        assert!(holds(subnets["gateway"], private));
        for record in objects.iter().filter(|object| kind(object) == "PrivateDnsZonesARecord") {
            let points = list(record, "spec.aRecords").map(|one| text(one, "ipv4Address"));
            assert_eq!(points.collect::<Vec<_>>(), [private], "{}", name(record));
        }

        // The load balancer of the Gateway is where the firewall translates to.
        let configs = build(&format!("infrastructure/configs/{environment}"));
        let proxy = configs.iter().find(|object| kind(object) == "EnvoyProxy").unwrap();
        let annotations = at(proxy, "spec.provider.kubernetes.envoyService.annotations");
        let address = annotations["service.beta.kubernetes.io/azure-load-balancer-ipv4"].as_str();
        assert!(holds(subnets["user"], address.unwrap()));
        let parameters = json(&format!("{environment}/parameters/firewall.json"));
        assert_eq!(parameters["parameters"]["gatewayAddress"]["value"].as_str(), address);
        networks.push(network);
    }
    let (one, other) = (block(&networks[0]), block(&networks[1]));
    assert!(one.1 <= other.0 || other.1 <= one.0, "{networks:?} overlap");
}

/// Nothing of one environment is left in the other, nor anything of the base that an overlay replaces.
#[test]
fn environments_are_apart() {
    let mut names = BTreeSet::new();
    for environment in NAMESPACES {
        for object in azure(environment) {
            let everything = serde_yaml::to_string(&object).unwrap();
            for stranger in ["00000000-0000", ".invalid", "/rg-contoso/"] {
                assert!(
                    !everything.contains(stranger),
                    "{environment}: {stranger} in {everything}"
                );
            }
            let global =
                ["ManagedCluster", "Vault", "RedisEnterprise", "FlexibleServer", "ResourceGroup"];
            if global.contains(&kind(&object)) {
                let named = (kind(&object).to_owned(), text(&object, "spec.azureName").to_owned());
                assert!(names.insert(named.clone()), "{named:?} is there twice");
            }
        }
    }
    // Five of each environment, and the registry's group.
    assert_eq!(names.len(), 11);
}

fn json(path: &str) -> serde_json::Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("infrastructure/azure").join(path);
    let content = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}", path.display()));
    serde_json::from_str(&content).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Each environment gives each template the parameters that it declares, and no other.
#[test]
fn templates_have_their_parameters() {
    let templates = [
        ("base/templates/firewall.json", "firewall.json", &ENVIRONMENTS[..]),
        ("base/templates/data.daily.json", "data.daily.json", &ENVIRONMENTS[..]),
        ("base/templates/logs.json", "logs.json", &ENVIRONMENTS[..]),
        ("registry/registry.json", "registry.json", &["registry"][..]),
    ];
    for (template, parameters, environments) in templates {
        let keys = |document: serde_json::Value| -> BTreeSet<String> {
            document["parameters"].as_object().unwrap().keys().cloned().collect()
        };
        for environment in environments {
            let given = keys(json(&format!("{environment}/parameters/{parameters}")));
            assert_eq!(keys(json(template)), given, "{template} in {environment}");
        }
    }
}

/// Charts and images are the team's copies, pinned by digest.
#[test]
fn everything_comes_from_the_mirror() {
    let public =
        ["docker.io", "quay.io", "ghcr.io", "registry.k8s.io", "mcr.microsoft.com", "gcr.io"];
    let mut releases = 0;
    for cluster in ["staging", "production", "management"] {
        for object in build(&format!("infrastructure/controllers/{cluster}")) {
            if kind(&object) == "OCIRepository" {
                assert!(
                    text(&object, "spec.ref.digest").starts_with("sha256:"),
                    "{}",
                    name(&object)
                );
                assert!(text(&object, "spec.url").starts_with("oci://contoso.azurecr.io/mirror/"));
            }
            if kind(&object) == "HelmRelease" {
                releases += 1;
                let values = serde_yaml::to_string(at(&object, "spec.values")).unwrap();
                for registry in public {
                    assert!(!values.contains(registry), "{}: {registry}", name(&object));
                }
                mappings("", at(&object, "spec.values"), &mut |key, node| {
                    let pinned = ["sha", "digest"].iter().any(|key| !text(node, key).is_empty())
                        || serde_yaml::to_string(node).unwrap().contains("@sha256:");
                    assert!(key != "image" || pinned, "{}: {node:?}", name(&object));
                });
            }
        }
    }
    assert_eq!(releases, 11);
}
