//! Steps that ask AWS, and steps that run KServe's storage initializer against it.
//!
//! | module | what it is |
//! |---|---|
//! | `steps` | the sentences: put a bucket, read an object, change a policy, and what must come of it |
//! | `call` | a request, and the command line of the AWS CLI that would send it |
//! | `xml` | answers in XML as JSON, so that expectations can look into them |
//! | [`Load`] | a run of the storage initializer: its machine, its files, its variables |
//! | [`Pull`] | a model fetched by ModelMesh's puller, by an entry of a secret of the cluster |

mod call;
mod load;
mod pull;
mod steps;
mod xml;

pub use load::Load;
pub use pull::Pull;

pub(crate) use call::AwsCall;
pub(crate) use xml::to_json;
