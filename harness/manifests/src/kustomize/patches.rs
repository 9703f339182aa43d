//! Patches: strategic and JSON (RFC 6902), each with the objects that it means.

use std::sync::Arc;

use proofmark_json::Value;

use super::build::Accumulator;
use super::configuration::{Configuration, placed};
use super::entries::{Patch, PatchBody};
use super::fields::Text;
use super::resource::{NO_NAMESPACE, PastId, Resource, mapping};
use super::scope::is_cluster_scoped;
use super::selector::Selector;
use super::strategic;
use crate::diagnostic::{Diagnostic, Outcome, Severity, nearest};
use crate::document;
use crate::files;
use crate::identity::{gvk, text};
use crate::object::SourceFile;
use crate::position::{Mark, Marks, Node, Position};
use crate::yaml::{Booleans, parse};

/// A patch as text, read.
struct Loaded {
    /// The file that the patch stands in.
    file: Arc<SourceFile>,
    /// Where an inline patch stands; its nodes have marks of their own that do not count from the file's start.
    inline: Option<Mark>,
    nodes: Vec<Node>,
}

impl Loaded {
    fn mark(&self, marks: &Marks, pointer: &str) -> Mark {
        self.inline.unwrap_or_else(|| marks.find(pointer))
    }

    fn position(&self, marks: &Marks) -> Position {
        self.file.position(self.mark(marks, ""))
    }

    fn error(&self, marks: &Marks, pointer: &str, message: impl Into<String>) -> Box<Diagnostic> {
        self.file.error(self.mark(marks, pointer), message)
    }
}

/// What a patch may change besides the content.
#[derive(Clone, Copy, Default)]
struct Allowed {
    name: bool,
    kind: bool,
}

/// `patchesStrategicMerge`: paths, or patches themselves.
pub(super) fn strategic_merges(set: &mut Accumulator, configuration: &Configuration) -> Outcome<()> {
    for entry in &configuration.patches_strategic_merge {
        // A path is one line; whatever has several is a patch.
        let loaded =
            if entry.text.contains('\n') { inline(configuration, entry)? } else { from_path(configuration, entry)? };
        for node in &loaded.nodes {
            check_is_object(&loaded, node)?;
            merge_into_named(set, &loaded, node, Allowed::default())?;
        }
    }
    Ok(())
}

/// `patches`: of either form.
pub(super) fn patches(set: &mut Accumulator, configuration: &Configuration) -> Outcome<()> {
    for patch in &configuration.patches {
        let loaded = load(configuration, patch)?;
        if loaded.nodes.iter().any(|node| node.value.is_array()) {
            json_patch_selected(set, configuration, patch, &loaded)?;
            continue;
        }
        let allowed = Allowed { name: patch.allow_name_change, kind: patch.allow_kind_change };
        for node in &loaded.nodes {
            check_is_object(&loaded, node)?;
        }
        match (&patch.target, &loaded.nodes[..]) {
            (None, nodes) => nodes.iter().try_for_each(|node| merge_into_named(set, &loaded, node, allowed))?,
            (Some(target), [node]) => merge_into_selected(set, target, &loaded, node, allowed)?,
            (Some(_), []) => return Err(configuration.file.error(patch.at, "the patch is empty")),
            (Some(_), _) => {
                return Err(configuration.file.error(patch.at, "several patches in one entry cannot have a target"));
            }
        }
    }
    Ok(())
}

/// `patchesJson6902`: the target is one object, named exactly.
pub(super) fn json_patches(set: &mut Accumulator, configuration: &Configuration) -> Outcome<()> {
    for patch in &configuration.patches_json6902 {
        let loaded = load(configuration, patch)?;
        let Some(target) = &patch.target else {
            return Err(configuration.file.error(patch.at, "a JSON patch needs a target"));
        };
        let id = &target.id;
        let wanted = exact(&id.group, &id.version, &id.kind, &id.namespace, &id.name);
        let error = || configuration.file.error(patch.at, not_found(&wanted));
        if let Some(index) = find(set, &wanted, error)? {
            json_patch(set, index, configuration, patch, &loaded)?;
        }
    }
    Ok(())
}

fn load(configuration: &Configuration, patch: &Patch) -> Outcome<Loaded> {
    match &patch.body {
        PatchBody::Inline(text) => inline(configuration, text),
        PatchBody::Path(path) => from_path(configuration, path),
    }
}

