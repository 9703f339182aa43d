//! From what is written to a scenario that can be played.

use std::path::Path;

use proofmark_env::{CloudPlan, Plan};
use proofmark_json::Value;
use proofmark_kserve::Flavor;
use proofmark_kserve::extras::Project;
use proofmark_manifests::{Object, Source};
use proofmark_replay::{Level, Link, Scenario, Target};
use serde_saphyr::{Location, Spanned};

use crate::document::{Document, LevelSaid, LinkSaid, Step};
use crate::kinds::Kinds;
use crate::problem::{Problem, place};
use crate::reach;
use crate::step::Compiler;

/// Reads a scenario file. `path` is where it stands: the files that it names are beside it, and problems name it.
///
/// # Errors
/// Everything that is wrong with it, in the order of the file.
pub fn read(path: &Path, text: &str) -> Result<Scenario, Vec<Problem>> {
    let document = document(path, text).map_err(|problem| vec![problem])?;
    let kinds = Kinds::with(objects(path, &document).iter().map(|made| &made.object));
    let mut compiler = Compiler::new(path, kinds, &document);
    let scenario = whole(path, document, &mut compiler);
    let problems = compiler.into_problems();
    if problems.is_empty() { Ok(scenario) } else { Err(problems) }
}

/// A scenario whose file is part of the program, like the fixtures of releases. `name` is the name of the file.
///
/// # Panics
/// If the text is no scenario: that is a defect of the build. The tests of the crates that embed files read every one of them.
#[must_use]
pub fn embedded(name: &str, text: &str) -> Scenario {
    read(Path::new(name), text).unwrap_or_else(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("the embedded scenario is none: {}", problems.join("; "))
    })
}

fn whole(path: &Path, document: Document, compiler: &mut Compiler<'_>) -> Scenario {
    let name = &document.metadata.name;
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.value.is_empty() || !name.value.chars().all(is_plain) {
        compiler.complain(place(name), "a scenario's name has lower-case letters, digits and hyphens");
    }
    let affected = reach::affected(&document, compiler);
    if document.reproduce.iter().all(|step| step.value.either_way) {
        compiler.problem(Problem::whole(path, "`reproduce` names no symptom: every step of it says `eitherWay`"));
    } else if let Some(release) = reach::without_symptom(&document.reproduce, &affected) {
        let message = format!("`reproduce` names no symptom for KServe {release}, which is affected");
        compiler.problem(Problem::whole(path, message));
    }
    let mut scenario = Scenario::new(&name.value, &document.title, affected)
        .family(&document.family)
        .summary(&document.summary)
        .story(&document.story)
        .cause(&document.cause)
        .remedy(&document.remedy);
    for link in &document.links {
        scenario = scenario.link(linked(link));
    }
    for (profile, said) in &document.profiles {
        let level = match said {
            LevelSaid::Core => Level::Core,
            LevelSaid::Extended => Level::Extended,
        };
        scenario = scenario.profile(*profile, level);
    }
    let universe = &document.universe;
    let (control_plane, nodes, kubeflow) = (universe.control_plane, universe.nodes, universe.kubeflow != Some(false));
    let without = if universe.knative == Some(false) { vec![Project::Knative, Project::Istio] } else { Vec::new() };
    let cloud = universe.cloud.clone().map(|accounts| CloudPlan { accounts, ..CloudPlan::default() });
    scenario = scenario.universe(move |target| {
        let kubeflow = target.plan.kubeflow.filter(|_| kubeflow);
        let flavor = if kubeflow.is_some() { Flavor::Kubeflow } else { Flavor::Standalone };
        let cloud = cloud.clone().or_else(|| target.plan.cloud.clone());
        let control_plane = control_plane.then_some(flavor);
        Plan { control_plane, nodes, kubeflow, cloud, without: without.clone(), ..target.plan.clone() }
    });
    if !document.fix.is_empty() && !document.fixes.is_empty() {
        let at = document.fix.first().map_or(Location::UNKNOWN, place);
        compiler.complain(at, "a scenario has one `fix`, or several `fixes`, not both");
    }
    let script = |steps: &[Spanned<Step>], compiler: &mut Compiler<'_>| {
        let steps = compiler.steps(steps);
        move |target: &Target| steps.iter().filter_map(|step| step(target)).collect::<Vec<_>>()
    };
    scenario = scenario.arrange(script(&document.arrange, compiler));
    scenario = scenario.reproduce(script(&document.reproduce, compiler));
    scenario = scenario.fix(script(&document.fix, compiler));
    for variant in &document.fixes {
        scenario = scenario.fix_variant(&variant.name, &variant.title, script(&variant.steps, compiler));
    }
    scenario = scenario.verify(script(&document.verify, compiler));
    scenario.guard(script(&document.guard, compiler))
}

