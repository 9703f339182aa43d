//! The family on the releases around which something changes, played in this process. CI plays the whole matrix with the binary.

use proofmark_kserve::Release;
use proofmark_replay::Target;
use proofmark_scenarios_mesh::scenarios;
use proofmark_scenarios_trial::play;

const RELEASES: [Release; 4] = [Release::V0_11_2, Release::V0_12_1, Release::V0_15_2, Release::V0_20_0];

#[test]
fn releases_have_what_they_are_known_to_have() {
    play(&scenarios(), RELEASES.map(Target::kserve));
}
