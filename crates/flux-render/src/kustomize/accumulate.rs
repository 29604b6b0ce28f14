//! How a kustomization's fields work on what is there (api/internal/target/kusttarget.go).

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    build::{Builder, Built, Options, Remark, RemarkKind},
    build_metadata::{below, configured, note_transformer, put_origin},
    build_schema::OpenApi,
    chain::{Chain, shown},
    config::Config,
    context::{Context, is_remote, remote},
    finish::finish,
    generate::Overlay,
    generators,
    kustomization::{FILE_NAMES, Kustomization, Var, refused},
    load::{self, LoadedFile, Source},
    openapi::Schema,
    plugins::{self, Step, Transformer},
    read::{Reader, Text},
    resmap::ResMap,
    resource::{ORIGIN, Resource},
    vars,
};
use crate::{
    emit,
    error::{Error, ErrorKind},
    files::join,
    place::{Origin, Place},
};

/// What a folder gives to the one that lists it.
#[derive(Clone, Debug, Default)]
pub(super) struct Accumulated {
    pub(super) objects: ResMap,
    pub(super) config: Option<Arc<Config>>,
    pub(super) vars: Vec<Var>,
    remarks: Vec<Remark>,
    patched: Vec<Place>,
    folders: Vec<String>,
    pub(super) read: Vec<String>,
    /// The schema that a folder within sets.
    openapi: Option<Arc<Schema>>,
    asked: bool,
}

/// One call of [`Builder::build`].
#[derive(Clone, Copy)]
pub(super) struct Run<'r, 'f> {
    pub(super) builder: &'r Builder<'f>,
    pub(super) log: &'r Mutex<Vec<String>>,
    pub(super) openapi: &'r Mutex<OpenApi>,
    pub(super) options: Options,
    /// What a Flux Kustomization adds to the topmost folder.
    pub(super) overlay: Option<&'r Overlay>,
}

/// A folder's kustomization, and how it is built.
pub(super) struct Target<'t> {
    kustomization: Kustomization,
    file_name: &'static str,
    place: Place,
    chain: Chain<'t>,
    /// With `buildMetadata`: the path from the topmost folder.
    origin: Option<String>,
}

impl Run<'_, '_> {
    pub(super) fn root(self, folder: &str) -> Result<Built, Error> {
        let chain = Chain { folder, outer: None, depth: 0 };
        let (kustomization, file_name, place) = match self.overlay {
            Some(overlay) => self.generated(folder, overlay)?,
            None => self.load(folder, self.options.lenient_root, None)?,
        };
        let tracked = !kustomization.build_metadata.is_empty();
        self.set_schema(&kustomization, folder)?;
        let target =
            Target { kustomization, file_name, place, chain, origin: tracked.then(String::new) };
        let mut done = self.target(&target, Accumulated::default())?;
        finish(&target.kustomization, &mut done)?;
        Ok(Built {
            objects: done.objects.list,
            remarks: done.remarks,
            patched: done.patched,
            folders: done.folders,
            read: done.read,
        })
    }

