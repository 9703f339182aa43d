//! A server's faults, and which of them strike a request.

use std::time::Duration;

use parking_lot::Mutex;
use proofmark_rbac::UserInfo;

use super::{Failure, Fault};
use crate::request::RequestInfo;

/// Names a fault of one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FaultId(u64);

/// The faults of a server. A request meets those that concern it in the order in which they were added: their latencies add up, and the first
/// one with a failure ends it.
#[derive(Debug)]
pub struct Faults(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    seed: u64,
    added: u64,
    faults: Vec<Armed>,
}

/// A fault and what it did so far.
#[derive(Debug)]
struct Armed {
    id: FaultId,
    fault: Fault,
    /// How many requests it could have struck.
    met: u64,
    /// How many it did strike.
    struck: u64,
    random: fastrand::Rng,
}

/// What happens to a request.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Strike {
    pub(super) latency: Duration,
    pub(super) failure: Option<Failure>,
    /// The faults that struck, as text.
    pub(super) faults: Vec<String>,
}

impl Faults {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(Mutex::new(Inner { seed, added: 0, faults: Vec::new() }))
    }

    /// From now on requests can be struck by this fault, too.
    pub fn add(&self, fault: Fault) -> FaultId {
        let mut inner = self.0.lock();
        inner.added += 1;
        let id = FaultId(inner.added);
        // Faults draw independently of each other and of everything else that is random.
        let random = fastrand::Rng::with_seed(inner.seed.wrapping_add(inner.added.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        inner.faults.push(Armed { id, fault, met: 0, struck: 0, random });
        id
    }

    /// Takes a fault away. Tells how many requests it struck; none if it was not there.
    pub fn remove(&self, id: FaultId) -> Option<u64> {
        let mut inner = self.0.lock();
        let at = inner.faults.iter().position(|armed| armed.id == id)?;
        Some(inner.faults.remove(at).struck)
    }

    /// Takes all faults away.
    pub fn clear(&self) {
        self.0.lock().faults.clear();
    }

    /// How many requests a fault struck so far; none if it is not there.
    pub fn struck(&self, id: FaultId) -> Option<u64> {
        self.0.lock().faults.iter().find(|armed| armed.id == id).map(|armed| armed.struck)
    }

    /// What happens to this request. Counts it.
    pub(super) fn strike(&self, user: &UserInfo, info: &RequestInfo) -> Strike {
        let mut strike = Strike::default();
        for armed in &mut self.0.lock().faults {
            if !armed.fault.concerns(user, info) || !armed.strikes() {
                continue;
            }
            strike.latency = strike.latency.saturating_add(armed.fault.latency);
            strike.failure = armed.fault.failure;
            strike.faults.push(armed.fault.to_string());
            if strike.failure.is_some() {
                break;
            }
        }
        strike
    }
}

impl Armed {
    fn strikes(&mut self) -> bool {
        self.met += 1;
        let over = self.fault.times.is_some_and(|times| self.struck >= times);
        if self.met <= self.fault.after || over {
            return false;
        }
        if self.fault.probability.is_some_and(|p| self.random.f64() >= p) {
            return false;
        }
        self.struck += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::request::Query;

    fn strikes(faults: &[&str], requests: &[(&str, &str)]) -> Vec<Strike> {
        let held = Faults::seeded(7);
        for fault in faults {
            held.add(fault.parse().unwrap());
        }
        let user = UserInfo { name: "alice".to_owned(), ..UserInfo::default() };
        let strike = |(method, uri): &(&str, &str)| {
            let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
            let method: Method = method.parse().unwrap();
            held.strike(&user, &RequestInfo::new(&method, path, &Query::parse(query)))
        };
        requests.iter().map(strike).collect()
    }

    fn struck(fault: &str, requests: &[(&str, &str)]) -> Vec<bool> {
        strikes(&[fault], requests).iter().map(|s| !s.faults.is_empty()).collect()
    }

    const POD: &str = "/api/v1/namespaces/n/pods/p";

    #[rstest::rstest]
    #[case("verb=get", &[("GET", POD), ("PUT", POD)], &[true, false])]
    #[case("resource=pods", &[("GET", POD), ("GET", "/api/v1/namespaces/n/pods/p/log"), ("GET", "/api/v1/nodes/p")], &[true, false, false])]
    #[case("resource=pods/log", &[("GET", POD), ("GET", "/api/v1/namespaces/n/pods/p/log")], &[false, true])]
    #[case("resource=pods/*", &[("GET", POD), ("GET", "/api/v1/namespaces/n/pods/p/log")], &[true, true])]
    #[case("subresource=status", &[("PUT", "/api/v1/namespaces/n/pods/p/status"), ("PUT", POD)], &[true, false])]
    #[case("resource=deployments.apps", &[("GET", "/apis/apps/v1/deployments"), ("GET", "/apis/extensions/v1beta1/deployments")], &[true, false])]
    #[case("group=", &[("GET", POD), ("GET", "/apis/apps/v1/deployments"), ("GET", "/version")], &[true, false, false])]
    #[case("namespace=n,name=p", &[("GET", POD), ("GET", "/api/v1/namespaces/m/pods/p"), ("GET", "/api/v1/namespaces/n/pods")], &[true, false, false])]
    #[case("user=alice", &[("GET", "/version"), ("GET", POD)], &[true, true])]
    #[case("user=bob", &[("GET", "/version")], &[false])]
    #[case("verb=get,after=1,times=2", &[("GET", POD), ("GET", POD), ("PUT", POD), ("GET", POD), ("GET", POD)], &[false, true, false, true, false])]
    #[case("probability=0", &[("GET", POD)], &[false])]
    #[case("probability=1", &[("GET", POD)], &[true])]
    // A code strikes only what a real server answers with it.
    #[case("status=409", &[("GET", POD), ("PUT", POD), ("POST", "/api/v1/namespaces/n/pods")], &[false, true, true])]
    #[case("status=410", &[("GET", POD), ("GET", "/api/v1/pods"), ("GET", "/api/v1/pods?watch=1")], &[false, true, true])]
    #[case("watch-events=1", &[("GET", "/api/v1/pods"), ("GET", "/api/v1/pods?watch=1")], &[false, true])]
    fn strikes_what_it_is_about(#[case] fault: &str, #[case] requests: &[(&str, &str)], #[case] expected: &[bool]) {
        let fault = if fault.contains("status=4") || fault.contains("events") {
            fault.to_owned()
        } else {
            format!("{fault},status=500")
        };
        assert_eq!(struck(&fault, requests), expected);
    }

    #[test]
    fn the_seed_decides_which_requests_are_struck() {
        let requests = vec![("GET", POD); 1000];
        let once = struck("probability=0.25,status=503", &requests);
        assert_eq!(once, struck("probability=0.25,status=503", &requests));
        let count = once.iter().filter(|s| **s).count();
        assert!((200..300).contains(&count), "{count}");
    }

    #[test]
    fn latencies_add_up_and_the_first_failure_ends_it() {
        let all = strikes(&["latency=1s", "latency=200ms,status=503", "latency=5s,status=500"], &[("GET", POD)]);
        let first = all.first().unwrap();
        assert_eq!(first.latency, Duration::from_millis(1200));
        assert_eq!(first.faults, ["latency=1s", "latency=200ms,status=503"]);
    }
}
