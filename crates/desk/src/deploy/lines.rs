//! A difference line by line.

use similar::{ChangeTag, TextDiff};

use super::finding::DiffLine;

/// Lines of unchanged text around a change.
const CONTEXT: usize = 3;

/// How `after` differs from `before`, line by line, with a few lines around each difference.
#[must_use]
pub fn diff(before: &str, after: &str) -> Vec<DiffLine> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            lines.push(DiffLine { sign: ' ', text: "…".to_owned() });
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(DiffLine { sign, text: change.value().trim_end_matches('\n').to_owned() });
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diff_shows_the_change_with_its_surroundings() {
        let before: String = (0..20).map(|n| format!("line {n}\n")).collect();
        let after = before.replace("line 10\n", "line ten\n");
        let lines = diff(&before, &after);
        let signs: String = lines.iter().map(|line| line.sign).collect();
        assert_eq!(signs, "   -+   ");
    }
}
