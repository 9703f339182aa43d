//! S3: authorised reads in process, over loopback, and the same bytes copied by a bare socket to compare with.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http::{Method, Request};
use http_body_util::BodyExt as _;
use proofmark_aws::setup::{AccessKeySpec, AccountSpec, RoleSpec, Spec, UserSpec};
use proofmark_aws::transport::Listener;
use proofmark_aws::{Cloud, Settings, full};
use proofmark_aws_sigv4::{Credentials, Payload, sign};
use proofmark_clock::Clock;
use proofmark_json::json;
use std::fmt::Write as _;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const ACCOUNT: &str = "111111111111";
const USER_KEY: &str = "AKIABENCHBENCHBENCH0";
const SMALL: usize = 16 << 10;
const LARGE: usize = 256 << 20;
const CONNECTIONS: u64 = 8;

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

fn keys(access_key_id: &str, secret: &str, session_token: Option<&str>) -> Credentials {
    let (access_key_id, secret_access_key) = (access_key_id.to_owned(), secret.to_owned());
    Credentials { access_key_id, secret_access_key, session_token: session_token.map(str::to_owned) }
}

/// The account's root user, whose rights need no policy.
fn root() -> Credentials {
    keys(ACCOUNT, "test", None)
}

fn signed(cloud: &Cloud, by: &Credentials, host: &str, method: Method, path: &str) -> Request<()> {
    let request = Request::builder().method(method).uri(format!("http://{host}{path}")).header("host", host);
    let (mut parts, ()) = request.body(()).expect("a well-formed request").into_parts();
    sign(&mut parts, by, "us-east-1", "s3", Payload::Unsigned, cloud.now());
    Request::from_parts(parts, ())
}

/// Two accounts' worth of policies for one reader: a user who may assume a role, which may read the bucket.
fn people() -> Spec {
    let policy = |statement| json!({"Version": "2012-10-17", "Statement": [statement]});
    let user = UserSpec {
        name: "ann".to_owned(),
        access_keys: vec![AccessKeySpec { id: USER_KEY.to_owned(), secret: "secret".to_owned() }],
        ..UserSpec::default()
    };
    let ann = format!("arn:aws:iam::{ACCOUNT}:user/ann");
    let read = json!({"Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjectVersion"], "Resource": "arn:aws:s3:::models/*"});
    let role = RoleSpec {
        name: "reader".to_owned(),
        trust: policy(json!({"Effect": "Allow", "Principal": {"AWS": ann}, "Action": "sts:AssumeRole"})),
        policies: [("read".to_owned(), policy(read))].into(),
        ..RoleSpec::default()
    };
    let account =
        AccountSpec { id: ACCOUNT.to_owned(), users: vec![user], roles: vec![role], ..AccountSpec::default() };
    Spec { accounts: vec![account], organization: None }
}

/// A session of the role.
async fn session(cloud: &Cloud) -> Credentials {
    let role = format!("arn%3Aaws%3Aiam%3A%3A{ACCOUNT}%3Arole%2Freader");
    let form = format!("Action=AssumeRole&RoleSessionName=bench&RoleArn={role}");
    let request = Request::post("http://sts.amazonaws.com/").header("host", "sts.amazonaws.com");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let (mut parts, ()) = request.body(()).expect("a well-formed request").into_parts();
    let by = keys(USER_KEY, "secret", None);
    sign(&mut parts, &by, "us-east-1", "sts", Payload::Bytes(form.as_bytes()), cloud.now());
    let answer = cloud.answer(Request::from_parts(parts, full(form))).await;
    let body = answer.into_body().collect().await.expect("a whole body").to_bytes();
    let text = String::from_utf8_lossy(&body);
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("no {name} in {text}"));
        rest.split('<').next().unwrap_or_default().to_owned()
    };
    keys(&element("AccessKeyId"), &element("SecretAccessKey"), Some(&element("SessionToken")))
}

async fn send(cloud: &Cloud, request: Request<()>, body: Bytes) -> usize {
    let response = cloud.answer(request.map(|()| full(body))).await;
    assert!(response.status().is_success(), "{}", response.status());
    response.into_body().collect().await.expect("a whole body").to_bytes().len()
}

/// A cloud with a bucket, a small object and a large one.
async fn filled(host: &str) -> Cloud {
    let cloud = Cloud::new(Settings::default(), Clock::real());
    cloud.set_up(&people()).expect("a cloud");
    send(&cloud, signed(&cloud, &root(), host, Method::PUT, "/models"), Bytes::new()).await;
    for (path, size) in [("/models/small", SMALL), ("/models/large", LARGE)] {
        send(&cloud, signed(&cloud, &root(), host, Method::PUT, path), Bytes::from(vec![7; size])).await;
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

/// How long so many requests take over several connections.
async fn at_once(address: SocketAddr, request: &[u8], times: u64) -> std::time::Duration {
    let each = times.div_ceil(CONNECTIONS);
    let start = Instant::now();
    let connections: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let request = request.to_vec();
            tokio::spawn(async move { repeat(address, &request, SMALL, each).await })
        })
        .collect();
    for connection in connections {
        connection.await.expect("every answer");
    }
    start.elapsed().mul_f64(times as f64 / (each * CONNECTIONS) as f64)
}

fn reads(c: &mut Criterion) {
    let runtime = runtime();
    let listener = runtime.block_on(Listener::bind(([127, 0, 0, 1], 0).into())).expect("a free port");
    let address = listener.address();
    let host = address.to_string();
    let cloud = runtime.block_on(filled(&host));
    runtime.spawn(listener.serve(cloud.clone(), CancellationToken::new()));

    let mut group = c.benchmark_group("s3");
    group.throughput(Throughput::Elements(1));
    for (who, by) in [("root", root()), ("a role", runtime.block_on(session(&cloud)))] {
        let small = signed(&cloud, &by, &host, Method::GET, "/models/small");
        group.bench_function(format!("get 16 KiB as {who}, in process"), |b| {
            b.iter(|| runtime.block_on(send(&cloud, small.clone(), Bytes::new())));
        });
        let small = written(&small);
        group.bench_function(format!("get 16 KiB as {who}, 8 connections"), |b| {
            b.iter_custom(|times| runtime.block_on(at_once(address, &small, times)));
        });
    }

    group.sample_size(10).throughput(Throughput::Bytes(LARGE as u64));
    let large = written(&signed(&cloud, &root(), &host, Method::GET, "/models/large"));
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
