//! LocalModelCaches: models that are kept on nodes. Each node of a group is told which models to keep (LocalModelNode), volumes and claims are
//! made for those that download and for those that read, and the status gathers how far the nodes are.
//!
//! Nothing downloads here: whoever plays a node's agent writes the status of its LocalModelNode.
//!
//! Source: `pkg/controller/v1alpha1/localmodel`, v0.14.1 to v0.15.2. v0.14.0 had ClusterLocalModels and jobs instead, which are not simulated.

use std::collections::{BTreeMap, BTreeSet};

use proofmark_controllers::kit::{Api, Error, Next, Reason as _, Reconcile, Selection, View, nodes, object, queue};
use proofmark_json::{Value, json};

use super::children;
use super::watch::{self, Key};
use crate::behaviour::Behaviour;
use crate::config::Config;
use crate::control_plane::Context;
use crate::names::{LOCAL_MODEL_LABEL, NODE_GROUP, kinds};

const FINALIZER: &str = "localmodel.kserve.io/finalizer";

pub(super) fn start(context: &mut Context) {
    if !context.behaviour.local_models {
        return;
    }
    let (queue, worker) = queue::new();
    let own = watch::own(context, Selection::metadata(kinds::LOCAL_MODELS), &queue);
    let mut caches = vec![own.clone()];
    for of in [kinds::VOLUMES, kinds::CLAIMS] {
        caches.push(watch::owned_by_cluster(context, of, kinds::LOCAL_MODELS, &queue));
    }
    let services = context.informer(Selection::metadata(kinds::SERVICES));
    let told = queue.clone();
    services.on_change(move |change| {
        let model = |object: &Value| Some(object::labels(object)?.get(LOCAL_MODEL_LABEL)?.as_str()?.to_owned());
        let (old, new) = (change.old.as_deref().and_then(model), change.new.as_deref().and_then(model));
        if old != new {
            // Only the new one is told where both are known.
            let name = if change.new.is_some() { new } else { old };
            name.into_iter().for_each(|name| told.add((String::new(), name)));
        }
    });
    caches.push(services);
    let on_nodes = context.informer(Selection::whole(kinds::LOCAL_MODEL_NODES));
    let told = queue.clone();
    on_nodes.on_change(move |change| {
        if let (Some(old), Some(new)) = (&change.old, &change.new)
            && old.get("status") != new.get("status")
        {
            for model in object::list(new, "/spec/localModels") {
                told.add((String::new(), object::text(model, "/modelName").to_owned()));
            }
        }
    });
    caches.push(on_nodes);
    let nodes = context.informer(Selection::metadata(kinds::NODES));
    nodes.on_change(move |change| {
        if change.old.is_none() {
            own.all().iter().for_each(|model| queue.add((String::new(), object::name(model).to_owned())));
        }
    });
    caches.push(nodes);
    let models =
        Models { api: context.api.clone(), namespace: context.options.namespace.clone(), behaviour: context.behaviour };
    context.run(worker, caches, std::future::ready(()), models);
}

struct Models {
    api: Api,
    /// Where the control plane lives.
    namespace: String,
    behaviour: Behaviour,
}

/// Nodes of a group: those that are ready, and the others.
type Nodes = (Vec<String>, Vec<String>);

impl Reconcile for Models {
    type Key = Key;
    type Error = String;

    async fn reconcile(&self, (_, name): &Key) -> Result<Next, String> {
        let words = |error: Error| error.words();
        let config = Config::read(&self.api, &self.namespace, self.behaviour).await.map_err(words)?;
        let settings = config.local_model().map_err(|error| error.to_string())?;
        let Some(mut model) = children::read(&self.api, &kinds::LOCAL_MODELS, "", name).await.map_err(words)? else {
            return Ok(Next::Done);
        };
        let mut groups = Vec::new();
        for group in object::strings(&model, "/spec/nodeGroups") {
            groups.push(self.api.get(&kinds::LOCAL_MODEL_NODE_GROUPS, "", group).await.map_err(words)?);
        }
        if object::is_being_deleted(&model) {
            return self.finish(&model, &groups).await.map_err(words);
        }
        if !object::has_finalizer(&model, FINALIZER) {
            let finalizers: Vec<&str> = object::finalizers(&model).chain([FINALIZER]).collect();
            let patch = json!({"metadata": {"finalizers": finalizers}});
            model = self.api.merge_patch(&kinds::LOCAL_MODELS, "", name, &patch).await.map_err(words)?;
        }
        model = self.tell_nodes(model, &groups).await.map_err(words)?;
        for group in &groups {
            let claim = format!("{name}-{}", object::name(group));
            let (volume, namespace) = (format!("{claim}-download"), &settings.job_namespace);
            self.store(&model, group, &volume, &claim, namespace).await;
        }
        if !settings.disable_volume_management {
            self.serve(model, &groups).await.map_err(words)?;
        }
        Ok(Next::Done)
    }
}

