//! `proofmark can-i`

use proofmark_json::{Value, json};
use proofmark_manifests::{Diagnostic, ManifestSet, Severity};
use proofmark_rbac::explain::explain;
use proofmark_rbac::{Attributes, GROUP, Policy, UserInfo};

use crate::args::{CanIArgs, PlainFormat};
use crate::destination::Destination;
use crate::error::{Exit, ExpectedError};
use crate::kinds::Kinds;
use crate::terminal::Terminal;
use crate::{input, json, tell};

pub(crate) fn run(args: &CanIArgs, terminal: &Terminal) -> Result<Exit, ExpectedError> {
    let manifests = match args.manifests.as_slice() {
        [] => ManifestSet::default(),
        paths => input::manifests(paths, terminal, args.quiet)?,
    };
    let policy = policy(&manifests)?;
    let user = impersonated(&args.user, &args.groups);
    let request = Request::read(args, &Kinds::of(&manifests))?;
    let explanation = explain(&policy, &request.attributes(args, &user));
    let allowed = explanation.allowed || explanation.privileged;
    if !args.quiet {
        let text = match args.plain.format {
            PlainFormat::Text => format!("{}\n{explanation}", if allowed { "yes" } else { "no" }),
            PlainFormat::Json => json::document("explanation", &explanation),
        };
        Destination::open(args.plain.output.as_deref())?.print(&text)?;
    }
    Ok(if allowed { Exit::AsExpected } else { Exit::Finding })
}

/// What every cluster has, and what the manifests add or replace; aggregated as the controller would in the end.
fn policy(manifests: &ManifestSet) -> Result<Policy, ExpectedError> {
    let mut policy = Policy::bootstrap();
    let mut errors: Vec<Diagnostic> = Vec::new();
    for object in &manifests.objects {
        if let Err(error) = policy.insert(&placed(&object.value)) {
            errors.push(object.finding(Severity::Error, "", error.to_string()));
        }
    }
    if errors.is_empty() {
        policy.resolve_aggregation();
        Ok(policy)
    } else {
        Err(ExpectedError::Manifests(errors))
    }
}

/// Roles and bindings without a namespace go to `default`, as with `kubectl apply`.
fn placed(object: &Value) -> Value {
    let mut object = object.clone();
    let namespaced = matches!(object["kind"].as_str(), Some("Role" | "RoleBinding"));
    let ours = object["apiVersion"].as_str().is_some_and(|version| version.starts_with(GROUP));
    if ours && namespaced && object["metadata"]["namespace"].as_str().unwrap_or_default().is_empty() {
        object["metadata"]["namespace"] = json!("default");
    }
    object
}

/// A user with the groups that the API server adds when somebody acts as him (`pkg/endpoints/filters/impersonation.go`).
fn impersonated(name: &str, groups: &[String]) -> UserInfo {
    let mut groups = groups.to_vec();
    let account = name.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    if let (Some((namespace, _)), true) = (account, groups.is_empty()) {
        groups = vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
    }
    let added = if name == "system:anonymous" { "system:unauthenticated" } else { "system:authenticated" };
    if !groups.iter().any(|group| group == added) {
        groups.push(added.to_owned());
    }
    UserInfo::new(name, groups)
}

/// What is asked about.
enum Request {
    Path(String),
    Resource { group: String, plural: String, name: String, namespaced: bool },
}

impl Request {
    fn read(args: &CanIArgs, kinds: &Kinds) -> Result<Self, ExpectedError> {
        if args.resource.starts_with('/') {
            return Ok(Self::Path(args.resource.clone()));
        }
        let (word, name) = args.resource.split_once('/').unwrap_or((&args.resource, ""));
        let name = name.to_owned();
        if let Some(kind) = kinds.find(word) {
            let (group, plural) = (kind.group.clone(), kind.plural.clone());
            return Ok(Self::Resource { group, plural, name, namespaced: kind.namespaced });
        }
        // RBAC knows resources by name alone: any with a group can be asked about, and so can all of them.
        let (plural, group) = match word.split_once('.') {
            Some((plural, group)) => {
                let told = "is not among the kinds known here: taken as a namespaced resource, as written";
                tell::line(format_args!("warning: {word} {told}"));
                (plural, group)
            }
            None if word == "*" => ("*", "*"),
            None => return Err(unknown(word, kinds)),
        };
        let (group, plural) = (group.to_owned(), plural.to_owned());
        Ok(Self::Resource { group, plural, name, namespaced: true })
    }

    fn attributes<'a>(&'a self, args: &'a CanIArgs, user: &'a UserInfo) -> Attributes<'a> {
        match self {
            Self::Path(path) => Attributes::path(user, &args.verb, path),
            Self::Resource { group, plural, name, namespaced } => {
                let namespace = if *namespaced && !args.all_namespaces { args.namespace.as_str() } else { "" };
                Attributes::resource(user, &args.verb, group, plural)
                    .in_namespace(namespace)
                    .named(name)
                    .subresource(args.subresource.as_deref().unwrap_or_default())
            }
        }
    }
}

fn unknown(word: &str, kinds: &Kinds) -> ExpectedError {
    let help = match kinds.suggestion(word) {
        Some(near) => format!("did you mean {near}?"),
        None => "name it with its API group, as in trainedmodels.serving.kserve.io".to_owned(),
    };
    ExpectedError::UnknownResource { given: word.to_owned(), help }
}
