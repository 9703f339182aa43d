//! Policy documents.

mod error;
mod parse;
mod principals;
mod public;
mod statement;

pub use error::PolicyError;
pub use principals::{Pinned, Principals, Trustee};
pub use statement::{Effect, Statement};

pub(crate) use principals::{Grade, Match};

/// What a policy is attached to: it decides which elements a document must and may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Of a user, group or role; also permissions boundaries and session policies.
    Identity,
    /// Of a bucket or key.
    Resource,
    /// Who may assume a role.
    Trust,
    /// Service control policy of an organisation.
    ServiceControl,
    /// Resource control policy of an organisation.
    ResourceControl,
}

/// A policy document.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// `Id`
    pub id: Option<String>,
    /// The statements in their order.
    pub statements: Vec<Statement>,
}

impl Policy {
    /// Replaces users and roles in `Principal` by their unique ids and canonical ids by accounts, as AWS does when it saves a policy: a user or
    /// role that is deleted and made again under the same name is somebody else.
    ///
    /// # Errors
    /// Kind and name of the first user, role, unique or canonical id that `known` does not know. Accounts, sessions and providers are left
    /// alone.
    pub fn pin(&mut self, known: impl Fn(&Trustee) -> Option<Pinned>) -> Result<(), (&'static str, String)> {
        for statement in &mut self.statements {
            if let Some(principals) = &mut statement.principals {
                principals.pin(&known)?;
            }
        }
        Ok(())
    }
}
