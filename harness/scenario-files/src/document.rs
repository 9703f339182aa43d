//! The format: what a file may say. The doc comments are the descriptions of the JSON Schema.

use std::collections::BTreeMap;

use proofmark_aws::setup::Spec;
use proofmark_json::Value;
use proofmark_replay::Profile;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::aws::{AwsRequest, AwsWho};
use crate::reach::{AffectedSaid, Applicable};

/// A documented failure, and the steps that show it, fix it, and show that it is gone and that nothing else was opened.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Scenario")]
pub(crate) struct Document {
    /// The version of the format.
    #[expect(dead_code, reason = "reading it checks it")]
    pub(crate) api_version: ApiVersion,
    /// What this is.
    #[expect(dead_code, reason = "reading it checks it")]
    pub(crate) kind: Kind,
    /// The scenario's name.
    pub(crate) metadata: Metadata,
    /// One line.
    pub(crate) title: String,
    /// The family of failures it belongs to.
    #[serde(default)]
    pub(crate) family: String,
    /// One sentence.
    #[serde(default)]
    pub(crate) summary: String,
    /// What a user does, and sees.
    #[serde(default)]
    pub(crate) story: String,
    /// Why it happens.
    #[serde(default)]
    pub(crate) cause: String,
    /// What mends it.
    #[serde(default)]
    pub(crate) remedy: String,
    /// Upstream issues and pull requests.
    #[serde(default)]
    pub(crate) links: Vec<LinkSaid>,
    /// The conformance profiles that it counts for, and whether they require it.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, LevelSaid>", extend("propertyNames" = {"enum": Profile::ALL.map(Profile::name)}))]
    pub(crate) profiles: BTreeMap<Profile, LevelSaid>,
    /// The releases that have the failure.
    #[serde(default)]
    pub(crate) affected: AffectedSaid,
    /// Where the scenario has a meaning.
    #[serde(default)]
    pub(crate) applicable: Applicable,
    /// What the world holds beside the release that the scenario is played against.
    #[serde(default)]
    pub(crate) universe: Universe,
    /// Who appears, by the names that `as` uses. `admin` and `anonymous` need not be named.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Who>")]
    pub(crate) identities: BTreeMap<String, Spanned<Who>>,
    /// What must be there for the failure to appear.
    #[serde(default)]
    #[schemars(with = "Vec<Step>")]
    pub(crate) arrange: Vec<Spanned<Step>>,
    /// The failure appears, to the letter. Each step is a symptom that must be missing on releases without the failure, unless it says `eitherWay`.
    #[schemars(with = "Vec<Step>")]
    pub(crate) reproduce: Vec<Spanned<Step>>,
    /// The fix, as a user would apply it, where there is one way.
    #[serde(default)]
    #[schemars(with = "Vec<Step>")]
    pub(crate) fix: Vec<Spanned<Step>>,
    /// Several ways to fix it, each played in a world of its own. Instead of `fix`.
    #[serde(default)]
    pub(crate) fixes: Vec<Variant>,
    /// The failure is gone.
    #[serde(default)]
    #[schemars(with = "Vec<Step>")]
    pub(crate) verify: Vec<Spanned<Step>>,
    /// Nothing more was opened than the fix needs.
    #[serde(default)]
    #[schemars(with = "Vec<Step>")]
    pub(crate) guard: Vec<Spanned<Step>>,
}

/// The version of the format.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) enum ApiVersion {
    /// The first.
    #[serde(rename = "proofmark.dev/v1alpha1")]
    V1Alpha1,
}

/// What a document is.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) enum Kind {
    /// A scenario.
    Scenario,
}

/// A name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Metadata {
    /// Lower case, with hyphens.
    #[schemars(with = "String", regex(pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"))]
    pub(crate) name: Spanned<String>,
}

/// Where to read more.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
#[schemars(rename = "Link")]
pub(crate) enum LinkSaid {
    /// An issue as `kserve/kserve#4224`, or a URL.
    Address(String),
    /// A URL with a title.
    Titled {
        /// What stands there.
        title: String,
        /// The address.
        url: String,
    },
}

/// How much a distribution that conforms must get right.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Level")]
pub(crate) enum LevelSaid {
    /// Required.
    Core,
    /// Beyond what is required.
    Extended,
}

/// What runs beside the API server.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Universe {
    /// Whether KServe's webhooks and controllers run.
    #[serde(default)]
    pub(crate) control_plane: bool,
    /// Whether Kubeflow is there as well, where the release comes with it. It is, unless this says `false`.
    pub(crate) kubeflow: Option<bool>,
    /// Whether the kinds of Knative and Istio are there for a control plane that needs them (KServe before 0.13). They are, unless this says `false`.
    pub(crate) knative: Option<bool>,
    /// So many nodes.
    #[serde(default)]
    pub(crate) nodes: u32,
    /// A cloud beside the cluster: `accounts` and `organization`, as the file of `proofmark aws` has them.
    #[schemars(with = "Option<Map>")]
    pub(crate) cloud: Option<Spec>,
}

