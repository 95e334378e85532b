//! The nearest of the names that exist, for a name that does not.

/// The name that is the fewest letters away, if these are few.
pub(crate) fn nearest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    let most = (name.chars().count() / 3).max(1);
    let distances = names.into_iter().map(|other| (distance(name, other), other));
    let (_, nearest) = distances.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance)?;
    Some(nearest.to_owned())
}

/// How many letters have to be changed, added or removed; the case of letters does not count.
fn distance(one: &str, other: &str) -> usize {
    let letters = |text: &str| text.to_lowercase().chars().take(100).collect::<Vec<char>>();
    let (one, other) = (letters(one), letters(other));
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.iter().enumerate() {
        let mut before = row[0];
        row[0] = line + 1;
        for (column, target) in other.iter().enumerate() {
            let changed = before + usize::from(letter != target);
            before = row[column + 1];
            row[column + 1] = changed.min(before + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_proposed_when_it_is_near() {
        let names = ["RoleArn", "Tags", "DefinitionString"];
        for (name, expect) in [
            ("RoleARN", Some("RoleArn")),
            ("Role", None),
            ("Tag", Some("Tags")),
            ("DefinitonString", Some("DefinitionString")),
            ("Anything", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, names).as_deref(), expect, "{name}");
        }
    }
}