fn linked(said: &LinkSaid) -> Link {
    match said {
        LinkSaid::Titled { title, url } => Link { title: title.clone(), url: url.clone() },
        LinkSaid::Address(text) => on_github(text).unwrap_or_else(|| Link { title: text.clone(), url: text.clone() }),
    }
}

/// `owner/repository#number`, or the URL of an issue or a pull request on GitHub.
fn on_github(text: &str) -> Option<Link> {
    if let Some(path) = text.strip_prefix("https://github.com/") {
        let mut parts = path.splitn(4, '/');
        let (owner, name, kind) = (parts.next()?, parts.next()?, parts.next()?);
        let (repository, number) = (format!("{owner}/{name}"), parts.next()?.parse().ok()?);
        return match kind {
            "issues" => Some(Link::issue(&repository, number)),
            "pull" => Some(Link::pull(&repository, number)),
            _ => None,
        };
    }
    let (repository, number) = text.split_once('#')?;
    let is_repository = repository.split('/').count() == 2 && !repository.contains(':');
    is_repository.then_some(Link::issue(repository, number.parse().ok()?))
}

/// An object that a step creates, applies or puts in another's place.
pub(crate) struct Made {
    /// Where the step names it.
    pub(crate) at: Location,
    /// The way to it in the scenario file, as a JSON pointer.
    pub(crate) pointer: String,
    /// The object as it stands in a file of its own, if it does.
    pub(crate) in_file: Option<Object>,
    /// The object.
    pub(crate) object: Value,
    /// Whether the step expects that something other than RBAC refuses it.
    pub(crate) is_refused: bool,
}

impl Made {
    /// A text in it; empty if there is none.
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn kind(&self) -> &str {
        self.text("/kind")
    }

    pub(crate) fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// Its namespace; empty if it names none.
    pub(crate) fn namespace(&self) -> &str {
        self.text("/metadata/namespace")
    }
}

/// The objects that the scenario makes anywhere. Files that cannot be read are passed over: compiling the step tells of them.
pub(crate) fn objects(path: &Path, document: &Document) -> Vec<Made> {
    let phases = [
        ("arrange", &document.arrange),
        ("reproduce", &document.reproduce),
        ("fix", &document.fix),
        ("verify", &document.verify),
        ("guard", &document.guard),
    ];
    let phases = phases.map(|(name, steps)| (format!("/{name}"), steps));
    let variants = document.fixes.iter().enumerate().map(|(nth, fix)| (format!("/fixes/{nth}/steps"), &fix.steps));
    let steps = phases.into_iter().chain(variants).flat_map(|(phase, steps)| {
        steps.iter().enumerate().map(move |(nth, step)| (format!("{phase}/{nth}"), &step.value))
    });
    steps.flat_map(|(pointer, step)| made(path, &pointer, step)).collect()
}

/// The objects that a step makes.
fn made(path: &Path, pointer: &str, step: &Step) -> Vec<Made> {
    let is_refused = step.expect.refused.is_some() || step.expect.code.is_some_and(|code| code >= 400);
    let inline = [("apply", &step.apply), ("create", &step.create), ("update", &step.update)];
    let inline = inline.into_iter().filter_map(|(member, object)| Some((member, object.as_ref()?)));
    let inline = inline.map(|(member, object)| Made {
        at: place(object),
        pointer: format!("{pointer}/{member}"),
        in_file: None,
        object: object.value.clone(),
        is_refused,
    });
    let beside = step.apply_file.iter().flat_map(|file| {
        let objects = beside(path, &file.value).unwrap_or_default();
        objects.into_iter().map(|object| Made {
            at: place(file),
            pointer: format!("{pointer}/applyFile"),
            object: object.value.clone(),
            in_file: Some(object),
            is_refused,
        })
    });
    inline.chain(beside).collect()
}

/// The content of a file.
pub(crate) fn document(path: &Path, text: &str) -> Result<Document, Problem> {
    serde_saphyr::from_str(text).map_err(|error| broken(path, &error))
}

/// The objects of a file or folder beside a scenario file.
pub(crate) fn beside(path: &Path, named: &str) -> Result<Vec<Object>, String> {
    let full = path.parent().map_or_else(|| named.into(), |folder| folder.join(named));
    let read = proofmark_manifests::load(&[Source::Path(full)])
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    Ok(read.objects)
}

pub(crate) fn broken(path: &Path, error: &serde_saphyr::Error) -> Problem {
    let message = error.without_snippet().to_string();
    let message = message.lines().next().unwrap_or_default();
    let message = message.find(" at line ").map_or(message, |end| &message[..end]);
    Problem::new(path, error.location().unwrap_or(Location::UNKNOWN), message)
}
