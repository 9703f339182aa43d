//! The API server on the real clock, with its controllers and whatever the plan installs.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::service::TowerToHyperService;
use proofmark_apiserver::faults::Fault;
use proofmark_apiserver::transport::{Listener, TransportError};
use proofmark_apiserver::{ApiServer, World};
use proofmark_env::{Cluster, ControlPlane, ISSUER, LeftOut, Plan, Site, transport};
use proofmark_identity::{Credentials, KubeconfigUser, kubeconfig};
use proofmark_json::Value;
use proofmark_kubeflow::kfam::{Kfam, Settings};
use proofmark_models_web_app as web;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::cloud::{self, Beside};
use super::kubeconfig::CLUSTER;
use super::request_log::Log;
use super::{ingress, issuer, kfam};
use crate::args::UpArgs;
use crate::error::ExpectedError;
use crate::{http_server, random, tell};

/// How long the cluster is given to digest what was installed.
const QUIET: Duration = Duration::from_millis(100);

/// How often nodes say that they are there: as often as kubelets do.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// A running environment. [`Live::end`] ends it.
pub(super) struct Live {
    server: ApiServer,
    control_plane: ControlPlane,
    serving: JoinHandle<Result<(), TransportError>>,
    kfam: Option<SocketAddr>,
    web: Option<SocketAddr>,
    ingress: Option<SocketAddr>,
    cloud: Option<Beside>,
    issuer: Option<String>,
    stop: CancellationToken,
}

impl Live {
    /// Starts it, with what an earlier one held if that is given, and returns when it is complete.
    pub(super) async fn start(plan: &Plan, args: &UpArgs, world: Option<World>) -> Result<Self, ExpectedError> {
        let listener = Listener::bind(args.listen).await?;
        let bound = listener.address();
        if !bound.ip().is_loopback() {
            let told = "the key that signs service account tokens is public, and whoever reaches this port can use it";
            tell::line(format_args!("warning: {bound} can be reached from other machines; {told}"));
        }
        let address = SocketAddr::new(reachable(bound.ip()), bound.port()).to_string();
        let issuer = match &args.issuer {
            Some(Some(url)) => Some(url.clone()),
            Some(None) => Some(format!("https://{address}")),
            None => None,
        };
        let builder = ApiServer::builder()
            .seed(plan.seed)
            .real_clock()
            .address(address)
            .admin_token(random::hexadecimal::<16>()?);
        let builder = match &issuer {
            Some(url) => builder.issuer(url),
            None if plan.cloud.is_some() => builder.issuer(ISSUER),
            None => builder,
        };
        let server = match world {
            Some(world) => builder.world(world).build()?,
            None => builder.build()?,
        };
        let cluster = Cluster::new(transport(server.service()), QUIET);
        let stop = CancellationToken::new();
        let cloud = match &plan.cloud {
            Some(cloud) => Some(Beside::start(cloud, plan.seed, &server, bound, stop.clone()).await?),
            None => None,
        };
        let site = Site::embedded(&server).reaching(cloud::outside(cloud.as_ref()));
        let control_plane = ControlPlane::start(&site, &cluster, plan, Some(HEARTBEAT)).await?;
        let serving = tokio::spawn(listener.serve(server.clone(), stop.clone()));
        let kfam = if control_plane.profiles {
            let settings = Settings { cluster_admin: args.cluster_admin.clone(), ..Settings::default() };
            let access = Kfam::new(kube::Client::new(server.service(), "default"), settings);
            let (listener, address) = http_server::bind(SocketAddr::new(bound.ip(), 0)).await?;
            let service = service_fn(move |request| kfam::answer(access.clone(), request));
            tokio::spawn(http_server::serve(listener, service, stop.clone()));
            Some(address)
        } else {
            None
        };
        let web = if control_plane.services {
            // There is no HTTPS in front of it.
            let settings = web::Settings { secure_cookies: false, ..web::Settings::of(web::Release::default()) };
            let app = web::App::new(kube::Client::new(server.service(), "default"), settings);
            let (listener, address) = http_server::bind(SocketAddr::new(bound.ip(), 0)).await?;
            tokio::spawn(http_server::serve(listener, TowerToHyperService::new(app), stop.clone()));
            Some(address)
        } else {
            None
        };
        let ingress = match control_plane.gateway.clone() {
            Some(gateway) => {
                let (listener, address) = http_server::bind(SocketAddr::new(bound.ip(), 0)).await?;
                let service = service_fn(move |request| ingress::answer(gateway.clone(), request));
                tokio::spawn(http_server::serve(listener, service, stop.clone()));
                Some(address)
            }
            None => None,
        };
        Ok(Self { server, control_plane, serving, kfam, web, ingress, cloud, issuer, stop })
    }

    /// The variables by which clients find it.
    pub(super) fn variables(&self, kubeconfig: &Path) -> Vec<(&'static str, OsString)> {
        let url = |address: SocketAddr| format!("http://{}", SocketAddr::new(reachable(address.ip()), address.port()));
        // Kubeflow's access management is there if there are Profiles to manage, the Models Web App if there are InferenceServices.
        let beside = [("KFAM_URL", self.kfam), ("MODELS_WEB_APP_URL", self.web), ("INGRESS_URL", self.ingress)];
        let beside = beside.into_iter().filter_map(|(name, address)| Some((name, url(address?))));
        let cloud = self.cloud.iter().flat_map(|cloud| cloud.variables(url(cloud.address())));
        let issuer = self
            .issuer
            .iter()
            .flat_map(|url| [("OIDC_ISSUER", url.clone()), ("OIDC_THUMBPRINT", issuer::thumbprint(&self.server))]);
        let all = beside.chain(cloud).chain(issuer).map(|(name, value)| (name, value.into()));
        [("KUBECONFIG", kubeconfig.as_os_str().to_owned())].into_iter().chain(all).collect()
    }

    /// Has every request from now on written.
    pub(super) fn log_requests(&self, log: Log) {
        self.server.requests().follow(move |request| log.write(request));
    }

    /// From now on things go wrong.
    pub(super) fn break_things(&self, faults: &[Fault]) {
        for fault in faults {
            self.server.faults().add(fault.clone());
        }
    }

    /// What of the plan was not installed.
    pub(super) fn left_out(&self) -> &[LeftOut] {
        &self.control_plane.left_out
    }

    /// Where it is.
    pub(super) fn url(&self) -> String {
        format!("https://{}", self.server.address())
    }

    /// The file for clients that act as the administrator.
    pub(super) fn kubeconfig(&self) -> Value {
        let admin = KubeconfigUser {
            name: CLUSTER.to_owned(),
            namespace: None,
            credentials: Credentials::Token(self.server.admin_token().to_owned()),
        };
        kubeconfig(CLUSTER, &self.url(), Some(&self.server.authority().certificate_pem()), &[admin])
    }

    /// Ends every connection and every controller. Tells what the server held at the end.
    pub(super) async fn end(self) -> Result<World, ExpectedError> {
        self.stop.cancel();
        match self.serving.await {
            Ok(served) => {
                served?;
                Ok(self.server.world())
            }
            Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
        }
    }
}

/// How clients on this machine reach an address that stands for all of them.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}
