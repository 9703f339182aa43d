//! The figures as a Markdown table.

use std::fmt::Write as _;

use crate::figures::Figures;

struct Row {
    what: &'static str,
    unit: &'static str,
    value: fn(&Figures) -> f64,
    /// Whether more is better.
    rate: bool,
}

const MIB: f64 = 1024.0 * 1024.0;

const ROWS: [Row; 10] = [
    Row { what: "ready", unit: "ms", value: |f| f.ready * 1000.0, rate: false },
    Row { what: "memory, idle", unit: "MiB", value: |f| f.memory_idle / MIB, rate: false },
    Row { what: "memory, after the load", unit: "MiB", value: |f| f.memory_after / MIB, rate: false },
    Row { what: "create, 1 connection", unit: "/s", value: |f| f.one.create, rate: true },
    Row { what: "create, 8 connections", unit: "/s", value: |f| f.eight.create, rate: true },
    Row { what: "get, 1 connection", unit: "/s", value: |f| f.one.get, rate: true },
    Row { what: "get, 8 connections", unit: "/s", value: |f| f.eight.get, rate: true },
    Row { what: "list of 500, 1 connection", unit: "/s", value: |f| f.one.list, rate: true },
    Row { what: "list of 500, 8 connections", unit: "/s", value: |f| f.eight.list, rate: true },
    Row { what: "watch events delivered", unit: "/s", value: |f| f.fan_out, rate: true },
];

/// A row for each figure; the ratio says how many times better the embedded server is.
pub(crate) fn markdown(ours: &Figures, real: Option<&Figures>) -> String {
    let mut out = String::from("| what | unit | embedded | real | ratio |\n|---|---|---:|---:|---:|\n");
    for row in ROWS {
        let mine = (row.value)(ours);
        let _ = write!(out, "| {} | {} | {mine:.0} |", row.what, row.unit);
        let _ = match real.map(row.value) {
            Some(theirs) => {
                let ratio = if row.rate { mine / theirs } else { theirs / mine };
                writeln!(out, " {theirs:.0} | {ratio:.1} |")
            }
            None => writeln!(out, " - | - |"),
        };
    }
    out
}
