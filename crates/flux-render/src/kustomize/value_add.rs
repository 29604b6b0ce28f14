//! ValueAddTransformer: puts a value, or a part of a path, into fields
//! (api/internal/builtins/ValueAddTransformer.go, api/filters/valueadd).

use super::{
    context::Context,
    kustomization::Selector,
    read::{Record, Text},
    resmap::ResMap,
    selector::SelectorRegex,
    transformers::{Namespace, Subjects, by},
};
use crate::{
    error::Error,
    place::{Operation, Place},
    tree::{Kind, Node},
};

/// The value, and where it goes.
#[derive(Clone, Debug, Default)]
pub(crate) struct ValueAdd {
    value: Text,
    targets: Vec<Target>,
}

#[derive(Clone, Debug, Default)]
struct Target {
    selector: Option<Selector>,
    field_path: Text,
    /// Where in a path it is inserted, from 1; 0 where it replaces all.
    position: usize,
}

impl ValueAdd {
    /// Reads the configuration. Without a value, it is the name of the kustomization's folder.
    pub(crate) fn read(
        context: &Context<'_>,
        record: &mut Record<'_, '_>,
        place: Option<Place>,
    ) -> Result<Self, Error> {
        let mut value = record.text("value")?;
        value.value = value.value.trim().into();
        if value.value.is_empty() {
            value.value = context.folder.rsplit('/').next().unwrap_or_default().into();
        }
        let mut read = Self { value, targets: record.list("targets", Target::read)? };
        let file = record.text("targetFilePath")?;
        if !file.value.is_empty() {
            let more = context.read_leniently(&file, |record| record.list("targets", Target::read));
            read.targets.extend(more?);
        }
        if read.targets.is_empty() {
            return Err(Error::invalid("ValueAddTransformer has no targets").at(place));
        }
        for target in &read.targets {
            if target.field_path.value.is_empty() {
                return Err(Error::invalid("a target has no fieldPath").at(place));
            }
        }
        Ok(read)
    }

    pub(crate) fn apply(&self, objects: &mut ResMap) -> Result<(), Error> {
        for target in &self.targets {
            let selected = match &target.selector {
                Some(selector) => objects.select(&SelectorRegex::new(selector)?)?,
                None => (0..objects.list.len()).collect(),
            };
            for index in selected {
                let Some(resource) = objects.list.get_mut(index) else { continue };
                let resource = std::sync::Arc::make_mut(resource);
                if target.field_path.value == "metadata/namespace" {
                    let namespace = Namespace {
                        name: &self.value,
                        specs: &[],
                        unset_only: false,
                        subjects: Subjects::NamedDefault,
                    };
                    namespace.apply_to(resource)?;
                } else {
                    target.set(&mut resource.tree, &self.value)?;
                }
            }
        }
        Ok(())
    }
}

impl Target {
    fn read(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        let position = record.integer("filePathPosition")?;
        Ok(Self {
            selector: record.one("selector", Selector::read)?,
            field_path: record.text("fieldPath")?,
            position: usize::try_from(position).map_err(|_| {
                Error::invalid("filePathPosition can't be negative").at(record.place())
            })?,
        })
    }

    fn set(&self, tree: &mut crate::tree::Tree, value: &Text) -> Result<(), Error> {
        let mut fields: Vec<String> = Vec::new();
        for part in self.field_path.value.split('/') {
            // A backslash keeps the slash behind it in the name.
            match fields.last_mut().filter(|last| last.ends_with('\\')) {
                Some(last) => {
                    last.pop();
                    last.push('/');
                    last.push_str(part);
                }
                None => fields.push(part.to_owned()),
            }
        }
        let made = by(Operation::Generator, value.place, None);
        let root = tree.root();
        let parts = fields.iter().map(String::as_str);
        let Some(field) = tree.lookup(root, parts, Some((Kind::Scalar, &made)))? else {
            return Ok(());
        };
        tree.expect(Some(field), Kind::Scalar)?;
        let node = tree.node(field);
        let text = match self.position {
            0 => value.value.to_string(),
            position => insert_part(&node.text, position - 1, &value.value),
        };
        let before = node.origin.place.map(|_| node.origin.clone());
        let origin = by(Operation::Replacement, value.place, before);
        let added = tree.add(Node::plain(text, origin));
        tree.put_scalar(field, added)
    }
}

/// Inserts a part into a path, which stays absolute if it is (`filesys.InsertPathPart`).
fn insert_part(path: &str, position: usize, part: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    parts.insert(position.min(parts.len()), part);
    let mut clean: Vec<&str> = Vec::new();
    for part in parts.into_iter().flat_map(|part| part.split('/')) {
        match part {
            "" | "." => {}
            ".." if clean.last().is_some_and(|last| *last != "..") => {
                clean.pop();
            }
            ".." if absolute => {}
            part => clean.push(part),
        }
    }
    format!("{}{}", if absolute { "/" } else { "" }, clean.join("/"))
}

#[cfg(test)]
mod tests {
    use super::insert_part;

    #[test]
    fn parts_go_where_upstreams_documentation_says() {
        for (path, position, wanted) in [
            ("", 1, "PEACH"),
            ("/", 1, "/PEACH"),
            ("pie", 1, "PEACH/pie"),
            ("/pie", 1, "/PEACH/pie"),
            ("raw", 2, "raw/PEACH"),
            ("/raw", 2, "/raw/PEACH"),
            ("a/nice/warm/pie", 4, "a/nice/warm/PEACH/pie"),
            ("/a/nice/warm/pie", 4, "/a/nice/warm/PEACH/pie"),
            ("a", 9_999, "a/PEACH"),
        ] {
            assert_eq!(insert_part(path, position - 1, "PEACH"), wanted, "{path} {position}");
        }
    }
}
