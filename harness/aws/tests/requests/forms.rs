//! Uploads by forms: what a policy allows, and how the browser is answered.

use crate::client::{A, Answer, Client};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::Request;
use proofmark_aws_sigv4::{Scope, SigningKey, amz_date};
use rstest::rstest;

/// A form with these fields and this file.
fn form(uri: &str, fields: &[(&str, &str)], file: Option<&str>) -> Request<String> {
    let mut body = String::new();
    for (name, value) in fields {
        body.push_str(&format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    if let Some(file) = file {
        let head =
            "Content-Disposition: form-data; name=\"file\"; filename=\"iris.json\"\r\nContent-Type: application/json";
        body.push_str(&format!("--b\r\n{head}\r\n\r\n{file}\r\n"));
    }
    body.push_str("--b--\r\n");
    Request::post(format!("https://s3.amazonaws.com{uri}"))
        .header("host", "s3.amazonaws.com")
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body)
        .unwrap()
}

/// The same, where the root user signs a policy with these conditions and some for the fields of the signature.
async fn post(client: &Client, conditions: &str, fields: &[(&str, &str)], file: Option<&str>) -> Answer {
    let now = client.cloud.now();
    let scope = Scope::at(now, "us-east-1", "s3");
    let (credential, date) = (format!("{A}/{scope}"), amz_date(now));
    let own = format!(
        r#"{{"x-amz-algorithm": "AWS4-HMAC-SHA256"}}, {{"x-amz-credential": "{credential}"}}, {{"x-amz-date": "{date}"}}"#
    );
    let conditions = if conditions.is_empty() { own } else { format!("{conditions}, {own}") };
    let policy =
        BASE64_STANDARD.encode(format!(r#"{{"expiration": "2100-01-01T00:00:00Z", "conditions": [{conditions}]}}"#));
    let signature = SigningKey::derive("test", &scope).sign(&policy);
    let mut all = fields.to_vec();
    all.extend([
        ("policy", policy.as_str()),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", &credential),
        ("x-amz-date", &date),
        ("x-amz-signature", &signature),
    ]);
    client.answer(form("/models", &all, file)).await
}

async fn with_bucket() -> Client {
    let client = Client::new();
    client.must("PUT", "/models", &[], "").await;
    client
}

const ANY: &str = r#"["starts-with", "$key", "user/"], ["starts-with", "$Content-Type", "application/"], ["content-length-range", 2, 10]"#;
const JSON: (&str, &str) = ("Content-Type", "application/json");
const KEY: (&str, &str) = ("key", "user/${filename}");

#[tokio::test]
async fn a_form_is_an_upload() {
    let client = with_bucket().await;
    let tags = "<Tagging><TagSet><Tag><Key>stage</Key><Value>a b</Value></Tag></TagSet></Tagging>";
    let conditions = format!(
        r#"{ANY}, {{"acl": "bucket-owner-full-control"}}, ["starts-with", "$x-amz-meta-by", ""], ["starts-with", "$tagging", ""]"#
    );
    let fields = [
        KEY,
        JSON,
        ("acl", "bucket-owner-full-control"),
        ("x-amz-meta-by", "ann"),
        ("tagging", tags),
        ("x-ignore-me", "1"),
    ];
    let answer = post(&client, &conditions, &fields, Some("[1,2]")).await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (204, ""));
    assert_eq!(answer.header("location"), Some("https://models.s3.us-east-1.amazonaws.com/user%2Firis.json"));
    let got = client.must("GET", "/models/user/iris.json", &[], "").await;
    assert_eq!((got.text().as_str(), got.header("content-type")), ("[1,2]", Some("application/json")));
    assert_eq!((got.header("x-amz-meta-by"), got.header("etag")), (Some("ann"), answer.header("etag")));
    let tagging = client.must("GET", "/models/user/iris.json?tagging", &[], "").await.text();
    assert!(tagging.contains("<Key>stage</Key><Value>a b</Value>"), "{tagging}");
    let decided = client.cloud.decisions().all();
    assert!(
        decided.iter().any(|d| d.action == "s3:PutObjectAcl")
            && decided.iter().any(|d| d.action == "s3:PutObjectTagging")
    );
}

#[tokio::test]
async fn the_browser_goes_where_the_form_says() {
    let client = with_bucket().await;
    let more = |field: &str| format!(r#"{ANY}, ["starts-with", "${field}", ""]"#);
    let answer =
        post(&client, &more("success_action_status"), &[KEY, JSON, ("success_action_status", "201")], Some("[1]"))
            .await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (201, Some("application/xml")));
    let told = "<PostResponse><Location>https://models.s3.us-east-1.amazonaws.com/user%2Firis.json</Location><Bucket>models</Bucket><Key>user/iris.json</Key><ETag>";
    assert!(answer.text().contains(told), "{}", answer.text());
    let to = ("success_action_redirect", "https://example.com/done?a=b");
    let answer = post(&client, &more(to.0), &[KEY, JSON, to], Some("[1]")).await;
    let etag = answer.header("etag").unwrap_or_default().replace('"', "%22");
    let there = format!("https://example.com/done?a=b&bucket=models&key=user%2Firis.json&etag={etag}");
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some(there.as_str())));
}

