//! The names that expressions of admission may use, and their types.

use indexmap::IndexMap;
use proofmark_cel::{Ast, Env, Program, Type};

/// Which names there are beside `object`, `oldObject`, `namespaceObject` and `request`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Names {
    /// `params`
    pub params: bool,
    /// `authorizer` and `authorizer.requestResource`
    pub authorizer: bool,
}

/// The environment of an expression.
pub fn environment(names: Names) -> Env {
    let mut env = Env::kubernetes()
        .with("object", Type::Dyn)
        .with("oldObject", Type::Dyn)
        .with("namespaceObject", namespace())
        .with("request", request());
    if names.params {
        env = env.with("params", Type::Dyn);
    }
    if names.authorizer {
        env = env
            .with("authorizer", Type::Opaque("kubernetes.authorization.Authorizer"))
            .with("authorizer.requestResource", Type::Opaque("kubernetes.authorization.ResourceCheck"));
    }
    env
}

/// The type of the name `variables`, from those that are defined so far.
pub fn variables(defined: &IndexMap<String, Type>) -> Type {
    Type::object("kubernetes.variables", defined.clone())
}

fn object<const N: usize>(name: &str, fields: [(&str, Type); N]) -> Type {
    Type::object(name, fields.into_iter().map(|(field, ty)| (field.to_owned(), ty)).collect())
}

fn texts() -> Type {
    Type::list(Type::String)
}

fn labels() -> Type {
    Type::map(Type::String, Type::String)
}

fn request() -> Type {
    let kind = object(
        "kubernetes.GroupVersionKind",
        [("group", Type::String), ("version", Type::String), ("kind", Type::String)],
    );
    let resource = object(
        "kubernetes.GroupVersionResource",
        [("group", Type::String), ("version", Type::String), ("resource", Type::String)],
    );
    let user = object(
        "kubernetes.UserInfo",
        [
            ("username", Type::String),
            ("uid", Type::String),
            ("groups", texts()),
            ("extra", Type::map(Type::String, texts())),
        ],
    );
    object(
        "kubernetes.AdmissionRequest",
        [
            ("kind", kind.clone()),
            ("resource", resource.clone()),
            ("subResource", Type::String),
            ("requestKind", kind),
            ("requestResource", resource),
            ("requestSubResource", Type::String),
            ("name", Type::String),
            ("namespace", Type::String),
            ("operation", Type::String),
            ("userInfo", user),
            ("dryRun", Type::Bool),
            ("options", Type::Dyn),
        ],
    )
}

fn namespace() -> Type {
    let condition = object(
        "kubernetes.NamespaceCondition",
        [
            ("status", Type::String),
            ("type", Type::String),
            ("lastTransitionTime", Type::Timestamp),
            ("message", Type::String),
            ("reason", Type::String),
        ],
    );
    let metadata = object(
        "kubernetes.NamespaceMetadata",
        [
            ("name", Type::String),
            ("generateName", Type::String),
            ("namespace", Type::String),
            ("labels", labels()),
            ("annotations", labels()),
            ("UID", Type::String),
            ("creationTimestamp", Type::Timestamp),
            ("deletionGracePeriodSeconds", Type::Int),
            ("deletionTimestamp", Type::Timestamp),
            ("generation", Type::Int),
            ("resourceVersion", Type::String),
            ("finalizers", texts()),
        ],
    );
    let spec = object("kubernetes.NamespaceSpec", [("finalizers", texts())]);
    let status = object("kubernetes.NamespaceStatus", [("conditions", Type::list(condition)), ("phase", Type::String)]);
    object("kubernetes.Namespace", [("metadata", metadata), ("spec", spec), ("status", status)])
}

/// Compiles an expression whose value must be of one of these types (none: any).
///
/// # Errors
/// What is wrong with it, as validation words it.
pub fn check(env: &Env, source: &str, types: &[Type]) -> Result<Ast, String> {
    let ast = env.compile(source).map_err(|issues| format!("compilation failed: {issues}"))?;
    let got = ast.output_type();
    if !types.is_empty() && !types.contains(got) {
        return Err(match types {
            [one] => format!("must evaluate to {one} but got {got}"),
            several => {
                let names: Vec<String> = several.iter().map(shown).collect();
                format!("must evaluate to one of [{}] but got {}", names.join(" "), shown(got))
            }
        });
    }
    Program::new(&ast).map_err(|error| format!("program instantiation failed: {error}"))?;
    Ok(ast)
}

/// A type's name; the checker prints that of null as the value.
fn shown(ty: &Type) -> String {
    match ty {
        Type::Null => "null_type".to_owned(),
        other => other.to_string(),
    }
}
