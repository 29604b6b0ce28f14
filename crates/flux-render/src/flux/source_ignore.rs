//! Which paths source-controller leaves out of an artifact.
//!
//! The syntax is that of `.gitignore`, the reading of it isn't git's. The order of patterns, what
//! they match, and the defaults are those of github.com/fluxcd/pkg/sourceignore v0.19.0
//! (`ReadPatterns`, `LoadIgnorePatterns`, `gitignore.ParsePattern`, `Matcher`), put together as
//! source-controller v1.9 does (`SourceIgnoreFilter` of its storage; `fetchEtagIndex` for buckets).
//! What differs from git:
//!
//! - A pattern without a slash matches when any part of the path has the name, and one with a slash
//!   when it matches the path's beginning: a negated pattern brings back what lies below a folder,
//!   whatever is said of the folder itself.
//! - `**` counts only as a whole part of a path; `a/**` matches `a`, too.
//! - `#` begins a comment, `!` a negation; a backslash before them is the glob's own.
//! - Any pattern of the user's turns off the defaults, but for git's own files.

use super::file_match::{self, BadPattern};

/// The name of files with patterns.
pub const SOURCE_IGNORE: &str = ".sourceignore";

/// What is always left out, at the lowest priority.
const VERSION_CONTROL: [&str; 4] = [".git/", ".gitignore", ".gitmodules", ".gitattributes"];
/// What is left out unless there is any pattern.
const DEFAULTS: [&str; 20] = [
    "*.jpg",
    "*.jpeg",
    "*.gif",
    "*.png",
    "*.wmv",
    "*.flv",
    "*.tar.gz",
    "*.zip",
    ".github/",
    ".circleci/",
    ".travis.yml",
    ".gitlab-ci.yml",
    "appveyor.yml",
    ".drone.yml",
    "cloudbuild.yaml",
    "codeship-services.yml",
    "codeship-steps.yml",
    "**/.goreleaser.yml",
    "**/.sops.yaml",
    "**/.flux.yaml",
];

/// Longest line that is read, in bytes: at a longer one, reading ends (`bufio.MaxScanTokenSize`).
const LONGEST_LINE: usize = 64 * 1024 - 1;

/// Where a pattern is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// Nowhere: Flux has it by default.
    Default,
    /// In the `.sourceignore` of a folder.
    File(Box<str>),
    /// In the source's `spec.ignore`.
    Spec,
}

/// A pattern, and where it is written.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) written: Written,
    /// Its line, from 1.
    pub(super) line: u32,
    /// Its text.
    pub(super) text: Box<str>,
    /// Parts of the path of the folder for which it holds.
    domain: Box<[Box<str>]>,
    parts: Box<[Part]>,
    /// What it matches stays.
    includes: bool,
    /// It matches folders, and what is below them.
    folders_only: bool,
    /// It has a slash, and so is matched from the folder's beginning.
    is_path: bool,
}

/// A part of a pattern.
#[derive(Clone, Debug)]
struct Part {
    text: Box<[u8]>,
    /// It has no character with a meaning of its own.
    is_plain: bool,
    /// It has two stars beside each other.
    has_stars: bool,
}

impl Part {
    fn new(text: &[u8]) -> Self {
        Self {
            text: text.into(),
            is_plain: !text.iter().any(|byte| b"*?[\\".contains(byte)),
            has_stars: text.windows(2).any(|two| two == b"**"),
        }
    }

    fn matches(&self, name: &str) -> Result<bool, BadPattern> {
        if self.is_plain {
            return Ok(*self.text == *name.as_bytes());
        }
        file_match::matches(&self.text, name.as_bytes())
    }
}

impl Pattern {
    /// Reads a pattern that holds below a folder.
    fn parse(text: &[u8], domain: &[Box<str>], written: Written, line: u32) -> Self {
        let (includes, mut rest) = match text.strip_prefix(b"!") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if !rest.ends_with(b"\\ ") {
            let spaces = rest.iter().rev().take_while(|byte| **byte == b' ').count();
            rest = rest.get(..rest.len() - spaces).unwrap_or_default();
        }
        let (folders_only, rest) = match rest.strip_suffix(b"/") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        Self {
            written,
            line,
            text: String::from_utf8_lossy(text).trim_end().into(),
            domain: domain.into(),
            parts: rest.split(|byte| *byte == b'/').map(Part::new).collect(),
            includes,
            folders_only,
            is_path: rest.contains(&b'/'),
        }
    }

