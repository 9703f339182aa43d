//! A whole scenario on one release: an empty server, KServe's and Kubeflow's roles, five phases, a verdict.

use criterion::{Criterion, criterion_group, criterion_main};
use proofmark_env::Embedded;
use proofmark_kserve::Release;
use proofmark_replay::{Event, Runner, Target};

fn scenario(c: &mut Criterion) {
    let scenario = proofmark_catalog::find("trainedmodel-403").expect("the catalogue has it");
    let release: Release = "0.14.1".parse().expect("a known release");
    let targets = [Target::kserve(release)];
    let mut group = c.benchmark_group("scenario");
    group.sample_size(10);
    group.bench_function("trainedmodel-403 on KServe 0.14.1", |b| {
        b.iter(|| {
            Runner::new(&Embedded)
                .run(std::slice::from_ref(&scenario), &targets, &mut |_: &Event| Ok(()))
                .expect("a sink that takes every event")
        });
    });
    group.finish();
}

criterion_group!(benches, scenario);
criterion_main!(benches);
