//! The whole family, played in this process.

use proofmark_kserve::Release;
use proofmark_replay::Target;
use proofmark_scenarios_aws::scenarios;
use proofmark_scenarios_trial::{grid, play};

#[test]
fn every_release_has_what_it_is_known_to_have() {
    // The last patch release of each minor one: none of them changed the initializer.
    let minor = |release: &Release| release.version().rsplit_once('.').map(|(minor, _)| minor.to_owned());
    let releases: Vec<_> = Release::matrix().collect();
    let last = releases.chunk_by(|a, b| minor(a) == minor(b)).filter_map(|same| same.last().copied());
    insta::assert_snapshot!("releases", grid(&play(&scenarios(), last.map(Target::kserve))));
}
