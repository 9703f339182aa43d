//! The way into the cloud.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use http::{HeaderName, HeaderValue, Request};
use proofmark_aws::{Cloud, Service};
use proofmark_aws_sigv4::{Credentials, Payload, sign};
use proofmark_clock::Clock;
use proofmark_json::json;

use super::iam::element;
use super::pause::Pauses;
use super::record::Kept;
use super::{AccountToken, AwsIdentity, AwsRequest, CloudNetwork, CloudPlan, Pause, Published};
use crate::{ApiRequest, Cluster, EnvError, Exchange, Identity};

/// The cloud of a universe, reached by identity. Every exchange is kept, those that credentials are got by included.
#[derive(Clone)]
pub struct Aws {
    kept: Kept,
    cluster: Cluster,
    network: Arc<CloudNetwork>,
    clock: Clock,
}

/// While this is there, what the cloud gave out may have grown older than it is. When it goes, the cloud is back where it was: in the present, unless that is
/// within another one.
#[must_use = "it ends at once"]
pub struct Present<'a> {
    clock: &'a Clock,
    ahead: Duration,
}

impl<'a> Present<'a> {
    fn begin(clock: &'a Clock) -> Self {
        Self { clock, ahead: clock.ahead() }
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.clock.set_ahead(self.ahead);
    }
}

/// What somebody signs with, or the answer that refused it to him.
type Signer = Result<Option<Credentials>, Box<Exchange>>;

impl Aws {
    /// The cloud of a plan beside a cluster that issues tokens for it, on a clock that agrees with the cluster's.
    ///
    /// # Errors
    /// [`EnvError::Prepare`] when what the plan says cannot be made.
    pub(crate) fn beside(
        cluster: &Cluster,
        plan: &CloudPlan,
        issuer: Published,
        seed: u64,
        clock: Clock,
    ) -> Result<Self, EnvError> {
        let cloud = plan.build(issuer, seed, clock.clone())?;
        let kept = Kept { cloud, recorder: cluster.recorder(), pauses: Pauses::default() };
        let network = Arc::new(CloudNetwork::recorded(kept.clone(), &plan.endpoints));
        Ok(Self { network, kept, cluster: cluster.clone(), clock })
    }

