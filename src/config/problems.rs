//! What is wrong with a configuration beyond what its schema can tell.

use super::{Config, KubernetesVersions};
use crate::schema::Versions;

impl Config {
    /// Values that can't be used: the JSON pointer of each and why.
    pub(super) fn problems(&self) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        for (index, ignore) in self.ignore.iter().enumerate() {
            if let Some(until) = &ignore.until
                && until.parse::<jiff::civil::Date>().is_err()
            {
                problems
                    .push((format!("/ignore/{index}/until"), format!("\"{until}\" is not a date")));
            }
        }
        let mut versions: Vec<(String, &str)> = Vec::new();
        match &self.kubernetes {
            KubernetesVersions::Newest => {}
            KubernetesVersions::One(one) => versions.push(("/kubernetes".to_owned(), one)),
            KubernetesVersions::Many(many) => {
                let pointers = many.iter().enumerate();
                versions.extend(
                    pointers.map(|(index, one)| (format!("/kubernetes/{index}"), one.as_str())),
                );
            }
        }
        for (name, cluster) in &self.clusters {
            if let Some(version) = &cluster.kubernetes {
                let name = name.replace('~', "~0").replace('/', "~1");
                versions.push((format!("/clusters/{name}/kubernetes"), version));
            }
        }
        for (pointer, version) in versions {
            if Versions::parse(version).is_none() {
                let known = Versions::known();
                problems.push((
                    pointer,
                    format!("there are no schemas for Kubernetes {version}, only for {known}"),
                ));
            }
        }
        for (pointer, why) in crate::netpol::allowance_problems(&self.egress.allow) {
            problems.push((format!("/egress/allow{pointer}"), why));
        }
        problems
    }
}
