//! From a written step to the steps that are played.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use http::Method;
use jiff::SignedDuration;
use proofmark_env::{ApiRequest, Body, Identity, PatchFormat};
use proofmark_json::Value;
use proofmark_kserve::Release;
use proofmark_replay::{Expression, Permission, Resource, Step, Target, step};
use serde_saphyr::{Location, Spanned};

use crate::aws::Accounts;
use crate::compile::beside;
use crate::document::{self as written, Document, Format, Who};
use crate::kinds::Kinds;
use crate::problem::{Problem, place};
use crate::reach::{is_played, matching};

/// Makes a step anew, if it is played on a target: steps stay on one thread, and a scenario is played on several.
pub(crate) type Maker = Box<dyn Fn(&Target) -> Option<Step> + Send + Sync>;

/// One thing that is said of a step.
pub(crate) type Turn = Box<dyn Fn(Step) -> Step + Send + Sync>;

/// What steps refer to, and what was wrong with them.
pub(crate) struct Compiler<'a> {
    path: &'a Path,
    kinds: Kinds,
    identities: BTreeMap<String, Identity>,
    accounts: Accounts,
    problems: Vec<Problem>,
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(path: &'a Path, kinds: Kinds, document: &Document) -> Self {
        let known = [("admin", Identity::Admin), ("anonymous", Identity::Anonymous)];
        let known = known.map(|(name, who)| (name.to_owned(), who)).into();
        let accounts = document.universe.cloud.as_ref().map(Accounts::of).unwrap_or_default();
        let mut compiler = Self { path, kinds, identities: known, accounts, problems: Vec::new() };
        for (name, who) in &document.identities {
            if let Some(who) = compiler.described(name, who) {
                compiler.identities.insert(name.clone(), who);
            }
        }
        compiler
    }

    /// The accounts and roles that there are.
    pub(crate) fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// What was wrong, in the order of the file.
    pub(crate) fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.at);
        self.problems
    }

    pub(crate) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    pub(crate) fn complain(&mut self, at: Location, message: impl Into<String>) {
        self.problems.push(Problem::new(self.path, at, message));
    }

    /// The steps of a phase.
    pub(crate) fn steps(&mut self, steps: &[Spanned<written::Step>]) -> Vec<Maker> {
        steps.iter().flat_map(|step| self.step(step)).collect()
    }

    fn described(&mut self, name: &str, written: &Spanned<Who>) -> Option<Identity> {
        let who = &written.value;
        if let (Some(aws), None, None) = (&who.aws, &who.service_account, &who.user) {
            return self.aws_who(place(aws), &aws.value).map(Identity::Aws);
        }
        match (&who.service_account, &who.user) {
            (Some(account), None) => match account.value.split_once('/') {
                Some((namespace, account)) if !namespace.is_empty() && !account.is_empty() => {
                    Some(Identity::service_account(namespace, account))
                }
                _ => {
                    self.complain(place(account), "a service account is written as `namespace/name`");
                    None
                }
            },
            (None, Some(user)) => Some(Identity::User { name: user.value.clone(), groups: who.groups.clone() }),
            (Some(both), Some(_)) => {
                self.complain(place(both), format!("the identity {name} is a service account or a user, not both"));
                None
            }
            (None, None) => {
                let message = format!("the identity {name} is nobody: give it a `serviceAccount`, a `user` or `aws`");
                self.complain(place(written), message);
                None
            }
        }
    }

    fn who(&mut self, name: &Spanned<String>) -> Identity {
        if let Some(who) = self.identities.get(&name.value) {
            return who.clone();
        }
        let known: Vec<&str> = self.identities.keys().map(String::as_str).collect();
        let message = format!("unknown identity {}; known are {}", name.value, known.join(", "));
        self.complain(place(name), message);
        Identity::Anonymous
    }

    /// The releases that a requirement means; none of a broken one.
    pub(crate) fn releases(&mut self, requirement: &Spanned<String>) -> Vec<Release> {
        matching(&requirement.value).unwrap_or_else(|why| {
            self.complain(place(requirement), why);
            Vec::new()
        })
    }

    fn time(&mut self, text: &Spanned<String>) -> Duration {
        let parsed = text.value.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
        parsed.unwrap_or_else(|| {
            self.complain(place(text), format!("{:?} is no time; write it as `30s` or `5m`", text.value));
            Duration::ZERO
        })
    }

    fn resource(&mut self, at: Location, api_version: &str, kind: &str) -> Option<Resource> {
        match self.kinds.find(api_version, kind) {
            Ok(resource) => Some(resource.clone()),
            Err(why) => {
                self.complain(at, why);
                None
            }
        }
    }

    /// The place of an object or a collection, and whether it is an object.
    fn place(&mut self, written: &Spanned<written::Place>) -> Option<proofmark_replay::Place> {
        let of = &written.value;
        let resource = self.resource(place(written), &of.api_version, &of.kind)?;
        let whole = match &of.namespace {
            Some(namespace) => resource.in_namespace(namespace),
            None => resource.cluster_wide(),
        };
        let named = of.name.iter().fold(whole, |place, name| place.named(name));
        Some(of.subresource.iter().fold(named, |place, part| place.part(part)))
    }

    /// The place of one object.
    fn object_place(&mut self, written: &Spanned<written::Place>) -> Option<proofmark_replay::Place> {
        if written.value.name.is_none() {
            self.complain(place(written), "name the object: `name: ...`");
        }
        self.place(written)
    }

    /// The kind and the content of an object that is created, applied or replaced.
    fn object(&mut self, object: &Spanned<Value>) -> Option<(Resource, Value)> {
        let at = place(object);
        let text = |pointer: &str| object.value.pointer(pointer).and_then(Value::as_str);
        let (Some(api_version), Some(kind)) = (text("/apiVersion"), text("/kind")) else {
            self.complain(at, "an object has `apiVersion` and `kind`");
            return None;
        };
        if text("/metadata/name").is_none() {
            self.complain(at, "an object has a name: `metadata: {name: ...}`");
        }
        Some((self.resource(at, api_version, kind)?, object.value.clone()))
    }

    fn step(&mut self, written: &Spanned<written::Step>) -> Vec<Maker> {
        let said = &written.value;
        let who = said.who.as_ref().map(|name| self.who(name));
        if said.aws.is_some() != matches!(who, Some(Identity::Aws(_))) && !said.actions().is_empty() {
            let words = match said.aws {
                Some(_) => "only an identity with `aws` can ask AWS: name it with `as`",
                None => "an identity of AWS can only ask AWS",
            };
            self.complain(place(written), words);
        }
        let on = said.releases.as_ref().map(|requirement| self.releases(requirement));
        let actions = self.actions(written);
        let makers = actions.into_iter().map(|action| {
            let mut turns: Vec<Turn> = Vec::new();
            if let Some(who) = who.clone() {
                turns.push(Box::new(move |step| step.by(&who)));
            }
            turns.extend(action);
            turns.extend(self.expectations(&said.expect));
            if said.stays {
                turns.push(Box::new(Step::stays));
            }
            if let Some(time) = said.within.as_ref().map(|time| self.time(time)) {
                turns.push(Box::new(move |step| step.within(time)));
            }
            if said.either_way {
                turns.push(Box::new(Step::either_way));
            }
            let title = said.step.clone();
            let on = on.clone();
            Box::new(move |target: &Target| {
                is_played(on.as_deref(), target).then(|| turns.iter().fold(step(&title), |step, turn| turn(step)))
            }) as Maker
        });
        makers.collect()
    }

    /// What is done: nothing for a step that waits, several for a file of several objects.
    fn actions(&mut self, written: &Spanned<written::Step>) -> Vec<Option<Turn>> {
        let at = place(written);
        let said = &written.value;
        let given = said.actions();
        if given.len() > 1 {
            self.complain(at, format!("a step does one thing, this one {}: {}", given.len(), given.join(", ")));
            return Vec::new();
        }
        if let Some(file) = &said.apply_file {
            return self.files(file);
        }
        vec![self.action(said)]
    }

    fn action(&mut self, said: &written::Step) -> Option<Turn> {
        if let Some(object) = &said.apply {
            let (resource, object) = self.object(object)?;
            let file = self.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            return Some(Box::new(move |step| step.apply(&file, &resource, object.clone())));
        }
        if let Some(object) = &said.create {
            let (resource, object) = self.object(object)?;
            return Some(Box::new(move |step| step.create(&resource, object.clone())));
        }
        if let Some(object) = &said.update {
            let (resource, object) = self.object(object)?;
            let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name")?);
            let place = namespace.map_or_else(|| resource.cluster_wide(), |n| resource.in_namespace(n)).named(name);
            return Some(Box::new(move |step| step.update(place.clone(), object.clone())));
        }
        if let Some(patch) = &said.patch {
            let place = self.object_place(&patch.value.of)?;
            let (format, body) = (format(patch.value.format), patch.value.body.clone());
            return Some(Box::new(move |step| step.patch(place.clone(), format, body.clone())));
        }
        if let Some(of) = &said.get {
            let place = self.object_place(of)?;
            return Some(Box::new(move |step| step.get(place.clone())));
        }
        if let Some(of) = &said.delete {
            let place = self.object_place(of)?;
            return Some(Box::new(move |step| step.delete(place.clone())));
        }
        if let Some(of) = &said.list {
            return self.collection(of, Step::list);
        }
        if let Some(of) = &said.watch {
            return self.collection(of, Step::watch);
        }
        if let Some(of) = &said.delete_all {
            return self.collection(of, Step::delete_all);
        }
        if let Some(request) = &said.request {
            let request = self.request(&request.value)?;
            return Some(Box::new(move |step| step.request(request.clone())));
        }
        if let Some(request) = &said.aws {
            return Some(self.aws_request(request));
        }
        if let Some(written::Events { namespace, reason }) = said.events.as_ref().map(|events| &events.value) {
            let (namespace, reason) = (namespace.clone(), reason.clone());
            return Some(Box::new(move |step| step.events(&namespace, &reason)));
        }
        if let Some(written::Pod { namespace, service }) = said.pod.as_ref().map(|pod| &pod.value) {
            let (namespace, service) = (namespace.clone(), service.clone());
            return Some(Box::new(move |step| step.newest_pod(&namespace, &service)));
        }
        if let Some(time) = &said.wait {
            let time = self.time(time);
            return Some(Box::new(move |step| step.wait(time)));
        }
        if let Some(survey) = &said.survey {
            let name = survey.value.name.clone();
            let subjects: Vec<(Identity, String)> =
                survey.value.of.iter().map(|subject| (self.who(&subject.who), subject.namespace.clone())).collect();
            return Some(Box::new(move |step| step.survey(&name, subjects.clone())));
        }
        let survey = said.compare.as_ref()?.value.clone();
        Some(Box::new(move |step| step.compare(&survey)))
    }

    fn collection(
        &mut self,
        of: &Spanned<written::Place>,
        action: fn(Step, proofmark_replay::Place) -> Step,
    ) -> Option<Turn> {
        if of.value.name.is_some() {
            self.complain(place(of), "this is about a collection, which has no `name`");
        }
        let place = self.place(of)?;
        Some(Box::new(move |step| action(step, place.clone())))
    }

    fn request(&mut self, said: &written::Request) -> Option<ApiRequest> {
        let Ok(method) = said.method.value.parse::<Method>() else {
            self.complain(place(&said.method), format!("{:?} is no HTTP method", said.method.value));
            return None;
        };
        if !said.path.value.starts_with('/') {
            self.complain(place(&said.path), "a path begins with `/`");
        }
        let body = said.body.clone().map_or(Body::Empty, Body::Json);
        let mut headers: Vec<(String, String)> = said.headers.clone().into_iter().collect();
        let named = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
        if body != Body::Empty && !headers.iter().any(named) {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        Some(ApiRequest { method, path: said.path.value.clone(), headers, body })
    }

    /// One action for each object of a file.
    fn files(&mut self, file: &Spanned<String>) -> Vec<Option<Turn>> {
        let objects = match beside(self.path, &file.value) {
            Ok(objects) => objects,
            Err(why) => {
                self.complain(place(file), why);
                return Vec::new();
            }
        };
        let turns = objects.into_iter().map(|object| {
            let at = Spanned::new(object.value, file.referenced, file.defined);
            let (resource, object) = self.object(&at)?;
            let name = file.value.clone();
            Some(Box::new(move |step: Step| step.apply(&name, &resource, object.clone())) as Turn)
        });
        turns.collect()
    }

    fn expectations(&mut self, said: &written::Expect) -> Vec<Turn> {
        let mut turns: Vec<Turn> = Vec::new();
        if said.succeeds {
            turns.push(Box::new(Step::succeeds));
        }
        if let Some(code) = said.code {
            turns.push(Box::new(move |step| step.code(code)));
        }
        if said.forbidden {
            turns.push(Box::new(Step::forbidden));
        }
        if let Some(refused) = &said.refused {
            let (code, reason, message) = (refused.code, refused.reason.clone(), refused.message.clone());
            turns.push(Box::new(move |step| step.fails(code, &reason, &message)));
        }
        if let Some(members) = said.shows.clone() {
            turns.push(Box::new(move |step| step.shows(members.clone())));
        }
        if let Some(words) = said.decision.clone() {
            turns.push(Box::new(move |step| step.decided_by(words.clone())));
        }
        if let Some(text) = said.prints.clone() {
            turns.push(Box::new(move |step| step.prints(&text)));
        }
        if let Some(names) = said.lists.clone() {
            turns.push(Box::new(move |step| {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                step.lists(&names)
            }));
        }
        if let Some(opened) = &said.opens {
            let opened: Vec<Permission> = opened.iter().flat_map(|opened| self.opened(opened)).collect();
            turns.push(Box::new(move |step| step.opens(opened.clone())));
        }
        for condition in &said.holds {
            match Expression::new(&condition.value) {
                Ok(condition) => turns.push(Box::new(move |step| step.holds(condition.clone()))),
                Err(why) => self.complain(place(condition), format!("this condition is none: {why}")),
            }
        }
        turns
    }

    fn opened(&mut self, said: &written::Opened) -> Vec<Permission> {
        let who = self.who(&said.who).to_string();
        let permission = |verb: &String| Permission {
            who: who.clone(),
            namespace: said.namespace.clone(),
            resource: said.resource.clone(),
            verb: verb.clone(),
        };
        said.verbs.iter().map(permission).collect()
    }
}

impl written::Step {
    /// The names of the actions that it has.
    fn actions(&self) -> Vec<&'static str> {
        let all = [
            (self.apply.is_some(), "apply"),
            (self.apply_file.is_some(), "applyFile"),
            (self.create.is_some(), "create"),
            (self.update.is_some(), "update"),
            (self.patch.is_some(), "patch"),
            (self.get.is_some(), "get"),
            (self.list.is_some(), "list"),
            (self.watch.is_some(), "watch"),
            (self.delete.is_some(), "delete"),
            (self.delete_all.is_some(), "deleteAll"),
            (self.request.is_some(), "request"),
            (self.aws.is_some(), "aws"),
            (self.events.is_some(), "events"),
            (self.pod.is_some(), "pod"),
            (self.wait.is_some(), "wait"),
            (self.survey.is_some(), "survey"),
            (self.compare.is_some(), "compare"),
        ];
        all.into_iter().filter_map(|(given, name)| given.then_some(name)).collect()
    }
}

fn format(written: Format) -> PatchFormat {
    match written {
        Format::Merge => PatchFormat::Merge,
        Format::Json => PatchFormat::Json,
        Format::Strategic => PatchFormat::Strategic,
        Format::Apply => PatchFormat::Apply,
    }
}
