//! Roles that are assumed: with a web identity token, or with the credentials of another profile.

use super::super::settings::Settings;
use super::super::sts::{self, Assume};
use super::{Credentials, Held, from_profile, partial};
use crate::boto::profile::Profile;
use crate::exception::{Exception, Result};
use crate::host::Host;

/// A role and what it is assumed with.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    settings: Settings,
    arn: String,
    session_name: Option<String>,
    external_id: Option<String>,
    duration: Option<String>,
    proof: Proof,
}

#[derive(Debug, Clone)]
enum Proof {
    /// A file with a token.
    WebIdentity(String),
    /// Credentials that sign.
    Credentials(Credentials),
}

fn invalid(message: impl std::fmt::Display) -> Exception {
    Exception::new("botocore.exceptions.InvalidConfigError", message.to_string())
}

/// Whether a profile names a role that is assumed with other credentials.
pub(super) fn is_assumed(profile: &Profile) -> bool {
    profile.contains_key("role_arn") && !profile.contains_key("web_identity_token_file")
}

/// The role that a web identity token is for, if there is one.
pub(super) fn web_identity(settings: &Settings, profile: Option<&Profile>, variables: bool) -> Result<Option<Role>> {
    let get = |variable: &str, key: &str| {
        let variable = settings.environment.get(variable).filter(|_| variables);
        variable.or_else(|| profile?.get(key).map(String::as_str)).filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let Some(token) = get("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file") else { return Ok(None) };
    let arn = get("AWS_ROLE_ARN", "role_arn").ok_or_else(|| {
        invalid(
            "The provided profile or the current environment is configured to assume role with web identity but has no role ARN \
             configured. Ensure that the profile has the role_arnconfiguration set or the AWS_ROLE_ARN env var is set.",
        )
    })?;
    Ok(Some(Role {
        settings: settings.clone(),
        arn,
        session_name: get("AWS_ROLE_SESSION_NAME", "role_session_name"),
        external_id: None,
        duration: None,
        proof: Proof::WebIdentity(token),
    }))
}

/// The role of a profile, with the credentials of the profile that it names. `visited` are the profiles that led here.
pub(super) fn of_profile(settings: &Settings, name: &str, visited: &mut Vec<String>) -> Result<Role> {
    let empty = Profile::new();
    let profile = settings.profiles.get(name).unwrap_or(&empty);
    visited.push(name.to_owned());
    let arn = profile.get("role_arn").cloned().unwrap_or_default();
    let proof = match (profile.get("source_profile"), profile.get("credential_source")) {
        (Some(_), Some(_)) => {
            return Err(invalid(format_args!(
                "The profile \"{name}\" contains both source_profile and credential_source."
            )));
        }
        (None, None) => return Err(partial("assume-role", "source_profile or credential_source")),
        (Some(source), None) => source_credentials(settings, name, source, visited)?,
        (None, Some(source)) if source == "Environment" => {
            super::from_variables(settings)?.map(Credentials::fixed).ok_or_else(|| no_source(source, name))?
        }
        (None, Some(source)) => {
            return Err(invalid(format_args!(
                "The credential source \"{source}\" referenced in profile \"{name}\" is not valid."
            )));
        }
    };
    Ok(Role {
        settings: settings.clone(),
        arn,
        session_name: profile.get("role_session_name").cloned(),
        external_id: profile.get("external_id").cloned(),
        duration: profile.get("duration_seconds").filter(|text| text.parse::<i64>().is_ok()).cloned(),
        proof: Proof::Credentials(proof),
    })
}

fn no_source(source: &str, profile: &str) -> Exception {
    let message = format!(
        "Error when retrieving credentials from {source}: No credentials found in credential_source referenced in profile {profile}"
    );
    Exception::new("botocore.exceptions.CredentialRetrievalError", message)
}

fn source_credentials(settings: &Settings, name: &str, source: &str, visited: &mut Vec<String>) -> Result<Credentials> {
    let Some(profile) = settings.profiles.get(source) else {
        return Err(invalid(format_args!(
            "The source_profile \"{source}\" referenced in the profile \"{name}\" does not exist."
        )));
    };
    let has_keys = profile.contains_key("aws_access_key_id") || profile.contains_key("aws_secret_access_key");
    if visited.iter().any(|visited| visited == source) && !(source == name && has_keys) {
        let visited = visited.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
        let message = format!(
            "Infinite loop in credential configuration detected. Attempting to load from profile {source} which has already been visited. Visited profiles: [{visited}]"
        );
        return Err(Exception::new("botocore.exceptions.InfiniteLoopConfigError", message));
    }
    if !has_keys && is_assumed(profile) {
        let role = of_profile(settings, source, visited)?;
        return Ok(Credentials::new(super::Source::Role(Box::new(role)), None));
    }
    if let Some(role) = web_identity(settings, Some(profile), false)? {
        return Ok(Credentials::new(super::Source::Role(Box::new(role)), None));
    }
    from_profile(profile)?
        .map(Credentials::fixed)
        .ok_or_else(|| invalid(format_args!("The source profile \"{source}\" must have credentials.")))
}

impl Role {
    /// Assumes the role.
    pub(super) async fn assume(&self, host: &Host) -> Result<Held> {
        let session_name =
            self.session_name.clone().unwrap_or_else(|| format!("botocore-session-{}", (host.clock)().as_second()));
        let (proof, signer) = match &self.proof {
            Proof::WebIdentity(path) => {
                let token = String::from_utf8_lossy(&host.files.read(path)?).into_owned();
                (Some(token), None)
            }
            Proof::Credentials(credentials) => (None, Box::pin(credentials.get(host)).await?),
        };
        let assume = Assume {
            role_arn: &self.arn,
            session_name: &session_name,
            web_identity_token: proof.as_deref(),
            external_id: self.external_id.as_deref(),
            duration: self.duration.as_deref(),
        };
        let (keys, expires) = sts::assume(host, &self.settings, signer, &assume).await?;
        Ok(Held { keys, expires })
    }
}
