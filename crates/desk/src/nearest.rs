//! The word that was probably meant.

/// The word among `known` that `word` was probably meant to be.
#[must_use]
pub fn meant<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let word = word.replace('-', "_").to_lowercase();
    let distance = |one: &str| strsim::damerau_levenshtein(&word, &one.replace('-', "_").to_lowercase());
    let near = known.iter().map(|one| (distance(one), *one)).min()?;
    // Further away it is another word.
    (near.0 <= 3 && near.0 < near.1.len()).then_some(near.1)
}