    fn matches(&self, path: &[&str], is_folder: bool) -> bool {
        let Some((domain, path)) = path.split_at_checked(self.domain.len()) else { return false };
        let is_below = domain.iter().zip(&self.domain).all(|(part, wanted)| **part == **wanted);
        if !is_below || path.is_empty() {
            return false;
        }
        if self.is_path {
            self.matches_path(path, is_folder)
        } else {
            self.matches_name(path, is_folder)
        }
    }

    /// Any part of the path has the name.
    fn matches_name(&self, path: &[&str], is_folder: bool) -> bool {
        let Some(part) = self.parts.first() else { return false };
        let found = path.iter().position(|name| part.matches(name) != Ok(false));
        found.is_some_and(|at| {
            let is_last = at + 1 == path.len();
            // A malformed pattern ends the search.
            path.get(at).is_some_and(|name| part.matches(name) == Ok(true))
                && (is_folder || !is_last || !self.folders_only)
        })
    }

    /// The path begins with the pattern.
    fn matches_path(&self, path: &[&str], is_folder: bool) -> bool {
        let mut path = path;
        let mut matched = false;
        let mut anywhere = false;
        let mut parts = self.parts.iter().peekable();
        while let Some(part) = parts.next() {
            if part.text.is_empty() {
                anywhere = false;
                continue;
            }
            if *part.text == *b"**" {
                if parts.peek().is_none() {
                    break;
                }
                anywhere = true;
                continue;
            }
            if part.has_stars || path.is_empty() {
                return false;
            }
            let skip_others = std::mem::take(&mut anywhere);
            while let Some((name, behind)) = path.split_first() {
                path = behind;
                match part.matches(name) {
                    Ok(true) => {
                        matched = true;
                        break;
                    }
                    Ok(false) if skip_others => matched &= !path.is_empty(),
                    _ => return false,
                }
            }
        }
        matched && (is_folder || !path.is_empty() || !self.folders_only)
    }
}

/// What of a source is left out of its artifact.
#[derive(Clone, Debug)]
pub(super) struct SourceIgnore {
    /// The last one that matches decides.
    patterns: Vec<Pattern>,
    /// All of them are defaults.
    defaults_alone: bool,
}

impl SourceIgnore {
    /// The patterns of `.sourceignore` files, by the folders in which they are, and those of a
    /// source's `spec.ignore`.
    pub(super) fn new<'c>(
        files: impl IntoIterator<Item = (&'c str, &'c [u8])>,
        spec: Option<&str>,
    ) -> Self {
        let written = Self::written(files, spec);
        let mut patterns: Vec<Pattern> = VERSION_CONTROL.iter().map(|text| default(text)).collect();
        let defaults_alone = written.is_empty();
        if defaults_alone {
            patterns.extend(DEFAULTS.iter().map(|text| default(text)));
        }
        patterns.extend(written);
        Self { patterns, defaults_alone }
    }

    /// For a Bucket: there are no defaults, and only the root's `.sourceignore` counts.
    pub(super) fn of_bucket(root: Option<&[u8]>, spec: Option<&str>) -> Self {
        let patterns = Self::written(root.map(|content| ("", content)), spec);
        Self { patterns, defaults_alone: false }
    }

    fn written<'c>(
        files: impl IntoIterator<Item = (&'c str, &'c [u8])>,
        spec: Option<&str>,
    ) -> Vec<Pattern> {
        let mut files: Vec<(Vec<&str>, &[u8])> = files
            .into_iter()
            .map(|(folder, content)| {
                (folder.split('/').filter(|part| !part.is_empty()).collect(), content)
            })
            .filter(|(folder, _): &(Vec<&str>, _)| !folder.contains(&".git"))
            .collect();
        // Folders are entered in the order of their names, each behind the file of its parent.
        files.sort();
        let mut patterns = Vec::new();
        for (folder, content) in files {
            let mut path = folder.join("/");
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(SOURCE_IGNORE);
            let domain: Vec<Box<str>> = folder.into_iter().map(Box::from).collect();
            read(content, &domain, &Written::File(path.into()), &mut patterns);
        }
        read(spec.unwrap_or_default().as_bytes(), &[], &Written::Spec, &mut patterns);
        patterns
    }

    /// Whether a path is left out. The root never is.
    pub(super) fn leaves_out(&self, path: &str, is_folder: bool) -> bool {
        if self.patterns.is_empty() || path.is_empty() {
            return false;
        }
        if self.defaults_alone {
            return is_left_out_by_default(path, is_folder);
        }
        self.deciding(path, is_folder).is_some()
    }

    /// Whether no pattern is written anywhere.
    pub(super) fn has_defaults_alone(&self) -> bool {
        self.defaults_alone
    }

    /// The pattern that leaves a path out, if one does.
    pub(super) fn deciding(&self, path: &str, is_folder: bool) -> Option<&Pattern> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let mut from_last = self.patterns.iter().rev();
        from_last.find(|pattern| pattern.matches(&parts, is_folder)).filter(|found| !found.includes)
    }
}

