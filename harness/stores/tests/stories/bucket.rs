//! A bucket of a store, filled by the AWS SDK for Rust.

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::primitives::ByteStream;
use proofmark_stores::Store;
use std::sync::atomic::{AtomicUsize, Ordering};

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// A bucket that is taken away again.
pub(crate) struct Bucket {
    client: aws_sdk_s3::Client,
    pub(crate) name: String,
    keys: Vec<&'static str>,
}

fn failed(error: impl std::error::Error) -> String {
    format!("{}", DisplayErrorContext(error))
}

impl Bucket {
    /// A bucket under a name of its own with these objects.
    pub(crate) async fn with(store: &Store, objects: &[(&'static str, &'static str)]) -> Result<Self, String> {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new(&store.access_key_id, &store.secret_access_key, None, None, "test"))
            .region(Region::new(store.region.clone()))
            .endpoint_url(&store.url)
            .force_path_style(true)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        let client = aws_sdk_s3::Client::from_conf(config);
        let name = format!("proofmark-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        client.create_bucket().bucket(&name).send().await.map_err(failed)?;
        for (key, text) in objects {
            let body = ByteStream::from_static(text.as_bytes());
            client.put_object().bucket(&name).key(*key).body(body).send().await.map_err(failed)?;
        }
        Ok(Self { client, name, keys: objects.iter().map(|(key, _)| *key).collect() })
    }

    /// Lets everyone list it and read what is in it.
    pub(crate) async fn open(&self) -> Result<(), String> {
        // Where public access is blocked until told otherwise. Stores that know no such thing refuse, which is as good.
        let _ = self.client.delete_public_access_block().bucket(&self.name).send().await;
        let name = &self.name;
        let policy = format!(
            r#"{{"Version": "2012-10-17", "Statement": [
                {{"Effect": "Allow", "Principal": {{"AWS": ["*"]}}, "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::{name}"]}},
                {{"Effect": "Allow", "Principal": {{"AWS": ["*"]}}, "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::{name}/*"]}}]}}"#
        );
        self.client.put_bucket_policy().bucket(name).policy(policy).send().await.map(drop).map_err(failed)
    }

    /// Takes it away with what is in it.
    pub(crate) async fn end(self) -> Result<(), String> {
        for key in &self.keys {
            self.client.delete_object().bucket(&self.name).key(*key).send().await.map_err(failed)?;
        }
        self.client.delete_bucket().bucket(&self.name).send().await.map(drop).map_err(failed)
    }
}
