//! The sentences about AWS.

use proofmark_env::AwsRequest;
use proofmark_json::Value;

use super::{AwsCall, Load, Pull};
use crate::Step;
use crate::expect::Expect;
use crate::step::Action;

/// What is asked of AWS, or done with it.
impl Step {
    /// Makes a bucket, in the account of whoever asks.
    #[must_use]
    pub fn create_bucket(self, bucket: &str) -> Self {
        self.calls(AwsCall::create_bucket(bucket))
    }

    /// Makes a bucket in another region than the first.
    #[must_use]
    pub fn create_bucket_in(self, bucket: &str, region: &str) -> Self {
        self.calls(AwsCall::create_bucket_in(bucket, region))
    }

    /// Writes an object into a bucket of another region than the first.
    #[must_use]
    pub fn put_object_in(self, bucket: &str, region: &str, key: &str, content: &str) -> Self {
        self.calls(AwsCall::put_object(bucket, key, content, &[]).in_region(region))
    }

    /// Deletes an object.
    #[must_use]
    pub fn delete_object(self, bucket: &str, key: &str) -> Self {
        self.calls(AwsCall::delete_object(bucket, key))
    }

    /// Writes an object.
    #[must_use]
    pub fn put_object(self, bucket: &str, key: &str, content: &str) -> Self {
        self.calls(AwsCall::put_object(bucket, key, content, &[]))
    }

    /// Writes an object that is encrypted with a key of KMS; with that which AWS manages unless told.
    #[must_use]
    pub fn put_object_encrypted(self, bucket: &str, key: &str, content: &str, kms_key: Option<&str>) -> Self {
        let mut headers = vec![("x-amz-server-side-encryption", "aws:kms")];
        headers.extend(kms_key.map(|key| ("x-amz-server-side-encryption-aws-kms-key-id", key)));
        self.calls(AwsCall::put_object(bucket, key, content, &headers))
    }

    /// Reads an object.
    #[must_use]
    pub fn get_object(self, bucket: &str, key: &str) -> Self {
        self.calls(AwsCall::get_object(bucket, key))
    }

    /// Asks whether there is a bucket. A refusal has no words.
    #[must_use]
    pub fn head_bucket(self, bucket: &str) -> Self {
        self.calls(AwsCall::head_bucket(bucket))
    }

    /// Lists the objects whose keys begin with a prefix.
    #[must_use]
    pub fn list_objects(self, bucket: &str, prefix: &str) -> Self {
        self.calls(AwsCall::list_objects(bucket, prefix))
    }

    /// Gives a bucket a policy in place of the one that it has.
    #[must_use]
    pub fn put_bucket_policy(self, bucket: &str, policy: &Value) -> Self {
        self.calls(AwsCall::put_bucket_policy(bucket, policy))
    }

    /// Takes a bucket's policy away.
    #[must_use]
    pub fn delete_bucket_policy(self, bucket: &str) -> Self {
        self.calls(AwsCall::delete_bucket_policy(bucket))
    }

    /// Gives a role an inline policy in place of the one with that name.
    #[must_use]
    pub fn put_role_policy(self, role: &str, name: &str, document: &Value) -> Self {
        self.calls(AwsCall::put_role_policy(role, name, document))
    }

    /// Takes an inline policy away from a role.
    #[must_use]
    pub fn delete_role_policy(self, role: &str, name: &str) -> Self {
        self.calls(AwsCall::delete_role_policy(role, name))
    }

    /// Says who may assume a role.
    #[must_use]
    pub fn update_trust(self, role: &str, document: &Value) -> Self {
        self.calls(AwsCall::update_trust(role, document))
    }

    /// Reads a role.
    #[must_use]
    pub fn get_role(self, role: &str) -> Self {
        self.calls(AwsCall::get_role(role))
    }

    /// Gives the key behind an alias of KMS a policy in place of the one that it has.
    #[must_use]
    pub fn put_key_policy(self, alias: &str, policy: &Value) -> Self {
        self.calls(AwsCall::put_key_policy(alias, policy))
    }

    /// Has an account accept tokens of an issuer that are meant for this audience.
    #[must_use]
    pub fn create_provider(self, url: &str, audience: &str) -> Self {
        self.calls(AwsCall::create_provider(url, audience))
    }

    /// Asks who one is; every signature that is good is answered.
    #[must_use]
    pub fn caller_identity(self) -> Self {
        self.calls(AwsCall::caller_identity())
    }

    /// Assumes a role.
    #[must_use]
    pub fn assume_role(self, role: &str, session: &str) -> Self {
        self.calls(AwsCall::assume_role(role, session))
    }

    /// Sends any request to AWS; `command` says how one would do so by hand.
    #[must_use]
    pub fn aws(self, command: impl Into<String>, request: AwsRequest) -> Self {
        self.calls(AwsCall { command: command.into(), request, lookup: None })
    }

    /// Runs the storage initializer.
    #[must_use]
    pub fn load(mut self, load: Load) -> Self {
        self.action = Action::Load(Box::new(load));
        self
    }

    /// Has ModelMesh's puller fetch a model.
    #[must_use]
    pub fn pull(mut self, pull: Pull) -> Self {
        self.action = Action::Pull(Box::new(pull));
        self
    }

    fn calls(mut self, call: AwsCall) -> Self {
        self.action = Action::Aws(Box::new(call));
        self
    }
}

/// What must come of it.
impl Step {
    /// AWS refuses with 403 `AccessDenied` and this message, to the letter.
    #[must_use]
    pub fn denied(self, message: impl Into<String>) -> Self {
        self.fails(403, "AccessDenied", message)
    }

    /// AWS refuses with this status and code; its message tells times, or something else that is not to be foreseen.
    #[must_use]
    pub fn fails_as(self, code: u16, reason: &str) -> Self {
        self.expects(Expect::Refused { code, reason: Some(reason.to_owned()), message: None })
    }

    /// The decision behind the answer reads like this, to the letter: what each policy on each side said.
    #[must_use]
    pub fn explained(self, explanation: impl Into<String>) -> Self {
        self.expects(Expect::Explained(explanation.into()))
    }

    /// The words of the decision behind the answer have these among them.
    #[must_use]
    pub fn decided_by(self, words: impl Into<String>) -> Self {
        self.expects(Expect::DecidedBy(words.into()))
    }

    /// The storage initializer ends well and leaves exactly these files, each with its content. Paths are relative to the destination; those of
    /// files outside of it are absolute.
    #[must_use]
    pub fn leaves(self, files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, content)| ((*path).to_owned(), (*content).to_owned())).collect();
        self.expects(Expect::Leaves(files))
    }

    /// The storage initializer ends with exit code 1 and these last words, to the letter: those of the exception that ended it, or those of its log
    /// in releases that translate exceptions.
    #[must_use]
    pub fn gives_up(self, words: impl Into<String>) -> Self {
        self.expects(Expect::GivesUp(words.into()))
    }
}
