//! The IAM policies that a definition needs, and what a role's policies lack.
