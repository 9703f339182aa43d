//! The entries of a kustomization: patches, images, generators and the like, read and checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fields::{Fields, Text};
use super::fieldspec::FieldSpec;
use super::selector::{Id, Selector};
use crate::diagnostic::Outcome;
use crate::object::SourceFile;
use crate::position::{Mark, Position};

pub(super) struct Labels {
    pub(super) pairs: BTreeMap<String, String>,
    pub(super) include_selectors: bool,
    pub(super) include_templates: bool,
    pub(super) fields: Vec<FieldSpec>,
}

pub(super) struct Patch {
    pub(super) at: Mark,
    pub(super) body: PatchBody,
    pub(super) target: Option<Selector>,
    pub(super) allow_name_change: bool,
    pub(super) allow_kind_change: bool,
}

pub(super) enum PatchBody {
    Inline(Text),
    Path(Text),
}

pub(super) struct Image {
    pub(super) name: String,
    pub(super) new_name: String,
    pub(super) new_tag: String,
    pub(super) tag_suffix: String,
    pub(super) digest: String,
}

pub(super) struct Replicas {
    pub(super) at: Mark,
    pub(super) name: String,
    pub(super) count: i64,
}

pub(super) struct Replacement {
    pub(super) at: Position,
    pub(super) file: Arc<SourceFile>,
    pub(super) source: Id,
    pub(super) source_path: String,
    pub(super) source_options: FieldOptions,
    pub(super) targets: Vec<Target>,
}

pub(super) struct Target {
    pub(super) at: Mark,
    pub(super) select: Selector,
    pub(super) reject: Vec<Selector>,
    pub(super) paths: Vec<String>,
    pub(super) options: FieldOptions,
}

#[derive(Default)]
pub(super) struct FieldOptions {
    pub(super) delimiter: String,
    pub(super) index: i64,
    pub(super) create: bool,
}

#[derive(Clone)]
pub(super) struct Var {
    pub(super) at: Mark,
    pub(super) file: Arc<SourceFile>,
    pub(super) name: String,
    pub(super) object: Id,
    pub(super) path: String,
}

pub(super) struct Generator {
    pub(super) at: Mark,
    pub(super) secret: bool,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) behavior: Behavior,
    pub(super) secret_type: String,
    pub(super) envs: Vec<Text>,
    pub(super) literals: Vec<Text>,
    pub(super) files: Vec<Text>,
    pub(super) options: GeneratorOptions,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Behavior {
    Create,
    Merge,
    Replace,
}

#[derive(Clone, Default)]
pub(super) struct GeneratorOptions {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) disable_name_suffix_hash: bool,
    pub(super) immutable: bool,
}

pub(super) fn labels(mut fields: Fields<'_>) -> Outcome<Labels> {
    let labels = Labels {
        pairs: fields.text_map("pairs")?,
        include_selectors: fields.flag("includeSelectors")?,
        include_templates: fields.flag("includeTemplates")?,
        fields: fields.each("fields", FieldSpec::parse)?,
    };
    fields.finish()?;
    Ok(labels)
}

pub(super) fn patch(file: &Arc<SourceFile>, mut fields: Fields<'_>) -> Outcome<Patch> {
    let at = fields.at();
    let inline = fields.optional_text("patch")?.filter(|patch| !patch.text.trim().is_empty());
    let path = fields.optional_text("path")?.filter(|path| !path.text.is_empty());
    let body = match (inline, path) {
        (Some(inline), None) => PatchBody::Inline(inline),
        (None, Some(path)) => PatchBody::Path(path),
        (None, None) => return Err(file.error(at, "a patch needs either a patch or a path")),
        (Some(_), Some(path)) => return Err(file.error(path.at, "a patch has either a patch or a path, not both")),
    };
    let target = fields.fields("target")?.map(Selector::parse).transpose()?;
    let (mut allow_name_change, mut allow_kind_change) = (false, false);
    if let Some(mut options) = fields.fields("options")? {
        allow_name_change = options.flag("allowNameChange")?;
        allow_kind_change = options.flag("allowKindChange")?;
        options.flag("allowNoTargetMatch")?;
    }
    fields.finish()?;
    Ok(Patch { at, body, target, allow_name_change, allow_kind_change })
}

pub(super) fn image(mut fields: Fields<'_>) -> Outcome<Image> {
    let image = Image {
        name: fields.text("name")?,
        new_name: fields.text("newName")?,
        new_tag: fields.text("newTag")?,
        tag_suffix: fields.text("tagSuffix")?,
        digest: fields.text("digest")?,
    };
    fields.finish()?;
    Ok(image)
}

pub(super) fn replicas(mut fields: Fields<'_>) -> Outcome<Replicas> {
    let replicas = Replicas { at: fields.at(), name: fields.text("name")?, count: fields.integer("count")? };
    fields.finish()?;
    Ok(replicas)
}

