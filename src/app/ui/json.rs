//! JSON as a person reads it: indented, in quiet tones, and exactly as it was otherwise.

use leptos::prelude::*;

/// Longer texts are shown without tones: a page of a hundred thousand elements helps nobody.
const TONED: usize = 60_000;

/// A text that is probably JSON. One that is not is shown as it is.
#[component]
pub fn Json(#[prop(into)] text: Signal<String>, #[prop(optional, into)] label: String) -> impl IntoView {
    let label = (!label.is_empty()).then_some(label);
    view! { <pre class="json" tabindex="0" aria-label=label inner_html=move || text.with(|text| html(text))></pre> }
        .into_any()
}

/// The text indented by two spaces a level, if it is JSON. Numbers and strings stay as they were written.
#[must_use]
pub fn pretty(text: &str) -> String {
    tokens(text).map_or_else(|| text.to_owned(), |tokens| write(&tokens, |_, token, out| out.push_str(token)))
}

fn html(text: &str) -> String {
    let Some(tokens) = tokens(text) else { return escaped(text) };
    if text.len() > TONED {
        return escaped(&write(&tokens, |_, token, out| out.push_str(token)));
    }
    write(&tokens, |tone, token, out| {
        let class = match tone {
            Tone::Key => "k",
            Tone::Text => "s",
            Tone::Number => "n",
            Tone::Word => "w",
            Tone::Mark => return out.push_str(token),
        };
        out.push_str("<span class=\"");
        out.push_str(class);
        out.push_str("\">");
        out.push_str(&escaped(token));
        out.push_str("</span>");
    })
}

/// The text with the characters escaped that mean something in HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Tone {
    Key,
    Text,
    Number,
    Word,
    Mark,
}

/// The tokens of a JSON text, or `None` where it cannot be one.
fn tokens(text: &str) -> Option<Vec<(Tone, &str)>> {
    let bytes = text.as_bytes();
    let mut tokens: Vec<(Tone, &str)> = Vec::new();
    let mut at = 0;
    let mut depth = 0_usize;
    while at < bytes.len() {
        let start = at;
        let tone = match bytes[at] {
            b' ' | b'\n' | b'\t' | b'\r' => {
                at += 1;
                continue;
            }
            b'"' => {
                at = string_end(bytes, at)?;
                Tone::Text
            }
            b'{' | b'[' => {
                depth += 1;
                at += 1;
                Tone::Mark
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
                Tone::Mark
            }
            b':' => {
                let last = tokens.last_mut().filter(|(tone, _)| *tone == Tone::Text)?;
                last.0 = Tone::Key;
                at += 1;
                Tone::Mark
            }
            b',' => {
                at += 1;
                Tone::Mark
            }
            byte if byte.is_ascii_alphanumeric() || byte == b'-' => {
                while bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)) {
                    at += 1;
                }
                match &text[start..at] {
                    "true" | "false" | "null" => Tone::Word,
                    word if word.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => Tone::Number,
                    _ => return None,
                }
            }
            _ => return None,
        };
        tokens.push((tone, &text[start..at]));
    }
    // More than one value without brackets is a sentence, not a document.
    let document = match tokens.first() {
        Some((_, "{" | "[")) => true,
        Some(_) => tokens.len() == 1,
        None => false,
    };
    (depth == 0 && document).then_some(tokens)
}

fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn write(tokens: &[(Tone, &str)], mut put: impl FnMut(Tone, &str, &mut String)) -> String {
    let mut out = String::new();
    let mut depth = 0_usize;
    let line = |depth: usize, out: &mut String| {
        out.push('\n');
        (0..depth).for_each(|_| out.push_str("  "));
    };
    for (index, &(tone, token)) in tokens.iter().enumerate() {
        let empty =
            |next: &str| tokens.get(index + 1).is_some_and(|(tone, token)| *tone == Tone::Mark && *token == next);
        let opened = index > 0 && matches!(tokens[index - 1], (Tone::Mark, "{" | "["));
        if tone == Tone::Mark && matches!(token, "}" | "]") {
            depth = depth.saturating_sub(1);
            if !opened {
                line(depth, &mut out);
            }
        }
        put(tone, token, &mut out);
        match token {
            "{" | "[" if tone == Tone::Mark => {
                depth += 1;
                if !empty(if token == "{" { "}" } else { "]" }) {
                    line(depth, &mut out);
                }
            }
            "," if tone == Tone::Mark => line(depth, &mut out),
            ":" if tone == Tone::Mark => out.push(' '),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(pretty(text), expect);
    }

    #[test]
    fn json_is_indented_and_otherwise_untouched() {
        check(
            r#"{"a":[1,2.50,-3e5],"b":{},"c":"x: {y}","d":[]}"#,
            "{\n  \"a\": [\n    1,\n    2.50,\n    -3e5\n  ],\n  \"b\": {},\n  \"c\": \"x: {y}\",\n  \"d\": []\n}",
        );
        check(r#""{""#, r#""{""#);
        check(" true ", "true");
    }

    #[test]
    fn what_is_no_json_is_shown_as_it_is() {
        for text in ["The card was refused", "{\"a\": tru}", "1 2", "{", "]", "", "\"open", "a \"b\""] {
            check(text, text);
        }
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(
            html("{\"<b>\":\"&\"}"),
            "{\n  <span class=\"k\">&quot;&lt;b&gt;&quot;</span>: <span class=\"s\">&quot;&amp;&quot;</span>\n}"
        );
        assert_eq!(html("<script>"), "&lt;script&gt;");
    }
}
