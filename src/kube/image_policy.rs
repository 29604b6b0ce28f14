//! Where images may come from: the entries of `images.allow`, and the paths of
//! `images.fields`.

use std::fmt;

use serde::Deserialize;
use spanned_yaml::{Kind, Node};

use super::{
    ImageReference,
    image_reference::{KnownPrefix, is_domain},
};

/// An entry of `images.allow`. It is held against the parts of a reference,
/// never against its text.
///
/// | entry | allows |
/// |---|---|
/// | `contoso.azurecr.io` | every repository of that host |
/// | `contoso.azurecr.io/team/*` | every repository below `team/`, at any depth |
/// | `contoso.azurecr.io/team/api` | that repository |
/// | `*.azurecr.io` | every host with exactly one more label |
/// | `localhost:5000` | that host on that port; without a port, only the default port |
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ImagePattern {
    text: String,
    /// The host with its port. With `any_label`, what follows the first label, dot included.
    host: String,
    any_label: bool,
    repository: Repository,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Repository {
    Any,
    /// Ends in `/`.
    Below(String),
    Is(String),
}

/// Whether an image lies within `images.allow`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Some entry matches, whatever the variables turn out to be.
    Yes,
    /// No entry can match.
    No,
    /// It depends on a variable.
    Unknown,
}

impl ImagePattern {
    /// `*.suffix`: the hosts one label below a domain.
    pub fn any_host_of(suffix: &str) -> Self {
        Self {
            text: format!("*.{suffix}"),
            host: format!(".{suffix}"),
            any_label: true,
            repository: Repository::Any,
        }
    }

    fn matches_host(&self, domain: &str) -> bool {
        if !self.any_label {
            return domain == self.host;
        }
        domain.strip_suffix(self.host.as_str()).is_some_and(|label| {
            !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
    }

    fn matches(&self, reference: &ImageReference<'_>) -> bool {
        self.matches_host(reference.domain)
            && match &self.repository {
                Repository::Any => true,
                Repository::Below(prefix) => reference.is_below(prefix),
                Repository::Is(path) => reference.has_path(path),
            }
    }

    fn judge_prefix(&self, known: &KnownPrefix<'_>) -> Allowed {
        if !self.matches_host(known.domain) {
            return Allowed::No;
        }
        let (path, decided) = match &self.repository {
            Repository::Any => return Allowed::Yes,
            Repository::Below(prefix) => (prefix, known.path.starts_with(prefix.as_str())),
            Repository::Is(path) => (path, false),
        };
        match decided {
            true => Allowed::Yes,
            false if path.starts_with(known.path) => Allowed::Unknown,
            false => Allowed::No,
        }
    }
}

/// Judges a reference that is fully known.
pub fn is_allowed(patterns: &[ImagePattern], reference: &ImageReference<'_>) -> bool {
    patterns.iter().any(|pattern| pattern.matches(reference))
}

/// Judges what stands before the first variable of a reference. A variable is
/// taken to stand for text within the reference; one whose value breaks out of
/// the YAML scalar is beyond this.
pub fn judge_prefix(patterns: &[ImagePattern], text: &str) -> Allowed {
    let Some(known) = KnownPrefix::read(text) else {
        return if patterns.is_empty() { Allowed::No } else { Allowed::Unknown };
    };
    let mut best = Allowed::No;
    for pattern in patterns {
        match pattern.judge_prefix(&known) {
            Allowed::Yes => return Allowed::Yes,
            Allowed::Unknown => best = Allowed::Unknown,
            Allowed::No => {}
        }
    }
    best
}

impl fmt::Display for ImagePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for ImagePattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("\"{text}\" can't be matched against images: {why}"));
        if text.contains("://") {
            return wrong("leave out the URL scheme");
        }
        if text.contains('@') {
            return wrong("write a repository without a digest");
        }
        let (host, path) = match text.split_once('/') {
            Some((host, path)) => (host, Some(path)),
            None => (text.as_str(), None),
        };
        let (any_label, host) = match host.strip_prefix('*') {
            Some(suffix) => (true, suffix),
            None => (false, host),
        };
        if host.contains('*') || (any_label && !host.starts_with('.')) {
            return wrong("\"*.\" may stand for the first label of a host, and nothing less");
        }
        let name = if any_label { host.get(1..).unwrap_or_default() } else { host };
        if !is_domain(name) || !(any_label || name == "localhost" || name.contains(['.', ':'])) {
            return wrong("it must begin with a registry host, as in docker.io/library/nginx");
        }
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return wrong("write the host in lower case");
        }
        let host = if host == "index.docker.io" { "docker.io" } else { host };
        let repository = match path {
            None | Some("*") => Repository::Any,
            Some(path) => {
                let (parent, below) = match path.strip_suffix("/*") {
                    Some(parent) => (parent, true),
                    None => (path, false),
                };
                // A stand-in host: only the path is in question here.
                let probe = format!("registry.invalid/{parent}");
                match ImageReference::parse(&probe) {
                    _ if parent.contains('*') => {
                        return wrong("after the host, \"*\" may only be the whole last component");
                    }
                    Ok(reference) if reference.tag.is_some() => {
                        return wrong("write a repository without a tag");
                    }
                    Err(error) => return wrong(&error.to_string()),
                    Ok(_) if below => Repository::Below(format!("{parent}/")),
                    Ok(_) if host == "docker.io" && !parent.contains('/') => {
                        Repository::Is(format!("library/{parent}"))
                    }
                    Ok(_) => Repository::Is(parent.to_owned()),
                }
            }
        };
        Ok(Self { host: host.to_owned(), any_label, repository, text: text.clone() })
    }
}

