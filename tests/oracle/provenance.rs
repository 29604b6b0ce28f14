//! Origins are sound: what stands at the place that a rendered value names is what made it. Of
//! generated repositories, a scalar at such a place is changed, and the value must change with it.

use std::collections::BTreeMap;

use flux_render::{
    Id, Kind, MemoryFiles, Operation, Place, Tree, emit,
    kustomize::{Builder, Built, Options},
};
use libtest_mimic::{Failed, Trial};

use crate::{disagreements::Disagreements, generate, kustomizations::repository};

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("provenance::generated", generated)]
}

const REPOSITORIES: usize = 4_000;
/// Values that are changed in each.
const CHANGES: usize = 4;

fn generated() -> Result<(), Failed> {
    let mut rng = generate::rng("provenance::generated")?;
    let mut disagreements = Disagreements::default();
    let (mut values, mut placed, mut exact, mut changed, mut broken) = (0, 0, 0, 0, 0);
    for _ in 0..generate::cases(REPOSITORIES)? {
        let repository = repository(&mut rng);
        let files = files_of(&repository.files);
        let Ok(built) = Builder::new(&files).build(&repository.path, Options::default()) else {
            continue;
        };
        let scalars = scalars(&built);
        for (object, id) in &scalars {
            let Some(tree) = built.objects.get(*object).map(|object| &object.tree) else {
                continue;
            };
            let origin = &tree.node(*id).origin;
            let by_kustomize =
                origin.steps().next().is_some_and(|step| step.operation == Operation::Kustomize);
            values += 1;
            placed += usize::from(origin.place.is_some());
            exact += usize::from(is_exact(&repository.files, &files, tree, *id));
            if origin.place.is_none() && !by_kustomize && !is_note(tree, *id) {
                disagreements.note(format!(
                    "`{}` has no origin in {}:\n{:#?}",
                    tree.text(*id),
                    repository.path,
                    repository.files
                ));
            }
        }
        for _ in 0..CHANGES {
            let Some((object, id)) = rng.choice(&scalars).copied() else { break };
            let Some(tree) = built.objects.get(object).map(|object| &object.tree) else { continue };
            let Some(place) = tree.node(id).origin.place else { continue };
            // A sorted build may have another object there afterwards.
            let sorted = repository.files.values().any(|text| text.contains("sortOptions:"));
            if sorted || !is_exact(&repository.files, &files, tree, id) {
                continue;
            }
            let Some(other) = with_change(&repository.files, &files, place) else { continue };
            let other_files = files_of(&other);
            let Ok(again) = Builder::new(&other_files).build(&repository.path, Options::default())
            else {
                broken += 1;
                continue;
            };
            let path = path_to(tree, tree.root(), id).unwrap_or_default();
            let after = again.objects.get(object).and_then(|object| follow(&object.tree, &path));
            changed += 1;
            // An item that a patch names by its key becomes another item once the key is changed, and
            // a new one takes its place.
            let text = |built: &Built| {
                let object = built.objects.get(object)?;
                emit::yaml(&object.tree).ok().map(|(text, _)| text)
            };
            let in_list = path.iter().any(|step| step.bytes().all(|c| c.is_ascii_digit()));
            let moved = in_list && text(&built) != text(&again);
            if after.as_deref() == Some(tree.text(id))
                && again.objects.len() == built.objects.len()
                && !moved
            {
                let path_of = files.path(place.file).unwrap_or_default();
                disagreements.note(format!(
                    "`{}` at {path:?} stays when {path_of}:{}..{} is changed\n{:#?}",
                    tree.text(id),
                    place.start,
                    place.end,
                    repository.files
                ));
            }
        }
    }
    disagreements.verdict(values)?;
    if changed < broken || changed < values / 100 {
        return Err(
            format!("{changed} changes of {values} values, {broken} broke the build").into()
        );
    }
    if placed * 100 < values * 99 || exact * 100 < values * 90 {
        return Err(
            format!("{placed} of {values} values have a place, {exact} an exact one").into()
        );
    }
    if std::env::var_os("PORTCULLIS_FIGURES").is_some() {
        eprintln!(
            "{values} values, {placed} with a place, {exact} with an exact one, {changed} changed"
        );
    }
    Ok(())
}

