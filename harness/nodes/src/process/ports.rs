//! The ports of a pod, and who answers on them.
//!
//! There is no network: a port is a handler by number. Whoever would connect to a pod (a probe, a port-forward, another process) dials here.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use parking_lot::Mutex;
use proofmark_latest as latest;

/// An answer on its way.
pub type HttpFuture = Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>;
/// Answers HTTP requests.
pub type Handler = Arc<dyn Fn(Request<Bytes>) -> HttpFuture + Send + Sync>;

/// Who listens on a port.
#[derive(Clone)]
pub enum Listener {
    /// An HTTP server.
    Http(Handler),
    /// Something that accepts connections and is not looked at further.
    Tcp,
    /// A gRPC server whose health service says whether it is serving.
    Grpc {
        /// `SERVING` or `NOT_SERVING`.
        serving: bool,
    },
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(_) => f.write_str("Http"),
            Self::Tcp => f.write_str("Tcp"),
            Self::Grpc { serving } => write!(f, "Grpc({serving})"),
        }
    }
}

#[derive(Default)]
struct State {
    open: BTreeMap<u16, Listener>,
    all: bool,
}

/// The ports that one process listens on. Clones share them.
#[derive(Clone)]
pub struct Ports {
    state: Arc<Mutex<State>>,
    changes: Changes,
}

/// What comes of dialing a port.
#[derive(Debug, Clone)]
pub enum Dial {
    /// Nobody listens there.
    Refused,
    /// Somebody does.
    Open(Listener),
    /// The process answers everything, whatever the protocol.
    Anything,
}

/// Says that something in a pod may answer differently from now on. Its containers have one in common, because the answer of one may depend on another.
#[derive(Clone)]
pub(crate) struct Changes(Arc<latest::Sender<u64>>);

impl Default for Changes {
    fn default() -> Self {
        Self(Arc::new(latest::Sender::new(0)))
    }
}

impl Changes {
    pub(crate) fn tell(&self) {
        self.0.send_modify(|version| *version += 1);
    }
}

impl Ports {
    pub(crate) fn new(changes: Changes) -> Self {
        Self { state: Arc::default(), changes }
    }

    /// Listens on a port, in place of whoever listened there before.
    pub fn listen(&self, port: u16, listener: Listener) {
        self.state.lock().open.insert(port, listener);
        self.changed();
    }

    /// Serves HTTP on a port.
    pub fn serve<F, R>(&self, port: u16, answer: F)
    where
        F: Fn(Request<Bytes>) -> R + Send + Sync + 'static,
        R: Future<Output = Response<Bytes>> + Send + 'static,
    {
        self.listen(port, Listener::Http(Arc::new(move |request| Box::pin(answer(request)))));
    }

    /// Stops listening on a port.
    pub fn close(&self, port: u16) {
        self.state.lock().open.remove(&port);
        self.changed();
    }

    /// Answers on every port in whatever way pleases: what unknown images do.
    pub fn answer_all(&self) {
        self.state.lock().all = true;
        self.changed();
    }

    /// Says that requests may be answered differently from now on. Probes of the pod whose answer has settled rest until then.
    pub fn changed(&self) {
        self.changes.tell();
    }

    /// Listens nowhere any more, which nobody is told: its process is gone, and whoever asks finds that out elsewhere. Handlers usually hold the container that
    /// holds these ports.
    pub(crate) fn abandon(&self) {
        let abandoned = std::mem::take(&mut *self.state.lock());
        drop(abandoned);
    }

    pub(crate) fn answers_all(&self) -> bool {
        self.state.lock().all
    }

    pub(crate) fn dial(&self, port: u16) -> Dial {
        let state = self.state.lock();
        match state.open.get(&port) {
            Some(listener) => Dial::Open(listener.clone()),
            None if state.all => Dial::Anything,
            None => Dial::Refused,
        }
    }

    /// Tells of changes.
    pub(crate) fn changes(&self) -> latest::Receiver<u64> {
        self.changes.0.subscribe()
    }
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.state.lock().open.iter()).finish()
    }
}
