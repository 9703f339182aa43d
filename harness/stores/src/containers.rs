//! Stores in containers: started for a test, gone with it.
//!
//! Images are pinned by digest, so that a test says the same tomorrow. Registries forget images: [`Product::start`] takes another name, of a mirror for
//! example.

use crate::store::{Ability, Store};
use std::borrow::Cow;
use testcontainers::core::client::docker_client_instance;
use testcontainers::core::{ContainerPort, WaitFor};
use testcontainers::runners::AsyncRunner as _;
use testcontainers::{ContainerAsync, Image, TestcontainersError};

/// A store that comes as an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// MinIO's last community release with an image, of September 2025.
    MinIo,
    /// LocalStack 4.14.0, the last release that needs no licence.
    LocalStack,
}

/// A running store. It is stopped when this is dropped.
#[derive(Debug)]
pub struct Container {
    /// How to reach it.
    pub store: Store,
    _running: ContainerAsync<Packaged>,
}

/// Why there is no container.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No Docker engine answers.
    #[error("no Docker engine answers: {0}")]
    NoEngine(String),
    /// The engine answers, and the container does not come up.
    #[error("{image} does not start: {why}")]
    Container {
        /// The image.
        image: String,
        /// What the engine or the container says.
        why: TestcontainersError,
    },
}

/// The keys of a store that has only ever been this test's.
const KEYS: [&str; 2] = ["proofmark", "proofmark-secret"];

impl Product {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::MinIo, Self::LocalStack];

    /// `MinIO`
    pub fn name(self) -> &'static str {
        match self {
            Self::MinIo => "MinIO",
            Self::LocalStack => "LocalStack",
        }
    }

    /// Name and tag of the image, the tag with its digest.
    fn image(self) -> [&'static str; 2] {
        match self {
            Self::MinIo => [
                "minio/minio",
                "RELEASE.2025-09-07T16-13-09Z@sha256:14cea493d9a34af32f524e538b8346cf79f3321eff8e708c1e2960462bd8936e",
            ],
            Self::LocalStack => [
                "localstack/localstack",
                "4.14.0@sha256:3ebc37595918b8accb852f8048fef2aff047d465167edd655528065b07bc364a",
            ],
        }
    }

    /// Neither keeps accounts apart, trades tokens of our issuers or asks a key's policy before it reads. LocalStack's community edition checks no
    /// signature and no policy, and refuses no reader; MinIO takes no keys with `..`.
    fn abilities(self) -> Vec<Ability> {
        match self {
            Self::MinIo => vec![Ability::Signatures, Ability::BucketPolicies],
            Self::LocalStack => vec![Ability::AnyKey],
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::MinIo => 9000,
            Self::LocalStack => 4566,
        }
    }

    /// Starts it. `image` takes the place of the pinned one: `mirror.example/minio:latest`, `mirror.example/minio@sha256:...`
    ///
    /// # Errors
    /// [`StartError::NoEngine`] without a Docker engine.
    pub async fn start(self, image: Option<&str>) -> Result<Container, StartError> {
        let engine = docker_client_instance().await.map_err(|why| StartError::NoEngine(why.to_string()))?;
        engine.ping().await.map_err(|why| StartError::NoEngine(why.to_string()))?;
        let packaged = Packaged::new(self, image);
        let image = format!("{}:{}", packaged.name, packaged.tag);
        let failed = |why| StartError::Container { image: image.clone(), why };
        let running = packaged.start().await.map_err(failed)?;
        let port = running.get_host_port_ipv4(self.port()).await.map_err(failed)?;
        let [key, secret] = KEYS;
        let store = Store {
            name: self.name().to_owned(),
            abilities: self.abilities(),
            ..Store::at(format!("http://127.0.0.1:{port}"), key, secret)
        };
        Ok(Container { store, _running: running })
    }
}

/// A product under the name of its image.
#[derive(Debug, Clone)]
struct Packaged {
    product: Product,
    name: String,
    tag: String,
    ports: [ContainerPort; 1],
}

impl Packaged {
    fn new(product: Product, image: Option<&str>) -> Self {
        let [name, tag] = product.image();
        let (name, tag) = image.map_or((name, tag), split);
        let ports = [ContainerPort::Tcp(product.port())];
        Self { product, name: name.to_owned(), tag: tag.to_owned(), ports }
    }
}

/// Name and tag of an image; a digest belongs to the tag, and a port to the name.
fn split(image: &str) -> (&str, &str) {
    let (tagged, digest) = image.split_once('@').map_or((image, None), |(tagged, digest)| (tagged, Some(digest)));
    let folder = tagged.rfind('/').map_or(0, |slash| slash + 1);
    match tagged[folder..].find(':') {
        Some(colon) => (&image[..folder + colon], &image[folder + colon + 1..]),
        // An image by digest alone has a name that ends in the algorithm.
        None => match digest.and_then(|digest| digest.find(':')) {
            Some(colon) => (&image[..tagged.len() + 1 + colon], &image[tagged.len() + 2 + colon..]),
            None => (image, "latest"),
        },
    }
}

impl Image for Packaged {
    fn name(&self) -> &str {
        &self.name
    }

    fn tag(&self) -> &str {
        &self.tag
    }

    fn ready_conditions(&self) -> Vec<WaitFor> {
        vec![match self.product {
            Product::MinIo => WaitFor::message_on_either_std("API:"),
            Product::LocalStack => WaitFor::message_on_either_std("Ready."),
        }]
    }

    fn env_vars(&self) -> impl IntoIterator<Item = (impl Into<Cow<'_, str>>, impl Into<Cow<'_, str>>)> {
        let [key, secret] = KEYS;
        match self.product {
            Product::MinIo => vec![("MINIO_ROOT_USER", key), ("MINIO_ROOT_PASSWORD", secret)],
            Product::LocalStack => vec![("SERVICES", "s3"), ("EAGER_SERVICE_LOADING", "1")],
        }
    }

    fn cmd(&self) -> impl IntoIterator<Item = impl Into<Cow<'_, str>>> {
        match self.product {
            Product::MinIo => vec!["server", "/data"],
            Product::LocalStack => vec![],
        }
    }

    fn expose_ports(&self) -> &[ContainerPort] {
        &self.ports
    }
}

#[cfg(test)]
mod tests {
    use super::{Packaged, Product, split};
    use rstest::rstest;
    use testcontainers::Image as _;

    /// A name and a tag are put together with a colon, whatever they are.
    #[rstest]
    #[case("minio", "minio", "latest")]
    #[case("minio:1", "minio", "1")]
    #[case("mirror.example:5000/minio", "mirror.example:5000/minio", "latest")]
    #[case("mirror.example:5000/minio:1@sha256:ab", "mirror.example:5000/minio", "1@sha256:ab")]
    #[case("mirror.example/minio@sha256:ab", "mirror.example/minio@sha256", "ab")]
    fn names_of_images(#[case] image: &str, #[case] name: &str, #[case] tag: &str) {
        assert_eq!(split(image), (name, tag));
        let packaged = Packaged::new(Product::MinIo, Some(image));
        assert_eq!((packaged.name(), packaged.tag()), (name, tag));
    }

    #[test]
    fn images_are_pinned() {
        for product in Product::ALL {
            let packaged = Packaged::new(product, None);
            assert_eq!(packaged.tag().split_once("@sha256:").map(|(_, digest)| digest.len()), Some(64), "{product:?}");
        }
    }
}