    /// The kustomization file of a folder.
    pub(super) fn load(
        self,
        folder: &str,
        lenient_root: bool,
        from: Option<Place>,
    ) -> Result<(Kustomization, &'static str, Place), Error> {
        let files = self.builder.files;
        let mut found = None;
        for name in FILE_NAMES {
            let path = join(folder, name)?;
            if let Some(tree) = files.tree(&path) {
                if found.is_some() {
                    return Err(Error::invalid(format!(
                        "{} has several kustomization files",
                        shown(folder)
                    ))
                    .at(from));
                }
                found = Some((name, path, tree));
            }
        }
        let Some((name, path, tree)) = found else {
            let mut paths = FILE_NAMES.iter().filter_map(|name| join(folder, name).ok());
            if let Some(why) = paths.find_map(|path| files.left_out(&path)) {
                return Err(Error::new(ErrorKind::LeftOut, why).at(from));
            }
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("{} has no kustomization file", shown(folder)),
            )
            .at(from));
        };
        let file = files.id(&path);
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(path);
        let place = Place { file, start: 0, end: 0 };
        load::check(&tree, file)?;
        let Some(root) = tree.root(0) else {
            if lenient_root {
                return Ok((Kustomization::default(), name, place));
            }
            return Err(Error::invalid("the kustomization file is empty").at(Some(place)));
        };
        let reader = Reader {
            file: Some(file),
            from: None,
            lenient_root,
            lenient: false,
            source: tree.source(),
        };
        let kustomization = Kustomization::read(&reader, root)?;
        if self.overlay.is_none() || !lenient_root {
            kustomization.check(Some(place))?;
        }
        Ok((kustomization, name, place))
    }

    /// All that a kustomization does to what is there (`accumulateTarget`).
    fn target(self, target: &Target<'_>, mut done: Accumulated) -> Result<Accumulated, Error> {
        let kustomization = &target.kustomization;
        let folder = target.chain.folder;
        done.folders.push(folder.to_owned());
        done.remarks.extend(remarks_of(kustomization));
        for text in &kustomization.resources {
            self.resource(target, text, &mut done)?;
        }
        let schema = self.schema();
        let context = Context { files: self.builder.files, schema: &schema, folder, log: self.log };
        let mut config = Config::built_in();
        for text in &kustomization.configurations {
            if let Some(more) = context.read(text, Config::read)? {
                Arc::make_mut(&mut config).merge(more)?;
            }
        }
        let mut crds = Config::default();
        for text in &kustomization.crds {
            if let Some(more) = context.read(text, |_, root| Config::of_crds(root))? {
                crds.merge(more)?;
            }
        }
        let mut all = Config::merged(done.config.take(), config)?;
        if !kustomization.crds.is_empty() {
            Arc::make_mut(&mut all).merge(crds)?;
        }

        let metadata = |kind: &str| {
            target
                .origin
                .as_ref()
                .map(|path| configured(path, target.file_name, "builtin", kind, ""))
        };
        for args in &kustomization.config_map_generator {
            let made = generators::generate(
                &context,
                args,
                false,
                kustomization.generator_options.as_ref(),
            )?;
            absorb(&mut done, made, metadata("ConfigMapGenerator").as_deref(), args.place)?;
        }
        for args in &kustomization.secret_generator {
            let made = generators::generate(
                &context,
                args,
                true,
                kustomization.generator_options.as_ref(),
            )?;
            absorb(&mut done, made, metadata("SecretGenerator").as_deref(), args.place)?;
        }
        if kustomization.helm.is_some() {
            return Err(refused("kustomize would inflate a Helm chart", kustomization.helm));
        }
        for config in self.plugin_configs(target, &context, &kustomization.generators, &mut done)? {
            let (made, place) = plugins::generate(&context, &config.resource)?;
            absorb(&mut done, made, config.origin.as_deref(), place)?;
        }
        for text in &kustomization.components {
            done.config = Some(all);
            done = self.component(target, text, done)?;
            all = done.config.take().unwrap_or_default();
        }
        // A component may have set another schema.
        let schema = self.schema();
        let context = Context { schema: &schema, ..context };
        let mut steps = plugins::of_fields(&context, kustomization, &all)?;
        for step in &mut steps {
            step.origin = metadata(step.kind);
        }
        for config in
            self.plugin_configs(target, &context, &kustomization.transformers, &mut done)?
        {
            let transformers = plugins::transformers(&context, &config.resource)?;
            steps.push(Step { transformers, kind: "", origin: config.origin });
        }
        for step in &steps {
            let merges = |transformer: &Transformer| matches!(transformer, Transformer::Patch(patch) if patch.is_strategic());
            if step.transformers.iter().any(merges) {
                self.state().asked = true;
            }
            apply(step, &mut done)?;
        }
        for config in self.plugin_configs(target, &context, &kustomization.validators, &mut done)? {
            let before = written(&done.objects)?;
            for transformer in plugins::transformers(&context, &config.resource)? {
                transformer.apply(&mut done.objects)?;
            }
            if before != written(&done.objects)? {
                return Err(
                    Error::invalid("a validator changes the resources").at(Some(target.place))
                );
            }
        }
        for var in &kustomization.vars {
            vars::note(&mut done.objects, var)?;
        }
        for var in &kustomization.vars {
            add_var(&mut done.vars, var.clone())?;
        }
        done.config = Some(all);
        Ok(done)
    }

    /// A file of objects, or a folder to build (`accumulateResources`).
    fn resource(
        self,
        target: &Target<'_>,
        text: &Text,
        done: &mut Accumulated,
    ) -> Result<(), Error> {
        let schema = self.schema();
        let context = Context {
            files: self.builder.files,
            schema: &schema,
            folder: target.chain.folder,
            log: self.log,
        };
        let path = context.path(text)?;
        let Some(tree) = context.files.tree(&path) else {
            return self.folder(target, text, &path, done);
        };
        let file = LoadedFile { id: context.files.id(&path), tree };
        context.note(path);
        let copies = &self.builder.copies;
        let mut objects =
            copies.objects(&file, context.schema).map_err(|error| error.at(text.place))?;
        self.ask_schema(&objects);
        if let Some(origin) = &target.origin {
            let origin = format!("path: {}\n", below(origin, &text.value));
            for object in &mut objects {
                put_origin(object, &origin)?;
            }
        }
        done.objects
            .append_all(objects.into_iter().map(Arc::new))
            .map_err(|error| error.at(text.place))
    }

    fn folder(
        self,
        target: &Target<'_>,
        text: &Text,
        path: &str,
        done: &mut Accumulated,
    ) -> Result<(), Error> {
        let base = self.accumulated_folder(target, text, path)?;
        done.objects
            .append_all(base.objects.list.iter().cloned())
            .map_err(|error| error.at(text.place))?;
        done.remarks.extend(base.remarks.iter().cloned());
        done.patched.extend(base.patched.iter().copied());
        done.folders.extend(base.folders.iter().cloned());
        done.read.extend(base.read.iter().cloned());
        if let Some(config) = &base.config {
            done.config = Some(Config::merged(done.config.take(), Arc::clone(config))?);
        }
        for var in &base.vars {
            add_var(&mut done.vars, var.clone())?;
        }
        Ok(())
    }

    fn accumulated_folder(
        self,
        target: &Target<'_>,
        text: &Text,
        path: &str,
    ) -> Result<Arc<Accumulated>, Error> {
        if !self.builder.files.is_folder(path) {
            return Err(Error::missing(self.builder.files, path, "file or folder").at(text.place));
        }
        target.chain.admit(path, text.place)?;
        if target.origin.is_some() || self.has_own_schema() {
            return self.build_folder(target, text, path).map(Arc::new);
        }
        let slot = {
            let mut shared = self.builder.shared.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(shared.entry(path.to_owned()).or_default())
        };
        let built = slot.get_or_init(|| {
            // Built as if nothing led here: what others find in it must not depend on that.
            let (log, openapi) = (Mutex::default(), Mutex::default());
            let alone = Run { log: &log, openapi: &openapi, ..self };
            let mut built = alone.build_folder(target, text, path)?;
            let state = openapi.into_inner().unwrap_or_else(PoisonError::into_inner);
            (built.openapi, built.asked) = (state.custom, state.asked);
            built.read.extend(log.into_inner().unwrap_or_else(PoisonError::into_inner));
            Ok(Arc::new(built))
        });
        let built = Arc::clone(built.as_ref().map_err(Clone::clone)?);
        for folder in &built.folders {
            target.chain.admit(folder, text.place)?;
        }
        let mut state = self.state();
        if built.openapi.is_some() && state.asked {
            drop(state);
            return self.build_folder(target, text, path).map(Arc::new);
        }
        state.custom.clone_from(&built.openapi);
        state.asked |= built.asked;
        drop(state);
        Ok(built)
    }

    fn build_folder(
        self,
        target: &Target<'_>,
        text: &Text,
        path: &str,
    ) -> Result<Accumulated, Error> {
        let base = self.enter(target, text, path)?;
        if base.kustomization.is_component() {
            return Err(Error::invalid(format!(
                "{path} is a component: list it under `components`"
            ))
            .at(text.place));
        }
        self.target(&base, Accumulated::default())
    }

    fn enter<'c>(
        self,
        target: &'c Target<'_>,
        text: &Text,
        path: &'c str,
    ) -> Result<Target<'c>, Error> {
        let (kustomization, file_name, place) = self.load(path, false, text.place)?;
        self.set_schema(&kustomization, path)?;
        Ok(Target {
            kustomization,
            file_name,
            place,
            chain: Chain {
                folder: path,
                outer: Some(&target.chain),
                depth: target.chain.depth + 1,
            },
            origin: target.origin.as_ref().map(|origin| below(origin, &text.value)),
        })
    }

    fn component(
        self,
        target: &Target<'_>,
        text: &Text,
        done: Accumulated,
    ) -> Result<Accumulated, Error> {
        if is_remote(&text.value) {
            return Err(remote(text));
        }
        let path = join(target.chain.folder, &text.value).map_err(|error| error.at(text.place))?;
        if !self.builder.files.is_folder(&path) {
            return Err(Error::missing(self.builder.files, &path, "folder").at(text.place));
        }
        target.chain.admit(&path, text.place)?;
        let component = self.enter(target, text, &path)?;
        if !component.kustomization.is_component() {
            return Err(Error::invalid(format!(
                "{path} is no component: its kind must be Component"
            ))
            .at(text.place));
        }
        let done = self.target(&component, done)?;
        done.objects.expect_unique().map_err(|error| error.at(text.place))?;
        Ok(done)
    }

    /// The objects that configure generators, transformers or validators.
    fn plugin_configs(
        self,
        target: &Target<'_>,
        context: &Context<'_>,
        entries: &[Text],
        outer: &mut Accumulated,
    ) -> Result<Vec<PluginConfig>, Error> {
        let mut configs = Accumulated::default();
        let mut paths = Vec::new();
        for text in entries {
            let source = Source::inline(text, false);
            match load::objects(&source, context.schema) {
                Err(_) => paths.push(text),
                Ok(mut objects) => {
                    self.ask_schema(&objects);
                    if let Some(origin) = &target.origin {
                        let origin = format!("path: {}\n", below(origin, target.file_name));
                        for object in &mut objects {
                            put_origin(object, &origin)?;
                        }
                    }
                    configs.objects.append_all(objects.into_iter().map(Arc::new))?;
                }
            }
        }
        for text in paths {
            self.resource(target, text, &mut configs)?;
        }
        outer.remarks.append(&mut configs.remarks);
        outer.patched.append(&mut configs.patched);
        outer.folders.append(&mut configs.folders);
        outer.read.append(&mut configs.read);
        Ok(configs
            .objects
            .list
            .into_iter()
            .map(|resource| {
                let origin = resource.tree.annotation(ORIGIN).map(|origin| {
                    let path = origin.trim().strip_prefix("path: ").unwrap_or_default();
                    let (version, kind) = (resource.tree.top("apiVersion"), resource.kind());
                    let mut names = format!("  name: {}\n", resource.name());
                    if !resource.namespace().is_empty() {
                        names.push_str(&format!("  namespace: {}\n", resource.namespace()));
                    }
                    configured("", path, version, kind, &names)
                });
                PluginConfig { resource, origin }
            })
            .collect())
    }
}

