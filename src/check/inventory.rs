//! Every image that would run, and who says so.

use std::{collections::BTreeMap, sync::Arc};

use super::violation::Place;
use crate::{
    config::Config,
    finding::{Location, ObjectRef},
    fleet::Fleet,
    kube::{Image, ImageField, ImageValue, Object, Pod},
    repo::{Contents, File},
};

/// One use of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageUse {
    /// The image as written, variables that nothing replaces included.
    pub image: String,
    /// The object that has it.
    pub object: ObjectRef,
    /// Who of it pulls the image, as `container "web"`.
    pub user: String,
    /// Where the image is written.
    pub location: Location,
    /// The clusters in which it runs; empty for manifests that no cluster uses.
    pub clusters: Vec<String>,
}

/// The images that a repository's objects name, by image, then object.
pub fn images(contents: &Contents, fleet: &Fleet, config: &Config) -> Vec<ImageUse> {
    let mut found: BTreeMap<ImageUse, Vec<String>> = BTreeMap::new();
    for environment in fleet.environments() {
        for applied in environment.objects.iter().filter(|one| one.control.is_applied()) {
            let file = File::rendered(Arc::clone(&applied.manifest), Arc::clone(&fleet.files));
            let object = file.tree.root(0).and_then(|root| Object::read(&file, root));
            for one in object.iter().flat_map(|object| uses(object, config)) {
                let clusters = found.entry(one).or_default();
                clusters.extend(environment.cluster.map(str::to_owned));
            }
        }
    }
    let patches = super::documents::patches(&contents.files);
    for file in contents.files.iter().filter(|file| !fleet.used.contains(&*file.path)) {
        let documents = super::documents::open(file, &patches);
        for one in documents.objects.iter().flat_map(|object| uses(object, config)) {
            found.entry(one).or_default();
        }
    }
    found
        .into_iter()
        .map(|(one, mut clusters)| {
            clusters.sort();
            clusters.dedup();
            ImageUse { clusters, ..one }
        })
        .collect()
}

fn uses(object: &Object<'_>, config: &Config) -> Vec<ImageUse> {
    let pod = Pod::read(object, &config.pod_templates).and_then(Result::ok);
    let of_pod = pod.iter().flat_map(Image::of_pod).filter_map(|image| used(&image));
    let mut found: Vec<ImageUse> = of_pod.collect();
    let fields: &[ImageField] = super::plan::image_fields(config, object);
    found.extend(Image::of_fields(object, fields).iter().filter_map(used));
    found
}

fn used(image: &Image<'_>) -> Option<ImageUse> {
    let node = match image.value {
        ImageValue::Known { node, .. } | ImageValue::Unresolved { node, .. } => node,
        ImageValue::Missing { .. } | ImageValue::Unreadable(_) => return None,
    };
    Some(ImageUse {
        image: node.text().to_owned(),
        object: image.object.reference(),
        user: image.user.to_string(),
        location: Place::node(image.object, node).locate().location,
        clusters: Vec::new(),
    })
}
