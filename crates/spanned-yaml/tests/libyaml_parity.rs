//! The same events as libyaml, on real files, on the YAML test suite, and on
//! generated text. libyaml-safer, a port of libyaml, is the judge.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test may stop"
)]

use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use libyaml_safer::{EventData, MappingStyle, Parser, ScalarStyle, SequenceStyle};
use spanned_yaml::{
    ErrorKind, Style, Tree,
    event::{Event, events},
};

/// What a text gives: events, and whether it ends in a refusal.
#[derive(Debug, PartialEq, Eq)]
struct Reading {
    events: Vec<String>,
    refused: bool,
}

fn libyaml(text: &str) -> Option<Reading> {
    // The port panics on some inputs on which libyaml goes on.
    catch_unwind(AssertUnwindSafe(|| {
        let mut bytes = text.as_bytes();
        let mut parser = Parser::new();
        parser.set_input_string(&mut bytes);
        let mut events = Vec::new();
        loop {
            let Ok(event) = parser.parse() else { return Reading { events, refused: true } };
            let line = match event.data {
                EventData::StreamStart { .. } => continue,
                EventData::StreamEnd => return Reading { events, refused: false },
                EventData::DocumentStart { version_directive, tag_directives, implicit } => {
                    let version = version_directive.map(|v| (v.major, v.minor));
                    let tags: Vec<_> =
                        tag_directives.iter().map(|t| (&t.handle, &t.prefix)).collect();
                    format!("+DOC {} {version:?} {tags:?}", !implicit)
                }
                EventData::DocumentEnd { implicit } => format!("-DOC {}", !implicit),
                EventData::Alias { anchor } => format!("=ALI {anchor}"),
                EventData::Scalar { anchor, tag, value, style, .. } => {
                    let style = match style {
                        ScalarStyle::SingleQuoted => '\'',
                        ScalarStyle::DoubleQuoted => '"',
                        ScalarStyle::Literal => '|',
                        ScalarStyle::Folded => '>',
                        _ => ':',
                    };
                    format!("=VAL {anchor:?} {tag:?} {style}{value:?}")
                }
                EventData::SequenceStart { anchor, tag, style, .. } => {
                    format!("+SEQ {anchor:?} {tag:?} {}", style == SequenceStyle::Flow)
                }
                EventData::SequenceEnd => "-SEQ".to_owned(),
                EventData::MappingStart { anchor, tag, style, .. } => {
                    format!("+MAP {anchor:?} {tag:?} {}", style == MappingStyle::Flow)
                }
                EventData::MappingEnd => "-MAP".to_owned(),
            };
            events.push(line);
        }
    }))
    .ok()
}

fn ours(tree: &Tree) -> Reading {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let lines = events(tree).map(|event| match event {
        Event::DocumentStart { explicit, version, tags } => {
            let version = version.map(|(major, minor)| (major as i32, minor as i32));
            let tags: Vec<_> = tags.iter().map(|(handle, prefix)| (handle, prefix)).collect();
            format!("+DOC {explicit} {version:?} {tags:?}")
        }
        Event::DocumentEnd { explicit } => format!("-DOC {explicit}"),
        Event::Alias { anchor, .. } => format!("=ALI {anchor}"),
        Event::Scalar { value, style, tag, anchor, .. } => {
            let style = match style {
                Style::SingleQuoted => '\'',
                Style::DoubleQuoted => '"',
                Style::Literal => '|',
                Style::Folded => '>',
                _ => ':',
            };
            format!("=VAL {:?} {:?} {style}{value:?}", owned(anchor), owned(tag))
        }
        Event::SequenceStart { style, tag, anchor, .. } => {
            format!("+SEQ {:?} {:?} {}", owned(anchor), owned(tag), style == Style::Flow)
        }
        Event::SequenceEnd => "-SEQ".to_owned(),
        Event::MappingStart { style, tag, anchor, .. } => {
            format!("+MAP {:?} {:?} {}", owned(anchor), owned(tag), style == Style::Flow)
        }
        Event::MappingEnd => "-MAP".to_owned(),
    });
    Reading {
        events: lines.collect(),
        refused: tree.documents().iter().any(|document| document.broken),
    }
}

/// Compares; says how the two differ. Of a refused text the documents before
/// the refusal must agree: libyaml gives no more, we go on behind it.
fn difference(text: &str) -> Option<String> {
    let tree = spanned_yaml::parse(text);
    let ours = ours(&tree);
    let theirs = libyaml(text)?;
    // Aliases are names to libyaml's parser; a tree must resolve them.
    let composed = tree.errors().iter().any(|error| {
        matches!(
            error.kind,
            ErrorKind::UnknownAnchor | ErrorKind::RecursiveAlias | ErrorKind::AliasLimit
        )
    });
    if composed {
        return None;
    }
    if ours.refused != theirs.refused {
        return Some(format!(
            "refused: we {}, libyaml {}: {:?}",
            ours.refused,
            theirs.refused,
            tree.errors()
        ));
    }
    // libyaml reads ahead: it refuses a character before the events that precede it.
    let unreadable = tree.errors().iter().any(|error| error.kind == ErrorKind::Encoding);
    let agreed = if unreadable {
        true
    } else if theirs.refused {
        let before = tree.documents().iter().take_while(|document| !document.broken).count();
        let whole = nth_end(&ours.events, before);
        ours.events.get(..whole) == theirs.events.get(..whole)
    } else {
        ours.events == theirs.events
    };
    if agreed {
        return None;
    }
    let at = ours.events.iter().zip(&theirs.events).take_while(|(a, b)| a == b).count();
    Some(format!("event {at}: we {:?}, libyaml {:?}", ours.events.get(at), theirs.events.get(at)))
}

