//! Texts from outside: from a request, a definition, a function, an address.

use leptos::prelude::*;

use crate::visible::{Piece, pieces};

/// The text, with what nobody would see named, and kept apart from the text around it: its direction is its own.
pub fn shown(text: impl AsRef<str>) -> AnyView {
    let piece = |piece: &Piece<'_>| {
        let text = piece.shown().into_owned();
        match piece {
            Piece::Plain(_) => text.into_any(),
            Piece::Hidden(_) => view! { <span class="ctl">{text}</span> }.into_any(),
        }
    };
    let content: Vec<AnyView> = pieces(text.as_ref()).iter().map(piece).collect();
    view! { <bdi>{content}</bdi> }.into_any()
}

/// Says what a text in a form holds that nobody sees there: a form keeps the text as it is.
pub fn unseen(text: &str) -> Option<AnyView> {
    let mut names: Vec<String> = Vec::new();
    for piece in pieces(text) {
        let name = piece.shown();
        if matches!(piece, Piece::Hidden(_)) && !names.iter().any(|other| *other == name) {
            names.push(name.into_owned());
        }
    }
    let names = (!names.is_empty()).then(|| names.join(" "))?;
    Some(
        view! { <p class="quiet">"This text contains invisible characters: "<span class="ctl">{names}</span></p> }
            .into_any(),
    )
}

/// A share in whole per cent: all of it alone is 100, and nothing of it alone 0. Without fractions, which would cost the browser
/// the code that writes them.
pub fn percent(part: u64, whole: u64) -> String {
    let share = match whole {
        0 => return "–".to_owned(),
        _ if part >= whole => 100,
        _ if part == 0 => 0,
        _ => ((part * 200 + whole) / (whole * 2)).clamp(1, 99),
    };
    format!("{share} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_and_nothing_are_said_of_themselves_alone() {
        for (part, whole, expected) in [
            (0, 0, "–"),
            (0, 9, "0 %"),
            (1, 999, "1 %"),
            (1, 3, "33 %"),
            (2, 3, "67 %"),
            (998, 999, "99 %"),
            (9, 9, "100 %"),
        ] {
            assert_eq!(percent(part, whole), expected, "{part} of {whole}");
        }
    }
}
