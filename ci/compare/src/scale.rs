//! The load of a large cluster: one Deployment on many nodes, from its creation until every pod of it is ready.
//!
//! A control plane without machines has no nodes, so this is played to the embedded server alone, over TLS like the rest.

use http::Method;
use proofmark_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use crate::Error;
use crate::client::{Connection, Error as Failure};
use crate::side::Side;

/// How large the cluster is.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Scale {
    /// Pods of one Deployment
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) pods: usize,
    /// Simulated nodes
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    pub(crate) nodes: usize,
}

/// One round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    /// From the request that creates the Deployment until all of its pods are ready.
    pub(crate) ready: Duration,
    /// What the server used of its processors in that time.
    pub(crate) processor: Duration,
    /// The most memory that it ever had, in bytes.
    pub(crate) memory: u64,
}

const NODES: &str = "/api/v1/nodes?limit=1";
const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
/// Between two looks: seldom enough to cost nothing, often enough to be exact to a hundredth of the time.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a cluster may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Plays it to a server with so many nodes.
pub(crate) async fn play(side: &Side, scale: Scale) -> Result<Figures, Error> {
    let mut connection = side.target.connect().await?;
    reach(&mut connection, NODES, scale.nodes, |list| {
        let listed = list["items"].as_array().map_or(0, Vec::len);
        listed + count(&list["metadata"]["remainingItemCount"])
    })
    .await?;
    let labels = json!({"app": "scale"});
    let deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "scale"},
        "spec": {
            "replicas": scale.pods,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": "registry.example/app:1.0"}]},
            },
        },
    });
    let (started, used) = (Instant::now(), side.processor());
    connection.send(Method::POST, DEPLOYMENTS, Some(deployment.to_string().into())).await?;
    let path = format!("{DEPLOYMENTS}/scale");
    reach(&mut connection, &path, scale.pods, |deployment| count(&deployment["status"]["readyReplicas"])).await?;
    Ok(Figures { ready: started.elapsed(), processor: side.processor().saturating_sub(used), memory: side.peak() })
}

/// A round in a line of a Markdown table.
pub(crate) fn row(figures: &Figures) -> String {
    let Figures { ready, processor, memory } = figures;
    format!("| {:.1} | {:.1} | {} |\n", ready.as_secs_f64(), processor.as_secs_f64(), memory / (1024 * 1024))
}

/// The head of that table.
pub(crate) const HEAD: &str = "| all pods ready, s | processor time, s | memory at most, MiB |\n|---:|---:|---:|\n";

/// Looks at an object until what is counted of it is there.
async fn reach(
    connection: &mut Connection,
    path: &str,
    wanted: usize,
    counted: impl Fn(&Value) -> usize,
) -> Result<(), Error> {
    let end = Instant::now() + PATIENCE;
    loop {
        let body = connection.read(Method::GET, path, None).await?;
        let object: Value = proofmark_json::from_slice(&body).map_err(|why| connection.broken(&why))?;
        let found = counted(&object);
        if found >= wanted {
            return Ok(());
        }
        if Instant::now() > end {
            let why = format!("{found} of {wanted} after {} s at {path}", PATIENCE.as_secs());
            return Err(Failure::Late(why).into());
        }
        sleep(PAUSE).await;
    }
}

fn count(number: &Value) -> usize {
    number.as_u64().and_then(|number| usize::try_from(number).ok()).unwrap_or(0)
}