fn nth_end(events: &[String], documents: usize) -> usize {
    let ends = events.iter().enumerate().filter(|(_, event)| event.starts_with("-DOC"));
    ends.take(documents).last().map_or(0, |(at, _)| at + 1)
}

/// The corpora; none where they aren't, which is an error where they must be.
fn corpora() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    let folder = std::env::var_os("PORTCULLIS_CORPORA").map_or(default, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var("PORTCULLIS_REQUIRE").is_ok_and(|tools| tools.contains("corpora"));
    assert!(!required, "the corpora are not at {}", folder.display());
    eprintln!("NOT RUN: the corpora are not at {}", folder.display());
    None
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|e| ["yaml", "yml", "json"].iter().any(|known| e == *known))
        {
            found.push(path);
        }
    }
}

#[test]
fn real_files_give_the_same_events() {
    let Some(folder) = corpora() else { return };
    let mut paths = Vec::new();
    files(&folder, &mut paths);
    assert!(paths.len() > 1000, "only {} files in {}", paths.len(), folder.display());
    let mut compared = 0;
    let mut differences = Vec::new();
    for path in paths {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        compared += 1;
        differences.extend(difference(&text).map(|found| format!("{}: {found}", path.display())));
    }
    eprintln!("{compared} files compared");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Texts of the YAML test suite: `id` or `id:index` to text.
fn suite(folder: &Path) -> BTreeMap<String, String> {
    let mut paths = Vec::new();
    files(&folder.join("yaml-test-suite/src"), &mut paths);
    let mut texts = BTreeMap::new();
    for path in paths {
        let tree = spanned_yaml::parse(fs::read_to_string(&path).unwrap());
        assert!(tree.errors().is_empty(), "{}", path.display());
        let id = path.file_stem().unwrap().to_string_lossy().into_owned();
        for (index, case) in tree.root(0).unwrap().items().enumerate() {
            if let Some(text) = case.get("yaml") {
                texts.insert(format!("{id}:{index}"), without_marks(text.text()));
            }
        }
    }
    texts
}

/// The suite makes white space visible; this undoes it.
fn without_marks(text: &str) -> String {
    let text = text.replace('␣', " ").replace('←', "\r").replace('⇔', "\u{feff}").replace('↵', "");
    let text = regex_tabs(&text);
    text.strip_suffix("∎\n").map(str::to_owned).unwrap_or(text)
}

/// `———»`, with any number of dashes, is a tab.
fn regex_tabs(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['—', '»']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let marks = from.trim_start_matches('—');
        if let Some(after) = marks.strip_prefix('»') {
            plain.push('\t');
            rest = after;
        } else {
            plain.push_str(&from[..from.len() - marks.len()]);
            rest = marks;
        }
    }
    plain + rest
}

/// Cases on which we differ from the port, each with the reason.
const KNOWN: &[(&str, &str)] = &[];

#[test]
fn the_test_suite_gives_the_same_events() {
    let Some(folder) = corpora() else { return };
    let texts = suite(&folder);
    assert!(texts.len() > 350, "only {} cases", texts.len());
    let mut wrong = Vec::new();
    for (id, text) in &texts {
        let known = KNOWN.iter().any(|(known, _)| known == id);
        match difference(text) {
            Some(found) if !known => wrong.push(format!("{id}: {found}\n{text}")),
            None if known => wrong.push(format!("{id} agrees now: take it off the list")),
            _ => {}
        }
    }
    eprintln!("{} cases compared", texts.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn generated_texts_give_the_same_events() {
    let seed =
        std::env::var("PORTCULLIS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let count: usize =
        std::env::var("PORTCULLIS_YAML_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(200_000);
    eprintln!("seed {seed}, {count} texts");
    let mut random = fastrand::Rng::with_seed(seed);
    let pieces = [
        "a",
        "b: ",
        "- ",
        "? ",
        ": ",
        "\n",
        "\n",
        "\n  ",
        "\n    ",
        "  ",
        " ",
        "\t",
        "[",
        "]",
        "{",
        "}",
        ",",
        "'",
        "\"",
        "|",
        ">",
        "|-",
        ">+",
        "|2",
        "\n---\n",
        "\n...\n",
        "--- ",
        "#c",
        " #c",
        "&a ",
        "*a ",
        "!t ",
        "!!str ",
        "!<x> ",
        "!e!x ",
        "%YAML 1.1\n",
        "%TAG ! x:\n",
        "\\n",
        "\\\n",
        "''",
        "é",
        "\r\n",
        "\r",
        "\u{85}",
        "\u{2028}",
        "key: value\n",
        "- item\n",
        "0",
        "\\x41",
        "\\u00e9",
        "a:b",
        "::",
        "@",
        "`",
        "\u{feff}",
        "\u{7}",
    ];
    std::panic::set_hook(Box::new(|_| {}));
    let mut differences = Vec::new();
    for _ in 0..count {
        let text: String =
            (0..random.usize(1..14)).map(|_| *random.choice(&pieces).unwrap()).collect();
        if let Some(found) = difference(&text) {
            differences.push(format!("{text:?}: {found}"));
            if differences.len() > 20 {
                break;
            }
        }
    }
    let _ = std::panic::take_hook();
    assert!(differences.is_empty(), "seed {seed}\n{}", differences.join("\n"));
}
