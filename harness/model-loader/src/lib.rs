//! KServe's storage initializer, release by release.
