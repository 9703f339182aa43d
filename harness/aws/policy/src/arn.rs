//! Amazon Resource Names.

use std::fmt;

/// `arn:partition:service:region:account:resource`, split at its first five colons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`
    pub partition: &'a str,
    /// `s3`, `iam`, `kms`
    pub service: &'a str,
    /// Empty for global services and for S3 buckets.
    pub region: &'a str,
    /// Empty for S3 buckets.
    pub account: &'a str,
    /// Everything after the fifth colon: `bucket/key`, `role/path/name`
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits an ARN; none unless it has its six parts.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        let (partition, service, region, account) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let resource = parts.next()?;
        (!partition.is_empty() && !service.is_empty()).then_some(Self { partition, service, region, account, resource })
    }
}

impl fmt::Display for Arn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}
