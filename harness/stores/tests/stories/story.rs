//! The stories: those of the scenarios about S3, as far as one bucket and its keys tell them.

use crate::bucket::Bucket;
use crate::initializer::{Ended, Keys, fetch};
use proofmark_model_loader::Release;
use proofmark_stores::{Ability, Store};

/// What ought to become of a load.
enum Expected {
    /// These files, and nothing else.
    Files(&'static [(&'static str, &'static str)]),
    /// It fails, and its last words have this in them.
    Fails(&'static str),
}

type Outcome = fn(Release) -> Expected;

/// A story.
pub(crate) struct Story {
    /// The scenario that tells all of it, where there is one.
    pub(crate) name: &'static str,
    /// What a store must be able to do.
    pub(crate) needs: &'static [Ability],
    objects: &'static [(&'static str, &'static str)],
    /// Whether everyone may read the bucket.
    open: bool,
    /// What comes behind the bucket's name in the URI.
    path: &'static str,
    /// The bucket's name in the URI, if it is not the one that there is.
    bucket: Option<&'static str>,
    keys: Keys,
    outcome: Outcome,
}

const VERSIONS: &[(&str, &str)] =
    &[("triton/model/1/model.plan", "version 1"), ("triton/model/2/model.plan", "version 2")];
const WHOLE: Expected = Expected::Files(&[("1/model.plan", "version 1"), ("2/model.plan", "version 2")]);
const CHURN: &[(&str, &str)] = &[("churn/model.joblib", "weights")];
const MODEL: Expected = Expected::Files(&[("model.joblib", "weights")]);

/// What refuses before anything is listed from 0.17 on, and in boto3's words before.
fn refused(release: Release, words: &'static str) -> Expected {
    Expected::Fails(if release.behaviour().modern_s3 { "S3 error [403]: Forbidden" } else { words })
}

/// Every story.
pub(crate) fn all() -> Vec<Story> {
    let story = |name, objects, path, outcome| Story {
        name,
        needs: &[],
        objects,
        open: false,
        path,
        bucket: None,
        keys: Keys::Good,
        outcome,
    };
    vec![
        story("a folder", CHURN, "/churn", |_| MODEL),
        story("a file", CHURN, "/churn/model.joblib", |_| MODEL),
        story("flattened-paths", VERSIONS, "/triton/model", |release| match release {
            Release::V0_11 => {
                Expected::Files(&[("model/1/model.plan", "version 1"), ("model/2/model.plan", "version 2")])
            }
            Release::V0_12Rc0 | Release::V0_12Rc1 | Release::V0_12 | Release::V0_13 | Release::V0_14 => {
                Expected::Files(&[("model.plan", "version 2")])
            }
            _ => WHOLE,
        }),
        story("flattened-paths, with a slash", VERSIONS, "/triton/model/", |_| WHOLE),
        story("a folder that begins like another", &[("m/a.bin", "a"), ("m2/b.bin", "b")], "/m", |_| {
            Expected::Files(&[("a.bin", "a"), ("2/b.bin", "b")])
        }),
        story("no model", CHURN, "/fraud", |_| Expected::Fails("Failed to fetch model. No model found in fraud.")),
        Story {
            bucket: Some("proofmark-no-such-bucket"),
            ..story("no bucket", CHURN, "/churn", |release| {
                Expected::Fails(if release.behaviour().modern_s3 {
                    "S3 resource 'proofmark-no-such-bucket' not found."
                } else {
                    "The specified bucket does not exist"
                })
            })
        },
        Story {
            needs: &[Ability::AnyKey],
            ..story(
                "key-escapes-destination",
                &[("churn/model.joblib", "weights"), ("churn/a/b/../../../planted.so", "not a model")],
                "/churn",
                |_| Expected::Files(&[("/mnt/planted.so", "not a model"), ("model.joblib", "weights")]),
            )
        },
        Story {
            needs: &[Ability::Signatures],
            keys: Keys::WrongSecret,
            ..story("a wrong secret", CHURN, "/churn", |release| refused(release, "SignatureDoesNotMatch"))
        },
        Story {
            needs: &[Ability::Signatures],
            keys: Keys::None,
            ..story("without keys", CHURN, "/churn", |release| refused(release, "AccessDenied"))
        },
        Story {
            needs: &[Ability::BucketPolicies],
            open: true,
            keys: Keys::None,
            ..story("without keys, open to everyone", CHURN, "/churn", |_| MODEL)
        },
        Story {
            needs: &[Ability::Accounts],
            keys: Keys::Foreign,
            ..story("cross-account-s3", CHURN, "/churn", |release| refused(release, "AccessDenied"))
        },
        Story { needs: &[Ability::WebIdentity], ..story("irsa-with-s3-endpoint", CHURN, "/churn", |_| MODEL) },
        Story { needs: &[Ability::Keys], ..story("kms-cross-account", CHURN, "/churn", |_| MODEL) },
    ]
}

impl Story {
    /// Plays it with every release's initializer.
    pub(crate) async fn play(&self, store: &Store) -> Result<(), String> {
        let bucket = Bucket::with(store, self.objects).await?;
        if self.open {
            bucket.open().await?;
        }
        let path = format!("{}{}", self.bucket.unwrap_or(&bucket.name), self.path);
        let mut wrong = vec![];
        for release in Release::ALL {
            let ended = fetch(store, release, &path, self.keys).await;
            if let Err(why) = (self.outcome)(release).check(&ended) {
                wrong.push(format!("{}: {why}", release.version()));
            }
        }
        bucket.end().await?;
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n  ")) }
    }
}

impl Expected {
    fn check(&self, ended: &Ended) -> Result<(), String> {
        let right = match self {
            Self::Files(files) => {
                let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
                ended.exit == 0 && ended.files == files
            }
            Self::Fails(words) => ended.exit == 1 && ended.files.is_empty() && ended.last.contains(words),
        };
        if right { Ok(()) } else { Err(format!("{ended:?}")) }
    }
}
