//! Regions and accounts.

/// Where the engine pretends to be, or who calls it.
#[derive(Clone, Debug)]
pub struct Place {
    pub region: String,
    pub account: String,
}

impl Place {
    /// An ARN of this place.
    #[must_use]
    pub fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{rest}", self.region, self.account)
    }

    /// Whether an ARN is of this account.
    #[must_use]
    pub fn has(&self, arn: &str) -> bool {
        account(arn) == Some(&self.account)
    }

    /// The place in the account of an ARN.
    #[must_use]
    pub fn around(&self, arn: &str) -> Self {
        Self { account: account(arn).unwrap_or(&self.account).to_owned(), ..self.clone() }
    }
}

fn account(arn: &str) -> Option<&str> {
    arn.split(':').nth(4)
}
