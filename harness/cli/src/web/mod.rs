//! `proofmark web`: KServe's Models Web App over any cluster, with the rights of a kubeconfig.

mod files;

use std::convert::Infallible;

use http::{HeaderName, HeaderValue, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use kube::config::{KubeConfigOptions, Kubeconfig};
use proofmark_models_web_app::{App, Assets, Body, Settings, Tokens};
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use crate::args::WebArgs;
use crate::destination::Destination;
use crate::error::{Exit, ExpectedError};
use crate::process::Signals;
use crate::{http_server, tell};

pub(crate) fn run(args: &WebArgs) -> Result<Exit, ExpectedError> {
    let runtime =
        tokio::runtime::Runtime::new().map_err(|source| ExpectedError::System { what: "start threads", source })?;
    runtime.block_on(serve(args))
}

async fn serve(args: &WebArgs) -> Result<Exit, ExpectedError> {
    let mut signals = Signals::new()?;
    let settings = Settings::read(args.release, |name| variable(args, name))?;
    let asker = args.user.as_deref().map(|user| asker(&settings, user)).transpose()?;
    let assets = args.files.as_deref().map_or_else(|| Ok(Assets::embedded()), files::read)?;
    let app = App::with(client(args).await?, settings, assets, Tokens::secret());
    let (listener, address) = http_server::bind(args.listen).await?;
    if !address.ip().is_loopback() {
        let told = "whoever reaches this port says who they are";
        tell::line(format_args!("warning: {address} can be reached from other machines; {told}"));
    }
    let stop = CancellationToken::new();
    let service = service_fn(move |request| answer(app.clone(), asker.clone(), request));
    let serving = tokio::spawn(http_server::serve(listener, service, stop.clone()));
    if !args.quiet {
        let text = format!("The Models Web App ({}) at http://{address}\n\nCtrl-C ends it.\n", args.release);
        Destination::open(None)?.print(&text)?;
    }
    signals.next().await;
    stop.cancel();
    let _ = serving.await;
    Ok(Exit::AsExpected)
}

async fn answer(
    mut app: App,
    asker: Option<(HeaderName, HeaderValue)>,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    if let Some((name, user)) = asker {
        request.headers_mut().entry(name).or_insert(user);
    }
    app.call(request).await
}

/// The header that says who asks where nobody else does.
fn asker(settings: &Settings, user: &str) -> Result<(HeaderName, HeaderValue), ExpectedError> {
    let name = HeaderName::from_bytes(settings.user_header.as_bytes());
    match (name, HeaderValue::from_str(user)) {
        (Ok(name), Ok(user)) => Ok((name, user)),
        _ => Err(ExpectedError::NoHeader { name: settings.user_header.clone(), value: user.to_owned() }),
    }
}

async fn client(args: &WebArgs) -> Result<kube::Client, ExpectedError> {
    let config = match &args.kubeconfig {
        Some(file) => {
            let read = Kubeconfig::read_from(file).map_err(|error| ExpectedError::NoCluster(error.to_string()))?;
            let config = kube::Config::from_custom_kubeconfig(read, &KubeConfigOptions::default()).await;
            config.map_err(|error| ExpectedError::NoCluster(error.to_string()))?
        }
        None => kube::Config::infer().await.map_err(|error| ExpectedError::NoCluster(error.to_string()))?,
    };
    kube::Client::try_from(config).map_err(|error| ExpectedError::NoCluster(error.to_string()))
}

/// The options, by the variables of the real app's Deployment.
fn variable(args: &WebArgs, name: &str) -> Option<String> {
    let option = match name {
        "USERID_HEADER" => &args.user_header,
        "USERID_PREFIX" => &args.user_prefix,
        "APP_DISABLE_AUTH" => &args.disable_auth,
        "APP_PREFIX" => &args.prefix,
        "APP_SECURE_COOKIES" => &args.secure_cookies,
        "CSRF_SAMESITE" => &args.same_site,
        "ALLOWED_NAMESPACES" => &args.namespaces,
        "BACKEND_MODE" => &args.mode,
        "GRAFANA_PREFIX" => &args.grafana,
        "GRAFANA_CPU_MEMORY_DB" => &args.grafana_cpu_memory,
        "GRAFANA_HTTP_REQUESTS_DB" => &args.grafana_http_requests,
        "APP_VERSION" => &args.app_version,
        "APP_NAME" => &args.app_name,
        "METRICS" => &args.metrics,
        "GUNICORN_CMD_ARGS" => &args.server_arguments,
        _ => &None,
    };
    option.clone()
}
