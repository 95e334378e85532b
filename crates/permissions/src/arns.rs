//! The ARNs of resources that a definition names.

use crate::given::Given;
use crate::needs::Needs;

/// How the parts of an ARN are filled in.
#[derive(Clone, Copy)]
pub(crate) enum Scope {
    /// Region and account: `arn:aws:sqs:eu-west-1:111122223333:orders`.
    Regional,
    /// The account alone: `arn:aws:iam::111122223333:role/pay`.
    Global,
    /// Neither: `arn:aws:s3:::orders`.
    Bare,
}

impl Needs<'_> {
    /// An ARN in the machine's own region and account. What is not known of them is a wildcard.
    pub fn arn(&self, service: &str, scope: Scope, resource: &str) -> String {
        let partition = self.subject.partition;
        let (region, account) = (self.subject.region, self.subject.account);
        let (region, account) = match scope {
            Scope::Regional => (region.unwrap_or("*"), account.unwrap_or("*")),
            Scope::Global => ("", account.unwrap_or("*")),
            Scope::Bare => ("", ""),
        };
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// The ARN of a resource that a parameter names, by its ARN or by its name, which `make` completes. Where the parameter
    /// is computed, any resource, with a note.
    pub fn named(
        &mut self,
        state: &str,
        parameter: &str,
        given: Given,
        make: impl FnOnce(&mut Self, &str) -> String,
    ) -> String {
        match given.text() {
            Some(arn) if arn.starts_with("arn:") => arn.to_owned(),
            Some(name) if is_name(name) => make(self, name),
            _ => self.any(state, parameter, given),
        }
    }

    /// Any resource, and the note why.
    pub fn any(&mut self, state: &str, parameter: &str, given: Given) -> String {
        let why = match given {
            Given::Absent => "is not given",
            Given::Computed => "is computed, or comes from a placeholder",
            Given::Fixed(_) => "has a form that is not known",
        };
        self.note(Some(state), format!("{parameter} {why}: any resource is allowed."));
        "*".to_owned()
    }
}

/// Whether a text can be a name within an ARN: a wildcard in it would allow more than it names.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(['*', '?', ' ', '\n', '"'])
}
