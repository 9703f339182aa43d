//! Every scenario, by name.
//!
//! [`all`] lists them, family by family; [`find`] takes what a user typed: `trainedmodel-403`, or `trainedmodel-403/own-role` for one of its
//! fixes only. [`table`] is the page `docs/catalogue.md`.

pub mod table;

use proofmark_replay::Scenario;
use thiserror::Error;

/// Every scenario, in the order in which reports list them.
pub fn all() -> Vec<Scenario> {
    let families = [
        proofmark_scenarios_rbac::scenarios,
        proofmark_scenarios_runtimes::scenarios,
        proofmark_scenarios_aws::scenarios,
        proofmark_scenarios_storage::scenarios,
        proofmark_scenarios_webhooks::scenarios,
        proofmark_scenarios_mesh::scenarios,
        proofmark_scenarios_web_app::scenarios,
    ];
    families.into_iter().flat_map(|scenarios| scenarios()).collect()
}

/// Why a name finds nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotFound {
    /// There is no scenario of this id.
    #[error("unknown scenario `{given}`{}", hint(.nearest.as_deref()))]
    Scenario {
        /// What was given.
        given: String,
        /// The id that was probably meant.
        nearest: Option<String>,
        /// Every id.
        known: Vec<String>,
    },
    /// The scenario has no fix of this name.
    #[error("{scenario} has no variant `{given}`{}; it has {}", hint(.nearest.as_deref()), .known.join(", "))]
    Variant {
        /// The scenario's id.
        scenario: String,
        /// What was given.
        given: String,
        /// The variant that was probably meant.
        nearest: Option<String>,
        /// Every variant of the scenario.
        known: Vec<String>,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(", did you mean {name}?")).unwrap_or_default()
}

/// The scenario of this name: an id, or `id/variant` for the same scenario with one of its fixes only.
///
/// # Errors
/// [`NotFound`] with the name that is most like the given one.
pub fn find(name: &str) -> Result<Scenario, NotFound> {
    let (id, variant) = name.split_once('/').map_or((name, None), |(id, variant)| (id, Some(variant)));
    let mut scenarios = all();
    let Some(at) = scenarios.iter().position(|scenario| scenario.about().id == id) else {
        let known: Vec<_> = scenarios.iter().map(|scenario| scenario.about().id.clone()).collect();
        return Err(NotFound::Scenario { given: id.to_owned(), nearest: nearest(id, &known), known });
    };
    let scenario = scenarios.swap_remove(at);
    let Some(variant) = variant else { return Ok(scenario) };
    let known: Vec<_> = scenario.about().variants.iter().map(|variant| variant.id.clone()).collect();
    scenario.only_variant(variant).ok_or_else(|| NotFound::Variant {
        scenario: id.to_owned(),
        given: variant.to_owned(),
        nearest: nearest(variant, &known),
        known,
    })
}

/// The known name that is most like a given one, if any is.
fn nearest(given: &str, known: &[String]) -> Option<String> {
    let likeness = |name: &&String| strsim::jaro_winkler(&given.to_lowercase(), name);
    let best = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&best) > 0.75).then(|| best.clone())
}
