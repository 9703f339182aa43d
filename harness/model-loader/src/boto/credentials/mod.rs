//! Who signs: botocore's chain of credential providers, and credentials that are fetched anew before they expire.
//!
//! The order is: variables, roles of the profile, web identity, the credentials file, the container's endpoint, the instance's metadata.
//! What is cheap to read is read at once, container and instance are asked at once, and roles are assumed when the first request is signed.

mod container;
mod metadata;
mod role;

use self::role::Role;
use super::profile::Profile;
use super::settings::Settings;
use crate::exception::{Exception, Result};
use crate::host::Host;
use jiff::{SignedDuration, Timestamp};
use proofmark_aws_sigv4::Credentials as Keys;
use std::fmt;
use tokio::sync::Mutex;

/// Credentials are fetched anew when they live no longer than this.
const REFRESH: SignedDuration = SignedDuration::from_mins(15);

/// Keys that may expire.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    keys: Keys,
    expires: Option<Timestamp>,
}

/// Where credentials come from.
#[derive(Debug, Clone)]
enum Source {
    /// They are what they are; or there are none.
    Fixed,
    Role(Box<Role>),
    Container(container::Endpoint),
    Metadata(metadata::Service),
}

/// Credentials, fetched when they are needed.
pub(crate) struct Credentials {
    source: Source,
    held: Mutex<Option<Held>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

impl Clone for Credentials {
    /// A copy with what is held now; what is being fetched at the moment is fetched again.
    fn clone(&self) -> Self {
        let held = self.held.try_lock().map(|held| held.clone()).unwrap_or_default();
        Self { source: self.source.clone(), held: Mutex::new(held) }
    }
}

impl Credentials {
    fn new(source: Source, held: Option<Held>) -> Self {
        Self { source, held: Mutex::new(held) }
    }

    /// Credentials that do not change.
    pub(crate) fn fixed(keys: Keys) -> Self {
        Self::new(Source::Fixed, Some(Held { keys, expires: None }))
    }

    /// Looks for credentials; finding none is no error.
    pub(crate) async fn resolve(host: &Host, settings: &Settings) -> Result<Self> {
        if let Some(keys) = from_variables(settings)? {
            return Ok(Self::fixed(keys));
        }
        if let Some(profile) = settings.profile()
            && role::is_assumed(profile)
        {
            let name = settings.profile_name.as_deref().unwrap_or("default");
            let role = role::of_profile(settings, name, &mut Vec::new())?;
            return Ok(Self::new(Source::Role(Box::new(role)), None));
        }
        if let Some(role) = role::web_identity(settings, settings.profile(), true)? {
            return Ok(Self::new(Source::Role(Box::new(role)), None));
        }
        if let Some(keys) = settings.profile().map(from_profile).transpose()?.flatten() {
            return Ok(Self::fixed(keys));
        }
        if let Some(endpoint) = container::endpoint(settings, &*host.files)? {
            let held = endpoint.fetch(host).await?;
            return Ok(Self::new(Source::Container(endpoint), Some(held)));
        }
        if let Some(service) = metadata::service(settings)?
            && let Some(held) = service.fetch(host).await?
        {
            return Ok(Self::new(Source::Metadata(service), Some(held)));
        }
        Ok(Self::new(Source::Fixed, None))
    }

    /// The keys to sign with now.
    pub(crate) async fn get(&self, host: &Host) -> Result<Option<Keys>> {
        let mut held = self.held.lock().await;
        let now = (host.clock)();
        let stale = match &*held {
            None => true,
            Some(Held { expires: Some(expires), .. }) => expires.duration_since(now) < REFRESH,
            Some(Held { expires: None, .. }) => false,
        };
        if stale {
            let fetched = match &self.source {
                Source::Fixed => None,
                Source::Role(role) => Some(role.assume(host).await?),
                Source::Container(endpoint) => Some(endpoint.fetch(host).await?),
                Source::Metadata(service) => service.fetch(host).await?,
            };
            if let Some(fetched) = fetched {
                if fetched.expires.is_some_and(|expires| expires <= now) {
                    return Err(Exception::runtime(
                        "Credentials were refreshed, but the refreshed credentials are still expired.",
                    ));
                }
                *held = Some(fetched);
            }
        }
        Ok(held.as_ref().map(|held| held.keys.clone()))
    }
}

fn partial(provider: &str, missing: &str) -> Exception {
    let message = format!("Partial credentials found in {provider}, missing: {missing}");
    Exception::new("botocore.exceptions.PartialCredentialsError", message)
}

fn from_variables(settings: &Settings) -> Result<Option<Keys>> {
    let environment = &settings.environment;
    let Some(access_key_id) = environment.filled("AWS_ACCESS_KEY_ID") else { return Ok(None) };
    let secret = environment.filled("AWS_SECRET_ACCESS_KEY").ok_or_else(|| partial("env", "AWS_SECRET_ACCESS_KEY"))?;
    let token = environment.get("AWS_SECURITY_TOKEN").or_else(|| environment.get("AWS_SESSION_TOKEN"));
    Ok(Some(keys(access_key_id, secret, token)))
}

/// The keys that stand in a profile.
fn from_profile(profile: &Profile) -> Result<Option<Keys>> {
    let Some(access_key_id) = profile.get("aws_access_key_id") else { return Ok(None) };
    let secret = profile
        .get("aws_secret_access_key")
        .ok_or_else(|| partial("shared-credentials-file", "aws_secret_access_key"))?;
    Ok(Some(keys(access_key_id, secret, profile.get("aws_session_token").map(String::as_str))))
}

fn keys(access_key_id: &str, secret_access_key: &str, token: Option<&str>) -> Keys {
    Keys {
        access_key_id: access_key_id.to_owned(),
        secret_access_key: secret_access_key.to_owned(),
        session_token: token.filter(|token| !token.is_empty()).map(str::to_owned),
    }
}

/// Reads the JSON that containers and instances answer with.
fn from_json(answer: &proofmark_json::Value) -> Option<Held> {
    let text = |name: &str| answer.get(name)?.as_str();
    let keys = keys(text("AccessKeyId")?, text("SecretAccessKey")?, text("Token"));
    Some(Held { keys, expires: text("Expiration").and_then(|time| time.parse().ok()) })
}
