//! Where definitions come from: the revision of git in whose work tree a folder is.

use std::path::Path;
use std::process::{Command, Stdio};

/// In these variables the services that run pipelines name the revision: GitHub Actions and GitLab.
const OF_PIPELINES: [&str; 2] = ["GITHUB_SHA", "CI_COMMIT_SHA"];
/// So many digits of a revision are shown.
const SHOWN: usize = 12;

/// The revision of a folder, such as `git 1a2b3c4d5e6f`, with `dirty` behind it where the folder has changes that are not
/// committed. Outside of a work tree, and without git, it is the one that a pipeline names, if there is one.
#[must_use]
pub fn revision(folder: &Path) -> Option<String> {
    of_work_tree(folder).or_else(|| of_pipeline(|name| std::env::var(name).ok()))
}

/// What a pipeline says: in a container without git it checks out the files alone.
fn of_pipeline(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let named = OF_PIPELINES.into_iter().find_map(variable)?;
    let is_revision = (SHOWN..=64).contains(&named.len()) && named.bytes().all(|byte| byte.is_ascii_hexdigit());
    named.get(..SHOWN).filter(|_| is_revision).map(|shown| format!("git {shown}"))
}

fn of_work_tree(folder: &Path) -> Option<String> {
    let head = git(folder, &["rev-parse", "--short=12", "--verify", "HEAD"])?;
    let is_revision = (7..=64).contains(&head.len()) && head.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_revision {
        return None;
    }
    // Of a large repository only this folder counts.
    let dirty = git(folder, &["status", "--porcelain", "--untracked-files=normal", "--", "."])?;
    Some(if dirty.is_empty() { format!("git {head}") } else { format!("git {head} dirty") })
}

/// What git says; `None` where it fails.
fn git(folder: &Path, args: &[&str]) -> Option<String> {
    let out = Command::new("git")
        .arg("-C")
        .arg(folder)
        // A repository of somebody else must not start programs of its own.
        .args(["-c", "core.fsmonitor=false", "--no-optional-locks"])
        .args(args)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    if !out.status.success() {
        return None;
    }
    String::from_utf8(out.stdout).ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    fn run(folder: &Path, args: &[&str]) {
        let who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        let done = Command::new("git").arg("-C").arg(folder).args(who).args(args).output().unwrap();
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    #[test]
    fn a_folder_says_its_revision_and_whether_it_is_dirty() {
        let root = std::env::temp_dir().join(format!("countersign-git-{}", std::process::id()));
        let folder = root.join("statemachine");
        std::fs::create_dir_all(&folder).unwrap();
        run(&root, &["init", "-q"]);
        assert_eq!(of_work_tree(&folder), None, "nothing is committed");
        std::fs::write(folder.join("a.asl.json"), "{}").unwrap();
        run(&root, &["add", "."]);
        run(&root, &["commit", "-q", "-m", "a"]);
        let clean = of_work_tree(&folder).unwrap();
        assert!(clean.starts_with("git ") && clean.len() == 16, "{clean}");
        std::fs::write(root.join("elsewhere"), "x").unwrap();
        assert_eq!(of_work_tree(&folder).as_deref(), Some(clean.as_str()), "what is elsewhere does not count");
        std::fs::write(folder.join("a.asl.json"), "{ }").unwrap();
        assert_eq!(of_work_tree(&folder), Some(format!("{clean} dirty")));
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!(of_work_tree(&folder), None, "there is no such folder");
    }

    #[test]
    fn a_pipeline_names_its_revision_where_there_is_no_repository() {
        let of = |name: &'static str, value: &'static str| {
            of_pipeline(move |asked| (asked == name).then(|| value.to_owned()))
        };
        let whole = "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d";
        assert_eq!(of("GITHUB_SHA", whole).as_deref(), Some("git 1a2b3c4d5e6f"));
        assert_eq!(of("CI_COMMIT_SHA", whole).as_deref(), Some("git 1a2b3c4d5e6f"));
        assert_eq!(of("GITHUB_SHA", "main, of somebody's pipeline"), None);
        assert_eq!(of("OTHER", whole), None);
    }
}
