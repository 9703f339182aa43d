//! Seeds of cases, derived from the seed of the run.

/// The seed of one case. It depends on the run's seed and the case's own names only, never on which other cases run or in what order, so
/// that a case that is run alone plays exactly as it did among the others.
pub(crate) fn derive(run: u64, names: &[&str]) -> u64 {
    let mut state = mix(run);
    for name in names {
        for byte in name.bytes().chain([0xff]) {
            state = mix(state ^ u64::from(byte));
        }
    }
    state
}

/// One step of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_differ_by_run_and_by_name() {
        let seeds = [derive(0, &["a", "b"]), derive(1, &["a", "b"]), derive(0, &["ab", ""]), derive(0, &["b", "a"])];
        for (i, seed) in seeds.iter().enumerate() {
            assert!(!seeds[..i].contains(seed), "{seeds:?}");
        }
        assert_eq!(derive(7, &["x"]), derive(7, &["x"]));
    }
}
