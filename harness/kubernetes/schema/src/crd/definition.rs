//! A CustomResourceDefinition in its internal form: what all versions share stands at the top.

use proofmark_json::{Map, Value};
use proofmark_status::FieldError;

static NO_NAMES: std::sync::LazyLock<Map> = std::sync::LazyLock::new(Map::new);

/// The parts that validation looks at.
pub(super) struct Definition<'a> {
    pub(super) metadata_name: &'a str,
    pub(super) generate_name: &'a str,
    pub(super) annotations: Option<&'a Map>,
    pub(super) group: &'a str,
    pub(super) scope: &'a str,
    pub(super) names: Names<'a>,
    pub(super) accepted_names: Names<'a>,
    /// What all versions share.
    pub(super) shared: Parts<'a>,
    /// None when there is no list at all, which prints differently from an empty one.
    pub(super) versions: Option<Vec<Version<'a>>>,
    pub(super) conversion: Option<&'a Map>,
    pub(super) preserve_unknown_fields: bool,
    pub(super) stored_versions: Option<Vec<&'a str>>,
    pub(super) established: bool,
}

/// What a version may say of itself, or all versions together.
#[derive(Default, Clone, Copy)]
pub(super) struct Parts<'a> {
    /// `schema`: the object that holds `openAPIV3Schema`.
    pub(super) schema: Option<&'a Map>,
    pub(super) subresources: Option<&'a Map>,
    pub(super) columns: &'a [Value],
    pub(super) selectable: &'a [Value],
}

impl<'a> Parts<'a> {
    /// The schema itself.
    pub(super) fn props(&self) -> Option<&'a Map> {
        self.schema?.get("openAPIV3Schema")?.as_object()
    }

    pub(super) fn has_status(&self) -> bool {
        self.subresources.is_some_and(|s| s.get("status").is_some_and(Value::is_object))
    }
}

/// One version, without what all versions share.
pub(super) struct Version<'a> {
    pub(super) name: &'a str,
    pub(super) served: bool,
    pub(super) storage: bool,
    pub(super) deprecated: bool,
    pub(super) deprecation_warning: Option<&'a str>,
    pub(super) parts: Parts<'a>,
}

/// `spec.names` or `status.acceptedNames`.
#[derive(Clone, Copy)]
pub(super) struct Names<'a>(&'a Map);

impl<'a> Names<'a> {
    pub(super) fn get(&self, key: &str) -> &'a str {
        text(self.0, key)
    }

    pub(super) fn list(&self, key: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        list(self.0, key).iter().filter_map(Value::as_str)
    }
}

impl<'a> Definition<'a> {
    pub(super) fn of(crd: &'a Value) -> Self {
        let part = |key: &str| crd.get(key).and_then(Value::as_object).unwrap_or(&NO_NAMES);
        let (metadata, spec, status) = (part("metadata"), part("spec"), part("status"));
        let names = |of: &'a Map, key: &str| Names(object(of, key).unwrap_or(&NO_NAMES));
        let given = spec.get("versions").and_then(Value::as_array);
        let mut versions: Option<Vec<_>> = given.map(|all| all.iter().map(version).collect());
        let shared = versions.as_deref_mut().map(hoist).unwrap_or_default();
        let conditions = list(status, "conditions");
        let established =
            |c: &Value| c.get("type") == Some(&"Established".into()) && c.get("status") == Some(&"True".into());
        let stored = status.get("storedVersions").and_then(Value::as_array);
        Self {
            metadata_name: text(metadata, "name"),
            generate_name: text(metadata, "generateName"),
            annotations: object(metadata, "annotations"),
            group: text(spec, "group"),
            scope: text(spec, "scope"),
            names: names(spec, "names"),
            accepted_names: names(status, "acceptedNames"),
            shared,
            versions,
            conversion: object(spec, "conversion"),
            preserve_unknown_fields: flag(spec, "preserveUnknownFields"),
            stored_versions: stored.map(|all| all.iter().filter_map(Value::as_str).collect()),
            established: conditions.iter().any(established),
        }
    }

    pub(super) fn versions(&self) -> &[Version<'a>] {
        self.versions.as_deref().unwrap_or_default()
    }

    /// The schema of a version.
    pub(super) fn props_of(&self, version: &str) -> Option<&'a Map> {
        let own = self.versions().iter().find(|v| v.name == version)?;
        own.parts.props().or_else(|| self.shared.props())
    }

    /// The schemas, each with its path: one if all versions share it.
    pub(super) fn schemas(&self) -> impl Iterator<Item = (String, &'a Map)> {
        let shared = self.shared.props().map(|props| ("spec.validation.openAPIV3Schema".to_owned(), props));
        let own = self.versions().iter().enumerate();
        let own =
            own.filter_map(|(i, v)| Some((format!("spec.versions[{i}].schema.openAPIV3Schema"), v.parts.props()?)));
        shared.into_iter().chain(own).collect::<Vec<_>>().into_iter()
    }

    /// The object's name is made of two names that it gives.
    pub(super) fn validate_name(&self) -> Vec<FieldError> {
        let wanted = format!("{}.{}", self.names.get("plural"), self.group);
        let given = [("metadata.generateName", self.generate_name), ("metadata.name", self.metadata_name)];
        let wrong = given.into_iter().filter(|(_, name)| !name.is_empty() && *name != wanted);
        wrong.map(|(at, name)| FieldError::invalid(at, name, r#"must be spec.names.plural+"."+spec.group"#)).collect()
    }
}

fn version(value: &Value) -> Version<'_> {
    let fields = value.as_object().unwrap_or(&NO_NAMES);
    Version {
        name: text(fields, "name"),
        served: flag(fields, "served"),
        storage: flag(fields, "storage"),
        deprecated: flag(fields, "deprecated"),
        deprecation_warning: fields.get("deprecationWarning").and_then(Value::as_str),
        parts: Parts {
            schema: object(fields, "schema"),
            subresources: object(fields, "subresources"),
            columns: list(fields, "additionalPrinterColumns"),
            selectable: list(fields, "selectableFields"),
        },
    }
}

/// Moves what all versions say alike to the top.
fn hoist<'a>(versions: &mut [Version<'a>]) -> Parts<'a> {
    let mut shared = Parts::default();
    let Some(first) = versions.first().map(|v| v.parts) else {
        return shared;
    };
    if versions.iter().all(|v| v.parts.schema == first.schema) {
        shared.schema = first.schema;
        versions.iter_mut().for_each(|v| v.parts.schema = None);
    }
    if versions.iter().all(|v| v.parts.subresources == first.subresources) {
        shared.subresources = first.subresources;
        versions.iter_mut().for_each(|v| v.parts.subresources = None);
    }
    if versions.iter().all(|v| v.parts.columns == first.columns) {
        shared.columns = first.columns;
        versions.iter_mut().for_each(|v| v.parts.columns = &[]);
    }
    if versions.iter().all(|v| v.parts.selectable == first.selectable) {
        shared.selectable = first.selectable;
        versions.iter_mut().for_each(|v| v.parts.selectable = &[]);
    }
    shared
}

pub(super) fn text<'a>(fields: &'a Map, key: &str) -> &'a str {
    fields.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn flag(fields: &Map, key: &str) -> bool {
    fields.get(key).and_then(Value::as_bool).unwrap_or_default()
}

pub(super) fn object<'a>(fields: &'a Map, key: &str) -> Option<&'a Map> {
    fields.get(key).and_then(Value::as_object)
}

pub(super) fn list<'a>(fields: &'a Map, key: &str) -> &'a [Value] {
    fields.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}
