//! IAM's patterns: `*` stands for any characters, `?` for one.

/// Whether every text that `inner` stands for is one that `pattern` stands for.
///
/// Both may have wildcards. Where the answer is yes it is certain; a pair of unusual patterns may get a no although it is so.
///
/// ```
/// use countersign_permissions::wildcard::covers;
///
/// assert!(covers("arn:aws:s3:::orders/*", "arn:aws:s3:::orders/2026/*"));
/// assert!(!covers("arn:aws:s3:::orders/2026/*", "arn:aws:s3:::orders/*"));
/// ```
#[must_use]
pub fn covers(pattern: &str, inner: &str) -> bool {
    // A wildcard of `inner` is a letter of its own, which only a wildcard of `pattern` that is as wide takes.
    let takes = |one: char, letter: char| match one {
        '?' => letter != '*',
        one => one == letter && letter != '?',
    };
    let (pattern, inner): (Vec<char>, Vec<char>) = (pattern.chars().collect(), inner.chars().collect());
    let (mut at, mut of) = (0, 0);
    // Where the last `*` of the pattern is, and how much it has taken.
    let mut star: Option<(usize, usize)> = None;
    while of < inner.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, of));
                at += 1;
            }
            Some(one) if takes(*one, inner[of]) => {
                at += 1;
                of += 1;
            }
            _ => match star {
                Some((place, taken)) => {
                    star = Some((place, taken + 1));
                    at = place + 1;
                    of = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|one| *one == '*')
}

/// Whether some text is one that both stand for.
///
/// ```
/// use countersign_permissions::wildcard::overlap;
///
/// assert!(overlap("arn:aws:s3:::*", "arn:aws:s3:::orders"));
/// assert!(!overlap("sns:*", "sqs:*"));
/// ```
#[must_use]
pub fn overlap(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    // For each begin of `one`, whether it and the begin of `other` so far stand for a common text.
    let mut row = vec![false; other.len() + 1];
    row[0] = true;
    for (index, letter) in other.iter().enumerate() {
        row[index + 1] = row[index] && *letter == '*';
    }
    for letter in &one {
        let mut next = vec![false; other.len() + 1];
        next[0] = row[0] && *letter == '*';
        for (index, beside) in other.iter().enumerate() {
            // A star stands for nothing, or takes one more letter of the other.
            next[index + 1] = if *letter == '*' || *beside == '*' {
                row[index + 1] || next[index]
            } else {
                row[index] && (letter == beside || *letter == '?' || *beside == '?')
            };
        }
        row = next;
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pseudo-random sequence: the same each time.
    struct Chance(u64);

    impl Chance {
        fn below(&mut self, most: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).unwrap_or_default() % most
        }

        fn text(&mut self, letters: &[char], most: usize) -> String {
            let length = self.below(most + 1);
            (0..length).map(|_| letters[self.below(letters.len())]).collect()
        }
    }

    /// What the words of IAM's documentation mean, the slow way.
    fn matches(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), None) => matches(rest, text),
            (Some(('*', rest)), Some((_, left))) => matches(rest, text) || matches(pattern, left),
            (Some(('?', rest)), Some((_, left))) => matches(rest, left),
            (Some((one, rest)), Some((letter, left))) => one == letter && matches(rest, left),
            _ => false,
        }
    }

    /// Every text of at most so many of the letters.
    fn texts(letters: &[char], most: usize) -> Vec<Vec<char>> {
        let mut all = vec![Vec::new()];
        let mut last = all.clone();
        for _ in 0..most {
            last = last
                .iter()
                .flat_map(|text| letters.iter().map(move |letter| [&text[..], &[*letter]].concat()))
                .collect();
            all.extend(last.iter().cloned());
        }
        all
    }

    #[test]
    fn patterns_mean_what_the_slow_way_says() {
        let mut chance = Chance(7);
        let all = texts(&['a', 'b'], 6);
        for _ in 0..4_000 {
            let one = chance.text(&['a', 'b', '*', '?'], 5);
            let other = chance.text(&['a', 'b', '*', '?'], 5);
            let [first, second] = [&one, &other].map(|pattern| pattern.chars().collect::<Vec<_>>());
            let of =
                |pattern: &[char]| -> Vec<&Vec<char>> { all.iter().filter(|text| matches(pattern, text)).collect() };
            let (ours, theirs) = (of(&first), of(&second));
            if covers(&one, &other) {
                assert!(theirs.iter().all(|text| matches(&first, text)), "{one} covers {other}");
            }
            let common = ours.iter().any(|text| matches(&second, text));
            // Two patterns of at most five letters with a common text have one of at most ten; six find nearly all.
            assert!(!common || overlap(&one, &other), "{one} and {other} overlap");
            if overlap(&one, &other) && !common {
                let longer = texts(&['a', 'b'], 10);
                assert!(longer.iter().any(|text| matches(&first, text) && matches(&second, text)), "{one} and {other}");
            }
        }
    }

    #[test]
    fn a_pattern_covers_exactly_the_texts_that_it_matches() {
        let mut chance = Chance(11);
        for _ in 0..20_000 {
            let pattern = chance.text(&['a', 'b', '*', '?'], 6);
            let text = chance.text(&['a', 'b'], 7);
            let expected = matches(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>());
            assert_eq!(covers(&pattern, &text), expected, "{pattern} {text}");
            assert_eq!(overlap(&pattern, &text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = "*a".repeat(2_000);
        assert!(!covers(&pattern, &"a".repeat(1_999)));
        assert!(overlap(&pattern, &"a".repeat(2_000)));
    }
}
