//! S3: authorised reads in process, over loopback, and the same bytes copied by a bare socket to compare with.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http::{Method, Request};
use http_body_util::BodyExt as _;
use proofmark_aws::transport::Listener;
use proofmark_aws::{Cloud, Settings, full};
use proofmark_aws_sigv4::{Credentials, Payload, sign};
use proofmark_clock::Clock;
use std::fmt::Write as _;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const ACCOUNT: &str = "111111111111";
const SMALL: usize = 16 << 10;
const LARGE: usize = 256 << 20;
const CONNECTIONS: u64 = 8;

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// Signs a request as the account's root user, whose rights need no policy.
fn signed(cloud: &Cloud, host: &str, method: Method, path: &str) -> Request<()> {
    let request = Request::builder().method(method).uri(format!("http://{host}{path}")).header("host", host);
    let (mut parts, ()) = request.body(()).expect("a well-formed request").into_parts();
    let credentials =
        Credentials { access_key_id: ACCOUNT.to_owned(), secret_access_key: "test".to_owned(), session_token: None };
    sign(&mut parts, &credentials, "us-east-1", "s3", Payload::Unsigned, cloud.now());
    Request::from_parts(parts, ())
}

async fn send(cloud: &Cloud, request: Request<()>, body: Bytes) -> usize {
    let response = cloud.answer(request.map(|()| full(body))).await;
    assert!(response.status().is_success(), "{}", response.status());
    response.into_body().collect().await.expect("a whole body").to_bytes().len()
}

/// A cloud with a bucket, a small object and a large one.
async fn filled(host: &str) -> Cloud {
    let cloud = Cloud::new(Settings::default(), Clock::real());
    send(&cloud, signed(&cloud, host, Method::PUT, "/models"), Bytes::new()).await;
    for (path, size) in [("/models/small", SMALL), ("/models/large", LARGE)] {
        send(&cloud, signed(&cloud, host, Method::PUT, path), Bytes::from(vec![7; size])).await;
    }
    cloud
}

/// A request as it goes over the wire.
fn written(request: &Request<()>) -> Vec<u8> {
    let path = request.uri().path();
    let mut text = format!("{} {path} HTTP/1.1\r\n", request.method());
    for (name, value) in request.headers() {
        let _ = write!(text, "{name}: {}\r\n", value.to_str().expect("text"));
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// Sends a request some times over one connection, and reads as many bytes each time as the first answer had.
async fn repeat(address: SocketAddr, request: &[u8], body: usize, times: u64) {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("a socket option");
    let mut buffer = vec![0; 1 << 18];
    for _ in 0..times {
        stream.write_all(request).await.expect("sent");
        let (mut seen, mut whole) = (0, None);
        while whole.is_none_or(|whole| seen < whole) {
            let read = stream.read(&mut buffer).await.expect("an answer");
            assert!(read > 0, "the connection ended");
            if whole.is_none() {
                let head = buffer[..read].windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
                assert!(buffer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&buffer[..head]));
                whole = Some(head + 4 + body);
            }
            seen += read;
        }
    }
}

fn reads(c: &mut Criterion) {
    let runtime = runtime();
    let listener = runtime.block_on(Listener::bind(([127, 0, 0, 1], 0).into())).expect("a free port");
    let address = listener.address();
    let host = address.to_string();
    let cloud = runtime.block_on(filled(&host));
    runtime.spawn(listener.serve(cloud.clone(), CancellationToken::new()));

    let mut group = c.benchmark_group("s3");
    let small = signed(&cloud, &host, Method::GET, "/models/small");
    group.throughput(Throughput::Elements(1));
    group.bench_function("get 16 KiB, in process", |b| {
        b.iter(|| runtime.block_on(send(&cloud, small.clone(), Bytes::new())));
    });
    let small = written(&small);
    group.bench_function("get 16 KiB, 8 connections", |b| {
        b.iter_custom(|times| {
            let each = times.div_ceil(CONNECTIONS);
            runtime.block_on(async {
                let start = Instant::now();
                let connections: Vec<_> = (0..CONNECTIONS)
                    .map(|_| {
                        let request = small.clone();
                        tokio::spawn(async move { repeat(address, &request, SMALL, each).await })
                    })
                    .collect();
                for connection in connections {
                    connection.await.expect("every answer");
                }
                start.elapsed().mul_f64(times as f64 / (each * CONNECTIONS) as f64)
            })
        });
    });

    group.sample_size(10).throughput(Throughput::Bytes(LARGE as u64));
    let large = written(&signed(&cloud, &host, Method::GET, "/models/large"));
    group.bench_function("get 256 MiB", |b| b.iter(|| runtime.block_on(repeat(address, &large, LARGE, 1))));
    let bare = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = bare.local_addr().expect("an address");
    runtime.spawn(copies(bare));
    let request = b"GET / HTTP/1.1\r\n\r\n";
    group.bench_function("copy 256 MiB by a bare socket", |b| {
        b.iter(|| runtime.block_on(repeat(address, request, LARGE, 1)));
    });
    group.finish();
}

/// Answers every connection with as many bytes, without any work.
async fn copies(listener: TcpListener) {
    let segment = vec![7u8; 1 << 20];
    while let Ok((mut stream, _)) = listener.accept().await {
        let _ = stream.read(&mut [0; 1024]).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        for _ in 0..LARGE / segment.len() {
            if stream.write_all(&segment).await.is_err() {
                break;
            }
        }
    }
}

criterion_group!(benches, reads);
criterion_main!(benches);
