//! Finds what earlier runs left behind, by its label.

use proofmark_json::Value;

use super::removal::{Made, is_ground, remove};
use super::{LABEL, Needs, get};
use crate::{Cluster, EnvError};

/// An object that a run left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// The path of the object.
    pub path: String,
    /// The run that made it.
    pub run: String,
    uid: String,
}

/// What was found, and where nobody could look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// The objects, kind by kind.
    pub objects: Vec<Leftover>,
    /// The kinds whose objects could not be listed, each with the reason: `secrets (403)`.
    pub unseen: Vec<String>,
}

/// A kind, as its objects are listed.
struct Collection {
    /// `/apis/apps/v1/deployments`
    path: String,
    /// `deployments.apps`
    name: String,
}

/// What is left behind of the run of this name, or of any. With `needs` only kinds are looked at that whoever may do just that may list and delete.
///
/// # Errors
/// [`EnvError::Refused`] when the cluster does not tell its kinds, or no kind may be listed at all.
pub async fn find(cluster: &Cluster, run: Option<&str>, needs: Option<Needs>) -> Result<Leftovers, EnvError> {
    let selector = run.map_or_else(|| LABEL.to_owned(), |run| format!("{LABEL}={run}"));
    let selector = selector.replace('/', "%2F").replace('=', "%3D");
    let (mut found, mut refused, mut seen) = (Leftovers::default(), None, false);
    for Collection { path, name } in collections(cluster, needs, &mut found.unseen).await? {
        match get(cluster, &format!("{path}?labelSelector={selector}")).await {
            Ok(list) => {
                seen = true;
                let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
                found.objects.extend(items.iter().filter_map(|item| leftover(&path, item)));
            }
            // Whoever is not known is not known for any kind.
            Err(EnvError::Refused { what, status, message }) if status != 401 => {
                found.unseen.push(format!("{name} ({status})"));
                refused.get_or_insert(EnvError::Refused { what, status, message });
            }
            Err(error) => return Err(error),
        }
    }
    match refused {
        Some(refused) if !seen => Err(refused),
        _ => Ok(found),
    }
}

/// Takes away what was found.
///
/// # Errors
/// [`EnvError::LeftBehind`] with what cannot be deleted or does not go.
pub async fn clean(cluster: &Cluster, mut found: Vec<Leftover>) -> Result<(), EnvError> {
    // The first goes last: what is in a namespace, or of a kind, may need it to go.
    found.sort_by_key(|leftover| !is_ground(&leftover.path));
    let made = found.into_iter().map(|leftover| Made { path: leftover.path, uid: leftover.uid }).collect();
    remove(cluster.transport(), made).await
}

fn leftover(collection: &str, item: &Value) -> Option<Leftover> {
    let metadata = &item["metadata"];
    let (name, run) = (metadata["name"].as_str()?, metadata["labels"][LABEL].as_str()?);
    let path = match metadata["namespace"].as_str() {
        Some(namespace) => {
            let (version, plural) = collection.rsplit_once('/')?;
            format!("{version}/namespaces/{namespace}/{plural}/{name}")
        }
        None => format!("{collection}/{name}"),
    };
    let uid = metadata["uid"].as_str().unwrap_or_default().to_owned();
    Some(Leftover { path, run: run.to_owned(), uid })
}

/// The kinds whose objects can be listed and deleted, in their preferred version. Groups that tell no kinds are `unseen`.
async fn collections(
    cluster: &Cluster,
    needs: Option<Needs>,
    unseen: &mut Vec<String>,
) -> Result<Vec<Collection>, EnvError> {
    let mut versions = vec![(String::new(), "/api/v1".to_owned())];
    let groups = get(cluster, "/apis").await?;
    for group in groups["groups"].as_array().into_iter().flatten() {
        let preferred = group["preferredVersion"]["groupVersion"].as_str();
        let name = group["name"].as_str().unwrap_or_default();
        versions.extend(preferred.map(|version| (name.to_owned(), format!("/apis/{version}"))));
    }
    let mut collections = Vec::new();
    for (group, version) in versions {
        if !needs.map_or(Ok(true), |needs| needs.cleans(&group, None))? {
            continue;
        }
        let resources = match get(cluster, &version).await {
            Ok(resources) => resources,
            // An aggregated API is served elsewhere, and its server may be away.
            Err(EnvError::Refused { status: status @ (404 | 500..), .. }) => {
                unseen.push(format!("{group} ({status})"));
                continue;
            }
            Err(error) => return Err(error),
        };
        for resource in resources["resources"].as_array().into_iter().flatten() {
            let can = |verb: &str| resource["verbs"].as_array().is_some_and(|verbs| verbs.iter().any(|v| v == verb));
            let Some(plural) = resource["name"].as_str().filter(|name| !name.contains('/')) else { continue };
            if can("list") && can("delete") && needs.map_or(Ok(true), |needs| needs.cleans(&group, Some(plural)))? {
                let name = if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") };
                collections.push(Collection { path: format!("{version}/{plural}"), name });
            }
        }
    }
    Ok(collections)
}
