//! TrainedModels: models that join a running server. The server reads which from a ConfigMap.
//!
//! Only TrainedModels are watched: one that waits for its parent is tried again after a while that grows.

use proofmark_controllers::kit::{Api, Error, Next, Reason as _, Reconcile, Recorder, Selection, View, object, queue};
use proofmark_json::{Value, json};
use proofmark_text::go_json;
use proofmark_text::quantity::Quantity;

use super::children;
use super::inferenceservice::{model_config_name, serves_many};
use super::watch::{self, Key};
use crate::behaviour::Behaviour;
use crate::conditions::{Conditions, Is, READY, is_true};
use crate::control_plane::{Clock, Context};
use crate::names::{ALLOCATED_LABEL, MODEL_FINALIZER, PARENT_LABEL, kinds};

const PARENT_READY: &str = "InferenceServiceReady";
const MANY: &str = "IsMMSPredictor";
const MEMORY: &str = "MemoryResourceAvailable";
const DECIDING: &[&str] = &[PARENT_READY, MANY, MEMORY];
/// The key of the list of models.
const LIST: &str = "models.json";

pub(super) fn start(context: &mut Context) {
    let (queue, worker) = queue::new();
    let own = watch::own(context, Selection::metadata(kinds::TRAINED_MODELS), &queue);
    let recorder = context.recorder("v1beta1Controllers");
    let models = Models {
        api: context.api.clone(),
        behaviour: context.behaviour,
        clock: context.options.clock.clone(),
        recorder,
    };
    context.run(worker, vec![own], std::future::ready(()), models);
}

struct Models {
    api: Api,
    behaviour: Behaviour,
    clock: Clock,
    recorder: Recorder,
}

impl Reconcile for Models {
    type Key = Key;
    type Error = String;

    async fn reconcile(&self, (namespace, name): &Key) -> Result<Next, String> {
        let words = |error: Error| error.words();
        let Some(mut model) =
            children::read(&self.api, &kinds::TRAINED_MODELS, namespace, name).await.map_err(words)?
        else {
            return Ok(Next::Done);
        };
        let parent = object::text(&model, "/spec/inferenceService").to_owned();
        let found = children::read(&self.api, &kinds::SERVICES, namespace, &parent).await.map_err(words)?;
        let Some(parent) = found else {
            // A model without a parent is lost, without a word. One that is already going stays until somebody takes its finalizer away.
            if !object::is_being_deleted(&model) {
                self.api.delete(&kinds::TRAINED_MODELS, namespace, name, &json!({})).await.map_err(words)?;
            }
            return Ok(Next::Done);
        };
        if object::is_being_deleted(&model) {
            return self.finish(model, &parent).await.map_err(words);
        }
        let labelled =
            object::labels(&model).and_then(|labels| labels.get(PARENT_LABEL)) == Some(&json!(object::name(&parent)));
        if !labelled || !object::has_finalizer(&model, MODEL_FINALIZER) {
            model["metadata"]["labels"][PARENT_LABEL] = json!(object::name(&parent));
            if !object::has_finalizer(&model, MODEL_FINALIZER) {
                let mut finalizers: Vec<&str> = object::finalizers(&model).collect();
                finalizers.push(MODEL_FINALIZER);
                model["metadata"]["finalizers"] = json!(finalizers);
            }
            model = self.api.update(&kinds::TRAINED_MODELS, &model).await.map_err(words)?;
        }
        model = self.conditions(model, &parent).await?;
        self.address(&model, &parent).await.map_err(words)?;
        self.list(&model, &parent, true).await.map_err(words)?;
        Ok(Next::Done)
    }
}

impl Models {
    /// Takes a model off the list and lets it go.
    async fn finish(&self, mut model: Value, parent: &Value) -> Result<Next, Error> {
        if object::has_finalizer(&model, MODEL_FINALIZER) {
            self.list(&model, parent, false).await?;
            let finalizers: Vec<&str> = object::finalizers(&model).filter(|f| *f != MODEL_FINALIZER).collect();
            model["metadata"]["finalizers"] = json!(finalizers);
            self.api.update(&kinds::TRAINED_MODELS, &model).await?;
        }
        Ok(Next::Done)
    }

