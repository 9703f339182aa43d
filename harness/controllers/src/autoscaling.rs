//! HorizontalPodAutoscalers (`pkg/controller/podautoscaler`) in a cluster without metrics: they keep their targets within their bounds, and say
//! that they cannot learn more. What a metric would recommend is not simulated.

use std::time::Duration;

use proofmark_json::{Value, json};

use crate::context::Context;
use crate::controllers::Clock;
use crate::kit::{
    Api, Error, Informer, Next, Objects, Reason as _, Reconcile, Recorder, Resource, Selection, object, queue,
};
use crate::monitors::{Heard, Monitors};
use crate::workloads::{Key, children};

const NAME: &str = "horizontal-pod-autoscaler";
const AUTOSCALERS: Resource =
    Resource::namespaced("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler");
/// A target that was scaled is looked at again after this time (`--horizontal-pod-autoscaler-sync-period`).
const PERIOD: Duration = Duration::from_secs(15);

pub(crate) fn start(context: &mut Context) {
    let api = context.account(NAME);
    let autoscalers = context.objects(&api, Selection::whole(AUTOSCALERS));
    let monitors = context.monitors();
    let (queue, worker) = queue::new();
    // The status is its own: a look at it again would change nothing.
    let changed = queue.clone();
    autoscalers.on_change(move |change| {
        if change.old.as_deref().map(|old| &old["spec"]) != change.new.as_deref().map(|new| &new["spec"]) {
            changed.add(children::key(change.latest()));
        }
    });
    let all = Informer::clone(&autoscalers);
    monitors.listen(move |heard| {
        let Heard::Changed(of, change) = heard else { return };
        let target = change.latest();
        for autoscaler in all.within(object::namespace(target)) {
            let reference = &autoscaler["spec"]["scaleTargetRef"];
            if reference["kind"] == *of.kind && reference["name"] == object::name(target) {
                queue.add(children::key(&autoscaler));
            }
        }
    });
    let caches = vec![Informer::clone(&autoscalers)];
    let (recorder, clock) = (context.recorder(&api, NAME), context.options().clock.clone());
    context.run(worker, caches, Autoscalers { api, autoscalers, monitors, recorder, clock });
}

struct Autoscalers {
    api: Api,
    autoscalers: Objects,
    monitors: Monitors,
    recorder: Recorder,
    clock: Clock,
}

/// Why no metric recommends anything.
struct Unmeasured {
    reason: &'static str,
    /// What the event and the condition say.
    why: String,
    /// What the autoscaler's own error says of it.
    wrapped: String,
}

impl Reconcile for Autoscalers {
    type Key = Key;
    type Error = Error;