impl Models {
    /// Has every node forget the model, and lets it go.
    async fn finish(&self, model: &Value, groups: &[Value]) -> Result<Next, Error> {
        if !object::has_finalizer(model, FINALIZER) {
            return Ok(Next::Done);
        }
        let name = object::name(model);
        for group in groups {
            let (ready, others) = self.nodes(group).await?;
            for node in ready.iter().chain(&others) {
                let Some(on_node) = children::read(&self.api, &kinds::LOCAL_MODEL_NODES, "", node).await? else {
                    continue;
                };
                let models = object::list(&on_node, "/spec/localModels");
                let kept: Vec<&Value> =
                    models.iter().filter(|other| object::text(other, "/modelName") != name).collect();
                if kept.len() < models.len() {
                    let patch = json!({"spec": {"localModels": kept}});
                    self.api.merge_patch(&kinds::LOCAL_MODEL_NODES, "", node, &patch).await?;
                }
            }
        }
        let finalizers: Vec<&str> = object::finalizers(model).filter(|finalizer| *finalizer != FINALIZER).collect();
        let finalizers = if finalizers.is_empty() { Value::Null } else { json!(finalizers) };
        let patch = json!({"metadata": {"finalizers": finalizers}});
        match self.api.merge_patch(&kinds::LOCAL_MODELS, "", name, &patch).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(Next::Done),
        }
    }

    /// Tells the nodes that are ready to keep the model, and gathers how far they are; the model as it is then.
    async fn tell_nodes(&self, mut model: Value, groups: &[Value]) -> Result<Value, Error> {
        let name = object::name(&model).to_owned();
        let source = object::text(&model, "/spec/sourceModelUri").to_owned();
        let entry = json!({"modelName": name, "sourceModelUri": source});
        for group in groups {
            let (ready, others) = self.nodes(group).await?;
            let mut states: BTreeMap<String, Value> = model["status"]["nodeStatus"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(k, v)| (k.to_string(), v.clone()))
                .collect();
            for node in others {
                states.entry(node).or_insert_with(|| json!("NodeNotReady"));
            }
            for node in ready {
                let on_node = self.tell(&node, &name, &entry).await?;
                let state = match object::text(&on_node["status"]["modelStatus"], &format!("/{name}")) {
                    "ModelDownloading" => "NodeDownloading",
                    "ModelDownloadError" => "NodeDownloadError",
                    "ModelDownloaded" => "NodeDownloaded",
                    _ => "NodeDownloadPending",
                };
                states.insert(node, json!(state));
            }
            let count = |state: &str| states.values().filter(|other| **other == state).count();
            let mut copies = json!({"total": states.len()});
            for (field, count) in [("available", count("NodeDownloaded")), ("failed", count("NodeDownloadError"))] {
                if count > 0 {
                    copies[field] = json!(count);
                }
            }
            let mut status = model.get("status").cloned().filter(Value::is_object).unwrap_or_else(|| json!({}));
            status["nodeStatus"] = json!(states);
            status["copies"] = copies;
            model = self.write(model, status).await?;
        }
        Ok(model)
    }

    /// Puts the model on a node's list; the node's list as it is then.
    async fn tell(&self, node: &str, model: &str, entry: &Value) -> Result<Value, Error> {
        let of = &kinds::LOCAL_MODEL_NODES;
        let Some(on_node) = children::read(&self.api, of, "", node).await? else {
            let fresh = json!({
                "apiVersion": of.api_version(), "kind": of.kind, "metadata": {"name": node}, "spec": {"localModels": [entry]},
            });
            return self.api.create(of, &fresh).await;
        };
        let mut models = object::list(&on_node, "/spec/localModels").to_vec();
        match models.iter_mut().find(|other| object::text(other, "/modelName") == model) {
            Some(there) if there == entry => return Ok(on_node),
            Some(there) => *there = entry.clone(),
            None => models.push(entry.clone()),
        }
        self.api.merge_patch(of, "", node, &json!({"spec": {"localModels": models}})).await
    }

    /// Makes what services that read the model from their nodes need, and says which these are.
    async fn serve(&self, model: Value, groups: &[Value]) -> Result<(), Error> {
        let name = object::name(&model).to_owned();
        let selector = format!("{LOCAL_MODEL_LABEL}={name}");
        let services = self.api.list(&kinds::SERVICES, "", &[("labelSelector", &selector)], View::Metadata).await?;
        let services = object::list(&services, "/items");
        let default = groups.first().map(object::name).unwrap_or_default();
        let mut wanted: BTreeSet<(&str, &str)> = BTreeSet::new();
        for service in services {
            let group = object::annotation(service, NODE_GROUP).filter(|_| self.behaviour.keda).unwrap_or(default);
            wanted.insert((object::namespace(service), group));
        }
        let mut status = model.get("status").cloned().filter(Value::is_object).unwrap_or_else(|| json!({}));
        let names = services.iter().map(|s| json!({"name": object::name(s), "namespace": object::namespace(s)}));
        let names: Vec<Value> = names.collect();
        if names.is_empty() {
            status.as_object_mut().map(|status| status.shift_remove("inferenceServices"));
        } else {
            status["inferenceServices"] = json!(names);
        }
        let model = self.write(model, status).await?;
        for (namespace, group) in wanted {
            // A group that the model is not kept on is nobody's.
            let Some(group) = groups.iter().find(|known| object::name(known) == group) else { continue };
            let claim = format!("{name}-{}", object::name(group));
            self.store(&model, group, &format!("{claim}-{namespace}"), &claim, namespace).await;
        }
        Ok(())
    }

    /// Makes a volume and a claim of it after a group's patterns. One that cannot be made is made another time.
    async fn store(&self, model: &Value, group: &Value, volume: &str, claim: &str, namespace: &str) {
        let mut pv = children::child(model, &kinds::VOLUMES, json!({"name": volume}));
        pv["spec"] = group["spec"]["persistentVolumeSpec"].clone();
        let mut pvc = children::child(model, &kinds::CLAIMS, json!({"name": claim, "namespace": namespace}));
        pvc["spec"] = group["spec"]["persistentVolumeClaimSpec"].clone();
        pvc["spec"]["volumeName"] = json!(volume);
        for (of, namespace, name, object) in
            [(&kinds::VOLUMES, "", volume, &pv), (&kinds::CLAIMS, namespace, claim, &pvc)]
        {
            let made = match children::read(&self.api, of, namespace, name).await {
                Ok(None) => self.api.create(of, object).await.map(|_| ()),
                other => other.map(|_| ()),
            };
            if let Err(error) = made {
                tracing::debug!(kind = &*of.kind, name, error = &*error.words(), "not made");
            }
        }
    }

    /// Stores a status if it is another.
    async fn write(&self, mut model: Value, status: Value) -> Result<Value, Error> {
        if model.get("status").is_some_and(|before| object::same(before, &status)) {
            return Ok(model);
        }
        model["status"] = status;
        self.api.update_subresource(&kinds::LOCAL_MODELS, &model, "status").await
    }

    /// The nodes that a group's volumes are on.
    async fn nodes(&self, group: &Value) -> Result<Nodes, Error> {
        let selector = &group["spec"]["persistentVolumeSpec"]["nodeAffinity"]["required"];
        let all = self.api.list(&kinds::NODES, "", &[], View::Whole).await?;
        let picked = object::list(&all, "/items").iter().filter(|node| nodes::picks(selector, node));
        let is_ready =
            |node: &&Value| object::condition(node, "Ready").is_some_and(|is| object::text(is, "/status") == "True");
        let (ready, others): (Vec<&Value>, Vec<&Value>) = picked.partition(is_ready);
        let names = |nodes: Vec<&Value>| nodes.into_iter().map(|node| object::name(node).to_owned()).collect();
        Ok((names(ready), names(others)))
    }
}
