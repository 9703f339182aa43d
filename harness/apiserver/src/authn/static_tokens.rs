//! Bearer tokens that the server was started with.

use proofmark_rbac::{SYSTEM_MASTERS, UserInfo};

/// The administrator's token.
#[derive(Debug)]
pub(crate) struct StaticTokens {
    admin_token: String,
}

impl StaticTokens {
    /// One token, for `admin` in `system:masters`.
    pub(crate) fn new(admin_token: String) -> Self {
        Self { admin_token }
    }

    pub(crate) fn admin_token(&self) -> &str {
        &self.admin_token
    }

    /// The user of a token, if it is known.
    pub(crate) fn user(&self, token: &str) -> Option<UserInfo> {
        (token == self.admin_token).then(|| self.admin())
    }

    /// The administrator.
    pub(crate) fn admin(&self) -> UserInfo {
        UserInfo {
            name: "admin".to_owned(),
            uid: "admin".to_owned(),
            groups: vec![SYSTEM_MASTERS.to_owned()],
            ..UserInfo::default()
        }
    }
}
