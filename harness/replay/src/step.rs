//! A step of a scenario: who does what, and what must come of it. Written as a sentence:
//!
//! ```
//! # use proofmark_env::Identity;
//! # use proofmark_replay::{Resource, step};
//! # const TRAINED_MODELS: Resource = Resource::new("serving.kserve.io", "v1alpha1", "trainedmodels", "TrainedModel");
//! # let editor = Identity::service_account("team-a", "default-editor");
//! # let _ =
//! step("the editor looks for his model").by(&editor).get(TRAINED_MODELS.in_namespace("team-a").named("m")).forbidden().stays()
//! # ;
//! ```

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use http::Method;
use proofmark_env::{ApiRequest, Identity, PatchFormat};
use proofmark_json::Value;
use proofmark_status::Status;
use serde::Serialize;

use crate::aws::{AwsCall, Load, Pull};
use crate::expect::Expect;
use crate::kubectl::place_of;
use crate::{Expression, Permission, Place, Resource};

/// What a program makes of an answer's document; an error is what it says when it fails.
pub(crate) type Reading = Rc<dyn Fn(&Value) -> Result<Value, String>>;
pub(crate) type ClientCall = Rc<dyn Fn(kube::Client) -> LocalBoxFuture<'static, kube::Result<Value>>>;

/// What a step does.
#[derive(Clone)]
pub(crate) enum Action {
    /// Lets every controller finish, then lets this much time pass.
    Wait(Duration),
    /// One request. Verb and place are known unless it was given as a bare path.
    Request { request: ApiRequest, asked: Option<(&'static str, Place)> },
    /// `kubectl apply -f file`
    Apply { file: String, resource: Resource, object: Value },
    /// Calls of a typed client.
    Client { words: String, call: ClientCall },
    /// Asks for the permissions of some identities and remembers them under a name.
    Survey { name: String, subjects: Vec<(Identity, String)> },
    /// Asks again for the same identities and compares.
    Compare { name: String },
    /// A request to what runs in a pod.
    Http(ApiRequest),
    /// A request to AWS.
    Aws(Box<AwsCall>),
    /// The storage initializer.
    Load(Box<Load>),
    /// ModelMesh's puller.
    Pull(Box<Pull>),
}

/// When the expectations must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// At once.
    Now,
    /// At once, and still when no controller has work left.
    Stays,
    /// At some moment within this time.
    Within(Duration),
    /// By the first answer within this time that tells something.
    Answered(Duration),
}

/// A step of a scenario. Without an expectation of its own it expects success; without an identity the administrator does it.
#[derive(Clone)]
pub struct Step {
    pub(crate) title: String,
    pub(crate) who: Identity,
    pub(crate) action: Action,
    pub(crate) expect: Vec<Wanted>,
    pub(crate) when: When,
    pub(crate) either_way: bool,
    /// By which program the answer is read, and what that makes of it.
    pub(crate) reading: Option<(String, Reading)>,
}

/// An expectation as written; `Forbidden` is worded when the step is complete.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    Forbidden,
    This(Expect),
}

/// Begins a step. The title says what happens, as a sentence without a full stop. Until an action is given it waits for the controllers.
pub fn step(title: impl Into<String>) -> Step {
    Step {
        title: title.into(),
        who: Identity::Admin,
        action: Action::Wait(Duration::ZERO),
        expect: Vec::new(),
        when: When::Now,
        either_way: false,
        reading: None,
    }
}

/// Who does what.
impl Step {
    /// Who does it.
    #[must_use]
    pub fn by(mut self, who: &(impl Into<Identity> + Clone)) -> Self {
        self.who = who.clone().into();
        self
    }

    /// Reads one object.
    #[must_use]
    pub fn get(self, object: Place) -> Self {
        let request = ApiRequest::get(object.path());
        self.asks("get", object, request)
    }

    /// Reads a collection.
    #[must_use]
    pub fn list(self, collection: Place) -> Self {
        let request = ApiRequest::get(collection.path());
        self.asks("list", collection, request)
    }

    /// Opens a watch on a collection and closes it again.
    #[must_use]
    pub fn watch(self, collection: Place) -> Self {
        let request = ApiRequest::get(format!("{}?watch=true", collection.path()));
        self.asks("watch", collection, request)
    }

    /// Creates an object where its metadata says.
    #[must_use]
    pub fn create(self, resource: &Resource, object: Value) -> Self {
        let collection = Place { name: None, ..place_of(resource, &object) };
        let request = ApiRequest::post(collection.path(), object);
        self.asks("create", collection, request)
    }

    /// Replaces an object.
    #[must_use]
    pub fn update(self, place: Place, object: Value) -> Self {
        let request = ApiRequest::put(place.path(), object);
        self.asks("update", place, request)
    }