    /// Checks what a model needs. Whatever is missing is an error, of which the last is told.
    async fn conditions(&self, mut model: Value, parent: &Value) -> Result<Value, String> {
        let (name, of) = (object::name(&model).to_owned(), object::name(parent));
        let ready = is_true(&parent["status"], READY);
        let many = serves_many(&parent["spec"]["predictor"], self.behaviour);
        let room = self.has_room(&model, parent).await.map_err(|error| error.words())?;
        if room && object::labels(&model).is_none_or(|labels| labels.get(ALLOCATED_LABEL).is_none()) {
            model["metadata"]["labels"][ALLOCATED_LABEL] = json!(of);
            model = self.api.update(&kinds::TRAINED_MODELS, &model).await.map_err(|error| error.words())?;
        }
        let checks = [
            (
                ready,
                PARENT_READY,
                "InferenceServiceNotReady",
                "Inference Service needs to be ready before Trained Model can be ready",
                "is not ready",
            ),
            (
                many,
                MANY,
                "IsNotMMSPredictor",
                "Inference Service predictor is not configured for multi-model serving",
                "predictor is not configured for multi-model serving",
            ),
            (
                room,
                MEMORY,
                "MemoryResourceNotAvailable",
                "Inference Service does not have enough memory resources for Trained Model",
                "memory resources are not available",
            ),
        ];
        let mut status = model.get("status").cloned().filter(Value::is_object).unwrap_or_else(|| json!({}));
        let mut failure = None;
        for (holds, of_type, reason, message, words) in checks {
            let is = if holds { Is::new("True", "", "") } else { Is::new("False", reason, message) };
            Conditions { status: &mut status, deciding: DECIDING, now: (self.clock)(), reasons_of_true: false }
                .set(of_type, &is);
            if !holds {
                failure = Some(format!("Inference Service \"{of}\" {words}. Trained Model \"{name}\" cannot deploy"));
            }
        }
        let changed = model.get("status").is_none_or(|before| !object::same(before, &status));
        if changed {
            model["status"] = status;
            model = self.write(&model).await.map_err(|error| error.words())?;
        }
        failure.map_or(Ok(model), Err)
    }

    async fn write(&self, model: &Value) -> Result<Value, Error> {
        let written = self.api.update_subresource(&kinds::TRAINED_MODELS, model, "status").await;
        if let Err(error) = &written {
            let told = format!("Failed to update conditions for TrainedModel: {}", error.words());
            self.recorder.warning(model, "UpdateFailed", told);
        }
        written
    }

    /// Whether the models of a parent fit into its memory together with this one.
    async fn has_room(&self, model: &Value, parent: &Value) -> Result<bool, Error> {
        let of = object::name(parent);
        let selector = format!("{PARENT_LABEL}={of},{ALLOCATED_LABEL}={of}");
        let query = [("labelSelector", selector.as_str())];
        let list = self.api.list(&kinds::TRAINED_MODELS, object::namespace(model), &query, View::Whole).await?;
        let allocated = object::list(&list, "/items");
        let counted = allocated.iter().any(|other| object::name(other) == object::name(model));
        let wanted = allocated
            .iter()
            .chain((!counted).then_some(model))
            .filter_map(|model| memory(model.pointer("/spec/model/memory")?));
        let sum = wanted.reduce(|sum, next| sum.plus(&next));
        let predictor = &parent["spec"]["predictor"];
        let limit = if predictor["model"].is_object() {
            "/model/resources/limits/memory"
        } else {
            "/containers/0/resources/limits/memory"
        };
        // Without a limit there is room for what needs none.
        Ok(match (sum, predictor.pointer(limit).and_then(memory)) {
            (Some(sum), Some(limit)) => limit.minus(&sum).sign() >= 0,
            (Some(sum), None) => sum.sign() <= 0,
            (None, _) => true,
        })
    }

    /// Where the model is found: below its parent.
    async fn address(&self, model: &Value, parent: &Value) -> Result<(), Error> {
        let name = object::name(model);
        let path = match object::text(parent, "/spec/predictor/model/protocolVersion") {
            "" | "v1" => format!("/v1/models/{name}:predict"),
            "v2" => format!("/v2/models/{name}/infer"),
            _ => String::new(),
        };
        let mut updated = model.clone();
        for at in ["/status/url", "/status/address/url"] {
            let base = object::text(parent, at);
            if base.is_empty() {
                continue;
            }
            if at == "/status/url" {
                updated["status"]["url"] = json!(format!("{base}{path}"));
            } else {
                updated["status"]["address"]["url"] = json!(format!("{base}{path}"));
            }
        }
        if updated["status"] != model["status"] {
            self.write(&updated).await?;
        }
        Ok(())
    }

    /// Puts a model on the list, or takes it off.
    async fn list(&self, model: &Value, parent: &Value, on: bool) -> Result<(), Error> {
        let name = model_config_name(object::name(parent));
        let mut map = self.api.get(&kinds::CONFIG_MAPS, object::namespace(model), &name).await?;
        let text = map["data"].get(LIST).and_then(Value::as_str).unwrap_or("[]");
        let mut entries: Vec<Value> = proofmark_json::from_str(text).unwrap_or_default();
        let before = entries.clone();
        let of = &model["spec"]["model"];
        let entry = json!({
            "modelName": object::name(model),
            "modelSpec": {"storageUri": of["storageUri"], "framework": of["framework"], "memory": of["memory"]},
        });
        let place = entries.iter().position(|other| other["modelName"] == entry["modelName"]);
        match (place.and_then(|place| entries.get_mut(place)), on) {
            (Some(other), true) => *other = entry,
            (None, true) => entries.push(entry),
            (_, false) => entries.retain(|other| other["modelName"] != entry["modelName"]),
        }
        if entries != before {
            map["data"][LIST] = json!(go_json::write(&Value::Array(entries)));
            self.api.update(&kinds::CONFIG_MAPS, &map).await?;
        }
        Ok(())
    }
}

fn memory(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => Quantity::parse(text).ok(),
        other => Quantity::parse(&other.to_string()).ok(),
    }
}
