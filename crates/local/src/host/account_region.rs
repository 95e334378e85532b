//! Partitions, regions and accounts.

/// An AWS account in a region: the one that the engine stands for, or the one that a caller signs for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRegion {
    pub region: String,
    pub account: String,
}

impl AccountRegion {
    /// An ARN in this account and region.
    #[must_use]
    pub fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{rest}", partition(&self.region), self.region, self.account)
    }

    /// Whether an ARN is of this region and account.
    #[must_use]
    pub fn has(&self, arn: &str) -> bool {
        part(arn, REGION) == Some(&self.region) && part(arn, ACCOUNT) == Some(&self.account)
    }

    /// The account and the region of an ARN; where it leaves one out, this one's.
    #[must_use]
    pub fn around(&self, arn: &str) -> Self {
        let or = |at: usize, own: &String| part(arn, at).unwrap_or(own).to_owned();
        Self { region: or(REGION, &self.region), account: or(ACCOUNT, &self.account) }
    }
}

/// The partition of a region, by the beginning of its name.
#[must_use]
pub fn partition(region: &str) -> &'static str {
    const PARTITIONS: [(&str, &str); 7] = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-isob-", "aws-iso-b"),
        ("us-isof-", "aws-iso-f"),
        ("us-iso-", "aws-iso"),
        ("eu-isoe-", "aws-iso-e"),
        ("eusc-", "aws-eusc"),
    ];
    PARTITIONS.iter().find(|(begin, _)| region.starts_with(begin)).map_or("aws", |(_, partition)| partition)
}

/// Which part of an ARN is the region, and which the account.
const REGION: usize = 3;
const ACCOUNT: usize = 4;

fn part(arn: &str, at: usize) -> Option<&str> {
    arn.split(':').nth(at).filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_of_their_region_s_partition() {
        for (region, partition) in [
            ("us-east-1", "aws"),
            ("cn-northwest-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            let place = AccountRegion { region: region.to_owned(), account: "1".to_owned() };
            let arn = place.arn("states", "stateMachine:m");
            assert_eq!(arn, format!("arn:{partition}:states:{region}:1:stateMachine:m"));
            let elsewhere = AccountRegion { region: "eu-west-1".to_owned(), account: "2".to_owned() };
            assert_eq!(elsewhere.around(&arn), place);
            assert!(place.has(&arn) && !elsewhere.has(&arn));
        }
    }
}
