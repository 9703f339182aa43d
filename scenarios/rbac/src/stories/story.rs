//! What is particular to one kind, and how a scenario is made of it.

use proofmark_json::Value;
use proofmark_kserve::{Release, access};
use proofmark_manifests::ManifestSet;
use proofmark_replay::{Affected, Expected, Finding, Inspector, Level, Link, Profile, Resource, Scenario, Target};
use proofmark_scenarios_people::TEAM;

use crate::inspect::{Gap, Kinds, describe_gap, gaps};
use crate::play;

/// The story of one kind.
pub(crate) struct Story {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) story: &'static str,
    pub(crate) cause: &'static str,
    pub(crate) remedy: &'static str,
    pub(crate) links: fn() -> Vec<Link>,
    pub(crate) level: Level,
    /// The releases that have the failure, in words.
    pub(crate) affected: &'static str,
    /// The same, as a judgement; asked only of releases that have the kind.
    pub(crate) is_affected: fn(Release) -> bool,
    /// The file that the user applies.
    pub(crate) file: &'static str,
    /// What is in it, in a version that every release serves.
    pub(crate) sample: Sample,
    /// What it needs beside it.
    pub(crate) parent: Option<Sample>,
}

/// An object as a user writes it.
pub(crate) struct Sample {
    pub(crate) resource: Resource,
    pub(crate) name: &'static str,
    /// The object without its head.
    pub(crate) rest: fn() -> Value,
}

impl Sample {
    /// The object, in the profile in question.
    pub(crate) fn object(&self) -> Value {
        self.resource.object(Some(TEAM.namespace), self.name, (self.rest)())
    }
}

/// The conformance profile of this family: what several teams on one cluster need.
pub(crate) const PROFILE: Profile = Profile::KubeflowMultiuser;

impl Story {
    /// The scenario.
    pub(crate) fn scenario(&'static self) -> Scenario {
        let scenario = Scenario::new(self.id, self.title, Affected::new(self.affected, |target| self.judge(target)))
            .family("rbac")
            .summary(self.summary)
            .story(self.story)
            .cause(self.cause)
            .remedy(self.remedy)
            .profile(PROFILE, self.level)
            .arrange(|target| play::arrange(target, self.parent.as_ref()))
            .reproduce(|target| play::reproduce(self, &self.refused(target)))
            .fix_variant("role", play::ROLE, |target| play::name_in_roles(target, &self.gaps_of(target)))
            .fix_variant("own-role", play::OWN_ROLE, |target| play::add_roles(&self.gaps_of(target)))
            .verify(|_| play::verify(self))
            .guard(|target| play::guard(&self.sample, &self.gaps_of(target)))
            .inspected_by(self);
        (self.links)().into_iter().fold(scenario, Scenario::link)
    }

    fn judge(&self, target: &Target) -> Expected {
        let not_applicable = |reason: String| Expected::NotApplicable { reason };
        let Some(release) = target.plan.kserve else {
            return not_applicable(format!("{} brings no known release of KServe", target.name));
        };
        if target.plan.kubeflow.is_none() {
            return not_applicable(format!("{} comes without Kubeflow, whose profiles this is about", target.name));
        }
        if !access::resources(release).iter().any(|own| own.plural == self.sample.resource.plural) {
            return not_applicable(format!("KServe {release} has no {}", self.sample.resource.kind));
        }
        if (self.is_affected)(release) { Expected::Reproduces } else { Expected::Absent }
    }

    /// For whom the kind is forgotten on a target, which is what a fix mends.
    fn gaps_of(&self, target: &Target) -> Vec<Gap> {
        let objects = target.plan.outlines();
        self.own(gaps(&objects.iter().collect::<Vec<_>>()))
    }

    /// Who is refused. Of a release the story says: everybody; a distribution's manifests may have forgotten viewers only.
    fn refused(&self, target: &Target) -> Vec<Gap> {
        if target.manifests.is_some() { self.gaps_of(target) } else { Vec::new() }
    }

    fn own(&self, mut gaps: Vec<Gap>) -> Vec<Gap> {
        gaps.retain(|gap| gap.group == self.sample.resource.group && gap.plural == self.sample.resource.plural);
        gaps
    }
}

impl Inspector for &'static Story {
    fn inspect(&self, manifests: &ManifestSet) -> Vec<Finding> {
        let objects: Vec<&Value> = manifests.objects.iter().map(|object| &object.value).collect();
        let own = self.own(gaps(&objects));
        own.iter().map(|gap| describe_gap(gap, manifests.objects.get(gap.object), self.id, &(self.links)())).collect()
    }

    fn applies(&self, manifests: &ManifestSet) -> Result<(), String> {
        let Resource { group, plural, .. } = &self.sample.resource;
        let kinds = Kinds::read(manifests.objects.iter().map(|object| &object.value));
        match kinds.of(group).and_then(|kinds| kinds.get(plural.as_ref())) {
            Some(kind) if kind.is_for_namespaces() => Ok(()),
            Some(_) => Err(format!("the manifests serve no {plural}.{group} in namespaces")),
            None => Err(format!("the manifests define no {plural}.{group}")),
        }
    }
}