fn default(text: &str) -> Pattern {
    Pattern::parse(text.as_bytes(), &[], Written::Default, 0)
}

/// Reads patterns, one a line.
fn read(content: &[u8], domain: &[Box<str>], written: &Written, patterns: &mut Vec<Pattern>) {
    for (number, line) in (1..).zip(content.split(|byte| *byte == b'\n')) {
        if line.len() > LONGEST_LINE {
            break;
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let is_blank = String::from_utf8_lossy(line).trim().is_empty();
        if !is_blank && !line.starts_with(b"#") {
            patterns.push(Pattern::parse(line, domain, written.clone(), number));
        }
    }
}

/// [`SourceIgnore::deciding`] with the defaults alone, for the many paths of repositories that have
/// nothing else.
fn is_left_out_by_default(path: &str, is_folder: bool) -> bool {
    // Most paths are of a manifest in folders with plain names.
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.strip_suffix(".yaml").unwrap_or(name);
    if !folder.contains('.') && !stem.contains('.') && !matches!(stem, "" | "cloudbuild") {
        return false;
    }
    let mut parts = path.split('/').peekable();
    while let Some(name) = parts.next() {
        let holds_more = is_folder || parts.peek().is_some();
        let is_listed = match name.as_bytes().first() {
            Some(b'.') => match name {
                ".git" | ".github" | ".circleci" => holds_more,
                ".gitignore" | ".gitmodules" | ".gitattributes" | ".travis.yml"
                | ".gitlab-ci.yml" | ".drone.yml" | ".goreleaser.yml" | ".sops.yaml"
                | ".flux.yaml" => true,
                _ => false,
            },
            Some(b'a') => name == "appveyor.yml",
            Some(b'c') => {
                matches!(name, "cloudbuild.yaml" | "codeship-services.yml" | "codeship-steps.yml")
            }
            _ => false,
        };
        let extension = name.rsplit_once('.').map(|(before, extension)| (extension, before));
        let is_binary = match extension {
            Some(("jpg" | "jpeg" | "gif" | "png" | "wmv" | "flv" | "zip", _)) => true,
            Some(("gz", before)) => before.rsplit_once('.').is_some_and(|(_, last)| last == "tar"),
            _ => false,
        };
        if is_listed || is_binary {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignore(text: &str) -> SourceIgnore {
        SourceIgnore::new([], Some(text))
    }

    #[test]
    fn what_is_left_out_by_default_is_what_the_patterns_say() {
        let slow = SourceIgnore::new([], None);
        let names = [
            ".git",
            ".github",
            ".circleci",
            ".gitignore",
            ".sops.yaml",
            "a",
            "a.yaml",
            "cloudbuild.yaml",
            "appveyor.yml",
            "a.png",
            ".png",
            "png",
            "a.tar.gz",
            "a.gz",
            ".tar.gz",
            "tar.gz",
            "x.zip",
            "A.PNG",
            ".flux.yaml",
            ".goreleaser.yml",
            ".goreleaser.yaml",
            ".travis.yml",
            "codeship-steps.yml",
            "a.jpg.b",
        ];
        for a in names {
            for path in names.iter().map(|b| format!("{a}/{b}")).chain([a.to_owned()]) {
                for is_folder in [false, true] {
                    assert_eq!(
                        is_left_out_by_default(&path, is_folder),
                        slow.deciding(&path, is_folder).is_some(),
                        "{path} {is_folder}"
                    );
                }
            }
        }
    }

    #[test]
    fn all_but_one_folder() {
        let ignore = ignore("# exclude all\n/*\n# but this\n!/deploy\n/deploy/**/*.md\n");
        for path in ["a.yaml", "apps/a.yaml", "deploy/README.md", "deploy/x/y/README.md"] {
            assert!(ignore.leaves_out(path, false), "{path}");
        }
        for path in ["deploy/a.yaml", "deploy/x/a.yaml"] {
            assert!(!ignore.leaves_out(path, false), "{path}");
        }
    }

    #[test]
    fn what_is_below_a_folder_that_is_left_out_can_be_brought_back() {
        let ignore = ignore("/apps\n!/apps/web");
        assert!(ignore.leaves_out("apps", true));
        assert!(ignore.leaves_out("apps/api/a.yaml", false));
        assert!(!ignore.leaves_out("apps/web/a.yaml", false));
    }

    #[test]
    fn any_pattern_turns_the_defaults_off_but_for_gits_own_files() {
        let ignore = ignore("nothing");
        assert!(!ignore.leaves_out(".github/a.yaml", false));
        assert!(!ignore.leaves_out("logo.png", false));
        assert!(ignore.leaves_out("a/.gitignore", false));
        assert!(SourceIgnore::new([], Some("# no pattern\n \n")).leaves_out("logo.png", false));
    }

    #[test]
    fn files_below_come_behind_those_above_and_the_spec_behind_all() {
        let files: [(&str, &[u8]); 3] =
            [("a/b", b"!x.yaml"), ("", b"x.yaml\n*.md"), ("a", b"/y.yaml")];
        let ignore = SourceIgnore::new(files, Some("!/a/y.yaml"));
        assert!(ignore.leaves_out("a/x.yaml", false));
        assert!(!ignore.leaves_out("a/b/x.yaml", false));
        assert!(!ignore.leaves_out("a/y.yaml", false));
        assert!(!ignore.leaves_out("y.yaml", false));
        let found = ignore.deciding("a/b/c.md", false).expect("left out");
        assert_eq!(found.written, Written::File(".sourceignore".into()));
        assert_eq!((found.line, &*found.text), (2, "*.md"));
    }

    #[test]
    fn lines_are_read_as_a_scanner_reads_them() {
        let ignore = ignore("a.yaml  \r\n b.yaml\nc\\ \n\\#d\nfolder/\n");
        assert!(ignore.leaves_out("a.yaml", false));
        assert!(ignore.leaves_out(" b.yaml", false));
        assert!(ignore.leaves_out("c ", false));
        assert!(ignore.leaves_out("#d", false));
        assert!(ignore.leaves_out("x/folder/y", false));
        assert!(ignore.leaves_out("folder", true));
        assert!(!ignore.leaves_out("folder", false));
        let long = format!("a\n{}\nb\n", "x".repeat(LONGEST_LINE + 1));
        let ignore = SourceIgnore::new([], Some(&long));
        assert!(ignore.leaves_out("a", false) && !ignore.leaves_out("b", false));
    }

    #[test]
    fn of_a_bucket_only_what_is_written_counts() {
        let ignore = SourceIgnore::of_bucket(None, None);
        assert!(!ignore.leaves_out("logo.png", false) && !ignore.leaves_out(".gitignore", false));
        let ignore = SourceIgnore::of_bucket(Some(b"*.yaml"), Some("!a.yaml"));
        assert!(ignore.leaves_out("b.yaml", false) && !ignore.leaves_out("a.yaml", false));
    }
}
