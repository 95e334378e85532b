//! JSON as a person reads it: indented, in quiet tones, foldable, and exactly as it was otherwise.
//!
//! `public/json.js` adds what scripts can: search, the path of a line, and copies. Its text is the whole of the viewer's
//! text, so a fold is nothing but lines inside a `<details>`.

use leptos::prelude::*;

use super::{Memo, Signal, dynamic};
use crate::visible::{Piece, pieces};
use crate::wire::value::Value;
use countersign_json::{self as json, Tone};

/// Longer texts are shown without tones and folds: a page of a hundred thousand elements helps nobody.
const TONED: usize = 300_000;
/// Shorter ones need no search.
const SEARCHED: usize = 400;

/// A text that is probably JSON. One that is not is shown as it is.
#[component]
pub fn Json(#[prop(into)] text: Signal<String>, #[prop(optional, into)] label: String) -> impl IntoView {
    viewer(Signal::derive(move || Value { text: text.get(), rest: None }), label)
}

/// A payload, as far as it arrived, with the way to the rest of it.
#[component]
pub fn Payload(#[prop(into)] value: Signal<Value>, #[prop(into)] label: String) -> impl IntoView {
    viewer(value, label)
}

fn viewer(value: Signal<Value>, label: String) -> AnyView {
    // Written again only when it differs: what somebody has selected in it stays selected.
    let html = Memo::new(move |_| {
        value.with(|value| if value.rest.is_some() { escaped(&value.text) } else { html(&value.text) })
    });
    let long = Memo::new(move |_| value.with(|value| value.rest.is_some() || value.text.len() > SEARCHED));
    let rest = Memo::new(move |_| value.with(|value| value.rest.clone()));
    let whole = move || {
        rest.get().map(|rest| {
            let size = kibibytes(rest.bytes);
            view! {
                <p class="json-rest">
                    "The beginning of "{size}". "
                    <a href=rest.href rel="external" data-json-whole="true">"Show all of it"</a>
                </p>
            }
        })
    };
    let find = {
        let label = label.clone();
        move || {
            long.get().then(|| view! {
                <input type="search" data-json-find="true" placeholder="Search" aria-label=format!("Search in {label}")/>
                <span class="json-found" role="status"></span>
            })
        }
    };
    let name = (!label.is_empty()).then(|| label.clone());
    view! {
        <div class="json-box">
            <div class="json-tools">
                <code class="json-path"></code>
                <button type="button" data-json-copy="path" hidden=true>"Copy path"</button>
                <button type="button" data-json-copy="value" hidden=true>"Copy value"</button>
                {dynamic(find)}
                <button type="button" data-json-copy="all" aria-label=format!("Copy {label}")>"Copy"</button>
            </div>
            <div class="json" tabindex="0" role="group" aria-label=name inner_html=move || html.get()></div>
            {dynamic(whole)}
        </div>
    }
    .into_any()
}

fn kibibytes(bytes: u64) -> String {
    format!("{} KiB", bytes.div_ceil(1024))
}

/// The text laid out, each line with its end; the lines of a value that has some are within a `<details>`.
#[must_use]
pub fn html(text: &str) -> String {
    let Ok(json) = json::Json::read(text) else { return escaped(text) };
    if text.len() > TONED {
        return escaped(&json.pretty());
    }
    Folds::of(&json, true, usize::MAX)
}

/// The same without tones, folded down to the level `deepest`.
#[cfg(feature = "ssr")]
#[must_use]
pub fn folded(json: &json::Json<'_>, deepest: usize) -> String {
    Folds::of(json, false, deepest)
}

/// The same in one piece, line by line.
#[must_use]
pub fn lines(text: &str) -> Vec<String> {
    let Ok(json) = json::Json::read(text) else { return text.lines().map(escaped).collect() };
    if text.len() > TONED {
        return json.pretty().lines().map(escaped).collect();
    }
    let mut lines = vec![String::new()];
    json.lay_out(|tone, piece| {
        if piece == "\n" {
            lines.push(String::new());
        } else if let Some(line) = lines.last_mut() {
            put(line, tone, piece);
        }
    });
    lines
}