fn inline(configuration: &Configuration, patch: &Text) -> Outcome<Loaded> {
    let nodes = parse(&patch.text, Booleans::Yaml12).map_err(|broken| {
        let message = format!("the patch is not valid YAML: {}, in its line {}", broken.reason, broken.at.line);
        configuration.file.error(patch.at, message)
    })?;
    Ok(Loaded { file: Arc::clone(&configuration.file), inline: Some(patch.at), nodes })
}

fn from_path(configuration: &Configuration, path: &Text) -> Outcome<Loaded> {
    let file =
        files::read(&configuration.path(&path.text)).map_err(|error| placed(*error, &configuration.file, path.at))?;
    let nodes = document::nodes(&file, Booleans::Yaml12)?;
    Ok(Loaded { file, inline: None, nodes })
}

fn check_is_object(loaded: &Loaded, node: &Node) -> Outcome<()> {
    if !node.value.is_object() {
        return Err(loaded.error(&node.marks, "", "a patch is a mapping, or a list of JSON patch operations"));
    }
    for (pointer, name) in [("/kind", "kind"), ("/metadata/name", "metadata.name")] {
        if text(&node.value, pointer).is_empty() {
            let message = format!("the patch has no {name}");
            return Err(loaded.error(&node.marks, pointer, message));
        }
    }
    Ok(())
}

fn exact(group: &str, version: &str, kind: &str, namespace: &str, name: &str) -> PastId {
    let namespace = match namespace {
        _ if is_cluster_scoped(group, kind) => NO_NAMESPACE,
        "" => "default",
        namespace => namespace,
    };
    let own = str::to_owned;
    PastId { group: own(group), version: own(version), kind: own(kind), namespace: own(namespace), name: own(name) }
}

/// The one object that is or was called this; none if there is none and it may be in what was not read.
fn find(set: &mut Accumulator, wanted: &PastId, error: impl FnOnce() -> Box<Diagnostic>) -> Outcome<Option<usize>> {
    let known = |resource: &Resource| resource.all_ids().contains(wanted);
    let mut found = set.resources.iter().enumerate().filter(|(_, resource)| known(resource)).map(|(index, _)| index);
    match (found.next(), found.next()) {
        (Some(index), None) => Ok(Some(index)),
        (Some(_), Some(_)) => Err(Box::new(error().with_help("several objects are or were called this"))),
        (None, _) => {
            let help = why_not_found(set, wanted);
            set.not_there(missing(error(), help))?;
            Ok(None)
        }
    }
}

fn not_found(wanted: &PastId) -> String {
    let namespace =
        if wanted.namespace == NO_NAMESPACE { String::new() } else { format!(" in namespace {}", wanted.namespace) };
    format!("no {} named {:?}{namespace} to patch", wanted.kind, wanted.name)
}

/// What is nearly what a patch looks for.
fn why_not_found(set: &Accumulator, wanted: &PastId) -> Option<String> {
    let ids: Vec<PastId> = set.resources.iter().flat_map(Resource::all_ids).collect();
    let same_kind = || ids.iter().filter(|id| id.kind == wanted.kind);
    if let Some(id) = same_kind().find(|id| id.name == wanted.name && id.namespace != wanted.namespace) {
        return Some(format!("it is in namespace {}: say so in the metadata of the patch", id.namespace));
    }
    if let Some(id) = same_kind().find(|id| id.name == wanted.name) {
        let slash = if id.group.is_empty() { "" } else { "/" };
        return Some(format!("its apiVersion is {}{slash}{}", id.group, id.version));
    }
    nearest(&wanted.name, same_kind().map(|id| id.name.as_str())).map(|name| format!("did you mean {name:?}?"))
}

fn missing(error: Box<Diagnostic>, help: Option<String>) -> Box<Diagnostic> {
    match help {
        Some(help) => Box::new(error.with_help(help)),
        None => error,
    }
}

/// Merges a patch into the object that it names itself.
fn merge_into_named(set: &mut Accumulator, loaded: &Loaded, node: &Node, allowed: Allowed) -> Outcome<()> {
    let gvk = gvk(&node.value);
    let (namespace, name) = (text(&node.value, "/metadata/namespace"), text(&node.value, "/metadata/name"));
    let wanted = exact(&gvk.group, &gvk.version, &gvk.kind, namespace, name);
    let error = || loaded.error(&node.marks, "", not_found(&wanted));
    let Some(index) = find(set, &wanted, error)? else { return Ok(()) };
    merge_into(set, index, loaded, node, &node.value, allowed)?;
    set.drop_deleted();
    Ok(())
}