/// Who asks: one of the three.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Who {
    /// A service account: `namespace/name`.
    #[schemars(with = "Option<String>")]
    pub(crate) service_account: Option<Spanned<String>>,
    /// A person, by the name that the API server knows.
    #[schemars(with = "Option<String>")]
    pub(crate) user: Option<Spanned<String>>,
    /// A person's groups.
    #[serde(default)]
    pub(crate) groups: Vec<String>,
    /// Somebody whom AWS knows.
    #[schemars(with = "Option<AwsWho>")]
    pub(crate) aws: Option<Spanned<AwsWho>>,
}

/// One of several ways to fix the failure.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Variant {
    /// Stands after the scenario's name: `trainedmodel-403/own-role`.
    pub(crate) name: String,
    /// What is done.
    pub(crate) title: String,
    /// How.
    #[schemars(with = "Vec<Step>")]
    pub(crate) steps: Vec<Spanned<Step>>,
}

/// Who does what, and what must come of it. A step has one action; without one it waits until no controller has work left.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Step {
    /// What happens, as a sentence without a full stop.
    pub(crate) step: String,
    /// Who does it: a name of `identities`, `admin` or `anonymous`. The administrator, if nobody is named.
    #[serde(rename = "as")]
    #[schemars(with = "Option<String>")]
    pub(crate) who: Option<Spanned<String>>,
    /// `kubectl apply` of this object.
    #[schemars(with = "Option<Map>")]
    pub(crate) apply: Option<Spanned<Value>>,
    /// `kubectl apply -f` of a file or folder beside this file; each object is a step.
    #[schemars(with = "Option<String>")]
    pub(crate) apply_file: Option<Spanned<String>>,
    /// Creates this object.
    #[schemars(with = "Option<Map>")]
    pub(crate) create: Option<Spanned<Value>>,
    /// Replaces the object of this name with this one.
    #[schemars(with = "Option<Map>")]
    pub(crate) update: Option<Spanned<Value>>,
    /// Changes an object.
    #[schemars(with = "Option<Patch>")]
    pub(crate) patch: Option<Spanned<Patch>>,
    /// Reads an object.
    #[schemars(with = "Option<Place>")]
    pub(crate) get: Option<Spanned<Place>>,
    /// Reads a collection.
    #[schemars(with = "Option<Place>")]
    pub(crate) list: Option<Spanned<Place>>,
    /// Opens a watch on a collection and closes it again.
    #[schemars(with = "Option<Place>")]
    pub(crate) watch: Option<Spanned<Place>>,
    /// Deletes an object.
    #[schemars(with = "Option<Place>")]
    pub(crate) delete: Option<Spanned<Place>>,
    /// Deletes a collection.
    #[schemars(with = "Option<Place>")]
    pub(crate) delete_all: Option<Spanned<Place>>,
    /// Sends any request.
    #[schemars(with = "Option<Request>")]
    pub(crate) request: Option<Spanned<Request>>,
    /// Sends a request to AWS.
    #[schemars(with = "Option<AwsRequest>")]
    pub(crate) aws: Option<Spanned<AwsRequest>>,
    /// Reads the messages of all events of a reason, each once, oldest first: `messages`. Names of pods stand as `<pod>` in them, pointers of Go as `<ptr>`.
    #[schemars(with = "Option<Events>")]
    pub(crate) events: Option<Spanned<Events>>,
    /// Reads the newest pod of an InferenceService, summed up: `containers`, `initContainers` and `volumes` by name, or `pods: 0`. Of a container there are `args`,
    /// `env` (a value, or `secret/key`), `mounts` (path by volume) and `limits`.
    #[schemars(with = "Option<Pod>")]
    pub(crate) pod: Option<Spanned<Pod>>,
    /// Lets time pass: `10m`.
    #[schemars(with = "Option<String>")]
    pub(crate) wait: Option<Spanned<String>>,
    /// Asks what some identities may do, and remembers it.
    #[schemars(with = "Option<Survey>")]
    pub(crate) survey: Option<Spanned<Survey>>,
    /// Asks again what the survey of this name asked, and compares.
    #[schemars(with = "Option<String>")]
    pub(crate) compare: Option<Spanned<String>>,
    /// What must come of it: success, if nothing is said.
    #[serde(default)]
    pub(crate) expect: Expect,
    /// It must hold at once, and still hold when no controller has work left.
    #[serde(default)]
    pub(crate) stays: bool,
    /// It must come to hold within this time: `30s`, `5m`.
    #[schemars(with = "Option<String>")]
    pub(crate) within: Option<Spanned<String>>,
    /// Only on these releases of KServe: `>=0.14`. On all, if nothing is said.
    #[schemars(with = "Option<String>")]
    pub(crate) releases: Option<Spanned<String>>,
    /// In `reproduce`: this is no symptom; what it expects holds on every release.
    #[serde(default)]
    pub(crate) either_way: bool,
}

