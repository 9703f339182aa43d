//! The examples of AWS' own documentation ("Authenticating Requests: Using the Authorization Header", "... Query Parameters", "... Chunked
//! Upload"), and what must hold for every request.

use http::{HeaderMap, HeaderValue, Method, Request};
use jiff::Timestamp;
use proofmark_aws_sigv4::canonical::CanonicalRequest;
use proofmark_aws_sigv4::{
    ChunkSigner, Credentials, EMPTY_SHA256, Malformed, Payload, Presigned, Scope, Signature, SigningKey, amz_date,
    parse_amz_date, presign, same_signature, sha256_hex, sign,
};
use proptest::prelude::*;
use rstest::rstest;

const DATE: &str = "20130524T000000Z";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn now() -> Timestamp {
    "2013-05-24T00:00:00Z".parse().unwrap()
}

fn credentials() -> Credentials {
    Credentials {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret_access_key: SECRET.to_owned(),
        session_token: None,
    }
}

fn signed(method: Method, uri: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Signature {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    sign(&mut parts, &credentials(), "us-east-1", "s3", Payload::Bytes(body), now());
    Signature::from_header(parts.headers["authorization"].to_str().unwrap()).unwrap()
}

#[rstest]
#[case::get_object(Method::GET, "https://examplebucket.s3.amazonaws.com/test.txt", &[("range", "bytes=0-9")], "", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")]
#[case::put_object(Method::PUT, "https://examplebucket.s3.amazonaws.com/test$file.text", &[("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")], "Welcome to Amazon S3.", "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")]
#[case::get_lifecycle(Method::GET, "https://examplebucket.s3.amazonaws.com/?lifecycle", &[], "", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")]
#[case::list_objects(Method::GET, "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", &[], "", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")]
fn headers_are_signed_as_documented(
    #[case] method: Method,
    #[case] uri: &str,
    #[case] headers: &[(&'static str, &str)],
    #[case] body: &str,
    #[case] signature: &str,
) {
    assert_eq!(signed(method, uri, headers, body.as_bytes()).signature, signature);
}

#[test]
fn urls_are_presigned_as_documented() {
    let uri = "https://examplebucket.s3.amazonaws.com/test.txt".parse().unwrap();
    let query = presign(&Method::GET, &uri, &credentials(), "us-east-1", "s3", 86_400, now());
    let presigned = Presigned::from_query(&query).unwrap();
    assert!(Presigned::is_in(&query));
    assert_eq!(presigned.signature.signature, "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    assert_eq!((presigned.expires, presigned.amz_date.as_str()), (86_400, DATE));
}

#[test]
fn chunks_are_signed_as_documented() {
    let scope = Scope::at(now(), "us-east-1", "s3");
    let key = SigningKey::derive(SECRET, &scope);
    let mut chunks =
        ChunkSigner::new(key, DATE, scope, "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
    assert_eq!(chunks.chunk(&[b'a'; 65_536]), "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648");
    assert_eq!(chunks.chunk(&[b'a'; 1024]), "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497");
    assert_eq!(chunks.chunk(b""), "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9");
}

#[test]
fn trailers_are_the_last_link() {
    let scope = Scope::at(now(), "us-east-1", "s3");
    let key = SigningKey::derive(SECRET, &scope);
    let seed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
    let mut chunks = ChunkSigner::new(key, DATE, scope, seed);
    assert_eq!(chunks.chunk(&[b'a'; 65_536]), "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2");
    assert_eq!(chunks.chunk(&[b'a'; 1024]), "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7");
    assert_eq!(chunks.chunk(b""), "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992");
    assert_eq!(
        chunks.trailer("x-amz-checksum-crc32c:sOO8/Q==\n"),
        "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
    );
}

/// Only S3 takes a path as it is.
#[rstest]
#[case("s3", "/a//b/../c%20d", "/a//b/../c%20d")]
#[case("s3", "/a+b(c)", "/a%2Bb%28c%29")]
#[case("sts", "/", "/")]
#[case("iam", "/a//b/../c%20d/", "/a/c%2520d/")]
#[case("iam", "/../x", "/x")]
fn paths_are_canonical(#[case] service: &str, #[case] path: &str, #[case] expected: &str) {
    let headers = HeaderMap::new();
    let text = CanonicalRequest {
        method: &Method::GET,
        path,
        query: "",
        headers: &headers,
        signed_headers: &[],
        payload_hash: EMPTY_SHA256,
        service,
    }
    .text();
    assert_eq!(text.lines().nth(1), Some(expected));
}

#[rstest]
#[case("", "")]
#[case("b=2&a=1&a=0", "a=0&a=1&b=2")]
#[case("prefix=a+b/c&delimiter=%2f&list-type=2", "delimiter=%2F&list-type=2&prefix=a%20b%2Fc")]
#[case("acl", "acl=")]
#[case("x=1&X-Amz-Signature=abc", "x=1")]
fn queries_are_canonical(#[case] query: &str, #[case] expected: &str) {
    let headers = HeaderMap::new();
    let text = CanonicalRequest {
        method: &Method::GET,
        path: "/",
        query,
        headers: &headers,
        signed_headers: &[],
        payload_hash: EMPTY_SHA256,
        service: "s3",
    }
    .text();
    assert_eq!(text.lines().nth(2), Some(expected));
}

#[test]
fn header_values_lose_their_outer_and_double_spaces() {
    let mut headers = HeaderMap::new();
    headers.append("x-amz-meta-a", HeaderValue::from_static("  one   two "));
    headers.append("x-amz-meta-a", HeaderValue::from_static("three"));
    let text = CanonicalRequest {
        method: &Method::GET,
        path: "/",
        query: "",
        headers: &headers,
        signed_headers: &["x-amz-meta-a".to_owned()],
        payload_hash: EMPTY_SHA256,
        service: "s3",
    }
    .text();
    assert_eq!(text.lines().nth(3), Some("x-amz-meta-a:one two,three"));
}

#[rstest]
#[case("AWS AKIA:abc", Malformed::Algorithm)]
#[case("AWS4-HMAC-SHA256 SignedHeaders=host, Signature=0", Malformed::Missing("Credential"))]
#[case("AWS4-HMAC-SHA256 Credential=k/20130524/r/s3/aws4_request, Signature=0", Malformed::Missing("SignedHeaders"))]
#[case("AWS4-HMAC-SHA256 Credential=k/20130524/r/s3/aws4_request, SignedHeaders=host", Malformed::Missing("Signature"))]
#[case("AWS4-HMAC-SHA256 Credential=k/2013/r/s3/aws4_request, SignedHeaders=host, Signature=0", Malformed::Credential("k/2013/r/s3/aws4_request".to_owned()))]
#[case("AWS4-HMAC-SHA256 Credential=k, SignedHeaders=host, Signature=0", Malformed::Credential("k".to_owned()))]
fn malformed_headers_say_what_is_wrong(#[case] header: &str, #[case] expected: Malformed) {
    assert_eq!(Signature::from_header(header), Err(expected));
}

proptest! {
    /// What a client signs, a server that sees the same bytes arrives at; a changed byte of the path it does not.
    #[test]
    fn both_sides_agree(path in "(/[ -~]{0,6}){1,4}", value in "[ -~]{0,12}", query in "[a-z]{1,3}=[a-zA-Z0-9 /+%]{0,5}") {
        let uri = format!("http://h{}?{}", proofmark_aws_sigv4::encode_path(&path), query.replace(['%', ' '], "+"));
        let (mut parts, ()) = Request::builder().uri(uri).header("x-amz-meta-v", value).body(()).unwrap().into_parts();
        sign(&mut parts, &credentials(), "eu-west-1", "s3", Payload::Unsigned, now());
        let signature = Signature::from_header(parts.headers["authorization"].to_str().unwrap()).unwrap();
        let key = SigningKey::derive(SECRET, &signature.scope);
        let request = CanonicalRequest {
            method: &parts.method,
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            signed_headers: &signature.signed_headers,
            payload_hash: "UNSIGNED-PAYLOAD",
            service: "s3",
        };
        prop_assert!(same_signature(&signature.expected(&key, DATE, &request).signature, &signature.signature));
        let longer = format!("{}x", parts.uri.path());
        let other = CanonicalRequest { path: &longer, ..request };
        prop_assert!(!same_signature(&signature.expected(&key, DATE, &other).signature, &signature.signature));
    }

    /// No header and no query makes the parsers panic.
    #[test]
    fn anything_can_be_read(text in "\\PC{0,80}") {
        let _ = Signature::from_header(&format!("AWS4-HMAC-SHA256 {text}"));
        let _ = Presigned::from_query(&text);
        let _ = parse_amz_date(&text);
    }

    #[test]
    fn dates_are_read_as_they_are_written(second in 0i64..4_000_000_000) {
        let time = Timestamp::from_second(second).unwrap();
        prop_assert_eq!(parse_amz_date(&amz_date(time)), Some(time));
    }
}

#[test]
fn digests_are_lower_case_hexadecimal() {
    assert_eq!(sha256_hex(b""), EMPTY_SHA256);
}
