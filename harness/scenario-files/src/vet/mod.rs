//! What an API server says of the objects in a scenario file, before anything is played.
//!
//! Every object that a step creates, applies or puts in another's place is sent with `dryRun=All` and strict field validation, so that a misspelt field is found
//! where it stands and not as a symptom that never comes. What is to be refused is left out; what RBAC would say is not asked.
//!
//! - [`fields`] tells which part of an object the answer is about;
//! - [`references`] looks for accounts and roles that are named and that nothing makes, and for selectors that find nothing.

mod fields;
mod references;

use std::collections::BTreeSet;
use std::path::Path;

use proofmark_env::{ApiRequest, Cluster, EnvError, Identity};
use proofmark_json::{Value, json};
use proofmark_manifests::{Object, Source};

use crate::compile::{Made, document, objects};
use crate::kinds::Kinds;
use crate::problem::Problem;

/// Asks a disposable API server with the releases' kinds about the objects of a well-formed file. Namespaces and definitions are made there.
///
/// # Errors
/// When the API server does not answer.
pub async fn vet(path: &Path, text: &str, cluster: &Cluster) -> Result<Vec<Problem>, EnvError> {
    let document = match document(path, text) {
        Ok(document) => document,
        Err(problem) => return Ok(vec![problem]),
    };
    let made = objects(path, &document);
    let kinds = Kinds::with(made.iter().map(|made| &made.object));
    let places = Places::of(path, text);
    let admin = Identity::Admin;
    for name in namespaces(&made) {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        cluster.send(&admin, ApiRequest::post("/api/v1/namespaces", namespace)).await?;
    }
    for definition in made.iter().filter(|made| made.kind() == "CustomResourceDefinition" && !made.is_refused) {
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        cluster.send(&admin, ApiRequest::post(path, definition.object.clone())).await?;
    }
    cluster.settle().await;
    let mut problems = references::accounts(path, &document, &made, cluster).await?;
    for object in made.iter().filter(|made| !made.is_refused) {
        let mut found = ask(object, &kinds, cluster).await?;
        found.extend(references::of(object, &made, cluster).await?);
        problems
            .extend(found.into_iter().map(|Finding { pointer, message }| places.problem(object, &pointer, message)));
    }
    problems.sort_by(|a, b| (a.file != path, &a.file, a.at).cmp(&(b.file != path, &b.file, b.at)));
    Ok(problems)
}

/// What is wrong with an object, and with which part of it (a JSON pointer).
struct Finding {
    pointer: String,
    message: String,
}

/// What the API server says of one object.
async fn ask(made: &Made, kinds: &Kinds, cluster: &Cluster) -> Result<Vec<Finding>, EnvError> {
    let Ok(resource) = kinds.find(made.text("/apiVersion"), made.kind()) else { return Ok(Vec::new()) };
    let collection = match made.namespace() {
        "" => resource.cluster_wide(),
        namespace => resource.in_namespace(namespace),
    };
    let to = format!("{}?dryRun=All&fieldValidation=Strict", collection.path());
    let answer = cluster.send(&Identity::Admin, ApiRequest::post(to, made.object.clone())).await?.response;
    Ok(match answer.status {
        400 | 422 => fields::told(&made.object, answer.body.json()),
        405 => vec![Finding {
            pointer: String::new(),
            message: format!("a {} lives in a namespace: name it", resource.kind),
        }],
        // What is there already, what another release brings, what has to be made first.
        _ => Vec::new(),
    })
}

/// Where the parts of objects stand.
struct Places<'p> {
    path: &'p Path,
    /// The scenario file, as a document whose parts have places.
    whole: Option<Object>,
}

impl<'p> Places<'p> {
    fn of(path: &'p Path, text: &str) -> Self {
        // What cannot be read so has its places from the other reader: those of whole objects.
        let read = proofmark_manifests::load(&[Source::Text(path.to_owned(), text.to_owned())]).ok();
        Self { path, whole: read.and_then(|read| read.objects.into_iter().next()) }
    }

    fn problem(&self, made: &Made, pointer: &str, message: String) -> Problem {
        match (&made.in_file, &self.whole) {
            (Some(object), _) => Problem::at(object.position_of(pointer), message),
            (None, Some(whole)) if !pointer.is_empty() => {
                Problem::at(whole.position_of(&format!("{}{pointer}", made.pointer)), message)
            }
            _ => Problem::new(self.path, made.at, message),
        }
    }
}

/// The namespaces that objects live in.
fn namespaces(made: &[Made]) -> BTreeSet<&str> {
    made.iter().map(Made::namespace).filter(|namespace| !namespace.is_empty()).collect()
}

/// What is at a path of the API; nothing if it is not there.
async fn get(cluster: &Cluster, path: &str) -> Result<Option<Value>, EnvError> {
    let answer = cluster.send(&Identity::Admin, ApiRequest::get(path)).await?.response;
    Ok((answer.status == 200).then(|| answer.body.json().clone()))
}
