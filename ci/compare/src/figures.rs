//! What is measured.

/// Requests each second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rates {
    /// Of a small ConfigMap.
    pub(crate) create: f64,
    /// Of one that exists.
    pub(crate) get: f64,
    /// Of 500 objects.
    pub(crate) list: f64,
}

/// One round of one side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    /// Seconds from the start of the process to the first 200 of `/readyz`.
    pub(crate) ready: f64,
    /// Bytes resident before the load.
    pub(crate) memory_idle: f64,
    /// Over one connection.
    pub(crate) one: Rates,
    /// Over eight connections.
    pub(crate) eight: Rates,
    /// Events each second, all watchers together.
    pub(crate) fan_out: f64,
    /// Bytes resident after the load.
    pub(crate) memory_after: f64,
}

impl Figures {
    /// The median of each figure by itself.
    pub(crate) fn median(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| {
            let mut values: Vec<f64> = rounds.iter().map(figure).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
        };
        Self {
            ready: of(|f| f.ready),
            memory_idle: of(|f| f.memory_idle),
            one: Rates { create: of(|f| f.one.create), get: of(|f| f.one.get), list: of(|f| f.one.list) },
            eight: Rates { create: of(|f| f.eight.create), get: of(|f| f.eight.get), list: of(|f| f.eight.list) },
            fan_out: of(|f| f.fan_out),
            memory_after: of(|f| f.memory_after),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_figure_has_its_own_median() {
        let rates = Rates { create: 1.0, get: 1.0, list: 1.0 };
        let round =
            |ready, fan_out| Figures { ready, memory_idle: 0.0, one: rates, eight: rates, fan_out, memory_after: 0.0 };
        let median = Figures::median(&[round(3.0, 10.0), round(1.0, 30.0), round(2.0, 20.0)]);
        assert_eq!((median.ready, median.fan_out), (2.0, 20.0));
    }
}
