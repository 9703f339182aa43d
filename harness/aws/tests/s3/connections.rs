//! What becomes of a connection whose request was refused before its body was read.

use crate::endpoint::Endpoint;
use rstest::rstest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The head of the next answer.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("an answer"));
    }
    String::from_utf8(head).expect("text").to_lowercase()
}

#[rstest]
#[case::a_short_body_is_read("PUT", "", "body", false)]
#[case::who_waits_is_told("PUT", "expect: 100-continue\r\n", "", true)]
#[case::without_a_body_there_is_nothing_to_tell("HEAD", "", "", false)]
#[tokio::test]
async fn refused(#[case] method: &str, #[case] more: &str, #[case] body: &str, #[case] closes: bool) {
    let endpoint = Endpoint::start().await;
    let mut stream = TcpStream::connect(endpoint.address).await.expect("a connection");
    let length = if method == "PUT" { "content-length: 4\r\n" } else { "" };
    // Nobody signed it, so nobody reads it.
    let request = format!("{method} /models/m HTTP/1.1\r\nhost: localhost\r\n{length}{more}\r\n{body}");
    stream.write_all(request.as_bytes()).await.expect("a request");
    let first = head(&mut stream).await;
    assert!(first.starts_with("http/1.1 404") || first.starts_with("http/1.1 403"), "{first}");
    assert_eq!(first.contains("connection: close"), closes, "{first}");
    if method == "HEAD" {
        stream.write_all(request.as_bytes()).await.expect("another request");
        assert!(head(&mut stream).await.starts_with("http/1.1 40"));
    }
}