#[rstest]
#[case::too_long(ANY, &[KEY, JSON], Some("[1,2,3,4,5]"), "400 EntityTooLarge: Your proposed upload exceeds the maximum allowed size")]
#[case::too_short(ANY, &[KEY, JSON], Some("1"), "400 EntityTooSmall: Your proposed upload is smaller than the minimum allowed size")]
#[case::another_key(ANY, &[("key", "other/x"), JSON], Some("[1]"), "403 AccessDenied: Invalid according to Policy: Policy Condition failed: [&quot;starts-with&quot;, &quot;$key&quot;, &quot;user/&quot;]")]
#[case::a_field_too_many(ANY, &[KEY, JSON, ("x-amz-meta-by", "ann")], Some("[1]"), "403 AccessDenied: Invalid according to Policy: Extra input fields: x-amz-meta-by")]
#[case::no_key(ANY, &[JSON], Some("[1]"), "400 InvalidArgument: Bucket POST must contain a field named &apos;key&apos;.  If it is specified, please check the order of the fields.")]
#[case::no_file(ANY, &[KEY, JSON], None, "400 InvalidArgument: POST requires exactly one file upload per request.")]
#[tokio::test]
async fn a_form_is_refused(
    #[case] conditions: &str,
    #[case] fields: &[(&str, &str)],
    #[case] file: Option<&str>,
    #[case] expected: &str,
) {
    let client = with_bucket().await;
    assert_eq!(fault(&post(&client, conditions, fields, file).await), expected);
    assert_eq!(client.send(A, "GET", "/models/user/iris.json", &[], "").await.status, 404);
}

/// Without a policy nobody has signed, and the bucket decides.
#[tokio::test]
async fn nobody_uploads_where_nobody_may() {
    let client = with_bucket().await;
    let anonymous = [KEY, JSON];
    assert_eq!(
        fault(&client.answer(form("/models", &anonymous, Some("[1]"))).await),
        "403 AccessDenied: Access Denied"
    );
    let stranger = [
        KEY,
        JSON,
        ("policy", "e30="),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-date", "20260101T000000Z"),
        ("x-amz-credential", "111111111111/20260101/us-east-1/s3/aws4_request"),
        ("x-amz-signature", "00"),
    ];
    let answer = client.answer(form("/models", &stranger, Some("[1]"))).await;
    assert!(fault(&answer).starts_with("403 SignatureDoesNotMatch: "), "{}", answer.text());
    assert!(answer.text().contains("<StringToSign>e30=</StringToSign>"), "{}", answer.text());
    let unsigned = [KEY, JSON, ("policy", "e30=")];
    let answer = client.answer(form("/models", &unsigned, Some("[1]"))).await;
    assert!(
        fault(&answer)
            .starts_with("400 InvalidArgument: Bucket POST must contain a field named &apos;AWSAccessKeyId&apos;.")
    );
}

fn fault(answer: &Answer) -> String {
    let text = answer.text();
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        Some(rest.split_once('<')?.0.to_owned())
    };
    format!(
        "{} {}: {}",
        answer.status.as_u16(),
        element("Code").unwrap_or_default(),
        element("Message").unwrap_or_default()
    )
}