/// A layout in the making: what opens a value at the end of a line begins a fold, what closes it ends one with its line.
#[derive(Default)]
struct Folds {
    out: String,
    line: String,
    opened: bool,
    closed: usize,
    open: usize,
    /// Values on this level and below it do not fold.
    deepest: usize,
    toned: bool,
}

impl Folds {
    fn of(json: &json::Json<'_>, toned: bool, deepest: usize) -> String {
        let out = String::with_capacity(json.text().len() * 4);
        let mut folds = Self { out, deepest, toned, ..Self::default() };
        json.lay_out(|tone, piece| folds.put(tone, piece));
        folds.end()
    }

    fn put(&mut self, tone: Tone, piece: &str) {
        if piece == "\n" {
            let opens = std::mem::take(&mut self.opened);
            self.line.push('\n');
            let line = std::mem::take(&mut self.line);
            if opens && self.open < self.deepest {
                self.out.extend(["<details open><summary>", &line, "</summary>"]);
            } else {
                self.out.push_str(&line);
            }
            self.open += usize::from(opens);
            self.close();
            return;
        }
        // White space between a bracket and the end of its line there is none.
        self.opened = matches!(piece, "{" | "[");
        if matches!(piece, "}" | "]") && self.line.chars().all(|letter| letter == ' ') && self.open > self.closed {
            self.closed += 1;
        }
        if self.toned {
            put(&mut self.line, tone, piece);
        } else {
            self.line.push_str(&escaped(piece));
        }
    }

    fn close(&mut self) {
        for _ in 0..std::mem::take(&mut self.closed) {
            self.open -= 1;
            if self.open < self.deepest {
                self.out.push_str("</details>");
            }
        }
    }

    fn end(mut self) -> String {
        let line = std::mem::take(&mut self.line);
        self.out.push_str(&line);
        self.closed = self.open;
        self.close();
        self.out
    }
}

fn put(out: &mut String, tone: Tone, piece: &str) {
    let class = match tone {
        Tone::Key => "k",
        Tone::Text => "s",
        Tone::Number => "n",
        Tone::Word => "w",
        Tone::Mark => return out.push_str(piece),
    };
    out.extend(["<span class=\"", class, "\">", &escaped(piece), "</span>"]);
}

/// The text with the characters escaped that mean something in HTML, and those named that nobody would see.
pub fn escaped(text: &str) -> String {
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
            "<details open><summary>{\n</summary>  <span class=\"k\">&quot;&lt;b&gt;&quot;</span>: <span class=\"s\">&quot;&amp;&quot;</span>\n}</details>"
        );
        assert_eq!(html("<script>"), "&lt;script&gt;");
    }

    /// What a browser would say is the text of the HTML.
    fn text_of(html: &str) -> String {
        let text: String = html.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
        text.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    }

    #[test]
    fn folds_leave_the_text_and_are_all_closed() {
        for text in [
            "{\"a\":{\"b\":[1,2,{}],\"c\":{}},\"d\":[],\"a\":1.50}",
            "[[[1],[2]],3]",
            "{}",
            "1",
            "\"x\"",
            "[{\"x\":\"}\"}]",
        ] {
            let html = html(text);
            assert_eq!(text_of(&html), json::pretty(text), "{html}");
            assert_eq!(html.matches("<details").count(), html.matches("</details>").count(), "{html}");
        }
        assert_eq!(lines("{\"a\":[1,2]}").len(), 6);
    }

    #[test]
    fn what_nobody_sees_is_named() {
        assert_eq!(html("a\u{202e}<b"), "a<span class=\"ctl\">[U+202E]</span>&lt;b");
        assert!(html("{\"k\": \"1\u{202e}5\"}").contains("1<span class=\"ctl\">[U+202E]</span>5"));
    }
}
