//! The containers of a pod, which share its address: what one listens on, the others reach at `localhost`.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use super::ports::Changes;
use super::{Container, Dial};

/// What runs in a pod at present, by the container's name.
#[derive(Default)]
pub(crate) struct Neighbours {
    running: Mutex<BTreeMap<String, Container>>,
    pub(crate) changes: Changes,
}

impl Neighbours {
    pub(crate) fn insert(&self, container: Container) {
        self.running.lock().insert(container.name.clone(), container);
        self.changes.tell();
    }

    pub(crate) fn remove(&self, name: &str) {
        self.running.lock().remove(name);
        self.changes.tell();
    }

    pub(crate) fn get(&self, name: &str) -> Option<Container> {
        self.running.lock().get(name).cloned()
    }

    /// Who listens on a port. Whoever answers everything answers last.
    pub(crate) fn dial(&self, port: u16) -> Dial {
        let running = self.running.lock();
        let mut found = Dial::Refused;
        for container in running.values() {
            match container.ports.dial(port) {
                open @ Dial::Open(_) => return open,
                Dial::Anything => found = Dial::Anything,
                Dial::Refused => {}
            }
        }
        found
    }
}
