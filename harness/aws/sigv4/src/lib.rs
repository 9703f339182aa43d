//! AWS Signature Version 4: canonical requests, signing keys, signatures of headers, queries and chunks.
