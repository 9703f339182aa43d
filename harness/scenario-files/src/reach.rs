//! Which releases a scenario is about: where it has a meaning, which of them have the failure, and which steps are for some of them only.

use proofmark_kserve::Release;
use proofmark_replay::{Affected, Expected, Target};
use schemars::JsonSchema;
use semver::{Version, VersionReq};
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::document::{Document, Step};
use crate::problem::place;
use crate::step::Compiler;

/// The releases that have the failure: those that match, and every release where nothing is said.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Affected")]
pub(crate) struct AffectedSaid {
    /// In words.
    #[serde(default)]
    pub(crate) words: String,
    /// Releases of KServe: `>=0.11, <0.15.2`.
    #[schemars(with = "Option<String>")]
    kserve: Option<Spanned<String>>,
    /// No known release has it, and that none comes to is what the scenario proves.
    #[serde(default)]
    none: bool,
}

/// Where the scenario has a meaning: everywhere where nothing is said. On other releases it is not applicable.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Applicable {
    /// Releases of KServe: `>=0.16`.
    #[schemars(with = "Option<String>")]
    kserve: Option<Spanned<String>>,
    /// Why not on others, to be read after the release's name: `has no LocalModelCaches`.
    #[schemars(with = "Option<String>")]
    otherwise: Option<Spanned<String>>,
    /// Only where KServe comes with Kubeflow, whose profiles this is about.
    #[serde(default)]
    kubeflow: bool,
}

/// The judgement that a file states.
pub(crate) fn affected(document: &Document, compiler: &mut Compiler<'_>) -> Affected {
    let said = &document.affected;
    let matching = said.kserve.as_ref().map(|requirement| compiler.releases(requirement));
    if let (true, Some(requirement)) = (said.none, &said.kserve) {
        compiler.complain(place(requirement), "either these releases are affected or `none` is, not both");
    }
    let applicable = document.applicable.kserve.as_ref().map(|requirement| compiler.releases(requirement));
    match (&document.applicable.kserve, &document.applicable.otherwise) {
        (Some(requirement), None) => compiler.complain(place(requirement), "say why not on others: `otherwise: ...`"),
        (None, Some(otherwise)) => compiler.complain(place(otherwise), "say on which releases: `kserve: ...`"),
        _ => {}
    }
    let words = match (&said.kserve, said.none) {
        _ if !said.words.is_empty() => said.words.clone(),
        (_, true) => "no release".to_owned(),
        (Some(requirement), _) => format!("KServe {}", requirement.value),
        (None, _) => "every release".to_owned(),
    };
    let otherwise = document.applicable.otherwise.as_ref().map(|words| words.value.clone()).unwrap_or_default();
    let (none, with_kubeflow) = (said.none && said.kserve.is_none(), document.applicable.kubeflow);
    Affected::new(words, move |target| {
        let Some(release) = target.plan.kserve else {
            let reason = format!("{} brings no known release of KServe", target.name);
            return Expected::NotApplicable { reason };
        };
        if applicable.as_ref().is_some_and(|applicable| !applicable.contains(&release)) {
            return Expected::NotApplicable { reason: format!("KServe {release} {otherwise}") };
        }
        if with_kubeflow && target.plan.kubeflow.is_none() {
            let reason = format!("{} comes without Kubeflow, whose profiles this is about", target.name);
            return Expected::NotApplicable { reason };
        }
        match &matching {
            _ if none => Expected::Absent,
            Some(matching) if !matching.contains(&release) => Expected::Absent,
            _ => Expected::Reproduces,
        }
    })
}

/// On which releases a step is played: everywhere where nothing is said. A target that names no release counts as the newest.
pub(crate) fn is_played(on: Option<&[Release]>, target: &Target) -> bool {
    on.is_none_or(|releases| releases.contains(&target.plan.kserve.unwrap_or(Release::latest())))
}

/// The first release that has the failure and on which no step of `reproduce` is a symptom of it.
pub(crate) fn without_symptom(reproduce: &[Spanned<Step>], affected: &Affected) -> Option<Release> {
    let symptoms = reproduce.iter().filter(|step| !step.value.either_way);
    let played: Vec<Option<Vec<Release>>> =
        symptoms.map(|step| step.value.releases.as_ref().map(|on| matching(&on.value).unwrap_or_default())).collect();
    let has_failure = |target: &Target| affected.expects(target) == Expected::Reproduces;
    Release::all().iter().copied().find(|release| {
        let target = Target::kserve(*release);
        has_failure(&target) && !played.iter().any(|on| is_played(on.as_deref(), &target))
    })
}

/// The known releases of KServe that a requirement matches.
///
/// # Errors
/// What is wrong with the requirement, or that it matches none.
pub(crate) fn matching(requirement: &str) -> Result<Vec<Release>, String> {
    let requirement: VersionReq =
        requirement.parse().map_err(|error| format!("no requirement of versions: {error}"))?;
    let is_met = |release: &Release| {
        // A candidate counts as the release that it became: `>=0.12` means it, too.
        Version::parse(release.version())
            .is_ok_and(|version| requirement.matches(&Version::new(version.major, version.minor, version.patch)))
    };
    let matching: Vec<Release> = Release::all().iter().copied().filter(is_met).collect();
    if matching.is_empty() {
        let known: Vec<&str> = Release::all().iter().map(|release| release.version()).collect();
        return Err(format!("matches no known release; known are {}", known.join(", ")));
    }
    Ok(matching)
}
