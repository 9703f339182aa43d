//! Requests to AWS, each with the command line of the AWS CLI that would send it.

use http::Method;
use jiff::Timestamp;
use proofmark_aws::Service;
use proofmark_env::{Aws, AwsIdentity, AwsRequest, EnvError, Exchange, shell_word};
use proofmark_json::{Value, json};

/// A request to AWS, and how to send it by hand.
#[derive(Debug, Clone)]
pub(crate) struct AwsCall {
    /// `aws s3api get-object --bucket models --key iris/model.json /dev/stdout`
    pub(crate) command: String,
    pub(super) request: AwsRequest,
    /// What must be asked first, and where in the answer stands what takes the place of [`FOUND`] in the request's body.
    pub(super) lookup: Option<(AwsRequest, &'static str)>,
}

/// What stands in a request for something that only an answer tells.
const FOUND: &str = "{found}";

/// An option of the AWS CLI and its value.
type Flag<'a> = (&'a str, &'a str);

impl AwsCall {
    /// Sends the request, after what must be asked first. Who is refused that has the refusal for an answer.
    pub(crate) async fn send(&self, aws: &Aws, who: &AwsIdentity) -> Result<Exchange, EnvError> {
        let mut request = self.request.clone();
        if let Some((lookup, at)) = &self.lookup {
            let answer = aws.send(who, lookup.clone()).await?;
            let found = answer.response.body.json().pointer(at).and_then(Value::as_str);
            let Some(found) = found else { return Ok(answer) };
            request.body = String::from_utf8_lossy(&request.body).replace(FOUND, found).into_bytes();
        }
        aws.send(who, request).await
    }