/// Path of an image field in a custom resource: keys joined by `.`, `[*]` for
/// all items of a list, as `spec.sidecars[*].image`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ImageField {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Items,
}

impl ImageField {
    /// Calls `visit` with every value that the path reaches. A mapping where a
    /// list is asked for, and the like, is handed over as it is.
    pub fn visit<'a>(&self, root: Node<'a>, visit: &mut dyn FnMut(Node<'a>)) {
        let mut open = vec![(root, self.steps.as_slice())];
        while let Some((node, steps)) = open.pop() {
            match steps {
                [] => visit(node),
                _ if node.is_null() => {}
                [Step::Key(key), rest @ ..] if node.kind() == Kind::Mapping => {
                    open.extend(node.get(key).map(|value| (value, rest)));
                }
                [Step::Items, rest @ ..] if node.kind() == Kind::Sequence => {
                    open.extend(node.items().map(|item| (item, rest)));
                }
                _ => visit(node),
            }
        }
    }
}

impl fmt::Display for ImageField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for ImageField {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut steps = Vec::new();
        for part in text.split('.') {
            let mut key = part;
            let mut lists = 0_usize;
            while let Some(rest) = key.strip_suffix("[*]") {
                key = rest;
                lists += 1;
            }
            if key.is_empty() || key.contains(['[', ']', '*']) {
                return Err(format!(
                    "\"{text}\" is not a field path: write keys and [*], as spec.sidecars[*].image"
                ));
            }
            steps.push(Step::Key(key.to_owned()));
            steps.extend(std::iter::repeat_n(Step::Items, lists));
        }
        Ok(Self { text, steps })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> ImagePattern {
        ImagePattern::try_from(text.to_owned()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn allows(entry: &str, image: &str) -> bool {
        ImageReference::parse(image)
            .is_ok_and(|reference| is_allowed(&[pattern(entry)], &reference))
    }

    #[test]
    fn an_entry_allows_what_it_names() {
        for (entry, image) in [
            ("contoso.azurecr.io", "contoso.azurecr.io/app:1"),
            ("contoso.azurecr.io", "contoso.azurecr.io/team/app"),
            ("contoso.azurecr.io/*", "contoso.azurecr.io/team/app"),
            ("contoso.azurecr.io/team/*", "contoso.azurecr.io/team/app"),
            ("contoso.azurecr.io/team/*", "contoso.azurecr.io/team/a/b"),
            ("contoso.azurecr.io/team/app", "contoso.azurecr.io/team/app:1"),
            ("*.azurecr.io", "contoso.azurecr.io/app"),
            ("*.azurecr.io/base/*", "contoso.azurecr.io/base/app"),
            ("localhost:5000", "localhost:5000/app"),
            ("docker.io", "nginx"),
            ("docker.io/nginx", "nginx"),
            ("docker.io/library/*", "nginx"),
            ("index.docker.io/library/nginx", "docker.io/nginx"),
            ("docker.io/grafana/*", "grafana/grafana"),
            ("*.azurecr.io:8443", "a.azurecr.io:8443/app"),
        ] {
            assert!(allows(entry, image), "{entry} {image}");
        }
    }

    #[test]
    fn nothing_else_gets_through() {
        for (entry, image) in [
            ("contoso.azurecr.io", "contoso.azurecr.io.evil.com/app"),
            ("contoso.azurecr.io", "evil.com/contoso.azurecr.io/x"),
            ("contoso.azurecr.io", "contoso.azurecr.io@evil"),
            ("contoso.azurecr.io", "contoso.azurecr.io@evil.com/app"),
            ("contoso.azurecr.io", "CONTOSO.azurecr.io/app"),
            ("contoso.azurecr.io", "contoso.azurecr.io:8443/app"),
            ("contoso.azurecr.io", "contoso.azurecr.io"),
            ("contoso.azurecr.io", "contoso.azurecr.io:1"),
            ("contoso.azurecr.io", "contoso_azurecr.io/app"),
            ("contoso.azurecr.io", "xcontoso.azurecr.io/app"),
            ("contoso.azurecr.io", "contoso.azurecr.io./app"),
            ("contoso.azurecr.io/team/*", "contoso.azurecr.io/teams/app"),
            ("contoso.azurecr.io/team/*", "contoso.azurecr.io/team"),
            ("contoso.azurecr.io/team/*", "contoso.azurecr.io/x/team/app"),
            ("contoso.azurecr.io/team/*", "contoso.azurecr.io/team/../app"),
            ("contoso.azurecr.io/team/app", "contoso.azurecr.io/team/app/x"),
            ("contoso.azurecr.io/team/app", "contoso.azurecr.io/team/app2"),
            ("*.azurecr.io", "azurecr.io/app"),
            ("*.azurecr.io", "a.b.azurecr.io/app"),
            ("*.azurecr.io", "evilazurecr.io/app"),
            ("*.azurecr.io", "EVIL.azurecr.io/app"),
            ("*.azurecr.io", "a.azurecr.io.evil.com/app"),
            ("*.azurecr.io", "a.azurecr.io:443/app"),
            ("*.azurecr.io", "my_host.azurecr.io/app"),
            ("localhost:5000", "localhost/app"),
            ("docker.io/nginx", "docker.io/nginx/nginx"),
            ("docker.io/library/*", "grafana/grafana"),
        ] {
            assert!(!allows(entry, image), "{entry} {image}");
        }
    }

    #[test]
    fn a_variable_is_judged_by_what_stands_before_it() {
        let entries = [pattern("contoso.azurecr.io/team/*"), pattern("*.example.com")];
        for (text, allowed) in [
            ("", Allowed::Unknown),
            ("contoso.azurecr.io", Allowed::Unknown),
            ("contoso.azurecr.io/", Allowed::Unknown),
            ("contoso.azurecr.io/te", Allowed::Unknown),
            ("contoso.azurecr.io/team/", Allowed::Yes),
            ("contoso.azurecr.io/team/x-", Allowed::Yes),
            ("contoso.azurecr.io/teams", Allowed::No),
            ("evil.com/", Allowed::No),
            ("team/", Allowed::No),
            ("a.example.com/", Allowed::Yes),
            ("foo_bar.example.com/", Allowed::No),
        ] {
            assert_eq!(judge_prefix(&entries, text), allowed, "{text}");
        }
        assert_eq!(judge_prefix(&[], ""), Allowed::No);
    }

    #[test]
    fn entries_that_could_never_match_are_refused() {
        for entry in [
            "",
            "*",
            "*azurecr.io",
            "*.*.io",
            "a.*.io",
            "team/*",
            "nginx",
            "https://contoso.azurecr.io",
            "Contoso.azurecr.io",
            "contoso.azurecr.io/",
            "contoso.azurecr.io/Team/*",
            "contoso.azurecr.io/te*",
            "contoso.azurecr.io/*/app",
            "contoso.azurecr.io/app:1",
            "contoso.azurecr.io/app@sha256:0",
            "contoso.azurecr.io:/app",
            "*./x",
        ] {
            let result = ImagePattern::try_from(entry.to_owned());
            assert!(result.is_err(), "{entry}: {result:?}");
        }
    }

    #[test]
    fn field_paths_reach_all_items() {
        let tree = spanned_yaml::parse(
            "spec:\n  image: a\n  sidecars:\n  - image: b\n  - image: c\n  - name: d\n",
        );
        let root = tree.documents().first().and_then(|document| document.root).unwrap();
        let reach = |path: &str| {
            let mut found = Vec::new();
            ImageField::try_from(path.to_owned())
                .unwrap()
                .visit(tree.node(root), &mut |node| found.push(node.text().to_owned()));
            found.sort();
            found
        };
        assert_eq!(reach("spec.image"), ["a"]);
        assert_eq!(reach("spec.sidecars[*].image"), ["b", "c"]);
        assert!(reach("spec.none[*].image").is_empty());
        for path in ["", "spec..image", "spec.a[0]", "spec.[*]", "a*"] {
            assert!(ImageField::try_from(path.to_owned()).is_err(), "{path}");
        }
    }
}
