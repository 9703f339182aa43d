//! KServe's agent, the container beside a server that serves what the server does not: models that come and go.
//!
//! | module | what it does |
//! |---|---|
//! | `puller` | brings the models of the configuration and has the server load them, and takes away what is no longer in it |
//! | `tracker` | what is to be done when the configuration changes |
//! | `proxy` | passes requests on to the server, and answers probes for it |
//! | `batcher` | asks the server once for what several ask at about the same time |
//! | `logger` | sends what is asked and answered to somebody else |
//! | `journal` | the log |
//!
//! It pulls before it listens, so a pod is ready when its first models are there. A configuration that changes is seen when kubelets bring it, a minute later
//! at most.
//!
//! Source: KServe `cmd/agent`, `pkg/agent`, `pkg/batcher`, `pkg/logger` v0.11 to v0.17, of which v0.11.2, v0.13.1, v0.14.1 and v0.15.2 were run; Knative's
//! `pkg/network/handlers` and `queue/health`.

mod batcher;
mod journal;
mod logger;
mod proxy;
mod puller;
mod tracker;

use std::sync::Arc;
use std::time::Duration;

use proofmark_model_loader::Release;
use proofmark_nodes::process::{Container, Exit, Process, Running};

use crate::Outside;
use crate::arguments::{option, switch};
use crate::tag;
use batcher::{Batcher, Limits};
use journal::Journal;
use logger::{Logger, Settings};
use proxy::{Probe, Proxy};
use puller::Puller;

/// The variable that says how the server is asked whether it is ready.
const PROBE: &str = "SERVING_READINESS_PROBE";
/// For so long requests are still answered after SIGTERM.
const DRAIN: Duration = Duration::from_secs(30);

/// Pulls models, and stands between the server and who asks it.
pub(crate) struct Agent(pub(crate) Outside);

impl Process for Agent {
    fn run(&self, container: Container) -> Running {
        let outside = self.0.clone();
        Box::pin(async move { run(outside, container).await.unwrap_or_else(|exit| exit) })
    }
}

/// # Errors
/// How it ends when it cannot begin.
async fn run(outside: Outside, container: Container) -> Result<Exit, Exit> {
    let journal = Journal::new(container.clone());
    let probe = probe(&container, &journal)?;
    let port = number(&container, "port", 9081)?;
    let component = number(&container, "component-port", 8080)?;
    let (release, remark) = tag::release("agent", &container.image, outside.release);
    if let Some(remark) = remark {
        container.log.stderr(&remark);
    }
    let mut pulling = puller(&outside, release, &container, &journal).await;
    if let Some(puller) = &mut pulling {
        tokio::select! {
            biased;
            () = puller.start() => {}
            () = container.stopped() => return Ok(Exit::code(0)),
        }
    }
    let logger = logger(outside, release, port, &container, &journal)?;
    let batcher = batcher(&container, &journal)?;
    journal.info("Starting agent http server...");
    // Earlier releases print a number as if it were a text.
    let told = if release >= Release::V0_14 { component.to_string() } else { format!("%!s(int={component})") };
    journal.info(&format!("Building server user port {told} port {port}"));
    let proxy = Arc::new(Proxy::new(container.clone(), component, probe, batcher, logger));
    let answering = proxy.clone();
    container.ports.serve(port, move |request| {
        let proxy = answering.clone();
        async move { proxy.answer(request).await }
    });
    let pull = async {
        match &mut pulling {
            Some(puller) => puller.watch().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = container.stopped() => {}
        () = pull => {}
    }
    journal.info("Received TERM signal, attempting to gracefully shutdown servers.");
    proxy.drain();
    tokio::time::sleep(DRAIN).await;
    journal.info("Shutdown complete, exiting...");
    Ok(Exit::code(0))
}

fn probe(container: &Container, journal: &Journal) -> Result<Probe, Exit> {
    let Some(probe) = container.env.get(PROBE) else {
        container.log.stderr(&format!("required key {PROBE} missing value"));
        return Err(Exit::code(1));
    };
    Probe::read(probe).map_err(|why| {
        journal.fatal("Agent failed to parse readiness probe", &why);
        Exit::code(1)
    })
}

fn number(container: &Container, name: &str, usual: u16) -> Result<u16, Exit> {
    let Some(text) = option(&container.args, name) else { return Ok(usual) };
    text.parse().map_err(|_| {
        container.log.stderr(&format!("invalid argument \"{text}\" for \"--{name}\" flag"));
        Exit::code(2)
    })
}

async fn puller(outside: &Outside, release: Release, container: &Container, journal: &Journal) -> Option<Puller> {
    let args = &container.args;
    if !switch(args, "enable-puller") {
        return None;
    }
    let text = |name: &str, usual: &str| option(args, name).unwrap_or_else(|| usual.to_owned());
    let (configuration, models) = (text("config-dir", "/mnt/configs"), text("model-dir", "/mnt/models"));
    journal.info(&format!("Initializing model agent with config-dir {configuration}, model-dir {models}"));
    let (outside, container) = (outside.clone(), container.clone());
    Some(Puller::new(outside, release, container, configuration, models, journal.clone()).await)
}

fn logger(
    outside: Outside,
    release: Release,
    port: u16,
    container: &Container,
    journal: &Journal,
) -> Result<Option<Logger>, Exit> {
    let settings = Settings::read(&container.args, port, release);
    if !matches!(settings, Ok(None)) {
        journal.info("Starting logger");
    }
    let settings = settings.map_err(|why| {
        journal.error(&why);
        Exit::code(255)
    })?;
    Ok(settings.map(|settings| Logger::new(settings, release, outside, container.clone(), journal.clone())))
}

fn batcher(container: &Container, journal: &Journal) -> Result<Option<Batcher>, Exit> {
    if !switch(&container.args, "enable-batcher") {
        return Ok(None);
    }
    journal.info("Starting batcher");
    let limits = Limits::read(&container.args).map_err(|why| {
        journal.error(&why);
        Exit::code(1)
    })?;
    Ok(Some(Batcher::new(limits, container.clone(), journal.clone())))
}
