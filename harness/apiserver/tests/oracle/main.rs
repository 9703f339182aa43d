//! Recorded exchanges with a real kube-apiserver 1.35.4, played against the embedded server in process: no sockets, simulated time.
//!
//! One test for each recording; each starts a fresh server with its controllers and plays every case of the recording on it.
//!
//! | module | what it does |
//! |---|---|
//! | `case` | the format of recordings |
//! | `body` | writes requests as the recordings' client did |
//! | `play` | sends the steps of a case and reads the answers |
//! | `normalise` | takes out of an answer what cannot repeat, and what a step does not compare |
//! | `webhook` | the webhook that cases serve |
//! | `diff` | names what differs, by path |
//!
//! `floors.txt` says how many steps of each recording agree; fewer fail the test. Every difference of a recording:
//!
//! ```text
//! cargo test -p proofmark-apiserver --test oracle rbac -- --nocapture
//! ```

#![expect(clippy::print_stdout, reason = "differences are told, and cargo captures them")]

mod body;
mod case;
mod diff;
mod normalise;
mod play;
mod webhook;

use play::World;

/// How many differences of one step are printed.
const DETAIL: usize = 12;

/// How many steps of each recording agree: lines of `recording agreeing total`.
const FLOORS: &str = include_str!("floors.txt");

macro_rules! recordings {
    ($world:expr, $offered:ident; $($name:ident,)+) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $name() {
                crate::check(stringify!($name), &$world).await;
            }
        )+

        /// The same exchanges, with bodies that clients in the server's process hand over.
        mod $offered {
            use crate::World;

            $(
                #[tokio::test(start_paused = true)]
                async fn $name() {
                    crate::check(stringify!($name), &$world.offering()).await;
                }
            )+
        }
    };
}

/// Tests are named `oracle::rbac`, so that they can be told from others in a run of everything.
mod oracle {
    use crate::World;

    // Recorded with a control plane.
    recordings! { World::start().await, offered;
        admission,
        admitting,
        apply,
        authn,
        controllers,
        conversion,
        crd,
        crud,
        custom,
        defaults,
        definitions,
        discovering,
        discovery,
        expressions,
        identities,
        kinds,
        kservecrd,
        patch,
        rbac,
        reconciling,
        requests,
        schema,
        serving,
        watch,
        watching,
    }

    // Recorded with a kube-apiserver alone.
    recordings! { World::bare(), offered_to_one_alone;
        altered,
        applying,
        patching,
        routing,
        strategies,
        values,
    }
}

/// Plays a recording, prints what differs, and fails if less agrees than its floor says.
async fn check(recording: &str, world: &World) {
    let Some(cases) = case::load(recording) else {
        println!("skipped: no recording {recording} here");
        return;
    };
    let (mut agreeing, mut total) = (0, 0);
    for case in &cases {
        for (index, played) in world.play(case).await.iter().enumerate() {
            total += 1;
            if played.differences.is_empty() {
                agreeing += 1;
                continue;
            }
            println!("{} step {index}: {}", case.name, played.step);
            for difference in played.differences.iter().take(DETAIL) {
                println!("    {difference}");
            }
        }
    }
    println!("{recording}: {agreeing} of {total} steps agree");
    let (floor, known) = floor(recording).unwrap_or_else(|| panic!("floors.txt has no line for {recording}"));
    assert_eq!(total, known, "steps of {recording} (floors.txt has another total)");
    assert!(agreeing >= floor, "{recording}: {agreeing} of {total} steps agree, and {floor} did before");
    if agreeing > floor {
        println!("floors.txt can be raised: {recording} {agreeing} {total}");
    }
}

/// How many steps have to agree, of how many.
fn floor(recording: &str) -> Option<(usize, usize)> {
    FLOORS.lines().find_map(|line| match line.split_whitespace().collect::<Vec<_>>().as_slice() {
        [name, agreeing, total] if *name == recording => Some((agreeing.parse().ok()?, total.parse().ok()?)),
        _ => None,
    })
}
