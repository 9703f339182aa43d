//! Loading models from S3 over loopback to disk: sizes, and many small files.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http::Request;
use http_body_util::BodyExt as _;
use proofmark_aws::transport::Listener;
use proofmark_aws::{Cloud, Settings, full};
use proofmark_aws_sigv4::{Credentials, Payload, sign};
use proofmark_clock::Clock;
use proofmark_model_loader::{Environment, FetchOptions, Host, Progress, fetch};
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

const ACCOUNT: &str = "111111111111";

/// Folder, files, bytes in each.
const MODELS: [(&str, usize, usize); 4] =
    [("1 MiB", 1, 1 << 20), ("64 MiB", 1, 64 << 20), ("1 GiB", 1, 1 << 30), ("1,000 files of 64 KiB", 1000, 64 << 10)];

struct Silent;

impl Progress for Silent {
    fn begin(&self, _: usize, _: u64) {}
    fn resumed(&self, _: u64) {}
    fn arrived(&self, _: u64) {}
}

async fn put(cloud: &Cloud, path: &str, body: Bytes) {
    let request = Request::put(format!("http://127.0.0.1{path}")).header("host", "127.0.0.1");
    let (mut parts, ()) = request.body(()).expect("a well-formed request").into_parts();
    let root =
        Credentials { access_key_id: ACCOUNT.to_owned(), secret_access_key: "test".to_owned(), session_token: None };
    sign(&mut parts, &root, "us-east-1", "s3", Payload::Unsigned, cloud.now());
    let answer = cloud.answer(Request::from_parts(parts, full(body))).await;
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.into_body().collect().await.expect("a whole body");
}

/// A cloud with every model, and the variables that lead to it.
fn served(runtime: &Runtime) -> Environment {
    let cloud = Cloud::new(Settings::default(), Clock::real());
    runtime.block_on(async {
        put(&cloud, "/models", Bytes::new()).await;
        for (at, (_, files, size)) in MODELS.iter().enumerate() {
            let bytes = Bytes::from(vec![7; *size]);
            for file in 0..*files {
                put(&cloud, &format!("/models/{at}/{file:04}.bin"), bytes.clone()).await;
            }
        }
    });
    let listener = runtime.block_on(Listener::bind(([127, 0, 0, 1], 0).into())).expect("a free port");
    let url = format!("http://{}", listener.address());
    runtime.spawn(listener.serve(cloud, CancellationToken::new()));
    let variables = [
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("AWS_ACCESS_KEY_ID", ACCOUNT),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ];
    variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect()
}

fn loads(c: &mut Criterion) {
    let runtime = Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let clock = Clock::real();
    let host = Host::machine(served(&runtime), Arc::new(move || clock.now()));
    let mut group = c.benchmark_group("load");
    group.sample_size(10);
    for (at, (name, files, size)) in MODELS.iter().enumerate() {
        group.throughput(Throughput::Bytes((files * size) as u64));
        group.bench_function(*name, |b| {
            b.iter_with_large_drop(|| {
                let folder = tempfile::tempdir().expect("a folder");
                let uri = format!("s3://models/{at}");
                let fetched = runtime.block_on(fetch(&host, &uri, folder.path(), FetchOptions::default(), &Silent));
                assert_eq!(fetched.expect("a model").files, *files);
                folder
            });
        });
    }
    group.finish();
}

criterion_group!(benches, loads);
criterion_main!(benches);