/// Whether what stands at the origin is the value, or a part of it; the rest are values that a field
/// stands for without having them: the kind of a generated object, a number that went through JSON.
fn is_exact(files: &BTreeMap<String, String>, memory: &MemoryFiles, tree: &Tree, id: Id) -> bool {
    let node = tree.node(id);
    let written = node.origin.place.and_then(|place| {
        let text = files.get(memory.path(place.file)?)?;
        text.get(place.start as usize..place.end as usize)
    });
    let Some(written) = written else { return false };
    let bare = spanned_yaml::parse(written);
    let Some(root) = bare.root(0).filter(|root| root.kind() == spanned_yaml::Kind::Scalar) else {
        return false;
    };
    let literal = root.text().split_once('=').map(|(_, value)| value.trim_matches(['"', '\'']));
    !root.text().is_empty()
        && (node.text.contains(root.text()) || literal.is_some_and(|value| value == node.text))
}

fn files_of(files: &BTreeMap<String, String>) -> MemoryFiles {
    MemoryFiles::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
}

/// The scalars of all objects that stand for values, in the order of writing.
fn scalars(built: &Built) -> Vec<(usize, Id)> {
    let mut scalars = Vec::new();
    for (number, object) in built.objects.iter().enumerate() {
        let Ok((_, written)) = emit::yaml(&object.tree) else { continue };
        let mut keys = Vec::new();
        collect_keys(&object.tree, object.tree.root(), &mut keys);
        keys.sort_unstable();
        for one in written {
            let scalar = object.tree.node(one.id).kind == Kind::Scalar;
            if scalar && keys.binary_search(&one.id).is_err() {
                scalars.push((number, one.id));
            }
        }
    }
    scalars
}

fn collect_keys(tree: &Tree, id: Id, keys: &mut Vec<Id>) {
    for (key, value) in tree.entries(id) {
        keys.push(key);
        collect_keys(tree, value, keys);
    }
    for item in tree.items(id) {
        collect_keys(tree, *item, keys);
    }
}

/// Whether the value is one of kustomize's annotations about the build.
fn is_note(tree: &Tree, id: Id) -> bool {
    let annotations = tree.at(&["metadata", "annotations"]);
    annotations.is_some_and(|map| {
        tree.entries(map)
            .any(|(key, value)| value == id && tree.text(key).contains("config.kubernetes.io/"))
    })
}

/// Keys and indices from a node down to another.
fn path_to(tree: &Tree, from: Id, to: Id) -> Option<Vec<String>> {
    if from == to {
        return Some(Vec::new());
    }
    let steps = tree
        .entries(from)
        .map(|(key, value)| (tree.text(key).to_owned(), value))
        .chain(tree.items(from).iter().enumerate().map(|(index, item)| (index.to_string(), *item)));
    for (step, below) in steps {
        if let Some(mut path) = path_to(tree, below, to) {
            path.insert(0, step);
            return Some(path);
        }
    }
    None
}

fn follow(tree: &Tree, path: &[String]) -> Option<String> {
    let mut at = tree.root();
    for step in path {
        at = match tree.node(at).kind {
            Kind::Mapping => tree.get(at, step)?,
            Kind::Sequence => *tree.items(at).get(step.parse::<usize>().ok()?)?,
            Kind::Scalar => return None,
        };
    }
    Some(tree.text(at).to_owned())
}

/// The files with another letter or digit at the end of what stands at a place.
pub(crate) fn with_change(
    files: &BTreeMap<String, String>,
    memory: &MemoryFiles,
    place: Place,
) -> Option<BTreeMap<String, String>> {
    let path = memory.path(place.file)?;
    let text = files.get(path)?;
    let written = text.get(place.start as usize..place.end as usize)?;
    let (offset, last) = written.char_indices().rev().find(|(_, c)| c.is_ascii_alphanumeric())?;
    let other = match last {
        '0'..='8' => char::from(last as u8 + 1),
        '9' => '1',
        'z' => 'y',
        'Z' => 'Y',
        letter => char::from(letter as u8 + 1),
    };
    let at = place.start as usize + offset;
    let mut changed = files.clone();
    changed.insert(path.to_owned(), format!("{}{other}{}", text.get(..at)?, text.get(at + 1..)?));
    Some(changed)
}
