//! Image references, as container runtimes read them.
//!
//! The grammar is that of github.com/distribution/reference:
//! `ParseNormalizedNamed` in normalize.go, the expressions in regexp.go;
//! digests are judged by github.com/opencontainers/go-digest.

use std::borrow::Cow;

/// The registry that a name without a host is pulled from.
const DOCKER_HUB: &str = "docker.io";
/// Its old name, which means the same.
const LEGACY_DOCKER_HUB: &str = "index.docker.io";
/// What stands before the one component of a name on Docker Hub.
const OFFICIAL: &str = "library/";

/// An image reference, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageReference<'t> {
    /// Registry host with its port. Empty where the first component looks like
    /// a host but is only valid as a part of the path (`foo_bar.com/app`).
    pub domain: &'t str,
    /// The path as written, without the `library/` that Docker Hub implies.
    name: &'t str,
    /// Whether `library/` is implied.
    official: bool,
    /// What follows `:`.
    pub tag: Option<&'t str>,
    /// What follows `@`, with its algorithm.
    pub digest: Option<&'t str>,
}

/// Why a text isn't an image reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReference {
    /// Nothing is there.
    #[error("it is empty")]
    Empty,
    /// White space somewhere.
    #[error("it has white space in it")]
    Space,
    /// A URL scheme in front.
    #[error("it starts with a URL scheme")]
    Scheme,
    /// 64 hexadecimal digits are an image id, not a name.
    #[error("64 hexadecimal digits are taken for an image id")]
    Identifier,
    /// Upper case in the repository's path.
    #[error("its repository path has upper-case letters")]
    UpperCase,
    /// The host has characters or a port that none may have.
    #[error("its registry host is not a valid host name")]
    Domain,
    /// A component of the path is empty, or doesn't start and end with a letter or digit.
    #[error("its repository path is not valid")]
    Path,
    /// Longer than 255 characters.
    #[error("its repository path is longer than 255 characters")]
    TooLong,
    /// Not 1 to 128 letters, digits, `_`, `.`, `-`, or it starts with `.` or `-`.
    #[error("its tag is not valid")]
    Tag,
    /// Not sha256, sha384 or sha512.
    #[error("its digest is not of sha256, sha384 or sha512")]
    DigestAlgorithm,
    /// Too short or too long for the algorithm.
    #[error("its digest has the wrong length")]
    DigestLength,
    /// Not lower-case hexadecimal digits.
    #[error("its digest is not in lower-case hexadecimal digits")]
    Digest,
}

impl<'t> ImageReference<'t> {
    /// Reads a reference as `ParseNormalizedNamed` does.
    ///
    /// # Errors
    /// When upstream refuses the text.
    pub fn parse(text: &'t str) -> Result<Self, InvalidReference> {
        if text.is_empty() {
            return Err(InvalidReference::Empty);
        }
        if text.len() == 64 && text.bytes().all(is_lower_hex) {
            return Err(InvalidReference::Identifier);
        }
        let (domain, rest) = split_domain(text);
        let (name, suffix) = rest.split_at_checked(end_of_name(rest)).unwrap_or((rest, ""));
        let mut reference = Self {
            domain,
            name,
            official: domain == DOCKER_HUB && !rest.contains('/'),
            tag: None,
            digest: None,
        };
        if !is_domain(domain) {
            // Upstream's expression may take the host for the first part of the path.
            let end = text.len() - suffix.len();
            match text.get(..end).filter(|whole| is_path(whole)) {
                Some(whole) => (reference.domain, reference.name) = ("", whole),
                None => return Err(why_not(text, domain, name)),
            }
        } else if !is_path(name) {
            return Err(why_not(text, domain, name));
        }
        if reference.name.len() + if reference.official { OFFICIAL.len() } else { 0 } > 255 {
            return Err(InvalidReference::TooLong);
        }
        let (tag, digest) = match suffix.split_once('@') {
            Some((tag, digest)) => (tag, Some(digest)),
            None => (suffix, None),
        };
        if !tag.is_empty() {
            let tag = tag.strip_prefix(':').filter(|tag| is_tag(tag));
            reference.tag = Some(tag.ok_or_else(|| spaced(text, InvalidReference::Tag))?);
        }
        if let Some(digest) = digest {
            check_digest(digest).map_err(|error| spaced(text, error))?;
            reference.digest = Some(digest);
        }
        Ok(reference)
    }

    /// The repository's path on its registry, with the implied `library/`.
    pub fn path(&self) -> Cow<'t, str> {
        if self.official {
            Cow::Owned(format!("{OFFICIAL}{}", self.name))
        } else {
            Cow::Borrowed(self.name)
        }
    }

    /// Whether the path lies below `prefix`, which ends in `/` or is empty.
    pub fn is_below(&self, prefix: &str) -> bool {
        if !self.official {
            return self.name.starts_with(prefix);
        }
        prefix.is_empty() || prefix == OFFICIAL
    }

    /// Whether the path is `path`.
    pub fn has_path(&self, path: &str) -> bool {
        if !self.official {
            return self.name == path;
        }
        path.strip_prefix(OFFICIAL) == Some(self.name)
    }
}

