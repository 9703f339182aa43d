//! Whether the documents of a bundle say what its evidence shows. Digests tell that nothing was changed since a bundle was made, not that it was made honestly.

use proofmark_json::Value;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::bundle::{
    CATALOGUE, ENVIRONMENT, EVIDENCE, EXCHANGES, Environment, List, Part, README, REPORT, REQUIREMENT, SONOBUOY,
};
use crate::digest::sha256;
use crate::report::{ConformanceReport, Outcome};
use crate::tally::of_evidence;
use crate::verify::{VerifyError, parsed};
use crate::{documents, submission};

/// The entry of `robust_controller.yaml`, as far as it claims something.
#[derive(Deserialize)]
struct Claim {
    status: String,
}

/// Tells everything anew that can be told from the record, and compares.
pub(crate) fn check(
    list: &List,
    read: impl Fn(&str) -> Result<Vec<u8>, VerifyError>,
) -> Result<(ConformanceReport, Environment), VerifyError> {
    let parts = [
        (Part::Result, [REPORT, ENVIRONMENT, CATALOGUE, README, EVIDENCE, REQUIREMENT, SONOBUOY].as_slice()),
        (Part::Record, &[EXCHANGES]),
    ];
    for (part, names) in parts {
        let stands = |name: &str| list.files.get(name).is_some_and(|entry| entry.part == part);
        if let Some(name) = names.iter().find(|name| !stands(name)) {
            return Err(VerifyError::Missing((*name).to_owned()));
        }
    }
    let says = |agrees: bool, name: &str, shown_by| {
        if agrees { Ok(()) } else { Err(VerifyError::Contradicts(name.to_owned(), shown_by)) }
    };
    let text = |name: &str| read(name).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());

    let report: ConformanceReport = yaml(REPORT, &read(REPORT)?)?;
    let environment: Environment = yaml(ENVIRONMENT, &read(ENVIRONMENT)?)?;
    let (catalogue, exchanges) = (read(CATALOGUE)?, read(EXCHANGES)?);
    says(sha256(&catalogue) == environment.catalogue_sha256, ENVIRONMENT, CATALOGUE)?;
    let catalogue: Value = parsed(CATALOGUE, proofmark_json::from_slice(&catalogue))?;
    let evidence: Value = parsed(EXCHANGES, proofmark_json::from_slice(&exchanges))?;
    says(catalogue == evidence["run"]["scenarios"], CATALOGUE, EXCHANGES)?;

    let tallies = parsed(EXCHANGES, of_evidence(&exchanges))?;
    let profiles = report.profiles.iter().map(|profile| profile.name.as_str());
    let again = ConformanceReport::told(&tallies, profiles, report.implementation.clone());
    says(again == report, REPORT, EXCHANGES)?;

    says(text(README)?.contains(&documents::grades(&report)), README, REPORT)?;
    says(text(EVIDENCE)?.ends_with(&documents::results(&report)), EVIDENCE, REPORT)?;
    let sonobuoy: Value = yaml(SONOBUOY, &read(SONOBUOY)?)?;
    says(Ok(sonobuoy) == proofmark_json::to_value(submission::sonobuoy(&report)).map_err(|_| ()), SONOBUOY, REPORT)?;
    let claims: Vec<Claim> = yaml(REQUIREMENT, &read(REQUIREMENT)?)?;
    let earned = report.outcome() == Outcome::Success && environment.subject.kind == "cluster";
    says(earned || claims.iter().all(|claim| claim.status.is_empty()), REQUIREMENT, REPORT)?;
    Ok((report, environment))
}

fn yaml<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T, VerifyError> {
    parsed(name, serde_yaml::from_slice(bytes))
}
