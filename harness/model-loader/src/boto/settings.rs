//! What botocore knows before the first request: variables first, then the profile.

use super::profile::{self, Profile, Profiles};
use super::retry::{RetryMode, RetryRule};
use crate::environment::Environment;
use crate::exception::{Exception, Result};
use crate::files::FileSystem;
use crate::net::Trust;
use crate::python;
use crate::release::Behaviour;
use regex::RegexSet;
use std::sync::LazyLock;

/// A session of botocore. Cheap to clone compared with any request.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) environment: Environment,
    pub(crate) profiles: Profiles,
    /// The profile in use.
    pub(crate) profile_name: Option<String>,
    /// Endpoints are configured by variables and profiles (botocore 1.31 and later).
    pub(crate) configured_endpoints: bool,
    /// EKS Pod Identity is known.
    pub(crate) pod_identity: bool,
    pub(crate) behaviour: Behaviour,
}

impl Settings {
    /// Reads variables and profiles.
    pub(crate) fn load(environment: &Environment, files: &dyn FileSystem, behaviour: &Behaviour) -> Result<Self> {
        let profiles = profile::load(environment, files)?;
        let profile_name =
            environment.get("AWS_DEFAULT_PROFILE").or_else(|| environment.get("AWS_PROFILE")).map(str::to_owned);
        if let Some(name) = &profile_name
            && !profiles.contains_key(name)
        {
            let message = format!("The config profile ({name}) could not be found");
            return Err(Exception::new("botocore.exceptions.ProfileNotFound", message));
        }
        Ok(Self {
            environment: environment.clone(),
            profiles,
            profile_name,
            configured_endpoints: behaviour.configured_endpoints,
            pod_identity: behaviour.pod_identity,
            behaviour: behaviour.clone(),
        })
    }

    /// The profile in use, which is `default` unless another is named.
    pub(crate) fn profile(&self) -> Option<&Profile> {
        self.profiles.get(self.profile_name.as_deref().unwrap_or("default"))
    }

    /// A setting: the variable, or what the profile says.
    pub(crate) fn get(&self, variable: &str, key: &str) -> Option<&str> {
        self.environment.get(variable).or_else(|| self.profile()?.get(key).map(String::as_str))
    }

    /// A setting that is on or off.
    pub(crate) fn is_on(&self, variable: &str, key: &str) -> bool {
        self.get(variable, key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The region, also when it is empty.
    pub(crate) fn region(&self) -> Result<Option<String>> {
        let Some(region) = self.get("AWS_DEFAULT_REGION", "region") else { return Ok(None) };
        let is_label = region.is_empty()
            || (region.len() <= 63
                && region.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !region.starts_with('-')
                && !region.ends_with('-')
                && !region.bytes().all(|b| b.is_ascii_digit()));
        if !is_label {
            let message = format!("Provided region_name '{region}' doesn't match a supported format.");
            return Err(Exception::new("botocore.exceptions.InvalidRegionError", message));
        }
        Ok(Some(region.to_owned()))
    }

    /// Whom to trust when nobody says so for a client: `AWS_CA_BUNDLE`, then `REQUESTS_CA_BUNDLE`. An empty one is no check at all.
    pub(crate) fn trust(&self) -> Trust {
        match self.get("AWS_CA_BUNDLE", "ca_bundle").or_else(|| self.environment.get("REQUESTS_CA_BUNDLE")) {
            None => Trust::System,
            Some("") => Trust::Anyone,
            Some(path) => Trust::Bundle(path.to_owned()),
        }
    }

    /// The endpoint that is configured for a service.
    pub(crate) fn endpoint(&self, service: &str) -> Result<Option<String>> {
        if !self.configured_endpoints
            || self.is_on("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")
        {
            return Ok(None);
        }
        let variable = format!("AWS_ENDPOINT_URL_{}", service.to_uppercase());
        let found = self
            .environment
            .filled(&variable)
            .or_else(|| self.environment.filled("AWS_ENDPOINT_URL"))
            .or_else(|| self.profile()?.get("endpoint_url").map(String::as_str).filter(|url| !url.is_empty()));
        if let Some(url) = found {
            check_endpoint(url)?;
        }
        Ok(found.map(str::to_owned))
    }

    /// How often clients try that are not told otherwise.
    pub(crate) fn retries(&self) -> Result<RetryRule> {
        let mode = match self.get("AWS_RETRY_MODE", "retry_mode") {
            None | Some("legacy") => RetryMode::Legacy,
            Some("standard" | "adaptive") => RetryMode::Standard,
            Some(other) => {
                let message = format!(
                    "Invalid value provided to \"mode\": \"{other}\" must be one of: ('legacy', 'standard', 'adaptive')"
                );
                return Err(Exception::new("botocore.exceptions.InvalidRetryModeError", message));
            }
        };
        let default = if mode == RetryMode::Legacy { 5 } else { 3 };
        let attempts = match self.get("AWS_MAX_ATTEMPTS", "max_attempts") {
            None => default,
            Some(text) => python::int(text)?,
        };
        if attempts < 1 {
            let message = format!(
                "Value provided to \"total_max_attempts\": {attempts} must be an integer greater than or equal to 1."
            );
            return Err(Exception::new("botocore.exceptions.InvalidMaxRetryAttemptsError", message));
        }
        Ok(RetryRule { mode, attempts: u32::try_from(attempts).unwrap_or(u32::MAX) })
    }
}

/// Refuses what is no endpoint: botocore looks at the host name and nothing else.
pub(crate) fn check_endpoint(url: &str) -> Result<()> {
    let valid = python::urlsplit(url).hostname().is_some_and(|host| {
        let host = host.strip_suffix('.').unwrap_or(&host);
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        host.len() <= 255 && (host.split('.').all(label) || host.parse::<std::net::Ipv6Addr>().is_ok())
    });
    if valid { Ok(()) } else { Err(Exception::value(format!("Invalid endpoint: {url}"))) }
}

/// The pattern of bucket names, as botocore tells it.
const BUCKET: &str = r"^[a-zA-Z0-9.\-_]{1,255}$";
/// The pattern of ARNs that may stand for a bucket, as botocore tells it.
const BUCKET_ARN: &str = r"^arn:(aws).*:(s3|s3-object-lambda):[a-z\-0-9]*:[0-9]{12}:accesspoint[/:][a-zA-Z0-9\-.]{1,63}$|^arn:(aws).*:s3-outposts:[a-z\-0-9]+:[0-9]{12}:outpost[/:][a-zA-Z0-9\-]{1,63}[/:]accesspoint[/:][a-zA-Z0-9\-]{1,63}$";

/// Refuses what can be no bucket.
pub(crate) fn check_bucket(bucket: &str) -> Result<()> {
    static NAMES: LazyLock<Option<RegexSet>> = LazyLock::new(|| RegexSet::new([BUCKET, BUCKET_ARN]).ok());
    if NAMES.as_ref().is_some_and(|names| names.is_match(bucket)) {
        return Ok(());
    }
    Err(invalid_parameters(&[format!(
        "Invalid bucket name \"{bucket}\": Bucket name must match the regex \"{BUCKET}\" or be an ARN matching the regex \"{BUCKET_ARN}\""
    )]))
}

/// Parameters that a service's description does not allow.
pub(crate) fn invalid_parameters(reports: &[String]) -> Exception {
    let message = format!("Parameter validation failed:\n{}", reports.join("\n"));
    Exception::new("botocore.exceptions.ParamValidationError", message)
}