/// What stands before the first variable of a text that isn't fully known:
/// the parts of a reference that no value can change any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KnownPrefix<'t> {
    /// Registry host, as in [`ImageReference::domain`].
    pub(super) domain: &'t str,
    /// The beginning of the path; more follows directly.
    pub(super) path: &'t str,
}

impl<'t> KnownPrefix<'t> {
    /// Reads what stands before the first variable. None if that doesn't
    /// reach the first `/`: then the host itself is open.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        if !text.contains('/') {
            return None;
        }
        let (domain, path) = split_domain(text);
        if !is_domain(domain) {
            return Some(Self { domain: "", path: text });
        }
        // Docker Hub puts `library/` before a path of one component, and
        // whether there is one is open.
        let open = domain == DOCKER_HUB && !path.contains('/');
        Some(Self { domain, path: if open { "" } else { path } })
    }
}

/// Splits off the host. A first component is one only if it has a dot or a
/// colon, is `localhost`, or has an upper-case letter (`splitDockerDomain`).
fn split_domain(text: &str) -> (&str, &str) {
    match text.split_once('/') {
        Some((LEGACY_DOCKER_HUB, rest)) => (DOCKER_HUB, rest),
        Some((first, rest)) if is_host_like(first) => (first, rest),
        _ => (DOCKER_HUB, text),
    }
}

fn is_host_like(first: &str) -> bool {
    first == "localhost"
        || first.bytes().any(|byte| matches!(byte, b'.' | b':'))
        || has_upper_case(first)
}

/// Go's `strings.ToLower(text) != text`.
fn has_upper_case(text: &str) -> bool {
    if text.is_ascii() {
        return text.bytes().any(|byte| byte.is_ascii_uppercase());
    }
    text.chars().any(|c| !c.to_lowercase().eq([c]))
}

/// Where the name ends and tag or digest begin. A path has neither `:` nor `@`.
fn end_of_name(rest: &str) -> usize {
    rest.bytes().position(|byte| matches!(byte, b':' | b'@')).unwrap_or(rest.len())
}

/// `domainAndPort` of upstream's regexp.go.
pub(super) fn is_domain(text: &str) -> bool {
    let (host, port) = if text.starts_with('[') {
        let Some((address, port)) = text.split_once(']') else { return false };
        let address = address.get(1..).unwrap_or_default();
        if address.is_empty() || !address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':') {
            return false;
        }
        let Some(port) = port.strip_prefix(':') else { return port.is_empty() };
        (None, Some(port))
    } else {
        match text.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(text), None),
        }
    };
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        let ends = [bytes.first(), bytes.last()];
        ends.iter().all(|end| end.is_some_and(u8::is_ascii_alphanumeric))
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    host.is_none_or(|host| host.split('.').all(is_label))
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

/// `remoteName` of upstream's regexp.go: components of lower-case letters and
/// digits with single `.`, one or two `_`, or any number of `-` between them.
fn is_path(text: &str) -> bool {
    let mut after = b'/';
    let mut run = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' => run = 0,
            b'/' | b'.' | b'_' | b'-' => {
                run += 1;
                let may_repeat = match byte {
                    b'-' => run == 1 || after == b'-',
                    b'_' => run == 1 || (run == 2 && after == b'_'),
                    _ => run == 1,
                };
                if !may_repeat || after == b'/' {
                    return false;
                }
            }
            _ => return false,
        }
        after = byte;
    }
    matches!(after, b'a'..=b'z' | b'0'..=b'9')
}

fn is_tag(tag: &str) -> bool {
    let mut bytes = tag.bytes();
    tag.len() <= 128
        && bytes.next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

fn is_lower_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn check_digest(digest: &str) -> Result<(), InvalidReference> {
    let (algorithm, encoded) = digest.split_once(':').ok_or(InvalidReference::DigestAlgorithm)?;
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return Err(InvalidReference::DigestAlgorithm),
    };
    if encoded.len() != length {
        return Err(InvalidReference::DigestLength);
    }
    if !encoded.bytes().all(is_lower_hex) {
        return Err(InvalidReference::Digest);
    }
    Ok(())
}

/// The most helpful of the reasons why a name was refused.
fn why_not(text: &str, domain: &str, name: &str) -> InvalidReference {
    let scheme = ["http://", "https://", "oci://", "docker://"];
    let reason = if scheme.iter().any(|scheme| text.starts_with(scheme)) {
        InvalidReference::Scheme
    } else if !is_domain(domain) {
        InvalidReference::Domain
    } else if has_upper_case(name) {
        InvalidReference::UpperCase
    } else {
        InvalidReference::Path
    };
    spaced(text, reason)
}