    /// Begins something for which tokens and sessions may be kept before they are used.
    pub fn present(&self) -> Present<'_> {
        Present::begin(&self.clock)
    }

    /// Lets what was given out grow older. On a simulated clock the time passes, for the whole universe. A real one does not wait for us: there the
    /// cloud's clock is set ahead, until [`Present`] goes.
    async fn keep(&self, age: Duration) {
        if self.clock.is_real() {
            self.clock.set_ahead(self.clock.ahead() + age);
        } else if !age.is_zero() {
            self.cluster.advance(age).await;
        }
    }

    /// Lets time pass for the whole universe; on a real clock that takes as long.
    pub async fn advance(&self, time: Duration) {
        self.cluster.advance(time).await;
    }

    /// Signs a request as `who` and sends it. A refusal is an answer, not an error; who is refused his credentials has that for an answer.
    ///
    /// # Errors
    /// [`EnvError::Request`] when the request cannot be put on the wire, [`EnvError::Transport`] when the cluster, asked for a token, gave no answer.
    pub async fn send(&self, who: &AwsIdentity, request: AwsRequest) -> Result<Exchange, EnvError> {
        let _present = self.present();
        self.sent(who, request).await
    }

    async fn sent(&self, who: &AwsIdentity, request: AwsRequest) -> Result<Exchange, EnvError> {
        match self.signer(who).await? {
            Ok(credentials) => self.exchange(who, credentials.as_ref(), request).await,
            Err(refused) => Ok(*refused),
        }
    }

    /// Asks the cluster for a service account's token, and keeps it for as long as it says; see [`Aws::present`].
    ///
    /// # Errors
    /// As [`Aws::send`]; the inner error is the cluster's refusal.
    pub async fn token(&self, token: &AccountToken) -> Result<Result<String, Box<Exchange>>, EnvError> {
        let AccountToken { namespace, account, audience, lasts, age } = token;
        let body = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"audiences": [audience], "expirationSeconds": lasts.as_secs()},
        });
        let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token");
        let answer = self.cluster.send(&Identity::Admin, ApiRequest::post(path, body)).await?;
        let text = answer.response.body.json()["status"]["token"].as_str().map(str::to_owned);
        self.keep(*age).await;
        Ok(text.ok_or_else(|| Box::new(answer)))
    }

    /// Connections to the cloud, for programs that speak HTTP themselves.
    pub fn network(&self) -> Arc<CloudNetwork> {
        self.network.clone()
    }

    /// Has the first program that sends a request like this wait for its answer, once it is given.
    pub fn pause_after(&self, matches: impl Fn(&ApiRequest) -> bool + Send + 'static) -> Pause {
        self.kept.pauses.expect(matches)
    }

    /// How long the universe has existed, on its own clock.
    pub fn elapsed(&self) -> Duration {
        self.cluster.elapsed()
    }

    /// The cloud itself.
    pub fn cloud(&self) -> &Cloud {
        &self.kept.cloud
    }

    fn signer<'a>(&'a self, who: &'a AwsIdentity) -> LocalBoxFuture<'a, Result<Signer, EnvError>> {
        Box::pin(async move {
            let of_key = |key: &str, secret: &str| Credentials {
                access_key_id: key.to_owned(),
                secret_access_key: secret.to_owned(),
                session_token: None,
            };
            Ok(match who {
                AwsIdentity::Anonymous => Ok(None),
                // The access key of a root user is the account's id.
                AwsIdentity::Root { account } => Ok(Some(of_key(account, &self.cloud().settings().root_secret))),
                AwsIdentity::User { key, secret, .. } => Ok(Some(of_key(key, secret))),
                AwsIdentity::Role { role, session, by } => {
                    let parameters = [("RoleArn", role.as_str()), ("RoleSessionName", session)];
                    let answer = self.sent(by, AwsRequest::action(Service::Sts, "AssumeRole", &parameters)).await?;
                    temporary(answer)
                }
                AwsIdentity::WebIdentity { role, session, token, lasts, age } => {
                    let token = match self.token(token).await? {
                        Ok(token) => token,
                        Err(refused) => return Ok(Err(refused)),
                    };
                    let mut parameters =
                        vec![("RoleArn", role.as_str()), ("RoleSessionName", session), ("WebIdentityToken", &token)];
                    let seconds = lasts.map(|lasts| lasts.as_secs().to_string());
                    parameters.extend(seconds.as_deref().map(|seconds| ("DurationSeconds", seconds)));
                    let request = AwsRequest::action(Service::Sts, "AssumeRoleWithWebIdentity", &parameters);
                    let answer = self.exchange(who, None, request).await?;
                    self.keep(*age).await;
                    temporary(answer)
                }
            })
        })
    }

    async fn exchange(
        &self,
        who: &AwsIdentity,
        credentials: Option<&Credentials>,
        request: AwsRequest,
    ) -> Result<Exchange, EnvError> {
        let (service, region) = (request.service, request.region.clone());
        let (mut parts, body) = wire(request)?.into_parts();
        if let Some(credentials) = credentials {
            let payload = Payload::Bytes(&body);
            sign(&mut parts, credentials, &region, service.signing_name(), payload, self.cloud().now());
        }
        Ok(self.kept.answer(Some(who.to_string()), Some(service), parts, body.into()).await.1)
    }
}

/// The credentials in an answer of STS.
fn temporary(answer: Exchange) -> Signer {
    let crate::Body::Text(text) = &answer.response.body else { return Err(Box::new(answer)) };
    let element = |name: &str| element(text, name);
    match (element("AccessKeyId"), element("SecretAccessKey"), element("SessionToken")) {
        (Some(access_key_id), Some(secret_access_key), session_token) => {
            Ok(Some(Credentials { access_key_id, secret_access_key, session_token }))
        }
        _ => Err(Box::new(answer)),
    }
}

fn wire(request: AwsRequest) -> Result<Request<Vec<u8>>, EnvError> {
    let unfit = |what: String| EnvError::Request(format!("{what} is not valid in HTTP"));
    let mut wire = Request::new(request.body);
    *wire.method_mut() = request.method;
    *wire.uri_mut() = request.url.parse().map_err(|_| unfit(format!("URL {:?}", request.url)))?;
    let host = wire.uri().authority().map(|authority| authority.as_str().to_owned()).unwrap_or_default();
    let length = wire.body().len().to_string();
    let always = [("host".to_owned(), host), ("content-length".to_owned(), length)];
    for (name, value) in always.into_iter().chain(request.headers) {
        let header = HeaderName::try_from(&name).map_err(|_| unfit(format!("header name {name:?}")))?;
        wire.headers_mut().insert(header, HeaderValue::try_from(value).map_err(|_| unfit(format!("header {name}")))?);
    }
    Ok(wire)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_in_between_leaves_the_time_of_whoever_is_under_way() {
        let clock = Clock::real();
        let outer = Present::begin(&clock);
        clock.set_ahead(Duration::from_secs(1));
        let inner = Present::begin(&clock);
        clock.set_ahead(Duration::from_secs(9));
        drop(inner);
        assert_eq!(clock.ahead(), Duration::from_secs(1));
        drop(outer);
        assert_eq!(clock.ahead(), Duration::ZERO);
    }
}
