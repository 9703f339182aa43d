//! Collects predictions that are asked for at about the same time, asks the server once, and gives each its part of the answer.
//!
//! What it gives is not what the server would: it has a message and the batch's id beside the predictions, and its status is 200 whatever the server said.
//! Requests for other models are put into the same batch, and the model that was asked for last answers for all of them, there as here. Ids follow from the
//! pod and how many batches it has had; the original's are random.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use parking_lot::Mutex;
use proofmark_json::{Value, json};
use proofmark_nodes::process::Container;
use tokio::sync::oneshot;

use super::journal::Journal;
use super::proxy::text;
use crate::arguments::option;
use crate::ids;

/// Asks the server.
pub(super) type Forward = Arc<dyn Fn(Request<Bytes>) -> BoxFuture<'static, Response<Bytes>> + Send + Sync>;

/// When a batch is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// With so many instances, or more.
    size: usize,
    /// So long after its first.
    latency: Duration,
}

impl Limits {
    /// # Errors
    /// When an argument is no number above zero.
    pub(super) fn read(args: &[String]) -> Result<Self, String> {
        let number = |name: &str, usual: u64, what: &str| {
            let Some(text) = option(args, name) else { return Ok(usual) };
            text.parse().ok().filter(|number| *number > 0).ok_or_else(|| format!("{what}{text}"))
        };
        let size = number("max-batchsize", 32, "Invalid max batch size")?;
        let latency = number("max-latency", 5000, "Invalid max latency")?;
        Ok(Self { size: usize::try_from(size).unwrap_or(usize::MAX), latency: Duration::from_millis(latency) })
    }
}

/// What is collected.
#[derive(Default)]
struct Batch {
    path: String,
    instances: Vec<Value>,
    waiting: Vec<(Range<usize>, oneshot::Sender<Value>)>,
    /// How many were sent before it.
    number: u64,
}

pub(super) struct Batcher {
    limits: Limits,
    container: Container,
    journal: Journal,
    batch: Mutex<Batch>,
}

impl Batcher {
    pub(super) fn new(limits: Limits, container: Container, journal: Journal) -> Self {
        let Limits { size, latency } = limits;
        let latency = latency.as_millis();
        journal.info(&format!("Starting batch loop maxLatency:{latency}, maxBatchSize:{size}"));
        Self { limits, container, journal, batch: Mutex::default() }
    }

    /// Whether a request is one of those that are collected.
    pub(super) fn takes(request: &Request<Bytes>) -> bool {
        request.uri().path().ends_with(":predict")
    }

    /// Puts a request into the batch, and waits for its part of the answer.
    pub(super) async fn answer(self: &Arc<Self>, request: Request<Bytes>, forward: Forward) -> Response<Bytes> {
        let body: Result<Value, _> = proofmark_json::from_slice(request.body());
        let instances = match body.as_ref().map(|body| body.get("instances")) {
            Ok(None | Some(Value::Null)) if body.as_ref().is_ok_and(Value::is_object) => &[],
            Ok(Some(Value::Array(instances))) => instances.as_slice(),
            _ => return text(StatusCode::BAD_REQUEST, "can't Unmarshal body\n"),
        };
        if instances.is_empty() {
            return text(StatusCode::BAD_REQUEST, "no instances in the request\n");
        }
        let path = request.uri().path().to_owned();
        self.journal.info(&format!("serving request {path}"));
        match self.add(path, instances, forward).await {
            Ok(answer) => text(StatusCode::OK, answer.to_string()),
            Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, ""),
        }
    }

    fn add(self: &Arc<Self>, path: String, instances: &[Value], forward: Forward) -> oneshot::Receiver<Value> {
        let (sender, receiver) = oneshot::channel();
        let (first, full, number) = {
            let mut batch = self.batch.lock();
            let begin = batch.instances.len();
            batch.instances.extend_from_slice(instances);
            batch.waiting.push((begin..begin + instances.len(), sender));
            batch.path = path;
            (begin == 0, batch.instances.len() >= self.limits.size, batch.number)
        };
        // Nobody's request, for whoever began the batch may have left.
        let this = self.clone();
        if full {
            tokio::spawn(async move { this.send(number, forward).await });
        } else if first {
            tokio::spawn(async move {
                tokio::time::sleep(this.limits.latency).await;
                this.send(number, forward).await;
            });
        }
        receiver
    }

    /// Sends the batch of this number, unless that was done.
    async fn send(&self, number: u64, forward: Forward) {
        let batch = {
            let mut batch = self.batch.lock();
            if batch.number != number {
                return;
            }
            std::mem::replace(&mut *batch, Batch { number: number + 1, ..Batch::default() })
        };
        self.journal.info(&format!("batch predict with size {} {}", batch.instances.len(), batch.path));
        let body = json!({"instances": batch.instances}).to_string();
        let Ok(request) = Request::post(&batch.path).body(Bytes::from(body)) else { return };
        let answer = forward(request).await;
        let told = |message: &str, id: &str, predictions: Value| {
            let mut answer = json!({"message": message});
            answer["batchId"] = json!(id);
            answer["predictions"] = predictions;
            answer
        };
        let id = ids::uuid([self.container.pod.uid.as_bytes(), &number.to_be_bytes()]);
        let predictions = match answer.status() {
            StatusCode::OK => read(answer.body(), batch.instances.len()).map_err(|why| (why, id.as_str())),
            _ => Err((String::from_utf8_lossy(answer.body()).into_owned(), "")),
        };
        for (part, waiting) in batch.waiting {
            let answer = match &predictions {
                Ok(all) => told("", &id, Value::Array(all.get(part).unwrap_or_default().to_vec())),
                Err((why, id)) => told(why, id, Value::Null),
            };
            // Who has left gets none.
            let _ = waiting.send(answer);
        }
    }
}

/// The predictions of an answer, one for each instance.
fn read(body: &[u8], instances: usize) -> Result<Vec<Value>, String> {
    let body: Value = proofmark_json::from_slice(body).map_err(|error| error.to_string())?;
    let predictions = body.get("predictions").and_then(Value::as_array).cloned().unwrap_or_default();
    if predictions.len() != instances {
        return Err("size of prediction is not equal to the size of instances".to_owned());
    }
    Ok(predictions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case(&[], Ok((32, 5000)))]
    #[case(&["--max-batchsize", "4", "--max-latency=100"], Ok((4, 100)))]
    #[case(&["--max-batchsize", "0"], Err("Invalid max batch size0"))]
    #[case(&["--max-latency", "1.0"], Err("Invalid max latency1.0"))]
    fn limits_are_numbers(#[case] args: &[&str], #[case] limits: Result<(usize, u64), &str>) {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let wanted = limits.map(|(size, latency)| Limits { size, latency: Duration::from_millis(latency) });
        assert_eq!(Limits::read(&args), wanted.map_err(str::to_owned));
    }
}
