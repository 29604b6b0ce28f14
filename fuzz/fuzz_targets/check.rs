//! Any bytes as files of a repository, through every rule and every report.
//!
//! A byte 0xFF starts the next file: portcullis.yaml, a kustomization, then manifests.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis::{
    check::{Options, run},
    config::{self, Config},
    repo::{Contents, File},
    report::{self, Format, Sources, Style},
};
use spanned_yaml::{Limits, parse_bytes};

const NAMES: [&str; 4] = ["kustomization.yaml", "a.yaml", "b.yaml", "c.json"];

struct Texts<'a>(&'a Contents);

impl Sources for Texts<'_> {
    fn text(&self, file: &str) -> Option<&str> {
        self.0.files.iter().find(|known| &*known.path == file).map(File::source)
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.split(|byte| *byte == 0xFF);
    let file = |name: &str, bytes: &[u8]| File::new(name, parse_bytes(bytes.to_vec(), &Limits::default()));
    let mut contents = Contents::default();
    // One part alone is a manifest, which is where most of the code is.
    let config = if bytes.contains(&0xFF) {
        let config = file("portcullis.yaml", parts.next().unwrap_or_default());
        let loaded = config::load(&config).unwrap_or_default();
        contents.config = Some(config);
        loaded
    } else {
        Config::default()
    };
    let names = if contents.config.is_some() { &NAMES[..] } else { &NAMES[1..] };
    contents.files = names.iter().zip(parts).map(|(name, part)| file(name, part)).collect();
    contents.files.sort_by(|a, b| a.path.cmp(&b.path));

    let report = run(&contents, &config, &Options::default());
    let style = Style { color: true, unicode: true, width: 80, quiet: false, elapsed: None };
    for format in [
        Format::Human,
        Format::Concise,
        Format::Json,
        Format::Sarif,
        Format::Junit,
        Format::Github,
        Format::Gitlab,
    ] {
        let mut out = Vec::new();
        report::write(format, &report, &Texts(&contents), &style, &mut out).unwrap();
        assert!(std::str::from_utf8(&out).is_ok());
    }
});