pub(super) fn var(file: &Arc<SourceFile>, mut fields: Fields<'_>) -> Outcome<Var> {
    let at = fields.at();
    let name = fields.text("name")?;
    let object = match fields.fields("objref")? {
        Some(mut reference) => {
            let id = Id::parse(&mut reference)?;
            reference.finish()?;
            id
        }
        None => return Err(file.error(at, "a var needs an objref")),
    };
    let path = match fields.fields("fieldref")? {
        Some(mut reference) => {
            let path = reference.text("fieldpath")?;
            reference.finish()?;
            path
        }
        None => String::new(),
    };
    fields.finish()?;
    let path = if path.is_empty() { "metadata.name".to_owned() } else { path };
    Ok(Var { at, file: Arc::clone(file), name, object, path })
}

pub(super) fn generator_options(mut fields: Fields<'_>) -> Outcome<GeneratorOptions> {
    let options = GeneratorOptions {
        labels: fields.text_map("labels")?,
        annotations: fields.text_map("annotations")?,
        disable_name_suffix_hash: fields.flag("disableNameSuffixHash")?,
        immutable: fields.flag("immutable")?,
    };
    fields.finish()?;
    Ok(options)
}

pub(super) fn generator(
    file: &Arc<SourceFile>,
    mut fields: Fields<'_>,
    secret: bool,
    global: &GeneratorOptions,
) -> Outcome<Generator> {
    let at = fields.at();
    let name = fields.text("name")?;
    if name.is_empty() {
        let message = format!("a generated {} needs a name", if secret { "Secret" } else { "ConfigMap" });
        return Err(file.error(at, message));
    }
    let mut options = fields.fields("options")?.map(generator_options).transpose()?.unwrap_or_default();
    for (from, to) in [(&global.labels, &mut options.labels), (&global.annotations, &mut options.annotations)] {
        from.iter().for_each(|(key, value)| {
            to.entry(key.clone()).or_insert_with(|| value.clone());
        });
    }
    options.disable_name_suffix_hash |= global.disable_name_suffix_hash;
    options.immutable |= global.immutable;
    let behavior = match fields.optional_text("behavior")? {
        Some(behavior) => match behavior.text.as_str() {
            "merge" => Behavior::Merge,
            "replace" => Behavior::Replace,
            "create" | "" => Behavior::Create,
            other => {
                let message = format!("behavior must be create, merge or replace, found {other:?}");
                return Err(file.error(behavior.at, message));
            }
        },
        None => Behavior::Create,
    };
    let mut envs = fields.texts("envs")?;
    envs.extend(fields.optional_text("env")?);
    let generator = Generator {
        at,
        secret,
        name,
        namespace: fields.text("namespace")?,
        behavior,
        secret_type: if secret { fields.text("type")? } else { String::new() },
        envs,
        literals: fields.texts("literals")?,
        files: fields.texts("files")?,
        options,
    };
    fields.finish()?;
    Ok(generator)
}

pub(super) fn replacement(file: &Arc<SourceFile>, mut fields: Fields<'_>) -> Outcome<Replacement> {
    const DEFAULT_PATH: &str = "metadata.name";
    let at = fields.position();
    let or_default = |path: String| if path.is_empty() { DEFAULT_PATH.to_owned() } else { path };
    let Some(mut source) = fields.fields("source")? else {
        return Err(file.error(fields.at(), "a replacement needs a source"));
    };
    let id = Id::parse(&mut source)?;
    let source_path = or_default(source.text("fieldPath")?);
    let source_options = source.fields("options")?.map(field_options).transpose()?.unwrap_or_default();
    source.finish()?;
    let targets = fields.each("targets", |mut fields| {
        let at = fields.at();
        let Some(select) = fields.fields("select")? else {
            return Err(file.error(at, "a target of a replacement needs a select"));
        };
        let mut paths: Vec<String> = fields.texts("fieldPaths")?.into_iter().map(|path| path.text).collect();
        if paths.is_empty() {
            paths.push(DEFAULT_PATH.to_owned());
        }
        let target = Target {
            at,
            select: Selector::parse(select)?,
            reject: fields.each("reject", Selector::parse)?,
            paths,
            options: fields.fields("options")?.map(field_options).transpose()?.unwrap_or_default(),
        };
        fields.finish()?;
        Ok(target)
    })?;
    if targets.is_empty() {
        return Err(file.error(fields.at(), "a replacement needs targets"));
    }
    fields.finish()?;
    Ok(Replacement { at, file: Arc::clone(file), source: id, source_path, source_options, targets })
}

fn field_options(mut fields: Fields<'_>) -> Outcome<FieldOptions> {
    let options = FieldOptions {
        delimiter: fields.text("delimiter")?,
        index: fields.integer("index")?,
        create: fields.flag("create")?,
    };
    fields.text("encoding")?;
    fields.finish()?;
    Ok(options)
}