    /// Changes an object.
    #[must_use]
    pub fn patch(self, object: Place, format: PatchFormat, patch: Value) -> Self {
        let request = ApiRequest::patch(object.path(), format, patch);
        self.asks("patch", object, request)
    }

    /// Deletes an object.
    #[must_use]
    pub fn delete(self, object: Place) -> Self {
        let request = ApiRequest::delete(object.path());
        self.asks("delete", object, request)
    }

    /// Deletes a collection.
    #[must_use]
    pub fn delete_all(self, collection: Place) -> Self {
        let request = ApiRequest::delete(collection.path());
        self.asks("deletecollection", collection, request)
    }

    /// Sends any request.
    #[must_use]
    pub fn request(mut self, request: ApiRequest) -> Self {
        self.action = Action::Request { request, asked: None };
        self
    }

    /// Applies an object as `kubectl apply -f FILE` does: it reads first, then creates or patches. The outcome is that of the last request,
    /// and carries what kubectl would have printed.
    #[must_use]
    pub fn apply(mut self, file: impl Into<String>, resource: &Resource, object: Value) -> Self {
        self.action = Action::Apply { file: file.into(), resource: resource.clone(), object };
        self
    }

    /// Calls the API through a typed client; `words` name what is called. The result becomes the outcome's body; an API error becomes a
    /// refusal like any other.
    #[must_use]
    pub fn client<F, Fut, T>(mut self, words: impl Into<String>, call: F) -> Self
    where
        F: Fn(kube::Client) -> Fut + 'static,
        Fut: Future<Output = kube::Result<T>> + 'static,
        T: Serialize,
    {
        let call: ClientCall = Rc::new(move |client| {
            let result = call(client);
            Box::pin(async move { proofmark_json::to_value(result.await?).map_err(kube::Error::SerdeError) })
        });
        self.action = Action::Client { words: words.into(), call };
        self
    }

    /// Asks the API server what each of these identities may do in each of these namespaces, and remembers the answer under a name.
    #[must_use]
    pub fn survey(mut self, name: impl Into<String>, subjects: Vec<(Identity, String)>) -> Self {
        self.action = Action::Survey { name: name.into(), subjects };
        self
    }

    /// Asks again for what an earlier survey asked, and compares.
    #[must_use]
    pub fn compare(mut self, survey: impl Into<String>) -> Self {
        self.action = Action::Compare { name: survey.into() };
        self
    }

    /// Sends an HTTP request to what runs in a pod, as a browser or a program outside of the cluster does. Its path is a whole URL, whose host an Ingress
    /// or the name of a Service. A service account asks from inside of the mesh; of others the headers say who they are.
    #[must_use]
    pub fn http(mut self, request: ApiRequest) -> Self {
        self.action = Action::Http(request);
        self
    }

    /// Has the JSON document of a successful answer read by a program (a page, a script), and looks at what that makes of it. If it fails, its words are all
    /// that comes of the step.
    #[must_use]
    pub fn read_by(
        mut self,
        program: impl Into<String>,
        read: impl Fn(&Value) -> Result<Value, String> + 'static,
    ) -> Self {
        self.reading = Some((program.into(), Rc::new(read)));
        self
    }

    /// Lets time pass.
    #[must_use]
    pub fn wait(mut self, time: Duration) -> Self {
        self.action = Action::Wait(time);
        self
    }

    /// Whether playing it may change something in the cluster, or in a cloud.
    pub(crate) fn writes(&self) -> bool {
        match &self.action {
            // Surveys ask by reviews, which leave nothing behind.
            Action::Wait(_) | Action::Survey { .. } | Action::Compare { .. } => false,
            Action::Request { request, .. } | Action::Http(request) => {
                !matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS)
            }
            // What a typed client calls is not known before.
            Action::Apply { .. } | Action::Client { .. } | Action::Aws(_) | Action::Load(_) | Action::Pull(_) => true,
        }
    }

    fn asks(mut self, verb: &'static str, place: Place, request: ApiRequest) -> Self {
        self.action = Action::Request { request, asked: Some((verb, place)) };
        self
    }
}

/// What must come of it.
impl Step {
    /// Any success.
    #[must_use]
    pub fn succeeds(self) -> Self {
        self.expects(Expect::Succeeds)
    }

    /// This status code.
    #[must_use]
    pub fn code(self, code: u16) -> Self {
        self.expects(Expect::Code(code))
    }

    /// RBAC refuses: 403, `Forbidden`, and the message in Kubernetes' own words, to the letter, wherever the step says which verb it needs on
    /// what (all but bare requests and typed clients). For [`Step::apply`] that is the refusal of its first request, the GET.
    #[must_use]
    pub fn forbidden(mut self) -> Self {
        self.expect.push(Wanted::Forbidden);
        self
    }

    /// The API server refuses with exactly this status: code, reason and message.
    #[must_use]
    pub fn refused(self, status: &Status) -> Self {
        self.expects(Expect::refused(status))
    }

