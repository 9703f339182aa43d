//! `/metrics`: requests by method, status and rule, in the text format of Prometheus.
//!
//! Names and labels are those of `prometheus_flask_exporter`, as `crud_backend` sets it up. Not here: the metrics of the Python process, and the
//! moments at which counters were made.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use parking_lot::Mutex;

/// Upper bounds of the histogram, in seconds, as they are written.
const BOUNDS: [(f64, &str); 14] = [
    (0.005, "0.005"),
    (0.01, "0.01"),
    (0.025, "0.025"),
    (0.05, "0.05"),
    (0.075, "0.075"),
    (0.1, "0.1"),
    (0.25, "0.25"),
    (0.5, "0.5"),
    (0.75, "0.75"),
    (1.0, "1.0"),
    (2.5, "2.5"),
    (5.0, "5.0"),
    (7.5, "7.5"),
    (10.0, "10.0"),
];

/// Name, type and help, in the order in which they are written.
const FAMILIES: [(&str, &str, &str); 7] = [
    ("flask_exporter_info", "gauge", "Information about the Prometheus Flask exporter"),
    ("flask_http_request_duration_seconds", "histogram", "Flask HTTP request duration in seconds"),
    ("flask_http_request_duration_seconds_created", "gauge", "Flask HTTP request duration in seconds"),
    ("flask_http_request_total", "counter", "Total number of HTTP requests"),
    ("flask_http_request_created", "gauge", "Total number of HTTP requests"),
    ("flask_http_request_exceptions_total", "counter", "Total number of HTTP requests which resulted in an exception"),
    ("app_info", "gauge", "Application info"),
];

/// What was counted.
#[derive(Default)]
pub(crate) struct Metrics(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    /// By method and status.
    total: BTreeMap<(String, u16), u64>,
    /// By method, status and rule.
    durations: BTreeMap<(String, u16, String), Histogram>,
}

#[derive(Default)]
struct Histogram {
    /// Requests by the first bound that they do not exceed.
    buckets: [u64; BOUNDS.len()],
    count: u64,
    sum: f64,
}

impl Metrics {
    /// Counts a request; one that was refused before it reached a route has no duration.
    pub(crate) fn observe(&self, method: &str, status: u16, rule: &str, duration: Option<Duration>) {
        let mut counted = self.0.lock();
        *counted.total.entry((method.to_owned(), status)).or_default() += 1;
        if let Some(seconds) = duration.map(|duration| duration.as_secs_f64()) {
            let histogram = counted.durations.entry((method.to_owned(), status, rule.to_owned())).or_default();
            histogram.count += 1;
            histogram.sum += seconds;
            let bucket = histogram.buckets.iter_mut().zip(BOUNDS).find(|(_, (bound, _))| seconds <= *bound);
            if let Some((bucket, _)) = bucket {
                *bucket += 1;
            }
        }
    }

    /// Writes them for an app of this name.
    pub(crate) fn write(&self, app: &str) -> String {
        let counted = self.0.lock();
        let app = label(app);
        let mut text = String::new();
        for (family, kind, help) in FAMILIES {
            let _ = writeln!(text, "# HELP {family} {help}\n# TYPE {family} {kind}");
            match family {
                "flask_exporter_info" => text.push_str("flask_exporter_info{version=\"0.23.2\"} 1.0\n"),
                "app_info" => {
                    let _ = writeln!(text, "app_info{{app=\"{app}\",version=\"1.2\"}} 1.0");
                }
                "flask_http_request_total" => {
                    for ((method, status), count) in &counted.total {
                        let labels = format!("app=\"{app}\",method=\"{}\",status=\"{status}\"", label(method));
                        let _ = writeln!(text, "{family}{{{labels}}} {count}.0");
                    }
                }
                "flask_http_request_duration_seconds" => {
                    for ((method, status, rule), histogram) in &counted.durations {
                        let labels = format!("method=\"{}\",status=\"{status}\",url_rule=\"{rule}\"", label(method));
                        histogram.write(family, &app, &labels, &mut text);
                    }
                }
                _ => {}
            }
        }
        text
    }
}

impl Histogram {
    fn write(&self, family: &str, app: &str, labels: &str, text: &mut String) {
        let mut below = 0;
        for (count, (_, bound)) in self.buckets.iter().zip(BOUNDS) {
            below += count;
            let _ = writeln!(text, "{family}_bucket{{app=\"{app}\",le=\"{bound}\",{labels}}} {below}.0");
        }
        let _ = writeln!(text, "{family}_bucket{{app=\"{app}\",le=\"+Inf\",{labels}}} {}.0", self.count);
        let _ = writeln!(text, "{family}_count{{app=\"{app}\",{labels}}} {}.0", self.count);
        let _ = writeln!(text, "{family}_sum{{app=\"{app}\",{labels}}} {:?}", self.sum);
    }
}

/// A value of a label.
fn label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_add_up() {
        let metrics = Metrics::default();
        for milliseconds in [3, 8, 60_000] {
            metrics.observe("GET", 200, "/info", Some(Duration::from_millis(milliseconds)));
        }
        metrics.observe("GET", 401, "/info", None);
        let text = metrics.write("A \"b\"");
        for line in [
            "flask_http_request_duration_seconds_bucket{app=\"A \\\"b\\\"\",le=\"0.005\",method=\"GET\",status=\"200\",url_rule=\"/info\"} 1.0",
            "flask_http_request_duration_seconds_bucket{app=\"A \\\"b\\\"\",le=\"10.0\",method=\"GET\",status=\"200\",url_rule=\"/info\"} 2.0",
            "flask_http_request_duration_seconds_bucket{app=\"A \\\"b\\\"\",le=\"+Inf\",method=\"GET\",status=\"200\",url_rule=\"/info\"} 3.0",
            "flask_http_request_total{app=\"A \\\"b\\\"\",method=\"GET\",status=\"401\"} 1.0",
        ] {
            assert!(text.lines().any(|written| written == line), "{line} in\n{text}");
        }
    }
}
