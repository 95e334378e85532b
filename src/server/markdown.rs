//! The message of an approval: Markdown as HTML that can do nothing.
//!
//! HTML in it is text, images are their words, and links lead to `http`, `https` and `mailto` alone. What a request put into
//! it was escaped before, so it is text as well.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

use crate::visible::visible;

/// The HTML of a message.
#[must_use]
pub fn html_of(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len() * 2);
    html::push_html(
        &mut out,
        Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH).map(safe),
    );
    out
}

/// An event that is text, or a tag without anything of its own.
fn safe(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(visible(&text).into_owned().into()),
        Event::Text(text) => Event::Text(visible(&text).into_owned().into()),
        Event::Code(text) => Event::Code(visible(&text).into_owned().into()),
        Event::Start(Tag::Link { dest_url, .. }) => Event::InlineHtml(link(&dest_url).into()),
        Event::End(TagEnd::Link) => Event::InlineHtml("</a>".into()),
        // The page has the first heading itself.
        Event::Start(Tag::Heading { .. }) => Event::InlineHtml("<p class=\"message-head\"><strong>".into()),
        Event::End(TagEnd::Heading(_)) => Event::InlineHtml("</strong></p>".into()),
        Event::Start(Tag::Image { .. }) => Event::InlineHtml("<em>".into()),
        Event::End(TagEnd::Image) => Event::InlineHtml("</em>".into()),
        Event::Start(Tag::CodeBlock(_)) => Event::InlineHtml("<pre><code>".into()),
        Event::End(TagEnd::CodeBlock) => Event::InlineHtml("</code></pre>".into()),
        Event::Start(Tag::HtmlBlock) => Event::InlineHtml("<p>".into()),
        Event::End(TagEnd::HtmlBlock) => Event::InlineHtml("</p>".into()),
        other => other,
    }
}

/// The beginning of a link; one that may not be followed is an anchor without an address.
fn link(address: &str) -> String {
    if !is_followed(address) {
        return "<a>".to_owned();
    }
    let mut escaped = String::with_capacity(address.len());
    for letter in address.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    format!("<a href=\"{escaped}\" rel=\"noopener noreferrer\" target=\"_blank\">")
}

/// Whether a link may lead there.
#[must_use]
pub fn is_followed(address: &str) -> bool {
    let is_clean = address.chars().all(|letter| {
        !letter.is_control() && !letter.is_whitespace() && visible(letter.encode_utf8(&mut [0; 4])).chars().eq([letter])
    });
    let begins = |scheme: &str| address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    is_clean && (begins("https://") || begins("http://") || begins("mailto:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_shown_and_does_nothing() {
        for (markdown, expect) in [
            ("Pay **now**", "<p>Pay <strong>now</strong></p>\n"),
            ("# Big", "<p class=\"message-head\"><strong>Big</strong></p>"),
            ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
            ("a <img src=x onerror=alert(1)> b", "<p>a &lt;img src=x onerror=alert(1)&gt; b</p>\n"),
            ("[x](javascript:alert(1))", "<p><a>x</a></p>\n"),
            ("[x](data:text/html,a)", "<p><a>x</a></p>\n"),
            ("[x](//evil.example)", "<p><a>x</a></p>\n"),
            (
                "[x](https://a.example/?a=1&b=\"'>)",
                "<p><a href=\"https://a.example/?a=1&amp;b=&quot;&#39;&gt;\" rel=\"noopener noreferrer\" target=\"_blank\">x</a></p>\n",
            ),
            (
                "[x](https://a.example/?a=1&b=2)",
                "<p><a href=\"https://a.example/?a=1&amp;b=2\" rel=\"noopener noreferrer\" target=\"_blank\">x</a></p>\n",
            ),
            ("![alt](https://a.example/pixel.png)", "<p><em>alt</em></p>\n"),
            ("a\u{202e}b", "<p>a[U+202E]b</p>\n"),
        ] {
            assert_eq!(html_of(markdown), expect, "{markdown}");
        }
    }
}