    async fn reconcile(&self, (namespace, name): &Key) -> Result<Next, Error> {
        self.autoscalers.settled().await;
        let Some(autoscaler) = self.autoscalers.get(namespace, name) else { return Ok(Next::Done) };
        // A new autoscaler waits for its first turn like any other.
        if let Some(young) = object::time(&autoscaler, "/metadata/creationTimestamp")
            .and_then(|made| Duration::try_from((self.clock)().duration_since(made)).ok())
            .and_then(|age| PERIOD.checked_sub(age))
            .filter(|left| !left.is_zero())
        {
            return Ok(Next::After(young));
        }
        let mut after = Value::clone(&autoscaler);
        let next = self.sync(&mut after).await?;
        if !object::same(&autoscaler["status"], &after["status"]) {
            match self.autoscalers.update_status(&after).await {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
        Ok(next)
    }
}

impl Autoscalers {
    /// Brings the target within its bounds, and puts down in the status what was found.
    async fn sync(&self, autoscaler: &mut Value) -> Result<Next, Error> {
        let (of, mut scale) = match self.target(autoscaler).await {
            Ok(found) => found,
            Err(why) => {
                self.recorder.warning(autoscaler, "FailedGetScale", &why);
                let message = format!("the HPA controller was unable to get the target's current scale: {why}");
                self.set_condition(autoscaler, "AbleToScale", false, "FailedGetScale", &message);
                return Ok(Next::Done);
            }
        };
        let message = "the HPA controller was able to get the target's current scale";
        self.set_condition(autoscaler, "AbleToScale", true, "SucceededGetScale", message);
        let current = object::count(&scale, "/spec/replicas");
        let least = object::number(autoscaler, "/spec/minReplicas").unwrap_or(1);
        let most = object::count(autoscaler, "/spec/maxReplicas");
        let (wanted, reason) = if current == 0 && least != 0 {
            let message = "scaling is disabled since the replica count of the target is zero";
            self.set_condition(autoscaler, "ScalingActive", false, "ScalingDisabled", message);
            (0, "")
        } else if current > most {
            (most, "Current number of replicas above Spec.MaxReplicas")
        } else if current < least {
            (least, "Current number of replicas below Spec.MinReplicas")
        } else {
            self.measure(autoscaler, &scale);
            autoscaler["status"]["currentReplicas"] = json!(current);
            return Ok(Next::Done);
        };
        if wanted != current {
            scale["spec"]["replicas"] = json!(wanted);
            if let Err(error) = self.api.put_subresource(&of, &scale, "scale").await {
                let why = error.words();
                let message = format!("New size: {wanted}; reason: {reason}; error: {why}");
                self.recorder.warning(autoscaler, "FailedRescale", message);
                let message = format!("the HPA controller was unable to update the target scale: {why}");
                self.set_condition(autoscaler, "AbleToScale", false, "FailedUpdateScale", &message);
                return Ok(Next::After(PERIOD));
            }
            self.recorder.normal(autoscaler, "SuccessfulRescale", format!("New size: {wanted}; reason: {reason}"));
            let message = format!("the HPA controller was able to update the target scale to {wanted}");
            self.set_condition(autoscaler, "AbleToScale", true, "SucceededRescale", &message);
            autoscaler["status"]["lastScaleTime"] = json!(object::stamp((self.clock)()));
        }
        let status = &mut autoscaler["status"];
        status["currentReplicas"] = json!(current);
        status["desiredReplicas"] = json!(wanted);
        status["currentMetrics"] = Value::Null;
        Ok(if wanted == current { Next::Done } else { Next::After(PERIOD) })
    }

    /// The target's resource and its scale, or why there is none.
    async fn target(&self, autoscaler: &Value) -> Result<(Resource, Value), String> {
        let reference = &autoscaler["spec"]["scaleTargetRef"];
        let (kind, name) = (object::text(reference, "/kind"), object::text(reference, "/name"));
        let group = object::text(reference, "/apiVersion").rsplit_once('/').map_or("", |(group, _)| group);
        let Some(of) = self.monitors.of_kind(group, kind) else {
            return Err(format!("no matches for kind \"{kind}\" in group \"{group}\""));
        };
        let scale = self.api.get_subresource(&of, object::namespace(autoscaler), name, "scale").await;
        scale.map(|scale| (of, scale)).map_err(|error| error.words())
    }

    /// Says of each metric that it cannot be had.
    fn measure(&self, autoscaler: &mut Value, scale: &Value) {
        let selector = object::text(scale, "/status/selector").to_owned();
        let problem = if selector.is_empty() {
            Some((
                "SelectorRequired",
                "InvalidSelector",
                "selector is required".to_owned(),
                "the HPA target's scale is missing a selector".to_owned(),
            ))
        } else {
            self.rivals(autoscaler).map(|rivals| {
                let why =
                    format!("pods by selector {selector} are controlled by multiple HPAs: [{}]", rivals.join(" "));
                ("AmbiguousSelector", "AmbiguousSelector", why.clone(), why)
            })
        };
        if let Some((event, reason, why, message)) = problem {
            self.recorder.warning(autoscaler, event, &why);
            self.set_condition(autoscaler, "ScalingActive", false, reason, &message);
            self.recorder.warning(autoscaler, "FailedComputeMetricsReplicas", why);
            return;
        }
        let metrics = object::list(autoscaler, "/spec/metrics").to_vec();
        let all: Vec<Unmeasured> = metrics.iter().map(|metric| unmeasured(autoscaler, metric)).collect();
        for one in &all {
            self.recorder.warning(autoscaler, one.reason, &one.why);
        }
        let Some(first) = all.first() else { return };
        let message = format!("the HPA was unable to compute the replica count: {}", first.why);
        self.set_condition(autoscaler, "ScalingActive", false, first.reason, &message);
        let count = all.len();
        let message = format!("invalid metrics ({count} invalid out of {count}), first error is: {}", first.wrapped);
        self.recorder.warning(autoscaler, "FailedComputeMetricsReplicas", message);
        autoscaler["status"]["currentMetrics"] = json!(vec![json!({"type": ""}); count]);
    }

    /// The autoscalers of the same target, if there are several.
    fn rivals(&self, autoscaler: &Value) -> Option<Vec<String>> {
        let namespace = object::namespace(autoscaler);
        let target = |of: &Value| ["kind", "name"].map(|field| of["spec"]["scaleTargetRef"][field].clone());
        let same = self.autoscalers.within(namespace).into_iter().filter(|other| target(other) == target(autoscaler));
        let names: Vec<String> = same.map(|other| format!("{namespace}/{}", object::name(&other))).collect();
        (names.len() > 1).then_some(names)
    }

    fn set_condition(&self, autoscaler: &mut Value, of_type: &str, holds: bool, reason: &str, message: &str) {
        let value = if holds { "True" } else { "False" };
        let mut conditions = object::list(autoscaler, "/status/conditions").to_vec();
        let present = conditions.iter_mut().find(|condition| condition["type"] == of_type);
        let since = match &present {
            Some(present) if present["status"] == value => present["lastTransitionTime"].clone(),
            _ => json!(object::stamp((self.clock)())),
        };
        let condition = json!({
            "type": of_type, "status": value, "lastTransitionTime": since, "reason": reason, "message": message,
        });
        match present {
            Some(present) => *present = condition,
            None => conditions.push(condition),
        }
        autoscaler["status"]["conditions"] = json!(conditions);
    }
}

/// Why a metric cannot be had.
fn unmeasured(autoscaler: &Value, metric: &Value) -> Unmeasured {
    const MISSING: &str = "the server could not find the requested resource";
    const CUSTOM: &str =
        "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";
    let text = |at: &str| object::text(metric, at);
    let by_average = |of: &str| metric[of]["target"]["type"] == "AverageValue";
    let resource = |name: &str, share: bool| {
        let what = if share { "utilization" } else { "usage" };
        format!(
            "failed to get {name} {what}: unable to get metrics for resource {name}: unable to fetch metrics from resource metrics API: {MISSING} \
             (get pods.metrics.k8s.io)"
        )
    };
    let told = |reason: &'static str, why: String, prefix: String| {
        let wrapped = format!("failed to get {prefix}: {why}");
        Unmeasured { reason, why, wrapped }
    };
    match text("/type") {
        "Resource" => {
            let name = text("/resource/name");
            let why = resource(name, !by_average("resource"));
            told("FailedGetResourceMetric", why, format!("{name} resource metric value"))
        }
        "ContainerResource" => {
            let why = resource(text("/containerResource/name"), !by_average("containerResource"));
            let container = text("/containerResource/container");
            told("FailedGetContainerResourceMetric", why, format!("{container} container metric value"))
        }
        "Pods" => {
            let why = format!("unable to get metric {}: {CUSTOM}", text("/pods/metric/name"));
            told("FailedGetPodsMetric", why, "pods metric value".to_owned())
        }
        "Object" => {
            let (name, kind) = (text("/object/metric/name"), text("/object/describedObject/kind"));
            let (namespace, object) = (object::namespace(autoscaler), text("/object/describedObject/name"));
            let why = format!("unable to get metric {name}: {kind} on {namespace} {object}/{CUSTOM}");
            let detail =
                if by_average("object") { format!(": failed to get {name} object metric") } else { String::new() };
            told("FailedGetObjectMetric", why, format!("object metric value{detail}"))
        }
        _ => {
            let name = text("/external/metric/name");
            let selector = match &metric["external"]["metric"]["selector"] {
                Value::Null => "nil".to_owned(),
                selector => children::told(selector),
            };
            let namespace = object::namespace(autoscaler);
            let why = format!(
                "unable to get external metric {namespace}/{name}/{selector}: unable to fetch metrics from external metrics API: {MISSING} (get \
                 {name}.external.metrics.k8s.io)"
            );
            let detail = if by_average("external") {
                format!("{name} external metric")
            } else {
                format!("external metric {name}")
            };
            told("FailedGetExternalMetric", why, format!("{name} external metric value: failed to get {detail}"))
        }
    }
}
