//! Which resource a path names, and its types: built-in ones, and those that the case has defined.

use std::collections::BTreeMap;

use proofmark_json::Value;
use proofmark_merge::managed::{ConvertError, Filter, Versions};
use proofmark_merge::typed::Typed;
use proofmark_schema::Schema;
use proofmark_types::{TypeGraph, TypeId};

/// A path taken apart.
pub(crate) struct Place {
    pub(crate) api_version: String,
    pub(crate) plural: String,
    /// Empty for collections.
    pub(crate) name: String,
    pub(crate) subresource: String,
    /// What the object is kept under, at whatever version.
    pub(crate) key: String,
}

impl Place {
    pub(crate) fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('?').next()?.trim_matches('/').split('/').collect();
        let (api_version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ((*version).to_owned(), rest),
            ["apis", group, version, rest @ ..] => (format!("{group}/{version}"), rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (*namespace, rest),
            rest => ("", rest),
        };
        let plural = (*rest.first()?).to_owned();
        let part = |at: usize| rest.get(at).map_or(String::new(), |part| (*part).to_owned());
        let name = part(1);
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        Some(Self {
            key: format!("{group} {namespace} {plural} {name}"),
            api_version,
            plural,
            name,
            subresource: part(2),
        })
    }

    pub(crate) fn named(&self, name: &str) -> String {
        format!("{}{name}", self.key)
    }
}

/// A custom resource that a case defined.
pub(crate) struct Custom {
    pub(crate) types: TypeGraph,
    pub(crate) id: TypeId,
    pub(crate) kind: String,
    pub(crate) schema: Schema,
    pub(crate) has_status: bool,
}

/// The resources that a case may use.
#[derive(Default)]
pub(crate) struct Resources {
    custom: BTreeMap<String, Custom>,
}

/// A resource that a path names.
pub(crate) enum Resource<'a> {
    BuiltIn { id: TypeId, kind: &'static str, has_status: bool },
    Custom(&'a Custom),
}

impl Resource<'_> {
    pub(crate) fn typed(&self) -> Typed<'_> {
        match self {
            Self::BuiltIn { id, .. } => Typed::new(proofmark_builtin::types(), *id),
            Self::Custom(custom) => Typed::new(&custom.types, custom.id),
        }
    }

    pub(crate) fn kind(&self) -> &str {
        match self {
            Self::BuiltIn { kind, .. } => kind,
            Self::Custom(custom) => &custom.kind,
        }
    }

    pub(crate) fn has_status(&self) -> bool {
        match self {
            Self::BuiltIn { has_status, .. } => *has_status,
            Self::Custom(custom) => custom.has_status,
        }
    }

    /// Whether a server sets fields of a new object that this test does not.
    pub(crate) fn has_defaults(&self) -> bool {
        !matches!(self.kind(), "ConfigMap" | "Secret" | "ServiceAccount" | "Role" | "RoleBinding" | "ClusterRole")
            && matches!(self, Self::BuiltIn { .. })
    }
}

impl Resources {
    pub(crate) fn find(&self, place: &Place) -> Option<Resource<'_>> {
        let (group, version) = place.api_version.split_once('/').unwrap_or(("", &place.api_version));
        if let Some(custom) = self.custom.get(&format!("{} {}", place.api_version, place.plural)) {
            return Some(Resource::Custom(custom));
        }
        let known = proofmark_builtin::resources()
            .iter()
            .find(|r| r.group == group && r.version == version && r.plural == place.plural)?;
        let id = proofmark_builtin::type_of(group, version, &known.kind)?;
        Some(Resource::BuiltIn {
            id,
            kind: &known.kind,
            has_status: known.subresources.iter().any(|s| s.name == "status"),
        })
    }

    /// Takes in a CustomResourceDefinition.
    pub(crate) fn define(&mut self, crd: &Value) -> Option<()> {
        let spec = &crd["spec"];
        for version in spec["versions"].as_array()? {
            let schema = Schema::parse(&version["schema"]["openAPIV3Schema"]).ok()?;
            let mut types = proofmark_builtin::types().clone();
            let metadata = proofmark_builtin::type_of("", "v1", "ConfigMap").and_then(|id| match types.get(id) {
                proofmark_types::Type::Struct(s) => Some(s.fields.get("metadata")?.ty),
                _ => None,
            })?;
            let id = schema.to_types(&mut types, metadata);
            let key = format!(
                "{}/{} {}",
                spec["group"].as_str()?,
                version["name"].as_str()?,
                spec["names"]["plural"].as_str()?
            );
            let custom = Custom {
                types,
                id,
                kind: spec["names"]["kind"].as_str()?.to_owned(),
                schema,
                has_status: version["subresources"]["status"].is_object(),
            };
            self.custom.insert(key, custom);
        }
        Some(())
    }
}

/// A resource at all the versions that it is served in.
pub(crate) struct Served<'a> {
    pub(crate) resources: &'a Resources,
    pub(crate) place: &'a Place,
    pub(crate) resource: &'a Resource<'a>,
    pub(crate) reset: Option<Filter>,
}

impl Served<'_> {
    fn custom_at(&self, api_version: &str) -> Option<&Custom> {
        self.resources.custom.get(&format!("{api_version} {}", self.place.plural))
    }
}

impl Versions for Served<'_> {
    fn typed(&self, api_version: &str) -> Option<Typed<'_>> {
        match self.resource {
            Resource::BuiltIn { .. } => (api_version == self.place.api_version).then(|| self.resource.typed()),
            Resource::Custom(_) => self.custom_at(api_version).map(|custom| Typed::new(&custom.types, custom.id)),
        }
    }

    fn reset(&self, _: &str) -> Option<&Filter> {
        self.reset.as_ref()
    }

    fn convert(&self, object: &Value, api_version: &str) -> Result<Value, ConvertError> {
        match self.resource {
            Resource::BuiltIn { .. } => Err(ConvertError::UnknownVersion),
            Resource::Custom(_) if self.custom_at(api_version).is_none() => {
                Err(ConvertError::Failed(format!("request to convert CR to an invalid group/version: {api_version}")))
            }
            Resource::Custom(_) => Ok(at_version(object, api_version)),
        }
    }
}

/// An object at another version, where versions differ in nothing else.
pub(crate) fn at_version(object: &Value, api_version: &str) -> Value {
    let mut object = object.clone();
    object["apiVersion"] = api_version.into();
    object
}
