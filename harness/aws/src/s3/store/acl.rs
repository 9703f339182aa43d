//! Access control lists. Source: S3 User Guide, "Access control list (ACL) overview".

/// Whom a grant is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Grantee {
    /// An account, by its canonical id.
    Account(String),
    /// Everyone, the anonymous included.
    Everyone,
    /// Whoever signs, of any account.
    Authenticated,
    /// The service that delivers access logs.
    LogDelivery,
}

/// What a grant gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    FullControl,
    Read,
    Write,
    ReadAcp,
    WriteAcp,
}

/// The URIs of groups, which every form of a list names them by.
const GROUPS: [(&str, Grantee); 3] = [
    ("http://acs.amazonaws.com/groups/global/AllUsers", Grantee::Everyone),
    ("http://acs.amazonaws.com/groups/global/AuthenticatedUsers", Grantee::Authenticated),
    ("http://acs.amazonaws.com/groups/s3/LogDelivery", Grantee::LogDelivery),
];

const PERMISSIONS: [(&str, Permission); 5] = [
    ("FULL_CONTROL", Permission::FullControl),
    ("READ", Permission::Read),
    ("WRITE", Permission::Write),
    ("READ_ACP", Permission::ReadAcp),
    ("WRITE_ACP", Permission::WriteAcp),
];

impl Grantee {
    /// The group with a URI.
    pub(crate) fn group(uri: &str) -> Option<Self> {
        GROUPS.into_iter().find(|(known, _)| *known == uri).map(|(_, group)| group)
    }

    /// The URI, of a group.
    pub(crate) fn uri(&self) -> Option<&'static str> {
        GROUPS.iter().find(|(_, group)| group == self).map(|(uri, _)| *uri)
    }

    /// Whether Block Public Access means it.
    pub(crate) fn is_public(&self) -> bool {
        matches!(self, Self::Everyone | Self::Authenticated)
    }
}

impl Permission {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        PERMISSIONS.into_iter().find(|(name, _)| *name == text).map(|(_, permission)| permission)
    }

    pub(crate) fn name(self) -> &'static str {
        PERMISSIONS.into_iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }
}

/// An access control list: who may what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Acl(pub(crate) Vec<(Grantee, Permission)>);

impl Acl {
    /// What one list says in a word; `owner` and `bucket_owner` are canonical ids. None if there is no such word.
    pub(crate) fn canned(name: &str, owner: &str, bucket_owner: &str) -> Option<Self> {
        use Permission::{FullControl, Read, ReadAcp, Write};
        let more = match name {
            "private" => vec![],
            "public-read" => vec![(Grantee::Everyone, Read)],
            "public-read-write" => vec![(Grantee::Everyone, Read), (Grantee::Everyone, Write)],
            "authenticated-read" => vec![(Grantee::Authenticated, Read)],
            "log-delivery-write" => vec![(Grantee::LogDelivery, Write), (Grantee::LogDelivery, ReadAcp)],
            "bucket-owner-read" | "bucket-owner-full-control" if owner == bucket_owner => vec![],
            "bucket-owner-read" => vec![(Grantee::Account(bucket_owner.to_owned()), Read)],
            "bucket-owner-full-control" => vec![(Grantee::Account(bucket_owner.to_owned()), FullControl)],
            _ => return None,
        };
        let own = (Grantee::Account(owner.to_owned()), FullControl);
        Some(Self(std::iter::once(own).chain(more).collect()))
    }

    /// Whether it gives anything to everyone.
    pub(crate) fn is_public(&self) -> bool {
        self.0.iter().any(|(grantee, _)| grantee.is_public())
    }
}