/// An object or a collection.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Place {
    /// Group and version: `serving.kserve.io/v1beta1`, `v1`.
    pub(crate) api_version: String,
    /// The kind of its objects.
    pub(crate) kind: String,
    /// The namespace; without it the cluster, or all namespaces.
    pub(crate) namespace: Option<String>,
    /// The object's name.
    pub(crate) name: Option<String>,
    /// A part of the object: `status`.
    pub(crate) subresource: Option<String>,
}

/// A change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Patch {
    /// What is changed.
    #[schemars(with = "Place")]
    pub(crate) of: Spanned<Place>,
    /// How it is written; `merge`, if nothing is said.
    #[serde(default)]
    pub(crate) format: Format,
    /// The patch.
    #[schemars(with = "serde_json::Value")]
    pub(crate) body: Value,
}

/// The formats of patches.
#[derive(Debug, Default, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Format {
    /// RFC 7386
    #[default]
    Merge,
    /// RFC 6902
    Json,
    /// Kubernetes' own, for built-in kinds
    Strategic,
    /// Server-side apply
    Apply,
}

/// Any request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Request {
    /// `GET`, `POST`, ...
    #[schemars(with = "String")]
    pub(crate) method: Spanned<String>,
    /// Path and query, from `/`.
    #[schemars(with = "String", regex(pattern = "^/"))]
    pub(crate) path: Spanned<String>,
    /// The JSON body.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) body: Option<Value>,
    /// Further headers.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
}

/// Events.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Events {
    /// Where they are.
    pub(crate) namespace: String,
    /// What they have in common: `FailedCreate`.
    pub(crate) reason: String,
}

/// A pod, by what it serves.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Pod {
    /// Where it is.
    pub(crate) namespace: String,
    /// The InferenceService that it belongs to.
    pub(crate) service: String,
}

/// What some identities may do.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Survey {
    /// The name by which `compare` finds it.
    pub(crate) name: String,
    /// Who is asked, and where.
    pub(crate) of: Vec<Subject>,
}

/// Someone in a namespace.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Subject {
    /// A name of `identities`.
    #[serde(rename = "as")]
    #[schemars(with = "String")]
    pub(crate) who: Spanned<String>,
    /// The namespace.
    pub(crate) namespace: String,
}

/// What must come of a step; all of it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Expect {
    /// Any success.
    #[serde(default)]
    pub(crate) succeeds: bool,
    /// This status code.
    pub(crate) code: Option<u16>,
    /// RBAC refuses, in Kubernetes' own words.
    #[serde(default)]
    pub(crate) forbidden: bool,
    /// The API server refuses in these words.
    pub(crate) refused: Option<Refused>,
    /// The answer holds these members; `null` asks for absence.
    #[schemars(with = "Option<serde_json::Value>")]
    pub(crate) shows: Option<Value>,
    /// The decision behind the answer has these words: `account 222222222222's resource-based policy allows it`.
    pub(crate) decision: Option<String>,
    /// The command prints exactly this.
    pub(crate) prints: Option<String>,
    /// The list holds exactly the objects of these names, in any order.
    pub(crate) lists: Option<Vec<String>>,
    /// Since the survey that `compare` names exactly these permissions are new, and none is gone.
    pub(crate) opens: Option<Vec<Opened>>,
    /// Conditions in CEL over `body`, `status` and `text`.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(crate) holds: Vec<Spanned<String>>,
}

/// An API error to the letter.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Refused {
    /// The status code.
    pub(crate) code: u16,
    /// The reason: `Invalid`.
    pub(crate) reason: String,
    /// The message.
    pub(crate) message: String,
}

/// Verbs on a resource for someone in a namespace.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Opened {
    /// A name of `identities`.
    #[serde(rename = "as")]
    #[schemars(with = "String")]
    pub(crate) who: Spanned<String>,
    /// The namespace.
    pub(crate) namespace: String,
    /// As RBAC writes it: `trainedmodels.serving.kserve.io`, `pods`.
    pub(crate) resource: String,
    /// The verbs.
    pub(crate) verbs: Vec<String>,
}

/// An object of any kind.
type Map = BTreeMap<String, serde_json::Value>;
