//! JSON as a person reads it: indented, in quiet tones, and exactly as it was otherwise.

use leptos::prelude::*;

use crate::visible::{Piece, pieces};
use countersign_json::{self as json, Tone};

/// Longer texts are shown without tones: a page of a hundred thousand elements helps nobody.
const TONED: usize = 60_000;

/// A text that is probably JSON. One that is not is shown as it is.
#[component]
pub fn Json(#[prop(into)] text: Signal<String>, #[prop(optional, into)] label: String) -> impl IntoView {
    let label = (!label.is_empty()).then_some(label);
    // Written again only when it differs: what somebody has selected in it stays selected.
    let html = Memo::new(move |_| text.with(|text| html(text)));
    view! { <pre class="json" tabindex="0" aria-label=label inner_html=move || html.get()></pre> }.into_any()
}

fn html(text: &str) -> String {
    let Ok(json) = json::Json::read(text) else { return escaped(text) };
    if text.len() > TONED {
        return escaped(&json.pretty());
    }
    let mut out = String::with_capacity(text.len() * 4);
    json.lay_out(|tone, piece| {
        let class = match tone {
            Tone::Key => "k",
            Tone::Text => "s",
            Tone::Number => "n",
            Tone::Word => "w",
            Tone::Mark => return out.push_str(piece),
        };
        out.push_str("<span class=\"");
        out.push_str(class);
        out.push_str("\">");
        out.push_str(&escaped(piece));
        out.push_str("</span>");
    });
    out
}

/// The text with the characters escaped that mean something in HTML, and those named that nobody would see.
fn escaped(text: &str) -> String {
    let piece = |piece: &Piece<'_>| match piece {
        Piece::Plain(text) => {
            text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
        }
        Piece::Hidden(_) => format!("<span class=\"ctl\">{}</span>", piece.shown()),
    };
    pieces(text).iter().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped() {
        assert_eq!(
            html("{\"<b>\":\"&\"}"),
            "{\n  <span class=\"k\">&quot;&lt;b&gt;&quot;</span>: <span class=\"s\">&quot;&amp;&quot;</span>\n}"
        );
        assert_eq!(html("<script>"), "&lt;script&gt;");
    }

    #[test]
    fn what_nobody_sees_is_named() {
        assert_eq!(html("a\u{202e}<b"), "a<span class=\"ctl\">[U+202E]</span>&lt;b");
        assert!(html("{\"k\": \"1\u{202e}5\"}").contains("1<span class=\"ctl\">[U+202E]</span>5"));
    }
}
