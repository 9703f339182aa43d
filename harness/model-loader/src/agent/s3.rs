//! `s3://`: one page of a listing, and every object of it in parts.

use super::Place;
use crate::aws_go::{self, Client, Error};
use crate::boto::Listing;
use crate::boto::endpoint::{self, Endpoint, Rules};
use crate::go::join;
use crate::host::Host;
use crate::net::{self, Trust};
use proofmark_aws_sigv4::encode_query;

/// How much of an object is asked for at once.
const PART: u64 = 5 << 20;

/// How S3 is reached, as the variables say.
pub(super) struct Provider<'a> {
    host: &'a Host,
    region: &'a str,
    /// The endpoint that is given.
    endpoint: Option<String>,
    path_style: bool,
    anonymous: bool,
    trust: Trust,
}

impl<'a> Provider<'a> {
    /// # Errors
    /// When the certificates that are to be trusted cannot be read.
    pub(super) fn new(host: &'a Host) -> Result<Self, String> {
        let environment = &host.environment;
        if environment.says_true("S3_USE_ACCELERATE") {
            return Err("proofmark: transfer acceleration is not simulated".to_owned());
        }
        let trust = match environment.filled("AWS_CA_BUNDLE") {
            None => Trust::System,
            Some(file) => {
                let bundle = net::bundle(&*host.files, file);
                Trust::Authorities(bundle.map_err(|error| aws_go::bundle_error(file, &error))?)
            }
        };
        let endpoint = environment.filled("AWS_ENDPOINT_URL").map(|url| match url.contains("://") {
            true => url.to_owned(),
            false => format!("https://{url}"),
        });
        Ok(Self {
            host,
            region: environment.get("AWS_REGION").unwrap_or_default(),
            endpoint,
            path_style: environment
                .get("S3_USER_VIRTUAL_BUCKET")
                .is_some_and(|value| value.eq_ignore_ascii_case("false")),
            anonymous: environment.says_true("awsAnonymousCredential"),
            trust,
        })
    }

    /// Fetches the objects of one page below a URI.
    ///
    /// # Errors
    /// When the bucket cannot be listed, there is nothing, or an object cannot be had; the others are fetched all the same.
    pub(super) async fn download(&self, place: Place<'_>, uri: &str) -> Result<(), String> {
        let path = uri.strip_prefix("s3://").unwrap_or(uri);
        let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
        let unable = |why: String| format!("unable to get batch objects {why}");
        let (client, endpoint) = self.client(bucket).await.map_err(unable)?;
        let listed = client.get(&endpoint.url(None, &format!("prefix={}", encode_query(prefix))), None).await;
        let listed = listed.map_err(|error| unable(error.to_string()))?;
        let listing = Listing::parse(&listed.body).map_err(|error| unable(error.message))?;
        let keys: Vec<_> =
            listing.objects.into_iter().map(|object| object.key).filter(|key| !key.ends_with('/')).collect();
        if keys.is_empty() {
            return Err(unable(format!("{uri} has no objects or does not exist")));
        }
        let file = |key: &str| join(place.directory, key.strip_prefix(prefix).unwrap_or(key));
        // All are there, empty, before the first is asked for.
        for key in &keys {
            place.write(&file(key), &[]).map_err(unable)?;
        }
        let mut failed = Vec::new();
        for key in &keys {
            let fetched = match fetch(&client, &endpoint, key).await {
                Ok(bytes) => place.write(&file(key), &bytes),
                Err(error) => Err(error.to_string()),
            };
            if let Err(why) = fetched {
                failed.push(format!("failed to perform batch operation on \"{key}\" to \"{bucket}\":\n{why}"));
            }
        }
        if failed.is_empty() {
            return Ok(());
        }
        Err(format!(
            "BatchedDownloadIncomplete: some objects have failed to download.\ncaused by: {}",
            failed.join("\n")
        ))
    }

    /// Who asks for a bucket, and where.
    async fn client(&self, bucket: &str) -> Result<(Client<'a>, Endpoint), String> {
        if self.region.is_empty() {
            return Err("MissingRegion: could not find region configuration".to_owned());
        }
        let rules = Rules {
            region: self.region.to_owned(),
            endpoint: self.endpoint.clone(),
            path_style: self.path_style,
            global: true,
            ..Rules::default()
        };
        let endpoint = endpoint::s3(bucket, &rules).map_err(|error| error.message)?;
        let given = self.endpoint.as_deref();
        let keys = match self.anonymous {
            true => None,
            false => Some(aws_go::find(self.host, &self.trust, self.region, given).await?),
        };
        let client = Client {
            host: self.host,
            http: net::Client { trust: self.trust.clone(), ..net::Client::new(&self.host.environment) },
            region: endpoint.region.clone(),
            keys,
            endpoint: given.unwrap_or_default().to_owned(),
        };
        Ok((client, endpoint))
    }
}

/// An object, part after part.
async fn fetch(client: &Client<'_>, endpoint: &Endpoint, key: &str) -> Result<Vec<u8>, Error> {
    let url = endpoint.url(Some(key), "");
    let mut bytes = Vec::new();
    loop {
        let first = bytes.len() as u64;
        let answer = match client.get(&url, Some((first, first + PART - 1))).await {
            // An empty object has no first byte.
            Err(error) if error.is_beyond_the_end() => return Ok(bytes),
            other => other?,
        };
        bytes.extend_from_slice(&answer.body);
        // bytes 0-9/100; without it all came at once.
        let range = answer.headers.get(http::header::CONTENT_RANGE).and_then(|range| range.to_str().ok());
        let total = range.and_then(|range| range.rsplit_once('/')?.1.parse::<u64>().ok());
        if answer.body.is_empty() || total.is_none_or(|total| bytes.len() as u64 >= total) {
            return Ok(bytes);
        }
    }
}
