//! Templates of infrastructure: CloudFormation, SAM and Terraform's plans, read and resolved.
