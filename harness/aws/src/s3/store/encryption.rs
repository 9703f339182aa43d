//! How objects are encrypted.

/// How an object is encrypted: always somehow, since January 2023.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// With S3's own keys: SSE-S3.
    #[default]
    S3,
    /// With a key of KMS: SSE-KMS.
    Kms {
        /// The key's ARN.
        key: String,
        /// Whether the bucket has a key of its own, derived from this one. Then the encryption context is the bucket.
        bucket_key: bool,
    },
}

/// How a bucket's new objects are encrypted unless told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DefaultEncryption {
    /// With a key of KMS.
    pub(crate) kms: bool,
    /// Which one, as it was named; the key `aws/s3` of the writer's account otherwise.
    pub(crate) key: Option<String>,
    pub(crate) bucket_key: bool,
}