    /// The API server, or AWS, refuses with this code, reason and message, to the letter.
    #[must_use]
    pub fn fails(self, code: u16, reason: &str, message: impl Into<String>) -> Self {
        self.expects(Expect::Refused { code, reason: Some(reason.to_owned()), message: Some(message.into()) })
    }

    /// The answer holds these members (see [`crate::partial`]).
    #[must_use]
    pub fn shows(self, members: Value) -> Self {
        self.expects(Expect::Shows(members))
    }

    /// The command prints exactly this.
    #[must_use]
    pub fn prints(self, text: impl Into<String>) -> Self {
        self.expects(Expect::Prints(text.into()))
    }

    /// The answer has this header with this value.
    #[must_use]
    pub fn header(self, name: &str, value: impl Into<String>) -> Self {
        self.expects(Expect::Header { name: name.to_lowercase(), value: value.into() })
    }

    /// The list holds exactly the objects of these names, in any order.
    #[must_use]
    pub fn lists(self, names: &[&str]) -> Self {
        self.expects(Expect::Lists(names.iter().map(|name| (*name).to_owned()).collect()))
    }

    /// Since the survey that [`Step::compare`] names, exactly these permissions are new, and none is gone.
    #[must_use]
    pub fn opens(self, permissions: Vec<Permission>) -> Self {
        self.expects(Expect::Opens(permissions))
    }

    /// This condition in CEL holds.
    #[must_use]
    pub fn holds(self, condition: Expression) -> Self {
        self.expects(Expect::Holds(condition))
    }

    /// All this must hold at once, and hold again when no controller has work left.
    #[must_use]
    pub fn stays(mut self) -> Self {
        self.when = When::Stays;
        self
    }

    /// All this must come to hold within a time.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.when = When::Within(time);
        self
    }

    /// All this must hold of the first answer within a time that tells something; an empty object says that there is nothing to tell yet. Where an answer is final, this
    /// does not wait in vain for another one.
    #[must_use]
    pub fn answered_within(mut self, time: Duration) -> Self {
        self.when = When::Answered(time);
        self
    }

    /// In the reproduce phase: this step is no symptom of the failure; what it expects holds on every release.
    #[must_use]
    pub fn either_way(mut self) -> Self {
        self.either_way = true;
        self
    }

    pub(crate) fn expects(mut self, expect: Expect) -> Self {
        self.expect.push(Wanted::This(expect));
        self
    }
}

/// What the player reads.
impl Step {
    /// The expectations, worded.
    pub(crate) fn expectations(&self) -> Vec<Expect> {
        if self.expect.is_empty() {
            return if matches!(self.action, Action::Wait(_)) { Vec::new() } else { vec![Expect::Succeeds] };
        }
        let worded = |wanted: &Wanted| match wanted {
            Wanted::This(expect) => expect.clone(),
            Wanted::Forbidden => self.refusal(),
        };
        self.expect.iter().map(worded).collect()
    }

    fn refusal(&self) -> Expect {
        let asked = match &self.action {
            Action::Request { asked: Some((verb, place)), .. } => Some((*verb, place.clone())),
            Action::Apply { resource, object, .. } => Some(("get", place_of(resource, object))),
            _ => None,
        };
        match (asked, self.who.user_name()) {
            (Some((verb, place)), Some(user)) => Expect::refused(&place.forbidden(&user, verb)),
            _ => Expect::Refused { code: 403, reason: Some("Forbidden".to_owned()), message: None },
        }
    }

    /// The action in words.
    pub(crate) fn action_in_words(&self) -> String {
        let action = self.request_in_words();
        match &self.reading {
            Some((program, _)) => format!("{action}, read by {program}"),
            None => action,
        }
    }

    fn request_in_words(&self) -> String {
        match &self.action {
            Action::Wait(time) if time.is_zero() => "wait until no controller has work left".to_owned(),
            Action::Wait(time) => format!("wait {time:?}"),
            Action::Request { asked: Some((verb, place)), .. } => format!("{verb} {place}"),
            Action::Request { request, asked: None } | Action::Http(request) => {
                format!("{} {}", request.method, request.path)
            }
            Action::Apply { file, .. } => format!("kubectl apply -f {file}"),
            Action::Client { words, .. } => words.clone(),
            Action::Survey { name, .. } => format!("survey of permissions {name:?}"),
            Action::Compare { name } => format!("permissions compared with {name:?}"),
            Action::Aws(call) => call.command.clone(),
            Action::Load(load) => load.command(),
            Action::Pull(pull) => pull.in_words(),
        }
    }

    /// When the expectations must hold, in words.
    pub(crate) fn when_in_words(&self) -> String {
        match self.when {
            When::Now => String::new(),
            When::Stays => ", and stays so".to_owned(),
            When::Within(time) | When::Answered(time) => format!(", within {time:?}"),
        }
    }
}