    fn new(command: &str, options: &[Flag<'_>], request: AwsRequest) -> Self {
        let mut words = vec!["aws".to_owned(), command.to_owned()];
        for (name, value) in options {
            words.push(format!("--{name}"));
            words.push(shell_word(value));
        }
        Self { command: words.join(" "), request, lookup: None }
    }

    pub(super) fn create_bucket(bucket: &str) -> Self {
        Self::new("s3api create-bucket", &[("bucket", bucket)], AwsRequest::s3(Method::PUT, bucket, "", &[]))
    }

    /// The same in another region than the first.
    pub(super) fn create_bucket_in(bucket: &str, region: &str) -> Self {
        let constraint = format!("LocationConstraint={region}");
        let options = [("bucket", bucket), ("region", region), ("create-bucket-configuration", constraint.as_str())];
        let body = format!(
            "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>{region}</LocationConstraint></CreateBucketConfiguration>"
        );
        let request = AwsRequest::s3(Method::PUT, bucket, "", &[]).in_region(region).with_body(body);
        Self::new("s3api create-bucket", &options, request)
    }

    pub(super) fn delete_object(bucket: &str, key: &str) -> Self {
        let request = AwsRequest::s3(Method::DELETE, bucket, key, &[]);
        Self::new("s3api delete-object", &[("bucket", bucket), ("key", key)], request)
    }

    /// The same request to a bucket of another region.
    pub(super) fn in_region(mut self, region: &str) -> Self {
        self.request = self.request.in_region(region);
        self.command.push_str(&format!(" --region {}", shell_word(region)));
        self
    }

    pub(super) fn put_object(bucket: &str, key: &str, content: &str, headers: &[(&str, &str)]) -> Self {
        let mut request = AwsRequest::s3(Method::PUT, bucket, key, &[]).with_body(content);
        let mut options = vec![("bucket", bucket), ("key", key), ("body", "FILE")];
        for (header, value) in headers {
            request = request.with_header(*header, *value);
            let option = match *header {
                "x-amz-server-side-encryption" => "server-side-encryption",
                "x-amz-server-side-encryption-aws-kms-key-id" => "ssekms-key-id",
                other => other,
            };
            options.push((option, value));
        }
        Self::new("s3api put-object", &options, request)
    }

    pub(super) fn get_object(bucket: &str, key: &str) -> Self {
        let mut call = Self::new(
            "s3api get-object",
            &[("bucket", bucket), ("key", key)],
            AwsRequest::s3(Method::GET, bucket, key, &[]),
        );
        call.command.push_str(" /dev/stdout");
        call
    }

    pub(super) fn head_bucket(bucket: &str) -> Self {
        Self::new("s3api head-bucket", &[("bucket", bucket)], AwsRequest::s3(Method::HEAD, bucket, "", &[]))
    }

    pub(super) fn list_objects(bucket: &str, prefix: &str) -> Self {
        let query = [("list-type", "2"), ("prefix", prefix)];
        Self::new(
            "s3api list-objects-v2",
            &[("bucket", bucket), ("prefix", prefix)],
            AwsRequest::s3(Method::GET, bucket, "", &query),
        )
    }

    pub(super) fn put_bucket_policy(bucket: &str, policy: &Value) -> Self {
        let policy = policy.to_string();
        let options = [("bucket", bucket), ("policy", policy.as_str())];
        let request = AwsRequest::s3(Method::PUT, bucket, "", &[("policy", "")]).with_body(policy.clone());
        Self::new("s3api put-bucket-policy", &options, request)
    }

    pub(super) fn delete_bucket_policy(bucket: &str) -> Self {
        let request = AwsRequest::s3(Method::DELETE, bucket, "", &[("policy", "")]);
        Self::new("s3api delete-bucket-policy", &[("bucket", bucket)], request)
    }

    pub(super) fn put_role_policy(role: &str, name: &str, document: &Value) -> Self {
        let document = document.to_string();
        let parameters = [("RoleName", role), ("PolicyName", name), ("PolicyDocument", document.as_str())];
        let options = [("role-name", role), ("policy-name", name), ("policy-document", document.as_str())];
        Self::new("iam put-role-policy", &options, AwsRequest::action(Service::Iam, "PutRolePolicy", &parameters))
    }

    pub(super) fn delete_role_policy(role: &str, name: &str) -> Self {
        let parameters = [("RoleName", role), ("PolicyName", name)];
        let options = [("role-name", role), ("policy-name", name)];
        Self::new("iam delete-role-policy", &options, AwsRequest::action(Service::Iam, "DeleteRolePolicy", &parameters))
    }

    /// What the console does to revoke a role's sessions: whatever began before now may do nothing any more.
    ///
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html>
    pub(super) fn revoke_sessions(role: &str, now: Timestamp) -> Self {
        let older = json!({"DateLessThan": {"aws:TokenIssueTime": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()}});
        let statement = json!({"Effect": "Deny", "Action": ["*"], "Resource": ["*"], "Condition": older});
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        Self::put_role_policy(role, "AWSRevokeOlderSessions", &document)
    }

    pub(super) fn update_trust(role: &str, document: &Value) -> Self {
        let document = document.to_string();
        let parameters = [("RoleName", role), ("PolicyDocument", document.as_str())];
        let options = [("role-name", role), ("policy-document", document.as_str())];
        let request = AwsRequest::action(Service::Iam, "UpdateAssumeRolePolicy", &parameters);
        Self::new("iam update-assume-role-policy", &options, request)
    }

    pub(super) fn get_role(role: &str) -> Self {
        let request = AwsRequest::action(Service::Iam, "GetRole", &[("RoleName", role)]);
        Self::new("iam get-role", &[("role-name", role)], request)
    }

    /// KMS takes no alias for a key's id here, and nobody knows its id beforehand.
    pub(super) fn put_key_policy(alias: &str, policy: &Value) -> Self {
        let policy = policy.to_string();
        let options = [("policy-name", "default"), ("policy", policy.as_str())];
        let parameters = json!({"KeyId": FOUND, "PolicyName": "default", "Policy": policy});
        let mut call = Self::new("kms put-key-policy", &options, AwsRequest::kms("PutKeyPolicy", &parameters));
        let found = format!(
            " --key-id $(aws kms describe-key --key-id {} --query KeyMetadata.KeyId --output text)",
            shell_word(alias)
        );
        call.command.push_str(&found);
        call.lookup = Some((AwsRequest::kms("DescribeKey", &json!({"KeyId": alias})), "/KeyMetadata/KeyId"));
        call
    }

    pub(super) fn create_provider(url: &str, audience: &str) -> Self {
        let parameters = [("Url", url), ("ClientIDList.member.1", audience)];
        let options = [("url", url), ("client-id-list", audience)];
        let request = AwsRequest::action(Service::Iam, "CreateOpenIDConnectProvider", &parameters);
        Self::new("iam create-open-id-connect-provider", &options, request)
    }

    pub(super) fn caller_identity() -> Self {
        Self::new("sts get-caller-identity", &[], AwsRequest::action(Service::Sts, "GetCallerIdentity", &[]))
    }

    pub(super) fn assume_role(role: &str, session: &str) -> Self {
        let parameters = [("RoleArn", role), ("RoleSessionName", session)];
        let options = [("role-arn", role), ("role-session-name", session)];
        Self::new("sts assume-role", &options, AwsRequest::action(Service::Sts, "AssumeRole", &parameters))
    }
}
