//! Repositories of kustomizations: layers, components, and every field, mostly right.

mod fields;
mod objects;

use std::collections::BTreeMap;

use fastrand::Rng;

use crate::generate::pick;

/// Files, and the folder to build.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) path: String,
}

/// API version, kind, name and namespace of an object that is there.
type Known = (String, String, String, String);

/// A folder that is being written.
struct Draft<'r> {
    files: &'r mut BTreeMap<String, String>,
    folder: String,
    lines: String,
    /// The objects that are there.
    known: Vec<Known>,
}

impl Draft<'_> {
    /// Adds a field, unless it is there already.
    fn line(&mut self, text: &str) {
        let field = text.split(':').next().unwrap_or_default();
        let there = self.lines.lines().any(|line| line.split(':').next() == Some(field));
        if !there {
            self.lines.push_str(text);
            self.lines.push('\n');
        }
    }

    /// An object that is there, of one of the kinds; now and then one that isn't.
    fn some(&self, rng: &mut Rng, kinds: &[&str]) -> Option<Known> {
        let fitting: Vec<_> = self
            .known
            .iter()
            .filter(|(_, kind, ..)| kinds.is_empty() || kinds.contains(&kind.as_str()))
            .collect();
        rng.choice(fitting).cloned()
    }

    fn learn(&mut self, text: &str) {
        for document in text.split("\n---") {
            let field = |key: &str| {
                let line = document.lines().find_map(|line| line.strip_prefix(key));
                line.map(|value| value.trim().to_owned()).unwrap_or_default()
            };
            let one =
                (field("apiVersion: "), field("kind: "), field("  name: "), field("  namespace: "));
            if !one.1.ends_with("List") {
                self.known.push(one);
            }
        }
    }

    fn file(&mut self, name: &str, content: &str) {
        self.files.insert(format!("{}/{name}", self.folder), content.to_owned());
    }

    fn finish(self, component: bool) {
        let head = if component {
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
        } else {
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        };
        self.files
            .insert(format!("{}/kustomization.yaml", self.folder), format!("{head}{}", self.lines));
    }
}

/// Makes a repository of one to three layers.
pub(crate) fn repository(rng: &mut Rng) -> Repository {
    let mut files = BTreeMap::new();
    let layers = pick(rng, &[1, 1, 1, 2, 2, 2, 3]);
    let mut below: Vec<String> = Vec::new();
    let mut known = Vec::new();
    for layer in 0..layers {
        let siblings = if layer + 1 == layers { 1 } else { rng.u8(1..3) };
        let mut made = Vec::new();
        for sibling in 0..siblings {
            let folder = format!("l{layer}-{sibling}");
            folder_of(rng, &mut files, &folder, &below, &mut known);
            made.push(folder);
        }
        below = made;
    }
    Repository { files, path: below.pop().unwrap_or_default() }
}

fn folder_of(
    rng: &mut Rng,
    files: &mut BTreeMap<String, String>,
    folder: &str,
    below: &[String],
    known: &mut Vec<Known>,
) {
    let lowest = below.is_empty();
    let own = if lowest { Vec::new() } else { known.clone() };
    let mut draft = Draft { files, folder: folder.to_owned(), lines: String::new(), known: own };
    let mut resources = String::new();
    for number in 0..rng.u8(u8::from(lowest)..4) {
        let mut documents = vec![fields::object(rng, &draft.known)];
        if rng.u8(0..3) == 0 {
            documents.push(fields::object(rng, &draft.known));
        }
        let separator = pick(rng, &["---\n", "--- # next\n", "---\n# a comment\n", "---\n---\n"]);
        let mut text = documents.join(separator);
        if rng.u8(0..5) == 0 {
            text = format!("---\n{text}");
        }
        draft.learn(&text);
        let file = format!("r{number}.yaml");
        draft.file(&file, &text);
        resources.push_str(&format!("- {file}\n"));
    }
    for base in below {
        resources.push_str(&format!("- ../{base}\n"));
    }
    if !resources.is_empty() {
        let field = if lowest || rng.u8(0..12) > 0 { "resources" } else { "bases" };
        draft.line(&format!("{field}:\n{}", resources.trim_end()));
    }
    if rng.u8(0..5) == 0 {
        let component = format!("{folder}-component");
        let mut inner = Draft {
            files: &mut *draft.files,
            folder: component.clone(),
            lines: String::new(),
            known: draft.known.clone(),
        };
        if rng.bool() {
            let object = fields::object(rng, &inner.known);
            inner.learn(&object);
            inner.file("c.yaml", &object);
            inner.line("resources:\n- c.yaml");
        }
        some_fields(rng, &mut inner);
        inner.finish(true);
        draft.line(&format!("components:\n- ../{component}"));
    }
    some_fields(rng, &mut draft);
    known.append(&mut draft.known);
    draft.finish(false);
}

fn some_fields(rng: &mut Rng, draft: &mut Draft<'_>) {
    for _ in 0..rng.u8(0..4) {
        let choice = if rng.u8(0..60) == 0 { fields::CHOICES } else { rng.u8(0..fields::CHOICES) };
        fields::add(rng, draft, choice);
    }
}
