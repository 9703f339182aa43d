//! Inputs of targets whose language no recording speaks.

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Action":["s3:Get*","s3:ListBucket"],"Resource":["arn:aws:s3:::models/*","arn:aws:s3:::models"],"Condition":{"StringLike":{"s3:prefix":["a/*","${aws:userid}/*"]},"ForAllValues:StringEquals":{"aws:TagKeys":["one","two"]}}},{"Effect":"Deny","NotAction":"s3:*","Resource":"*"}]}"#;
const BUCKET: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["111111111111","arn:aws:iam::111111111111:role/reader"]},"Action":"s3:GetObject","Resource":"arn:aws:s3:::models/*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"Bool":{"aws:SecureTransport":true},"NumericLessThanIfExists":{"s3:max-keys":"10"},"Null":{"aws:TokenIssueTime":"false"}}}}"#;
const ARN: &str = "arn:aws:s3:::models/iris";
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/19700101/us-east-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Targets, and the parts of an input.
pub const INPUTS: &[(&str, &[&str])] = &[
    ("policy", &[POLICY, BUCKET, ARN]),
    ("policy", &[BUCKET, POLICY, ARN]),
    (
        "sigv4",
        &["GET", "https://models.s3.amazonaws.com/a%20b/../c?list-type=2&prefix=x%2Fy&empty", "  two  blanks ", SIGNED],
    ),
    ("s3", &["GET", "/models/iris", "range: bytes=2-5", ""]),
    ("s3", &["GET", "/models/iris", "range: bytes=-3\nif-none-match: *", ""]),
    ("s3", &["GET", "/models?list-type=2&prefix=i&delimiter=%2F&max-keys=1&encoding-type=url", "", ""]),
    (
        "s3",
        &[
            "PUT",
            "/models/iris?tagging",
            "",
            "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
        ],
    ),
    ("s3", &["POST", "/models?delete", "", "<Delete><Quiet>true</Quiet><Object><Key>iris</Key></Object></Delete>"]),
    ("s3", &["PUT", "/models?policy", "", BUCKET]),
    (
        "s3",
        &[
            "PUT",
            "/models?versioning",
            "",
            "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
        ],
    ),
    (
        "s3",
        &[
            "PUT",
            "/models?cors",
            "",
            "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>",
        ],
    ),
    ("s3", &["PUT", "/models/copy", "x-amz-copy-source: /models/iris\nx-amz-metadata-directive: REPLACE", ""]),
    ("s3", &["PUT", "/models/sum", "x-amz-checksum-crc32: AAAAAA==\nx-amz-sdk-checksum-algorithm: CRC32", "body"]),
    ("s3", &["POST", "/models/parts?uploads", "", ""]),
    ("scenario", &[include_str!("../../../../harness/scenario-files/tests/files/broken.yaml")]),
    ("scenario", &[include_str!("../../../../harness/scenario-files/tests/files/guest.yaml")]),
    ("scenario", &[include_str!("../../../../harness/scenario-files/tests/files/misspelt.yaml")]),
    ("scenario", &[include_str!("../../../../harness/scenario-files/tests/files/role.yaml")]),
];