/// Merges a patch into every object that a target selects; what the patch calls itself does not matter.
fn merge_into_selected(
    set: &mut Accumulator,
    target: &Selector,
    loaded: &Loaded,
    node: &Node,
    allowed: Allowed,
) -> Outcome<()> {
    for index in 0..set.resources.len() {
        let resource = &set.resources[index];
        if !target.matches(resource) {
            continue;
        }
        let mut patch = node.value.clone();
        let api_version = resource.object.value.get("apiVersion").cloned().unwrap_or_default();
        mapping(&mut patch).insert("apiVersion", api_version);
        merge_into(set, index, loaded, node, &patch, allowed)?;
    }
    set.drop_deleted();
    Ok(())
}

fn merge_into(
    set: &mut Accumulator,
    index: usize,
    loaded: &Loaded,
    node: &Node,
    patch: &Value,
    allowed: Allowed,
) -> Outcome<()> {
    let Some(resource) = set.resources.get_mut(index) else {
        return Ok(());
    };
    let (kind, name, namespace) = (resource.gvk().kind, resource.name().to_owned(), resource.namespace().to_owned());
    if allowed.name || allowed.kind {
        resource.remember();
    }
    let gvk = resource.gvk();
    let object = &mut resource.object;
    let merged = strategic::merge(object.value.take(), &object.marks, patch, &gvk).map_err(|mismatch| {
        let found = format!("the patch does not fit {kind} {name:?} at {}: {}", mismatch.pointer, mismatch.reason);
        loaded.error(&node.marks, &mismatch.pointer, found)
    })?;
    // A deleted object stays as null until all patches of the entry are through.
    let Some(merged) = merged else { return Ok(()) };
    resource.object.value = merged;
    resource.object.patched_by.push(loaded.position(&node.marks));
    if !allowed.kind {
        mapping(&mut resource.object.value).insert("kind", kind.into());
    }
    if !allowed.name {
        resource.set_name(&name);
    }
    resource.set_namespace(&namespace);
    Ok(())
}

/// Applies JSON patch operations to every object that the target selects.
fn json_patch_selected(
    set: &mut Accumulator,
    configuration: &Configuration,
    patch: &Patch,
    loaded: &Loaded,
) -> Outcome<()> {
    let Some(target) = &patch.target else {
        return Err(configuration.file.error(patch.at, "a JSON patch needs a target"));
    };
    for index in 0..set.resources.len() {
        if target.matches(&set.resources[index]) {
            json_patch(set, index, configuration, patch, loaded)?;
        }
    }
    Ok(())
}

fn json_patch(
    set: &mut Accumulator,
    index: usize,
    configuration: &Configuration,
    patch: &Patch,
    loaded: &Loaded,
) -> Outcome<()> {
    let Some(resource) = set.resources.get_mut(index) else {
        return Ok(());
    };
    resource.remember();
    for node in &loaded.nodes {
        let operations: json_patch::Patch = proofmark_json::from_value(node.value.clone())
            .map_err(|error| loaded.error(&node.marks, "", format!("not a JSON patch: {error}")))?;
        let mut patched = serde_json::Value::from(resource.object.value.take());
        let outcome = json_patch::patch(&mut patched, &operations);
        resource.object.value = patched.into();
        outcome.map_err(|error| {
            let object = format!("{} {:?} ({})", resource.gvk().kind, resource.name(), resource.object.at);
            let message = format!("{} of {object}: {}", error.path, why_json_patch_failed(&error.kind));
            loaded.error(&node.marks, &format!("/{}", error.operation), message)
        })?;
        resource.object.patched_by.push(loaded.position(&node.marks));
    }
    if !resource.object.value.is_object() || resource.name().is_empty() {
        let error = configuration.file.finding(Severity::Error, patch.at, "the patch leaves an object without a name");
        return Err(Box::new(error.with_help(format!("the object is at {}", resource.object.at))));
    }
    Ok(())
}

fn why_json_patch_failed(kind: &json_patch::PatchErrorKind) -> &'static str {
    match kind {
        json_patch::PatchErrorKind::TestFailed => "the test failed",
        json_patch::PatchErrorKind::InvalidFromPointer => "nothing to take it from",
        json_patch::PatchErrorKind::CannotMoveInsideItself => "moved into itself",
        _ => "no such field",
    }
}
