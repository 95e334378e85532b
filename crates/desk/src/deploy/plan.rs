//! The plan, without a connection: [`draft`] makes of a folder what should be, [`Draft::beside`] compares it with what is.
//! [`super::planning`] reads the connection.

use std::path::{Path, PathBuf};

use countersign_asl::{Diagnostic, Rule, Severity, SourceSpan};

pub use super::draft::{Draft, Drafts, draft};
use super::finding::FileProblem;
pub use super::item::{Item, hash_of, item_hash};
pub use super::target::{PlanTarget, Variables, partition_of};

/// A finding and the file that it is about.
pub type Found = (PathBuf, Diagnostic);

/// An error in a file.
pub(super) fn error(file: &Path, rule: Rule, span: SourceSpan, message: String, remedy: String) -> Found {
    let path = String::new();
    (file.to_owned(), Diagnostic { severity: Severity::Error, rule, message, path, span, remedy })
}

/// A finding as the pages show it.
#[must_use]
pub fn file_problem((path, one): Found) -> FileProblem {
    FileProblem {
        file: path.display().to_string(),
        line: one.span.line,
        column: one.span.column,
        error: one.severity == Severity::Error,
        message: match one.path.as_str() {
            "" => format!("{} ({})", one.message, one.rule.id()),
            path => format!("{} ({} at {path})", one.message, one.rule.id()),
        },
        remedy: one.remedy,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::super::environment::Chosen;
    use super::super::finding::Change;
    use super::super::folder::Folder;
    use super::super::manifest::Manifest;
    use super::*;

    fn shipped() -> Folder {
        Folder::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../statemachine"))
    }

    fn items(folder: &Folder, target: PlanTarget) -> Vec<Item> {
        let chosen = Chosen::of(&folder.manifest, None).unwrap();
        let drafts = draft(folder, &chosen, target).drafts;
        drafts.into_iter().map(|draft| draft.beside(None, &chosen, target)).collect()
    }

    #[test]
    fn arns_have_the_partition_of_their_region() {
        for (region, partition) in [
            ("eu-central-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            assert_eq!(partition_of(region), partition, "{region}");
        }
        let account = "123456789012";
        let target = PlanTarget { partition: "aws-cn", region: "cn-north-1", account, ..PlanTarget::unknown(None) };
        for item in items(&shipped(), target) {
            let name = &item.plan.desired.as_ref().unwrap().name;
            assert_eq!(item.plan.arn, format!("arn:aws-cn:states:cn-north-1:{account}:stateMachine:{name}"));
            let arns = item.substitutions.iter().map(|(_, value)| value).filter(|value| value.starts_with("arn:"));
            assert!(arns.into_iter().all(|arn| arn.starts_with("arn:aws-cn:")));
        }
    }

    #[test]
    fn an_account_requires_a_role() {
        let mut folder = shipped();
        let manifest = Manifest { role_arn: None, role: None, ..folder.manifest.clone() };
        folder.manifest = Manifest { environments: indexmap::IndexMap::new(), ..manifest };
        for (aws, change) in [(true, Change::Refused), (false, Change::New)] {
            let target = PlanTarget { aws, ..PlanTarget::unknown(None) };
            assert_eq!(items(&folder, target)[0].change(), change);
        }
    }
}
