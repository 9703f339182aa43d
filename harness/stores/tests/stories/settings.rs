//! Which stores there are beside ours.

use clap::Parser as _;
use proofmark_stores::Store;

/// Settings of the environment.
#[derive(Debug, clap::Parser)]
pub(crate) struct Settings {
    #[arg(long, env = "PROOFMARK_S3_URL")]
    url: Option<String>,
    #[arg(long, env = "PROOFMARK_S3_ACCESS_KEY_ID", default_value = "")]
    access_key_id: String,
    #[arg(long, env = "PROOFMARK_S3_SECRET_ACCESS_KEY", default_value = "")]
    secret_access_key: String,
    #[cfg(feature = "docker")]
    #[arg(long, env = "PROOFMARK_MINIO_IMAGE")]
    minio: Option<String>,
    #[cfg(feature = "docker")]
    #[arg(long, env = "PROOFMARK_LOCALSTACK_IMAGE")]
    localstack: Option<String>,
}

/// What the environment says; the arguments are the test runner's.
pub(crate) fn read() -> Settings {
    Settings::parse_from(["stories"])
}

impl Settings {
    /// The store at an address.
    pub(crate) fn store(self) -> Option<Store> {
        self.url.map(|url| Store::at(url, self.access_key_id, self.secret_access_key))
    }

    /// The image that takes the place of a product's own.
    #[cfg(feature = "docker")]
    pub(crate) fn image(&self, product: proofmark_stores::Product) -> Option<&str> {
        match product {
            proofmark_stores::Product::MinIo => self.minio.as_deref(),
            proofmark_stores::Product::LocalStack => self.localstack.as_deref(),
        }
    }
}
