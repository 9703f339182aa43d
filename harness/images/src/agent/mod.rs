//! KServe's agent, the container beside a server that serves what the server does not: models that come and go.
//!
//! | module | what it does |
//! |---|---|
//! | `puller` | brings the models of the configuration and has the server load them, and takes away what is no longer in it |
//! | `tracker` | what is to be done when the configuration changes |
//! | `proxy` | passes requests on to the server, and answers probes for it |
//! | `batcher` | asks the server once for what several ask at about the same time |
//! | `journal` | the log |
//!
//! It pulls before it listens, so a pod is ready when its first models are there. A configuration that changes is seen when kubelets bring it, a minute later
//! at most. What it does not: requests and answers are not sent to a logger; it says so.
//!
//! Source: KServe `cmd/agent`, `pkg/agent` v0.11 to v0.18; Knative's `pkg/network/handlers` and `queue/health`.

mod batcher;
mod journal;
mod proxy;
mod puller;
mod tracker;

use std::sync::Arc;
use std::time::Duration;

use proofmark_nodes::process::{Container, Exit, Process, Running};

use crate::Outside;
use crate::arguments::{option, switch};
use batcher::{Batcher, Limits};
use journal::Journal;
use proxy::{Probe, Proxy};
use puller::Puller;

/// For so long requests are still answered after SIGTERM.
const DRAIN: Duration = Duration::from_secs(30);

/// Pulls models, and stands between the server and who asks it.
pub(crate) struct Agent(pub(crate) Outside);

impl Process for Agent {
    fn run(&self, container: Container) -> Running {
        Box::pin(run(self.0.clone(), container))
    }
}

async fn run(outside: Outside, container: Container) -> Exit {
    let journal = Journal::new(container.clone());
    let probe = match Probe::read(container.env.get("SERVING_READINESS_PROBE").map(String::as_str)) {
        Ok(probe) => probe,
        Err(why) => {
            journal.error(&format!("Agent failed to parse readiness probe: {why}"));
            return Exit::code(1);
        }
    };
    let args = &container.args;
    let number = |name: &str, usual: u16| match option(args, name) {
        None => Ok(usual),
        Some(text) => text.parse().map_err(|_| format!("invalid argument \"{text}\" for \"--{name}\" flag")),
    };
    let (port, component) = match (number("port", 9081), number("component-port", 8080)) {
        (Ok(port), Ok(component)) => (port, component),
        (Err(why), _) | (_, Err(why)) => {
            container.log.stderr(&why);
            return Exit::code(2);
        }
    };
    if option(args, "log-url").is_some_and(|url| !url.is_empty()) {
        container.log.stderr("proofmark: requests and answers are not sent to a logger here");
    }
    let limits = match Limits::read(args) {
        Ok(limits) => switch(args, "enable-batcher").then_some(limits),
        Err(why) => {
            journal.error(&why);
            return Exit::code(1);
        }
    };
    let mut pulling = None;
    if switch(args, "enable-puller") {
        let text = |name: &str, usual: &str| option(args, name).unwrap_or_else(|| usual.to_owned());
        let (configuration, models) = (text("config-dir", "/mnt/configs"), text("model-dir", "/mnt/models"));
        journal.info(&format!("Initializing model agent with config-dir {configuration}, model-dir {models}"));
        let mut puller = Puller::new(outside, container.clone(), configuration, models, journal.clone()).await;
        tokio::select! {
            biased;
            () = puller.start() => {}
            () = container.stopped() => return Exit::code(0),
        }
        pulling = Some(puller);
    }
    journal.info("Starting agent http server...");
    let batcher = limits.map(|limits| Batcher::new(limits, container.clone(), journal.clone()));
    let proxy = Arc::new(Proxy::new(container.clone(), component, probe, batcher));
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
    Exit::code(0)
}