/// White space explains more than the part in which it was found.
fn spaced(text: &str, reason: InvalidReference) -> InvalidReference {
    if text.contains(char::is_whitespace) { InvalidReference::Space } else { reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, String, String, String) {
        let reference = ImageReference::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        (
            reference.domain.to_owned(),
            reference.path().into_owned(),
            reference.tag.unwrap_or_default().to_owned(),
            reference.digest.unwrap_or_default().to_owned(),
        )
    }

    #[test]
    fn names_without_a_host_are_on_docker_hub() {
        for (text, domain, path, tag) in [
            ("nginx", "docker.io", "library/nginx", ""),
            ("nginx:1.27", "docker.io", "library/nginx", "1.27"),
            ("grafana/grafana:11", "docker.io", "grafana/grafana", "11"),
            ("docker.io/nginx", "docker.io", "library/nginx", ""),
            ("index.docker.io/nginx", "docker.io", "library/nginx", ""),
            ("index.docker.io/a/b", "docker.io", "a/b", ""),
            ("localhost/app", "localhost", "app", ""),
            ("localhost:5000/app:x", "localhost:5000", "app", "x"),
            ("registry:5000/app", "registry:5000", "app", ""),
            ("registry/app", "docker.io", "registry/app", ""),
            ("Registry/app", "Registry", "app", ""),
            ("ghcr.io/a/b/c:v1", "ghcr.io", "a/b/c", "v1"),
            ("contoso.azurecr.io", "docker.io", "library/contoso.azurecr.io", ""),
            ("registry:5000", "docker.io", "library/registry", "5000"),
            ("[::1]:5000/app", "[::1]:5000", "app", ""),
            ("[FE80]/app", "[FE80]", "app", ""),
            ("foo_bar.com/app:1", "", "foo_bar.com/app", "1"),
        ] {
            assert_eq!(
                parts(text),
                (domain.to_owned(), path.to_owned(), tag.to_owned(), String::new()),
                "{text}"
            );
        }
    }

    #[test]
    fn tag_and_digest_may_both_be_there() {
        let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
        let text = format!("ghcr.io/a/b:v1@{digest}");
        assert_eq!(parts(&text), ("ghcr.io".into(), "a/b".into(), "v1".into(), digest.clone()));
        let text = format!("nginx@{digest}");
        assert_eq!(parts(&text).3, digest);
    }

    #[test]
    fn every_refusal_has_its_reason() {
        use InvalidReference as E;
        let hex = "0123456789abcdef".repeat(4);
        for (text, error) in [
            ("", E::Empty),
            (" nginx", E::Space),
            ("nginx:1 ", E::Space),
            ("https://ghcr.io/a/b", E::Scheme),
            (hex.as_str(), E::Identifier),
            ("ghcr.io/Acme/app", E::UpperCase),
            ("Nginx", E::UpperCase),
            ("ghcr.io:/app", E::Domain),
            ("ghcr.io:http/app", E::Domain),
            ("-a.io/app", E::Domain),
            ("ghcr.io/", E::Path),
            ("ghcr.io//app", E::Path),
            ("/app", E::Path),
            ("a..b", E::Path),
            ("a___b", E::Path),
            ("a-", E::Path),
            ("ghcr.io./app", E::Domain),
            ("nginx:", E::Tag),
            ("nginx:-1", E::Tag),
            ("nginx:a:b", E::Tag),
            ("registry/app:5000/x", E::Tag),
            ("contoso.azurecr.io@evil", E::DigestAlgorithm),
            ("nginx@sha256:abc", E::DigestLength),
            ("nginx@md5:0123456789abcdef0123456789abcdef", E::DigestAlgorithm),
        ] {
            assert_eq!(ImageReference::parse(text), Err(error), "{text}");
        }
        let upper = format!("nginx@sha256:{}", hex.to_uppercase());
        assert_eq!(ImageReference::parse(&upper), Err(E::Digest));
        let long = "a/".repeat(127) + "bc";
        assert_eq!(ImageReference::parse(&long), Err(E::TooLong));
        let long = format!("nginx:{}", "1".repeat(129));
        assert_eq!(ImageReference::parse(&long), Err(E::Tag));
    }

    #[test]
    fn paths_are_compared_with_the_implied_library() {
        let nginx = ImageReference::parse("nginx").unwrap();
        assert!(nginx.has_path("library/nginx") && !nginx.has_path("nginx"));
        assert!(nginx.is_below("library/") && nginx.is_below("") && !nginx.is_below("lib/"));
        let app = ImageReference::parse("ghcr.io/team/app").unwrap();
        assert!(app.has_path("team/app") && app.is_below("team/") && !app.is_below("teams/"));
    }

    #[test]
    fn a_prefix_settles_the_host_only_from_its_slash_on() {
        let read = |text| KnownPrefix::read(text).map(|known| (known.domain, known.path));
        assert_eq!(read("contoso.azurecr.io"), None);
        assert_eq!(read("contoso.azurecr.io/"), Some(("contoso.azurecr.io", "")));
        assert_eq!(read("contoso.azurecr.io/team/ap"), Some(("contoso.azurecr.io", "team/ap")));
        assert_eq!(read("docker.io/ngi"), Some(("docker.io", "")));
        assert_eq!(read("grafana/"), Some(("docker.io", "grafana/")));
        assert_eq!(read("foo_bar.com/"), Some(("", "foo_bar.com/")));
    }
}
