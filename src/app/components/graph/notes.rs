//! What a state shows besides its status, in the words that its room allows.

use super::super::status::look;
use crate::app::ui::duration;
use crate::wire::Status;
use crate::wire::graph::Note;

/// The sentence for tooltips and for readers of the screen.
pub fn whole(notes: &[Note], now: i64) -> Option<String> {
    let words: Vec<String> = notes.iter().map(|note| sentence(note, now)).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// The longest words for the most telling note that have room.
pub fn short(notes: &[Note], room: usize, now: i64) -> Option<String> {
    notes.iter().flat_map(|note| versions(note, now)).find(|text| text.chars().count() <= room)
}

/// Whether the words change as time goes by.
pub fn ticks(notes: &[Note]) -> bool {
    notes.iter().any(|note| matches!(note, Note::Waits { .. }))
}

fn sentence(note: &Note, now: i64) -> String {
    match note {
        Note::Waits { whom, since, until, count } => {
            let mut out = String::new();
            if *count > 1 {
                out = format!("{count} of them, ");
            }
            if let Some(whom) = whom {
                out += &format!("for {whom}, ");
            }
            out += &format!("since {}", duration(now - since, false));
            if let Some(until) = until {
                out += &format!(", {}", left(*until, now));
            }
            out
        }
        Note::Attempt { number, of: Some(of) } => format!("attempt {number} of {of}"),
        Note::Attempt { number, of: None } => format!("attempt {number}"),
        Note::Iterations { total, counts } => {
            // Those of a Map Run whose executions are not listed yet are only counted.
            let colon = if counts.is_empty() { "" } else { ": " };
            let total = match total {
                None => String::new(),
                Some(1) => format!("1 iteration{colon}"),
                Some(total) => format!("{total} iterations{colon}"),
            };
            let words = counts.iter().map(|(status, count)| format!("{count} {}", word(*status)));
            total + &words.collect::<Vec<_>>().join(", ")
        }
    }
}

/// The same in few words, the longest first.
fn versions(note: &Note, now: i64) -> Vec<String> {
    match note {
        Note::Waits { whom, since, until, count } => {
            let time = until.map_or_else(|| format!("for {}", duration(now - since, false)), |until| left(until, now));
            let many = (*count > 1).then(|| format!("{count} wait"));
            let who = many.or_else(|| whom.clone());
            who.map(|who| format!("{who} · {time}")).into_iter().chain([time]).collect()
        }
        Note::Attempt { .. } => vec![sentence(note, now)],
        Note::Iterations { total, counts } => {
            let marks = counts.iter().map(|(status, count)| format!("{}\u{a0}{count}", look(*status).glyph));
            let marks = marks.collect::<Vec<_>>().join("  ");
            let of = total.map_or_else(String::new, |total| format!(" of {total}"));
            let sum: u64 = counts.iter().map(|(_, count)| count).sum();
            vec![sentence(note, now), format!("{marks}{of}"), format!("{sum}{of}")]
        }
    }
}

fn left(until: i64, now: i64) -> String {
    if until <= now { "time is up".to_owned() } else { format!("{} left", duration(until - now, false)) }
}

fn word(status: Status) -> String {
    look(status).word.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_say_as_much_as_has_room() {
        let waits = [Note::Waits { whom: Some("a person".to_owned()), since: 0, until: Some(3_720_000), count: 1 }];
        assert_eq!(short(&waits, 40, 60_000).as_deref(), Some("a person · 1 h 1 m left"));
        assert_eq!(short(&waits, 14, 60_000).as_deref(), Some("1 h 1 m left"));
        assert_eq!(short(&waits, 3, 60_000), None);
        assert_eq!(whole(&waits, 60_000).as_deref(), Some("for a person, since 1 m, 1 h 1 m left"));
        let counts = vec![(Status::Succeeded, 9), (Status::Failed, 1)];
        let each = [Note::Iterations { total: Some(12), counts }];
        assert_eq!(short(&each, 60, 0).as_deref(), Some("12 iterations: 9 succeeded, 1 failed"));
        assert_eq!(short(&each, 20, 0).as_deref(), Some("✓\u{a0}9  ✕\u{a0}1 of 12"));
        let only_counted = [Note::Iterations { total: Some(12), counts: Vec::new() }];
        assert_eq!(short(&only_counted, 60, 0).as_deref(), Some("12 iterations"));
        assert_eq!(whole(&[Note::Attempt { number: 2, of: Some(4) }], 0).as_deref(), Some("attempt 2 of 4"));
    }
}
