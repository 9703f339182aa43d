//! From what is written to a scenario that can be played.

use std::path::Path;

use proofmark_env::{CloudPlan, Plan};
use proofmark_kserve::Flavor;
use proofmark_manifests::Source;
use proofmark_replay::{Affected, Link, Scenario};
use serde_json::Value;
use serde_saphyr::{Location, Spanned};

use crate::document::{Document, Step};
use crate::kinds::Kinds;
use crate::problem::{Problem, place};
use crate::releases;
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

fn whole(path: &Path, document: Document, compiler: &mut Compiler<'_>) -> Scenario {
    let name = &document.metadata.name;
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.value.is_empty() || !name.value.chars().all(is_plain) {
        compiler.complain(place(name), "a scenario's name has lower-case letters, digits and hyphens");
    }
    let mut scenario = Scenario::new(&name.value, &document.title, affected(&document, compiler))
        .family(&document.family)
        .summary(&document.summary)
        .story(&document.story)
        .cause(&document.cause)
        .remedy(&document.remedy);
    for link in &document.links {
        scenario = scenario.link(linked(link));
    }
    let universe = &document.universe;
    let (control_plane, nodes) = (universe.control_plane, universe.nodes);
    let cloud = universe.cloud.clone().map(|accounts| CloudPlan { accounts, ..CloudPlan::default() });
    scenario = scenario.universe(move |target| Plan {
        control_plane: control_plane.then_some(if target.plan.kubeflow.is_some() {
            Flavor::Kubeflow
        } else {
            Flavor::Standalone
        }),
        nodes,
        cloud: cloud.clone().or_else(|| target.plan.cloud.clone()),
        ..target.plan.clone()
    });
    if !document.fix.is_empty() && !document.fixes.is_empty() {
        let at = document.fix.first().map_or(Location::UNKNOWN, place);
        compiler.complain(at, "a scenario has one `fix`, or several `fixes`, not both");
    }
    if document.reproduce.iter().all(|step| step.value.either_way) {
        compiler.problem(Problem::whole(path, "`reproduce` names no symptom: every step of it says `eitherWay`"));
    }
    let script = |steps: &[Spanned<Step>], compiler: &mut Compiler<'_>| {
        let steps = compiler.steps(steps);
        move |_: &proofmark_replay::Target| steps.iter().map(|step| step()).collect::<Vec<_>>()
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

fn affected(document: &Document, compiler: &mut Compiler<'_>) -> Affected {
    let Some(requirement) = &document.affected.kserve else {
        return Affected::kserve(words(document, "every release"), |_| true);
    };
    let matching = releases::matching(&requirement.value).unwrap_or_else(|why| {
        compiler.complain(place(requirement), why);
        Vec::new()
    });
    Affected::kserve(words(document, &format!("KServe {}", requirement.value)), move |release| {
        matching.contains(&release)
    })
}

fn words(document: &Document, otherwise: &str) -> String {
    let words = &document.affected.words;
    if words.is_empty() { otherwise.to_owned() } else { words.clone() }
}

/// `owner/repository#number`, or a URL.
fn linked(text: &str) -> Link {
    let issue = text.split_once('#').and_then(|(repository, number)| {
        let is_repository = repository.split('/').count() == 2 && !repository.contains(':');
        is_repository.then_some(())?;
        Some(Link::issue(repository, number.parse().ok()?))
    });
    issue.unwrap_or_else(|| Link { title: text.to_owned(), url: text.to_owned() })
}

/// An object that a step creates or applies.
pub(crate) struct Made {
    /// Where the step names it.
    pub(crate) at: Location,
    pub(crate) object: Value,
    /// Whether the step expects that something other than RBAC refuses it.
    pub(crate) is_refused: bool,
}

/// The objects that the scenario creates or applies anywhere. Files that cannot be read are passed over: compiling the step tells of them.
pub(crate) fn objects(path: &Path, document: &Document) -> Vec<Made> {
    let variants = document.fixes.iter().flat_map(|variant| &variant.steps);
    let phases = [&document.arrange, &document.reproduce, &document.fix, &document.verify, &document.guard];
    let mut made = Vec::new();
    for step in phases.into_iter().flatten().chain(variants) {
        let step = &step.value;
        let is_refused = step.expect.refused.is_some() || step.expect.code.is_some_and(|code| code >= 400);
        for object in [&step.apply, &step.create].into_iter().flatten() {
            made.push(Made { at: place(object), object: object.value.clone(), is_refused });
        }
        if let Some(file) = &step.apply_file {
            let objects = beside(path, &file.value).unwrap_or_default();
            made.extend(objects.into_iter().map(|object| Made { at: place(file), object, is_refused }));
        }
    }
    made
}

/// The content of a file.
pub(crate) fn document(path: &Path, text: &str) -> Result<Document, Problem> {
    serde_saphyr::from_str(text).map_err(|error| broken(path, &error))
}

/// The objects of a file or folder beside a scenario file.
pub(crate) fn beside(path: &Path, named: &str) -> Result<Vec<Value>, String> {
    let full = path.parent().map_or_else(|| named.into(), |folder| folder.join(named));
    let read = proofmark_manifests::load(&[Source::Path(full)])
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    Ok(read.objects.iter().map(|object| object.value.clone()).collect())
}

pub(crate) fn broken(path: &Path, error: &serde_saphyr::Error) -> Problem {
    let message = error.without_snippet().to_string();
    let message = message.lines().next().unwrap_or_default();
    let message = message.find(" at line ").map_or(message, |end| &message[..end]);
    Problem::new(path, error.location().unwrap_or(Location::UNKNOWN), message)
}
