//! The family on the releases around which something changes, played in this process. CI plays the whole matrix with the binary.

use proofmark_kserve::Release;
use proofmark_replay::Target;
use proofmark_scenarios_trial::play;
use proofmark_scenarios_web_app::scenarios;

const RELEASES: [Release; 3] = [Release::V0_12_1, Release::V0_15_2, Release::V0_16_0];

#[test]
fn releases_have_what_they_are_known_to_have() {
    play(&scenarios(), RELEASES.map(Target::kserve));
}
