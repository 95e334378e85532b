//! The contents of elements that leptos writes as they are: `title` in the head, `textarea`.

/// The text as it must be handed to such an element: escaped where the server writes it, itself in the browser, which
/// makes a text of it.
#[must_use]
pub fn raw_text(text: &str) -> String {
    if cfg!(feature = "hydrate") {
        return text.to_owned();
    }
    // The parser drops a line end that follows the tag.
    let kept = if text.starts_with(['\n', '\r']) { "\n" } else { "" };
    format!("{kept}{}", text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

#[cfg(test)]
mod tests {
    use super::raw_text;

    #[test]
    fn an_element_ends_only_where_it_ends() {
        assert_eq!(raw_text("a</title><b>&amp;"), "a&lt;/title&gt;&lt;b&gt;&amp;amp;");
        assert_eq!(raw_text("\nline"), "\n\nline");
    }
}