/// Does one step, and notes it where `buildMetadata` asks for that.
fn apply(step: &Step, done: &mut Accumulated) -> Result<(), Error> {
    for transformer in &step.transformers {
        if let Transformer::Patch(patch) = transformer
            && let Some(place) = patch.place()
        {
            if patch.has_target(&done.objects)? {
                done.patched.push(place);
            } else {
                done.remarks.push(Remark {
                    kind: RemarkKind::PatchWithoutTarget,
                    message: "the patch's target selects none of the resources".to_owned(),
                    place,
                });
            }
        }
        transformer.apply(&mut done.objects)?;
    }
    if let Some(origin) = step.origin.as_deref() {
        note_transformer(&mut done.objects, origin)?;
    }
    done.objects.drop_empty();
    Ok(())
}

struct PluginConfig {
    resource: Arc<Resource>,
    origin: Option<String>,
}

fn add_var(vars: &mut Vec<Var>, var: Var) -> Result<(), Error> {
    if vars.iter().any(|known| known.name.value == var.name.value) {
        return Err(Error::invalid(format!("the variable {} is there already", var.name.value))
            .at(var.name.place));
    }
    vars.push(var);
    Ok(())
}

fn absorb(
    done: &mut Accumulated,
    mut made: Resource,
    origin: Option<&str>,
    place: Option<Place>,
) -> Result<(), Error> {
    if let Some(origin) = origin.filter(|_| made.tree.annotation(ORIGIN).is_none()) {
        made.tree.set_annotation(ORIGIN, origin, &Origin::default())?;
    }
    done.objects.absorb(made).map_err(|error| error.at(place))
}

fn remarks_of(kustomization: &Kustomization) -> Vec<Remark> {
    let deprecated = kustomization.deprecated.iter().map(|(place, field, instead)| Remark {
        kind: RemarkKind::DeprecatedField,
        message: format!("`{field}` is deprecated: use `{instead}`"),
        place: *place,
    });
    let dropped = kustomization.dropped.iter().map(|(place, field)| Remark {
        kind: RemarkKind::DroppedField,
        message: format!("kustomize knows no field `{field}`: Flux drops it"),
        place: *place,
    });
    deprecated.chain(dropped).collect()
}

fn written(objects: &ResMap) -> Result<Vec<String>, Error> {
    objects.list.iter().map(|resource| Ok(emit::yaml(&resource.tree)?.0)).collect()
}
